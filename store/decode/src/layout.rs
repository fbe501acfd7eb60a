//! What each dimension of a component is: time, vertical, member, x and y; by its coordinate variable's standard
//! name, axis and units first, by known names last. Dimensions of size one that mean nothing here are passed over.

use netcdf_reader::NcVariable;

use crate::Error;
use crate::curvilinear;
use crate::source::{Source, lower, text};
use crate::time;

/// What a dimension or coordinate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DimRole {
    /// Valid time.
    Time,
    /// Metres below the sea surface.
    Depth,
    /// Metres above ground.
    Height,
    /// Pressure, model levels, terrain-following levels.
    OtherLevel,
    /// Ensemble member.
    Member,
    /// Degrees east.
    Longitude,
    /// Degrees north.
    Latitude,
    /// x in a projection's plane.
    ProjectedX,
    /// y in a projection's plane.
    ProjectedY,
    /// Longitude or latitude about a shifted pole.
    Rotated,
}

impl DimRole {
    pub(crate) fn is_vertical(self) -> bool {
        matches!(self, Self::Depth | Self::Height | Self::OtherLevel)
    }
}

/// Where a component's dimensions are, as positions in its list of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// Time; `None` for a single time in a scalar.
    pub(crate) time: Option<usize>,
    /// Depth or height.
    pub(crate) vertical: Option<usize>,
    /// Along a row.
    pub(crate) x: usize,
    /// Across rows.
    pub(crate) y: usize,
    /// Whether x and y are projected; longitude and latitude otherwise.
    pub(crate) projected: bool,
    /// Names of the fields of longitudes and latitudes, where nodes have positions of their own and x and y count them.
    pub(crate) positions: Option<[String; 2]>,
}

impl Layout {
    /// Understands a component's dimensions.
    pub(crate) fn of(source: &Source, variable: &NcVariable) -> Result<Self, Error> {
        if let Some(layout) = curvilinear::layout(source, variable) {
            return Ok(layout);
        }
        let (mut time, mut vertical, mut x, mut y) = (None, None, None, None);
        let mut unknown = Vec::new();
        for (position, dim) in variable.dimensions.iter().enumerate() {
            let role = role_of_dimension(source, &dim.name);
            let slot = match role {
                Some(DimRole::Time) => &mut time,
                Some(DimRole::Longitude | DimRole::ProjectedX) => &mut x,
                Some(DimRole::Latitude | DimRole::ProjectedY) => &mut y,
                Some(role) if role.is_vertical() => &mut vertical,
                _ if dim.size == 1 => continue,
                Some(DimRole::Member) => {
                    return Err(refused(
                        variable,
                        format!("'{}' holds {} ensemble members, and one is wanted", dim.name, dim.size),
                    ));
                }
                Some(DimRole::Rotated) => {
                    return Err(refused(
                        variable,
                        format!("'{}' counts degrees about a shifted pole", dim.name),
                    ));
                }
                _ => {
                    unknown.push(format!("'{}' ({})", dim.name, dim.size));
                    continue;
                }
            };
            if let Some((_, other)) = slot.replace((role, position)) {
                let other = &variable.dimensions[other].name;
                return Err(refused(
                    variable,
                    format!("'{other}' and '{}' seem to be the same thing", dim.name),
                ));
            }
        }
        let projected = |role| matches!(role, Some(DimRole::ProjectedX | DimRole::ProjectedY));
        match (x, y) {
            (Some((x_role, x)), Some((y_role, y))) if projected(x_role) == projected(y_role) => {
                if !unknown.is_empty() {
                    return Err(refused(
                        variable,
                        format!("nothing says what {} means", unknown.join(" and ")),
                    ));
                }
                Ok(Self {
                    time: time.map(|(_, position)| position),
                    vertical: vertical.map(|(_, position)| position),
                    x,
                    y,
                    projected: projected(x_role),
                    positions: None,
                })
            }
            _ => Err(no_straight_axes(source, variable, &unknown)),
        }
    }
}

/// A component without x and y axes of its own, and without positions that fit it.
fn no_straight_axes(source: &Source, variable: &NcVariable, unknown: &[String]) -> Error {
    let position = source.variables().iter().find(|candidate| {
        candidate.ndim() >= 2
            && matches!(
                role_of_coordinate(candidate),
                Some(DimRole::Longitude | DimRole::Latitude)
            )
    });
    let dims: Vec<String> = variable
        .dimensions
        .iter()
        .map(|dim| format!("{} ({})", dim.name, dim.size))
        .collect();
    match position {
        Some(position) => Error::Curvilinear {
            variable: variable.name.clone(),
            reason: format!(
                "it lies on {} with its positions in two-dimensional fields like '{}' and no straight x and y axes{}",
                dims.join(", "),
                position.name,
                staggering(source, variable)
            ),
        },
        None => refused(
            variable,
            format!(
                "it lies on {}, and no x and y axis was found among them{}",
                dims.join(", "),
                match unknown {
                    [] => String::new(),
                    unknown => format!("; nothing says what {} means", unknown.join(" and ")),
                }
            ),
        ),
    }
}

/// ROMS names its staggered points in the dimensions: eta_u, eta_v.
fn staggering(source: &Source, variable: &NcVariable) -> &'static str {
    let on = |suffix: &str, of: &NcVariable| of.dimensions.iter().any(|dim| dim.name == format!("eta_{suffix}"));
    let staggered = on("u", variable) && source.variables().iter().any(|other| on("v", other));
    if staggered {
        "; u and v stand on staggered points and along the curved grid, not along east and north"
    } else {
        ""
    }
}

fn refused(variable: &NcVariable, reason: String) -> Error {
    Error::Dimension {
        variable: variable.name.clone(),
        reason,
    }
}

pub(crate) fn role_of_dimension(source: &Source, name: &str) -> Option<DimRole> {
    let own = source.variable(name).filter(|variable| variable.ndim() == 1);
    own.map_or_else(|| role_of_name(name), role_of_coordinate)
}

/// What a coordinate variable says of itself.
pub(crate) fn role_of_coordinate(coordinate: &NcVariable) -> Option<DimRole> {
    let (standard_name, units) = (lower(coordinate, "standard_name"), lower(coordinate, "units"));
    let by_standard_name = match standard_name.as_str() {
        "time" => Some(DimRole::Time),
        "depth" => Some(DimRole::Depth),
        "height" | "height_above_ground" => Some(DimRole::Height),
        "realization" => Some(DimRole::Member),
        "longitude" => Some(DimRole::Longitude),
        "latitude" => Some(DimRole::Latitude),
        "projection_x_coordinate" => Some(DimRole::ProjectedX),
        "projection_y_coordinate" => Some(DimRole::ProjectedY),
        "grid_longitude" | "grid_latitude" => Some(DimRole::Rotated),
        "air_pressure" | "altitude" | "model_level_number" | "geopotential_height" => Some(DimRole::OtherLevel),
        "forecast_reference_time" | "forecast_period" => return None,
        other if other.starts_with("ocean_") || other.starts_with("atmosphere_") => Some(DimRole::OtherLevel),
        _ => None,
    };
    let by_units = || match units.replace('_', "").as_str() {
        "degreesnorth" | "degreenorth" | "degreesn" | "degreen" => Some(DimRole::Latitude),
        "degreeseast" | "degreeeast" | "degreese" | "degreee" => Some(DimRole::Longitude),
        "pa" | "hpa" | "mbar" | "millibar" => Some(DimRole::OtherLevel),
        _ if time::is_time(coordinate) => Some(DimRole::Time),
        _ => None,
    };
    let length = [
        "m",
        "km",
        "meter",
        "meters",
        "metre",
        "metres",
        "kilometer",
        "kilometers",
    ]
    .contains(&units.as_str());
    let by_axis = || match text(coordinate, "axis").unwrap_or_default().as_str() {
        "T" => Some(DimRole::Time),
        "X" if length => Some(DimRole::ProjectedX),
        "Y" if length => Some(DimRole::ProjectedY),
        "Z" => Some(match lower(coordinate, "positive").as_str() {
            "down" if length => DimRole::Depth,
            "up" if length => DimRole::Height,
            _ => DimRole::OtherLevel,
        }),
        _ => None,
    };
    by_standard_name
        .or_else(by_units)
        .or_else(by_axis)
        .or_else(|| role_of_name(&coordinate.name))
}

fn role_of_name(name: &str) -> Option<DimRole> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "lon" | "longitude" | "nav_lon" => Some(DimRole::Longitude),
        "lat" | "latitude" | "nav_lat" => Some(DimRole::Latitude),
        "x" | "xc" | "projection_x_coordinate" => Some(DimRole::ProjectedX),
        "y" | "yc" | "projection_y_coordinate" => Some(DimRole::ProjectedY),
        "rlon" | "rlat" => Some(DimRole::Rotated),
        "time" | "ocean_time" | "valid_time" | "time_counter" => Some(DimRole::Time),
        "ensemble_member" | "member" | "realization" | "ensemble" | "ens" | "number" => Some(DimRole::Member),
        "s_rho" | "s_w" | "sigma" | "hybrid" | "siglay" | "siglev" => Some(DimRole::OtherLevel),
        _ if name.starts_with("height") => Some(DimRole::Height),
        _ if name.starts_with("depth") => Some(DimRole::Depth),
        _ if ["pressure", "isobaric", "level", "lev"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            Some(DimRole::OtherLevel)
        }
        _ => None,
    }
}
