//! A GRIB file as forcing: opened once, its fields read on demand from any number of threads.

use std::path::Path;
use std::sync::OnceLock;

use driftline_domain::{AxisRotation, ForcingKind, RunTime, ValidTime};

use super::bytes::{OpenedFile, ReadAt};
use super::product::Product;
use super::scanning::NodeOrder;
use super::sections::{self, Field};
use super::series::{self, Steps};
use super::{inspect, names, values};
use crate::component::Form;
use crate::{Error, Lineage, Series, waves};

/// Whether the file begins as GRIB does; padding before the first message does not count.
pub(crate) fn is_grib(path: &Path) -> Result<bool, Error> {
    let file = OpenedFile::open(path)?;
    let mut head = [0; 64];
    let known = file.size().min(64) as usize;
    file.read_exact_at(&mut head[..known], 0).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        source,
    })?;
    let start = head[..known]
        .iter()
        .position(|byte| !matches!(byte, 0 | b' ' | b'\r' | b'\n'));
    Ok(start.is_some_and(|start| head[start..known].starts_with(b"GRIB")))
}

/// An opened file with its fields.
pub(crate) struct GribFile {
    bytes: OpenedFile,
    fields: Vec<Field>,
    steps: Vec<StepReader>,
}

/// What opening a file gives.
pub(crate) struct Opened {
    pub(crate) file: GribFile,
    pub(crate) series: Vec<Series>,
    pub(crate) refused: Vec<Error>,
    pub(crate) caveats: Vec<String>,
    pub(crate) run: RunTime,
    pub(crate) lineage: Lineage,
}

/// How one step of a series is read.
struct StepReader {
    fields: Vec<[usize; 2]>,
    form: Form,
    order: NodeOrder,
    kind: ForcingKind,
    /// Components lie along the grid's axes and have to be turned.
    turned: bool,
    rotation: OnceLock<Option<AxisRotation>>,
}

impl GribFile {
    /// Opens a file and understands it. Fails unless a usable current, wind or wave field is in it.
    pub(crate) fn open(path: &Path) -> Result<Opened, Error> {
        let bytes = OpenedFile::open(path)?;
        let fields = sections::scan(&bytes)?;
        let products = fields
            .iter()
            .map(|field| Product::of(field).map_err(|reason| field.place.broken(reason)));
        let products: Vec<Product> = products.collect::<Result<_, Error>>()?;
        let mut found = series::find(&fields, &products);
        let used = found
            .series
            .iter()
            .flat_map(|(_, steps)| steps.fields.iter().flatten().copied());
        let Some(first) = one_run(used, &fields, &products)? else {
            return Err(found.refused.pop().unwrap_or_else(|| Error::NoForcing {
                holds: inspect::inventory(&products),
            }));
        };
        let (series, steps) = found
            .series
            .into_iter()
            .map(|(series, steps)| (series.clone(), reader(&series, steps)))
            .unzip();
        Ok(Opened {
            series,
            refused: found.refused,
            caveats: found.caveats,
            run: first.run,
            lineage: lineage(path, bytes.size(), first),
            file: Self { bytes, fields, steps },
        })
    }

    /// Whether the components of a series have to be turned, and the place for the turn.
    pub(crate) fn turned(&self, series: usize) -> Option<(bool, &OnceLock<Option<AxisRotation>>)> {
        let reader = self.steps.get(series)?;
        Some((reader.turned, &reader.rotation))
    }

    /// What the two variables of a series are.
    pub(crate) fn form(&self, series: usize) -> Option<Form> {
        self.steps.get(series).map(|reader| reader.form)
    }

    /// Both variables of a step in the row order of the grid.
    pub(crate) fn values(&self, at: (usize, usize), one: &Series, time: ValidTime) -> Result<[Vec<f32>; 2], Error> {
        let (series, step) = at;
        let missing = Error::NoSuchStep { series, step };
        let reader = self.steps.get(series).ok_or(Error::NoSuchStep { series, step })?;
        let [u, v] = *reader.fields.get(step).ok_or(missing)?;
        Ok([
            self.component(reader, u, 0, &one.source_variables[0], time)?,
            self.component(reader, v, 1, &one.source_variables[1], time)?,
        ])
    }

    fn component(
        &self,
        reader: &StepReader,
        field: usize,
        side: usize,
        name: &str,
        time: ValidTime,
    ) -> Result<Vec<f32>, Error> {
        let nodes = reader.order.scanning.file_nx * reader.order.scanning.file_ny;
        let values = values::read(&self.bytes, &self.fields[field], nodes)?;
        let (low, high, units) = plausible(reader.kind, side);
        // Not a number is a missing value; infinity is none.
        if let Some(value) = values.iter().find(|value| **value < low || **value > high) {
            return Err(Error::Implausible {
                variable: name.to_owned(),
                value: f64::from(*value),
                units,
                time,
            });
        }
        Ok(reader.order.ordered(&values))
    }
}

/// Smallest and largest value and the unit of one side of a vector field.
fn plausible(kind: ForcingKind, side: usize) -> (f32, f32, &'static str) {
    match kind {
        ForcingKind::Current | ForcingKind::Wind => {
            let (low, high) = kind.components()[side].plausible();
            (low, high, "m/s")
        }
        ForcingKind::Waves => {
            let (low, high) = waves::PLAUSIBLE[side];
            (low as f32, high as f32, ["m", "degrees"][side])
        }
    }
}

fn reader(series: &Series, steps: Steps) -> StepReader {
    StepReader {
        fields: steps.fields,
        // Wave directions count from true north on every grid.
        turned: steps.placement.along_grid && steps.form == Form::Components,
        form: steps.form,
        order: steps.placement.order,
        kind: series.kind,
        rotation: OnceLock::new(),
    }
}

/// The first product in use, after a look whether all are of one model run: one file, one cycle.
fn one_run<'a>(
    used: impl Iterator<Item = usize>,
    fields: &[Field],
    products: &'a [Product],
) -> Result<Option<&'a Product>, Error> {
    let mut first: Option<usize> = None;
    for index in used {
        let first = *first.get_or_insert(index);
        let (one, other) = (&products[first], &products[index]);
        if one.run != other.run {
            let (place, other_place) = (fields[first].place, fields[index].place);
            return Err(Error::Time {
                variable: other.short_name(),
                reason: format!(
                    "message {} (byte {}) is of the run {} and message {} (byte {}) of {}; a file must be of one",
                    place.number, place.offset, one.run, other_place.number, other_place.offset, other.run
                ),
            });
        }
    }
    Ok(first.map(|index| &products[index]))
}

fn lineage(path: &Path, size_bytes: u64, product: &Product) -> Lineage {
    let centre = names::centre(product.centre);
    Lineage {
        file_name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        size_bytes,
        title: None,
        institution: Some(centre.map_or_else(|| format!("originating centre {}", product.centre), str::to_owned)),
        source: Some(format!("generating process {} of the centre's list", product.process)),
        decoder: concat!("driftline-decode ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
