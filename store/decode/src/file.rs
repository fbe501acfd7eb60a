//! A forcing file, opened and understood: its vector fields as series over time, read one step at a time.

use std::path::Path;
use std::sync::OnceLock;

use driftline_domain::{
    AxisRotation, ComponentAxes, Composition, ForcingKind, GridSpec, RunTime, ValidTime, VectorField,
};
use netcdf_reader::NcVariable;

use crate::component::{self, Form, Frame, Pair};
use crate::curvilinear;
use crate::grib::{self, GribFile};
use crate::grid::{self, NodeOrder};
use crate::layout::{DimRole, Layout, role_of_coordinate};
use crate::level;
use crate::packing::{Packing, Quantity};
use crate::roms::{self, Placing, Stagger};
use crate::source::{Source, Take, lower};
use crate::{Error, time, waves};

/// One vector field over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is.
    pub kind: ForcingKind,
    /// Where the values stand.
    pub grid: GridSpec,
    /// Valid times, ascending; a step is an index into them.
    pub times: Vec<ValidTime>,
    /// Which parts the current is the sum of; `Unstated` for wind and waves.
    pub composition: Composition,
    /// The level as the file states it, for people.
    pub level: String,
    /// Names of the two variables in the file, x or east or height first.
    pub source_variables: [String; 2],
    /// Who is to be credited, in the file's words.
    pub attribution: Option<String>,
}

/// Where the values come from; the caller adds the bytes' digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// Name of the file without its folder.
    pub file_name: String,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// The file's title.
    pub title: Option<String>,
    /// Who made it.
    pub institution: Option<String>,
    /// The model it comes from.
    pub source: Option<String>,
    /// Name and version of this decoder.
    pub decoder: String,
}

/// An opened and understood file with at least one series. Reading takes `&self` and may run from many threads.
pub struct ForcingFile {
    reader: Reader,
    series: Vec<Series>,
    refused: Vec<Error>,
    caveats: Vec<String>,
    stated_run: Option<RunTime>,
    first: ValidTime,
    lineage: Lineage,
}

/// Where the values of the series are, by format.
enum Reader {
    NetCdf(NetCdfFile),
    Grib(GribFile),
}

/// An opened NetCDF file and how its series are read.
struct NetCdfFile {
    source: Source,
    readers: Vec<StepReader>,
}

/// How one step of a series is read.
struct StepReader {
    components: [Component; 2],
    form: Form,
    layout: Layout,
    level: usize,
    /// Where the components stand on the sides of the grid's cells.
    stagger: Option<Stagger>,
    /// Components lie along the grid's axes and have to be turned.
    turned: bool,
    rotation: OnceLock<Option<AxisRotation>>,
}

/// One of the two variables of a field.
struct Component {
    variable: NcVariable,
    order: NodeOrder,
    packing: Packing,
    quantity: Quantity,
    /// Smallest and largest value that it may have.
    plausible: (f64, f64),
}

impl ForcingFile {
    /// Opens a file and understands it: format, variables, grids, times. Fails unless a usable current, wind or wave field
    /// is in it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = if grib::is_grib(path)? {
            Self::open_grib(path)?
        } else {
            Self::open_netcdf(path)?
        };
        for error in &file.refused {
            // Whoever opened the file tells people of it; files of feeds are opened all day.
            tracing::debug!(file = %path.display(), %error, "a vector field of the file is not used");
        }
        for caveat in &file.caveats {
            tracing::warn!(file = %path.display(), %caveat, "the file contradicts itself");
        }
        Ok(file)
    }

    fn open_grib(path: &Path) -> Result<Self, Error> {
        let opened = GribFile::open(path)?;
        Ok(Self {
            reader: Reader::Grib(opened.file),
            series: opened.series,
            refused: opened.refused,
            caveats: opened.caveats,
            stated_run: Some(opened.run),
            first: ValidTime(opened.run.0),
            lineage: opened.lineage,
        })
    }

    fn open_netcdf(path: &Path) -> Result<Self, Error> {
        let source = Source::open(path)?;
        let (mut pairs, alone) = component::pairs(&source);
        let (seas, torn) = waves::pairs(&source);
        pairs.extend(seas);
        let mut refused = component::parts(&source);
        refused.extend(torn);
        refused.extend(alone);
        let (mut series, mut readers, mut caveats) = (Vec::new(), Vec::new(), Vec::new());
        for pair in &pairs {
            match understand(&source, pair) {
                Ok((one, reader, caveat)) => {
                    caveats.extend(caveat.map(|caveat| format!("'{}': {caveat}", one.source_variables[0])));
                    series.push(one);
                    readers.push(reader);
                }
                Err(error) => refused.push(error),
            }
        }
        let Some(first) = series
            .iter()
            .filter_map(|one: &Series| one.times.first().copied())
            .min()
        else {
            // What came closest to being forcing says best why there is none.
            return Err(refused.pop().unwrap_or_else(|| Error::NoForcing {
                holds: source.inventory(),
            }));
        };
        let lineage = lineage(&source, path);
        let stated_run = reference_time(&source).filter(|run| run.0 <= first.0);
        let file = NetCdfFile { source, readers };
        file.check_ends(&series)?;
        Ok(Self {
            reader: Reader::NetCdf(file),
            series,
            refused,
            caveats,
            stated_run,
            first,
            lineage,
        })
    }

    /// The vector fields, currents before wind before waves, and of several currents the most complete first.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Why further vector fields of the file are not among the series.
    pub fn refused(&self) -> &[Error] {
        &self.refused
    }

    /// Contradictions within the file that were decided or lived with, as sentences for people.
    pub fn caveats(&self) -> &[String] {
        &self.caveats
    }

    /// The model run: the reference time that the file states, else its first valid time.
    pub fn run(&self) -> RunTime {
        self.stated_run.unwrap_or(RunTime(self.first.0))
    }

    /// The reference time that the file states, if it does.
    pub fn stated_run(&self) -> Option<RunTime> {
        self.stated_run
    }

    /// Where the values come from.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// One step of a series as vectors east and north (m/s; waves metres), in the row order of the series' grid, NaN in
    /// both where either of its variables is missing.
    pub fn read(&self, series: usize, step: usize) -> Result<VectorField, Error> {
        let mut field = self.read_placed(series, step, Placing::AtNodes)?;
        miss_both_or_neither(&mut field);
        self.turn(series, &mut field);
        Ok(field)
    }

    /// Turns components along the grid's axes to east and north; leaves others as they are.
    fn turn(&self, series: usize, field: &mut VectorField) {
        if let (Some(one), Some((true, rotation))) = (self.series.get(series), self.turned(series))
            && let Some(rotation) = rotation.get_or_init(|| AxisRotation::of(&one.grid))
        {
            rotation.turn_to_east_north(field);
        }
    }

    /// Along what the components of [`ForcingFile::read_native`] are; `None` for a series that the file does not have.
    pub fn component_axes(&self, series: usize) -> Option<ComponentAxes> {
        let (turned, _) = self.turned(series)?;
        let has_positions = matches!(self.series.get(series)?.grid, GridSpec::Curvilinear(_));
        Some(if turned && !has_positions {
            ComponentAxes::Grid
        } else {
            ComponentAxes::EastNorth
        })
    }

    /// As [`ForcingFile::read`], with the components as the file has them: `east` and `north` of the field lie along
    /// [`ForcingFile::component_axes`], and a node may miss one of them and have the other. For those who fill holes of each
    /// by itself and turn vectors where they use them. On a grid of positions components are turned at the nodes here,
    /// too, and those on the sides of cells are left beside each other as they stand (see `roms`).
    pub fn read_native(&self, series: usize, step: usize) -> Result<VectorField, Error> {
        let mut field = self.read_placed(series, step, Placing::AsTheyStand)?;
        if self.component_axes(series) == Some(ComponentAxes::EastNorth) {
            self.turn(series, &mut field);
        }
        Ok(field)
    }

    fn read_placed(&self, series: usize, step: usize, placing: Placing) -> Result<VectorField, Error> {
        let missing = || Error::NoSuchStep { series, step };
        let one = self.series.get(series).ok_or_else(missing)?;
        let time = *one.times.get(step).ok_or_else(missing)?;
        let (form, [first, second]) = match &self.reader {
            Reader::NetCdf(file) => {
                let reader = file.readers.get(series).ok_or_else(missing)?;
                let [first, second] = &reader.components;
                let values = |component| file.values(component, reader, step, time);
                let (first, second) = (values(first)?, values(second)?);
                if let Some(stagger) = &reader.stagger {
                    return stagger.field(&file.source, step, placing, first, second);
                }
                (reader.form, [first, second])
            }
            Reader::Grib(file) => {
                let form = file.form(series).ok_or_else(missing)?;
                (form, file.values((series, step), one, time)?)
            }
        };
        Ok(match form {
            Form::Components => VectorField {
                east: first,
                north: second,
            },
            Form::HeightAndDirection(sense) => {
                let names = one.source_variables.each_ref().map(String::as_str);
                waves::vectors(sense, first, second, names, time)?
            }
        })
    }

    /// Whether the components of a series have to be turned, and the place for the turn.
    fn turned(&self, series: usize) -> Option<(bool, &OnceLock<Option<AxisRotation>>)> {
        match &self.reader {
            Reader::NetCdf(file) => file.readers.get(series).map(|reader| (reader.turned, &reader.rotation)),
            Reader::Grib(file) => file.turned(series),
        }
    }
}

impl NetCdfFile {
    /// One variable at one step in the row order of the grid.
    fn values(
        &self,
        component: &Component,
        reader: &StepReader,
        step: usize,
        time: ValidTime,
    ) -> Result<Vec<f32>, Error> {
        let variable = &component.variable;
        let slab = self.source.slab(variable, &reader.takes(step, Take::All, Take::All))?;
        let order = &component.order;
        if slab.len() != order.slab_len() {
            return Err(short_slab(variable, slab.len(), order.slab_len()));
        }
        let values = order.positions().map(|position| component.value(slab[position], time));
        values.collect()
    }

    /// Reads the last value of each component, so that a file cut off in its data fails when it is opened.
    fn check_ends(&self, series: &[Series]) -> Result<(), Error> {
        for (one, reader) in series.iter().zip(&self.readers) {
            for Component { variable, .. } in &reader.components {
                let last = |position: usize| Take::One(variable.dimensions[position].size.saturating_sub(1) as usize);
                let takes = reader.takes(one.times.len() - 1, last(reader.layout.x), last(reader.layout.y));
                self.source.slab(variable, &takes)?;
            }
        }
        Ok(())
    }
}

impl Component {
    fn of(variable: &NcVariable, kind: ForcingKind, index: usize, order: NodeOrder) -> Result<Self, Error> {
        let (quantity, plausible) = match kind {
            ForcingKind::Current | ForcingKind::Wind => {
                let (low, high) = kind.components()[index].plausible();
                (Quantity::Speed, (f64::from(low), f64::from(high)))
            }
            ForcingKind::Waves => ([Quantity::Length, Quantity::Angle][index], waves::PLAUSIBLE[index]),
        };
        Ok(Self {
            variable: variable.clone(),
            order,
            packing: Packing::of(variable, quantity)?,
            quantity,
            plausible,
        })
    }

    /// The value of a stored number, NaN for missing.
    fn value(&self, stored: f64, time: ValidTime) -> Result<f32, Error> {
        let value = self.packing.value(stored);
        let (low, high) = self.plausible;
        if value < low || value > high {
            return Err(Error::Implausible {
                variable: self.variable.name.clone(),
                value,
                units: self.quantity.unit(),
                time,
            });
        }
        Ok(value as f32)
    }
}

impl StepReader {
    fn takes(&self, step: usize, x: Take, y: Take) -> Vec<Take> {
        let rank = self.components[0].variable.ndim();
        let take = |position: usize| match position {
            _ if position == self.layout.x => x,
            _ if position == self.layout.y => y,
            _ if Some(position) == self.layout.time => Take::One(step),
            _ if Some(position) == self.layout.vertical => Take::One(self.level),
            _ => Take::One(0),
        };
        (0..rank).map(take).collect()
    }
}

fn understand(source: &Source, pair: &Pair<'_>) -> Result<(Series, StepReader, Option<String>), Error> {
    let placed = match roms::understand(source, pair) {
        Some(staggered) => Placed::on_sides(staggered?),
        None => Placed::at_nodes(source, pair)?,
    };
    let Placed { layout, .. } = &placed;
    let level = level::choose(source, pair.x, layout, pair.kind)?;
    let level_of_y = level::choose(source, pair.y, layout, pair.kind)?;
    if level.index != level_of_y.index {
        return Err(Error::Level {
            variable: pair.x.name.clone(),
            reason: format!("it is at {} and '{}' at {}", level.name, pair.y.name, level_of_y.name),
        });
    }
    let times = times_of(source, pair.x, layout)?;
    let credits = [
        "attribution",
        "credit",
        "acknowledgement",
        "acknowledgment",
        "institution",
    ];
    let series = Series {
        kind: pair.kind,
        grid: placed.grid,
        times,
        composition: pair.composition,
        level: level.name,
        source_variables: [pair.x.name.clone(), pair.y.name.clone()],
        attribution: credits.iter().find_map(|name| source.global_text(name)),
    };
    let [x_order, y_order] = placed.orders;
    let reader = StepReader {
        components: [
            Component::of(pair.x, pair.kind, 0, x_order)?,
            Component::of(pair.y, pair.kind, 1, y_order)?,
        ],
        form: pair.form,
        level: level.index,
        stagger: placed.stagger,
        turned: pair.frame == Frame::GridAxes && (placed.layout.projected || placed.layout.positions.is_some()),
        layout: placed.layout,
        rotation: placed.rotation,
    };
    Ok((series, reader, placed.caveat))
}

/// Where the components of a pair stand.
struct Placed {
    layout: Layout,
    grid: GridSpec,
    orders: [NodeOrder; 2],
    stagger: Option<Stagger>,
    /// Known beforehand where the file states the angle.
    rotation: OnceLock<Option<AxisRotation>>,
    caveat: Option<String>,
}

impl Placed {
    fn on_sides(staggered: roms::Understood) -> Self {
        Self {
            layout: staggered.layout,
            grid: GridSpec::Curvilinear(staggered.grid),
            orders: staggered.orders,
            stagger: Some(staggered.stagger),
            rotation: OnceLock::from(Some(staggered.rotation)),
            caveat: staggered.caveat,
        }
    }

    fn at_nodes(source: &Source, pair: &Pair<'_>) -> Result<Self, Error> {
        let layout = Layout::of(source, pair.x)?;
        if pair.x.dimensions != pair.y.dimensions {
            return Err(two_shapes(pair));
        }
        let placement = grid::grid_of(source, pair.x, &layout)?;
        let (mut rotation, mut caveat) = (OnceLock::new(), placement.caveat);
        if let (GridSpec::Curvilinear(grid), Some([positions, _]), Frame::GridAxes) =
            (&placement.spec, &layout.positions, pair.frame)
        {
            let (turn, told) = curvilinear::rotation(source, &pair.x.name, grid, positions)?;
            rotation = OnceLock::from(Some(turn));
            caveat = caveat.or(told);
        }
        Ok(Self {
            layout,
            grid: placement.spec,
            orders: [placement.order.clone(), placement.order],
            stagger: None,
            rotation,
            caveat,
        })
    }
}

fn two_shapes(pair: &Pair<'_>) -> Error {
    let dims = |variable: &NcVariable| {
        let list: Vec<String> = variable
            .dimensions
            .iter()
            .map(|dim| format!("{}={}", dim.name, dim.size))
            .collect();
        list.join(", ")
    };
    Error::Pair {
        variable: pair.x.name.clone(),
        reason: format!(
            "it lies on ({}) and '{}' on ({})",
            dims(pair.x),
            pair.y.name,
            dims(pair.y)
        ),
    }
}

fn times_of(source: &Source, variable: &NcVariable, layout: &Layout) -> Result<Vec<ValidTime>, Error> {
    let Some(position) = layout.time else {
        // A single time lives in a scalar.
        let mut scalars = source.variables().iter().filter(|candidate| {
            let single = candidate.dimensions.iter().all(|dim| dim.size == 1);
            single && time::is_time(candidate) && role_of_coordinate(candidate) == Some(DimRole::Time)
        });
        let scalar = scalars.next().ok_or_else(|| Error::Time {
            variable: variable.name.clone(),
            reason: "it has no time dimension and the file no single time".to_owned(),
        })?;
        return time::times(source, scalar);
    };
    let dim = &variable.dimensions[position].name;
    let coordinate = source.variable(dim).ok_or_else(|| Error::Time {
        variable: dim.clone(),
        reason: "the dimension has no coordinate variable".to_owned(),
    })?;
    time::times(source, coordinate)
}

/// The file's reference time: a variable of one value, or a global attribute that is an ISO time.
fn reference_time(source: &Source) -> Option<RunTime> {
    let is_reference = |variable: &&NcVariable| {
        let named = ["forecast_reference_time", "reftime", "time_run"].contains(&variable.name.as_str());
        (lower(variable, "standard_name") == "forecast_reference_time" || named)
            && time::is_time(variable)
            && variable.dimensions.iter().all(|dim| dim.size == 1)
    };
    let variable = source.variables().iter().find(is_reference);
    let from_variable =
        variable.and_then(|variable| time::times(source, variable).ok()?.first().map(|at| RunTime(at.0)));
    from_variable.or_else(|| time::parse_instant(&source.global_text("forecast_reference_time")?).map(RunTime))
}

fn lineage(source: &Source, path: &Path) -> Lineage {
    Lineage {
        file_name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        size_bytes: source.size_bytes,
        title: source.global_text("title"),
        institution: source.global_text("institution"),
        source: source.global_text("source"),
        decoder: concat!("driftline-decode ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// A node that misses one component of a vector misses both.
fn miss_both_or_neither(field: &mut VectorField) {
    for (east, north) in field.east.iter_mut().zip(&mut field.north) {
        if east.is_nan() || north.is_nan() {
            (*east, *north) = (f32::NAN, f32::NAN);
        }
    }
}

fn short_slab(variable: &NcVariable, found: usize, expected: usize) -> Error {
    Error::Dimension {
        variable: variable.name.clone(),
        reason: format!("a step holds {found} values instead of {expected}"),
    }
}
