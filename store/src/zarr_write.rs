//! A vector field over time as a Zarr v3 group: `current_east`, `current_north` (or `wind_*`, or `wave_height` and
//! `wave_direction`), `time`, the axes, and for projected grids `crs`. For grids of positions `longitude` and `latitude` of
//! every node stand in place of the axes (`positions`). CF conventions, so that xarray, GDAL and people find what they expect.
//!
//! Shards of 24 steps and up to 480 x 480 nodes hold chunks of 6 x 60 x 60, each compressed by zstd and closed by a
//! CRC-32C (feeds-and-store.md 7.2). Encoding is pure: objects come out, somebody else stores them.

use std::sync::Arc;

use bytes::Bytes;
use driftline_domain::{Ellipsoid, GridSpec, Projection, ValidTime, Variable, VectorField};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use zarrs::array::codec::{Crc32cCodec, ZstdCodec};
use zarrs::array::{
    Array, ArrayBuilder, BytesToBytesCodecTraits, CodecOptions, DataType, Element, FillValue, data_type,
};
use zarrs::group::GroupBuilder;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{ListableStorageTraits, ReadableStorageTraits, WritableStorageTraits};

use crate::packing::{self, MISSING};
use crate::{Error, NewSeries, positions};

/// Steps in a shard; a late step touches one shard's span only.
pub(crate) const SHARD_STEPS: usize = 24;
const SHARD_NODES: usize = 480;
const CHUNK_STEPS: usize = 6;
const CHUNK_NODES: usize = 60;
const ZSTD_LEVEL: i32 = 3;

/// A stored object: path below the cycle's prefix, and bytes.
pub(crate) type Object = (String, Bytes);

/// Encodes one series, block of steps by block of steps.
pub(crate) struct SeriesEncoder {
    scratch: Arc<MemoryStore>,
    arrays: [Array<MemoryStore>; 2],
    series: NewSeries,
    shard: [usize; 3],
}

/// The objects of one block and how many of its nodes have no value.
pub(crate) struct Block {
    pub(crate) objects: Vec<Object>,
    pub(crate) missing: usize,
}

impl SeriesEncoder {
    /// Prepares a group; the objects returned are its metadata and coordinates.
    pub(crate) fn new(series: NewSeries) -> Result<(Self, Vec<Object>), Error> {
        let scratch = Arc::new(MemoryStore::new());
        let (nx, ny, nt) = (series.grid.nx(), series.grid.ny(), series.times.len());
        let root = format!("/{}", series.group);
        write_group(&scratch, &root, group_attributes(&series))?;
        write_axes(&scratch, &root, &series)?;
        let shard = [
            SHARD_STEPS.min(nt.next_multiple_of(CHUNK_STEPS)),
            shard_nodes(ny),
            shard_nodes(nx),
        ];
        let build = |variable: Variable| build_component(&scratch, &root, &series, variable, [nt, ny, nx], shard);
        let [east, north] = series.kind.components();
        let arrays = [build(east)?, build(north)?];
        let objects = drain(&scratch)?;
        Ok((
            Self {
                scratch,
                arrays,
                series,
                shard,
            },
            objects,
        ))
    }

    /// Encodes the steps from `first` on, at most `SHARD_STEPS` of them, `first` being a multiple of that.
    pub(crate) fn encode(&self, first: usize, fields: &[VectorField]) -> Result<Block, Error> {
        let packed = fields
            .iter()
            .enumerate()
            .map(|(k, field)| packing::pack(self.series.kind, first + k, field));
        let packed: Vec<[Vec<i16>; 2]> = packed.collect::<Result<_, _>>()?;
        let missing = packed
            .iter()
            .map(|[east, _]| east.iter().filter(|&&number| number == MISSING).count())
            .sum();
        for (component, array) in self.arrays.iter().enumerate() {
            let steps: Vec<&[i16]> = packed.iter().map(|pair| pair[component].as_slice()).collect();
            self.store_shards(array, first / self.shard[0], &steps)?;
        }
        Ok(Block {
            objects: drain(&self.scratch)?,
            missing,
        })
    }

    /// Encodes every shard of one array over these steps, shard by shard in parallel.
    fn store_shards(&self, array: &Array<MemoryStore>, block: usize, steps: &[&[i16]]) -> Result<(), Error> {
        let [_, shard_y, shard_x] = self.shard;
        let (nx, ny) = (self.series.grid.nx(), self.series.grid.ny());
        let corners: Vec<(usize, usize)> = (0..ny)
            .step_by(shard_y)
            .flat_map(|y0| (0..nx).step_by(shard_x).map(move |x0| (y0, x0)))
            .collect();
        // Inside a shard one thread works: with more, its chunks would follow one another in the order they happen to
        // be done in, and equal content would not give equal bytes.
        let options = CodecOptions::default().with_concurrent_target(1);
        corners.into_par_iter().try_for_each(|(y0, x0)| {
            let index = [block as u64, (y0 / shard_y) as u64, (x0 / shard_x) as u64];
            let values = self.shard_values(steps, y0, x0);
            array
                .store_chunk_opt(&index, values, &options)
                .map_err(|error| array_error(array.path().as_str(), error))
        })
    }

    /// The values of one shard, padded with missing ones beyond the array's edges.
    fn shard_values(&self, steps: &[&[i16]], y0: usize, x0: usize) -> Vec<i16> {
        let [shard_t, shard_y, shard_x] = self.shard;
        let (nx, ny) = (self.series.grid.nx(), self.series.grid.ny());
        let mut values = vec![MISSING; shard_t * shard_y * shard_x];
        let (rows, columns) = (shard_y.min(ny - y0), shard_x.min(nx - x0));
        for (t, step) in steps.iter().enumerate() {
            for row in 0..rows {
                let from = (y0 + row) * nx + x0;
                let to = (t * shard_y + row) * shard_x;
                values[to..to + columns].copy_from_slice(&step[from..from + columns]);
            }
        }
        values
    }
}

fn shard_nodes(n: usize) -> usize {
    SHARD_NODES.min(n.next_multiple_of(CHUNK_NODES))
}

pub(crate) fn codecs() -> Vec<Arc<dyn BytesToBytesCodecTraits>> {
    vec![
        Arc::new(ZstdCodec::new(ZSTD_LEVEL, false)),
        Arc::new(Crc32cCodec::new()),
    ]
}

fn build_component(
    scratch: &Arc<MemoryStore>,
    root: &str,
    series: &NewSeries,
    variable: Variable,
    shape: [usize; 3],
    shard: [usize; 3],
) -> Result<Array<MemoryStore>, Error> {
    let path = format!("{root}/{}", variable.array_name());
    let [y, x] = axis_names(&series.grid);
    let mut attributes = json!({
        "standard_name": variable.standard_name(),
        "units": variable.units(),
        "scale_factor": variable.packing_step(),
        "add_offset": variable.packing_offset(),
        "_FillValue": MISSING,
        "level": series.level,
    });
    match &series.grid {
        GridSpec::Regular(_) => {}
        GridSpec::Projected(_) => attributes["grid_mapping"] = json!("crs"),
        GridSpec::Curvilinear(_) => attributes["coordinates"] = json!("longitude latitude"),
    }
    let chunk = [CHUNK_STEPS, CHUNK_NODES, CHUNK_NODES].map(|n| n as u64).to_vec();
    let array = ArrayBuilder::new(
        shape.map(|n| n as u64).to_vec(),
        shard.map(|n| n as u64).to_vec(),
        data_type::int16(),
        MISSING,
    )
    .subchunk_shape(chunk)
    .bytes_to_bytes_codecs(codecs())
    .dimension_names(Some(["time", y, x]))
    .attributes(object(attributes))
    .build(Arc::clone(scratch), &path)
    .map_err(|error| array_error(&path, error))?;
    array.store_metadata().map_err(|error| array_error(&path, error))?;
    Ok(array)
}

/// Names of the rows' and the columns' axis.
fn axis_names(grid: &GridSpec) -> [&'static str; 2] {
    match grid {
        GridSpec::Regular(_) => ["latitude", "longitude"],
        GridSpec::Projected(_) | GridSpec::Curvilinear(_) => ["y", "x"],
    }
}

fn write_axes(scratch: &Arc<MemoryStore>, root: &str, series: &NewSeries) -> Result<(), Error> {
    let seconds: Vec<i64> = series.times.iter().map(ValidTime::unix_s).collect();
    let time = json!({"standard_name": "time", "units": "seconds since 1970-01-01T00:00:00Z", "calendar": "proleptic_gregorian", "axis": "T"});
    write_axis(
        scratch,
        &format!("{root}/time"),
        "time",
        data_type::int64(),
        &seconds,
        time,
    )?;
    let along = |first: f64, step: f64, n: usize| -> Vec<f64> { (0..n).map(|k| first + k as f64 * step).collect() };
    let [y, x] = axis_names(&series.grid);
    let (rows, columns, row_attributes, column_attributes) = match &series.grid {
        GridSpec::Curvilinear(grid) => return positions::write(scratch, root, grid),
        GridSpec::Regular(grid) => (
            along(grid.lat0_deg, grid.dlat_deg, grid.ny),
            along(grid.lon0_deg, grid.dlon_deg, grid.nx),
            json!({"standard_name": "latitude", "units": "degrees_north", "axis": "Y"}),
            json!({"standard_name": "longitude", "units": "degrees_east", "axis": "X"}),
        ),
        GridSpec::Projected(grid) => {
            write_crs(scratch, root, &grid.projection)?;
            (
                along(grid.y0_m, grid.dy_m, grid.ny),
                along(grid.x0_m, grid.dx_m, grid.nx),
                json!({"standard_name": "projection_y_coordinate", "units": "m", "axis": "Y"}),
                json!({"standard_name": "projection_x_coordinate", "units": "m", "axis": "X"}),
            )
        }
    };
    write_axis(
        scratch,
        &format!("{root}/{y}"),
        y,
        data_type::float64(),
        &rows,
        row_attributes,
    )?;
    write_axis(
        scratch,
        &format!("{root}/{x}"),
        x,
        data_type::float64(),
        &columns,
        column_attributes,
    )
}

fn write_axis<T>(
    scratch: &Arc<MemoryStore>,
    path: &str,
    name: &str,
    data_type: DataType,
    values: &[T],
    attributes: Value,
) -> Result<(), Error>
where
    T: Element + Copy + Default,
    FillValue: From<T>,
{
    let length = vec![values.len() as u64];
    let array = ArrayBuilder::new(length.clone(), length, data_type, FillValue::from(T::default()))
        .bytes_to_bytes_codecs(codecs())
        .dimension_names(Some([name]))
        .attributes(object(attributes))
        .build(Arc::clone(scratch), path)
        .map_err(|error| array_error(path, error))?;
    array.store_metadata().map_err(|error| array_error(path, error))?;
    array
        .store_chunk(&[0], values)
        .map_err(|error| array_error(path, error))
}

/// The grid mapping of CF, appendix F: a scalar that carries the projection's attributes.
fn write_crs(scratch: &Arc<MemoryStore>, root: &str, projection: &Projection) -> Result<(), Error> {
    let path = format!("{root}/crs");
    let array = ArrayBuilder::new(Vec::<u64>::new(), Vec::<u64>::new(), data_type::int32(), 0i32)
        .dimension_names(Some(Vec::<&str>::new()))
        .attributes(object(grid_mapping(projection)))
        .build(Arc::clone(scratch), &path)
        .map_err(|error| array_error(&path, error))?;
    array.store_metadata().map_err(|error| array_error(&path, error))
}

fn grid_mapping(projection: &Projection) -> Value {
    let figure = |ellipsoid: &Ellipsoid| -> Value {
        if ellipsoid.e2 == 0.0 {
            json!({"earth_radius": ellipsoid.a_m})
        } else {
            json!({"semi_major_axis": ellipsoid.a_m, "semi_minor_axis": ellipsoid.a_m * (1.0 - ellipsoid.e2).sqrt()})
        }
    };
    let (mut attributes, ellipsoid) = match projection {
        Projection::PolarStereographic {
            lat_ts_deg,
            lon0_deg,
            false_easting_m,
            false_northing_m,
            ellipsoid,
        } => (
            json!({
                "grid_mapping_name": "polar_stereographic",
                "latitude_of_projection_origin": if *lat_ts_deg < 0.0 { -90.0 } else { 90.0 },
                "straight_vertical_longitude_from_pole": lon0_deg,
                "standard_parallel": lat_ts_deg,
                "false_easting": false_easting_m,
                "false_northing": false_northing_m,
            }),
            ellipsoid,
        ),
        Projection::LambertConformal {
            lat1_deg,
            lat2_deg,
            lat0_deg,
            lon0_deg,
            false_easting_m,
            false_northing_m,
            ellipsoid,
        } => (
            json!({
                "grid_mapping_name": "lambert_conformal_conic",
                "standard_parallel": [lat1_deg, lat2_deg],
                "latitude_of_projection_origin": lat0_deg,
                "longitude_of_central_meridian": lon0_deg,
                "false_easting": false_easting_m,
                "false_northing": false_northing_m,
            }),
            ellipsoid,
        ),
    };
    for (name, value) in object(figure(ellipsoid)) {
        attributes[name] = value;
    }
    attributes
}

fn group_attributes(series: &NewSeries) -> Value {
    let mut attributes = json!({
        "Conventions": "CF-1.11",
        "kind": series.kind,
        "composition": series.composition,
        "source_variables": series.source_variables,
    });
    if let Some(attribution) = &series.attribution {
        attributes["attribution"] = json!(attribution);
    }
    attributes
}

/// Writes a group's `zarr.json`.
fn write_group(scratch: &Arc<MemoryStore>, path: &str, attributes: Value) -> Result<(), Error> {
    let group = GroupBuilder::new()
        .attributes(object(attributes))
        .build(Arc::clone(scratch), path)
        .map_err(|error| array_error(path, error))?;
    group.store_metadata().map_err(|error| array_error(path, error))
}

/// The `zarr.json` at a cycle's root.
pub(crate) fn root_group(attributes: Value) -> Result<Vec<Object>, Error> {
    let scratch = Arc::new(MemoryStore::new());
    write_group(&scratch, "/", attributes)?;
    drain(&scratch)
}

/// Takes everything out of the scratch store.
fn drain(scratch: &MemoryStore) -> Result<Vec<Object>, Error> {
    let keys = scratch.list().map_err(|error| array_error("scratch", error))?;
    let mut objects = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(bytes) = scratch.get(&key).map_err(|error| array_error(key.as_str(), error))? {
            objects.push((key.as_str().to_owned(), bytes));
        }
        scratch.erase(&key).map_err(|error| array_error(key.as_str(), error))?;
    }
    Ok(objects)
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(crate) fn array_error(array: &str, error: impl std::fmt::Display) -> Error {
    Error::Array {
        array: array.to_owned(),
        reason: error.to_string(),
    }
}
