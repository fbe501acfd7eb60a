//! A vector field over time as a Zarr v3 group: `current_east`, `current_north` (or `wind_*`, or `wave_height` and
//! `wave_direction`), `time`, the axes, and for projected grids `crs`. For grids of positions `longitude` and `latitude` of
//! every node stand in place of the axes (`positions`). CF conventions, so that xarray, GDAL and people find what they expect.
//!
//! Shards hold chunks, each compressed and closed by a CRC-32C (`layout.rs`, `chunk_codec.rs`, docs/store-layout.md).
//! The group and the cycle's root repeat the metadata of what is below them, as zarr-python consolidates it: a reader far
//! away needs one request instead of one per array. Encoding is pure: objects come out, somebody else stores them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_domain::{Ellipsoid, GridSpec, Projection, ValidTime, Variable, VectorField};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use zarrs::array::codec::{Crc32cCodec, ZstdCodec};
use zarrs::array::{ArrayBuilder, BytesToBytesCodecTraits, DataType, Element, FillValue, data_type};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{ListableStorageTraits, ReadableStorageTraits, WritableStorageTraits};

use crate::chunk_codec::{BLOSC_LEVEL, ChunkEncoder};
use crate::layout::Layout;
use crate::manifest::{ObjectEntry, sha256_hex};
use crate::packing::{self, MISSING};
use crate::{Error, NewSeries, positions};

/// Level of zstd for the axes.
const ZSTD_LEVEL: i32 = 3;

/// An object about to be stored, and what the manifest will say of it; its path is below the cycle's prefix.
pub(crate) struct Object {
    pub(crate) entry: ObjectEntry,
    pub(crate) bytes: Bytes,
}

/// Nodes of Zarr by path below the cycle's prefix, each with the metadata in its `zarr.json`.
pub(crate) type Nodes = BTreeMap<String, Value>;

/// Encodes one series, block of steps by block of steps.
pub(crate) struct SeriesEncoder {
    series: NewSeries,
    layout: Layout,
}

/// The steps of one shard's span as they will be stored.
pub(crate) struct PackedSteps {
    first: usize,
    steps: Vec<[Vec<i16>; 2]>,
    /// How many nodes have no value, over all steps.
    pub(crate) missing: usize,
}

/// A series about to be encoded.
pub(crate) struct NewGroup {
    pub(crate) encoder: SeriesEncoder,
    /// Metadata and coordinates.
    pub(crate) objects: Vec<Object>,
    /// What the root repeats.
    pub(crate) nodes: Nodes,
}

impl Object {
    /// An object whose path is below the cycle's prefix.
    fn new(path: String, bytes: Bytes, index_crc32c: Option<u32>) -> Self {
        let entry = ObjectEntry {
            bytes: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
            index_crc32c,
            path,
        };
        Self { entry, bytes }
    }
}

impl SeriesEncoder {
    /// Prepares a group.
    pub(crate) fn new_group(series: NewSeries) -> Result<NewGroup, Error> {
        let layout = Layout::of(&series.grid, series.times.len());
        let scratch = Arc::new(MemoryStore::new());
        write_axes(&scratch, &format!("/{}", series.group), &series)?;
        let mut nodes = Nodes::new();
        let mut objects = Vec::new();
        for (path, bytes) in drain(&scratch)? {
            if let Some(node) = path.strip_suffix("/zarr.json") {
                let metadata = serde_json::from_slice(&bytes).map_err(|error| array_error(node, error))?;
                nodes.insert(node.to_owned(), metadata);
            }
            objects.push(Object::new(path, bytes, None));
        }
        for variable in series.kind.components() {
            let path = format!("{}/{}", series.group, variable.array_name());
            let metadata = component_metadata(&series, variable, layout);
            objects.push(metadata_object(&path, &metadata)?);
            nodes.insert(path, metadata);
        }
        let group = group_metadata(group_attributes(&series));
        let below = nodes.iter().filter_map(|(path, metadata)| {
            let name = path.strip_prefix(series.group.as_str())?.strip_prefix('/')?;
            Some((name.to_owned(), metadata.clone()))
        });
        objects.push(metadata_object(&series.group, &consolidated(&group, below.collect()))?);
        nodes.insert(series.group.clone(), group);
        Ok(NewGroup {
            encoder: Self { series, layout },
            objects,
            nodes,
        })
    }

    /// The first step of every block of steps; each is packed and encoded at once.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (steps, span) = (self.series.times.len(), self.layout.shard[0]);
        (0..steps)
            .step_by(span)
            .map(move |first| first..steps.min(first + span))
    }

    /// Reads and packs the steps of a block, several at the same time; of several errors that of the first step is told.
    pub(crate) fn pack<R>(&self, steps: Range<usize>, read: R) -> Result<PackedSteps, Error>
    where
        R: Fn(usize) -> Result<VectorField, Error> + Sync,
    {
        let first = steps.start;
        let pack_one = |step: usize| packing::pack(self.series.kind, step, &read(step)?);
        let packed: Vec<Result<[Vec<i16>; 2], Error>> = steps.into_par_iter().with_max_len(1).map(pack_one).collect();
        let steps: Vec<[Vec<i16>; 2]> = packed.into_iter().collect::<Result<_, _>>()?;
        let without_value = |[first, _]: &[Vec<i16>; 2]| first.iter().filter(|&&number| number == MISSING).count();
        Ok(PackedSteps {
            first,
            missing: steps.par_iter().map(without_value).sum(),
            steps,
        })
    }

    /// Encodes one of both arrays over a block of steps, shard by shard in parallel. Inside a shard one thread works:
    /// equal content gives equal bytes.
    pub(crate) fn encode(&self, component: usize, packed: &PackedSteps) -> Result<Vec<Object>, Error> {
        let [span, shard_y, shard_x] = self.layout.shard;
        let corners: Vec<[usize; 2]> = (0..self.series.grid.ny().div_ceil(shard_y))
            .flat_map(|y| (0..self.series.grid.nx().div_ceil(shard_x)).map(move |x| [y, x]))
            .collect();
        let name = self.series.kind.components()[component].array_name();
        let steps: Vec<&[i16]> = packed.steps.iter().map(|pair| pair[component].as_slice()).collect();
        let shards = corners.into_par_iter().with_max_len(1).filter_map(|[y, x]| {
            let path = format!("{}/{name}/c/{}/{y}/{x}", self.series.group, packed.first / span);
            let shard = self
                .encode_shard(&steps, [y, x])
                .map_err(|error| array_error(&path, error));
            let found = shard.transpose()?;
            Some(found.map(|(bytes, index_crc32c)| Object::new(path, bytes.into(), Some(index_crc32c))))
        });
        shards.collect()
    }

    /// One shard: its chunks, then where each is, then the CRC-32C of that, which is returned as well. Chunks without any
    /// value are not stored, and a shard of such chunks is none.
    fn encode_shard(&self, steps: &[&[i16]], [y, x]: [usize; 2]) -> std::io::Result<Option<(Vec<u8>, u32)>> {
        let [chunks_t, chunks_y, chunks_x] = self.layout.chunks_per_shard();
        let mut encoder = ChunkEncoder::new()?;
        let mut numbers = vec![MISSING; self.layout.chunk.iter().product()];
        let (mut shard, mut index) = (Vec::new(), Vec::new());
        for position in 0..chunks_t * chunks_y * chunks_x {
            let (column, row) = (position % chunks_x, position / chunks_x % chunks_y);
            let place = [
                position / (chunks_x * chunks_y),
                y * chunks_y + row,
                x * chunks_x + column,
            ];
            let entry = if self.gather(steps, place, &mut numbers) {
                let offset = shard.len();
                [offset as u64, encoder.append(&numbers, &mut shard)? as u64]
            } else {
                [u64::MAX; 2]
            };
            index.extend(entry.iter().flat_map(|number| number.to_le_bytes()));
        }
        if shard.is_empty() {
            return Ok(None);
        }
        let crc = crc32c::crc32c(&index);
        shard.extend_from_slice(&index);
        shard.extend_from_slice(&crc.to_le_bytes());
        Ok(Some((shard, crc)))
    }

    /// The numbers of one chunk, missing ones beyond the array's edges; false when it has no value.
    fn gather(&self, steps: &[&[i16]], [t, row, column]: [usize; 3], numbers: &mut [i16]) -> bool {
        let [chunk_t, chunk_y, chunk_x] = self.layout.chunk;
        let (nx, ny) = (self.series.grid.nx(), self.series.grid.ny());
        let (y0, x0) = (row * chunk_y, column * chunk_x);
        numbers.fill(MISSING);
        let (rows, columns) = (chunk_y.min(ny.saturating_sub(y0)), chunk_x.min(nx.saturating_sub(x0)));
        let mut any = false;
        for (step, field) in steps.iter().skip(t * chunk_t).take(chunk_t).enumerate() {
            for row in 0..if columns == 0 { 0 } else { rows } {
                let from = &field[(y0 + row) * nx + x0..][..columns];
                numbers[(step * chunk_y + row) * chunk_x..][..columns].copy_from_slice(from);
                any |= from.iter().any(|&number| number != MISSING);
            }
        }
        any
    }
}

pub(crate) fn codecs() -> Vec<Arc<dyn BytesToBytesCodecTraits>> {
    vec![
        Arc::new(ZstdCodec::new(ZSTD_LEVEL, false)),
        Arc::new(Crc32cCodec::new()),
    ]
}

/// The `zarr.json` of one of both arrays.
fn component_metadata(series: &NewSeries, variable: Variable, layout: Layout) -> Value {
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
    let little = json!({"name": "bytes", "configuration": {"endian": "little"}});
    let crc = json!({"name": "crc32c"});
    let blosc = json!({"cname": "zstd", "clevel": BLOSC_LEVEL, "shuffle": "shuffle", "typesize": 2, "blocksize": 0});
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": [series.times.len(), series.grid.ny(), series.grid.nx()],
        "data_type": "int16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": layout.shard}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": MISSING,
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": layout.chunk,
            "codecs": [little, {"name": "blosc", "configuration": blosc}, crc],
            "index_codecs": [little, crc],
            "index_location": "end",
        }}],
        "attributes": attributes,
        "dimension_names": ["time", y, x],
    })
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
        Projection::TransverseMercator {
            lon0_deg,
            k0,
            false_easting_m,
            false_northing_m,
            ellipsoid,
        } => (
            json!({
                "grid_mapping_name": "transverse_mercator",
                "latitude_of_projection_origin": 0.0,
                "longitude_of_central_meridian": lon0_deg,
                "scale_factor_at_central_meridian": k0,
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

fn group_metadata(attributes: Value) -> Value {
    json!({"zarr_format": 3, "node_type": "group", "attributes": attributes})
}

/// A group's metadata with that of the nodes below it, as zarr-python writes it.
fn consolidated(group: &Value, below: Map<String, Value>) -> Value {
    let mut whole = group.clone();
    whole["consolidated_metadata"] = json!({"kind": "inline", "must_understand": false, "metadata": below});
    whole
}

fn metadata_object(path: &str, metadata: &Value) -> Result<Object, Error> {
    let text = serde_json::to_vec_pretty(metadata).map_err(|error| array_error(path, error))?;
    let path = format!("{path}/zarr.json");
    Ok(Object::new(path.trim_start_matches('/').to_owned(), text.into(), None))
}

/// The `zarr.json` at a cycle's root, which repeats the metadata of every node below it.
pub(crate) fn root_group(attributes: Value, nodes: &Nodes) -> Result<Object, Error> {
    let below = nodes.iter().map(|(path, metadata)| (path.clone(), metadata.clone()));
    metadata_object("", &consolidated(&group_metadata(attributes), below.collect()))
}

/// Takes everything out of the scratch store.
fn drain(scratch: &MemoryStore) -> Result<Vec<(String, Bytes)>, Error> {
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
