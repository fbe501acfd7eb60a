//! Tickets for one WebSocket each. A browser can set no header there, and an address with a lasting credential would stand
//! in every proxy's log: a ticket works once, within [`LIFE`], and for reading missions only (platform.md 2.3).

use std::time::Duration;

use driftline_domain::KeyId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::keys::random_32;
use crate::known_keys::Name;
use crate::{Auth, Caller, Carry, Problem, Scope, Scopes};

/// How long a ticket works.
const LIFE: Duration = Duration::from_secs(30);
const PREFIX: &str = "dlt_";

impl Auth {
    /// A ticket for this caller, and when it ends.
    pub async fn make_ticket(&self, caller: &Caller) -> Result<(String, Timestamp), Problem> {
        let secret = random_32().map_err(|error| Problem::unavailable(&error))?;
        let mut ticket = PREFIX.to_owned();
        for byte in secret {
            ticket.push_str(&format!("{byte:02x}"));
        }
        let now = (self.clock())();
        let expires_at = now.checked_add(LIFE).unwrap_or(now);
        let sha256: [u8; 32] = Sha256::digest(&ticket).into();
        self.database()
            .keep_ticket(&sha256, caller.org, caller.key, now, expires_at)
            .await?;
        Ok((ticket, expires_at))
    }

    /// Whoever the ticket was made for; it works no more then.
    pub async fn caller_of_ticket(&self, ticket: &str) -> Result<Caller, Problem> {
        let sha256: [u8; 32] = Sha256::digest(ticket).into();
        let now = (self.clock())();
        let taken = self.database().take_ticket(&sha256, now).await?;
        let (_, key) = taken.ok_or_else(Problem::unauthenticated)?;
        self.holder_of_ticket(key).await
    }

    /// Whoever acts under this key, as far as a ticket reaches.
    pub async fn holder_of_ticket(&self, key: KeyId) -> Result<Caller, Problem> {
        let known = self.known(Name::Id(key)).await?.ok_or_else(Problem::unauthenticated)?;
        // A person's ticket opens what the person's role lets see, and no more.
        let role = match known.key.user {
            Some(user) => {
                let member = self.database().member(known.key.org, user).await?;
                Some(member.ok_or_else(Problem::unauthenticated)?.role)
            }
            None => None,
        };
        Ok(Caller {
            person: None,
            shares: None,
            org: known.key.org,
            org_name: known.org_name,
            key: known.key.id,
            kind: known.key.kind,
            scopes: Scopes::from_iter([Scope::MissionsRead]),
            role,
            carry: Carry::nothing(),
            limited_to: None,
            link_ends: None,
        })
    }
}
