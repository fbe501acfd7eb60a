//! `run.gpkg`: a GeoPackage 1.3 (OGC 12-128r17) with areas, datums, tracks and stranded particles, for GIS programs. Times are
//! DATETIME columns, geometries longitude and latitude, cut at the antimeridian.
//!
//! Written by the SQLite that the database of the service is kept with, in memory; the same run gives the same bytes.

use driftline_domain::{BBox, ValidTime};
use geo::{Coord, CoordsIter, LineString, MapCoords, MultiLineString};
use rusqlite::{Connection, MAIN_DB, ToSql, params};

use super::geopackage_schema::{
    APPLICATION_ID, AREAS, COMMON, DATUM_TRACK, DATUMS, Layer, SRS, START, STRANDED, TRACKS, VERSION,
};
use super::outline::rounded;
use super::{Error, RunView, latitude_dm, longitude_dm};
use crate::products::{MAX_TRACKS, Track, Vertex, bounds, tracks, write_lines, write_point, write_polygons};

/// `run.gpkg`.
pub(super) fn geopackage(view: &RunView) -> Result<Vec<u8>, Error> {
    let package = Package::new(view)?;
    package.areas()?;
    package.datums()?;
    package.tracks()?;
    package.stranded()?;
    package.start()?;
    package.provenance()?;
    package.bytes()
}

/// A GeoPackage in the making.
struct Package<'a> {
    database: Connection,
    view: &'a RunView,
    run: String,
}

/// A layer that rows are added to.
struct Rows<'a, 'b> {
    package: &'b Package<'a>,
    layer: &'static Layer,
    insert: String,
    corners: Vec<Coord>,
}

impl<'a> Package<'a> {
    fn new(view: &'a RunView) -> Result<Self, Error> {
        let database = Connection::open_in_memory()?;
        database.pragma_update(None, "application_id", APPLICATION_ID)?;
        database.pragma_update(None, "user_version", VERSION)?;
        database.execute_batch("BEGIN")?;
        database.execute_batch(COMMON)?;
        Ok(Self {
            database,
            view,
            run: view.label.run_id.to_string(),
        })
    }

    fn layer(&self, layer: &'static Layer) -> Result<Rows<'a, '_>, Error> {
        let Layer {
            table,
            columns,
            geometry,
            description,
        } = layer;
        self.database.execute_batch(&format!(
            "CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {geometry}, {columns})"
        ))?;
        self.database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) VALUES (?1, 'features', ?1, ?2, ?3, ?4)",
            params![table, description, stamp(self.view.label.issued), SRS],
        )?;
        self.database.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)",
            params![table, geometry, SRS],
        )?;
        let places = (0..=columns.split(',').count())
            .map(|_| "?")
            .collect::<Vec<_>>()
            .join(", ");
        let names = columns.split(',').filter_map(|column| column.split_whitespace().next());
        let names = names.collect::<Vec<_>>().join(", ");
        Ok(Rows {
            package: self,
            layer,
            insert: format!("INSERT INTO {table} (geom, {names}) VALUES ({places})"),
            corners: Vec::new(),
        })
    }

    fn areas(&self) -> Result<(), Error> {
        let mut rows = self.layer(&AREAS)?;
        for set in &self.view.areas {
            for area in &set.levels {
                let polygons = area.polygons.map_coords(rounded);
                let id = set.area_id(area, &self.view.label);
                rows.add(
                    &write_polygons(&polygons),
                    polygons.coords_iter(),
                    params![
                        id,
                        self.run,
                        stamp(set.time),
                        self.view.hours_after_start(set.time),
                        area.level,
                        set.probability_of_containment(area),
                        area.area_km2,
                        area.area_nm2(),
                        set.n_particles as i64,
                        set.n_effective,
                        set.stranded_fraction,
                        set.land_fraction,
                        set.bandwidth_m,
                    ],
                )?;
            }
        }
        rows.finish()
    }

    fn datums(&self) -> Result<(), Error> {
        let mut rows = self.layer(&DATUMS)?;
        for set in &self.view.areas {
            let [east, both, north] = set.datum.covariance_m2;
            for (kind, (lon, lat)) in [("mean", set.datum.mean), ("mode", set.datum.mode)] {
                let hours = self.view.hours_after_start(set.time);
                rows.add_point(
                    (lon, lat),
                    params![
                        self.run,
                        stamp(set.time),
                        hours,
                        kind,
                        latitude_dm(lat),
                        longitude_dm(lon),
                        east,
                        both,
                        north
                    ],
                )?;
            }
        }
        rows.finish()?;
        let mut rows = self.layer(&DATUM_TRACK)?;
        let parts = self.view.datum_track();
        let ends = parts
            .first()
            .and_then(|part| part.first())
            .zip(parts.last().and_then(|part| part.last()));
        let lines = lines_of(&parts);
        if let Some((first, last)) = ends.filter(|_| !lines.0.is_empty()) {
            let (from, until) = (stamp(first.time), stamp(last.time));
            rows.add(
                &write_lines(&lines),
                lines.coords_iter(),
                params![self.run, from, until],
            )?;
        }
        rows.finish()
    }

    fn tracks(&self) -> Result<(), Error> {
        let mut rows = self.layer(&TRACKS)?;
        for track in tracks(&self.view.clouds()?, MAX_TRACKS)? {
            let lines = lines_of(&track.parts);
            if let Some((first, last)) = track.times().filter(|_| !lines.0.is_empty()) {
                let Track {
                    particle_id, status, ..
                } = track;
                let (from, until, times) = (stamp(first), stamp(last), times_of(&track.parts)?);
                let row = params![self.run, particle_id, status.name(), from, until, times];
                rows.add(&write_lines(&lines), lines.coords_iter(), row)?;
            }
        }
        rows.finish()
    }

    fn stranded(&self) -> Result<(), Error> {
        let mut rows = self.layer(&STRANDED)?;
        for arrival in self.view.arrivals()? {
            let (lon, lat) = (arrival.lon_deg, arrival.lat_deg);
            let hours = self.view.hours_after_start(arrival.time);
            rows.add_point(
                (lon, lat),
                params![
                    self.run,
                    arrival.particle_id,
                    stamp(arrival.time),
                    hours,
                    latitude_dm(lat),
                    longitude_dm(lon)
                ],
            )?;
        }
        rows.finish()
    }

    fn start(&self) -> Result<(), Error> {
        let spec = &self.view.spec;
        let (lon, lat) = (spec.position.lon_deg(), spec.position.lat_deg());
        let mut rows = self.layer(&START)?;
        rows.add_point(
            (lon, lat),
            params![
                self.run,
                stamp(spec.time),
                spec.object.key,
                spec.object.description,
                spec.radius_m,
                latitude_dm(lat),
                longitude_dm(lon)
            ],
        )?;
        rows.finish()
    }

    /// As a table that people see, and as metadata of the whole file that programs look for.
    fn provenance(&self) -> Result<(), Error> {
        let issued = stamp(self.view.label.issued);
        let pairs = self.view.provenance();
        for (name, value) in &pairs {
            self.database.execute(
                "INSERT INTO provenance (name, value) VALUES (?1, ?2)",
                params![name, value],
            )?;
        }
        self.database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES ('provenance', 'attributes', 'provenance', 'How the run came about, and whom to credit', ?1)",
            params![issued],
        )?;
        let members = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        let text = serde_json::Value::Object(members.collect()).to_string();
        self.database.execute(
            "INSERT INTO gpkg_metadata VALUES (1, 'dataset', 'urn:x-driftline:run:1', 'application/json', ?1)",
            params![text],
        )?;
        self.database.execute(
            "INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?1, 1, NULL)",
            params![issued],
        )?;
        Ok(())
    }

    fn bytes(self) -> Result<Vec<u8>, Error> {
        self.database.execute_batch("COMMIT")?;
        Ok(self.database.serialize(MAIN_DB)?.to_vec())
    }
}

impl Rows<'_, '_> {
    fn add_point(&mut self, (lon, lat): (f64, f64), row: &[&dyn ToSql]) -> Result<(), Error> {
        let place = rounded(Coord { x: lon, y: lat });
        self.add(&write_point(place), std::iter::once(place), row)
    }

    fn add(&mut self, wkb: &[u8], coords: impl Iterator<Item = Coord>, row: &[&dyn ToSql]) -> Result<(), Error> {
        let coords: Vec<Coord> = coords.collect();
        let geometry = binary(wkb, &coords);
        self.corners.extend(corners(&coords));
        let mut values: Vec<&dyn ToSql> = vec![&geometry];
        values.extend(row);
        let mut statement = self.package.database.prepare_cached(&self.insert)?;
        statement.execute(values.as_slice())?;
        Ok(())
    }

    /// Tells the extent. One that lies on both sides of the antimeridian is given as all longitudes: the table knows no
    /// west that is east of its east.
    fn finish(self) -> Result<(), Error> {
        let Some(BBox {
            mut west,
            south,
            mut east,
            north,
        }) = bounds(self.corners)
        else {
            return Ok(());
        };
        if west > east {
            (west, east) = (-180.0, 180.0);
        }
        self.package.database.execute(
            "UPDATE gpkg_contents SET min_x = ?2, min_y = ?3, max_x = ?4, max_y = ?5 WHERE table_name = ?1",
            params![self.layer.table, west, south, east, north],
        )?;
        Ok(())
    }
}

/// The four extremes of a geometry, as two corners.
fn corners(coords: &[Coord]) -> Vec<Coord> {
    let Some(first) = coords.first() else {
        return Vec::new();
    };
    let (mut low, mut high) = (*first, *first);
    for coord in coords {
        low = Coord {
            x: low.x.min(coord.x),
            y: low.y.min(coord.y),
        };
        high = Coord {
            x: high.x.max(coord.x),
            y: high.y.max(coord.y),
        };
    }
    vec![low, high]
}

/// GeoPackageBinary (clause 2.1.3): magic, version, little-endian with an envelope of two axes, system, envelope, WKB. A point
/// goes without an envelope.
fn binary(wkb: &[u8], coords: &[Coord]) -> Vec<u8> {
    let envelope = corners(coords);
    let with_envelope = coords.len() > 1;
    let mut bytes = vec![b'G', b'P', 0, if with_envelope { 0b0000_0011 } else { 0b0000_0001 }];
    bytes.extend(SRS.to_le_bytes());
    if let ([low, high], true) = (envelope.as_slice(), with_envelope) {
        for value in [low.x, high.x, low.y, high.y] {
            bytes.extend(value.to_le_bytes());
        }
    }
    bytes.extend(wkb);
    bytes
}

/// Pieces of at least two vertices as lines.
fn lines_of(parts: &[Vec<Vertex>]) -> MultiLineString {
    let parts = parts.iter().filter(|part| part.len() > 1);
    let line = |part: &Vec<Vertex>| -> LineString {
        let place = |vertex: &Vertex| Coord {
            x: vertex.lon_deg,
            y: vertex.lat_deg,
        };
        part.iter().map(place).map(rounded).collect()
    };
    MultiLineString(parts.map(line).collect())
}

/// Times of all vertices, piece after piece, as a JSON list.
fn times_of(parts: &[Vec<Vertex>]) -> Result<String, Error> {
    let parts = parts.iter().filter(|part| part.len() > 1);
    let times: Vec<ValidTime> = parts.flatten().map(|vertex| vertex.time).collect();
    Ok(serde_json::to_string(&times)?)
}

/// A DATETIME of the standard (table 1).
fn stamp(time: ValidTime) -> String {
    time.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
