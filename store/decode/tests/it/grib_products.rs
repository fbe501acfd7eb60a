//! Which GRIB2 products are forcing, at what level and time, and why others are not: messages made by hand.

use driftline_decode::Error;
use driftline_domain::{ForcingKind, GridSpec};

use crate::grib_builder::{Field, SURFACE, lon_lat, messages, open_bytes, open_fields, refusal, wind};
use crate::times;

#[test]
fn lead_times_in_any_unit_and_order_become_ascending_times() {
    let leads = [(2, 2), (0, 90), (1, 0), (10, 1), (11, 1), (12, 1), (13, 1800)];
    let fields: Vec<Field> = leads
        .iter()
        .flat_map(|&(unit, count)| wind(3.0, 4.0).map(|field| field.lead(unit, count)))
        .collect();
    let file = open_fields(&fields).unwrap();
    assert_eq!(
        times(&file, 0),
        [
            "2024-02-28T18:00:00Z",
            "2024-02-28T18:30:00Z",
            "2024-02-28T19:30:00Z",
            "2024-02-28T21:00:00Z",
            "2024-02-29T00:00:00Z",
            "2024-02-29T06:00:00Z",
            "2024-03-01T18:00:00Z",
        ]
    );
    assert_eq!(file.run().to_string(), "2024-02-28T18:00:00Z");
    let months = wind(3.0, 4.0).map(|field| field.lead(3, 1));
    assert!(refusal(&months).to_string().contains("unit 3"), "{}", refusal(&months));
}

#[test]
fn one_component_alone_is_named_with_its_time() {
    let [u, v] = wind(3.0, 4.0);
    let fields = [u.clone(), v, u.lead(1, 9)];
    let error = refusal(&fields);
    assert!(matches!(error, Error::Pair { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("'UGRD'") && text.contains("2024-02-29T03:00:00Z"),
        "{text}"
    );
}

#[test]
fn two_messages_for_one_time_are_both_named() {
    let [u, v] = wind(3.0, 4.0);
    let error = refusal(&[u.clone(), v, u.clone()]).to_string();
    let offset = 2 * u.message().len();
    assert!(
        error.contains("messages 1 (byte 0) and 3") && error.contains(&format!("byte {offset}")),
        "{error}"
    );
}

#[test]
fn of_an_ensemble_the_control_run_is_taken() {
    let member = |kind, number, u| wind(u, 0.0).map(|field| field.member(kind, number));
    let fields = [member(3, 1, 1.0), member(1, 0, 2.0), member(3, 2, 3.0)].concat();
    let file = open_fields(&fields).unwrap();
    assert_eq!(file.read(0, 0).unwrap().east[0], 2.0);
    assert!(
        file.refused()[0].to_string().contains("2 further members"),
        "{:?}",
        file.refused()
    );
    let error = refusal(&[member(3, 1, 1.0), member(3, 2, 3.0)].concat()).to_string();
    assert!(error.contains("2 members"), "{error}");
    let single = open_fields(&member(3, 7, 1.0)).unwrap();
    assert!(single.caveats()[0].contains("member 7"), "{:?}", single.caveats());
}

#[test]
fn averages_and_probabilities_are_no_wind() {
    for (template, word) in [
        (8, "average"),
        (2, "ensemble"),
        (5, "probability"),
        (103, "template 4.103"),
    ] {
        let fields = wind(3.0, 4.0).map(|field| Field { template, ..field });
        let error = refusal(&fields).to_string();
        assert!(error.contains(word) && error.contains("GRD"), "{template}: {error}");
        let beside = [fields.to_vec(), wind(5.0, 6.0).to_vec()].concat();
        let file = open_fields(&beside).unwrap();
        assert_eq!((file.series().len(), file.refused().len()), (1, 2), "{template}");
        assert_eq!(file.read(0, 0).unwrap().north[5], 6.0);
    }
}

#[test]
fn wind_at_the_surface_is_the_wind_of_a_wave_model_only() {
    let surface = [Field::of((0, 2, 2), SURFACE, 3.0), Field::of((0, 2, 3), SURFACE, 4.0)];
    assert!(matches!(refusal(&surface), Error::NoForcing { .. }));
    let waves = [
        Field::of((10, 0, 3), SURFACE, 2.0),
        Field::of((10, 0, 10), SURFACE, 270.0),
    ];
    let file = open_fields(&[surface, waves].concat()).unwrap();
    assert_eq!(file.series().len(), 2);
    assert_eq!(file.series()[0].level, "surface of a wave model, its wind at 10 m");
    assert_eq!(file.read(0, 0).unwrap().north[0], 4.0);
    let field = file.read(1, 0).unwrap();
    assert!(
        (field.east[0] - 2.0).abs() < 1e-6 && field.north[0].abs() < 1e-6,
        "from the west is towards the east"
    );
}

#[test]
fn parts_of_a_sea_are_passed_over_and_the_mean_direction_comes_first() {
    let swell = Field {
        values: vec![f32::NAN; 6],
        ..Field::of((10, 0, 8), (241, 0, 1), 1.0)
    };
    let fields = [
        swell,
        Field::of((10, 0, 5), SURFACE, 1.0),
        Field::of((10, 0, 10), SURFACE, 0.0),
        Field::of((10, 0, 3), SURFACE, 2.5),
        Field::of((10, 0, 14), SURFACE, 180.0),
    ];
    let file = open_fields(&fields).unwrap();
    assert_eq!(file.series().len(), 1);
    assert_eq!(file.series()[0].source_variables, ["HTSGW", "MWD"]);
    assert!(file.refused().is_empty(), "{:?}", file.refused());
    assert!((file.read(0, 0).unwrap().north[0] - 2.5).abs() < 1e-6);
    let alone = refusal(&fields[1..2]);
    assert!(alone.to_string().contains("'WVHGT'"), "{alone}");
}

#[test]
fn the_current_nearest_the_surface_is_taken() {
    let at = |depth: u32, value| {
        let level = (160, 1, depth);
        [Field::of((10, 1, 2), level, value), Field::of((10, 1, 3), level, value)]
    };
    let file = open_fields(&[at(155, 0.1), at(5, 0.2), at(400, 0.3)].concat()).unwrap();
    assert_eq!(
        (file.series().len(), file.series()[0].level.as_str()),
        (1, "0.5 m depth")
    );
    assert_eq!(file.read(0, 0).unwrap().east[0], 0.2);
    let error = refusal(&at(155, 0.1)).to_string();
    assert!(error.contains("15.5 m below sea level"), "{error}");
}

#[test]
fn one_file_is_of_one_run() {
    let other = wind(3.0, 4.0).map(|field| Field {
        run: (2024, 2, 29, 0),
        ..field
    });
    let error = refusal(&[wind(3.0, 4.0), other].concat()).to_string();
    assert!(
        error.contains("2024-02-28T18:00:00Z") && error.contains("2024-02-29T00:00:00Z") && error.contains("message 3"),
        "{error}"
    );
}

#[test]
fn several_products_give_several_series() {
    let fine = wind(1.0, 1.0).map(|field| Field {
        grid: lon_lat(6, 4, 0, 350_000_000, 10_000_000),
        values: vec![1.5; 24],
        ..field
    });
    let current = [Field::of((10, 1, 2), SURFACE, 0.1), Field::of((10, 1, 3), SURFACE, 0.2)];
    let file = open_fields(&[wind(3.0, 4.0), fine, current].concat()).unwrap();
    let kinds: Vec<ForcingKind> = file.series().iter().map(|series| series.kind).collect();
    assert_eq!(kinds, [ForcingKind::Current, ForcingKind::Wind, ForcingKind::Wind]);
    let GridSpec::Regular(grid) = file.series()[2].grid else {
        panic!()
    };
    assert_eq!((grid.nx, grid.ny, grid.lon0_deg, grid.lat0_deg), (6, 4, -10.0, 10.0));
    assert_eq!(file.read(2, 0).unwrap().east.len(), 24);
}

#[test]
fn a_value_beyond_nature_is_refused_when_it_is_read() {
    let file = open_fields(&wind(150.0, 4.0)).unwrap();
    let error = file.read(0, 0).unwrap_err();
    assert!(
        matches!(error, Error::Implausible { .. }) && error.to_string().contains("150"),
        "{error}"
    );
    assert!(open_fields(&wind(f32::INFINITY, 4.0)).unwrap().read(0, 0).is_err());
}

#[test]
fn a_second_field_may_use_the_bitmap_before_it() {
    let [mut u, mut v] = wind(3.0, 4.0);
    (u.values, v.values) = (vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]);
    let file = open_bytes(&u.message_with(&[0, 0b1010_0100], &v, &[254])).unwrap();
    let field = file.read(0, 0).unwrap();
    let present: Vec<f32> = field.north.iter().copied().filter(|value| !value.is_nan()).collect();
    assert_eq!(present, [4.0, 5.0, 6.0]);
    assert_eq!((field.east[0], field.east[2], field.east[5]), (1.0, 2.0, 3.0));
    let error = open_bytes(&u.message_with(&[254], &v, &[254]))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("earlier bitmap"), "{error}");
}

#[test]
fn grids_that_are_not_read_are_named() {
    for (template, word) in [
        (1_u16, "shifted pole"),
        (10, "Mercator"),
        (40, "Gaussian"),
        (50, "spherical harmonics"),
        (777, "3.777"),
    ] {
        let fields = wind(3.0, 4.0).map(|mut field| {
            field.grid[7..9].copy_from_slice(&template.to_be_bytes());
            field
        });
        let error = refusal(&fields).to_string();
        assert!(
            error.contains(word) && error.contains("message 1"),
            "{template}: {error}"
        );
    }
    let contradicting = wind(3.0, 4.0).map(|mut field| {
        field.grid[58..62].copy_from_slice(&250_000_u32.to_be_bytes());
        field
    });
    assert!(
        refusal(&contradicting).to_string().contains("0.25 degrees along"),
        "{}",
        refusal(&contradicting)
    );
}

#[test]
fn what_is_no_whole_message_is_named_with_its_place() {
    let good = messages(&wind(3.0, 4.0));
    let length = good.len();
    let error = |bytes: &[u8]| match open_bytes(bytes) {
        Ok(_) => panic!("read"),
        Err(error) => error.to_string(),
    };
    let between = [&good[..], b"<html>", &good[..]].concat();
    assert!(
        error(&between).contains(&format!("message 3 at byte {length}")),
        "{}",
        error(&between)
    );
    let cut = &good[..length - 3];
    assert!(
        error(cut).contains("message 2") && error(cut).contains("cut off"),
        "{}",
        error(cut)
    );
    let mut edition_1 = good.clone();
    edition_1[length / 2 + 7] = 1;
    assert!(error(&edition_1).contains("GRIB edition 1"), "{}", error(&edition_1));
    let mut unended = good.clone();
    unended[length - 1] = b'6';
    assert!(error(&unended).contains("7777"), "{}", error(&unended));
    // Padding is no damage.
    let padded = [
        &[0; 16][..],
        &good[..length / 2],
        b"\r\r\n",
        &good[length / 2..],
        &[0; 100][..],
    ]
    .concat();
    assert_eq!(open_bytes(&padded).unwrap().series().len(), 1);
    assert!(error(b"").contains("empty") && error(b"GRIB").contains("cut off"));
    assert!(
        error(b"GRIP and more").contains("neither a NetCDF nor a GRIB"),
        "{}",
        error(b"GRIP and more")
    );
}
