//! Authentication: a credential of the right form is looked up by its hash, and what was found is remembered for at
//! most [`REMEMBERED`], which bounds how long a revoked key still works. Unknown, malformed, revoked and expired keys
//! get the same answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use driftline_database::{ApiKey, Database};
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use crate::credential::{Found, find};
use crate::{Caller, Carry, Clock, Problem, Scopes, SecretKey};

/// A key that was found is believed so long: a revoked key stops working within this time.
const REMEMBERED: Duration = Duration::from_secs(5);
/// More keys than that at once are looked up every time.
const REMEMBERED_KEYS: usize = 10_000;

/// Checks credentials; clones share what they remember.
#[derive(Clone)]
pub struct Auth(Arc<Shared>);

struct Shared {
    database: Database,
    clock: Clock,
    remembered: Mutex<HashMap<[u8; 32], Remembered>>,
}

#[derive(Clone)]
struct Remembered {
    key: Arc<ApiKey>,
    org_name: Arc<str>,
    until: Instant,
}

impl Auth {
    /// Authentication against the keys of this database.
    pub fn new(database: Database, clock: Clock) -> Self {
        let remembered = Mutex::default();
        Self(Arc::new(Shared {
            database,
            clock,
            remembered,
        }))
    }

    /// Lets only authenticated requests through to the routes of this router; their handlers extract [`Caller`].
    /// The router must have a route already; paths that it does not know stay 404 without a credential. Answers to
    /// cross-origin preflights (OPTIONS) belong outside.
    pub fn wrap<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), authenticate))
    }

    /// Who sent a request with these headers and this address.
    pub async fn caller(&self, headers: &HeaderMap, uri: &http::Uri) -> Result<Caller, Problem> {
        match find(headers, uri) {
            Found::Nothing | Found::Malformed => Err(Problem::unauthenticated()),
            Found::Several => Err(Problem::bad_request(
                "the request carries several credentials that differ; send one only",
            )),
            Found::Key(secret, carry) => self.caller_of(&secret, carry).await,
        }
    }

    async fn caller_of(&self, secret: &SecretKey, carry: Carry) -> Result<Caller, Problem> {
        let sha256 = secret.sha256();
        let known = match self.0.recall(&sha256) {
            Some(known) => known,
            None => self.look_up(sha256).await?,
        };
        let now = (self.0.clock)();
        if !is_valid(&known.key, now) {
            return Err(Problem::unauthenticated());
        }
        Ok(Caller {
            org: known.key.org,
            org_name: Arc::clone(&known.org_name),
            key: known.key.id,
            scopes: Scopes::of_stored(&known.key.scopes),
            carry,
        })
    }

    async fn look_up(&self, sha256: [u8; 32]) -> Result<Remembered, Problem> {
        // The time runs from before the look-up: a key revoked during it is not believed longer than promised.
        let until = Instant::now() + REMEMBERED;
        let database = &self.0.database;
        let key = database.key_by_sha256(&sha256).await?;
        let now = (self.0.clock)();
        let key = key
            .filter(|key| is_valid(key, now))
            .ok_or_else(Problem::unauthenticated)?;
        let org = database
            .organisation(key.org)
            .await?
            .ok_or_else(Problem::unauthenticated)?;
        self.note_use(&key, now);
        let known = Remembered {
            key: Arc::new(key),
            org_name: org.name.into(),
            until,
        };
        self.0.remember(sha256, known.clone());
        Ok(known)
    }

    /// Notes the key's use without making the request wait for the write.
    fn note_use(&self, key: &ApiKey, now: Timestamp) {
        let is_recent = |at: Timestamp| now.duration_since(at).as_secs() < 60;
        if key.last_used_at.is_some_and(is_recent) {
            return;
        }
        let (database, id) = (self.0.database.clone(), key.id);
        tokio::spawn(async move {
            if let Err(error) = database.touch_key(id, now).await {
                tracing::warn!(key.id = %id, cause = crate::chain(&error), "a key's use could not be noted");
            }
        });
    }
}

impl Shared {
    fn recall(&self, sha256: &[u8; 32]) -> Option<Remembered> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered
            .get(sha256)
            .filter(|known| Instant::now() < known.until)
            .cloned()
    }

    fn remember(&self, sha256: [u8; 32], known: Remembered) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_KEYS {
            let now = Instant::now();
            remembered.retain(|_, known| now < known.until);
        }
        if remembered.len() < REMEMBERED_KEYS {
            remembered.insert(sha256, known);
        }
    }
}

fn is_valid(key: &ApiKey, now: Timestamp) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|at| now < at)
}

async fn authenticate(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    let caller = match auth.caller(request.headers(), request.uri()).await {
        Ok(caller) => caller,
        Err(problem) => {
            let mut response = problem.into_response();
            vary(response.headers_mut());
            return response;
        }
    };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    make_private(response.headers_mut());
    vary(response.headers_mut());
    response.extensions_mut().insert(caller);
    response
}

fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Authorization, X-API-Key"));
}

/// What was answered to one caller must not be given to another by a shared cache.
fn make_private(headers: &mut HeaderMap) {
    let given = headers.get_all(CACHE_CONTROL);
    let given: Vec<&str> = given.iter().filter_map(|value| value.to_str().ok()).collect();
    let given = given.join(",");
    let mut directives: Vec<&str> = given
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty() && !is_for_shared_caches(word))
        .collect();
    let is_closed = |word: &&str| word.eq_ignore_ascii_case("private") || word.eq_ignore_ascii_case("no-store");
    if !directives.iter().any(is_closed) {
        directives.insert(0, "private");
    }
    if let Ok(value) = HeaderValue::from_str(&directives.join(", ")) {
        headers.insert(CACHE_CONTROL, value);
    }
}

fn is_for_shared_caches(directive: &str) -> bool {
    let name = directive.split('=').next().unwrap_or_default().trim();
    ["public", "s-maxage", "proxy-revalidate"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_a_caller_are_private() {
        for (given, expected) in [
            (None, "private"),
            (Some("public, max-age=60, s-maxage=600"), "private, max-age=60"),
            (Some("no-store"), "no-store"),
            (Some("Private, max-age=5"), "Private, max-age=5"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(given) = given {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static(given));
            }
            make_private(&mut headers);
            assert_eq!(headers[CACHE_CONTROL], expected);
        }
    }
}
