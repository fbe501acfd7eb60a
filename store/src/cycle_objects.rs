//! The objects of a published cycle as they are stored, for whoever reads its Zarr store himself. Only what the manifest
//! names can be had. Parts are handed out unchecked: chunks and indices carry checksums of their own, and the manifest
//! names the SHA-256 of every object.

use std::ops::Range;

use bytes::Bytes;
use object_store::path::Path;

use crate::{Cycle, Error, ObjectEntry, Store};

impl Cycle {
    /// What the manifest says of the object at a path below the cycle's prefix.
    pub fn object(&self, path: &str) -> Option<&ObjectEntry> {
        self.manifest.object(path)
    }
}

impl Store {
    /// Bytes of an object that a cycle names.
    pub async fn object_bytes(&self, cycle: &Cycle, entry: &ObjectEntry, range: Range<u64>) -> Result<Bytes, Error> {
        let path = Path::from(format!("{}/{}", cycle.manifest.prefix, entry.path));
        let found = self.objects.get_ranges(&path, &[range]).await;
        match found {
            Ok(mut parts) => parts.pop().ok_or_else(|| Error::NotFound(path.to_string())),
            Err(error) => Err(self.unless_removed(&cycle.manifest, error).await),
        }
    }
}
