//! GeoParquet files: what was written comes back, and the metadata says what the format asks for.

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::*;
use crate::products::sample::{Run, hour, label};
use crate::products::{AreaSettings, search_areas, tracks};

fn geo_of(bytes: &Bytes) -> serde_json::Value {
    let reader = SerializedFileReader::new(bytes.clone()).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let geo = pairs.into_iter().find(|pair| pair.key == "geo").unwrap().value.unwrap();
    serde_json::from_str(&geo).unwrap()
}

#[test]
fn tracks_come_back() {
    let run = Run::fiji();
    let tracks = tracks(&run.clouds(), 200).unwrap();
    let bytes = Bytes::from(trajectories_parquet(&tracks, &label()).unwrap());
    let read = read_trajectories(bytes.clone()).unwrap();
    // Whoever was lost at the start has no line.
    let drawn: Vec<Track> = tracks.into_iter().filter(|track| track.parts[0].len() > 1).collect();
    assert_eq!(read, drawn);
    assert!(read.iter().any(|track| track.parts.len() == 2) && read.iter().any(|track| track.parts.len() == 1));
    assert!(read.iter().any(|track| track.status == Status::Stranded));
    let geo = geo_of(&bytes);
    assert_eq!(geo["version"], "1.1.0");
    assert_eq!(
        geo["columns"]["geometry"]["geometry_types"],
        serde_json::json!(["MultiLineString"])
    );
    let bbox = geo["columns"]["geometry"]["bbox"].as_array().unwrap();
    assert!(
        bbox[0].as_f64().unwrap() > 179.0 && bbox[2].as_f64().unwrap() < -179.0,
        "west of east: {bbox:?}"
    );
}

#[test]
fn areas_have_a_row_per_time_and_level() {
    let run = Run::fiji();
    let sets: Vec<AreaSet> = run
        .clouds()
        .iter()
        .map(|cloud| search_areas(cloud, &AreaSettings::default()).unwrap().unwrap())
        .collect();
    let bytes = Bytes::from(areas_parquet(&sets, &label()).unwrap());
    let geo = geo_of(&bytes);
    assert_eq!(geo["columns"]["geometry"]["orientation"], "counterclockwise");
    let batches: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 15);
    let batch = &batches[0];
    let micros = batch.column_by_name("valid_time").unwrap();
    let micros = micros.as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
    let sizes = batch
        .column_by_name("area_km2")
        .unwrap()
        .as_primitive::<arrow::datatypes::Float64Type>();
    let shapes = batch.column_by_name("geometry").unwrap().as_binary::<i32>();
    for row in 0..15 {
        let (set, area) = (&sets[row / 3], &sets[row / 3].levels[row % 3]);
        assert_eq!(micros.value(row), hour(row / 3).0.as_microsecond());
        assert_eq!(sizes.value(row), area.area_km2);
        assert_eq!(shapes.value(row), write_polygons(&area.polygons));
        assert!((set.probability_of_containment(area) - area.level * set.n_particles as f64 / 20_000.0).abs() < 1e-12);
    }
}

#[test]
fn other_files_are_refused() {
    let run = Run::of(10, 2, |_, _| 1.0, |_, _| 2.0, |_, _| Status::Active);
    let particles = crate::products::particles_parquet(&run.clouds(), &label()).unwrap();
    let error = read_trajectories(Bytes::from(particles)).unwrap_err().to_string();
    assert!(
        error.starts_with("this is no trajectories file: column 'particle_status'"),
        "{error}"
    );
    let none = trajectories_parquet(&[], &label()).unwrap();
    assert_eq!(read_trajectories(Bytes::from(none)).unwrap(), []);
}
