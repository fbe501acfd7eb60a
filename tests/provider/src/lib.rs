//! Test equipment: a server that stands for the providers of forcing. It serves their documented layouts from real
//! fields at any date, counts what is asked of it, and makes faults to order (README.md beside this file).

mod answer;
mod build;
mod catalogue;
mod content;
mod control;
mod error;
mod faults;
mod fields;
mod filter;
mod grib;
mod index;
mod layout;
mod listing;
mod netcdf;
mod route;
mod server;
mod sheet;
mod state;
mod wire;

pub use catalogue::Catalogue;
pub use content::Feed;
pub use error::Error;
pub use faults::{Fault, Rule};
pub use fields::hour_of;
pub use server::{FaultsHandle, Provider};
pub use state::Request;
