//! Why the fixture server cannot do its work.

/// Why something could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The fields built into the program do not fit together.
    #[error("the built-in fields cannot be used: {0}; make them again with make_fields.py")]
    Fields(&'static str),
    /// fields.json is not what it was.
    #[error("fields.json cannot be read: {0}")]
    About(serde_json::Error),
    /// A GRIB message is not built as expected.
    #[error("a GRIB message lacks section {0}")]
    Section(u8),
    /// NetCDF could not be written.
    #[cfg(feature = "netcdf4")]
    #[error("NetCDF cannot be written: {0}")]
    NetCdf(#[from] netcdf::Error),
    /// A file or socket failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The server's thread ended before it listened.
    #[error("the server ended before it listened")]
    Ended,
}
