//! Authentication: a credential of the right form is looked up, a key by its hash and a signed link by the key that it
//! names once the signature is found right. Unknown, malformed, revoked and expired keys get the same answer; whoever
//! has a key that works, or had a link that did, is told what is wrong.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use driftline_database::{ApiKey, Database, KeyKind};
use driftline_domain::KeyId;
use http::header::VARY;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use tokio::sync::{Mutex, OnceCell};

use crate::credential::{Found, find};
use crate::identity::{Identity, Person};
use crate::keys::random_32;
use crate::known_keys::{Known, KnownKeys, Name, REMEMBERED};
use crate::origin::{AllowedOrigins, Page};
use crate::share_links::KnownLinks;
use crate::shared_caches::{keep_within, make_private};
use crate::signature::{Signature, Signer, prefix_of_path};
use crate::{Caller, Carry, ClientAddress, Clock, Error, KeyText, Networks, Problem, Scope, Scopes};

/// The secret that signs map links, among an installation's secrets.
const LINK_SECRET: &str = "map links";

/// Checks credentials; clones share what they remember.
#[derive(Clone)]
pub struct Auth(Arc<Shared>);

struct Shared {
    database: Database,
    clock: Clock,
    known: KnownKeys,
    links: KnownLinks,
    signer: OnceCell<Arc<Signer>>,
    listed: Mutex<Option<(Instant, Arc<AllowedOrigins>)>>,
    identity: Option<Identity>,
}

impl Auth {
    /// Authentication against the keys of this database.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self::build(database, clock, None)
    }

    /// Authentication against the keys of this database and the access tokens of its people.
    pub fn with_people(database: Database, clock: Clock, identity: Identity) -> Self {
        Self::build(database, clock, Some(identity))
    }

    fn build(database: Database, clock: Clock, identity: Option<Identity>) -> Self {
        Self(Arc::new(Shared {
            database,
            clock,
            known: KnownKeys::default(),
            links: KnownLinks::default(),
            signer: OnceCell::new(),
            listed: Mutex::default(),
            identity,
        }))
    }

    /// Lets only authenticated requests through to the routes of this router; their handlers extract [`Caller`].
    /// The router must have a route already; paths that it does not know stay 404 without a credential. Answers to
    /// cross-origin preflights (OPTIONS) belong outside: see [`crate::Cors`].
    pub fn wrap<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), authenticate))
    }

    /// Who sent a request with this head, whose path is the one that routes see.
    pub async fn caller(&self, request: &Parts) -> Result<Caller, Problem> {
        let (caller, person) = self.authenticated(request).await?;
        caller.ok_or_else(|| match person {
            Some(_) => Problem::forbidden("this session works for no organisation"),
            None => Problem::unauthenticated(),
        })
    }

    /// Who sent a request: a caller for an organisation, a person, or both.
    async fn authenticated(&self, request: &Parts) -> Result<(Option<Caller>, Option<Person>), Problem> {
        let token = match find(request) {
            Found::Token(token) => token,
            found => return Ok((Some(self.caller_of(found, request).await?), None)),
        };
        let identity = self.0.identity.as_ref().ok_or_else(Problem::unauthenticated)?;
        let found = identity.person_of(&token).await?;
        let (person, caller) = found.ok_or_else(Problem::unauthenticated)?;
        Ok((caller, Some(person)))
    }

    async fn caller_of(&self, found: Found, request: &Parts) -> Result<Caller, Problem> {
        match found {
            Found::Nothing | Found::Malformed | Found::Token(_) => Err(Problem::unauthenticated()),
            Found::Several => Err(Problem::bad_request(
                "the request carries several credentials that differ; send one only",
            )),
            Found::MalformedSignature => Err(bad_signature()),
            Found::Signature(signature) => self.caller_of_link(&signature, request).await,
            Found::Key(key, carry) => self.caller_of_key(&key, carry, request).await,
            Found::Link(token, carry) => self.caller_of_share_link(&token, carry, request).await,
        }
    }

    async fn caller_of_key(&self, key: &KeyText, carry: Carry, request: &Parts) -> Result<Caller, Problem> {
        if key.kind() == KeyKind::Publishable {
            require_maps(request)?;
        }
        let known = self.known(Name::Sha256(key.sha256())).await?;
        let known = known.ok_or_else(Problem::unauthenticated)?;
        if known.key.kind == KeyKind::Publishable {
            require_origin(&known, request)?;
        }
        require_network(&known, request)?;
        Ok(Caller {
            org: known.key.org,
            org_name: known.org_name,
            key: known.key.id,
            kind: known.key.kind,
            scopes: Scopes::of_stored(&known.key.scopes),
            role: None,
            person: None,
            carry,
            limited_to: None,
            shares: None,
            link_ends: None,
        })
    }

    /// Whoever has a link for this path. Nothing is looked up before the signature is found right.
    async fn caller_of_link(&self, signature: &Signature, request: &Parts) -> Result<Caller, Problem> {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        let prefix = prefix_of_path(request.uri.path()).filter(|_| is_read);
        let prefix = prefix.ok_or_else(bad_signature)?;
        if !self.signer().await?.verify(prefix, signature) {
            return Err(bad_signature());
        }
        let ends = Timestamp::from_second(signature.exp_s).unwrap_or(Timestamp::MIN);
        if (self.0.clock)() >= ends {
            let detail = format!("this link expired at {ends}; ask for a new one");
            return Err(Problem::new(StatusCode::FORBIDDEN, "link_expired", detail));
        }
        let known = self.known(Name::Id(signature.kid)).await?.ok_or_else(|| {
            let detail = "this link works no more: the key that it was made with was revoked or has expired";
            Problem::new(StatusCode::FORBIDDEN, "link_withdrawn", detail)
        })?;
        Ok(Caller {
            org: known.key.org,
            org_name: known.org_name,
            key: known.key.id,
            kind: known.key.kind,
            scopes: Scopes::from_iter([Scope::FeaturesRead]),
            role: None,
            person: None,
            carry: signature.carry(),
            limited_to: Some(prefix.into()),
            shares: None,
            link_ends: Some(ends),
        })
    }

    /// The key of this name if it works now.
    pub(crate) async fn known(&self, name: Name) -> Result<Option<Known>, Problem> {
        let known = match self.0.known.recall(&name) {
            Some(known) => Some(known),
            None => self.look_up(name).await?,
        };
        let now = (self.0.clock)();
        Ok(known.filter(|known| is_valid(&known.key, now)))
    }

    async fn look_up(&self, name: Name) -> Result<Option<Known>, Problem> {
        // The time runs from before the look-up: a key revoked during it is not believed longer than promised.
        let until = Instant::now() + REMEMBERED;
        let database = &self.0.database;
        let key = match name {
            Name::Sha256(sha256) => database.key_by_sha256(&sha256).await?,
            Name::Id(id) => database.key(id).await?,
        };
        let now = (self.0.clock)();
        let Some(key) = key.filter(|key| is_valid(key, now)) else {
            return Ok(None);
        };
        let org = database.organisation(key.org).await?;
        let Some(org) = org.filter(|org| org.deleted_at.is_none()) else {
            return Ok(None);
        };
        self.note_use(&key, now);
        let known = Known {
            origins: Arc::new(AllowedOrigins::of_stored(&key.origins)),
            networks: Arc::new(Networks::of_stored(&key.networks)),
            key: Arc::new(key),
            org_name: org.name.into(),
            until,
        };
        self.0.known.remember(name, known.clone());
        Ok(Some(known))
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

    /// Signs and verifies links with the installation's secret, which is made when it is needed first.
    async fn signer(&self) -> Result<Arc<Signer>, Problem> {
        let made = self.0.signer.get_or_try_init(|| async {
            let now = (self.0.clock)();
            let secret = self.0.database.signing_secret(LINK_SECRET, random_32()?, now).await?;
            Ok(Arc::new(Signer::new(&secret)))
        });
        made.await.cloned().map_err(|error: Error| match error {
            Error::Database(error) => error.into(),
            error => Problem::unavailable(&error),
        })
    }

    /// A signature for everything below a prefix until a second, by this key.
    pub(crate) async fn sign(&self, prefix: &str, exp_s: i64, key: KeyId) -> Result<Signature, Problem> {
        Ok(self.signer().await?.sign(prefix, exp_s, key))
    }

    /// When this key stops working by itself.
    pub(crate) async fn key_ends(&self, key: KeyId) -> Result<Option<Timestamp>, Problem> {
        let known = self.known(Name::Id(key)).await?;
        Ok(known.and_then(|known| known.key.expires_at))
    }

    /// Every origin that a publishable key is bound to, whosesoever it is. Asked before a page may say its key.
    pub(crate) async fn listed_origins(&self) -> Result<Arc<AllowedOrigins>, Problem> {
        let mut listed = self.0.listed.lock().await;
        if let Some((until, origins)) = &*listed
            && Instant::now() < *until
        {
            return Ok(Arc::clone(origins));
        }
        let until = Instant::now() + REMEMBERED;
        let texts = self.0.database.publishable_origins((self.0.clock)()).await?;
        let origins = Arc::new(AllowedOrigins::of_stored(&texts));
        *listed = Some((until, Arc::clone(&origins)));
        Ok(origins)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn links(&self) -> &KnownLinks {
        &self.0.links
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

pub(crate) fn is_valid(key: &ApiKey, now: Timestamp) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|at| now < at)
}

/// A publishable key, which stands in pages, reads maps and features: nothing under `/v1`, and no figures of the installation.
fn require_maps(request: &Parts) -> Result<(), Problem> {
    let path = request.uri.path();
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    if is_read && path != "/v1" && !path.starts_with("/v1/") && path != "/metrics" {
        return Ok(());
    }
    let detail = "this needs a secret key (dls_…); a publishable key (dlp_…) reads maps and features only";
    Err(Problem::new(StatusCode::FORBIDDEN, "secret_key_needed", detail))
}

fn require_origin(known: &Known, request: &Parts) -> Result<(), Problem> {
    let page = Page::of_request(&request.headers);
    if known.origins.allows(&page) {
        return Ok(());
    }
    let (id, origins) = (known.key.id, known.origins.names().join(", "));
    let why = match page {
        Page::Of(origin) => format!("this request comes from {origin}"),
        Page::Opaque(text) => format!(
            "this request comes from '{}', which is no web origin",
            text.chars().filter(|c| !c.is_control()).collect::<String>()
        ),
        Page::Unnamed => "this request names no page, neither as Origin nor as Referer; programs such as QGIS need a \
                          secret key or a signed link, and pages a Referrer-Policy that tells the origin"
            .to_owned(),
    };
    let detail = format!("the publishable key {id} works in pages from {origins} only; {why}");
    Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail))
}

/// A key that is bound to networks works from nowhere else, and not where it cannot be said from where a request comes.
fn require_network(known: &Known, request: &Parts) -> Result<(), Problem> {
    // A list of which nothing can be read, from a newer program, is no open door.
    if known.key.networks.is_empty() {
        return Ok(());
    }
    let address = request.extensions.get::<ClientAddress>().map(|address| address.ip);
    if address.is_some_and(|ip| known.networks.contain(ip)) {
        return Ok(());
    }
    let from = address.map_or("an unknown address".to_owned(), |ip| ip.to_string());
    let (id, networks) = (known.key.id, known.networks.names().join(", "));
    let detail = format!("the key {id} works from {networks} only; this request comes from {from}");
    Err(Problem::new(StatusCode::FORBIDDEN, "address_not_allowed", detail))
}

/// The same words whatever is wrong with it. No challenge goes with them: a browser would ask for a password.
fn bad_signature() -> Problem {
    let detail = "the signature (exp, kid and sig) is not one for this address; a signed link is for reading below one \
                  mission's map data only and must be used unchanged";
    Problem::new(StatusCode::FORBIDDEN, "signature_invalid", detail)
}

async fn authenticate(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (caller, person) = match auth.authenticated(&parts).await {
        Ok(found) => found,
        Err(problem) => {
            let mut response = problem.into_response();
            vary(response.headers_mut());
            return response;
        }
    };
    let mut request = Request::from_parts(parts, body);
    if let Some(person) = person {
        request.extensions_mut().insert(person);
    }
    if let Some(caller) = &caller {
        request.extensions_mut().insert(caller.clone());
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    match caller.as_ref().and_then(|caller| caller.link_ends) {
        Some(ends) => keep_within(headers, ends.as_second() - (auth.0.clock)().as_second()),
        None => make_private(headers),
    }
    vary(headers);
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}

fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Authorization, X-API-Key"));
}
