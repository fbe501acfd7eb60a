//! Particles in one vector tile, the same for every address of it. From zoom 10 on every one of them stands in the tile exactly
//! where it is. Below, the tile is divided into 64 x 64 cells, and each cell that holds particles of one run and time is
//! one point at their mean place, with how many they are and which shares of them are adrift and ashore. A particle
//! belongs to exactly one cell of one tile, so that the counts of a zoom add up to the particles. Nothing is ever left out:
//! a tile that would hold too many is refused.

use std::sync::Arc;

use driftline_domain::{BBox, ValidTime};
use driftline_simulate::products::Status;
use driftline_tiles::mvt::{Column, ColumnValues, LayerBuilder, Points, Value};
use driftline_tiles::{Cell, Scatter, TileId};

/// Every particle is shown from this zoom on.
pub(crate) const EXACT_FROM: u8 = 10;
/// Points in a tile at most: about 25 megabytes.
pub(super) const MOST_POINTS: usize = 1_000_000;

/// Particles of a run at one time.
pub(super) struct Step {
    /// Where they are.
    pub(super) scatter: Arc<Scatter>,
    /// When.
    pub(super) time: ValidTime,
    /// Ids of mission and run, where several may be in the tile.
    pub(super) origin: Option<(String, String)>,
}

/// Why particles cannot be shown.
pub(super) enum Trouble {
    /// There are more than [`MOST_POINTS`].
    TooMany,
    /// Columns do not fit together.
    Encoding(driftline_tiles::Error),
}

/// Adds particles to a layer.
pub(super) fn add(layer: &mut LayerBuilder, tile: TileId, bbox: &BBox, step: &Step) -> Result<(), Trouble> {
    let added = if tile.z() >= EXACT_FROM {
        add_each(layer, bbox, step)
    } else {
        add_cells(layer, &step.scatter.cells(tile), step)
    };
    added.map_err(Trouble::Encoding)?;
    if layer.len() > MOST_POINTS {
        return Err(Trouble::TooMany);
    }
    Ok(())
}

fn add_each(layer: &mut LayerBuilder, bbox: &BBox, step: &Step) -> Result<(), driftline_tiles::Error> {
    let states = Status::ALL.map(|status| Value::Text(status.name().to_owned()));
    let scatter = &step.scatter;
    let shared = Shared::of(step);
    let mut columns = vec![
        column("particle_id", ColumnValues::U32(scatter.numbers())),
        column("particle_status", ColumnValues::Choice(&states, scatter.kinds())),
    ];
    columns.extend(shared.columns());
    let points = Points {
        lon_deg: scatter.lon_deg(),
        lat_deg: scatter.lat_deg(),
        ids: None,
        columns: &columns,
    };
    layer.points_in(&points, &scatter.ranges(bbox)).map(drop)
}

fn add_cells(layer: &mut LayerBuilder, cells: &[Cell], step: &Step) -> Result<(), driftline_tiles::Error> {
    let share = |cell: &Cell, states: &[Status]| {
        let count: u32 = states.iter().map(|status| cell.of_kind[*status as usize]).sum();
        // Shares to a thousandth: few different values keep the tile small.
        (f64::from(count) / f64::from(cell.count) * 1e3).round() / 1e3
    };
    let of = |value: &dyn Fn(&Cell) -> f64| cells.iter().map(value).collect::<Vec<f64>>();
    let adrift = of(&|cell| share(cell, &[Status::Active, Status::NotReleased]));
    let stranded = of(&|cell| share(cell, &[Status::Stranded]));
    let counts: Vec<u32> = cells.iter().map(|cell| cell.count).collect();
    let shared = Shared::of(step);
    let mut columns = vec![
        column("count", ColumnValues::U32(&counts)),
        column("share_adrift", ColumnValues::F64(&adrift)),
        column("share_stranded", ColumnValues::F64(&stranded)),
    ];
    columns.extend(shared.columns());
    let points = Points {
        lon_deg: &of(&|cell| cell.place.0),
        lat_deg: &of(&|cell| cell.place.1),
        ids: None,
        columns: &columns,
    };
    layer.points(&points).map(drop)
}

/// What all particles of a step have in common.
struct Shared {
    time: Value,
    origin: Option<(Value, Value)>,
}

impl Shared {
    fn of(step: &Step) -> Self {
        let origin = step.origin.as_ref();
        Self {
            time: Value::Text(step.time.to_string()),
            origin: origin.map(|(mission, run)| (Value::Text(mission.clone()), Value::Text(run.clone()))),
        }
    }

    fn columns(&self) -> Vec<Column<'_>> {
        let mut columns = vec![column("valid_time", ColumnValues::Constant(&self.time))];
        if let Some((mission, run)) = &self.origin {
            columns.push(column("mission_id", ColumnValues::Constant(mission)));
            columns.push(column("run_id", ColumnValues::Constant(run)));
        }
        columns
    }
}

fn column<'a>(key: &'a str, values: ColumnValues<'a>) -> Column<'a> {
    Column { key, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_zoom_there_are_counts_and_from_it_on_every_particle() {
        let kinds: Vec<u8> = (0..1_000)
            .map(|number| {
                if number % 4 == 0 {
                    Status::Stranded as u8
                } else {
                    Status::Active as u8
                }
            })
            .collect();
        let step = Step {
            scatter: Arc::new(Scatter::new(&vec![4.0; 1_000], &vec![60.0; 1_000], &kinds)),
            time: ValidTime::from_unix_s(0).unwrap(),
            origin: None,
        };
        for (z, expected) in [(EXACT_FROM - 1, 1), (EXACT_FROM, 1_000)] {
            let n = f64::from(1u32 << z);
            let row = (1.0 - 60f64.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
            let tile = TileId::new(z, (184.0 / 360.0 * n) as u32, row as u32).unwrap();
            let mut layer = LayerBuilder::new("particles", tile);
            assert!(add(&mut layer, tile, &tile.bbox(0.0), &step).is_ok());
            assert_eq!(layer.len(), expected, "{z}");
        }
    }
}
