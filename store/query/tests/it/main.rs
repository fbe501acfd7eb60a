//! Filters and orders over tables that are small enough to be read.

mod ats;
mod bounds;
mod encodings;
mod hostile;
mod logic;
mod order;
mod random;
mod spatial;
mod table;
mod temporal;
