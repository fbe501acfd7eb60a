//! The one level of a vector field: the current nearest the surface, the wind at 10 m; waves are at the surface.

use driftline_domain::ForcingKind;
use netcdf_reader::{NcType, NcVariable};

use crate::Error;
use crate::layout::{DimRole, Layout, role_of_coordinate};
use crate::source::{Source, lower, text};

/// Height of the wind that leeway coefficients belong to, in metres.
pub(crate) const WIND_HEIGHT_M: f64 = 10.0;
/// Deepest level that passes for the surface, in metres; top cells of coarse ocean models are centred above it.
pub(crate) const DEEPEST_SURFACE_M: f64 = 15.0;

/// The chosen level.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Level {
    /// Index along the vertical dimension, where there is one.
    pub(crate) index: usize,
    /// For people.
    pub(crate) name: String,
}

/// Chooses the level of a component.
pub(crate) fn choose(
    source: &Source,
    variable: &NcVariable,
    layout: &Layout,
    kind: ForcingKind,
) -> Result<Level, Error> {
    let refused = |reason: String| Error::Level {
        variable: variable.name.clone(),
        reason,
    };
    let coordinate = match layout.vertical {
        Some(dim) => source
            .variable(&variable.dimensions[dim].name)
            .or_else(|| scalar_level(source, variable)),
        None => scalar_level(source, variable),
    };
    let size = layout.vertical.map_or(1, |dim| variable.dimensions[dim].size);
    let Some(coordinate) = coordinate else {
        if size > 1 {
            let name = layout.vertical.map_or("", |dim| variable.dimensions[dim].name.as_str());
            return Err(refused(format!(
                "there are {size} levels along '{name}' and nothing says which is which"
            )));
        }
        return match kind {
            ForcingKind::Current => Ok(Level {
                index: 0,
                name: "depth not stated, taken as the surface".to_owned(),
            }),
            ForcingKind::Wind => unstated_wind(variable).map_err(refused),
            ForcingKind::Waves => Ok(surface()),
        };
    };
    let role = role_of_coordinate(coordinate);
    let values_m = levels_m(source, coordinate, role).and_then(|values| {
        let right = values.len() as u64 == size;
        right
            .then_some(values)
            .ok_or_else(|| refused(format!("'{}' does not give {size} levels", coordinate.name)))
    });
    match (kind, role) {
        (ForcingKind::Current, Some(DimRole::Depth)) => nearest_surface(&values_m?, coordinate).map_err(refused),
        (ForcingKind::Current, Some(DimRole::OtherLevel)) if follows_terrain(coordinate) => {
            uppermost(&source.values(coordinate)?, size, coordinate).map_err(refused)
        }
        // Converters give surface fields a level of their own; there is but one surface.
        (ForcingKind::Waves, _) if size == 1 => Ok(surface()),
        (ForcingKind::Wind, Some(DimRole::Height)) => ten_metres(&values_m?, coordinate).map_err(refused),
        _ => Err(refused(format!(
            "its {size} level(s) along '{}' ({}) are neither depths nor heights in metres",
            coordinate.name,
            text(coordinate, "long_name")
                .or_else(|| text(coordinate, "standard_name"))
                .unwrap_or_default()
        ))),
    }
}

fn surface() -> Level {
    Level {
        index: 0,
        name: "sea surface".to_owned(),
    }
}

/// A level in a scalar variable that the component names among its coordinates.
fn scalar_level<'a>(source: &'a Source, variable: &NcVariable) -> Option<&'a NcVariable> {
    let names = text(variable, "coordinates")?;
    let mut scalars = names.split_whitespace().filter_map(|name| source.variable(name));
    scalars.find(|candidate| {
        let single = candidate.dimensions.iter().all(|dim| dim.size == 1);
        single && matches!(role_of_coordinate(candidate), Some(role) if role.is_vertical())
    })
}

fn levels_m(source: &Source, coordinate: &NcVariable, role: Option<DimRole>) -> Result<Vec<f64>, Error> {
    let factor = match lower(coordinate, "units").as_str() {
        "km" | "kilometer" | "kilometre" => 1000.0,
        "cm" => 0.01,
        "m" | "meter" | "metre" | "meters" | "metres" => 1.0,
        // Some files leave the unit out where the role is plain.
        "" if matches!(role, Some(DimRole::Depth | DimRole::Height)) => 1.0,
        other => {
            return Err(Error::Level {
                variable: coordinate.name.clone(),
                reason: format!("its units '{other}' are no length"),
            });
        }
    };
    Ok(source
        .values(coordinate)?
        .into_iter()
        .map(|value| value * factor)
        .collect())
}

fn nearest_surface(depths_m: &[f64], coordinate: &NcVariable) -> Result<Level, String> {
    let finite = depths_m
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, depth)| depth.is_finite());
    let nearest = finite.min_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()));
    let (index, depth_m) = nearest.ok_or_else(|| format!("'{}' holds no depth", coordinate.name))?;
    if depth_m.abs() > DEEPEST_SURFACE_M {
        return Err(format!(
            "its uppermost level is at {depth_m} m, which is no surface current"
        ));
    }
    Ok(Level {
        index,
        name: format!("{} m depth", shortest(depth_m.abs(), coordinate)),
    })
}

/// Whether a coordinate counts from the sea surface (0) to the bottom (-1): CF appendix D, and ROMS by its name.
fn follows_terrain(coordinate: &NcVariable) -> bool {
    let standard_name = lower(coordinate, "standard_name");
    standard_name.starts_with("ocean_s_coordinate")
        || standard_name.starts_with("ocean_sigma_coordinate")
        || (standard_name.is_empty() && coordinate.name == "s_rho")
}

/// The uppermost of levels that follow the terrain. How deep it lies depends on the place: the whole column's depth
/// divided by the number of levels at most, and far less with the stretchings in use.
fn uppermost(values: &[f64], size: u64, coordinate: &NcVariable) -> Result<Level, String> {
    if values.len() as u64 != size || values.iter().any(|value| !(-1.0..=0.0).contains(value)) {
        return Err(format!(
            "'{}' does not give {size} levels between 0 at the surface and -1 at the bottom",
            coordinate.name
        ));
    }
    let (index, value) = values
        .iter()
        .copied()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .ok_or_else(|| format!("'{}' holds no level", coordinate.name))?;
    Ok(Level {
        index,
        name: format!(
            "uppermost of {size} terrain-following levels ({} = {value:.4})",
            coordinate.name
        ),
    })
}

fn ten_metres(heights_m: &[f64], coordinate: &NcVariable) -> Result<Level, String> {
    let index = heights_m
        .iter()
        .position(|height| (height - WIND_HEIGHT_M).abs() <= 0.5);
    let index = index.ok_or_else(|| {
        let list: Vec<String> = heights_m.iter().take(8).map(f64::to_string).collect();
        format!("it is the wind at {} m and not at 10 m", list.join(", "))
    })?;
    Ok(Level {
        index,
        name: format!("{} m above ground", shortest(heights_m[index], coordinate)),
    })
}

/// The height that names and long names tell of ("10 metre", "u10", "x_wind_10m"), where no coordinate does.
fn unstated_wind(variable: &NcVariable) -> Result<Level, String> {
    let index = 0;
    let long_name = lower(variable, "long_name");
    let height_m = height_in(&long_name).or_else(|| height_in(&variable.name.to_ascii_lowercase()));
    match height_m {
        Some(height_m) if height_m == WIND_HEIGHT_M => Ok(Level {
            index,
            name: "10 m above ground".to_owned(),
        }),
        Some(height_m) => Err(format!("it is the wind at {height_m} m and not at 10 m")),
        None if ["isobaric", "pressure level", "hpa", "tropopause", "cloud"]
            .iter()
            .any(|word| long_name.contains(word)) =>
        {
            Err(format!("'{long_name}' is not the wind at 10 m"))
        }
        None => Ok(Level {
            index,
            name: "height not stated, taken as 10 m above ground".to_owned(),
        }),
    }
}

/// A number directly followed by metres, or directly beside a lone u or v.
fn height_in(text: &str) -> Option<f64> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let start_of_digits = text.char_indices().filter(|&(at, c)| {
        c.is_ascii_digit() && !text[..at].ends_with(|before: char| before.is_ascii_digit() || before == '.')
    });
    start_of_digits.map(|(at, _)| at).find_map(|at| {
        let (before, rest) = text.split_at(at);
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        let unit: String = after
            .trim_start_matches([' ', '-', '_'])
            .chars()
            .take_while(|c| is_word(*c))
            .collect();
        let metres = ["m", "metre", "metres", "meter", "meters"].contains(&unit.as_str()) || unit.starts_with("mabove");
        let lone =
            |side: Option<char>, beyond: Option<char>| matches!(side, Some('u' | 'v')) && !beyond.is_some_and(is_word);
        let mut backwards = before.chars().rev();
        let mut forwards = after.chars();
        let beside = lone(backwards.next(), backwards.next()) && !after.starts_with(is_word)
            || before.is_empty() && lone(forwards.next(), forwards.next());
        if metres || beside { digits.parse().ok() } else { None }
    })
}

/// A level without the noise that single precision adds in print.
fn shortest(value: f64, coordinate: &NcVariable) -> String {
    if coordinate.dtype == NcType::Float {
        (value as f32).to_string()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_in_names() {
        for text in [
            "10 metre u wind component",
            "zonal 10 metre wind (u10m)",
            "x_wind_10m",
            "u10",
            "10u",
            "ugrd_10maboveground",
        ] {
            assert_eq!(height_in(text), Some(10.0), "{text}");
        }
        assert_eq!(height_in("100 metre v wind component"), Some(100.0));
        assert_eq!(height_in("v100"), Some(100.0));
        for text in [
            "air_u",
            "u-component of wind @ specified height level above ground",
            "u2wind",
            "era5 wind",
        ] {
            assert_eq!(height_in(text), None, "{text}");
        }
    }
}
