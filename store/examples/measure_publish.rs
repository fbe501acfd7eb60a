//! Publishes a cycle, then a longer revision of it, and prints how long each took and that all of it reads back:
//!
//! ```text
//! cargo run --release -p driftline-store --example measure_publish -- FOLDER
//! cargo run --release -p driftline-store --example measure_publish -- ENDPOINT BUCKET ACCESS_KEY SECRET_KEY
//! ```

use std::convert::Infallible;
use std::time::Instant;

use driftline_compute::Compute;
use driftline_domain::{Composition, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use driftline_store::{Addressing, CycleIdentity, Location, NewSeries, Published, S3Location, SourceFile, Store};
use jiff::Timestamp;

fn grid() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 1440,
        ny: 721,
        lon0_deg: -180.0,
        lat0_deg: -90.0,
        dlon_deg: 0.25,
        dlat_deg: 0.25,
    })
}

/// Waves of a few hundred kilometres that travel: they compress about as currents do.
fn field(step: usize) -> VectorField {
    let value = |node: usize| {
        let (i, j) = ((node % 1440) as f32, (node / 1440) as f32);
        (i * 0.11 + step as f32 * 0.3).sin() * (j * 0.07).cos() + ((node * 2_654_435_761) % 97) as f32 * 0.001
    };
    let east: Vec<f32> = (0..1440 * 721).map(value).collect();
    let north = east.iter().map(|value| -value * 0.5).collect();
    VectorField { east, north }
}

fn location(arguments: &[String]) -> Option<Location> {
    match arguments {
        [folder] => Some(Location::Folder(folder.into())),
        [endpoint, bucket, access_key, secret_key] => Some(Location::S3(S3Location {
            bucket: bucket.clone(),
            prefix: "measured".to_owned(),
            endpoint: Some(endpoint.clone()),
            region: "us-east-1".to_owned(),
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
            addressing: Addressing::Path,
            kms_key: None,
        })),
        _ => None,
    }
}

async fn publish(store: &Store, steps: usize) -> Result<Published, Box<dyn std::error::Error>> {
    let run = RunTime::from_unix_s(1_700_000_000).ok_or("no such time")?;
    let source = SourceFile {
        name: "made".to_owned(),
        bytes: 1,
        sha256: format!("{steps} steps"),
        decoder: "none".to_owned(),
        origin: None,
    };
    let identity = CycleIdentity {
        feed: "measured".to_owned(),
        run,
        sources: vec![source],
        attribution: None,
        horizon: None,
        marks: Vec::new(),
    };
    let mut cycle = match store.begin_cycle(identity).await? {
        Ok(cycle) => cycle,
        Err(unchanged) => return Ok(unchanged),
    };
    let times = (0..steps as i64).filter_map(|hour| ValidTime::from_unix_s(1_700_000_000 + 3600 * hour));
    let series = NewSeries {
        group: "current".to_owned(),
        kind: ForcingKind::Current,
        grid: grid(),
        times: times.collect(),
        composition: Composition::Unstated,
        level: "0 m".to_owned(),
        source_variables: ["u".to_owned(), "v".to_owned()],
        attribution: None,
        step_sources: vec![vec![0]; steps],
    };
    let read = |step| Ok::<_, Infallible>(field(step));
    if let Err(error) = cycle.add_series(series, read).await {
        cycle.abandon().await;
        return Err(error.into());
    }
    Ok(cycle.publish(Timestamp::now()).await?)
}

#[expect(clippy::print_stdout, reason = "an example prints what it measured")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let location = location(&arguments).ok_or("give a folder, or an endpoint, a bucket and two keys")?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let began = Instant::now();
        let store = Store::open_at(&location, Compute::with_all_cores()?).await?;
        println!("opened in {:.3} s", began.elapsed().as_secs_f64());
        for steps in [24, 48] {
            let began = Instant::now();
            let (word, cycle) = match publish(&store, steps).await? {
                Published::New(cycle) => ("published", cycle),
                Published::Unchanged(cycle) => ("unchanged", cycle),
            };
            let seconds = began.elapsed().as_secs_f64();
            let bytes: u64 = cycle.manifest.objects.iter().map(|object| object.bytes).sum();
            let began = Instant::now();
            store.verify(&cycle).await?;
            println!(
                "{steps} steps {word} as revision {} in {seconds:.2} s: {} objects, {:.1} MB; read back in {:.2} s",
                cycle.manifest.revision,
                cycle.manifest.objects.len(),
                bytes as f64 / 1e6,
                began.elapsed().as_secs_f64()
            );
        }
        Ok(())
    })
}
