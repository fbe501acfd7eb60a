//! What a store must be able to do before it is used: publication rests on a create-only put that never overwrites. A
//! store that cannot be reached, does not know the keys, lacks the bucket or overwrites is refused with a sentence. Of a store
//! that is only read nothing is asked but that it can be.

use std::time::Duration;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use uuid::Uuid;

use crate::failures::{self, Cause};
use crate::objects::STAGING;
use crate::sweep::FORCING;
use crate::{Error, Objects};

/// How long a store may take to show what it can do. More than the client's own limits for one request that fails.
const PATIENCE: Duration = Duration::from_secs(40);

impl Objects {
    /// Refuses a store that cannot hold a catalog. What the probe puts there it takes away again.
    pub async fn refuse_if_unfit(&self) -> Result<(), Error> {
        let probe = Path::from(format!("{STAGING}/probe-{}", Uuid::now_v7().simple()));
        let tried = tokio::time::timeout(PATIENCE, self.try_out(&probe)).await;
        let Ok(tried) = tried else {
            return Err(self.unusable(silent()));
        };
        match tried {
            Ok(None) => Ok(()),
            Ok(Some(fault)) => Err(self.unusable(fault.to_owned())),
            Err(error) => Err(self.unusable(sentence(&error))),
        }
    }

    /// Refuses a store that cannot be read. Nothing is written: a disk that is full, or mounted to be read only, still tells
    /// what is on it.
    pub async fn refuse_if_unreadable(&self) -> Result<(), Error> {
        let forcing = Path::from(FORCING);
        let listed = tokio::time::timeout(PATIENCE, self.store.list_with_delimiter(Some(&forcing))).await;
        match listed {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.unusable(sentence(&error))),
            Err(_) => Err(self.unusable(silent())),
        }
    }

    fn unusable(&self, reason: String) -> Error {
        Error::Unusable {
            store: self.name.to_string(),
            reason,
        }
    }

    /// What is wrong with the way in which the store treats a second object of the same name; and whether names can be
    /// listed, and objects deleted.
    async fn try_out(&self, probe: &Path) -> object_store::Result<Option<&'static str>> {
        self.put_once(probe, Bytes::from_static(b"first")).await?;
        let fault = self.fault_of_second_put(probe).await;
        let deleted = self.store.delete(probe).await;
        let fault = fault?;
        deleted.map(|()| fault)
    }

    async fn fault_of_second_put(&self, probe: &Path) -> object_store::Result<Option<&'static str>> {
        let second = self.put_once(probe, Bytes::from_static(b"second")).await;
        let kept = self.store.get(probe).await?.bytes().await?;
        self.store.list_with_delimiter(Some(&Path::from(STAGING))).await?;
        match second {
            Err(object_store::Error::AlreadyExists { .. }) if kept == "first" => Ok(None),
            Err(error) if kept == "first" => Err(error),
            _ => Ok(Some(
                "it overwrites an object that exists although the put was create-only, so that two ingests could replace \
                 each other's cycles",
            )),
        }
    }
}

fn silent() -> String {
    format!("it has not answered within {} s", PATIENCE.as_secs())
}

/// Why a store is refused, by what it answered.
fn sentence(error: &object_store::Error) -> String {
    let said = failures::told(error);
    match Cause::of(error) {
        Cause::NoBucket | Cause::NotFound => format!("there is no such bucket; create it first ({said})"),
        Cause::Keys => format!("it does not accept the keys s3.access_key and s3.secret_key ({said})"),
        Cause::Forbidden => format!("the keys may not put, get, list and delete objects there ({said})"),
        Cause::NotImplemented => {
            format!("it does not know the create-only put (If-None-Match) that publication rests on ({said})")
        }
        Cause::Unreachable => format!("it cannot be reached ({said})"),
        Cause::Full | Cause::Other => said,
    }
}
