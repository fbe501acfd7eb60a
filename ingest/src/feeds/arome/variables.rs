//! What is taken is the same of both models (`harmonie`); the grid's size is this one's.

/// Nodes of the grid.
pub(super) const NODES: u64 = 949 * 739;
