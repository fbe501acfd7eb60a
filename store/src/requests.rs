//! Tests that count what a window asks of a store on another machine: requests, and bytes that come.

use std::convert::Infallible;
use std::fmt::{Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use driftline_compute::Compute;
use driftline_domain::{BBox, Composition, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use crate::maps::MapCache;
use crate::{CycleIdentity, NewSeries, Objects, Published, SeriesRef, SeriesSpan, Store};

/// Hours and steps: three days, and the step that closes them.
const STEPS: usize = 73;

/// Passes everything on and counts gets.
#[derive(Debug, Default)]
struct Counting {
    inner: InMemory,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Display for Counting {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "counting {}", self.inner)
    }
}

impl ObjectStore for Counting {
    fn put_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.inner.put_opts(location, payload, options)
    }

    fn put_multipart_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        's: 'f,
        'p: 'f,
    {
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'s, 'p, 'f>(&'s self, location: &'p Path, options: GetOptions) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
    {
        Box::pin(async move {
            let found = self.inner.get_opts(location, options).await?;
            self.requests.fetch_add(1, Ordering::Relaxed);
            self.bytes
                .fetch_add(found.range.end - found.range.start, Ordering::Relaxed);
            Ok(found)
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_delimiter<'s, 'p, 'f>(&'s self, prefix: Option<&'p Path>) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'s, 'a, 'b, 'f>(
        &'s self,
        from: &'a Path,
        to: &'b Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
    {
        self.inner.copy_opts(from, to, options)
    }
}

fn on(counting: &Arc<Counting>) -> Store {
    let store: Arc<dyn ObjectStore> = Arc::<Counting>::clone(counting);
    Store {
        objects: Objects::remote(store),
        compute: Compute::new(2).unwrap(),
        cached: Arc::default(),
        maps: Arc::new(MapCache::new(256 * 1024 * 1024)),
    }
}

fn at(hour: usize) -> ValidTime {
    ValidTime::from_unix_s(1_700_000_000 + 3600 * hour as i64).unwrap()
}

/// A field that does not compress better than a real one.
fn field(nodes: usize, step: usize) -> VectorField {
    let mut state = 88_172_645_463_325_252_u64 + step as u64;
    let mut next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 256) as f32 * 0.001
    };
    let east: Vec<f32> = (0..nodes).map(&mut next).collect();
    VectorField {
        north: east.clone(),
        east,
    }
}

async fn publish(store: &Store, kind: ForcingKind, nodes: usize, step_deg: f64) -> SeriesRef {
    let identity = CycleIdentity {
        feed: kind.name().to_owned(),
        run: RunTime::from_unix_s(1_700_000_000).unwrap(),
        sources: Vec::new(),
        attribution: None,
        horizon: None,
        marks: Vec::new(),
    };
    let series = NewSeries {
        group: kind.name().to_owned(),
        kind,
        grid: GridSpec::Regular(RegularGrid {
            nx: nodes,
            ny: nodes,
            lon0_deg: -40.0,
            lat0_deg: 0.0,
            dlon_deg: step_deg,
            dlat_deg: step_deg,
        }),
        times: (0..STEPS).map(at).collect(),
        composition: Composition::Unstated,
        level: "0 m".to_owned(),
        source_variables: ["u".to_owned(), "v".to_owned()],
        attribution: None,
        step_sources: vec![Vec::new(); STEPS],
    };
    let mut cycle = store.begin_cycle(identity).await.unwrap().ok().unwrap();
    let count = nodes * nodes;
    let read = move |step| Ok::<_, Infallible>(field(count, step));
    cycle.add_series(series, read).await.unwrap();
    let Published::New(cycle) = cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap() else {
        panic!("the store is new")
    };
    SeriesRef { cycle, index: 0 }
}

/// Requests and megabytes of one drift window, 10 by 10 degrees and 72 hours of current and wind, and of it again.
async fn count(series: &[SeriesRef], counting: &Arc<Counting>, bbox: BBox) -> [(u64, f64); 2] {
    let store = on(counting);
    let spans: Vec<SeriesSpan> = series
        .iter()
        .map(|series| SeriesSpan {
            series: series.clone(),
            from: at(0),
            until: at(72),
        })
        .collect();
    let mut counts = [(0, 0.0); 2];
    for count in &mut counts {
        counting.requests.store(0, Ordering::Relaxed);
        counting.bytes.store(0, Ordering::Relaxed);
        let found = store.load_windows(&spans, &bbox).await.unwrap();
        assert!(found.iter().flatten().all(|window| window.fields.len() == STEPS));
        assert_eq!(found.iter().flatten().count(), spans.len());
        let bytes = counting.bytes.load(Ordering::Relaxed);
        *count = (counting.requests.load(Ordering::Relaxed), bytes as f64 / 1e6);
    }
    counts
}

#[tokio::test]
async fn a_drift_window_takes_few_requests_and_little_more_than_its_own_bytes_and_none_the_second_time() {
    let counting = Arc::<Counting>::default();
    let store = on(&counting);
    let current = publish(&store, ForcingKind::Current, 600, 1.0 / 12.0).await;
    let wind = publish(&store, ForcingKind::Wind, 260, 0.25).await;
    let both = [current, wind];
    let within = BBox::new(-25.0, 12.0, -15.0, 22.0).unwrap();
    // Four of the current's shards meet at 0 E 40 N, and none of the wind's do.
    let corner = BBox::new(-5.0, 35.0, 5.0, 45.0).unwrap();
    for (bbox, most_requests, most_megabytes) in [(within, 60, 12.2), (corner, 126, 18.9)] {
        let [first, again] = count(&both, &counting, bbox).await;
        assert!(first.0 <= most_requests, "{} requests", first.0);
        assert!(first.1 <= most_megabytes, "{} MB", first.1);
        assert_eq!(again, (0, 0.0), "everything is in memory");
    }
}
