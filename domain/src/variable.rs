//! What forcing is made of: the vector fields that move a drifting object or are shown beside it on maps, with their
//! CF names, units, plausible range and the step they are stored with.
//!
//! In memory every kind is a `VectorField`. For current and wind its components are what is stored. Waves are stored as
//! files of providers have them, height and direction; in memory the vector points where the waves travel to and its
//! length is the significant wave height in metres. Wave periods, the parts of a sea (wind sea, swell) and Stokes drift
//! are not read yet.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A vector field over the sea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForcingKind {
    /// Surface current in m/s, towards.
    Current,
    /// Wind at 10 m in m/s, towards.
    Wind,
    /// Waves of the whole sea: significant height in metres, towards their mean direction. They move nothing by
    /// themselves; maps show them.
    Waves,
}

/// One stored array of a vector field.
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
    /// Significant height of wind sea and swell together.
    WaveHeight,
    /// Mean direction that the waves travel to, clockwise from true north.
    WaveDirection,
}

impl ForcingKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Current, Self::Wind, Self::Waves];

    /// The kinds that move an object: without each of them there is no forecast.
    pub const DRIFT: [Self; 2] = [Self::Current, Self::Wind];

    /// The name in paths, messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Wind => "wind",
            Self::Waves => "waves",
        }
    }

    /// The two arrays that are stored: east and north component, or height and direction.
    pub fn components(self) -> [Variable; 2] {
        match self {
            Self::Current => [Variable::CurrentEast, Variable::CurrentNorth],
            Self::Wind => [Variable::WindEast, Variable::WindNorth],
            Self::Waves => [Variable::WaveHeight, Variable::WaveDirection],
        }
    }

    /// Unit of the vector in memory, as UDUNITS writes it.
    pub fn units(self) -> &'static str {
        self.components()[0].units()
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
            Self::WaveHeight => "wave_height",
            Self::WaveDirection => "wave_direction",
        }
    }

    /// CF standard name.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::CurrentEast => "eastward_sea_water_velocity",
            Self::CurrentNorth => "northward_sea_water_velocity",
            Self::WindEast => "eastward_wind",
            Self::WindNorth => "northward_wind",
            Self::WaveHeight => "sea_surface_wave_significant_height",
            Self::WaveDirection => "sea_surface_wave_to_direction",
        }
    }

    /// Unit of the values, as UDUNITS writes it.
    pub fn units(self) -> &'static str {
        match self {
            Self::CurrentEast | Self::CurrentNorth | Self::WindEast | Self::WindNorth => "m s-1",
            Self::WaveHeight => "m",
            Self::WaveDirection => "degree",
        }
    }

    /// Smallest and largest plausible value; anything beyond is a broken file. 15 m/s covers the strongest tidal
    /// streams, 100 m/s every hurricane, 30 m every sea whose significant height was ever measured (about 19 m).
    pub fn plausible(self) -> (f32, f32) {
        match self {
            Self::CurrentEast | Self::CurrentNorth => (-15.0, 15.0),
            Self::WindEast | Self::WindNorth => (-100.0, 100.0),
            Self::WaveHeight => (0.0, 30.0),
            Self::WaveDirection => (0.0, 360.0),
        }
    }

    /// The step values are stored with: half of it is the packing error (feeds-and-store.md 7.2). 1 mm/s, 1 cm/s,
    /// 1 cm, 0.01 degree.
    pub fn packing_step(self) -> f64 {
        match self {
            Self::CurrentEast | Self::CurrentNorth => 0.001,
            Self::WindEast | Self::WindNorth | Self::WaveHeight | Self::WaveDirection => 0.01,
        }
    }

    /// The value that is stored as 0. Directions from 0 to 360 degrees fit 16 bits about their middle.
    pub fn packing_offset(self) -> f64 {
        match self {
            Self::WaveDirection => 180.0,
            _ => 0.0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plausible_value_fits_sixteen_bits() {
        for variable in ForcingKind::ALL.into_iter().flat_map(ForcingKind::components) {
            let (low, high) = variable.plausible();
            for value in [low, high] {
                let packed = (f64::from(value) - variable.packing_offset()) / variable.packing_step();
                // The smallest number means "no value".
                assert!(packed.abs() < f64::from(i16::MAX), "{variable:?} {value}");
            }
        }
    }
}
