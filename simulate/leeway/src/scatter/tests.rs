//! Places within their shape, densities as promised, times even, and the same for the same particle.

use driftline_domain::{BBox, MissionSpec, Release, meters_per_degree};
use serde_json::{Value, json};

use super::*;

const T0: &str = "2015-11-16T06:00:00Z";
const T1: &str = "2015-11-16T12:00:00Z";
const T0_S: i64 = 1_447_653_600;
const COUNT: u32 = 20_000;

/// A release as it is sent.
fn release(release: &Value) -> Release {
    let body = json!({"object_type": 1, "forecast_hours": 48, "config": {"scenarios": [{"release": release}]}});
    MissionSpec::from_json(&body).unwrap().scenarios.remove(0).release
}

fn all(release: &Release) -> Vec<Scattered> {
    let scatter = Scatter::new(release);
    (0..COUNT).map(|id| scatter.place(7, id, id, COUNT)).collect()
}

/// Metres east and north of a place at which each particle begins.
fn offsets(places: &[Scattered], from: (f64, f64)) -> Vec<(f64, f64)> {
    let offset = |place: &Scattered| displacement(from, (place.lon_deg, place.lat_deg));
    places.iter().map(offset).collect()
}

fn mean_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
}

/// Four standard errors of a share among all particles.
fn share_error(share: f64) -> f64 {
    4.0 * (share * (1.0 - share) / f64::from(COUNT)).sqrt()
}

fn share(places: &[Scattered], holds: impl Fn(&Scattered) -> bool) -> f64 {
    places.iter().filter(|place| holds(place)).count() as f64 / places.len() as f64
}

/// Every shape, with the antimeridian and a pole among them.
fn shapes() -> Vec<Release> {
    let shapes = [
        json!({"point": {"lat": 60, "lon": 4, "time": T0}}),
        json!({"point": {"lat": -89.99, "lon": 4, "time": T0, "until": T1, "radius_m": 5000}}),
        json!({"point": {"lat": 10, "lon": 179.99, "time": T0, "radius_m": 9000, "distribution": "uniform"}}),
        json!({"cone": {"from": {"lat": 60, "lon": 179.5, "time": T0, "radius_m": 100}, "to": {"lat": 61, "lon": -179, "time": T1, "radius_m": 3000}}}),
        json!({"track": {"departure": [T0, T1], "legs": [{"lat": 60, "lon": 179}, {"lat": 60.2, "lon": -179.5, "speed_ms": 6}, {"lat": 61, "lon": -179, "speed_ms": 3}]}}),
        json!({"polygon": {"times": [T0, T1], "coordinates": [[[179, 60], [-179, 60], [-179, 61], [179, 61], [179, 60]], [[179.5, 60.2], [-179.5, 60.2], [180, 60.8], [179.5, 60.2]]]}}),
        json!({"polygon": {"times": [T0, T0], "coordinates": [[[0, 85], [120, 84], [-120, 86], [0, 85]]]}}),
        json!({"bearings": {"times": [T0, T1], "lines": [{"lat": 60, "lon": 179.9, "bearing_deg": 80, "sigma_deg": 2, "range_m": 40000}]}}),
        json!({"bearings": {"times": [T0, T1], "lines": [
            {"lat": 60, "lon": 179.9, "bearing_deg": 80, "sigma_deg": 2, "range_m": 80000},
            {"lat": 60.5, "lon": -179.5, "bearing_deg": 190, "sigma_deg": 3, "range_m": 80000}]}}),
    ];
    shapes.iter().map(release).collect()
}

#[test]
fn places_lie_in_the_box_that_the_domain_promises_and_times_in_the_window() {
    for release in shapes() {
        let bounds: BBox = release.bounds();
        let (first_s, last_s) = (release.first_time().unix_s(), release.last_time().unix_s());
        for place in all(&release) {
            assert!((-180.0..180.0).contains(&place.lon_deg), "{place:?}");
            assert!(
                bounds.contains(place.lon_deg, place.lat_deg),
                "{release:?}: {place:?} {bounds:?}"
            );
            assert!((first_s..=last_s).contains(&place.time_s), "{release:?}: {place:?}");
        }
    }
}

#[test]
fn a_particle_is_the_same_whoever_else_there_is() {
    for release in shapes() {
        let scatter = Scatter::new(&release);
        let even = matches!(release, Release::Cone(_) | Release::Track(_));
        for id in [0, 1, 500] {
            let place = scatter.place(7, id, 3, 100);
            assert_eq!(place, super::scatter(&release, 7, id, 3, 100));
            let among_more = scatter.place(7, id, 3, 1_000);
            let same = (place.lon_deg, place.lat_deg) == (among_more.lon_deg, among_more.lat_deg);
            assert!(same || even, "{release:?}");
            assert_ne!(place, scatter.place(8, id, 3, 100));
            assert_ne!(place, scatter.place(7, id + 1, 3, 100));
        }
    }
}

#[test]
fn a_gaussian_point_has_its_radius_on_each_axis_and_is_drawn_as_ever() {
    let point = release(&json!({"point": {"lat": 60, "lon": 4, "time": T0, "radius_m": 2000}}));
    let places = all(&point);
    let offsets = offsets(&places, (4.0, 60.0));
    for (mean, sd) in [
        mean_sd(offsets.iter().map(|o| o.0)),
        mean_sd(offsets.iter().map(|o| o.1)),
    ] {
        assert!(mean.abs() < 4.0 * 2000.0 / f64::from(COUNT).sqrt(), "{mean}");
        assert!(
            (sd / 2000.0 - 1.0).abs() < 4.0 / (2.0 * f64::from(COUNT)).sqrt(),
            "{sd}"
        );
    }
    let (east, north) = Draw::new(7, 11, 0, Purpose::SeedPosition, 0).normals();
    let as_ever = moved(4.0, 60.0, 2000.0 * east, 2000.0 * north);
    assert_eq!(
        (places[11].lon_deg, places[11].lat_deg, places[11].time_s),
        (as_ever.0, as_ever.1, T0_S)
    );
}

#[test]
fn a_uniform_disc_is_even_also_next_to_a_pole() {
    for (lon, lat) in [(4.0, 60.0), (30.0, 89.98), (-179.99, -10.0)] {
        let disc = json!({"point": {"lat": lat, "lon": lon, "time": T0, "radius_m": 9000, "distribution": "uniform"}});
        let places = all(&release(&disc));
        let offsets = offsets(&places, (lon, lat));
        let lengths: Vec<f64> = offsets.iter().map(|o| libm::hypot(o.0, o.1)).collect();
        assert!(lengths.iter().all(|length| *length <= 9000.01));
        for part in [0.25, 0.5, 0.75] {
            let within = lengths
                .iter()
                .filter(|length| **length < 9000.0 * f64::sqrt(part))
                .count() as f64;
            assert!((within / f64::from(COUNT) - part).abs() < share_error(part));
        }
        let east = offsets.iter().filter(|o| o.0 > 0.0).count() as f64 / f64::from(COUNT);
        assert!((east - 0.5).abs() < share_error(0.5), "{lat}: {east}");
    }
}

#[test]
fn times_are_spread_evenly_over_the_window() {
    let window = json!({"point": {"lat": 60, "lon": 4, "time": T0, "until": T1}});
    let scatter = Scatter::new(&release(&window));
    let times: Vec<i64> = (0..6)
        .map(|rank| scatter.place(1, 100 + rank, rank, 6).time_s - T0_S)
        .collect();
    assert_eq!(times, [1_800, 5_400, 9_000, 12_600, 16_200, 19_800]);
    assert_eq!(scatter.place(1, 0, 0, 1).time_s - T0_S, 10_800);
}

#[test]
fn a_cone_widens_along_the_geodesic() {
    let ends = ((-179.0, 50.0), (178.0, 52.0));
    let cone = json!({"cone": {
        "from": {"lon": ends.0.0, "lat": ends.0.1, "time": T0, "radius_m": 0},
        "to": {"lon": ends.1.0, "lat": ends.1.1, "time": T1, "radius_m": 4000}}});
    let places = all(&release(&cone));
    let whole = displacement(ends.0, ends.1);
    let mut scores = Vec::new();
    for (rank, place) in places.iter().enumerate() {
        let share = (rank as f64 + 0.5) / f64::from(COUNT);
        let centre = moved(ends.0.0, ends.0.1, share * whole.0, share * whole.1);
        let (east, north) = displacement(centre, (place.lon_deg, place.lat_deg));
        scores.extend([east / (4000.0 * share), north / (4000.0 * share)]);
        assert!((place.time_s - T0_S - (21_600.0 * share) as i64).abs() <= 1);
    }
    let (mean, sd) = mean_sd(scores.iter().copied());
    assert!(mean.abs() < 0.02 && (sd - 1.0).abs() < 0.02, "{mean} {sd}");
    // The far end is where it was asked for.
    let end = moved(ends.0.0, ends.0.1, whole.0, whole.1);
    let off = displacement(end, ends.1);
    assert!(libm::hypot(off.0, off.1) < 0.01);
}

#[test]
fn a_voyage_loses_particles_evenly_in_time() {
    // 36 km at 10 m/s, then as far at 5 m/s: 1 h and 2 h.
    let corner = moved(4.0, 60.0, 0.0, 36_000.0);
    let end = moved(corner.0, corner.1, 36_000.0, 0.0);
    let track = json!({"track": {"departure": [T0, "2015-11-16T07:00:00Z"], "radius_m": 0, "legs": [
        {"lat": 60, "lon": 4}, {"lat": corner.1, "lon": corner.0, "speed_ms": 10}, {"lat": end.1, "lon": end.0, "speed_ms": 5}]}});
    let places = all(&release(&track));
    // The second leg leaves eastward and bends to the south, as geodesics do.
    let is_first = |place: &Scattered| place.lon_deg < corner.0 + 1e-7;
    let on_first = share(&places, is_first);
    assert!((on_first - 1.0 / 3.0).abs() < 1e-3, "{on_first}");
    for place in &places {
        let here = (place.lon_deg, place.lat_deg);
        let (east, north) = displacement(corner, here);
        let length_m = libm::hypot(east, north);
        let (sideways_m, sailed_s) = if is_first(place) {
            (east.abs(), 3_600.0 - length_m / 10.0)
        } else {
            (north.abs(), 3_600.0 + length_m / 5.0)
        };
        assert!(sideways_m < 0.1, "{place:?}");
        let departed_s = (place.time_s - T0_S) as f64 - sailed_s;
        assert!((-1.0..=3_601.0).contains(&departed_s), "{departed_s}");
    }
    let departed: Vec<f64> = places.iter().map(|place| (place.time_s - T0_S) as f64).collect();
    let (mean, _) = mean_sd(departed.iter().copied());
    assert!(
        (mean - 1_800.0 - 5_400.0).abs() < 4.0 * 1_040.0 / f64::from(COUNT).sqrt(),
        "{mean}"
    );
}

#[test]
fn a_voyage_is_at_its_waypoint_when_it_was_seen_there() {
    let track = json!({"track": {"departure": [T0, "2015-11-16T08:00:00Z"], "radius_m": 0, "legs": [
        {"lat": 60, "lon": 4}, {"lat": 60.5, "lon": 4, "time": "2015-11-16T10:00:00Z"}, {"lat": 60.5, "lon": 5, "time": T1}]}});
    for place in all(&release(&track)) {
        let early = place.time_s < T0_S + 4 * 3_600;
        assert!(
            place.lat_deg <= 60.5 + 0.01 && early == (place.lon_deg < 4.0 + 1e-9) || place.time_s == T0_S + 4 * 3_600,
            "{place:?}"
        );
        if !early {
            // On the second leg time alone tells the place.
            let sailed = (place.time_s - T0_S) as f64 / 3_600.0 - 4.0;
            assert!((place.lon_deg - 4.0 - sailed / 2.0).abs() < 1e-3, "{place:?}");
        }
    }
}

/// Area between two parallels of a strip a degree wide, by Simpson's rule.
fn strip_m2(south: f64, north: f64, width_deg: impl Fn(f64) -> f64) -> f64 {
    let slices = 400;
    let step = (north - south) / f64::from(slices);
    let at = |k: i32| {
        let lat = south + step * f64::from(k);
        let (lon_m, lat_m) = meters_per_degree(lat);
        width_deg(lat) * lon_m * lat_m
    };
    let weight = |k: i32| {
        if k == 0 || k == slices {
            1.0
        } else {
            f64::from(2 + 2 * (k % 2))
        }
    };
    (0..=slices).map(|k| weight(k) * at(k)).sum::<f64>() * step / 3.0
}

#[test]
fn a_polygon_is_filled_evenly_by_area() {
    // A triangle from 50 to 80 degrees north, on the antimeridian, whose width falls with the latitude.
    let triangle =
        json!({"polygon": {"times": [T0, T1], "coordinates": [[[170, 50], [-170, 50], [180, 80], [170, 50]]]}});
    let places = all(&release(&triangle));
    let width = |lat: f64| 20.0 * (80.0 - lat) / 30.0;
    let whole = strip_m2(50.0, 80.0, width);
    for lat in [52.0, 55.0, 60.0, 65.0, 72.0] {
        let expected = strip_m2(50.0, lat, width) / whole;
        let found = share(&places, |place| place.lat_deg < lat);
        assert!(
            (found - expected).abs() < share_error(expected),
            "{lat}: {found} {expected}"
        );
    }
    let mut cells = [[0u32; 4]; 4];
    for place in &places {
        let lon = if place.lon_deg < 0.0 {
            place.lon_deg + 360.0
        } else {
            place.lon_deg
        };
        let across = (lon - 180.0) / width(place.lat_deg) + 0.5;
        assert!((0.0..=1.0).contains(&across), "{place:?}");
        cells[(across * 4.0).min(3.0) as usize][((place.lat_deg - 50.0) / 7.5).min(3.0) as usize] += 1;
    }
    for column in 1..4 {
        for row in 0..4 {
            let (a, b) = (f64::from(cells[0][row]), f64::from(cells[column][row]));
            assert!((a - b).abs() < 4.0 * (a + b).sqrt(), "{cells:?}");
        }
    }
}

#[test]
fn holes_stay_empty_and_odd_shapes_are_filled() {
    let pierced = json!({"polygon": {"times": [T0, T0], "coordinates": [
        [[4, 60], [6, 60], [6, 61], [4, 61], [4, 60]], [[4.5, 60.25], [5.5, 60.25], [5.5, 60.75], [4.5, 60.75], [4.5, 60.25]]]}});
    let places = all(&release(&pierced));
    let hole = BBox::new(4.5, 60.25, 5.5, 60.75).unwrap();
    assert_eq!(share(&places, |place| hole.contains(place.lon_deg, place.lat_deg)), 0.0);
    let below = strip_m2(60.0, 60.25, |_| 2.0);
    let beside = strip_m2(60.25, 60.75, |_| 1.0);
    let expected = below / (below + beside + strip_m2(60.75, 61.0, |_| 2.0));
    let found = share(&places, |place| place.lat_deg < 60.25);
    assert!((found - expected).abs() < share_error(expected), "{found} {expected}");

    // A figure of eight: both loops, and nothing beside the knot.
    let eight = json!({"polygon": {"times": [T0, T0], "coordinates": [[[4, 0], [6, 1], [6, 0], [4, 1], [4, 0]]]}});
    let places = all(&release(&eight));
    let west = share(&places, |place| place.lon_deg < 5.0);
    assert!((west - 0.5).abs() < share_error(0.5), "{west}");
    assert!(
        places
            .iter()
            .all(|p| (p.lat_deg - 0.5).abs() <= (p.lon_deg - 5.0).abs() / 2.0 + 1e-9)
    );

    // A corridor a kilometre wide and three hundred long, aslant.
    let slant =
        json!({"polygon": {"times": [T0, T0], "coordinates": [[[4, 60], [4.01, 60], [8.01, 62], [8, 62], [4, 60]]]}});
    let places = all(&release(&slant));
    assert!(
        places
            .iter()
            .all(|p| (-1e-9..=0.01 + 1e-9).contains(&(p.lon_deg - 4.0 - 2.0 * (p.lat_deg - 60.0))))
    );
    assert!((share(&places, |place| place.lat_deg < 61.0) - 0.507).abs() < 0.02);
}

#[test]
fn a_cap_around_a_pole_is_even_and_ends() {
    for pole in [1.0, -1.0] {
        let cap = json!({"polygon": {"times": [T0, T0], "coordinates": [[[0, 88.0 * pole], [90, 88.0 * pole], [180, 88.0 * pole], [-90, 88.0 * pole], [0, 88.0 * pole]]]}});
        let places = all(&release(&cap));
        let near = share(&places, |place| place.lat_deg * pole > 89.0);
        let expected = strip_m2(89.0, 90.0, |_| 1.0) / strip_m2(88.0, 90.0, |_| 1.0);
        assert!((near - expected).abs() < share_error(expected), "{near} {expected}");
        for quarter in [-180.0, -90.0, 0.0, 90.0] {
            let found = share(&places, |place| (quarter..quarter + 90.0).contains(&place.lon_deg));
            assert!((found - 0.25).abs() < share_error(0.25), "{quarter}: {found}");
        }
    }
}

fn bearing_deg(from: (f64, f64), place: &Scattered) -> (f64, f64) {
    let (east, north) = displacement(from, (place.lon_deg, place.lat_deg));
    (libm::atan2(east, north).to_degrees(), libm::hypot(east, north))
}

#[test]
fn one_line_is_gaussian_across_and_even_by_area_along() {
    let line = json!({"bearings": {"times": [T0, T0], "lines": [
        {"lat": 60, "lon": 4, "bearing_deg": 300, "sigma_deg": 4, "range_m": 30000, "min_range_m": 10000}]}});
    let seen: Vec<(f64, f64)> = all(&release(&line))
        .iter()
        .map(|place| bearing_deg((4.0, 60.0), place))
        .collect();
    let (mean, sd) = mean_sd(seen.iter().map(|(bearing, _)| *bearing));
    assert!(
        (mean + 60.0).abs() < 4.0 * 4.0 / f64::from(COUNT).sqrt() && (sd - 4.0).abs() < 0.08,
        "{mean} {sd}"
    );
    assert!(seen.iter().all(|(_, range)| (9_999.9..30_000.1).contains(range)));
    // Half of the area from 10 to 30 km lies within sqrt(500) km.
    let near = seen.iter().filter(|(_, range)| *range < 22_360.68).count() as f64 / f64::from(COUNT);
    assert!((near - 0.5).abs() < share_error(0.5), "{near}");
}

#[test]
fn a_sector_is_filled_and_not_left() {
    let sector = json!({"bearings": {"times": [T0, T0], "lines": [
        {"lat": -33, "lon": 179.99, "bearing_deg": 10, "width_deg": 120, "range_m": 30000}]}});
    let seen: Vec<(f64, f64)> = all(&release(&sector))
        .iter()
        .map(|place| bearing_deg((179.99, -33.0), place))
        .collect();
    assert!(
        seen.iter()
            .all(|(bearing, range)| (-50.001..=70.001).contains(bearing) && *range < 30_000.1)
    );
    let left = seen.iter().filter(|(bearing, _)| *bearing < 10.0).count() as f64 / f64::from(COUNT);
    assert!((left - 0.5).abs() < share_error(0.5), "{left}");
}

/// Lines from these observers to a target, as they would be taken.
fn cross(target: (f64, f64), observers: &[((f64, f64), f64)]) -> Release {
    let lines: Vec<Value> = observers
        .iter()
        .map(|&((lon, lat), sigma_deg)| {
            let (east, north) = displacement((lon, lat), target);
            let bearing = libm::fmod(libm::atan2(east, north).to_degrees() + 360.0, 360.0);
            json!({"lat": lat, "lon": lon, "bearing_deg": bearing, "sigma_deg": sigma_deg, "range_m": 250_000})
        })
        .collect();
    release(&json!({"bearings": {"times": [T0, T0], "lines": lines}}))
}

#[test]
fn cross_bearings_meet_at_the_target_with_the_spread_of_their_angles() {
    let target = (-179.95, 58.0);
    let (south, east) = (
        moved(target.0, target.1, 0.0, -50_000.0),
        moved(target.0, target.1, 80_000.0, 0.0),
    );
    for (sigma_south, sigma_east) in [(1.0, 0.5), (0.1, 0.2), (0.05, 0.05)] {
        let crossing = cross(target, &[(south, sigma_south), (east, sigma_east)]);
        let offsets = offsets(&all(&crossing), target);
        // The line from the south says how far east, the one from the east how far north.
        let expected = (
            50_000.0 * f64::to_radians(sigma_south),
            80_000.0 * f64::to_radians(sigma_east),
        );
        let (mean_east, sd_east) = mean_sd(offsets.iter().map(|o| o.0));
        let (mean_north, sd_north) = mean_sd(offsets.iter().map(|o| o.1));
        assert!(
            mean_east.abs() < 0.05 * expected.0 && mean_north.abs() < 0.05 * expected.1,
            "{mean_east} {mean_north}"
        );
        assert!(
            (sd_east / expected.0 - 1.0).abs() < 0.03 && (sd_north / expected.1 - 1.0).abs() < 0.03,
            "{sd_east} {sd_north}"
        );
    }
}

#[test]
fn acute_and_many_lines_keep_every_draw() {
    let target = (4.0, 60.0);
    let around = |bearing_deg: f64, range_m: f64| {
        let (sin, cos) = libm::sincos(f64::to_radians(bearing_deg));
        moved(target.0, target.1, range_m * sin, range_m * cos)
    };
    // Two shore stations close to each other: a long sliver. Then a dozen lines at once.
    let sliver = cross(
        target,
        &[(around(90.0, 100_000.0), 0.5), (around(94.0, 101_000.0), 0.5)],
    );
    let dozen: Vec<((f64, f64), f64)> = (0..12).map(|k| (around(f64::from(k) * 30.0, 60_000.0), 2.0)).collect();
    let dozen = cross(target, &dozen);
    for release in [sliver, dozen] {
        let Shape::Bearings(Lines::Several(crossing), _) = Scatter::new(&release).shape else {
            panic!()
        };
        let places = all(&release);
        let given_up = share(&places, |place| (place.lon_deg, place.lat_deg) == crossing.best());
        assert_eq!(given_up, 0.0);
        let drawn: u32 = (0..2_000).map(|id| crossing.draws(Dice { seed: 1, id })).sum();
        assert!(drawn < 2_000 * 10, "{drawn} draws for 2,000 places");
    }
    // A sliver reaches farther along than across: 4 degrees between the lines make it some 14 times longer.
    let sliver = cross(
        target,
        &[(around(90.0, 100_000.0), 0.5), (around(94.0, 101_000.0), 0.5)],
    );
    let offsets = offsets(&all(&sliver), target);
    let (_, along) = mean_sd(offsets.iter().map(|o| o.0));
    let (_, across) = mean_sd(offsets.iter().map(|o| o.1));
    assert!(along > 8.0 * across, "{along} {across}");
}

#[test]
fn lines_that_barely_miss_or_touch_are_met_between_and_not_at_one_place() {
    let lines = |lines: Value| release(&json!({"bearings": {"times": [T0, T0], "lines": lines}}));
    let sector = |bearing: f64, width: f64, near: f64, far: f64| json!({"lat": 60, "lon": 4, "bearing_deg": bearing, "width_deg": width, "range_m": far, "min_range_m": near});
    let facing = |lon: f64, bearing: f64| json!({"lat": 60, "lon": lon, "bearing_deg": bearing, "sigma_deg": 1, "range_m": 20_000});
    let apart = lines(json!([sector(45.0, 10.0, 0.0, 2e4), sector(58.0, 10.0, 0.0, 2e4)]));
    let touching = lines(json!([sector(60.0, 120.0, 0.0, 2e4), sector(180.0, 120.0, 0.0, 2e4)]));
    let ranges = lines(json!([
        sector(45.0, 10.0, 0.0, 20_000.0),
        sector(45.0, 10.0, 20_600.0, 4e4)
    ]));
    let short = lines(json!([facing(4.0, 89.7), facing(4.72, 270.3)]));
    let ring = lines(json!([sector(0.0, 360.0, 0.0, 1e4), sector(0.0, 360.0, 9_999.99, 2e4)]));
    // Bearing and range from 60 N 4 E that particles may have.
    for (release, bearings_deg, ranges_m) in [
        (apart, 49.0..54.0, 0.0..20_500.0),
        (touching, 118.0..122.0, 0.0..20_100.0),
        (ranges, 37.0..53.0, 20_100.0..20_500.0),
        (short, 85.0..95.0, 19_500.0..20_600.0),
        (ring, -180.0..181.0, 9_900.0..10_100.0),
    ] {
        let places = all(&release);
        for place in &places {
            let (bearing, range) = bearing_deg((4.0, 60.0), place);
            assert!(
                bearings_deg.contains(&bearing) && ranges_m.contains(&range),
                "{release:?}: {bearing} {range}"
            );
        }
        let mut distinct: Vec<(u64, u64)> = places
            .iter()
            .map(|place| (place.lon_deg.to_bits(), place.lat_deg.to_bits()))
            .collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(
            distinct.len() > places.len() * 99 / 100,
            "{release:?}: {}",
            distinct.len()
        );
    }
}

#[test]
fn lines_that_contradict_each_other_end_somewhere() {
    // No mission holds such lines; the kernel does not hang on them all the same.
    let mut away = cross((4.0, 60.0), &[((3.0, 60.0), 0.5), ((5.0, 60.0), 0.5)]);
    if let Release::Bearings(bearings) = &mut away {
        for line in &mut bearings.lines {
            line.bearing_deg += 180.0;
            line.range_m = 10_000.0;
        }
    }
    let place = scatter(&away, 1, 1, 0, 1);
    assert!(place.lon_deg.is_finite() && place.lat_deg.is_finite());
}
