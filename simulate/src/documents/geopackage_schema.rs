//! Tables of a GeoPackage 1.3 (OGC 12-128r17): what the standard asks for, and a description of ours.

/// `application_id` of every GeoPackage: the letters GPKG (requirement 2).
pub(super) const APPLICATION_ID: i64 = 0x4750_4B47;
/// Version 1.3.0, as `user_version` writes it.
pub(super) const VERSION: i64 = 10_300;
/// WGS 84, in GeoPackage always longitude first.
pub(super) const SRS: i32 = 4326;

/// Tables that every GeoPackage has, the three reference systems that it must name (requirement 11), and the metadata
/// extension that our provenance is written in.
pub(super) const COMMON: &str = r#"
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]', 'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid'),
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system');
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE,
  max_y DOUBLE, srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
INSERT INTO gpkg_extensions VALUES
  ('gpkg_metadata', NULL, 'gpkg_metadata', 'http://www.geopackage.org/spec130/#extension_metadata', 'read-write'),
  ('gpkg_metadata_reference', NULL, 'gpkg_metadata', 'http://www.geopackage.org/spec130/#extension_metadata', 'read-write');
CREATE TABLE gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
  timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), md_file_id INTEGER NOT NULL,
  md_parent_id INTEGER, CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
CREATE TABLE provenance (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL);
"#;

/// One of our tables of features.
pub(super) struct Layer {
    /// Its name.
    pub(super) table: &'static str,
    /// What it holds.
    pub(super) description: &'static str,
    /// The kind of its geometries.
    pub(super) geometry: &'static str,
    /// Columns after `fid` and `geom`, as SQL.
    pub(super) columns: &'static str,
}

pub(super) const AREAS: Layer = Layer {
    table: "search_areas",
    description: "Where the object is with a probability of 50, 90 and 95 %, if it is adrift",
    geometry: "MULTIPOLYGON",
    columns: "id TEXT, run_id TEXT, valid_time DATETIME, hours DOUBLE, level DOUBLE, poc DOUBLE, area_km2 DOUBLE, area_nm2 DOUBLE, n_particles INTEGER, n_effective DOUBLE, stranded_fraction DOUBLE, land_fraction DOUBLE, bandwidth_m DOUBLE",
};
pub(super) const DATUMS: Layer = Layer {
    table: "datums",
    description: "Mean and most likely position of what is adrift",
    geometry: "POINT",
    columns: "run_id TEXT, valid_time DATETIME, hours DOUBLE, datum_kind TEXT, lat_dm TEXT, lon_dm TEXT, covariance_east_m2 DOUBLE, covariance_east_north_m2 DOUBLE, covariance_north_m2 DOUBLE",
};
pub(super) const DATUM_TRACK: Layer = Layer {
    table: "datum_track",
    description: "The mean position through the run",
    geometry: "MULTILINESTRING",
    columns: "run_id TEXT, valid_start DATETIME, valid_end DATETIME",
};
pub(super) const TRACKS: Layer = Layer {
    table: "tracks",
    description: "Tracks of a fair sample of particles",
    geometry: "MULTILINESTRING",
    columns: "run_id TEXT, particle_id INTEGER, particle_status TEXT, valid_start DATETIME, valid_end DATETIME, times TEXT",
};
pub(super) const STRANDED: Layer = Layer {
    table: "stranded",
    description: "Where and when particles came ashore",
    geometry: "POINT",
    columns: "run_id TEXT, particle_id INTEGER, valid_time DATETIME, hours DOUBLE, lat_dm TEXT, lon_dm TEXT",
};
pub(super) const START: Layer = Layer {
    table: "last_known_position",
    description: "The last known position",
    geometry: "POINT",
    columns: "run_id TEXT, valid_time DATETIME, object_code TEXT, object_name TEXT, radius_m DOUBLE, lat_dm TEXT, lon_dm TEXT",
};
