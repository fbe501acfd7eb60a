//! What a served file holds, before anybody asks for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A feed that the fixture serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feed {
    /// NOAA GFS 0.25 degree; 10 m wind and other messages around it, complex packing.
    Gfs,
    /// NOAA GFS-wave global 0.25 degree; JPEG 2000 with bitmap.
    GfsWave,
    /// ECMWF IFS open data; CCSDS.
    Ecmwf,
    /// CMEMS hourly merged surface currents (SMOC).
    CmemsCurrents,
    /// CMEMS daily mean currents with depth.
    CmemsDaily,
    /// CMEMS waves with Stokes drift.
    CmemsWaves,
    /// NorKyst v3, 800 m.
    Norkyst,
    /// MEPS 2.5 km wind, a file for each lead time.
    Meps,
    /// AROME in one file for each cycle: AROME-Arctic, and MEPS before it was split.
    Arome,
}

impl Feed {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Gfs,
        Self::GfsWave,
        Self::Ecmwf,
        Self::CmemsCurrents,
        Self::CmemsDaily,
        Self::CmemsWaves,
        Self::Norkyst,
        Self::Meps,
        Self::Arome,
    ];
}

/// Data, or what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    /// GRIB2 or NetCDF.
    Data,
    /// `.idx` or `.index`.
    Index,
    /// NcML that names files which nobody outside can fetch.
    Descriptor,
}

/// Which data a file holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Content {
    pub(crate) feed: Feed,
    /// Nominal time of the cycle.
    pub(crate) run: Timestamp,
    /// Hours from it to the first valid time in the file (to its day, for files of a day).
    pub(crate) step: i32,
    pub(crate) form: Form,
}

/// How a file differs from what its provider should have written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Change {
    /// How often the provider wrote it anew with other values.
    pub(crate) issue: u32,
    /// On another grid.
    pub(crate) other_grid: bool,
    /// With other names of variables.
    pub(crate) renamed: bool,
    /// Hours by which what is inside is later than what the name says.
    pub(crate) later: i32,
    /// Hours by which the cycle inside is older than the one that the name says.
    pub(crate) older: i32,
    /// By how much every value is wrong, in its unit.
    pub(crate) off_by: i32,
}

impl Change {
    /// What is added to every value, in its unit; each new issue differs from the one before.
    pub(crate) fn shift(&self) -> f32 {
        self.issue as f32 * 0.25 + self.off_by as f32
    }
}
