//! Billing: on both engines, against a Stripe that fails and forgets, and against stripe-mock.

/// Makes of each function that takes a [`Place`] two tests: one in an embedded file, one on a server.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod in_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name(crate::billing::in_file().await)).await;
            })*
        }
        mod on_server {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name(crate::billing::on_server().await)).await;
            })*
        }
    };
}

mod fake;
mod invoices;
mod plans_at_stripe;
mod restored;
mod routes;
mod shape;
mod totals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use driftline_auth_billing::{
    Clock, MasterKey, Party, Scopes, Seller, Stripe, StripeSettings, StripeSync, account_sealing, create_key,
};
use driftline_database::{Database, MISSION_METER, MeterPrice, PlanTerms, PostgresSettings, UsageRecord, Watermark};
use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;

/// A database of its own with a clock that the test owns.
pub(super) struct Place {
    pub(super) database: Database,
    pub(super) now_s: Arc<AtomicI64>,
    seq: AtomicI64,
    /// How the engine is reached past the product.
    url: String,
    _home: Box<dyn std::any::Any + Send + Sync>,
}

pub(super) async fn in_file() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("driftline.sqlite");
    let database = Database::open(&file).await.unwrap();
    place(database, format!("sqlite://{}", file.display()), Box::new(folder))
}

pub(super) async fn on_server() -> Place {
    let home = crate::postgres::FreshDatabase::create();
    let settings = PostgresSettings {
        url: home.url().to_owned(),
        connections: 12,
        prepared: true,
    };
    let url = settings.url.clone();
    place(Database::connect(&settings).await.unwrap(), url, Box::new(home))
}

fn place(database: Database, url: String, home: Box<dyn std::any::Any + Send + Sync>) -> Place {
    let master_key = MasterKey::generate().unwrap();
    Place {
        database: database.with_sealing(account_sealing(&master_key)),
        now_s: Arc::new(AtomicI64::new(time("2026-01-05T00:00:00Z").as_second())),
        seq: AtomicI64::new(0),
        url,
        _home: home,
    }
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 10.00 EUR a month; 100 tiles included and 0.03 EUR for each 10 more; features at 0.01 EUR; missions at 0.02 EUR for 1,000.
pub(super) fn terms() -> PlanTerms {
    let price = |included, minor, per| MeterPrice { included, minor, per };
    PlanTerms {
        title: "Coastguard plan".to_owned(),
        currency: "EUR".to_owned(),
        monthly_minor: 1_000,
        prepaid: false,
        meters: BTreeMap::from([
            ("tile".to_owned(), price(100, 3, 10)),
            ("features".to_owned(), price(0, 1, 1)),
            (MISSION_METER.to_owned(), price(0, 2, 1_000)),
        ]),
        stripe_prices: vec!["price_month".to_owned(), "price_tiles".to_owned()],
    }
}

pub(super) fn seller() -> Seller {
    Seller {
        party: Party {
            name: "Driftline AS".to_owned(),
            address: vec!["Kaia 1".to_owned(), "5003 Bergen".to_owned()],
            country: "NO".to_owned(),
            vat_id: "NO123456785MVA".to_owned(),
        },
        tax_rate_bp: 2_500,
        number_prefix: "DL-".to_owned(),
    }
}

impl Place {
    /// Runs a statement that the product never makes.
    pub(super) async fn sql(&self, text: &'static str) {
        if self.url.starts_with("sqlite:") {
            let pool = sqlx::SqlitePool::connect(&self.url).await.unwrap();
            sqlx::raw_sql(text).execute(&pool).await.unwrap();
            pool.close().await;
        } else {
            let pool = sqlx::PgPool::connect(&self.url).await.unwrap();
            sqlx::raw_sql(text).execute(&pool).await.unwrap();
            pool.close().await;
        }
    }

    /// The one text that a statement of no product finds.
    pub(super) async fn text(&self, text: &'static str) -> String {
        if self.url.starts_with("sqlite:") {
            let pool = sqlx::SqlitePool::connect(&self.url).await.unwrap();
            let found = sqlx::query_scalar(text).fetch_one(&pool).await.unwrap();
            pool.close().await;
            found
        } else {
            let pool = sqlx::PgPool::connect(&self.url).await.unwrap();
            let found = sqlx::query_scalar(text).fetch_one(&pool).await.unwrap();
            pool.close().await;
            found
        }
    }

    /// Another installation, with what this one's database holds and by the same clock.
    pub(super) async fn copied(&self) -> Self {
        let copy = in_file().await;
        self.database.copy_into(&copy.database).await.unwrap();
        Self {
            now_s: Arc::clone(&self.now_s),
            seq: AtomicI64::new(1_000),
            ..copy
        }
    }

    pub(super) fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now_s);
        Arc::new(move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap())
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock())()
    }

    pub(super) fn set(&self, now: &str) {
        self.now_s.store(time(now).as_second(), Ordering::SeqCst);
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    /// An organisation with a key of every scope and, where one is named, a plan.
    pub(super) async fn organisation(&self, name: &str, plan: Option<&str>) -> (OrgId, KeyId, String) {
        let org = self.database.create_organisation(name, self.now()).await.unwrap().id;
        let (key, row) = create_key(&self.database, org, "desk", &Scopes::all(), None, self.now())
            .await
            .unwrap();
        if let Some(plan) = plan {
            self.database.assign_plan(org, Some(plan), self.now()).await.unwrap();
        }
        (org, row.id, key.expose().to_owned())
    }

    /// Enters usage into the ledger.
    pub(super) async fn used(&self, (org, key): (OrgId, KeyId), meter: &str, units: i64, at: Timestamp) {
        let record = UsageRecord {
            node: "node-1".to_owned(),
            epoch: 1,
            seq: self.seq.fetch_add(1, Ordering::SeqCst),
            org,
            key,
            meter: meter.to_owned(),
            units,
            at,
            request: None,
            mission: None,
        };
        let mark = Watermark {
            node: "node-1".to_owned(),
            segment: 1,
            offset: record.seq + 1,
        };
        let entered = at;
        self.database.apply_usage(&[record], &mark, entered).await.unwrap();
    }

    /// Traffic with a Stripe at this address.
    pub(super) fn sync(&self, base: &str) -> StripeSync {
        let settings = StripeSettings {
            api_key: "sk_test_123".to_owned(),
            base: base.to_owned(),
        };
        StripeSync::new(self.database.clone(), Stripe::new(&settings).unwrap(), self.clock())
    }
}
