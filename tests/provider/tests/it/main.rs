//! The fixture itself: what it serves fits together, and each fault does what it says.

#[cfg(test)]
mod client;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod served;
