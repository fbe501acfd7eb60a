//! A Stripe that remembers: customers, subscriptions, meters and the sums of their events; and that fails as networks and
//! services do. It takes an identifier once within 24 h and forgets it then, shows events in its summaries some time later, wants
//! one call at a time of a customer and meter, and can lose a request before or an answer after its work is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DAY_S: i64 = 86_400;
/// Events are in the summaries after so long.
const SHOWN_AFTER_S: i64 = 600;

pub(super) struct Fake {
    pub(super) base: String,
    state: Arc<Mutex<State>>,
}

/// An event that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) identifier: String,
    pub(super) customer: String,
    pub(super) event_name: String,
    pub(super) value: i64,
    pub(super) at_s: i64,
    received_s: i64,
}

#[derive(Default)]
struct State {
    now_s: Arc<AtomicI64>,
    chance: u64,
    /// Failures in a thousand.
    failing: u64,
    /// What every event meets, where chance does not decide.
    always: Option<Fate>,
    customers: BTreeMap<String, Value>,
    subscriptions: BTreeMap<String, Value>,
    meters: Vec<Value>,
    taken: Vec<Taken>,
    under_way: BTreeSet<(String, String)>,
    keys: BTreeMap<String, String>,
    wrong: Vec<String>,
    failures: BTreeMap<&'static str, u64>,
}

/// What the network does with a request.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Fine,
    TooMany,
    FaultBefore,
    FaultAfter,
    LostBefore,
    LostAfter,
}

struct Asked {
    method: String,
    path: String,
    fields: BTreeMap<String, String>,
    body: String,
    key: Option<String>,
    authorized: bool,
}

impl Fake {
    pub(super) async fn start(now_s: Arc<AtomicI64>, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            now_s,
            chance: seed,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&shared)));
            }
        });
        Self { base, state }
    }

    pub(super) fn fail(&self, in_a_thousand: u64) {
        self.state.lock().unwrap().failing = in_a_thousand;
    }

    /// Every event meets this from now on; `None`: chance decides again.
    pub(super) fn always(&self, fate: Option<Fate>) {
        self.state.lock().unwrap().always = fate;
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Units by customer and name of the events.
    pub(super) fn totals(&self) -> BTreeMap<(String, String), i64> {
        let mut totals = BTreeMap::new();
        for taken in self.taken() {
            *totals.entry((taken.customer, taken.event_name)).or_insert(0) += taken.value;
        }
        totals
    }

    pub(super) fn customers(&self) -> Vec<Value> {
        self.state.lock().unwrap().customers.values().cloned().collect()
    }

    pub(super) fn subscriptions(&self) -> Vec<Value> {
        self.state.lock().unwrap().subscriptions.values().cloned().collect()
    }

    /// Units that stand on invoices, or will when the current month of a subscription ends, by customer and name of the events:
    /// of each subscription and month what is stamped in it and came until an hour after its end, when its invoice is final; of
    /// the month in which it was ended only where an invoice was asked for then.
    pub(super) fn billed(&self) -> BTreeMap<(String, String), i64> {
        let state = self.state.lock().unwrap();
        let mut billed = BTreeMap::new();
        for one in state.subscriptions.values() {
            for (from, until, is_final) in months(one, state.now()) {
                for taken in state
                    .taken
                    .iter()
                    .filter(|taken| one["customer"] == taken.customer.as_str())
                {
                    let comes_in_time = !is_final || taken.received_s <= until + 3_600;
                    if (from..until).contains(&taken.at_s) && comes_in_time {
                        let of = (taken.customer.clone(), taken.event_name.clone());
                        *billed.entry(of).or_insert(0) += taken.value;
                    }
                }
            }
        }
        billed
    }

    /// Monthly prices that were charged in advance, less what was given back, as parts of a month.
    pub(super) fn months_paid(&self) -> f64 {
        let state = self.state.lock().unwrap();
        let mut paid = 0.0;
        for one in state.subscriptions.values() {
            let start = one["start_date"].as_i64().unwrap();
            let ended = one["canceled_at"].as_i64();
            let mut from = start;
            while from <= ended.unwrap_or(state.now()) {
                let until = next_month(from);
                let month = (until - month_of(from)) as f64;
                paid += (until - from) as f64 / month;
                if let Some(ended) = ended.filter(|ended| *ended < until && one["prorate"] == "true") {
                    paid -= (until - ended) as f64 / month;
                }
                from = until;
            }
        }
        paid
    }

    /// Rules of Stripe's that a request broke.
    pub(super) fn wrong(&self) -> Vec<String> {
        self.state.lock().unwrap().wrong.clone()
    }

    /// How often each failure happened.
    pub(super) fn failures(&self) -> BTreeMap<&'static str, u64> {
        self.state.lock().unwrap().failures.clone()
    }
}

fn first_of_month(at_s: i64, months: i64) -> i64 {
    let day = jiff::Timestamp::from_second(at_s)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .first_of_month();
    let day = day.checked_add(jiff::Span::new().months(months)).unwrap();
    day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second()
}

fn month_of(at_s: i64) -> i64 {
    first_of_month(at_s, 0)
}

fn next_month(at_s: i64) -> i64 {
    first_of_month(at_s, 1)
}

/// The months of a subscription that are billed, or will be: from, until, and whether its invoice is made an hour after.
fn months(one: &Value, now_s: i64) -> Vec<(i64, i64, bool)> {
    let ended = one["canceled_at"].as_i64();
    let (mut from, mut months) = (one["start_date"].as_i64().unwrap(), Vec::new());
    while from <= ended.unwrap_or(now_s) {
        let until = next_month(from);
        match ended.filter(|ended| *ended < until) {
            Some(ended) if one["invoice_now"] == "true" => months.push((from, ended + 1, true)),
            Some(_) => {}
            None => months.push((from, until, true)),
        }
        from = until;
    }
    months
}

/// One request a connection: what is lost is a connection that ends.
async fn serve(mut connection: TcpStream, state: Arc<Mutex<State>>) {
    let Some(asked) = read(&mut connection).await else {
        return;
    };
    let fate = if asked.path == "/v1/billing/meter_events" {
        state.lock().unwrap().fate()
    } else {
        Fate::Fine
    };
    let (status, answer) = match fate {
        Fate::LostBefore => return,
        Fate::TooMany => (429, refusal("rate_limit", "Too many requests")),
        Fate::FaultBefore => (500, refusal("api_error", "An unknown error occurred")),
        Fate::Fine | Fate::FaultAfter | Fate::LostAfter => work(&asked, &state).await,
    };
    let (status, answer) = match fate {
        Fate::LostAfter => return,
        Fate::FaultAfter => (500, refusal("api_error", "An unknown error occurred")),
        _ => (status, answer),
    };
    let retry = if status == 429 { "retry-after: 7\r\n" } else { "" };
    let body = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{retry}\r\n",
        body.len()
    );
    // Whoever has gone away misses it.
    let _ = connection.write_all((head + &body).as_bytes()).await;
}

async fn read(connection: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let mut more = [0; 4096];
        match connection.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&more[..count]),
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        let mut more = [0; 4096];
        match connection.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&more[..count]),
        }
    }
    let body = String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap();
    let mut first = head.lines().next().unwrap().split(' ');
    let (method, at) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let (path, query) = at.split_once('?').unwrap_or((&at, ""));
    let fields = url::form_urlencoded::parse(format!("{query}&{body}").as_bytes())
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    Some(Asked {
        method,
        path: path.to_owned(),
        fields,
        key: header("idempotency-key"),
        authorized: header("authorization").as_deref() == Some("Bearer sk_test_123"),
        body,
    })
}

fn refusal(code: &str, message: &str) -> Value {
    json!({"error": {"type": "x", "code": code, "message": message}})
}

async fn work(asked: &Asked, state: &Mutex<State>) -> (u16, Value) {
    let under_way = {
        let mut state = state.lock().unwrap();
        if !asked.authorized {
            return (401, refusal("", "Invalid API Key provided"));
        }
        state.check_key(asked);
        if asked.path != "/v1/billing/meter_events" {
            return state.answer(asked);
        }
        let field = |name: &str| asked.fields[name].clone();
        let under_way = (field("payload[stripe_customer_id]"), field("event_name"));
        if !state.under_way.insert(under_way.clone()) {
            state.wrong.push(format!("two calls at once of {under_way:?}"));
            return (429, refusal("lock_timeout", "one at a time"));
        }
        under_way
    };
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut state = state.lock().unwrap();
    state.under_way.remove(&under_way);
    state.take(asked, under_way)
}

impl State {
    fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn now(&self) -> i64 {
        self.now_s.load(Ordering::SeqCst)
    }

    fn fate(&mut self) -> Fate {
        if let Some(fate) = self.always {
            return fate;
        }
        if self.below(1000) >= self.failing {
            return Fate::Fine;
        }
        let (fate, name) = match self.below(5) {
            0 => (Fate::TooMany, "too many"),
            1 => (Fate::FaultBefore, "fault before"),
            2 => (Fate::FaultAfter, "fault after"),
            3 => (Fate::LostBefore, "request lost"),
            _ => (Fate::LostAfter, "answer lost"),
        };
        *self.failures.entry(name).or_insert(0) += 1;
        fate
    }

    /// One key, one request.
    fn check_key(&mut self, asked: &Asked) {
        if asked.method == "GET" {
            return;
        }
        let Some(key) = &asked.key else {
            self.wrong.push(format!("no idempotency key: {}", asked.path));
            return;
        };
        let request = format!("{} {} {}", asked.method, asked.path, asked.body);
        let first = self.keys.entry(key.clone()).or_insert_with(|| request.clone());
        if *first != request {
            let wrong = format!("the key {key} came with {first} and then with {request}");
            self.wrong.push(wrong);
        }
    }

    fn take(&mut self, asked: &Asked, (customer, event_name): (String, String)) -> (u16, Value) {
        let now_s = self.now();
        let field = |name: &str| asked.fields[name].clone();
        let identifier = field("identifier");
        if identifier.len() > 100 {
            return (400, refusal("", "identifier is too long"));
        }
        let at_s: i64 = field("timestamp").parse().unwrap();
        if at_s < now_s - 35 * DAY_S || at_s > now_s + 300 {
            return (400, refusal("timestamp_too_far_in_past", "timestamp out of range"));
        }
        let value: i64 = field("payload[value]").parse().unwrap();
        if !self.customers.contains_key(&customer) {
            return (400, refusal("", "no such customer"));
        }
        let is_remembered = |taken: &&Taken| taken.identifier == identifier && now_s - taken.received_s < DAY_S;
        if self.taken.iter().find(is_remembered).is_some() {
            let message = format!("An event already exists with identifier {identifier}.");
            return (
                400,
                json!({"error": {"type": "invalid_request_error", "message": message}}),
            );
        }
        self.taken.push(Taken {
            identifier,
            customer,
            event_name,
            value,
            at_s,
            received_s: now_s,
        });
        (200, json!({"object": "billing.meter_event"}))
    }

    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let field = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/v1/customers/search") => {
                let wanted = field("query");
                let org = wanted.split('\'').nth(3).unwrap();
                let found = self
                    .customers
                    .values()
                    .filter(|one| one["metadata"]["driftline_org"] == org);
                (200, json!({"data": found.collect::<Vec<_>>()}))
            }
            ("POST", "/v1/customers") => {
                let id = format!("cus_{}", self.customers.len());
                let made = json!({"id": id, "name": field("name"),
                    "metadata": {"driftline_org": field("metadata[driftline_org]")}});
                self.customers.insert(id, made.clone());
                (200, made)
            }
            ("GET", "/v1/subscriptions") => {
                let of = field("customer");
                let found = self.subscriptions.values().filter(|one| one["customer"] == of.as_str());
                (200, json!({"data": found.collect::<Vec<_>>()}))
            }
            ("POST", "/v1/subscriptions") => {
                let id = format!("si_{}", self.subscriptions.len());
                let now_s = self.now();
                if field("billing_cycle_anchor") != next_month(now_s).to_string() {
                    self.wrong
                        .push(format!("months begin at {}", field("billing_cycle_anchor")));
                }
                let made = json!({"id": id, "customer": field("customer"), "status": "active", "start_date": now_s,
                    "prices": [field("items[0][price]"), field("items[1][price]")],
                    "metadata": {"driftline_subscription": field("metadata[driftline_subscription]")}});
                self.subscriptions.insert(id, made.clone());
                (200, made)
            }
            ("DELETE", path) if path.starts_with("/v1/subscriptions/") => {
                let now_s = self.now();
                match self.subscriptions.get_mut(path.rsplit('/').next().unwrap()) {
                    Some(one) => {
                        one["status"] = json!("canceled");
                        one["canceled_at"] = json!(now_s);
                        (one["invoice_now"], one["prorate"]) = (json!(field("invoice_now")), json!(field("prorate")));
                        (200, one.clone())
                    }
                    None => (404, refusal("resource_missing", "No such subscription")),
                }
            }
            ("GET", "/v1/billing/meters") => (200, json!({"data": self.meters, "has_more": false})),
            ("POST", "/v1/billing/meters") => {
                let made = json!({"id": format!("mtr_{}", self.meters.len()), "event_name": field("event_name")});
                self.meters.push(made.clone());
                (200, made)
            }
            ("GET", path) if path.ends_with("/event_summaries") => self.summaries(path, asked),
            ("POST", path) if path.starts_with("/v1/customers/") => {
                let one = self.customers.get_mut(path.rsplit('/').next().unwrap()).unwrap();
                one["default_payment_method"] = json!(field("invoice_settings[default_payment_method]"));
                (200, one.clone())
            }
            ("POST", "/v1/checkout/sessions") => (
                200,
                json!({"id": "cs_1", "url": format!("https://pay.test/{}", field("customer"))}),
            ),
            _ => (404, refusal("", "unrecognized request")),
        }
    }

    fn summaries(&self, path: &str, asked: &Asked) -> (u16, Value) {
        let number = |name: &str| asked.fields[name].parse::<i64>().unwrap();
        let (from, until) = (number("start_time"), number("end_time"));
        let id = path.split('/').nth(4).unwrap();
        let meter = self.meters.iter().find(|meter| meter["id"] == id).unwrap();
        let sum: i64 = self
            .taken
            .iter()
            .filter(|one| one.customer == asked.fields["customer"] && meter["event_name"] == one.event_name.as_str())
            .filter(|one| (from..until).contains(&one.at_s) && self.now() - one.received_s >= SHOWN_AFTER_S)
            .map(|one| one.value)
            .sum();
        (
            200,
            json!({"data": [{"aggregated_value": sum as f64}], "has_more": false}),
        )
    }
}
