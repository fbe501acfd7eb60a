//! `probability.tif` of a run on real forcing: bands, sums, and the same bytes on any number of threads.

use std::sync::Arc;
use std::time::Instant;

use driftline_simulate::RunProducts;
use driftline_tiles::cog;

use crate::engine::{forecast, mission, norway};

/// The products of a day off Bergen, and how long they took without and with the files.
async fn products(threads: usize, hours: u32) -> (Arc<RunProducts>, Vec<(String, Vec<u8>)>) {
    let engine = norway(threads);
    let forecast = forecast(&engine, &mission(60.15, 4.1, "2015-11-16T00:00:00Z", hours))
        .await
        .unwrap();
    let began = Instant::now();
    let products = Arc::new(engine.products(forecast).await.unwrap());
    let made = began.elapsed();
    let folder = tempfile::tempdir().unwrap();
    engine
        .write_files(Arc::clone(&products), folder.path().to_owned(), Vec::new())
        .await
        .unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (
            entry.file_name().into_string().unwrap(),
            std::fs::read(entry.path()).unwrap(),
        )
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    println!(
        "{threads} threads: products {made:.3?}, with files {:.3?}",
        began.elapsed()
    );
    (products, files)
}

fn raster(files: &[(String, Vec<u8>)]) -> &[u8] {
    let found = files.iter().find(|(name, _)| name == "probability.tif");
    &found.unwrap().1
}

/// Square kilometres of a cell, on the sphere of the ellipsoid's area: good to 0.5 %.
fn cell_km2(north_deg: f64, dlon_deg: f64, dlat_deg: f64) -> f64 {
    let sines = north_deg.to_radians().sin() - (north_deg - dlat_deg).to_radians().sin();
    6_371.007_f64.powi(2) * dlon_deg.to_radians() * sines
}

#[tokio::test]
async fn every_output_time_has_a_band_that_sums_to_one() {
    let (products, files) = products(2, 24).await;
    let tif = raster(&files);
    let times = cog::read_descriptions(tif).unwrap();
    let report = products.report().unwrap();
    assert_eq!(times.len(), 25);
    assert_eq!(times.first().map(String::as_str), report["valid_from"].as_str());
    assert_eq!(times.last().map(String::as_str), report["valid_until"].as_str());
    for (band, time) in times.iter().enumerate() {
        let grid = cog::read_band(tif, band).unwrap();
        let rows = grid.values.chunks(grid.nx).enumerate();
        let sum: f64 = rows
            .map(|(row, values)| {
                let km2 = cell_km2(grid.north - row as f64 * grid.dlat, grid.dlon, grid.dlat);
                values.iter().map(|value| f64::from(*value)).sum::<f64>() * km2
            })
            .sum();
        assert!((sum - 1.0).abs() < 0.01, "{time}: {sum}");
    }
    let mean = |name: &str| report["mean"][name].as_f64().unwrap();
    let last = cog::read_band(tif, 24).unwrap();
    assert!(
        last.value_at(mean("lon"), mean("lat")).unwrap() > 0.2 * last.maximum(),
        "the mean lies where it is dense"
    );
    println!("{} bytes, {} x {} x {}", tif.len(), times.len(), last.nx, last.ny);
}

#[tokio::test]
async fn the_raster_has_the_same_bytes_on_any_number_of_threads() {
    // Ids and the time of issue are drawn anew for each set of files; the values are not.
    let bands = |files: &[(String, Vec<u8>)]| -> Vec<Vec<u32>> {
        let bits = |band| {
            cog::read_band(raster(files), band)
                .unwrap()
                .values
                .iter()
                .map(|value| value.to_bits())
                .collect()
        };
        (0..7).map(bits).collect()
    };
    let ((_, one), (_, three)) = (products(1, 6).await, products(3, 6).await);
    assert!(bands(&one) == bands(&three));
}

#[tokio::test]
async fn the_list_of_files_names_it() {
    let (_, files) = products(2, 3).await;
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"probability.tif") && names.is_sorted(), "{names:?}");
}
