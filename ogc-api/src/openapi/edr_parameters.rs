//! Parameters of EDR and Coverages in the API document.

use serde_json::{Value, json};

use super::parameters::{in_path, in_query};
use crate::edr::{Collection, Format};

/// Every parameter by the name that references use.
pub(super) fn all() -> Value {
    let text = || json!({"type": "string"});
    let positions = || json!({"type": "integer", "minimum": 0, "maximum": 5_000, "default": 0});
    let names = || json!({"type": "array", "items": {"type": "string"}});
    let units = || json!({"type": "string", "enum": ["m", "km", "nmi", "mi"]});
    json!({
        "edr_collection_id": in_path(
            "collection_id",
            "Identifier of a collection; probability is at roots of missions only.",
            json!({"type": "string", "enum": Collection::ALL.map(Collection::id)}),
        ),
        "edr_instance_id": in_path(
            "instance_id",
            "A model cycle: its feed, a point, and its reference time without punctuation.",
            text(),
        ),
        "edr_location_id": in_path("location_id", "Identifier of a location.", text()),
        "edr_coords": needed(in_query(
            "coords",
            "Well-known text: POINT or MULTIPOINT for positions, POINT for a radius, POLYGON or MULTIPOLYGON for an area, \
             LINESTRING or MULTILINESTRING for trajectories and corridors; M is a time in seconds since 1970.",
            text(),
        )),
        "edr_bbox": needed(in_query(
            "bbox",
            "West, south, east, north in degrees, with six numbers also heights, which are ignored.",
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
        )),
        "edr_parameter_name": in_query("parameter-name", "Parameters, separated by commas; without it all.", names()),
        "edr_properties": in_query("properties", "Parameters, separated by commas; without it all.", names()),
        "edr_crs": in_query(
            "crs",
            "Reference system of coords and of CoverageJSON answers: CRS84, EPSG:4326; of position, trajectory and locations, \
             as CoverageJSON or CSV, also EPSG:3857, UTM (EPSG:32601 to 32660, 32701 to 32760) and polar stereographic \
             (EPSG:3995, 3996, 3413, 3031).",
            json!({"type": "string", "default": "CRS84"}),
        ),
        "edr_f": format(&Format::OF_DATA),
        "edr_f_grid": format(&Format::OF_GRIDS),
        "edr_f_list": format(&[Format::GeoJson]),
        "edr_z": in_query("z", "Ignored: no collection has a vertical extent.", text()),
        "edr_within": needed(in_query("within", "Length of the radius.", text())),
        "edr_within_units": needed(in_query("within-units", "Unit of within.", units())),
        "edr_corridor_width": needed(in_query("corridor-width", "Whole width of the corridor.", text())),
        "edr_width_units": needed(in_query("width-units", "Unit of corridor-width.", units())),
        "edr_corridor_height": in_query("corridor-height", "Ignored: no collection has a vertical extent.", text()),
        "edr_height_units": in_query("height-units", "Ignored: no collection has a vertical extent.", text()),
        "edr_resolution_x": in_query(
            "resolution-x",
            "Positions from the western to the eastern edge; 0 is the stored ones.",
            positions(),
        ),
        "edr_resolution_y": in_query(
            "resolution-y",
            "Positions from the southern to the northern edge; 0 is the stored ones.",
            positions(),
        ),
        "edr_subset": in_query("subset", "Lon(4:5),Lat(59:60),time(\"2015-11-16T00:00:00Z\").", text()),
        "edr_scale_factor": in_query(
            "scale-factor",
            "Every how many stored nodes along both axes.",
            json!({"type": "integer", "minimum": 1, "maximum": 1_000, "default": 1}),
        ),
        "edr_scale_size": in_query("scale-size", "Positions along axes: Lon(100),Lat(50).", text()),
        "zarr_path": in_path("path", "Path of an object in the Zarr store, such as zarr.json.", text()),
    })
}

fn format(offered: &[Format]) -> Value {
    let names: Vec<&str> = offered.iter().map(|format| format.name()).collect();
    let description = format!("Form of the answer: {}; or its media type.", names.join(", "));
    in_query("f", &description, json!({"type": "string", "default": names.first()}))
}

fn needed(mut parameter: Value) -> Value {
    parameter["required"] = json!(true);
    parameter
}
