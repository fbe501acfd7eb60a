//! Measures writing and reading of stored forcing: a global current of a twelfth of a degree, a global wind of a quarter.
//!
//! `cargo run --release -p driftline-store --example measure_layout -- [--field FILE] [--keep FOLDER]`
//!
//! FILE holds two components of 2041 x 4320 float32 in m/s, east then north, NaN for land, as `benches/peers/zarr_store.py`
//! makes it of a real field; without it eddies with a millimetre of noise stand in. Each step turns the vectors as the M2
//! tide does. `--keep` leaves the store in a folder, where other programs can read the same objects. One line of JSON per
//! figure: wall and CPU milliseconds, medians of several reads at different places. Writing has everything in it that
//! publishing does but reading sources: packing, compression, CRC-32C and SHA-256, files, and `sync` where it is named.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop"
)]

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use driftline_compute::Compute;
use driftline_domain::{BBox, Composition, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use driftline_store::{CycleIdentity, NewSeries, Published, SeriesRef, SeriesSpan, Store};
use jiff::Timestamp;
use serde_json::json;

const START: i64 = 1_700_000_000;
const M2_HOURS: f32 = 12.4206;
const NY: usize = 2041;
const NX: usize = 4320;

fn regular(nx: usize, ny: usize, (lon0_deg, lat0_deg): (f64, f64), step_deg: f64) -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx,
        ny,
        lon0_deg,
        lat0_deg,
        dlon_deg: step_deg,
        dlat_deg: step_deg,
    })
}

/// The field whose vectors are turned.
fn base(file: Option<PathBuf>) -> VectorField {
    if let Some(file) = file {
        let bytes = std::fs::read(file).unwrap();
        assert_eq!(bytes.len(), 2 * 4 * NX * NY);
        let mut east: Vec<f32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        let north = east.split_off(NX * NY);
        return VectorField { east, north };
    }
    let mut noise = 88_172_645_463_325_252_u64;
    let mut east = Vec::with_capacity(NX * NY);
    for node in 0..NX * NY {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let (x, y) = ((node % NX) as f32 / 60.0, (node / NX) as f32 / 60.0);
        let land = (x / 9.0).sin() + (y / 7.0).cos() > 0.9;
        let eddy = x.sin() * (y * 1.3).cos() * 0.4 + (noise % 16) as f32 * 0.001;
        east.push(if land { f32::NAN } else { eddy });
    }
    let north = east.iter().map(|value| value * 0.7 - 0.05).collect();
    VectorField { east, north }
}

/// The nodes of a part of the base field, every vector turned as far as the tide has come by this step.
fn turned(base: &VectorField, (ny, nx): (usize, usize), factor: f32, step: usize) -> VectorField {
    let angle = std::f32::consts::TAU * step as f32 / M2_HOURS;
    let (sin, cos) = (angle.sin() * factor, angle.cos() * factor);
    let (mut east, mut north) = (Vec::with_capacity(nx * ny), Vec::with_capacity(nx * ny));
    for row in 0..ny {
        let pairs = base.east[row * NX..][..nx].iter().zip(&base.north[row * NX..][..nx]);
        east.extend(pairs.clone().map(|(u, v)| u * cos - v * sin));
        north.extend(pairs.map(|(u, v)| u * sin + v * cos));
    }
    VectorField { east, north }
}

fn at(hour: usize) -> ValidTime {
    ValidTime::from_unix_s(START + 3600 * hour as i64).unwrap()
}

/// Milliseconds of wall clock and of CPU, of all threads, that something took.
struct Watch {
    began: Instant,
    cpu_ms: f64,
}

impl Watch {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu_ms: cpu_ms(),
        }
    }

    fn stop(&self) -> (f64, f64) {
        (self.began.elapsed().as_secs_f64() * 1e3, cpu_ms() - self.cpu_ms)
    }
}

fn cpu_ms() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of_task = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.filter_map(of_task).sum::<f64>() / 1e6
}

fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        / 1e3
}

struct Field {
    name: &'static str,
    kind: ForcingKind,
    grid: GridSpec,
    steps: usize,
    /// What the base field is multiplied by, so that a current becomes a wind.
    factor: f32,
}

/// Publishes a field and tells what that took.
async fn write(store: &Store, base: &Arc<VectorField>, field: Field) -> SeriesRef {
    let identity = CycleIdentity {
        feed: field.name.to_owned(),
        run: RunTime::from_unix_s(START).unwrap(),
        sources: Vec::new(),
        attribution: None,
        horizon: None,
        marks: Vec::new(),
    };
    let mut cycle = store.begin_cycle(identity).await.unwrap().unwrap();
    let (shape, factor) = ((field.grid.ny(), field.grid.nx()), field.factor);
    let raw = (8 * field.grid.len() * field.steps) as f64;
    let series = NewSeries {
        group: field.kind.name().to_owned(),
        kind: field.kind,
        grid: field.grid,
        times: (0..field.steps).map(at).collect(),
        composition: Composition::Unstated,
        level: "0 m".to_owned(),
        source_variables: ["u".to_owned(), "v".to_owned()],
        attribution: None,
        step_sources: vec![Vec::new(); field.steps],
    };
    let source = Watch::start();
    std::hint::black_box(turned(base, shape, factor, 1));
    let (_, source_ms) = source.stop();
    let base = Arc::clone(base);
    let read = move |step| Ok::<_, Infallible>(turned(&base, shape, factor, step));
    let watch = Watch::start();
    cycle.add_series(series, read).await.unwrap();
    let (wall_ms, cpu_ms) = watch.stop();
    let Published::New(cycle) = cycle.publish(Timestamp::now()).await.unwrap() else {
        unreachable!("the store is new")
    };
    let (with_sync_ms, _) = watch.stop();
    let stored: u64 = cycle.manifest.objects.iter().map(|object| object.bytes).sum();
    let figures = json!({
        "what": format!("write {}", field.name), "steps": field.steps, "raw_mb": raw / 1e6,
        "wall_ms": wall_ms, "cpu_ms": cpu_ms, "of_it_source_cpu_ms": source_ms * field.steps as f64,
        "raw_mb_per_s": raw / 1e3 / wall_ms, "raw_mb_per_s_with_sync": raw / 1e3 / with_sync_ms,
        "raw_mb_per_cpu_s_without_source": raw / 1e3 / (cpu_ms - source_ms * field.steps as f64),
        "ratio": raw / stored as f64, "objects": cycle.manifest.objects.len(), "peak_mb": peak_mb(),
        "prefix": cycle.manifest.prefix,
    });
    println!("{figures}");
    SeriesRef { cycle, index: 0 }
}

/// A box whose window, margins included, has about this many nodes a side.
fn square(series: &SeriesRef, nodes: usize, round: usize) -> BBox {
    let GridSpec::Regular(grid) = &series.entry().grid else {
        unreachable!("a regular grid was written")
    };
    let inner = nodes.saturating_sub(8) as f64 * grid.dlon_deg;
    let places = (grid.nx - nodes, grid.ny - nodes);
    let west = grid.lon0_deg + (4 + round * 397 % (places.0 - 8)) as f64 * grid.dlon_deg + 0.01;
    let south = grid.lat0_deg + (4 + round * 211 % (places.1 - 8)) as f64 * grid.dlat_deg + 0.01;
    BBox::new(west, south, west + inner, south + inner).unwrap()
}

/// Reads windows at different places, and tells the medians.
async fn reads(store: &Store, series: &SeriesRef, what: &str, nodes: usize, hours: usize, rounds: usize) {
    let (mut walls, mut cpus, mut size) = (Vec::new(), Vec::new(), (0, 0, 0));
    // The first round finds indices and metadata for the ones that count.
    for round in (0..rounds).chain(0..rounds) {
        let bbox = square(series, nodes, round);
        let watch = Watch::start();
        let window = store.load_window(series, &bbox, at(0), at(hours)).await.unwrap();
        let (wall, cpu) = watch.stop();
        let window = window.unwrap();
        size = (window.times.len(), window.grid.ny(), window.grid.nx());
        walls.push(wall);
        cpus.push(cpu);
    }
    let (walls, cpus) = (walls.split_off(rounds), cpus.split_off(rounds));
    let figures = json!({"what": what, "wall_ms": median(walls), "cpu_ms": median(cpus), "steps_rows_columns": size});
    println!("{figures}");
}

/// Reads the whole grid at these steps; the first of them does not count.
async fn slabs(store: &Store, series: &SeriesRef, what: &str, steps: &[usize]) {
    let world = BBox::new(-180.0, -79.9, 180.0, 89.9).unwrap();
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for &step in steps {
        let watch = Watch::start();
        store
            .load_window(series, &world, at(step), at(step))
            .await
            .unwrap()
            .unwrap();
        let (wall, cpu) = watch.stop();
        walls.push(wall);
        cpus.push(cpu);
    }
    let (walls, cpus) = (walls.split_off(1), cpus.split_off(1));
    println!(
        "{}",
        json!({"what": what, "wall_ms": median(walls), "cpu_ms": median(cpus)})
    );
}

async fn drift_window(store: &Store, series: &[SeriesRef], what: &str) {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    let span = |series: &SeriesRef| SeriesSpan {
        series: series.clone(),
        from: at(0),
        until: at(72),
    };
    let spans: Vec<SeriesSpan> = series.iter().map(span).collect();
    for round in 0..7 {
        let west = -40.0 + f64::from(round) * 4.3;
        let bbox = BBox::new(west, 30.0, west + 10.0, 40.0).unwrap();
        let watch = Watch::start();
        let found = store.load_windows(&spans, &bbox).await.unwrap();
        assert!(found.iter().all(Option::is_some));
        let first = watch.stop();
        let watch = Watch::start();
        store.load_windows(&spans, &bbox).await.unwrap();
        walls.push((first.0, watch.stop().0));
        cpus.push((first.1, watch.stop().1));
    }
    let (first, again) = walls.into_iter().unzip();
    let (cpu_first, cpu_again) = cpus.into_iter().unzip();
    let figures = json!({
        "what": what, "first_wall_ms": median(first), "first_cpu_ms": median(cpu_first),
        "again_wall_ms": median(again), "again_cpu_ms": median(cpu_again),
    });
    println!("{figures}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut field, mut keep) = (None, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next().map(PathBuf::from);
        match name.as_str() {
            "--field" => field = value,
            "--keep" => keep = value,
            _ => unreachable!("--field FILE and --keep FOLDER are known, {name} is not"),
        }
    }
    let own = tempfile::tempdir().unwrap();
    let folder = keep.unwrap_or_else(|| own.path().to_owned());
    let base = Arc::new(base(field));
    let compute = Compute::with_all_cores().unwrap();
    let store = Store::open(&folder, compute).await.unwrap();
    let wind = Field {
        name: "wind",
        kind: ForcingKind::Wind,
        grid: regular(1440, 721, (-180.0, -90.0), 0.25),
        steps: 209,
        factor: 12.0,
    };
    let wind = write(&store, &base, wind).await;
    let region = Field {
        name: "region",
        kind: ForcingKind::Current,
        grid: regular(960, 720, (-60.0, 10.0), 1.0 / 12.0),
        steps: 97,
        factor: 1.0,
    };
    let region = write(&store, &base, region).await;
    let globe = Field {
        name: "globe",
        kind: ForcingKind::Current,
        grid: regular(NX, NY, (-180.0, -80.0), 1.0 / 12.0),
        steps: 24,
        factor: 1.0,
    };
    let globe = write(&store, &base, globe).await;
    let unremembering = store.clone().with_map_cache(1);
    for (store, how) in [(&unremembering, "from files"), (&store, "from memory")] {
        reads(store, &globe, &format!("tile 120 x 120 x 24, {how}"), 120, 23, 15).await;
        reads(store, &globe, &format!("point x 24, {how}"), 0, 23, 101).await;
    }
    slabs(
        &unremembering,
        &globe,
        "slab 2041 x 4320, from files",
        &[0, 6, 12, 18, 23, 1, 8],
    )
    .await;
    let roomy = store.clone().with_map_cache(1024 * 1024 * 1024);
    slabs(&roomy, &globe, "slab 2041 x 4320, from memory", &[0, 1, 2, 3, 4, 5]).await;
    drift_window(
        &store,
        &[region, wind],
        "window 10 x 10 degrees x 72 h, current and wind",
    )
    .await;
}
