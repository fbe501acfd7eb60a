//! Waves: heights and directions in the dresses that providers give them, and what is no wave field.

use driftline_decode::{Error, ForcingFile};
use driftline_domain::{ForcingKind, VectorField};

use crate::classic::{Classic, Values};
use crate::odd::{Axes, CURRENT, NX, NY, STEPS, coordinates, far_east, open, polar, refusal};

const HEIGHT: &str = "sea_surface_wave_significant_height";
const FROM: &str = "sea_surface_wave_from_direction";
const TO: &str = "sea_surface_wave_to_direction";
/// The mark of CMEMS for land.
const FILL: i16 = -32_767;
/// A node that is land in every step.
const LAND: usize = 5;

fn nodes(of: impl Fn(usize, usize) -> i16) -> Values {
    let all = (0..STEPS).flat_map(|step| (0..NX * NY).map(move |node| (step, node)));
    Values::Short(
        all.map(|(step, node)| if node == LAND { FILL } else { of(step, node) })
            .collect(),
    )
}

/// Heights in centimetres: 1.00 m at the first node, 10 cm more at each next and 1 cm more each step.
fn height(file: Classic, name: &str, standard_name: &str, dims: &str) -> Classic {
    file.variable(name, dims, nodes(|step, node| 100 + 10 * node as i16 + step as i16))
        .with("standard_name", standard_name)
        .with("units", "m")
        .with("scale_factor", 0.01)
        .with("_FillValue", FILL)
}

/// Directions in hundredths of a degree: 355 at the first node, 2.5 more at each next, through north.
fn direction(file: Classic, name: &str, standard_name: &str, dims: &str) -> Classic {
    file.variable(
        name,
        dims,
        nodes(|_, node| ((355.0 + 2.5 * node as f64) % 360.0 * 90.0) as i16),
    )
    .with("standard_name", standard_name)
    .with("units", "degree")
    .with("scale_factor", 1.0 / 90.0)
    .with("_FillValue", FILL)
}

fn direction_deg(node: usize) -> f64 {
    (355.0 + 2.5 * node as f64) % 360.0
}

fn sea() -> Classic {
    coordinates(Axes::default())
}

fn waves(direction_name: &str) -> Classic {
    let file = height(sea(), "VHM0", HEIGHT, "time lat lon");
    direction(file, "VMDR", direction_name, "time lat lon")
}

/// Compares a step with what was written; `turn_deg` is what lies between the stored direction and where waves go.
fn assert_waves(field: &VectorField, step: usize, turn_deg: f64) {
    for node in 0..NX * NY {
        let (east, north) = (field.east[node], field.north[node]);
        if node == LAND {
            assert!(east.is_nan() && north.is_nan());
            continue;
        }
        let (height_m, to_deg) = VectorField::wave_height_and_direction(east, north);
        let wanted_m = 1.0 + 0.1 * node as f64 + 0.01 * step as f64;
        assert!(
            (height_m - wanted_m).abs() < 1e-6,
            "{node}: {height_m} m instead of {wanted_m}"
        );
        let off = (to_deg - direction_deg(node) - turn_deg + 900.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 1e-3, "{node}: towards {to_deg}");
    }
}

#[test]
fn waves_come_from_or_go_to_as_their_standard_name_says() {
    for (name, turn_deg) in [(FROM, 180.0), (TO, 0.0)] {
        let file = open(&waves(name)).unwrap();
        let [series] = file.series() else {
            panic!("{:?}", file.series())
        };
        assert_eq!(
            (series.kind, series.level.as_str()),
            (ForcingKind::Waves, "sea surface")
        );
        assert_eq!(series.source_variables, ["VHM0", "VMDR"]);
        for step in 0..STEPS {
            assert_waves(&file.read(0, step).unwrap(), step, turn_deg);
        }
    }
}

#[test]
fn waves_beside_a_current_come_last_and_without_a_name_by_their_providers() {
    let (x, y) = far_east();
    let file = height(polar(CURRENT, x, y), "hs", HEIGHT, "time y x");
    let file = open(&direction(file, "thq", TO, "time y x")).unwrap();
    let kinds: Vec<ForcingKind> = file.series().iter().map(|series| series.kind).collect();
    assert_eq!(kinds, [ForcingKind::Current, ForcingKind::Waves]);
    // On a map whose y axis does not point north, too, a direction counts from true north.
    assert_waves(&file.read(1, 1).unwrap(), 1, 0.0);
    for [height_name, direction_name] in [["swh", "mwd"], ["VHM0", "VMDR"], ["HTSGW_surface", "DIRPW_surface"]] {
        let file = height(sea(), height_name, "unknown", "time lat lon");
        let file = open(&direction(file, direction_name, "unknown", "time lat lon")).unwrap();
        assert_waves(&file.read(0, 0).unwrap(), 0, 180.0);
    }
}

#[test]
fn a_direction_from_the_grids_own_north_is_turned() {
    let (x, y) = far_east();
    let file = height(polar(CURRENT, x, y), "hs", HEIGHT, "time y x");
    let file = direction(file, "thq", TO, "time y x").with("comment", "Clockwise from grid north");
    let file = open(&file).unwrap();
    let field = file.read(1, 0).unwrap();
    // On the meridian 90 E of a map with 0 E pointing down, y points east: the second row stands on it.
    let node = NX;
    let (_, to_deg) = VectorField::wave_height_and_direction(field.east[node], field.north[node]);
    assert!((to_deg - (direction_deg(node) + 90.0) % 360.0).abs() < 0.05, "{to_deg}");
}

#[test]
fn half_a_sea_state_is_refused_in_words() {
    let alone = |error: Error, words: &str| {
        assert!(
            matches!(error, Error::Waves { .. }) && error.to_string().contains(words),
            "{error}"
        );
    };
    let dims = "time lat lon";
    alone(
        refusal(&height(sea(), "VHM0", HEIGHT, dims)),
        "'VHM0' is no use as waves: it is a height without a direction",
    );
    alone(
        refusal(&direction(sea(), "VMDR", FROM, dims)),
        "a direction without a height",
    );
    let part = height(sea(), "VHM0_WW", "sea_surface_wind_wave_significant_height", dims);
    alone(refusal(&part), "the height of a part of the sea");
    let both = height(height(sea(), "a", HEIGHT, dims), "b", HEIGHT, dims);
    alone(refusal(&direction(both, "VMDR", FROM, dims)), "'a', 'b' all claim");
    let two = direction(waves(FROM), "VMDR2", FROM, dims);
    alone(refusal(&two), "which of 'VMDR', 'VMDR2'");
    // Parts beside the whole and both senses are no trouble, and neither is half a sea state beside a current.
    let parts = height(waves(TO), "VHM0_WW", "sea_surface_wind_wave_significant_height", dims);
    assert_eq!(open(&direction(parts, "d", FROM, dims)).unwrap().series().len(), 1);
    let (x, y) = far_east();
    let file: ForcingFile = open(&height(polar(CURRENT, x, y), "hs", HEIGHT, "time y x")).unwrap();
    assert_eq!((file.series().len(), file.refused().len()), (1, 1));
}

#[test]
fn values_that_no_sea_has_and_torn_fields_are_refused() {
    let with = |heights: Values, directions: Values| {
        sea()
            .variable("VHM0", "time lat lon", heights)
            .with("standard_name", HEIGHT)
            .with("units", "m")
            .variable("VMDR", "time lat lon", directions)
            .with("standard_name", FROM)
            .with("units", "degree")
    };
    let floats = |of: &dyn Fn(usize) -> f32| Values::Float((0..STEPS * NX * NY).map(of).collect());
    let read = |file: &Classic| open(file).unwrap().read(0, 0);
    let good = with(floats(&|_| 2.0), floats(&|_| -90.0));
    assert!(
        (read(&good).unwrap().east[0] - 2.0).abs() < 1e-6,
        "from the west towards the east"
    );
    for (heights, directions, words) in [
        (30.5, 10.0, "'VHM0' holds 30.5 m at"),
        (-1.0, 10.0, "'VHM0' holds -1 m at"),
        (2.0, 999.0, "'VMDR' holds 999 degrees at"),
    ] {
        let bad = with(floats(&|_| heights), floats(&|_| directions));
        let error = read(&bad).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let torn = with(
        floats(&|_| 2.0),
        floats(&|node| if node % 3 == 0 { f32::NAN } else { 10.0 }),
    );
    let error = read(&torn).unwrap_err().to_string();
    assert!(
        error.contains("'VMDR'") && error.contains("at 4 of the 12 nodes"),
        "{error}"
    );
    let wrong = sea()
        .variable("VHM0", "time lat lon", floats(&|_| 2.0))
        .with("standard_name", HEIGHT)
        .with("units", "s")
        .variable("VMDR", "time lat lon", floats(&|_| 2.0))
        .with("standard_name", FROM)
        .with("units", "degree");
    let error = refusal(&wrong).to_string();
    assert!(error.contains("'s'") && error.contains("unit of length"), "{error}");
}
