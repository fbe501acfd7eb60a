//! Waves of the whole sea: which variables are their significant height and mean direction, and the turn of both into
//! a vector.
//!
//! CF standard names decide; where a file has none, the names that providers give do. Parts of a sea (wind sea, single
//! swells) have names of their own and are passed over: a height must be of everything that runs there. Directions are
//! clockwise from true north, as the standard names define them, unless the variable says that it counts from the grid's
//! own north. They are never averaged or interpolated as degrees: what leaves this module is a vector.

use driftline_domain::{Composition, ForcingKind, ValidTime, VectorField};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::component::{Form, Frame, Pair};
use crate::source::{Source, is_numeric, lower};

/// Share of the nodes with a height that may lack a direction; more is a broken file.
const TOLERATED_TORN: f64 = 0.02;

/// What a direction tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// Where the waves come from.
    From,
    /// Where they travel to.
    To,
}

/// What a variable is of a sea state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Significant height of the whole sea.
    Height,
    /// Mean direction of the whole sea.
    Direction(Sense),
    /// Height of a part of the sea.
    PartHeight,
}

/// The wave field of the file if it has one, and why height or direction stay alone.
pub(crate) fn pairs(source: &Source) -> (Vec<Pair<'_>>, Vec<Error>) {
    let roles = source
        .variables()
        .iter()
        .filter(|variable| variable.ndim() >= 2 && is_numeric(&variable.dtype))
        .filter_map(|variable| Some((role(variable)?, variable)));
    let roles: Vec<(Role, &NcVariable)> = roles.collect();
    let of = |wanted: Role| -> Vec<&NcVariable> {
        let found = roles.iter().filter(|(role, _)| *role == wanted);
        found.map(|(_, variable)| *variable).collect()
    };
    // Where a file has both senses they say the same.
    let directions = [Sense::From, Sense::To].map(|sense| (sense, of(Role::Direction(sense))));
    let direction = directions.iter().find(|(_, variables)| !variables.is_empty());
    let (heights, parts) = (of(Role::Height), of(Role::PartHeight));
    let alone = |variable: &NcVariable, reason: String| {
        let variable = variable.name.clone();
        (Vec::new(), vec![Error::Waves { variable, reason }])
    };
    match (heights.as_slice(), direction) {
        ([height], Some((sense, found))) if found.len() == 1 => {
            let pair = Pair {
                kind: ForcingKind::Waves,
                frame: frame(found[0]),
                form: Form::HeightAndDirection(*sense),
                composition: Composition::Unstated,
                x: height,
                y: found[0],
            };
            (vec![pair], Vec::new())
        }
        ([height], Some((_, found))) => alone(
            height,
            format!("which of {} is its direction is not plain", names(found)),
        ),
        ([height], None) => alone(
            height,
            "it is a height without a direction; sea_surface_wave_from_direction or sea_surface_wave_to_direction is \
             needed beside it"
                .to_owned(),
        ),
        ([height, ..], _) => alone(
            height,
            format!("{} all claim to be the height of the whole sea", names(&heights)),
        ),
        ([], Some((_, found))) => alone(
            found[0],
            "it is a direction without a height; sea_surface_wave_significant_height is needed beside it".to_owned(),
        ),
        ([], None) => match parts.as_slice() {
            [] => (Vec::new(), Vec::new()),
            [part, ..] => alone(
                part,
                "it is the height of a part of the sea; sea_surface_wave_significant_height, that of the whole, is \
                 needed"
                    .to_owned(),
            ),
        },
    }
}

fn names(variables: &[&NcVariable]) -> String {
    let names: Vec<String> = variables
        .iter()
        .map(|variable| format!("'{}'", variable.name))
        .collect();
    names.join(", ")
}

fn role(variable: &NcVariable) -> Option<Role> {
    match lower(variable, "standard_name").as_str() {
        // The second is the first's alias in older tables.
        "sea_surface_wave_significant_height" | "significant_height_of_wind_and_swell_waves" => Some(Role::Height),
        "sea_surface_wave_from_direction" => Some(Role::Direction(Sense::From)),
        "sea_surface_wave_to_direction" => Some(Role::Direction(Sense::To)),
        // Converters of GRIB write "unknown" where they know no name.
        "" | "unknown" => role_of_name(&variable.name.to_ascii_lowercase()),
        name if name.ends_with("wave_significant_height") || name.starts_with("significant_height_of_") => {
            Some(Role::PartHeight)
        }
        _ => None,
    }
}

/// The names of CMEMS, ECMWF and NCEP; their directions are those that waves come from.
fn role_of_name(name: &str) -> Option<Role> {
    match name {
        "vhm0" | "swh" | "htsgw" | "htsgwsfc" | "htsgw_surface" => Some(Role::Height),
        "vmdr" | "mwd" | "dirpw" | "dirpwsfc" | "dirpw_surface" => Some(Role::Direction(Sense::From)),
        _ => None,
    }
}

fn frame(direction: &NcVariable) -> Frame {
    let words = format!("{} {}", lower(direction, "long_name"), lower(direction, "comment"));
    let of_the_grid = [
        "grid north",
        "relative to grid",
        "relative to the grid",
        "grid-relative",
    ];
    if of_the_grid.iter().any(|phrase| words.contains(phrase)) {
        Frame::GridAxes
    } else {
        Frame::EastNorth
    }
}

/// Smallest and largest value that a height in metres and a direction in degrees may have in a file. Some files count
/// directions from -180; interpolation leaves heights a rounding error below zero.
pub(crate) const PLAUSIBLE: [(f64, f64); 2] = [(-0.005, 30.0), (-360.0, 360.0)];

/// The wave vectors of one step: metres long, towards. A node without height or without direction has no value.
pub(crate) fn vectors(
    sense: Sense,
    heights_m: Vec<f32>,
    directions_deg: Vec<f32>,
    names: [&str; 2],
    time: ValidTime,
) -> Result<VectorField, Error> {
    let (mut with_height, mut torn) = (0_usize, 0_usize);
    let nodes = heights_m.iter().zip(&directions_deg);
    let (east, north) = nodes
        .map(|(&height_m, &direction_deg)| {
            with_height += usize::from(!height_m.is_nan());
            torn += usize::from(height_m > 0.0 && direction_deg.is_nan());
            let to_deg = match sense {
                Sense::From => f64::from(direction_deg) + 180.0,
                Sense::To => f64::from(direction_deg),
            };
            VectorField::wave_vector(f64::from(height_m).max(0.0), to_deg)
        })
        .unzip();
    if torn as f64 > TOLERATED_TORN * with_height as f64 {
        return Err(Error::Waves {
            variable: names[1].to_owned(),
            reason: format!(
                "it has no value at {torn} of the {with_height} nodes where '{}' has one at {time}",
                names[0]
            ),
        });
    }
    Ok(VectorField { east, north })
}
