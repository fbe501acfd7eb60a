//! Positions of buoys over time from CF discrete sampling geometries (CF 1.11, chapter 9): trajectories and station time
//! series, in every layout that files use: one series alone, rectangles padded with missing values (H.4.1, H.4.2), and
//! contiguous and indexed ragged arrays (H.4.3, H.4.4). Degrees as the file has them, times UTC.
//!
//! Nothing is judged here: values that are missing or absurd come out as they are, for `ingest` to count.

use std::path::Path;

use driftline_domain::ValidTime;
use netcdf_reader::{NcType, NcVariable};

use crate::Error;
use crate::source::{Source, Take, is_numeric, lower, number, numbers, text};
use crate::time::{Instants, is_time};

/// Most reports that are read from one file.
const MAX_REPORTS: u64 = 20_000_000;

/// Where files say whom to credit.
const CREDITS: [&str; 6] = [
    "attribution",
    "credit",
    "acknowledgement",
    "acknowledgment",
    "institution",
    "creator_name",
];

/// What a buoy reported once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawFix {
    /// When, to the second; `None` where the file has no value or none on any calendar.
    pub time: Option<ValidTime>,
    /// Longitude in degrees; NaN where missing.
    pub lon_deg: f64,
    /// Latitude in degrees; NaN where missing.
    pub lat_deg: f64,
    /// Temperature of the sea in degrees Celsius; NaN where missing.
    pub sea_temperature_c: f64,
}

/// The reports of one buoy, in file order.
#[derive(Debug, Clone, PartialEq)]
pub struct RawTrack {
    /// What the file calls the buoy.
    pub platform: String,
    /// Its reports.
    pub fixes: Vec<RawFix>,
}

/// All buoys of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackFile {
    /// The buoys.
    pub tracks: Vec<RawTrack>,
    /// Whether positions are given once for each buoy, which makes it a moored one.
    pub has_fixed_positions: bool,
    /// Who is to be credited, in the file's words.
    pub attribution: Option<String>,
}

/// Reads the buoys of a NetCDF file. `name` is what a single buoy without a name of its own is called.
pub fn read_tracks(path: &Path, name: &str) -> Result<TrackFile, Error> {
    let source = Source::open(path)?;
    let roles = Roles::find(&source)?;
    let columns = Columns::read(&source, &roles)?;
    let layout = Layout::of(&source, &roles)?;
    let names = platform_names(&source, &layout, name)?;
    let mut tracks: Vec<RawTrack> = names
        .into_iter()
        .map(|platform| RawTrack {
            platform,
            fixes: Vec::new(),
        })
        .collect();
    layout.share_out(&columns, &mut tracks)?;
    Ok(TrackFile {
        tracks,
        has_fixed_positions: matches!(layout, Layout::Stations { .. }),
        attribution: CREDITS.iter().find_map(|name| source.global_text(name)),
    })
}

/// The variables that matter.
struct Roles<'file> {
    time: &'file NcVariable,
    lon: &'file NcVariable,
    lat: &'file NcVariable,
    sea_temperature: Option<&'file NcVariable>,
}

impl<'file> Roles<'file> {
    fn find(source: &'file Source) -> Result<Self, Error> {
        let variables = source.variables();
        let lacks = |what: &str| Error::Tracks(format!("it has no {what}; it holds {}", source.inventory()));
        let lon = position(variables, "longitude", &["longitude", "lon"]).ok_or_else(|| lacks("longitude"))?;
        let lat = position(variables, "latitude", &["latitude", "lat"]).ok_or_else(|| lacks("latitude"))?;
        let named = |name: &str| {
            variables
                .iter()
                .find(|one| one.name.eq_ignore_ascii_case(name) && is_time(one))
        };
        let by_content = || {
            variables
                .iter()
                .find(|one| lower(one, "standard_name") == "time" && is_time(one))
        };
        let time = named("time").or_else(by_content).ok_or_else(|| lacks("time"))?;
        let same = |one: &&NcVariable| dims(one) == dims(time) || dims(one) == dims(lon);
        let warm = |one: &&NcVariable| {
            let name = lower(one, "standard_name");
            ["sea_surface_temperature", "sea_water_temperature"].contains(&name.as_str()) && is_numeric(&one.dtype)
        };
        Ok(Self {
            time,
            lon,
            lat,
            sea_temperature: variables.iter().filter(warm).find(same),
        })
    }
}

/// A coordinate by its usual names, and else by its standard name: of two with the same standard name the one that
/// holds more is the track, the other where it was set out.
fn position<'file>(variables: &'file [NcVariable], standard: &str, names: &[&str]) -> Option<&'file NcVariable> {
    let numeric = || variables.iter().filter(|one| is_numeric(&one.dtype));
    let named = |name: &&str| numeric().find(|one| one.name.eq_ignore_ascii_case(name));
    names.iter().find_map(named).or_else(|| {
        let standard = numeric().filter(|one| lower(one, "standard_name") == standard);
        standard.max_by_key(|one| count(one))
    })
}

fn dims(variable: &NcVariable) -> Vec<&str> {
    variable.dimensions.iter().map(|dim| dim.name.as_str()).collect()
}

fn count(variable: &NcVariable) -> u64 {
    let sizes = variable.dimensions.iter().map(|dim| dim.size);
    sizes.fold(1, u64::saturating_mul)
}

/// The values of the roles, in the order that the file keeps them.
struct Columns {
    time: Vec<Option<ValidTime>>,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    sea_temperature_c: Option<Vec<f64>>,
}

impl Columns {
    fn read(source: &Source, roles: &Roles<'_>) -> Result<Self, Error> {
        let scale = Instants::of(roles.time)?;
        let time = values(source, roles.time)?.into_iter().map(|value| scale.at(value));
        let sea_temperature_c = roles
            .sea_temperature
            .filter(|one| celsius_offset(one).is_some())
            .map(|one| {
                let offset = celsius_offset(one).unwrap_or(0.0);
                Ok::<_, Error>(values(source, one)?.into_iter().map(|value| value + offset).collect())
            });
        Ok(Self {
            time: time.collect::<Result<_, _>>()?,
            lon_deg: values(source, roles.lon)?,
            lat_deg: values(source, roles.lat)?,
            sea_temperature_c: sea_temperature_c.transpose()?,
        })
    }

    /// Reports that stand one after another.
    fn run(&self, first: usize, count: usize) -> Vec<RawFix> {
        (first..first + count).filter_map(|at| self.fix(at, at)).collect()
    }

    /// The report at these places of time and position; `None` where nothing is reported: padding.
    fn fix(&self, at: usize, place: usize) -> Option<RawFix> {
        let sea = self.sea_temperature_c.as_ref();
        let fix = RawFix {
            time: *self.time.get(at)?,
            lon_deg: *self.lon_deg.get(place)?,
            lat_deg: *self.lat_deg.get(place)?,
            sea_temperature_c: sea.and_then(|sea| sea.get(at).copied()).unwrap_or(f64::NAN),
        };
        let is_padding = fix.time.is_none() && fix.lon_deg.is_nan() && fix.lat_deg.is_nan();
        (!is_padding).then_some(fix)
    }
}

/// What makes a temperature one in degrees Celsius, if its unit is known.
fn celsius_offset(variable: &NcVariable) -> Option<f64> {
    match lower(variable, "units").as_str() {
        "k" | "kelvin" | "degk" | "degree_kelvin" => Some(-273.15),
        "degree_celsius" | "degrees_celsius" | "celsius" | "degc" | "deg_c" | "degree_c" | "degrees_c" | "c" => {
            Some(0.0)
        }
        _ => None,
    }
}

/// All values of a variable, unpacked, NaN where missing.
fn values(source: &Source, variable: &NcVariable) -> Result<Vec<f64>, Error> {
    let size = count(variable);
    if size > MAX_REPORTS {
        return Err(Error::TooLarge {
            what: format!("the number of values of '{}'", variable.name),
            size,
            limit: MAX_REPORTS,
        });
    }
    let mut missing: Vec<f64> = ["_FillValue", "missing_value"]
        .iter()
        .filter_map(|name| numbers(variable, name))
        .flatten()
        .collect();
    missing.extend(unwritten(&variable.dtype));
    let scale = number(variable, "scale_factor").unwrap_or(1.0);
    let offset = number(variable, "add_offset").unwrap_or(0.0);
    let stored = source.slab(variable, &vec![Take::All; variable.ndim()])?;
    let value = |stored: f64| {
        if missing.contains(&stored) || !stored.is_finite() {
            f64::NAN
        } else {
            stored * scale + offset
        }
    };
    Ok(stored.into_iter().map(value).collect())
}

/// What NetCDF itself fills with where nothing was written (netcdf.h, `NC_FILL_*`).
fn unwritten(dtype: &NcType) -> Option<f64> {
    match dtype {
        NcType::Short => Some(-32_767.0),
        NcType::Int => Some(-2_147_483_647.0),
        NcType::Int64 => Some(-9_223_372_036_854_775_806_i64 as f64),
        NcType::Float => Some(f64::from(9.969_21e36_f32)),
        NcType::Double => Some(9.969_209_968_386_869e36),
        _ => None,
    }
}

/// How reports belong to buoys.
enum Layout {
    /// One buoy; `places` positions, one for each report.
    Single,
    /// A rectangle of buoys and reports; the time may be common to all.
    Rectangle {
        buoys: usize,
        reports: usize,
        buoys_first: bool,
        shared_time: bool,
        buoy_dim: String,
    },
    /// Reports of one buoy after those of another.
    Contiguous { counts: Vec<usize>, buoy_dim: String },
    /// Each report names its buoy.
    Indexed {
        index: Vec<usize>,
        buoys: usize,
        buoy_dim: String,
    },
    /// Each buoy has one position and a series over time.
    Stations {
        buoys: usize,
        shared_time: bool,
        buoy_dim: Option<String>,
    },
}

impl Layout {
    fn of(source: &Source, roles: &Roles<'_>) -> Result<Self, Error> {
        let refused = |reason: &str| Err(Error::Tracks(reason.to_owned()));
        let (time, lon) = (dims(roles.time), dims(roles.lon));
        if lon != dims(roles.lat) && count(roles.lon).max(count(roles.lat)) > 1 {
            return refused("longitudes and latitudes do not lie on the same dimensions");
        }
        if let Some(ragged) = ragged(source, roles)? {
            return Ok(ragged);
        }
        match (lon.as_slice(), time.as_slice()) {
            ([report], [same]) if report == same => Ok(Self::Single),
            ([first, second], [only]) if only == second || only == first => Ok(rectangle(roles, only != first, true)),
            ([first, _], same) if lon == same => {
                let buoys_first = is_buoy_dim(source, first) || !is_buoy_dim(source, lon[1]);
                Ok(rectangle(roles, buoys_first, false))
            }
            (_, [_]) if count(roles.lon) == 1 => Ok(Self::Stations {
                buoys: 1,
                shared_time: true,
                buoy_dim: lon.first().map(|dim| (*dim).to_owned()),
            }),
            ([buoy], [_]) => Ok(Self::Stations {
                buoys: count(roles.lon) as usize,
                shared_time: true,
                buoy_dim: Some((*buoy).to_owned()),
            }),
            ([buoy], [first, _]) if buoy == first => Ok(Self::Stations {
                buoys: count(roles.lon) as usize,
                shared_time: false,
                buoy_dim: Some((*buoy).to_owned()),
            }),
            _ => Err(Error::Tracks(format!(
                "positions on ({}) and times on ({}) are no layout of trajectories or stations",
                lon.join(", "),
                time.join(", ")
            ))),
        }
    }

    /// The dimension of the buoys and how many they are.
    fn buoys(&self) -> (usize, Option<&str>) {
        match self {
            Self::Single => (1, None),
            Self::Rectangle { buoys, buoy_dim, .. } | Self::Indexed { buoys, buoy_dim, .. } => (*buoys, Some(buoy_dim)),
            Self::Contiguous { counts, buoy_dim } => (counts.len(), Some(buoy_dim)),
            Self::Stations { buoys, buoy_dim, .. } => (*buoys, buoy_dim.as_deref()),
        }
    }

    /// Gives each buoy its reports.
    fn share_out(&self, columns: &Columns, tracks: &mut [RawTrack]) -> Result<(), Error> {
        match self {
            Self::Single => tracks[0].fixes = columns.run(0, columns.time.len()),
            Self::Rectangle { .. } => self.share_out_rectangle(columns, tracks),
            Self::Contiguous { counts, .. } => {
                let total: usize = counts.iter().sum();
                if total > columns.time.len() {
                    let held = columns.time.len();
                    return Err(Error::Tracks(format!(
                        "its buoys count {total} reports, and it holds {held}"
                    )));
                }
                let mut first = 0;
                for (track, count) in tracks.iter_mut().zip(counts) {
                    track.fixes = columns.run(first, *count);
                    first += count;
                }
            }
            Self::Indexed { index, .. } => {
                for (at, &buoy) in index.iter().enumerate() {
                    tracks[buoy].fixes.extend(columns.fix(at, at));
                }
            }
            Self::Stations { buoys, shared_time, .. } => {
                let reports = columns.time.len() / if *shared_time { 1 } else { (*buoys).max(1) };
                for (buoy, track) in tracks.iter_mut().enumerate() {
                    let first = if *shared_time { 0 } else { buoy * reports };
                    let fixes = (first..first + reports).filter_map(|at| columns.fix(at, buoy));
                    track.fixes = fixes.filter(|fix| fix.time.is_some()).collect();
                }
            }
        }
        Ok(())
    }

    fn share_out_rectangle(&self, columns: &Columns, tracks: &mut [RawTrack]) {
        let Self::Rectangle {
            buoys,
            reports,
            buoys_first,
            shared_time,
            ..
        } = *self
        else {
            return;
        };
        for (buoy, track) in tracks.iter_mut().enumerate() {
            let place = |report: usize| {
                if buoys_first {
                    buoy * reports + report
                } else {
                    report * buoys + buoy
                }
            };
            let at = |report: usize| if shared_time { report } else { place(report) };
            let fixes = (0..reports).filter_map(|report| columns.fix(at(report), place(report)));
            // With a common time, a buoy that has no position has not reported.
            let has_reported = |fix: &RawFix| !(shared_time && fix.lon_deg.is_nan() && fix.lat_deg.is_nan());
            track.fixes = fixes.filter(has_reported).collect();
        }
    }
}

fn rectangle(roles: &Roles<'_>, buoys_first: bool, shared_time: bool) -> Layout {
    let size = |at: usize| roles.lon.dimensions[at].size as usize;
    let buoy = usize::from(!buoys_first);
    Layout::Rectangle {
        buoys: size(buoy),
        reports: size(1 - buoy),
        buoys_first,
        shared_time,
        buoy_dim: roles.lon.dimensions[buoy].name.clone(),
    }
}

/// Whether a dimension counts buoys: the variable that identifies them lies on it, or it is called so.
fn is_buoy_dim(source: &Source, dim: &str) -> bool {
    let identified = source
        .variables()
        .iter()
        .any(|one| !lower(one, "cf_role").is_empty() && dims(one).first() == Some(&dim));
    let called = ["traj", "trajectory", "platform", "drifter", "buoy", "station", "id"];
    identified || called.contains(&dim.to_ascii_lowercase().as_str())
}

/// The two ragged layouts, by the attributes that mark them.
fn ragged(source: &Source, roles: &Roles<'_>) -> Result<Option<Layout>, Error> {
    let [report] = dims(roles.lon)[..] else { return Ok(None) };
    for variable in source.variables().iter().filter(|one| one.ndim() == 1) {
        let own = dims(variable)[0].to_owned();
        if text(variable, "sample_dimension").as_deref() == Some(report) {
            let counts = whole(source, variable, MAX_REPORTS as usize)?;
            return Ok(Some(Layout::Contiguous { counts, buoy_dim: own }));
        }
        if own == report
            && let Some(buoy_dim) = text(variable, "instance_dimension")
        {
            let size = source
                .variables()
                .iter()
                .flat_map(|one| &one.dimensions)
                .find(|dim| dim.name == buoy_dim)
                .map(|dim| dim.size as usize);
            let index = whole(source, variable, size.unwrap_or(MAX_REPORTS as usize).saturating_sub(1))?;
            let buoys = size.unwrap_or_else(|| index.iter().max().map_or(0, |last| last + 1));
            if buoys as u64 > MAX_REPORTS {
                return Err(Error::Tracks(format!("'{}' counts {buoys} buoys", variable.name)));
            }
            return Ok(Some(Layout::Indexed { index, buoys, buoy_dim }));
        }
    }
    Ok(None)
}

/// Counts or indices up to a largest one.
fn whole(source: &Source, variable: &NcVariable, most: usize) -> Result<Vec<usize>, Error> {
    let wrong = |value: f64| Error::Tracks(format!("'{}' holds {value}, which is no count or index", variable.name));
    let read = values(source, variable)?.into_iter().map(|value| {
        let fits = value >= 0.0 && value <= most as f64 && libm::rint(value) == value;
        if fits { Ok(value as usize) } else { Err(wrong(value)) }
    });
    read.collect()
}

/// What the buoys are called.
fn platform_names(source: &Source, layout: &Layout, name: &str) -> Result<Vec<String>, Error> {
    let (buoys, dim) = layout.buoys();
    let is_identity = |one: &&NcVariable| ["trajectory_id", "timeseries_id"].contains(&lower(one, "cf_role").as_str());
    let called = [
        "id",
        "platform",
        "platform_id",
        "drifter_names",
        "drifter",
        "wmo",
        "trajectory",
        "station_name",
    ];
    let on_buoys = |one: &&NcVariable| dims(one).first().copied() == dim || (buoys == 1 && count(one) <= 256);
    let named = || {
        let by_name = |name: &&str| {
            source
                .variables()
                .iter()
                .filter(on_buoys)
                .find(|one| one.name.eq_ignore_ascii_case(name))
        };
        called.iter().find_map(by_name)
    };
    let found = source
        .variables()
        .iter()
        .filter(on_buoys)
        .find(is_identity)
        .or_else(named);
    let Some(variable) = found else {
        return Ok(numbered(buoys, name));
    };
    let names = if is_numeric(&variable.dtype) {
        values(source, variable)?
            .iter()
            .map(|value| format!("{value}"))
            .collect()
    } else {
        source.strings(variable)?
    };
    if names.len() != buoys {
        return Err(Error::Tracks(format!(
            "'{}' names {} buoys of {buoys}",
            variable.name,
            names.len()
        )));
    }
    let own = numbered(buoys, name);
    let named = names.into_iter().zip(own).map(|(named, numbered)| {
        let named = named.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned();
        if named.is_empty() { numbered } else { named }
    });
    Ok(named.collect())
}

/// Names for buoys that have none: the file's, with their numbers where they are several.
fn numbered(buoys: usize, name: &str) -> Vec<String> {
    match buoys {
        1 => vec![name.to_owned()],
        _ => (0..buoys).map(|buoy| format!("{name}-{buoy}")).collect(),
    }
}
