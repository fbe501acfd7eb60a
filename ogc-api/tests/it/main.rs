//! The router in process, on a real database in a temporary folder, with real keys and real authentication.

#[cfg(test)]
mod caching;
#[cfg(test)]
mod content;
#[cfg(test)]
mod events;
#[cfg(test)]
mod features;
#[cfg(test)]
mod links;
#[cfg(test)]
mod missions;
#[cfg(test)]
mod nonsense;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod positions;
#[cfg(test)]
mod service;
#[cfg(test)]
mod tenants;
