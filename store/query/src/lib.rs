//! Filters and orders over columns of features: CQL2 (OGC 21-065r2) as text and as JSON becomes expressions of DataFusion.
