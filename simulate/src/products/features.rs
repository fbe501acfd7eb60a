//! GeoJSON files of a run (RFC 7946; properties as in sar.md, section 10): flat scalars, times RFC 3339, areas in square
//! kilometres and square nautical miles, lengths in metres. Each collection carries the attribution of its forcing in
//! a top-level `attribution` member.

use driftline_domain::{MissionId, Mode, ObjectClass, RunId, ValidTime};
use geo::{LineString, MapCoords, MultiLineString, Point};
use geojson::{Feature, FeatureCollection, Geometry, JsonObject, JsonValue, feature};

use super::Error;
use super::antimeridian::Vertex;
use super::areas::{Area, AreaSet};
use super::lobes::Lobe;
use super::tracks::Track;

/// Square kilometres of a square nautical mile (1852 m).
const KM2_PER_NM2: f64 = 3.429_904;
/// Decimals of a degree that are written: a centimetre.
const DECIMALS: f64 = 1e7;

/// What every feature says about its run.
#[derive(Debug, Clone)]
pub struct RunLabel {
    /// The question.
    pub mission_id: MissionId,
    /// The answer.
    pub run_id: RunId,
    /// When the run was computed.
    pub issued: ValidTime,
    /// What drifts.
    pub object: &'static ObjectClass,
    /// Physics.
    pub mode: Mode,
    /// Seed of the run.
    pub seed: u64,
    /// Version of the program.
    pub engine_version: String,
    /// Credit lines of the forcing.
    pub attribution: Vec<String>,
    /// Further properties, put on every feature as they are.
    pub more: JsonObject,
}

impl RunLabel {
    /// The credit lines as one text.
    pub fn attribution_line(&self) -> String {
        self.attribution.join("; ")
    }

    fn properties(&self) -> Result<JsonObject, Error> {
        let mut properties = JsonObject::new();
        for (key, value) in [
            ("mission_id", self.mission_id.to_string()),
            ("run_id", self.run_id.to_string()),
            ("issued", self.issued.to_string()),
            ("status", "current".to_owned()),
            ("object_code", self.object.key.to_owned()),
            ("object_name", self.object.description.to_owned()),
            ("engine_version", self.engine_version.clone()),
        ] {
            properties.insert(key.to_owned(), value.into());
        }
        properties.insert("leeway_mode".to_owned(), serde_json::to_value(self.mode)?);
        properties.insert("seed".to_owned(), self.seed.into());
        properties.extend(self.more.clone());
        Ok(properties)
    }

    /// The stable id of a feature: run, collection and name within it, never reused.
    pub(crate) fn id(&self, collection: &str, name: impl std::fmt::Display) -> String {
        format!("{}.{collection}.{name}", self.run_id)
    }

    pub(crate) fn feature(&self, id: String, geometry: Geometry, own: &[(&str, JsonValue)]) -> Result<Feature, Error> {
        let mut properties = self.properties()?;
        properties.insert("id".to_owned(), id.clone().into());
        properties.extend(own.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        Ok(Feature {
            bbox: None,
            geometry: Some(geometry),
            id: Some(feature::Id::String(id)),
            properties: Some(properties),
            foreign_members: None,
        })
    }

    pub(crate) fn write(&self, features: Vec<Feature>) -> Result<Vec<u8>, Error> {
        self.write_with(features, JsonObject::new())
    }

    /// The bytes of a collection with further members beside its features.
    pub(crate) fn write_with(&self, features: Vec<Feature>, mut members: JsonObject) -> Result<Vec<u8>, Error> {
        members.insert("attribution".to_owned(), self.attribution_line().into());
        let collection = FeatureCollection {
            bbox: None,
            features,
            foreign_members: Some(members),
        };
        Ok(serde_json::to_vec(&collection)?)
    }
}

impl AreaSet {
    /// One area as a feature.
    pub fn area_feature(&self, area: &Area, label: &RunLabel) -> Result<Feature, Error> {
        let geometry = Geometry::new((&area.polygons.map_coords(rounded)).into());
        let mut own = area_properties(self, area);
        own.extend(set_properties(self));
        label.feature(self.area_id(area, label), geometry, &own)
    }

    /// The id of an area in files and interfaces.
    pub(crate) fn area_id(&self, area: &Area, label: &RunLabel) -> String {
        label.id(
            "search-areas",
            format_args!("{}.{}", libm::round(area.level * 100.0), compact(self.time)),
        )
    }

    /// Mean and mode of the particles adrift and the datum of each lobe as features, in the order of
    /// [`AreaSet::datum_places`].
    pub fn datum_features(&self, label: &RunLabel) -> Result<Vec<Feature>, Error> {
        let [east_east, east_north, north_north] = self.datum.covariance_m2;
        let one = |name: String, kind: &str, place: (f64, f64), more: Vec<(&'static str, JsonValue)>| {
            let mut own = vec![
                ("datum_kind", kind.into()),
                ("lon", place.0.into()),
                ("lat", place.1.into()),
            ];
            own.extend(more);
            own.extend(set_properties(self));
            let id = label.id("datums", format_args!("{name}.{}", compact(self.time)));
            label.feature(id, point(place.0, place.1), &own)
        };
        let whole = |(kind, place): (&str, (f64, f64))| {
            let more = vec![
                ("covariance_east_m2", east_east.into()),
                ("covariance_east_north_m2", east_north.into()),
                ("covariance_north_m2", north_north.into()),
            ];
            one(kind.to_owned(), kind, place, more)
        };
        let lobe = |(index, lobe): (usize, &Lobe)| {
            let more = vec![
                ("lobe", (index + 1).into()),
                ("lobes", self.lobes.len().into()),
                ("share", lobe.share.into()),
                ("poc", (lobe.share * self.n_particles as f64 / self.n_all as f64).into()),
                ("level", lobe.level.into()),
                ("area_km2", lobe.area_km2.into()),
                ("datum_place", if lobe.is_mean { "mean" } else { "mode" }.into()),
                ("mode_lon", lobe.mode.0.into()),
                ("mode_lat", lobe.mode.1.into()),
            ];
            one(format!("lobe-{}", index + 1), "lobe", lobe.datum, more)
        };
        let wholes = [("mean", self.datum.mean), ("mode", self.datum.mode)]
            .into_iter()
            .map(whole);
        wholes.chain(self.lobes.iter().enumerate().map(lobe)).collect()
    }

    /// The places of all datums: mean, mode, and one per lobe.
    pub fn datum_places(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let lobes = self.lobes.iter().map(|lobe| lobe.datum);
        [self.datum.mean, self.datum.mode].into_iter().chain(lobes)
    }
}

/// A time as it stands in ids.
fn compact(time: ValidTime) -> impl std::fmt::Display {
    time.0.strftime("%Y%m%dT%H%M%SZ")
}

/// `search_area_50.geojson` and its like: the area of one level at every time that has one.
pub fn search_area_geojson(sets: &[AreaSet], level: f64, label: &RunLabel) -> Result<Vec<u8>, Error> {
    let feature = |set: &AreaSet| {
        let area = set.levels.iter().find(|area| area.level == level);
        set.area_feature(area.ok_or_else(|| Error::Levels(vec![level]))?, label)
    };
    label.write(sets.iter().map(feature).collect::<Result<_, _>>()?)
}

/// `centroid.geojson`: mean and mode of the particles adrift and the datum of each lobe, at every time.
pub fn centroid_geojson(sets: &[AreaSet], label: &RunLabel) -> Result<Vec<u8>, Error> {
    let features: Result<Vec<_>, Error> = sets.iter().map(|set| set.datum_features(label)).collect();
    label.write(features?.into_iter().flatten().collect())
}

/// `trajectories.geojson`: a line per track, with the time of every vertex in `times` (a list per piece where the
/// antimeridian cuts the line). A particle that stopped where it started has no line.
pub fn trajectories_geojson(tracks: &[Track], label: &RunLabel) -> Result<Vec<u8>, Error> {
    let mut features = Vec::with_capacity(tracks.len());
    for track in tracks {
        let (Some(lines), Some((start, end))) = (track.lines(), track.times()) else {
            continue;
        };
        let times = |part: &Vec<Vertex>| JsonValue::from_iter(part.iter().map(|vertex| vertex.time.to_string()));
        let mut times: Vec<JsonValue> = track.parts.iter().map(times).collect();
        let (geometry, times) = if lines.0.len() == 1 {
            (Geometry::new((&lines.0[0].map_coords(rounded)).into()), times.remove(0))
        } else {
            (Geometry::new((&lines.map_coords(rounded)).into()), times.into())
        };
        let own = [
            ("particle_id", track.particle_id.into()),
            ("particle_status", track.status.name().into()),
            ("valid_start", start.to_string().into()),
            ("valid_end", end.to_string().into()),
            ("times", times),
        ];
        features.push(label.feature(label.id("trajectories", features.len()), geometry, &own)?);
    }
    label.write(features)
}

impl Area {
    /// Square nautical miles.
    pub fn area_nm2(&self) -> f64 {
        self.area_km2 / KM2_PER_NM2
    }
}

impl AreaSet {
    /// Share of all particles that are neither adrift nor ashore: they ran out of forcing, and the areas leave them out.
    pub fn missing_fraction(&self) -> f64 {
        (1.0 - self.n_particles as f64 / self.n_all as f64 - self.stranded_fraction).max(0.0)
    }

    /// Probability that the object is in the area: the level holds for an object that is still adrift.
    pub fn probability_of_containment(&self, area: &Area) -> f64 {
        area.level * self.n_particles as f64 / self.n_all as f64
    }
}

impl Track {
    /// The pieces as lines; `None` for a track of one vertex.
    pub(crate) fn lines(&self) -> Option<MultiLineString> {
        let line = |part: &Vec<Vertex>| {
            part.iter()
                .map(|vertex| (vertex.lon_deg, vertex.lat_deg))
                .collect::<LineString>()
        };
        let is_line = self.parts.iter().all(|part| part.len() > 1) && !self.parts.is_empty();
        is_line.then(|| MultiLineString(self.parts.iter().map(line).collect()))
    }

    /// First and last time; none of a track without a vertex.
    pub fn times(&self) -> Option<(ValidTime, ValidTime)> {
        Some((self.parts.first()?.first()?.time, self.parts.last()?.last()?.time))
    }
}

fn area_properties(set: &AreaSet, area: &Area) -> Vec<(&'static str, JsonValue)> {
    vec![
        ("level", area.level.into()),
        ("poc", set.probability_of_containment(area).into()),
        ("area_km2", area.area_km2.into()),
        ("area_nm2", area.area_nm2().into()),
        ("density_threshold_per_km2", area.threshold_per_km2.into()),
    ]
}

fn set_properties(set: &AreaSet) -> Vec<(&'static str, JsonValue)> {
    vec![
        ("valid_time", set.time.to_string().into()),
        ("n_particles", set.n_particles.into()),
        ("n_effective", set.n_effective.into()),
        ("stranded_fraction", set.stranded_fraction.into()),
        ("missing_fraction", set.missing_fraction().into()),
        ("bandwidth_m", set.bandwidth_m.into()),
        ("kernel", set.kernel.into()),
        ("land_fraction", set.land_fraction.into()),
    ]
}

pub(crate) fn point(lon_deg: f64, lat_deg: f64) -> Geometry {
    Geometry::new((&Point(rounded(geo::Coord { x: lon_deg, y: lat_deg }))).into())
}

pub(crate) fn rounded(coord: geo::Coord) -> geo::Coord {
    geo::Coord {
        x: libm::round(coord.x * DECIMALS) / DECIMALS,
        y: libm::round(coord.y * DECIMALS) / DECIMALS,
    }
}

#[cfg(test)]
mod tests;
