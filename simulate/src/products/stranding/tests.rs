//! Arrivals of small runs with known answers, and their files read back.

use geojson::{FeatureCollection, GeoJson};

use super::*;
use crate::products::sample::{Run, hour, label};

/// A coast whose west shore lies at 180 E, and an island of less than a square at 179.9 E.
fn coast() -> Coast {
    let mainland = vec![(180.0, 50.0), (182.0, 50.0), (182.0, 70.0), (180.0, 70.0)];
    let island = vec![(179.9, 60.501), (179.905, 60.501), (179.905, 60.506), (179.9, 60.506)];
    Coast::from_polygons(&[mainland, island]).unwrap()
}

/// Ten particles off the shore; 2, 4, 5 and 7 strand, 4 of them on one minute of shore but for 7, which meets the island.
fn run() -> Run {
    const ASHORE: [(usize, usize); 4] = [(2, 1), (4, 3), (5, 3), (7, 2)];
    let when = |particle: usize| ASHORE.iter().find(|(one, _)| *one == particle).map(|(_, hour)| *hour);
    let ashore = move |particle, hour| when(particle).is_some_and(|from| hour >= from);
    let lon = move |particle: usize, hour: usize| match (ashore(particle, hour), particle) {
        (true, 7) => 179.899_999,
        (true, _) => 179.999_995,
        (false, _) => 179.8,
    };
    let lat = |particle: usize, _| {
        if particle == 7 {
            60.503
        } else {
            60.001 + 0.001 * particle as f64
        }
    };
    let status = move |particle, hour| match (particle, ashore(particle, hour)) {
        (_, true) => Status::Stranded,
        (9, false) => Status::MissingData,
        _ => Status::Active,
    };
    Run::of(10, 4, lon, lat, status)
}

/// How the particles of [`run`] ended: within a step each.
fn ended() -> Vec<Option<Ended>> {
    let mut ended = vec![None; 10];
    for (particle, at_s) in [(2, 3_000.25), (4, 9_000.0), (5, 7_201.0), (7, 7_000.5)] {
        ended[particle] = Some(Ended {
            time_s: hour(0).unix_s() as f64 + at_s,
            lon_deg: 179.99,
            lat_deg: 60.0,
            status: Status::Stranded,
        });
    }
    ended[9] = Some(Ended {
        time_s: hour(0).unix_s() as f64,
        lon_deg: 179.8,
        lat_deg: 60.0,
        status: Status::MissingData,
    });
    ended
}

fn after(seconds: i64) -> Option<ValidTime> {
    ValidTime::from_unix_s(hour(0).unix_s() + seconds)
}

#[test]
fn arrivals_are_counted_once_and_to_the_second() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &coast()).unwrap();
    let ids: Vec<_> = found
        .arrivals
        .iter()
        .map(|arrival| (arrival.particle_id, arrival.time))
        .collect();
    assert_eq!(ids, [(2, hour(1)), (7, hour(2)), (5, hour(3)), (4, hour(3))]);
    assert_eq!((found.arrived_fraction(), found.never_arrived_fraction()), (0.4, 0.6));
    assert_eq!(found.first_arrival(), after(3_000));
    assert_eq!(found.arrival_time(0.1), after(3_000));
    assert_eq!(found.arrival_time(0.5), after(7_001));
    assert_eq!(found.arrival_time(0.75), after(7_201));
    assert_eq!(found.arrival_time(0.9), after(9_000));
    let fractions: Vec<f64> = found.stranded_fraction.iter().map(|(_, share)| *share).collect();
    assert_eq!(fractions, [0.0, 0.1, 0.2, 0.4]);
    // The shares by output time are those of the states at that time.
    for (k, fraction) in fractions.iter().enumerate() {
        let by: f64 = found.segments.iter().map(|segment| segment.probability_by[k]).sum();
        assert!((by - fraction).abs() < 1e-12, "{k}: {by}");
    }
    assert_eq!(found.elsewhere_fraction(), 0.0);
}

#[test]
fn arrivals_are_told_by_stretch_of_shoreline() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &coast()).unwrap();
    let names: Vec<String> = found
        .segments
        .iter()
        .map(|segment| segment.segment.id.to_string())
        .collect();
    // The mainland's shore is on the antimeridian: the square west or east of it.
    assert_eq!(names.len(), 2);
    assert!(
        names[0] == "N60-00_E179-59" || names[0] == "N60-00_W180-00",
        "{names:?}"
    );
    assert_eq!(names[1], "N60-30_E179-54");
    let [mainland, island] = &found.segments[..] else {
        panic!("{names:?}")
    };
    assert_eq!((mainland.probability, island.probability), (0.3, 0.1));
    assert_eq!(mainland.probability_by, [0.0, 0.1, 0.1, 0.3]);
    assert_eq!(island.probability_by, [0.0, 0.0, 0.1, 0.1]);
    assert_eq!(
        ARRIVAL_SHARES.map(|share| mainland.arrival_time(share)),
        [after(3_000), after(7_201), after(9_000)]
    );
    assert_eq!(
        ARRIVAL_SHARES.map(|share| island.arrival_time(share)),
        [after(7_001); 3]
    );
    // A minute of a meridian is 1,857 m at 60 N, and the island is 275 m by 557 m; vertices are rounded to 14 m.
    assert!(
        (mainland.segment.length_m - 1_857.0).abs() < 2.0,
        "{}",
        mainland.segment.length_m
    );
    assert!(
        (island.segment.length_m - 1_664.0).abs() < 60.0,
        "{}",
        island.segment.length_m
    );
}

#[test]
fn without_exact_times_those_of_the_outputs_count() {
    let run = run();
    let found = stranding(&run.clouds(), &[], &coast()).unwrap();
    assert_eq!(found.arrival_time(0.1), Some(hour(1)));
    assert_eq!(found.arrival_time(0.5), Some(hour(2)));
    assert_eq!(found.arrival_time(0.9), Some(hour(3)));
    let ids: Vec<_> = found.arrivals.iter().map(|arrival| arrival.particle_id).collect();
    assert_eq!(ids, [2, 7, 4, 5], "by time, then by particle");
}

#[test]
fn nobody_ashore_is_no_trouble() {
    let run = run();
    let nobody = stranding(&run.clouds()[..1], &ended(), &coast()).unwrap();
    assert_eq!((nobody.arrival_time(0.5), nobody.first_arrival()), (None, None));
    assert_eq!(nobody.never_arrived_fraction(), 1.0);
    assert!(nobody.segments.is_empty() && nobody.summary()["hours_to_coast_50"].is_null());
    assert_eq!(stranding_csv(&nobody).lines().count(), 1);
    assert!(
        collection(&stranding_geojson(&nobody, &label()).unwrap())
            .features
            .is_empty()
    );
    let none = stranding(&[], &[], &coast()).unwrap();
    assert_eq!((none.n_all, none.never_arrived_fraction()), (0, 0.0));
}

#[test]
fn far_from_any_shore_there_is_no_stretch_of_it() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &Coast::open_sea().unwrap()).unwrap();
    assert!(found.segments.is_empty() && found.arrivals.len() == 4);
    assert_eq!(found.elsewhere_fraction(), 0.4);
}

fn collection(bytes: &[u8]) -> FeatureCollection {
    let geojson = std::str::from_utf8(bytes).unwrap().parse::<GeoJson>().unwrap();
    geojson.try_into().unwrap()
}

#[test]
fn everyone_ashore_is_a_point() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &coast()).unwrap();
    let collection = collection(&stranded_geojson(&found, &label()).unwrap());
    assert_eq!(collection.features.len(), 4);
    let feature = &collection.features[1];
    assert_eq!(feature.property("particle_id").unwrap(), 7);
    assert_eq!(feature.property("valid_time").unwrap(), "2015-11-16T08:00:00Z");
    assert_eq!(feature.property("arrival_time").unwrap(), "2015-11-16T07:56:41Z");
    assert_eq!(feature.property("segment").unwrap(), "N60-30_E179-54");
    assert_eq!(feature.property("n_particles").unwrap(), 10);
}

#[test]
fn stretches_of_shoreline_are_lines_with_their_numbers() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &coast()).unwrap();
    let collection = collection(&stranding_geojson(&found, &label()).unwrap());
    let members = collection.foreign_members.unwrap();
    assert!(members["attribution"].as_str().unwrap().contains("MET Norway"));
    let whole = &members["stranding"];
    assert_eq!(whole["stranded_fraction"], 0.4);
    assert_eq!(whole["never_arrived_fraction"], 0.6);
    assert_eq!(whole["first_arrival"], "2015-11-16T06:50:00Z");
    assert_eq!(whole["hours_to_coast_90"], 2.5);
    assert_eq!(whole["by_time"][3]["stranded_fraction"], 0.4);
    assert_eq!(collection.features.len(), 2);
    for (feature, segment) in collection.features.into_iter().zip(found.by_probability()) {
        let name = segment.segment.id.to_string();
        assert_eq!(feature.property("segment").unwrap(), &name);
        assert!(
            feature
                .property("id")
                .unwrap()
                .as_str()
                .unwrap()
                .ends_with(&format!(".stranding.{name}"))
        );
        assert_eq!(feature.property("probability").unwrap(), segment.probability);
        let times = feature.property("times").unwrap().as_array().unwrap().len();
        assert_eq!(
            feature.property("probability_by").unwrap().as_array().unwrap().len(),
            times
        );
        let line: LineStringOrMore = feature.geometry.unwrap().try_into().unwrap();
        let LineStringOrMore::LineString(line) = line else {
            panic!("{line:?}")
        };
        assert!(line.0.len() >= 2 && line.0.iter().all(|place| (179.89..=180.0).contains(&place.x.abs())));
    }
}

type LineStringOrMore = geo::Geometry;

#[test]
fn the_table_says_the_same() {
    let run = run();
    let found = stranding(&run.clouds(), &ended(), &coast()).unwrap();
    let csv = stranding_csv(&found);
    let rows: Vec<Vec<&str>> = csv.split("\r\n").map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 4, "head, two rows and the end");
    assert!(rows[..3].iter().all(|row| row.len() == 10 + 4), "{csv}");
    assert_eq!(rows[0][13], "by_2015-11-16T09:00:00Z");
    assert_eq!(
        rows[1][4..10],
        [
            "3",
            "0.3",
            "2015-11-16T06:50:00Z",
            "2015-11-16T06:50:00Z",
            "2015-11-16T08:00:01Z",
            "2015-11-16T08:30:00Z"
        ]
    );
    assert_eq!(rows[1][10..], ["0", "0.1", "0.1", "0.3"]);
    assert_eq!(rows[2][0], "N60-30_E179-54");
    assert_eq!(rows[3], [""]);
}
