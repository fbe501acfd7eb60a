//! Capabilities that were written before: as long as nothing that stands in them has changed, clients that ask again and
//! again (each of them does for every layer that it adds) cost a look-up. A document holds its caller's credential, so it
//! is kept under a digest of that and of everything else in it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::entity_tag::EntityTag;

/// Documents kept; each has some ten kilobytes.
const MOST_KEPT: usize = 256;

/// The documents, the one written last at the end.
#[derive(Default)]
pub(crate) struct CapabilitiesCache(Mutex<VecDeque<(EntityTag, Bytes)>>);

impl CapabilitiesCache {
    /// The document of a digest, written now where it is not kept.
    pub(super) fn get_or_write<E>(
        &self,
        key: &EntityTag,
        write: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Bytes, E> {
        if let Some(kept) = self.kept(key) {
            return Ok(kept);
        }
        // Two that write the same at once both keep it: the lock is not held for so long.
        let written = Bytes::from(write()?);
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= MOST_KEPT {
            documents.pop_front();
        }
        documents.push_back((key.clone(), written.clone()));
        Ok(written)
    }

    fn kept(&self, key: &EntityTag) -> Option<Bytes> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest first: what changed last is asked for most.
        let found = documents.iter().rev().find(|(known, _)| known == key);
        found.map(|(_, document)| document.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_once_and_old_ones_go() {
        let cache = CapabilitiesCache::default();
        let key = |number: usize| EntityTag::of_bytes(&number.to_le_bytes());
        let written =
            |number: usize, text: &str| cache.get_or_write(&key(number), || Ok::<_, ()>(text.as_bytes().to_vec()));
        assert_eq!(written(0, "a").unwrap(), "a");
        assert_eq!(written(0, "b").unwrap(), "a", "kept");
        assert_eq!(cache.get_or_write(&key(1), || Err("broken")), Err("broken"));
        for number in 1..=MOST_KEPT {
            written(number, "c").unwrap();
        }
        assert_eq!(written(0, "d").unwrap(), "d", "forgotten");
    }
}
