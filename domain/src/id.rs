//! Identifiers: a UUIDv7 with a readable prefix (`mis_0190…`), so that an id names its kind wherever it is seen and
//! sorts by the time of its making. 74 random bits within one millisecond: a million ids made in the same
//! millisecond collide with a probability of about 3e-11.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// What an identifier identifies; its prefix stands in every printed form.
pub trait IdKind {
    /// Three letters before the underscore.
    const PREFIX: &'static str;
}

/// An identifier of one kind.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is no identifier of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{text}' is not an identifier of the form {prefix}_<32 hexadecimal digits>")]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

impl<K: IdKind> Id<K> {
    /// A new identifier for an object made now.
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// The identifier with these 128 bits, as read back from a database.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    /// The bare 128 bits, as stored in a database.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError {
            text: text.chars().take(64).collect(),
            prefix: K::PREFIX,
        };
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or_else(refuse)?;
        let is_canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let uuid = Uuid::try_parse(digits)
            .ok()
            .filter(|uuid| is_canonical && uuid.get_version_num() == 7);
        uuid.map(Self::from_uuid).ok_or_else(refuse)
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.uuid.simple())
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $alias:ident, $tag:ident, $prefix:literal;)*) => {$(
        #[doc(hidden)]
        pub enum $tag {}
        impl IdKind for $tag {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$tag>;
    )*};
}

id_kinds! {
    /// An organisation: the tenant.
    OrgId, OrgTag, "org";
    /// An API key.
    KeyId, KeyTag, "key";
    /// A mission: one question asked.
    MissionId, MissionTag, "mis";
    /// One computed answer to a mission.
    RunId, RunTag, "run";
    /// A job on the queue.
    JobId, JobTag, "job";
    /// A link by which one mission is shown to others.
    ShareLinkId, ShareLinkTag, "shl";
    /// A version of a plan of prices.
    PlanId, PlanTag, "pln";
    /// An organisation's having a plan, for a time.
    SubscriptionId, SubscriptionTag, "sub";
    /// An invoice.
    InvoiceId, InvoiceTag, "inv";
    /// One request, as named in problem answers and logs.
    RequestId, RequestTag, "req";
    /// A person with an account.
    UserId, UserTag, "usr";
    /// A login session: from a login to its logout or end; its refresh tokens are one family.
    SessionId, SessionTag, "ses";
    /// An invitation into an organisation.
    InvitationId, InvitationTag, "inv";
    /// A passkey of a person.
    PasskeyId, PasskeyTag, "psk";
    /// A mail on its way.
    MailId, MailTag, "eml";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_its_prefix_and_parses_back() {
        let id = MissionId::generate();
        assert!(id.to_string().starts_with("mis_"));
        assert_eq!(id.to_string().parse::<MissionId>(), Ok(id));
        assert_eq!(
            serde_json::from_str::<MissionId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
    }

    #[test]
    fn refuses_other_kinds_other_forms_and_other_versions() {
        let org = OrgId::generate().to_string();
        assert!(org.parse::<MissionId>().is_err());
        for text in ["", "mis_", "mis", "mis_xyz", "mis_00000000000000000000000000000000"] {
            assert!(text.parse::<MissionId>().is_err(), "{text}");
        }
        let upper = MissionId::generate().to_string().to_uppercase().replace("MIS", "mis");
        assert!(upper.parse::<MissionId>().is_err(), "one id has one spelling: {upper}");
    }
}
