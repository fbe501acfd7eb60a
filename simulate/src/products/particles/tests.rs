//! The particle file: what was written comes back, and pages add up to the whole.

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::*;
use crate::products::sample::{Run, hour, label};

const ALL: ParticleQuery = ParticleQuery {
    after_row: None,
    limit: usize::MAX,
    bbox: None,
    interval: None,
};

fn file() -> (Run, Bytes) {
    let run = Run::fiji();
    let bytes = particles_parquet(&run.clouds(), &label()).unwrap();
    (run, Bytes::from(bytes))
}

/// Every row as it should be read.
fn expected(run: &Run) -> Vec<ParticleRow> {
    let clouds = run.clouds();
    let rows = clouds
        .iter()
        .flat_map(|cloud| (0..cloud.len()).map(move |particle| (cloud, particle)));
    let row = |(row, (cloud, particle)): (usize, (&Cloud<'_>, usize))| ParticleRow {
        row: row as u64,
        particle_id: particle as u32,
        time: cloud.time,
        lon_deg: wrap_lon_deg(cloud.lon_deg[particle]),
        lat_deg: cloud.lat_deg[particle],
        status: cloud.status[particle],
    };
    rows.enumerate().map(row).collect()
}

#[test]
fn every_bit_comes_back() {
    let (run, bytes) = file();
    println!("{} bytes for {} rows", bytes.len(), 100_000);
    let page = read_particles(bytes, &ALL).unwrap();
    assert_eq!(page.rows, expected(&run));
    assert_eq!(page.next_after_row, None);
}

#[test]
fn a_row_group_holds_one_time_and_names_the_states() {
    let (_, bytes) = file();
    let reader = SerializedFileReader::new(bytes).unwrap();
    let metadata = reader.metadata();
    assert_eq!(metadata.num_row_groups(), 5);
    for (k, group) in metadata.row_groups().iter().enumerate() {
        let micros = hour(k).0.as_microsecond();
        assert_eq!(int_range(group.column(TIME).statistics()), Some((micros, micros)));
        let (south, north) = float_range(group.column(LAT).statistics()).unwrap();
        assert!(-17.0 <= south && south < north && north < -16.4);
    }
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| {
        pairs
            .iter()
            .find(|pair| pair.key == key)
            .unwrap()
            .value
            .clone()
            .unwrap()
    };
    assert_eq!(
        value("status"),
        r#"{"0":"active","1":"stranded","2":"missing_data","3":"seeded_on_land","4":"not_released","5":"outside","6":"retired"}"#
    );
    assert!(value("attribution").starts_with("Data from MET Norway; "));
}

#[test]
fn pages_add_up_to_a_filtered_scan() {
    let (run, bytes) = file();
    let across = BBox::new(179.95, -16.9, -179.9, -16.7).unwrap();
    let east_only = BBox::new(-180.0, -90.0, -179.95, 90.0).unwrap();
    let nowhere = BBox::new(0.0, 0.0, 10.0, 10.0).unwrap();
    for bbox in [None, Some(across), Some(east_only), Some(nowhere)] {
        for interval in [
            None,
            Some((hour(1), hour(3))),
            Some((hour(2), hour(2))),
            Some((hour(9), hour(10))),
        ] {
            for limit in [1_000, 7_777, 100_000] {
                let mut query = ParticleQuery {
                    after_row: None,
                    limit,
                    bbox,
                    interval,
                };
                let wanted: Vec<ParticleRow> = expected(&run)
                    .into_iter()
                    .filter(|row| bbox.is_none_or(|bbox| bbox.contains(row.lon_deg, row.lat_deg)))
                    .filter(|row| interval.is_none_or(|(from, to)| row.time >= from && row.time <= to))
                    .collect();
                assert_eq!(count_particles(bytes.clone(), &query).unwrap(), wanted.len() as u64);
                let mut paged = Vec::new();
                loop {
                    let page = read_particles(bytes.clone(), &query).unwrap();
                    assert!(page.rows.len() == limit || page.next_after_row.is_none());
                    paged.extend(page.rows);
                    query.after_row = page.next_after_row;
                    if page.next_after_row.is_none() {
                        break;
                    }
                }
                assert!(
                    paged == wanted,
                    "{bbox:?} {interval:?} {limit}: {} of {}",
                    paged.len(),
                    wanted.len()
                );
            }
        }
    }
}

#[test]
fn edges_of_paging() {
    let (_, bytes) = file();
    let none = read_particles(bytes.clone(), &ParticleQuery { limit: 0, ..ALL }).unwrap();
    assert!(none.rows.is_empty() && none.next_after_row.is_none());
    let last = read_particles(
        bytes.clone(),
        &ParticleQuery {
            after_row: Some(99_998),
            limit: 10,
            ..ALL
        },
    )
    .unwrap();
    assert_eq!(last.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [99_999]);
    let past = read_particles(
        bytes.clone(),
        &ParticleQuery {
            after_row: Some(99_999),
            ..ALL
        },
    )
    .unwrap();
    assert!(past.rows.is_empty());
    let far = read_particles(
        bytes,
        &ParticleQuery {
            after_row: Some(u64::MAX),
            ..ALL
        },
    )
    .unwrap();
    assert!(far.rows.is_empty());
    let empty = Bytes::from(particles_parquet(&[], &label()).unwrap());
    assert!(read_particles(empty, &ALL).unwrap().rows.is_empty());
}

#[test]
fn a_page_is_read_without_the_rest() {
    let (_, bytes) = file();
    let start = std::time::Instant::now();
    let query = ParticleQuery {
        after_row: Some(51_000),
        limit: 100,
        ..ALL
    };
    let page = read_particles(bytes.clone(), &query).unwrap();
    println!("a page of 100 rows in {:?}", start.elapsed());
    assert_eq!(page.rows[0].row, 51_001);
    // What lies in other row groups is not even looked at.
    let metadata = SerializedFileReader::new(bytes.clone()).unwrap().metadata().clone();
    let (offset, length) = metadata.row_group(0).column(LON).byte_range();
    let mut broken = bytes.to_vec();
    broken[offset as usize..(offset + length) as usize].fill(0xFF);
    assert_eq!(read_particles(Bytes::from(broken.clone()), &query).unwrap(), page);
    assert!(read_particles(Bytes::from(broken), &ParticleQuery { limit: 1, ..ALL }).is_err());
}

#[test]
fn other_files_are_refused() {
    let (_, bytes) = file();
    assert!(matches!(
        read_particles(bytes.slice(..bytes.len() / 2), &ALL),
        Err(Error::Parquet(_))
    ));
    assert!(matches!(
        read_particles(Bytes::from_static(b"no parquet"), &ALL),
        Err(Error::Parquet(_))
    ));
    let tracks = crate::products::trajectories_parquet(&[], &label()).unwrap();
    let error = read_particles(Bytes::from(tracks), &ALL).unwrap_err().to_string();
    assert!(
        error.starts_with("this is no particles file: its columns are id, particle_id"),
        "{error}"
    );
}

#[test]
fn the_writer_refuses_what_is_no_run() {
    let run = Run::fiji();
    let clouds = run.clouds();
    let mut writer = ParticlesWriter::new(Vec::new(), &label()).unwrap();
    writer.append(&clouds[1]).unwrap();
    assert!(matches!(writer.append(&clouds[1]), Err(Error::Sequence { .. })));
    writer.append(&clouds[2]).unwrap();
    let bytes = writer.finish().unwrap();
    assert_eq!(count_particles(Bytes::from(bytes), &ALL).unwrap(), 40_000);
}
