//! What is personal of who pays is at rest as somebody seals it who has the master key; this crate has none.

use std::fmt;

use driftline_domain::OrgId;

use crate::{Error, Result};

/// Seals the personal fields of billing accounts and opens them again, each bound to its organisation.
pub trait Sealing: fmt::Debug + Send + Sync {
    /// Seals.
    ///
    /// # Errors
    /// Why not, without what was to be sealed.
    fn seal(&self, org: OrgId, plain: &[u8]) -> Result<Vec<u8>, String>;

    /// Opens.
    ///
    /// # Errors
    /// Why not: another key, another organisation, damage.
    fn open(&self, org: OrgId, sealed: &[u8]) -> Result<Vec<u8>, String>;
}

/// Who seals; without anybody there is nothing personal to be stored or read.
pub(super) fn needed(sealing: Option<&dyn Sealing>, org: OrgId) -> Result<&dyn Sealing> {
    sealing.ok_or_else(|| Error::Sealed(org, "the master key is needed for it".to_owned()))
}
