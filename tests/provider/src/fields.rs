//! The fields behind every feed: 67 hours of wind and current off Norway, from tests/data/feeds (see its README).
//! Winds and currents in m/s; rows of `wind` run from north to south, those of the others from south to north.

use jiff::Timestamp;
use serde::Deserialize;

use crate::error::Error;
use crate::grib::Messages;

const ABOUT: &str = include_str!("../../data/feeds/fields.json");
/// Two components of 67 hours each, 4 bytes a value.
const WIND: &[u8] = include_bytes!("../../data/feeds/wind.f32");
const CURRENT: &[u8] = include_bytes!("../../data/feeds/current.f32");
const NORKYST: [&[u8]; 2] = [
    include_bytes!("../../data/feeds/norkyst.i16"),
    include_bytes!("../../data/feeds/norkyst.f64"),
];
const MEPS: [&[u8]; 2] = [
    include_bytes!("../../data/feeds/meps.i16"),
    include_bytes!("../../data/feeds/meps.f64"),
];
const GFS: &[u8] = include_bytes!("../../data/feeds/gfs.grib2");
const WAVE: &[u8] = include_bytes!("../../data/feeds/gfswave.grib2");
const ECMWF: &[u8] = include_bytes!("../../data/feeds/ecmwf.grib2");

/// Hours that there are fields for.
pub(crate) const HOURS: usize = 67;

/// Which of the 67 hours stands for an instant. Hours run to and fro, so that neighbours in a served series are
/// neighbours in the model run too, and two cycles agree about the same instant.
pub fn hour_of(valid: Timestamp) -> usize {
    let round = 2 * (HOURS as i64 - 1);
    let hour = valid.as_second().div_euclid(3600).rem_euclid(round);
    hour.min(round - hour) as usize
}

/// What is added to values where hours run backwards, in m/s: two instants that one hour stands for differ by it, as no two
/// instants of a model are equal to the last bit.
pub(crate) fn nuance(valid: Timestamp) -> f32 {
    let round = 2 * (HOURS as i64 - 1);
    let is_backwards = valid.as_second().div_euclid(3600).rem_euclid(round) >= HOURS as i64;
    if is_backwards { 0.001 } else { 0.0 }
}

#[derive(Deserialize)]
struct About {
    wind: AboutWind,
    current: AboutCurrent,
    norkyst: Size,
    meps: Size,
}

#[derive(Deserialize)]
struct AboutWind {
    columns: usize,
    rows: usize,
    west: f64,
    north: f64,
    step: f64,
}

#[derive(Deserialize)]
struct AboutCurrent {
    columns: usize,
    rows: usize,
    first_column: i32,
    first_row: i32,
}

#[derive(Deserialize)]
struct Size {
    columns: usize,
    rows: usize,
}

/// Everything, read once.
pub(crate) struct Fields {
    pub(crate) wind: Wind,
    pub(crate) current: Current,
    pub(crate) norkyst: Projected,
    pub(crate) meps: Projected,
    pub(crate) gfs: Messages,
    pub(crate) wave: Messages,
    pub(crate) ecmwf: Messages,
}

/// Two components, hour after hour.
pub(crate) struct Pair {
    nodes: usize,
    components: [Vec<f32>; 2],
}

impl Pair {
    fn new(mut values: Vec<f32>, nodes: usize) -> Result<Self, Error> {
        if values.len() != 2 * HOURS * nodes {
            return Err(Error::Fields("an array has another length than fields.json says"));
        }
        let second = values.split_off(HOURS * nodes);
        Ok(Self {
            nodes,
            components: [values, second],
        })
    }

    /// Both components of an hour; NaN where there is none.
    pub(crate) fn at(&self, hour: usize) -> [&[f32]; 2] {
        let range = hour * self.nodes..(hour + 1) * self.nodes;
        [&self.components[0][range.clone()], &self.components[1][range]]
    }
}

/// Wind at 10 m on the 0.25 degree grid, north row first.
pub(crate) struct Wind {
    pub(crate) pair: Pair,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) west: f64,
    pub(crate) north: f64,
    pub(crate) step: f64,
}

impl Wind {
    /// Wind at a place by bilinear interpolation; beyond the grid that of its edge.
    pub(crate) fn near(&self, hour: usize, longitude: f64, latitude: f64) -> [f32; 2] {
        let clamp = |at: f64, nodes: usize| at.clamp(0.0, (nodes - 1) as f64 - 1e-9);
        let row = clamp((self.north - latitude) / self.step, self.rows);
        let column = clamp((longitude - self.west) / self.step, self.columns);
        let (top, left) = (row as usize, column as usize);
        let (down, right) = ((row - top as f64) as f32, (column - left as f64) as f32);
        self.pair.at(hour).map(|field| {
            let at = |r: usize, c: usize| field[r * self.columns + c];
            at(top, left) * (1.0 - down) * (1.0 - right)
                + at(top, left + 1) * (1.0 - down) * right
                + at(top + 1, left) * down * (1.0 - right)
                + at(top + 1, left + 1) * down * right
        })
    }
}

/// Surface current at nodes of the 1/12 degree grid, south row first.
pub(crate) struct Current {
    pub(crate) pair: Pair,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Twelfths of a degree east of Greenwich and north of the equator.
    pub(crate) first: [i32; 2],
}

impl Current {
    /// Longitudes in degrees, rounded as the provider's are.
    pub(crate) fn longitudes(&self) -> Vec<f32> {
        twelfths(self.first[0], self.columns)
    }

    /// Latitudes in degrees.
    pub(crate) fn latitudes(&self) -> Vec<f32> {
        twelfths(self.first[1], self.rows)
    }
}

fn twelfths(first: i32, nodes: usize) -> Vec<f32> {
    (first..).take(nodes).map(|at| (f64::from(at) / 12.0) as f32).collect()
}

/// A field on a projected grid, with the places of its nodes.
pub(crate) struct Projected {
    pub(crate) pair: Pair,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) longitude: Vec<f64>,
    pub(crate) latitude: Vec<f64>,
}

impl Projected {
    fn new(size: &Size, [values, places]: [&[u8]; 2]) -> Result<Self, Error> {
        let nodes = size.columns * size.rows;
        let thousandths = words(values).map(|bytes: [u8; 2]| i16::from_le_bytes(bytes));
        let metres = thousandths.map(|value| {
            if value == i16::MIN {
                f32::NAN
            } else {
                f32::from(value) / 1000.0
            }
        });
        let mut x: Vec<f64> = words(places).map(f64::from_le_bytes).collect();
        if x.len() != size.columns + size.rows + 2 * nodes {
            return Err(Error::Fields(
                "places of a projected grid have another length than fields.json says",
            ));
        }
        let mut y = x.split_off(size.columns);
        let mut longitude = y.split_off(size.rows);
        let latitude = longitude.split_off(nodes);
        Ok(Self {
            pair: Pair::new(metres.collect(), nodes)?,
            x,
            y,
            longitude,
            latitude,
        })
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.chunks_exact(N).filter_map(|chunk| chunk.try_into().ok())
}

impl Fields {
    /// Reads what is built into the program.
    pub(crate) fn load() -> Result<Self, Error> {
        let about: About = serde_json::from_str(ABOUT).map_err(Error::About)?;
        let floats = |bytes| words(bytes).map(f32::from_le_bytes).collect::<Vec<f32>>();
        let (wind, current) = (&about.wind, &about.current);
        Ok(Self {
            wind: Wind {
                pair: Pair::new(floats(WIND), wind.columns * wind.rows)?,
                columns: wind.columns,
                rows: wind.rows,
                west: wind.west,
                north: wind.north,
                step: wind.step,
            },
            current: Current {
                pair: Pair::new(floats(CURRENT), current.columns * current.rows)?,
                columns: current.columns,
                rows: current.rows,
                first: [current.first_column, current.first_row],
            },
            norkyst: Projected::new(&about.norkyst, NORKYST)?,
            meps: Projected::new(&about.meps, MEPS)?,
            gfs: Messages::new(GFS)?,
            wave: Messages::new(WAVE)?,
            ecmwf: Messages::new(ECMWF)?,
        })
    }
}
