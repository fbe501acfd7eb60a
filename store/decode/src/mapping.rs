//! From a file's grid mapping to a projection: CF attributes (CF appendix F) and the PROJ string that many files
//! carry beside them or instead.
//!
//! Both readings are offered where both exist: real files contradict themselves (one states a sphere in its string
//! and no figure in its attributes), and the file's own positions decide in `grid`.

use driftline_domain::{Ellipsoid, Projection};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::source::{Source, lower, number, numbers, text};

/// A reading of the file's projection and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// For messages.
    pub(crate) origin: &'static str,
    /// The projection.
    pub(crate) projection: Projection,
    /// Whether the figure of the Earth is stated, not assumed.
    pub(crate) figure_stated: bool,
}

const GRS80: Ellipsoid = Ellipsoid {
    a_m: 6_378_137.0,
    e2: 0.006_694_380_022_903_415,
};
const PROJ_ATTRIBUTES: [&str; 5] = ["proj4", "proj4_string", "proj4text", "proj4_params", "proj_string"];

/// Every reading of the projection that a component lies in, best first; at least one.
pub(crate) fn readings(source: &Source, variable: &NcVariable) -> Result<Vec<Reading>, Error> {
    let refused = |reason: String| Error::Projection {
        variable: variable.name.clone(),
        reason,
    };
    let mapping = mapping_variable(source, variable)
        .ok_or_else(|| refused("the axes are projected and the file states no grid mapping".to_owned()))?;
    let attributes = from_attributes(mapping);
    let string = PROJ_ATTRIBUTES
        .iter()
        .find_map(|name| text(mapping, name))
        .map(|text| from_proj_string(&text));
    let mut readings = Vec::new();
    let mut reasons = Vec::new();
    for reading in [attributes, string].into_iter().flatten() {
        match reading {
            Ok(reading) => readings.push(reading),
            Err(reason) => reasons.push(reason),
        }
    }
    // Stable: of two that state the figure of the Earth the attributes stay first.
    readings.sort_by_key(|reading| !reading.figure_stated);
    if readings.is_empty() {
        if reasons.is_empty() {
            reasons.push("it states neither grid_mapping_name nor a PROJ string".to_owned());
        }
        return Err(refused(format!("'{}': {}", mapping.name, reasons.join("; "))));
    }
    Ok(readings)
}

/// The variable that a component's `grid_mapping` names, or else the only one in the file.
fn mapping_variable<'a>(source: &'a Source, variable: &NcVariable) -> Option<&'a NcVariable> {
    let stated = text(variable, "grid_mapping").unwrap_or_default();
    // The extended form names several: "crs: x y other: lat lon"; the first that exists and is projected counts.
    let mut named = stated
        .split_whitespace()
        .filter_map(|word| source.variable(word.trim_end_matches(':')));
    let projected = |mapping: &&NcVariable| lower(mapping, "grid_mapping_name") != "latitude_longitude";
    named.find(projected).or_else(|| {
        let is_mapping = |candidate: &&NcVariable| {
            candidate.attribute("grid_mapping_name").is_some()
                || PROJ_ATTRIBUTES.iter().any(|name| candidate.attribute(name).is_some())
        };
        let mut mappings = source.variables().iter().filter(is_mapping).filter(projected);
        let only = mappings.next()?;
        mappings.next().is_none().then_some(only)
    })
}

fn from_attributes(mapping: &NcVariable) -> Option<Result<Reading, String>> {
    let name = lower(mapping, "grid_mapping_name");
    let projection = match name.as_str() {
        "" => return None,
        "polar_stereographic" | "stereographic" => polar_from_attributes(mapping),
        "lambert_conformal_conic" => lambert_from_attributes(mapping),
        _ => Err(format!("the projection '{name}' is not read")),
    };
    let figure = figure_from_attributes(mapping);
    Some(projection.and_then(|project| {
        Ok(Reading {
            origin: "the grid mapping's attributes",
            projection: checked(project(figure.unwrap_or(Ellipsoid::WGS84)))?,
            figure_stated: figure.is_some(),
        })
    }))
}

type OnEllipsoid = Box<dyn Fn(Ellipsoid) -> Projection>;

fn polar_from_attributes(mapping: &NcVariable) -> Result<OnEllipsoid, String> {
    let lon0_deg = number(mapping, "straight_vertical_longitude_from_pole")
        .or_else(|| number(mapping, "longitude_of_projection_origin"))
        .ok_or("it lacks straight_vertical_longitude_from_pole")?;
    let pole = number(mapping, "latitude_of_projection_origin").ok_or("it lacks latitude_of_projection_origin")?;
    polar(
        pole,
        lon0_deg,
        number(mapping, "standard_parallel"),
        number(mapping, "scale_factor_at_projection_origin"),
        false_origin(mapping),
    )
}

fn polar(
    pole_deg: f64,
    lon0_deg: f64,
    lat_ts_deg: Option<f64>,
    scale: Option<f64>,
    (false_easting_m, false_northing_m): (f64, f64),
) -> Result<OnEllipsoid, String> {
    if (pole_deg.abs() - 90.0).abs() > 1e-6 {
        return Err(format!(
            "a stereographic projection centred on latitude {pole_deg} is not polar"
        ));
    }
    if let Some(lat_ts_deg) = lat_ts_deg
        && lat_ts_deg * pole_deg <= 0.0
    {
        return Err(format!(
            "the standard parallel {lat_ts_deg} is not on the side of the pole {pole_deg}"
        ));
    }
    if lat_ts_deg.is_none() && scale.is_none() {
        return Err("it states neither a standard parallel nor a scale factor".to_owned());
    }
    if let Some(scale) = scale.filter(|_| lat_ts_deg.is_none())
        && !(0.5 < scale && scale <= 1.0)
    {
        return Err(format!("the scale factor {scale} at the pole is not between 0.5 and 1"));
    }
    Ok(Box::new(move |ellipsoid| Projection::PolarStereographic {
        lat_ts_deg: lat_ts_deg.unwrap_or_else(|| true_scale_latitude(pole_deg, scale.unwrap_or(1.0), ellipsoid)),
        lon0_deg,
        false_easting_m,
        false_northing_m,
        ellipsoid,
    }))
}

/// The latitude of true scale that gives this scale at the pole; by bisection, as the ellipsoid has no closed form.
fn true_scale_latitude(pole_deg: f64, scale: f64, ellipsoid: Ellipsoid) -> f64 {
    if scale == 1.0 {
        return libm::copysign(90.0, pole_deg);
    }
    // Distance from the pole of one probe is proportional to the scale there.
    let distance = |lat_ts_deg: f64| {
        let projection = Projection::PolarStereographic {
            lat_ts_deg: libm::copysign(lat_ts_deg, pole_deg),
            lon0_deg: 0.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid,
        };
        let (x_m, y_m) = projection.forward(0.0, libm::copysign(80.0, pole_deg));
        libm::hypot(x_m, y_m)
    };
    let wanted = scale * distance(90.0);
    let (mut low, mut high) = (0.0, 90.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if distance(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Files write k to 7 digits and mean a round parallel.
    let found = (low + high) / 2.0;
    let round = libm::rint(found);
    libm::copysign(if (found - round).abs() < 1e-4 { round } else { found }, pole_deg)
}

fn lambert_from_attributes(mapping: &NcVariable) -> Result<OnEllipsoid, String> {
    let parallels = numbers(mapping, "standard_parallel").ok_or("it lacks standard_parallel")?;
    let lon0_deg = number(mapping, "longitude_of_central_meridian").ok_or("it lacks longitude_of_central_meridian")?;
    let lat0_deg = number(mapping, "latitude_of_projection_origin").ok_or("it lacks latitude_of_projection_origin")?;
    let scale = number(mapping, "scale_factor_at_projection_origin");
    lambert(&parallels, lat0_deg, lon0_deg, scale, false_origin(mapping))
}

fn lambert(
    parallels_deg: &[f64],
    lat0_deg: f64,
    lon0_deg: f64,
    scale: Option<f64>,
    (false_easting_m, false_northing_m): (f64, f64),
) -> Result<OnEllipsoid, String> {
    let (lat1_deg, lat2_deg) = match *parallels_deg {
        [only] => (only, only),
        [first, second] => (first, second),
        _ => return Err(format!("it has {} standard parallels", parallels_deg.len())),
    };
    if (lat1_deg + lat2_deg).abs() < 1e-6 || [lat1_deg, lat2_deg, lat0_deg].iter().any(|lat| lat.abs() >= 90.0) {
        return Err(format!(
            "the parallels {lat1_deg} and {lat2_deg} with the origin {lat0_deg} make no cone"
        ));
    }
    if let Some(scale) = scale
        && (scale - 1.0).abs() > 1e-9
    {
        return Err(format!(
            "a Lambert projection with the scale factor {scale} is not read"
        ));
    }
    Ok(Box::new(move |ellipsoid| Projection::LambertConformal {
        lat1_deg,
        lat2_deg,
        lat0_deg,
        lon0_deg,
        false_easting_m,
        false_northing_m,
        ellipsoid,
    }))
}

fn false_origin(mapping: &NcVariable) -> (f64, f64) {
    (
        number(mapping, "false_easting").unwrap_or(0.0),
        number(mapping, "false_northing").unwrap_or(0.0),
    )
}

fn figure_from_attributes(mapping: &NcVariable) -> Option<Ellipsoid> {
    let axis = number(mapping, "semi_major_axis");
    if let Some(a_m) = axis {
        return Some(figure(
            a_m,
            number(mapping, "semi_minor_axis"),
            number(mapping, "inverse_flattening"),
        ));
    }
    number(mapping, "earth_radius").map(Ellipsoid::sphere).or_else(|| {
        let names = ["reference_ellipsoid_name", "horizontal_datum_name", "ellipsoid"];
        names.iter().find_map(|name| named_figure(&lower(mapping, name)))
    })
}

fn figure(a_m: f64, b_m: Option<f64>, inverse_flattening: Option<f64>) -> Ellipsoid {
    let flattening = match (inverse_flattening, b_m) {
        (Some(inverse), _) if inverse != 0.0 => 1.0 / inverse,
        (None, Some(b_m)) => 1.0 - b_m / a_m,
        _ => 0.0,
    };
    Ellipsoid {
        a_m,
        e2: flattening * (2.0 - flattening),
    }
}

fn named_figure(name: &str) -> Option<Ellipsoid> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.as_str() {
        "wgs84" | "wgs1984" | "worldgeodeticsystem1984" => Some(Ellipsoid::WGS84),
        "grs80" | "grs1980" | "nad83" | "etrs89" => Some(GRS80),
        "sphere" => Some(Ellipsoid::sphere(6_370_997.0)),
        _ => None,
    }
}

fn from_proj_string(string: &str) -> Result<Reading, String> {
    let word = |key: &str| {
        let mut words = string
            .split_whitespace()
            .filter_map(|word| word.trim_start_matches('+').split_once('='));
        words
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_ascii_lowercase())
    };
    let value = |key: &str| {
        let parsed = word(key).map(|text| text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or(text));
        parsed
            .transpose()
            .map_err(|text| format!("'{key}={text}' in '{string}' is no number"))
    };
    let origin = (value("x_0")?.unwrap_or(0.0), value("y_0")?.unwrap_or(0.0));
    let (lat0, lon0) = (value("lat_0")?.unwrap_or(0.0), value("lon_0")?.unwrap_or(0.0));
    let scale = value("k_0")?.or(value("k")?);
    let project = match word("proj").as_deref() {
        Some("stere") => {
            // PROJ's own default: true scale at the pole.
            let lat_ts = value("lat_ts")?;
            polar(lat0, lon0, lat_ts, scale.or(Some(1.0)), origin)?
        }
        Some("lcc") => {
            let first = value("lat_1")?.ok_or_else(|| format!("'{string}' lacks lat_1"))?;
            let parallels = [first, value("lat_2")?.unwrap_or(first)];
            lambert(&parallels, lat0, lon0, scale, origin)?
        }
        other => return Err(format!("the projection '{}' is not read", other.unwrap_or(string))),
    };
    let radius = value("R")?;
    let (a, b) = (value("a")?, value("b")?);
    let inverse = value("rf")?.or(value("f")?.filter(|f| *f != 0.0).map(|f| 1.0 / f));
    let squared = value("es")?.or(value("e")?.map(|e| e * e));
    let stated = radius.map(Ellipsoid::sphere).or_else(|| {
        let by_axis = a.map(|a_m| squared.map_or_else(|| figure(a_m, b, inverse), |e2| Ellipsoid { a_m, e2 }));
        by_axis.or_else(|| {
            word("ellps")
                .or_else(|| word("datum"))
                .and_then(|name| named_figure(&name))
        })
    });
    Ok(Reading {
        origin: "its PROJ string",
        projection: checked(project(stated.unwrap_or(Ellipsoid::WGS84)))?,
        figure_stated: stated.is_some(),
    })
}

/// Refuses a figure that is not the Earth's, angles off the globe, and a false origin beyond it.
pub(crate) fn checked(projection: Projection) -> Result<Projection, String> {
    let (Projection::PolarStereographic {
        ellipsoid,
        lon0_deg,
        false_easting_m,
        false_northing_m,
        ..
    }
    | Projection::LambertConformal {
        ellipsoid,
        lon0_deg,
        false_easting_m,
        false_northing_m,
        ..
    }
    | Projection::TransverseMercator {
        ellipsoid,
        lon0_deg,
        false_easting_m,
        false_northing_m,
        ..
    }) = projection;
    let Ellipsoid { a_m, e2 } = ellipsoid;
    if !(6.3e6..6.4e6).contains(&a_m) || !(0.0..0.01).contains(&e2) {
        return Err(format!(
            "a figure with semi-major axis {a_m} m and eccentricity squared {e2} is not the Earth"
        ));
    }
    if lon0_deg.abs() > 360.0 || false_easting_m.abs() > 1e8 || false_northing_m.abs() > 1e8 {
        return Err(format!(
            "central longitude {lon0_deg} with false easting {false_easting_m} and northing {false_northing_m} m is absurd"
        ));
    }
    Ok(projection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projection(string: &str) -> Projection {
        from_proj_string(string).unwrap().projection
    }

    #[test]
    fn a_proj_string_is_read() {
        let read = projection("+proj=stere +lat_0=90 +lon_0=70 +lat_ts=60 +units=m +a=6.371e+06 +e=0 +no_defs");
        let expected = Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        };
        assert_eq!(read, expected);
        let read = projection("+proj=lcc +lon_0=15 +lat_0=63 +lat_1=63 +lat_2=63 +R=6.371e+06 +units=m +no_defs");
        assert!(
            matches!(
                read,
                Projection::LambertConformal {
                    lat2_deg: 63.0,
                    lon0_deg: 15.0,
                    ..
                }
            ),
            "{read:?}"
        );
        assert!(
            !from_proj_string("+proj=stere +lat_0=90 +lat_ts=60")
                .unwrap()
                .figure_stated
        );
        for bad in [
            "+proj=merc",
            "+proj=stere +lat_0=60 +lat_ts=60",
            "+proj=stere +lat_0=90 +lat_ts=-60",
            "+proj=lcc +lat_1=30 +lat_2=-30",
            "+proj=lcc +lat_1=x",
            "+proj=lcc +lat_1=30 +R=1737400",
            "",
        ] {
            assert!(from_proj_string(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_scale_at_the_pole_gives_the_parallel() {
        let lat = true_scale_latitude(90.0, 0.933_012_701_892_219_3, Ellipsoid::sphere(6_371_000.0));
        assert_eq!(lat, 60.0);
        // EPSG 3031 and its variant with a scale factor describe one map: Snyder 21-35 gives k0 of 71 degrees south.
        let lat = true_scale_latitude(-90.0, 0.972_769_012_891_835, Ellipsoid::WGS84);
        assert!((lat + 71.0).abs() < 1e-4, "{lat}");
        assert_eq!(true_scale_latitude(90.0, 1.0, Ellipsoid::WGS84), 90.0);
    }
}
