//! Which variables are the components of a current or a 10 m wind, and which two belong together.
//!
//! CF standard names decide. Where a file has none, known variable names and then long names do. Parts of a current
//! that are not the whole (tide alone, Stokes drift alone, depth means) are not forcing by themselves and are passed
//! over. CMEMS merged currents give several pairs one standard name; there the variable's name decides.

use driftline_domain::{Composition, ForcingKind};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::layout::{DimRole, role_of_coordinate};
use crate::source::{Source, is_numeric, lower};
use crate::waves::Sense;

/// What the components point along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Frame {
    /// East and north, whatever the grid.
    EastNorth,
    /// The grid's x and y axes.
    GridAxes,
}

/// What the two variables of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Components along two axes.
    Components,
    /// Height and direction of waves.
    HeightAndDirection(Sense),
}

/// A pair of variables that make one vector field.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) kind: ForcingKind,
    pub(crate) frame: Frame,
    pub(crate) form: Form,
    pub(crate) composition: Composition,
    pub(crate) x: &'a NcVariable,
    pub(crate) y: &'a NcVariable,
}

/// One way of naming the two components.
struct Naming {
    names: [&'static str; 2],
    kind: ForcingKind,
    frame: Frame,
    composition: Composition,
}

const fn naming(names: [&'static str; 2], kind: ForcingKind, frame: Frame, composition: Composition) -> Naming {
    Naming {
        names,
        kind,
        frame,
        composition,
    }
}

use Composition::{Eulerian, EulerianTideStokes, Unstated};
use ForcingKind::{Current, Wind};
use Frame::{EastNorth, GridAxes};

const STANDARD_NAMES: [Naming; 9] = [
    naming(
        ["eastward_sea_water_velocity", "northward_sea_water_velocity"],
        Current,
        EastNorth,
        Unstated,
    ),
    naming(
        [
            "surface_eastward_sea_water_velocity",
            "surface_northward_sea_water_velocity",
        ],
        Current,
        EastNorth,
        Unstated,
    ),
    naming(
        [
            "eastward_sea_water_velocity_assuming_no_tide",
            "northward_sea_water_velocity_assuming_no_tide",
        ],
        Current,
        EastNorth,
        Eulerian,
    ),
    naming(
        ["x_sea_water_velocity", "y_sea_water_velocity"],
        Current,
        GridAxes,
        Unstated,
    ),
    naming(
        ["sea_water_x_velocity", "sea_water_y_velocity"],
        Current,
        GridAxes,
        Unstated,
    ),
    naming(
        ["surface_sea_water_x_velocity", "surface_sea_water_y_velocity"],
        Current,
        GridAxes,
        Unstated,
    ),
    naming(["eastward_wind", "northward_wind"], Wind, EastNorth, Unstated),
    naming(["x_wind", "y_wind"], Wind, GridAxes, Unstated),
    naming(["grid_eastward_wind", "grid_northward_wind"], Wind, GridAxes, Unstated),
];

const VARIABLE_NAMES: [Naming; 12] = [
    naming(["utotal", "vtotal"], Current, EastNorth, EulerianTideStokes),
    naming(["uo", "vo"], Current, EastNorth, Unstated),
    naming(["water_u", "water_v"], Current, EastNorth, Unstated),
    naming(["u_eastward", "v_northward"], Current, EastNorth, Unstated),
    naming(["u10", "v10"], Wind, GridAxes, Unstated),
    naming(["10u", "10v"], Wind, GridAxes, Unstated),
    naming(["u10m", "v10m"], Wind, GridAxes, Unstated),
    naming(["x_wind_10m", "y_wind_10m"], Wind, GridAxes, Unstated),
    naming(["air_u", "air_v"], Wind, GridAxes, Unstated),
    naming(["uwnd", "vwnd"], Wind, GridAxes, Unstated),
    naming(["ugrd_10maboveground", "vgrd_10maboveground"], Wind, GridAxes, Unstated),
    naming(
        [
            "u-component_of_wind_height_above_ground",
            "v-component_of_wind_height_above_ground",
        ],
        Wind,
        GridAxes,
        Unstated,
    ),
];

/// Parts of the merged currents that are no current by themselves, by variable name.
const PARTS: [([&str; 2], &str); 2] = [(["utide", "vtide"], "the tide"), (["vsdx", "vsdy"], "the Stokes drift")];
/// The same by what standard names contain.
const PART_WORDS: [(&str, &str); 2] = [("due_to_tides", "the tide"), ("stokes_drift", "the Stokes drift")];

#[derive(Debug, Clone, Copy, PartialEq)]
struct Role {
    /// 0 for x or east, 1 for y or north.
    side: usize,
    kind: ForcingKind,
    frame: Frame,
    composition: Composition,
    /// Components pair within one way of naming only.
    family: usize,
}

/// Every pair in the file, currents of the fullest composition first, and why other components stay alone.
pub(crate) fn pairs(source: &Source) -> (Vec<Pair<'_>>, Vec<Error>) {
    let merged = source
        .variables()
        .iter()
        .any(|variable| variable.name.eq_ignore_ascii_case("utide"));
    let roles = source
        .variables()
        .iter()
        .filter_map(|variable| Some((role(source, variable, merged)?, variable)));
    let roles: Vec<(Role, &NcVariable)> = roles.collect();
    let mut pairs = Vec::new();
    let mut alone = Vec::new();
    for (role, x) in roles.iter().filter(|(role, _)| role.side == 0) {
        let others: Vec<&NcVariable> = roles
            .iter()
            .filter(|(other, _)| {
                other.side == 1 && other.family == role.family && other.composition == role.composition
            })
            .map(|(_, variable)| *variable)
            .collect();
        let siblings = roles
            .iter()
            .filter(|(other, _)| other.side == 0 && other.family == role.family)
            .count();
        let named = others
            .iter()
            .copied()
            .find(|other| are_counterparts(&x.name, &other.name));
        let only = || (others.len() == 1 && siblings == 1).then(|| others[0]);
        let Some(y) = named.or_else(only) else {
            let names: Vec<String> = others.iter().map(|other| format!("'{}'", other.name)).collect();
            alone.push(Error::Pair {
                variable: x.name.clone(),
                reason: if names.is_empty() {
                    "the other one is not in the file".to_owned()
                } else {
                    format!("which of {} belongs to it is not plain", names.join(", "))
                },
            });
            continue;
        };
        pairs.push(Pair {
            kind: role.kind,
            frame: role.frame,
            form: Form::Components,
            composition: role.composition,
            x,
            y,
        });
    }
    pairs.sort_by_key(|pair| (pair.kind, pair.composition != EulerianTideStokes));
    (pairs, alone)
}

/// Which part of a current a variable is, if it is but a part.
fn part(variable: &NcVariable) -> Option<&'static str> {
    let (name, standard_name) = (variable.name.to_ascii_lowercase(), lower(variable, "standard_name"));
    let by_name = PARTS.iter().find(|(names, _)| names.contains(&name.as_str()));
    let by_words = || PART_WORDS.iter().find(|(words, _)| standard_name.contains(words));
    by_name
        .map(|(_, part)| *part)
        .or_else(|| by_words().map(|(_, part)| *part))
}

/// What is said of the parts of currents in a file: each is passed over, and told of once.
pub(crate) fn parts(source: &Source) -> Vec<Error> {
    let mut told: Vec<&str> = Vec::new();
    let parts = source.variables().iter().filter(|variable| variable.ndim() >= 2);
    let named = parts.filter_map(|variable| Some((variable, part(variable)?)));
    let mut errors = Vec::new();
    for (variable, part) in named {
        if !told.contains(&part) {
            told.push(part);
            errors.push(Error::Part {
                variable: variable.name.clone(),
                part,
            });
        }
    }
    errors
}

fn role(source: &Source, variable: &NcVariable, merged: bool) -> Option<Role> {
    let name = variable.name.to_ascii_lowercase();
    if variable.ndim() < 2 || !is_numeric(&variable.dtype) || part(variable).is_some() {
        return None;
    }
    let standard_name = lower(variable, "standard_name");
    let mut role = if name == "utotal" || name == "vtotal" || standard_name.is_empty() {
        by_name(&VARIABLE_NAMES, &name, STANDARD_NAMES.len()).or_else(|| by_words(source, variable, &name))
    } else {
        by_name(&STANDARD_NAMES, &standard_name, 0)
    }?;
    if merged && (name == "uo" || name == "vo") {
        // Beside a tide of its own the model's current is the one without it.
        role.composition = Eulerian;
    }
    Some(role)
}

fn by_name(namings: &[Naming], name: &str, first_family: usize) -> Option<Role> {
    namings.iter().enumerate().find_map(|(index, naming)| {
        let side = naming.names.iter().position(|candidate| *candidate == name)?;
        Some(Role {
            side,
            kind: naming.kind,
            frame: naming.frame,
            composition: naming.composition,
            family: first_family + index,
        })
    })
}

/// Long names, and for bare `u` and `v` the medium that the vertical axis belongs to.
fn by_words(source: &Source, variable: &NcVariable, name: &str) -> Option<Role> {
    let long_name = lower(variable, "long_name");
    let has = |words: &[&str]| words.iter().any(|word| long_name.contains(word));
    // Depth means, ice, stress and waves carry components, too, and drive no drift.
    if has(&[
        "ice",
        "stress",
        "integrated",
        "barotropic",
        "mean velocity",
        "stokes",
        "tide",
        "gust",
        "wave",
        "flux",
    ]) {
        return None;
    }
    let side = if has(&[
        "eastward",
        "u-component",
        "u component",
        "x-component",
        "x velocity",
        "u wind",
    ]) || name == "u"
    {
        0
    } else if has(&[
        "northward",
        "v-component",
        "v component",
        "y-component",
        "y velocity",
        "v wind",
    ]) || name == "v"
    {
        1
    } else {
        return None;
    };
    let under_water = || {
        variable
            .dimensions
            .iter()
            .filter_map(|dim| source.variable(&dim.name))
            .any(|coordinate| {
                lower(coordinate, "standard_name").starts_with("ocean_")
                    || role_of_coordinate(coordinate) == Some(DimRole::Depth)
            })
    };
    let kind = if has(&["wind"]) {
        Wind
    } else if has(&["water", "current", "ocean"]) || under_water() {
        Current
    } else {
        return None;
    };
    let frame = if has(&["eastward", "northward"]) {
        EastNorth
    } else {
        GridAxes
    };
    let family =
        STANDARD_NAMES.len() + VARIABLE_NAMES.len() + 2 * usize::from(kind == Wind) + usize::from(frame == GridAxes);
    Some(Role {
        side,
        kind,
        frame,
        composition: Unstated,
        family,
    })
}

/// Whether two names differ only as x and y components do: u/v, x/y, eastward/northward.
fn are_counterparts(x_name: &str, y_name: &str) -> bool {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase();
        let words = [
            ("eastward", "*"),
            ("northward", "*"),
            ("zonal", "*"),
            ("meridional", "*"),
            ("east", "*"),
            ("north", "*"),
        ];
        words.iter().fold(name, |name, (word, mark)| name.replace(word, mark))
    };
    let (x_name, y_name) = (plain(x_name), plain(y_name));
    let matching = |(a, b): (char, char)| a == b || (a == 'u' && b == 'v') || (a == 'x' && b == 'y');
    x_name.chars().count() == y_name.chars().count() && x_name.chars().zip(y_name.chars()).all(matching)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counterparts_by_name() {
        for (x, y) in [
            ("u", "v"),
            ("x_wind_10m", "y_wind_10m"),
            ("u_eastward", "v_northward"),
            ("water_u", "water_v"),
            ("U10", "V10"),
            ("ugrd_10maboveground", "vgrd_10maboveground"),
        ] {
            assert!(are_counterparts(x, y), "{x} {y}");
            assert!(!are_counterparts(y, x), "{y} {x}");
        }
        assert!(!are_counterparts("x_wind_10m", "y_wind_pl"));
        assert!(!are_counterparts("u", "vbar"));
    }

    #[test]
    fn parts_of_names_are_no_names() {
        assert!(by_name(&STANDARD_NAMES, "barotropic_sea_water_x_velocity", 0).is_none());
        assert_eq!(
            by_name(&STANDARD_NAMES, "y_wind", 0).map(|role| (role.side, role.kind)),
            Some((1, Wind))
        );
    }
}
