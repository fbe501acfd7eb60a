//! Particles in one vector tile. Every one of them is in it exactly where it is, up to [`MAX_DOTS`]; beyond that every
//! second, fourth, eighth … particle by its number, and each one that is left says how many it stands for. Which ones are
//! left depends on nothing but numbers, so that they are the same ones at every time.

use driftline_domain::{BBox, ValidTime};
use driftline_simulate::products::Status;
use driftline_tiles::mvt::{Column, ColumnValues, LayerBuilder, Points, Value};

use crate::runs::Positions;

/// Points in a tile at most: about a megabyte.
pub(super) const MAX_DOTS: usize = 100_000;

/// Particles in a tile, one group for each run and time.
#[derive(Debug)]
pub(super) struct Dots {
    bbox: BBox,
    stride: u32,
    count: usize,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    time: ValidTime,
    /// Ids of mission and run, where several may be in the tile.
    origin: Option<(String, String)>,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    numbers: Vec<u32>,
    status: Vec<u8>,
}

impl Dots {
    /// None yet of those in this box.
    pub(super) fn in_box(bbox: BBox) -> Self {
        Self {
            bbox,
            stride: 1,
            count: 0,
            groups: Vec::new(),
        }
    }

    /// Adds those of a run at one time.
    pub(super) fn add(&mut self, positions: &Positions, origin: Option<(String, String)>) {
        let mut group = Group {
            time: positions.time,
            origin,
            lon_deg: Vec::new(),
            lat_deg: Vec::new(),
            numbers: Vec::new(),
            status: Vec::new(),
        };
        for number in (0..positions.len()).step_by(self.stride as usize) {
            let (lon, lat) = (positions.lon_deg[number], positions.lat_deg[number]);
            if self.bbox.contains(lon, lat) {
                group.lon_deg.push(lon);
                group.lat_deg.push(lat);
                group.numbers.push(number as u32);
                group.status.push(positions.status[number] as u8);
            }
        }
        if group.numbers.is_empty() {
            return;
        }
        self.count += group.numbers.len();
        self.groups.push(group);
        while self.count > MAX_DOTS && self.stride < 1 << 30 {
            self.thin();
        }
    }

    /// Leaves every second one.
    fn thin(&mut self) {
        self.stride *= 2;
        let stride = self.stride;
        for group in &mut self.groups {
            group.thin(stride);
        }
        self.groups.retain(|group| !group.numbers.is_empty());
        self.count = self.groups.iter().map(|group| group.numbers.len()).sum();
    }

    /// Puts them into a layer.
    pub(super) fn draw(&self, layer: &mut LayerBuilder) -> Result<(), driftline_tiles::Error> {
        let states = Status::ALL.map(|status| Value::Text(status.name().to_owned()));
        let stands_for = Value::Int(i64::from(self.stride));
        for group in &self.groups {
            let time = Value::Text(group.time.to_string());
            let origin = group.origin.as_ref();
            let origin = origin.map(|(mission, run)| (Value::Text(mission.clone()), Value::Text(run.clone())));
            let mut columns = vec![
                column("particle_id", ColumnValues::U32(&group.numbers)),
                column("particle_status", ColumnValues::Choice(&states, &group.status)),
                column("valid_time", ColumnValues::Constant(&time)),
            ];
            if self.stride > 1 {
                columns.push(column("stands_for", ColumnValues::Constant(&stands_for)));
            }
            if let Some((mission, run)) = &origin {
                columns.push(column("mission_id", ColumnValues::Constant(mission)));
                columns.push(column("run_id", ColumnValues::Constant(run)));
            }
            layer.points(&Points {
                lon_deg: &group.lon_deg,
                lat_deg: &group.lat_deg,
                ids: None,
                columns: &columns,
            })?;
        }
        Ok(())
    }
}

impl Group {
    fn thin(&mut self, stride: u32) {
        let kept: Vec<usize> = (0..self.numbers.len())
            .filter(|place| self.numbers[*place].is_multiple_of(stride))
            .collect();
        let floats = |column: &[f64]| kept.iter().map(|place| column[*place]).collect();
        self.lon_deg = floats(&self.lon_deg);
        self.lat_deg = floats(&self.lat_deg);
        self.status = kept.iter().map(|place| self.status[*place]).collect();
        self.numbers = kept.iter().map(|place| self.numbers[*place]).collect();
    }
}

fn column<'a>(key: &'a str, values: ColumnValues<'a>) -> Column<'a> {
    Column { key, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(particles: usize, hour: i64) -> Positions {
        Positions {
            time: ValidTime::from_unix_s(3_600 * hour).unwrap(),
            lon_deg: vec![4.0; particles],
            lat_deg: vec![60.0; particles],
            status: vec![Status::Active; particles],
        }
    }

    #[test]
    fn too_many_are_thinned_by_number_and_the_same_ones_stay_at_every_time() {
        let around = BBox::new(3.0, 59.0, 5.0, 61.0).unwrap();
        let mut dots = Dots::in_box(around);
        for hour in 0..5 {
            dots.add(&positions(60_000, hour), None);
        }
        assert_eq!((dots.stride, dots.count), (4, 75_000));
        for group in &dots.groups {
            assert_eq!(
                (group.numbers.len(), group.lon_deg.len(), group.status.len()),
                (15_000, 15_000, 15_000)
            );
            assert_eq!(group.numbers[..3], [0, 4, 8]);
        }
        let mut elsewhere = Dots::in_box(BBox::new(6.0, 59.0, 7.0, 61.0).unwrap());
        elsewhere.add(&positions(10, 0), None);
        assert_eq!((elsewhere.count, elsewhere.groups.len()), (0, 0));
    }
}
