//! Links by which one mission is shown to somebody without an account: a token (`dll_…`) in the place of a key, which reads
//! that mission, its results, maps and page, and nothing else, until it expires or is revoked. What is read is charged to the
//! key that made the link. Unlike a signed link ([`crate::MapLinks`]) it is a row, so that it can be listed and taken back.

mod access;
mod known;
mod routes;
mod token;

pub(crate) use known::KnownLinks;
pub(crate) use routes::{LINK_PATH, LINKS_PATH, list, make, revoke};
pub(crate) use token::LinkText;
