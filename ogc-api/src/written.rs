//! Documents that were written before: landing pages, capabilities, lists of collections, descriptions of the API. As long as
//! nothing that stands in one has changed, clients that ask again and again (they do for every layer that they add, ogc.md, trap
//! 21) cost a look-up. Whoever keeps a document names everything that it is made from, the caller's credential and the
//! state of the content included, so that what is found is never stale and never somebody else's.

use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use moka::future::Cache;

use crate::document::{not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::{AppState, Error};

/// Bytes that are kept in all; an API document has some two hundred thousand.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// What an entry takes beside its document.
const ENTRY_BYTES: usize = 256;

/// A document as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    tag: EntityTag,
}

/// The documents, each under a digest of everything that it is made from.
pub(crate) struct WrittenDocuments(Cache<EntityTag, Written>);

impl Default for WrittenDocuments {
    fn default() -> Self {
        let weigh = |_: &EntityTag, written: &Written| {
            u32::try_from(written.bytes.len().saturating_add(ENTRY_BYTES)).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).build())
    }
}

impl WrittenDocuments {
    async fn kept(&self, made_from: &EntityTag) -> Option<Written> {
        self.0.get(made_from).await
    }

    /// Keeps a document. Two requests that write the same at once both keep it.
    async fn keep(&self, made_from: EntityTag, bytes: Vec<u8>) -> Written {
        let written = Written {
            tag: EntityTag::of_bytes(&bytes),
            bytes: bytes.into(),
        };
        self.0.insert(made_from, written.clone()).await;
        written
    }
}

impl Written {
    /// The document that is made from this: as it is kept, or written now on the compute pool.
    pub(crate) async fn of<E: From<Error> + Send + 'static>(
        state: &AppState,
        made_from: EntityTag,
        write: impl FnOnce() -> Result<Vec<u8>, E> + Send + 'static,
    ) -> Result<Self, E> {
        if let Some(kept) = state.written().kept(&made_from).await {
            return Ok(kept);
        }
        let bytes = state.compute.run(write).await;
        let bytes = bytes.map_err(|error| Error::Internal(format!("a document: {error}")))??;
        Ok(state.written().keep(made_from, bytes).await)
    }

    /// The answer with it, or 304 when the client holds it already.
    pub(crate) fn answer(self, headers: &HeaderMap, media_type: &'static str) -> Response {
        if self.tag.is_held_by(headers) {
            return not_modified(&self.tag);
        }
        with_tag(self.bytes.into(), media_type, &self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_document_is_found_by_what_it_is_made_from_and_large_ones_go() {
        let documents = WrittenDocuments::default();
        let key = |number: usize| EntityTag::of_bytes(&number.to_le_bytes());
        assert!(documents.kept(&key(0)).await.is_none());
        documents.keep(key(0), b"a".to_vec()).await;
        let kept = documents.kept(&key(0)).await.unwrap();
        assert_eq!((&kept.bytes[..], kept.tag), (&b"a"[..], EntityTag::of_bytes(b"a")));
        assert!(documents.kept(&key(1)).await.is_none());
        for number in 1..=80 {
            documents.keep(key(number), vec![0; 1 << 20]).await;
        }
        documents.0.run_pending_tasks().await;
        assert!(documents.0.weighted_size() <= KEPT_BYTES);
    }

    #[tokio::test]
    async fn who_holds_the_document_is_told_so() {
        let written = WrittenDocuments::default()
            .keep(EntityTag::of_bytes(b"key"), b"{}".to_vec())
            .await;
        let first = written.clone().answer(&HeaderMap::new(), "application/json");
        assert_eq!(
            (first.status().as_u16(), &first.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        let held = HeaderMap::from_iter([(http::header::IF_NONE_MATCH, first.headers()["etag"].clone())]);
        assert_eq!(written.answer(&held, "application/json").status(), 304);
    }
}
