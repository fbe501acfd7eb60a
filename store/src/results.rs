//! The files of a run: `results/<mission>/<run>/<file>`. They are synced before anybody is told of the run;
//! documents made of them later are created whole.

use std::ops::Range;

use bytes::Bytes;
use driftline_domain::{MissionId, RunId};
use futures::stream::BoxStream;
use object_store::path::Path;

use crate::{Error, Objects};

/// Where results lie.
pub(crate) const RESULTS: &str = "results";

/// One file of a run, about to be stored.
#[derive(Debug, Clone)]
pub struct ResultFile {
    /// Path below the run, for example `processed/areas.parquet`.
    pub path: String,
    /// Content.
    pub bytes: Bytes,
}

/// Access to result files.
#[derive(Clone)]
pub struct Results {
    objects: Objects,
}

impl Results {
    pub(crate) fn new(objects: Objects) -> Self {
        Self { objects }
    }

    /// Stores the files of a run durably.
    pub async fn write(&self, mission: MissionId, run: RunId, files: Vec<ResultFile>) -> Result<(), Error> {
        let mut paths = Vec::with_capacity(files.len());
        for file in files {
            let path = file_path(mission, run, &file.path);
            self.objects.put_new(&path, file.bytes).await?;
            paths.push(path);
        }
        self.objects.sync(&paths).await
    }

    /// Stores a file of a run that is already published, durably; false when it is there already. It is seen whole or not
    /// at all.
    pub async fn create(&self, mission: MissionId, run: RunId, file: &str, bytes: Bytes) -> Result<bool, Error> {
        self.objects.create_durably(&file_path(mission, run, file), bytes).await
    }

    /// Reads one file of a run.
    pub async fn read(&self, mission: MissionId, run: RunId, file: &str) -> Result<Bytes, Error> {
        self.objects.get(&file_path(mission, run, file)).await
    }

    /// The length of a file of a run and its bytes in pieces.
    pub async fn stream(
        &self,
        mission: MissionId,
        run: RunId,
        file: &str,
    ) -> Result<(u64, BoxStream<'static, Result<Bytes, Error>>), Error> {
        self.objects.stream(&file_path(mission, run, file)).await
    }

    /// The length of a file of a run in bytes.
    pub async fn size(&self, mission: MissionId, run: RunId, file: &str) -> Result<u64, Error> {
        self.objects.size(&file_path(mission, run, file)).await
    }

    /// These bytes of a file of a run.
    pub async fn read_range(
        &self,
        mission: MissionId,
        run: RunId,
        file: &str,
        range: Range<u64>,
    ) -> Result<Bytes, Error> {
        let path = file_path(mission, run, file);
        let mut parts = self.objects.get_ranges(&path, &[range]).await?;
        Ok(parts.pop().unwrap_or_default())
    }

    /// Removes everything of a mission.
    pub async fn delete_mission(&self, mission: MissionId) -> Result<(), Error> {
        self.objects
            .delete_all(&Path::from(format!("{RESULTS}/{mission}")))
            .await
            .map(drop)
    }

    /// Removes the files of a run that will never be published.
    pub async fn delete_run(&self, mission: MissionId, run: RunId) -> Result<(), Error> {
        self.objects
            .delete_tree(&Path::from(format!("{RESULTS}/{mission}/{run}")))
            .await
    }
}

fn file_path(mission: MissionId, run: RunId, file: &str) -> Path {
    // `Path::from` encodes what is not plain, so that no file name can leave the run's folder.
    Path::from(format!("{RESULTS}/{mission}/{run}"))
        .parts()
        .chain(Path::from(file).parts())
        .collect()
}
