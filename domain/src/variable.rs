//! What forcing is made of: the vector fields that move a drifting object, with their CF names, units, plausible
//! range and the step they are stored with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A vector field that drives drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForcingKind {
    /// Surface current in m/s, towards.
    Current,
    /// Wind at 10 m in m/s, towards.
    Wind,
}

/// One component of a vector field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// Eastward surface current.
    CurrentEast,
    /// Northward surface current.
    CurrentNorth,
    /// Eastward wind at 10 m.
    WindEast,
    /// Northward wind at 10 m.
    WindNorth,
}

impl ForcingKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Current, Self::Wind];

    /// The name in paths, messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Wind => "wind",
        }
    }

    /// East and north component.
    pub fn components(self) -> [Variable; 2] {
        match self {
            Self::Current => [Variable::CurrentEast, Variable::CurrentNorth],
            Self::Wind => [Variable::WindEast, Variable::WindNorth],
        }
    }

    /// Largest plausible component in m/s; anything beyond is a broken file. 15 m/s covers the strongest tidal
    /// streams, 100 m/s every hurricane.
    pub fn max_plausible_ms(self) -> f32 {
        match self {
            Self::Current => 15.0,
            Self::Wind => 100.0,
        }
    }

    /// The step values are stored with, in m/s: half of it is the packing error (feeds-and-store.md 7.2).
    pub fn packing_step_ms(self) -> f64 {
        match self {
            Self::Current => 0.001,
            Self::Wind => 0.01,
        }
    }
}

impl fmt::Display for ForcingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Variable {
    /// Name of the stored array.
    pub fn array_name(self) -> &'static str {
        match self {
            Self::CurrentEast => "current_east",
            Self::CurrentNorth => "current_north",
            Self::WindEast => "wind_east",
            Self::WindNorth => "wind_north",
        }
    }

    /// CF standard name.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::CurrentEast => "eastward_sea_water_velocity",
            Self::CurrentNorth => "northward_sea_water_velocity",
            Self::WindEast => "eastward_wind",
            Self::WindNorth => "northward_wind",
        }
    }
}

/// Which parts a current is the sum of; adding Stokes drift to one that holds it would count it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Composition {
    /// The file does not say.
    Unstated,
    /// The circulation without tide and waves.
    Eulerian,
    /// Circulation and tide.
    EulerianTide,
    /// Circulation, tide and Stokes drift.
    EulerianTideStokes,
}
