//! Where the nodes of curvilinear grids stand: `longitude` and `latitude` of every node as arrays of float64 beside the
//! fields (CF 5.2), because a manifest has only their digest. A cycle is in the catalog once its positions were read and
//! are those; before that nothing could be found in its grids.

use std::sync::Arc;

use bytes::Bytes;
use driftline_compute::Compute;
use driftline_domain::{CurvilinearGrid, GridSpec};
use serde_json::json;
use zarrs::array::{Array, ArrayBuilder, ArraySubset, data_type};
use zarrs::storage::StoreKey;
use zarrs::storage::WritableStorageTraits;
use zarrs::storage::store::MemoryStore;

use crate::manifest::Manifest;
use crate::window::fetch;
use crate::zarr_write::{array_error, codecs, object};
use crate::{Error, Objects};

/// Nodes along a side of a chunk.
const CHUNK_NODES: usize = 480;
/// The arrays, longitudes first.
const ARRAYS: [&str; 2] = ["longitude", "latitude"];

/// Writes both arrays of a grid into a group.
pub(crate) fn write(scratch: &Arc<MemoryStore>, root: &str, grid: &CurvilinearGrid) -> Result<(), Error> {
    let values = [grid.longitudes_deg(), grid.latitudes_deg()];
    for ((name, units), values) in ARRAYS.into_iter().zip(["degrees_east", "degrees_north"]).zip(values) {
        let path = format!("{root}/{name}");
        let shape = [grid.ny(), grid.nx()];
        let array = ArrayBuilder::new(
            shape.map(|n| n as u64).to_vec(),
            shape.map(|n| n.min(CHUNK_NODES) as u64).to_vec(),
            data_type::float64(),
            f64::NAN,
        )
        .bytes_to_bytes_codecs(codecs())
        .dimension_names(Some(["y", "x"]))
        .attributes(object(json!({"standard_name": name, "units": units})))
        .build(Arc::clone(scratch), &path)
        .map_err(|error| array_error(&path, error))?;
        array.store_metadata().map_err(|error| array_error(&path, error))?;
        array
            .store_array_subset(&array.subset_all(), values)
            .map_err(|error| array_error(&path, error))?;
    }
    Ok(())
}

/// Gives the curvilinear grids of a manifest their positions: from `known` where these are the same, else from the
/// cycle's own objects, each compared with the manifest and all with the grid's digest; `known` gains these.
pub(crate) async fn load(
    objects: &Objects,
    compute: &Compute,
    manifest: &mut Manifest,
    known: &mut Vec<CurvilinearGrid>,
) -> Result<(), Error> {
    for number in 0..manifest.series.len() {
        let entry = &manifest.series[number];
        let GridSpec::Curvilinear(grid) = &entry.grid else {
            continue;
        };
        let with_positions = match known.iter().find(|other| *other == grid) {
            Some(other) => other.clone(),
            None => {
                let read = read(objects, compute, manifest, &entry.group, grid.clone()).await?;
                known.push(read.clone());
                read
            }
        };
        manifest.series[number].grid = GridSpec::Curvilinear(with_positions);
    }
    Ok(())
}

async fn read(
    objects: &Objects,
    compute: &Compute,
    manifest: &Manifest,
    group: &str,
    grid: CurvilinearGrid,
) -> Result<CurvilinearGrid, Error> {
    let mut fetched = Vec::new();
    let mut wanted = ARRAYS.iter().map(|name| format!("{group}/{name}/"));
    let prefixes = [wanted.next().unwrap_or_default(), wanted.next().unwrap_or_default()];
    for entry in &manifest.objects {
        if prefixes.iter().any(|prefix| entry.path.starts_with(prefix.as_str())) {
            // The manifest is there: what it names and is gone is damage.
            let bytes = fetch(objects, compute, manifest, entry)
                .await
                .map_err(|error| match error {
                    Error::NotFound(_) => Error::Damaged {
                        object: format!("{}/{}", manifest.prefix, entry.path),
                        reason: format!("'{}', which it names, is not there", entry.path),
                    },
                    other => other,
                })?;
            fetched.push((entry.path.clone(), bytes));
        }
    }
    let damaged = {
        let object = format!("{}/{group}", manifest.prefix);
        move |reason: String| Error::Damaged { object, reason }
    };
    let group = group.to_owned();
    let decode = move || {
        let [lon_deg, lat_deg] = decode(&group, [grid.ny(), grid.nx()], fetched)?;
        grid.with_positions(lon_deg, lat_deg)
            .map_err(|problem| damaged(problem.to_string()))
    };
    compute.run(decode).await?
}

fn decode(group: &str, shape: [usize; 2], fetched: Vec<(String, Bytes)>) -> Result<[Vec<f64>; 2], Error> {
    let store = Arc::new(MemoryStore::new());
    for (key, bytes) in fetched {
        let key = StoreKey::new(key).map_err(|error| array_error(group, error))?;
        store.set(&key, bytes).map_err(|error| array_error(group, error))?;
    }
    let values = |name: &str| {
        let path = format!("/{group}/{name}");
        let array = Array::open(Arc::clone(&store), &path).map_err(|error| array_error(&path, error))?;
        if array.shape() != shape.map(|n| n as u64) {
            return Err(array_error(
                &path,
                format!("it has the shape {:?}, the manifest says {shape:?}", array.shape()),
            ));
        }
        let all: ArraySubset = array.subset_all();
        array
            .retrieve_array_subset::<Vec<f64>>(&all)
            .map_err(|error| array_error(&path, error))
    };
    Ok([values(ARRAYS[0])?, values(ARRAYS[1])?])
}
