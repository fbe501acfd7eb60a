//! The basemap against the coast that it is made of: what is land on the map is land to a particle.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use driftline_coast::Coast;
use driftline_tiles::{Basemap, Error, build_low_tiles};
use fast_mvt::MvtReaderRef;

use crate::rings::{self, Ring};
use crate::scenes::numbers;

fn coast() -> Arc<Coast> {
    static COAST: OnceLock<Arc<Coast>> = OnceLock::new();
    Arc::clone(COAST.get_or_init(|| Arc::new(Coast::embedded().unwrap())))
}

fn basemap() -> Basemap {
    Basemap::new(coast()).unwrap()
}

/// A tile as another reader sees it: rings of land and lines of shore, in units of the tile.
struct Drawn {
    z: u8,
    x: u32,
    y: u32,
    land: Vec<Ring>,
    shore: Vec<Ring>,
}

impl Drawn {
    fn of(basemap: &Basemap, z: u8, x: u32, y: u32) -> Self {
        let mut drawn = Self {
            z,
            x,
            y,
            land: Vec::new(),
            shore: Vec::new(),
        };
        let Some(bytes) = basemap.tile(z, x, y).unwrap() else {
            return drawn;
        };
        for layer in MvtReaderRef::new(&bytes).unwrap().layers() {
            assert_eq!((layer.version(), layer.extent()), (2, 4096));
            for feature in layer.features() {
                let commands = feature.geometry_commands();
                match layer.name() {
                    "land" => drawn.land.extend(rings::of_commands(commands)),
                    "shore" => drawn.shore.extend(lines_of(commands)),
                    other => panic!("layer {other}"),
                }
            }
        }
        drawn
    }

    /// The tile that holds a position.
    fn at(basemap: &Basemap, z: u8, lon: f64, lat: f64) -> Self {
        let n = f64::from(1u32 << z);
        let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
        Self::of(basemap, z, ((lon + 180.0) / 360.0 * n) as u32, y as u32)
    }

    /// Longitude and latitude of a place in the tile, by formulas of its own.
    fn position(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let n = f64::from(1u32 << self.z);
        let down = (f64::from(self.y) + y / 4096.0) / n;
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees();
        ((f64::from(self.x) + x / 4096.0) / n * 360.0 - 180.0, lat)
    }

    /// Metres in a unit.
    fn unit_m(&self) -> f64 {
        let (_, lat) = self.position((2048.0, 2048.0));
        40_075_017.0 / f64::from(1u32 << self.z) / 4096.0 * lat.to_radians().cos()
    }

    fn is_land(&self, (x, y): (f64, f64)) -> bool {
        let crossed = self.land.iter().flat_map(rings::edges).filter(|((ax, ay), (bx, by))| {
            let (ax, ay, bx, by) = (*ax as f64, *ay as f64, *bx as f64, *by as f64);
            (ay > y) != (by > y) && x < ax + (y - ay) * (bx - ax) / (by - ay)
        });
        crossed.count() % 2 == 1
    }
}

/// The lines of a line's commands.
fn lines_of(commands: &[u32]) -> Vec<Ring> {
    let (mut lines, mut at, mut pen) = (Vec::new(), 0, (0i64, 0i64));
    let unzigzag = |value: u32| i64::from((value >> 1) as i32 ^ -((value & 1) as i32));
    while at < commands.len() {
        let (id, count) = (commands[at] & 7, commands[at] >> 3);
        assert!(id == if lines.is_empty() { 1 } else { id });
        if id == 1 {
            assert_eq!(count, 1);
            lines.push(Ring::new());
        }
        for _ in 0..count {
            pen = (pen.0 + unzigzag(commands[at + 1]), pen.1 + unzigzag(commands[at + 2]));
            lines.last_mut().unwrap().push(pen);
            at += 2;
        }
        at += 1;
    }
    assert!(lines.iter().all(|line| line.len() > 1));
    lines
}

/// Places with shores of every kind: fjords, islands, ice, atolls, the antimeridian, an archipelago, a strait.
const PLACES: [(f64, f64); 10] = [
    (5.3, 60.4),
    (-22.0, 64.1),
    (-60.5, -64.0),
    (179.99, -16.6),
    (-179.99, -16.8),
    (179.9, 69.0),
    (-179.9, 66.0),
    (22.0, 60.2),
    (-74.5, -50.5),
    (103.8, 1.2),
];

#[test]
fn land_on_the_map_is_land_to_a_particle() {
    let (basemap, coast) = (basemap(), coast());
    let mut next = numbers(7);
    // How far thinning and rounding may move the shore, units: low zooms are thinned twice.
    for (z, off) in [
        (3, 4.0),
        (5, 4.0),
        (6, 2.5),
        (7, 2.0),
        (8, 1.6),
        (10, 1.6),
        (12, 1.6),
        (14, 1.6),
    ] {
        let (mut land, mut sea, mut near) = (0, 0, 0);
        for (lon, lat) in PLACES {
            let tile = Drawn::at(&basemap, z, lon, lat);
            for _ in 0..150 {
                let place = (next() * 4096.0, next() * 4096.0);
                let (lon, lat) = tile.position(place);
                let (drawn, real) = (tile.is_land(place), coast.on_land(lon, lat));
                if drawn == real {
                    land += usize::from(real);
                    sea += usize::from(!real);
                    continue;
                }
                near += 1;
                // Specks that are left out are as small as that too.
                let reach_m = off * tile.unit_m();
                let shore = coast.distance_to_coast(lon, lat, reach_m);
                assert!(
                    shore.is_some(),
                    "{z}/{}/{} at {lon} {lat}: land {real} but drawn {drawn}",
                    tile.x,
                    tile.y
                );
            }
        }
        println!("z {z}: {land} land, {sea} sea, {near} near the shore");
        assert!(sea > 200 && near < 60, "{z}: {land} {sea} {near}");
        assert!(land > 30 || z > 12, "{z}: {land}");
    }
}

#[test]
fn shore_is_where_land_ends_and_nowhere_else() {
    let (basemap, coast) = (basemap(), coast());
    for z in [5, 8, 12] {
        let mut checked = 0;
        for (lon, lat) in PLACES {
            let tile = Drawn::at(&basemap, z, lon, lat);
            let reach_m = (if z < 6 { 4.5 } else { 2.0 }) * tile.unit_m();
            for (x, y) in tile.shore.iter().flatten().step_by(17) {
                let (lon, lat) = tile.position((*x as f64, *y as f64));
                let off = coast.distance_to_coast(lon, lat, reach_m);
                assert!(off.is_some(), "{z}/{}/{}: shore at {lon} {lat}", tile.x, tile.y);
                checked += 1;
            }
            // Every edge of land that is not along the cut is an edge of shore, and the other way round.
            let along_cut = |((ax, ay), (bx, by)): &((i64, i64), (i64, i64))| {
                let cut = |a: i64, b: i64| a == b && [-64, 4160].contains(&a);
                cut(*ax, *bx) || cut(*ay, *by)
            };
            let of_land: BTreeSet<_> = tile
                .land
                .iter()
                .flat_map(rings::edges)
                .filter(|edge| !along_cut(edge))
                .collect();
            let of_shore: BTreeSet<_> = tile
                .shore
                .iter()
                .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])))
                .collect();
            assert!(of_land == of_shore, "{z}/{}/{}", tile.x, tile.y);
        }
        assert!(checked > 50, "{z}: {checked}");
    }
}

#[test]
fn polygons_are_valid() {
    let basemap = basemap();
    for z in [0, 2, 4, 5, 6, 7, 8, 9, 10, 12] {
        for (lon, lat) in PLACES {
            let tile = Drawn::at(&basemap, z, lon, lat);
            let vertices: usize = tile.land.iter().map(Vec::len).sum();
            for ring in &tile.land {
                let places: BTreeSet<_> = ring.iter().collect();
                assert_eq!(
                    places.len(),
                    ring.len(),
                    "{z}/{}/{}: a ring meets itself",
                    tile.x,
                    tile.y
                );
                assert!(
                    ring.iter()
                        .all(|(x, y)| (-64..=4160).contains(x) && (-64..=4160).contains(y))
                );
            }
            if (1..600).contains(&vertices) {
                rings::assert_valid(&tile.land);
            }
        }
    }
}

#[test]
fn known_places() {
    let basemap = basemap();
    for (name, lon, lat, land) in [
        ("Voss", 6.42, 60.63, true),
        ("the sea off Bergen", 3.5, 60.4, false),
        ("the middle of Iceland", -18.5, 64.9, true),
        ("the sea off Iceland", -26.0, 64.4, false),
        ("Antarctica", 20.0, -75.0, true),
        ("Taveuni", -179.97, -16.86, true),
        ("the Koro Sea", 179.9, -18.0, false),
        ("Chukotka west of 180", 179.5, 68.0, true),
        ("Chukotka east of 180", -179.5, 67.5, true),
        ("Wrangel Island", -179.6, 71.1, true),
        ("the middle of the Atlantic", -30.0, 45.0, false),
        ("the Caspian Sea, a lake", 51.0, 42.0, true),
    ] {
        for z in [2, 5, 8, 12] {
            let n = f64::from(1u32 << z);
            let tile = Drawn::at(&basemap, z, lon, lat);
            let down = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n - f64::from(tile.y);
            let place = (((lon + 180.0) / 360.0 * n - f64::from(tile.x)) * 4096.0, down * 4096.0);
            // An island of ten kilometres is nothing on a map of the world.
            if z > 2 || name != "Taveuni" {
                assert_eq!(tile.is_land(place), land, "{name} at zoom {z}");
            }
        }
    }
}

#[test]
fn the_antimeridian_and_the_cut_of_the_globe_are_no_shore() {
    let basemap = basemap();
    for z in [0, 3, 6, 9] {
        for lon in [179.999, -179.999] {
            let tile = Drawn::at(&basemap, z, lon, 68.0);
            let edge = if lon > 0.0 { 4096 } else { 0 };
            let along = tile.shore.iter().flat_map(|line| line.windows(2)).filter(|pair| {
                pair[0].0 == pair[1].0 && (pair[0].0 - edge).abs() <= 1 && (pair[0].1 - pair[1].1).abs() > 100
            });
            assert_eq!(along.count(), 0, "{z}");
            assert!(
                tile.land
                    .iter()
                    .any(|ring| ring.iter().any(|place| place.0 > 4096) || lon < 0.0),
                "{z}"
            );
        }
    }
    let world = Drawn::of(&basemap, 0, 0, 0);
    assert!(
        world.shore.iter().flatten().all(|(_, y)| *y < 4096 + 64),
        "Antarctica ends at no shore in the south"
    );
    assert!(world.land.len() > 100);
}

#[test]
fn tiles_without_shore_are_small_or_none() {
    let basemap = basemap();
    assert_eq!(basemap.tile(5, 12, 13).unwrap(), None, "the Atlantic");
    for (z, lon, lat) in [(6u8, 20.0, 25.0), (8, 20.0, 25.0), (14, 20.0, 25.0), (6, 20.0, -80.0)] {
        let tile = Drawn::at(&basemap, z, lon, lat);
        assert_eq!((tile.land.len(), tile.shore.len()), (1, 0));
        assert_eq!(rings::twice_area(&tile.land[0]), 2 * 4224 * 4224);
        assert!(basemap.tile(z, tile.x, tile.y).unwrap().unwrap().len() < 60);
    }
}

#[test]
fn addresses_beyond_the_pyramid_are_refused() {
    let basemap = basemap();
    for (z, x, y) in [(0, 1, 0), (3, 0, 8), (15, 0, 0), (31, 0, 0), (255, u32::MAX, 0)] {
        assert!(
            matches!(basemap.tile(z, x, y), Err(Error::NoTile { .. })),
            "{z}/{x}/{y}"
        );
    }
}

#[test]
fn another_coast_is_drawn_without_prepared_tiles() {
    let square = Coast::from_polygons(&[vec![(170.0, -10.0), (190.0, -10.0), (190.0, 10.0), (170.0, 10.0)]]).unwrap();
    let basemap = Basemap::new(Arc::new(square)).unwrap();
    assert!(!basemap.has_low_tiles());
    assert_ne!(basemap.version(), self::basemap().version());
    for (x, land) in [(0, true), (1, false), (2, false), (3, true)] {
        for y in [1, 2] {
            assert_eq!(basemap.tile(2, x, y).unwrap().is_some(), land, "{x} {y}");
        }
    }
    let tile = Drawn::of(&basemap, 2, 3, 1);
    assert_eq!(tile.land.len(), 1);
    assert_eq!(tile.land[0].len(), 4, "degrees leave no vertices: {:?}", tile.land);
}

/// Slow on a busy machine: all low tiles of the world, from ten million vertices.
#[test]
fn prepared_tiles_are_those_of_the_coast() {
    assert!(basemap().has_low_tiles());
    let bytes = build_low_tiles(&coast()).unwrap();
    assert!(
        bytes == include_bytes!("../../data/basemap-low.bin"),
        "data/basemap-low.bin must be built anew: {} bytes",
        bytes.len()
    );
}
