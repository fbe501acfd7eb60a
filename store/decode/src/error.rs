//! Why a file, or one vector field of it, is not forcing. Each message names the variable and the offending value.

use std::path::PathBuf;

/// Why a file cannot be read as forcing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read at all.
    #[error("cannot read '{path}': {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The file has no byte.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to something else.
    #[error("this is neither a NetCDF nor a GRIB file: {0}")]
    NotNetCdf(String),
    /// The file is shorter than it says of itself: a broken or unfinished transfer.
    #[error("the file is cut off: it states {stated} bytes and has {found}")]
    Truncated {
        /// Bytes that the file's own header asks for.
        stated: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A GRIB message that goes on beyond the end of the file: a broken or unfinished transfer.
    #[error(
        "GRIB message {message} at byte {offset} is cut off: it states {stated} bytes and the file has {found} from there on"
    )]
    CutOff {
        /// The message, counted from 1.
        message: usize,
        /// Its first byte in the file.
        offset: u64,
        /// Bytes that it states.
        stated: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A GRIB message that is broken, or uses what is not read.
    #[error("GRIB message {message} at byte {offset} cannot be used: {reason}")]
    Grib {
        /// The message, counted from 1.
        message: usize,
        /// Its first byte in the file.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// The NetCDF library cannot make sense of the bytes.
    #[error("{part} cannot be read, the file is damaged, cut off or uses an unknown feature: {source}")]
    Unreadable {
        /// The part that was being read.
        part: String,
        /// What the library says.
        #[source]
        source: Box<netcdf_reader::Error>,
    },
    /// A size beyond anything a forcing file has.
    #[error("{what} is {size}, more than the {limit} that are read")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// No vector field that drives drift was recognised.
    #[error("the file holds no current, no 10 m wind and no waves; it holds {holds}")]
    NoForcing {
        /// Variables with long name and units.
        holds: String,
    },
    /// A component has no counterpart, or one of another shape.
    #[error("'{variable}' has no matching second component: {reason}")]
    Pair {
        /// The component.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// A part of the current, which moves nothing by itself.
    #[error("'{variable}' is {part} alone, which is a part of the current and not the whole; it is passed over")]
    Part {
        /// The first variable of that part.
        variable: String,
        /// Which part it is.
        part: &'static str,
    },
    /// Heights and directions of waves that do not make one field of the whole sea.
    #[error("'{variable}' is no use as waves: {reason}")]
    Waves {
        /// The height or direction.
        variable: String,
        /// What is wrong or lacks.
        reason: String,
    },
    /// Units of another quantity.
    #[error("'{variable}' has the units '{units}', which are no known unit of {quantity}")]
    Units {
        /// The component.
        variable: String,
        /// Its units attribute; empty where there is none.
        units: String,
        /// What it should be: speed, length or angle.
        quantity: &'static str,
    },
    /// Packing attributes that cannot be applied.
    #[error("the packing of '{variable}' is broken: {reason}")]
    Packing {
        /// The component.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// A dimension that cannot be handled.
    #[error("'{variable}' has a dimension that is not read: {reason}")]
    Dimension {
        /// The component.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// A vertical level that is not the wanted one.
    #[error("'{variable}' is not at a usable level: {reason}")]
    Level {
        /// The component.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// A coordinate axis without even spacing, or out of range.
    #[error("the axis '{axis}' cannot be used: {reason}")]
    Axis {
        /// The coordinate variable.
        axis: String,
        /// What is wrong.
        reason: String,
    },
    /// A grid without straight axes whose positions do not say where its nodes are.
    #[error("'{variable}' lies on a curvilinear grid that cannot be used: {reason}")]
    Curvilinear {
        /// The component.
        variable: String,
        /// What the file holds.
        reason: String,
    },
    /// A map projection that is unknown, incomplete or contradicted by the file's own positions.
    #[error("the projection of '{variable}' cannot be used: {reason}")]
    Projection {
        /// The component or grid mapping variable.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// Times that cannot be told or are out of order.
    #[error("the times in '{variable}' cannot be used: {reason}")]
    Time {
        /// The time coordinate.
        variable: String,
        /// What is wrong.
        reason: String,
    },
    /// Positions over time in no layout that is known.
    #[error("the file holds no tracks that can be read: {0}")]
    Tracks(String),
    /// A value that nothing on Earth has: an undeclared missing value or a broken file.
    #[error("'{variable}' holds {value} {units} at {time}, which is beyond any real value")]
    Implausible {
        /// The component.
        variable: String,
        /// The value.
        value: f64,
        /// Its unit: m/s, m or degrees.
        units: &'static str,
        /// The valid time of the step.
        time: driftline_domain::ValidTime,
    },
    /// A series or step that the file does not have.
    #[error("there is no step {step} of series {series}")]
    NoSuchStep {
        /// Index into the file's series.
        series: usize,
        /// Index into the series' times.
        step: usize,
    },
}
