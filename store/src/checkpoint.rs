//! Where a catalog may begin to read: `forcing/checkpoints/<number>.json` says which manifests up to a number still have
//! objects, so that years of manifests without any are not read again. It repeats what log and manifests say; without
//! it, or where it cannot be read, everything is read.

use std::collections::BTreeSet;

use bytes::Bytes;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::retention_log::Retention;
use crate::{Error, Objects};

const CHECKPOINTS: &str = "forcing/checkpoints";
const SCHEMA: u32 = 1;
/// Checkpoints that are kept: the newest, and one for whoever is reading at the moment.
const KEPT: usize = 2;

/// What was known up to a manifest and up to an entry of the retention log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) schema: u32,
    /// Newest manifest.
    pub(crate) sequence: u64,
    /// The manifests up to it that have objects; of all others they are gone.
    pub(crate) present: BTreeSet<u64>,
    /// The log up to an entry.
    pub(crate) retention: Retention,
}

impl Checkpoint {
    pub(crate) fn new(sequence: u64, present: BTreeSet<u64>, retention: Retention) -> Self {
        Self {
            schema: SCHEMA,
            sequence,
            present,
            retention,
        }
    }

    /// The newest one that can be read.
    pub(crate) async fn newest(objects: &Objects) -> Result<Option<Self>, Error> {
        let found = objects.list_after(&Path::from(CHECKPOINTS), None).await?;
        for path in found.iter().rev() {
            let bytes = match objects.get(path).await {
                // Somebody has just replaced it by a newer one.
                Err(Error::NotFound(_)) => continue,
                other => other?,
            };
            match serde_json::from_slice::<Self>(&bytes) {
                Ok(read) if read.schema == SCHEMA => return Ok(Some(read.with_gone())),
                Ok(read) => {
                    tracing::warn!(object = %path, schema = read.schema, "a checkpoint of another version is passed over")
                }
                Err(error) => {
                    tracing::warn!(object = %path, cause = %error, "a checkpoint that cannot be read is passed over")
                }
            }
        }
        Ok(None)
    }

    fn with_gone(mut self) -> Self {
        self.retention.gone = (1..=self.sequence)
            .filter(|number| !self.present.contains(number))
            .collect();
        self
    }

    /// Stores it, and removes those that it makes superfluous.
    pub(crate) async fn write(&self, objects: &Objects) -> Result<(), Error> {
        let text = serde_json::to_vec(self).map_err(|error| Error::Rejected(error.to_string()))?;
        let path = Path::from(format!(
            "{CHECKPOINTS}/{:012}-{:012}.json",
            self.sequence, self.retention.number
        ));
        objects.create_durably(&path, Bytes::from(text)).await?;
        let mut known = objects.list_after(&Path::from(CHECKPOINTS), None).await?;
        known.truncate(known.len().saturating_sub(KEPT));
        for path in &known {
            objects.delete(path).await?;
        }
        Ok(())
    }
}
