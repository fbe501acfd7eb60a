//! The router in process, on a real database in a temporary folder, with real keys and real authentication.

mod content;
mod features;
mod links;
mod missions;
mod paging;
mod service;
mod tenants;
