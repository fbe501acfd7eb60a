//! Integration tests of the database.
