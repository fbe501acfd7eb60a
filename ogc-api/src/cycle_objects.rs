//! The seam through which the Zarr store of a published cycle is read, object by object. The server fills it in.

use std::ops::Range;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::{CycleName, SeamError};

/// Objects of published cycles; they never change.
pub trait CycleObjects: Send + Sync {
    /// What the manifest of a revision says of the object at a path; `None` where it names none.
    fn about<'a>(
        &'a self,
        cycle: &'a CycleName,
        revision: u32,
        path: &'a str,
    ) -> BoxFuture<'a, Result<Option<CycleObject>, SeamError>>;

    /// These bytes of an object; `None` when it has gone.
    fn read<'a>(
        &'a self,
        cycle: &'a CycleName,
        revision: u32,
        path: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>>;
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleObject {
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}
