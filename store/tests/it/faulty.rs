//! An object store in memory that answers as bad networks and full disks do, and counts what it is asked.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Notify;

/// What happens to a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It takes effect and nobody hears of it.
    LostAnswer,
    /// It has no effect: 503.
    Busy,
    /// It has no effect: no room.
    Full,
    /// It takes long.
    Slow,
    /// A conflict is told of, as a service does that was asked twice at the same moment, and nothing is stored.
    Conflict,
}

/// When something happens to a put: puts whose path holds a text, after so many of them, so often.
#[derive(Debug, Clone)]
struct Plan {
    holds: &'static str,
    after: usize,
    times: usize,
    fault: Fault,
}

#[derive(Debug, Default)]
struct State {
    plans: Vec<Plan>,
    /// The same for gets, which are busy.
    busy_gets: Vec<Plan>,
    requests: BTreeMap<&'static str, usize>,
    read: Vec<String>,
    /// The first delete below this prefix waits.
    pause: Option<(&'static str, Arc<Pause>)>,
}

/// A delete that waits until it is told to go on.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    begun: Notify,
    ended: Notify,
}

impl Pause {
    /// Returns when somebody is about to delete.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Lets it go on.
    pub(crate) fn end(&self) {
        self.ended.notify_one();
    }
}

/// The store; clones share everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    state: Arc<Mutex<State>>,
}

impl Faulty {
    /// Lets something happen to puts of paths that hold a text, after so many of them and so often.
    pub(crate) fn plan(&self, fault: Fault, holds: &'static str, after: usize, times: usize) {
        self.state.lock().unwrap().plans.push(Plan {
            holds,
            after,
            times,
            fault,
        });
    }

    /// Lets gets of paths that hold a text, after so many of them and so often, be answered by 503.
    pub(crate) fn plan_busy_gets(&self, holds: &'static str, after: usize, times: usize) {
        self.state.lock().unwrap().busy_gets.push(Plan {
            holds,
            after,
            times,
            fault: Fault::Busy,
        });
    }

    /// Lets the first delete of an object whose path holds a text wait.
    pub(crate) fn pause_at_delete(&self, holds: &'static str) -> Arc<Pause> {
        let pause = Arc::new(Pause::default());
        self.state.lock().unwrap().pause = Some((holds, Arc::clone(&pause)));
        pause
    }

    /// The requests since the last question, by kind.
    pub(crate) fn take_requests(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// The objects that were read since the last question.
    pub(crate) fn take_read(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().read)
    }

    /// Every object below a prefix.
    pub(crate) async fn paths(&self, prefix: &str) -> Vec<String> {
        let listed = self.inner.list(Some(&Path::from(prefix)));
        listed
            .map(|object| object.unwrap().location.to_string())
            .collect()
            .await
    }

    /// Replaces an object by one that nobody can read.
    pub(crate) async fn spoil(&self, path: &str) {
        let path = Path::from(path);
        self.inner
            .put_opts(&path, "{".into(), PutOptions::default())
            .await
            .unwrap();
    }

    fn count(&self, kind: &'static str) {
        *self.state.lock().unwrap().requests.entry(kind).or_default() += 1;
    }

    fn fault_of(&self, path: &Path) -> Option<Fault> {
        next_fault(&mut self.state.lock().unwrap().plans, path)
    }
}

fn next_fault(plans: &mut [Plan], path: &Path) -> Option<Fault> {
    let plan = plans
        .iter_mut()
        .find(|plan| path.as_ref().contains(plan.holds) && plan.times > 0)?;
    if plan.after > 0 {
        plan.after -= 1;
        return None;
    }
    plan.times -= 1;
    Some(plan.fault)
}

/// The answer of a service that is too busy.
const BUSY: &str = "Server returned non-2xx status code: 503 Slow Down: ";

fn failed(text: &str) -> Error {
    Error::Generic {
        store: "faulty",
        source: text.to_owned().into(),
    }
}

impl Display for Faulty {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a faulty store")
    }
}

impl ObjectStore for Faulty {
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
        self.count("put");
        let fault = self.fault_of(location);
        Box::pin(async move {
            match fault {
                Some(Fault::Busy) => return Err(failed(BUSY)),
                Some(Fault::Full) => {
                    return Err(Error::Generic {
                        store: "faulty",
                        source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
                    });
                }
                Some(Fault::Conflict) => {
                    return Err(Error::AlreadyExists {
                        path: location.to_string(),
                        source: "409 Conflict".into(),
                    });
                }
                Some(Fault::Slow) => tokio::time::sleep(Duration::from_millis(300)).await,
                Some(Fault::LostAnswer) | None => {}
            }
            let put = self.inner.put_opts(location, payload, options).await?;
            match fault {
                Some(Fault::LostAnswer) => Err(failed("HTTP error: error sending request: operation timed out")),
                _ => Ok(put),
            }
        })
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
        self.count("multipart");
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'s, 'p, 'f>(&'s self, location: &'p Path, options: GetOptions) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.count(if options.head { "head" } else { "get" });
        let is_busy = {
            let mut state = self.state.lock().unwrap();
            state.read.push(location.to_string());
            next_fault(&mut state.busy_gets, location).is_some()
        };
        if is_busy {
            return Box::pin(async { Err(failed(BUSY)) });
        }
        self.inner.get_opts(location, options)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.count("delete");
        let state = Arc::clone(&self.state);
        let waited = locations.then(move |location| {
            let pause = {
                let mut state = state.lock().unwrap();
                let path = location.as_ref().map(ToString::to_string).unwrap_or_default();
                state.pause.take_if(|(holds, _)| path.contains(*holds))
            };
            async move {
                if let Some((_, pause)) = pause {
                    pause.begun.notify_one();
                    pause.ended.notified().await;
                }
                location
            }
        });
        self.inner.delete_stream(waited.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count("list");
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count("list");
        self.inner.list_with_offset(prefix, offset)
    }

    fn list_with_delimiter<'s, 'p, 'f>(&'s self, prefix: Option<&'p Path>) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.count("list");
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
        self.count("copy");
        self.inner.copy_opts(from, to, options)
    }
}
