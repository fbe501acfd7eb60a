//! People: accounts with passwords, second factors and passkeys, login sessions and their tokens, organisations with roles
//! and invitations, and the record of who did what (platform.md, section 2).

mod address;
mod backoff;
mod hasher;
mod jwt;
mod matrix;
mod password;
mod second_factor;
mod secret_text;
mod vault;

pub use jwt::TokenAlgorithm;
pub use matrix::{Grant, Resource, Verb, grant, permits, scope_for};
pub use password::HashCost;
pub use vault::MasterKey;
