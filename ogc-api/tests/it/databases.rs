//! Databases for these tests, on either engine: what all crates' tests share, below a name of its own.

pub(crate) use database::{Home, again_on_a_server, fresh};

#[path = "../../../tests/services/database.rs"]
mod database;
#[path = "../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../tests/services/service.rs"]
mod service;
