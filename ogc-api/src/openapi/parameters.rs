//! Parameters of the API document, each defined once.

use serde_json::{Value, json};

use crate::features::{Collection, Format};
use crate::missions::FIELDS;
use crate::processes::{JOB_LIMITS, Process};
use crate::query::PageLimits;
use crate::{processes, stac};

/// A reference to a parameter.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

/// Every parameter by the name that references use.
pub(super) fn all() -> Value {
    let mut all = of_features_and_missions();
    for more in [
        of_items(),
        of_datasets(),
        of_tiles(),
        of_processes(),
        super::edr_parameters::all(),
        super::billing_paths::parameters(),
        super::identity_paths::parameters(),
        super::tile_paths::parameters(),
        super::metering_paths::parameters(),
    ] {
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
    }
    for (name, description) in WMS {
        all[name_of_wms(name)] = in_query(name, description, json!({"type": "string"}));
    }
    all
}

/// Parameters of pages of features that are not among those of Part 1.
fn of_items() -> Value {
    json!({
        "f": in_query("f", "Form of the answer.", json!({"type": "string", "enum": ["json"], "default": "json"})),
        "f_page": in_query(
            "f",
            "Form of the answer; without it as the header Accept says.",
            json!({"type": "string", "enum": ["json", "html"]}),
        ),
        "f_items": in_query(
            "f",
            "Form of the answer; without it as the header Accept says, and otherwise GeoJSON.",
            json!({"type": "string", "enum": Format::ALL.map(Format::name)}),
        ),
        "crs": in_query(
            "crs",
            "Reference system of the answer's positions, one of those that the collection lists; without it CRS84.",
            json!({"type": "string", "format": "uri"}),
        ),
        "bbox_crs": in_query(
            "bbox-crs",
            "Reference system of bbox; without it CRS84.",
            json!({"type": "string", "format": "uri"}),
        ),
        "updated": in_query(
            "updated",
            "Only features that changed at that time or in that interval, as in datetime; what was withdrawn then stands on \
             the last page without geometry, with status withdrawn.",
            json!({"type": "string"}),
        ),
        "filter": in_query(
            "filter",
            "A condition in CQL2 over the collection's queryables, for example: level = 0.9 AND valid_time > \
             TIMESTAMP('2025-01-01T06:00:00Z').",
            json!({"type": "string", "maxLength": 16_384}),
        ),
        "filter_lang": in_query(
            "filter-lang",
            "Language of filter.",
            json!({"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}),
        ),
        "filter_crs": in_query(
            "filter-crs",
            "Reference system of geometries in filter; without it CRS84.",
            json!({"type": "string", "format": "uri"}),
        ),
        "sortby": in_query(
            "sortby",
            "Properties to sort by, the first one first; a minus sign before a name means from large to small.",
            json!({"type": "array", "items": {"type": "string", "pattern": "^[+-]?[a-z_0-9]+$"}}),
        ),
        "properties": in_query(
            "properties",
            "Properties to show; without it all.",
            json!({"type": "array", "items": {"type": "string"}}),
        ),
        "skip_geometry": in_query(
            "skipGeometry",
            "Leaves the geometries out.",
            json!({"type": "boolean", "default": false}),
        ),
    })
}

/// Parameters of published cycles.
fn of_datasets() -> Value {
    json!({
        "variable": in_query(
            "variable",
            "Kinds of field, or arrays of theirs, separated by commas: current, wind, waves.",
            json!({"type": "string"}),
        ),
        "feed": in_query("feed", "Name of a feed.", json!({"type": "string"})),
        "feed_name": in_path("feed", "Name of a feed.", json!({"type": "string"})),
        "run": in_path("run", "Nominal time of the cycle (RFC 3339).", json!({"type": "string", "format": "date-time"})),
        "revision": in_path("revision", "Revision of the cycle, from 1.", json!({"type": "integer", "minimum": 1}))
    })
}

fn of_features_and_missions() -> Value {
    json!({
        "mission_id": in_path("mission_id", "Identifier of a mission.", json!({"type": "string", "pattern": "^mis_[0-9a-f]{32}$"})),
        "link_id": in_path("link_id", "Identifier of a link.", json!({"type": "string", "pattern": "^shl_[0-9a-f]{32}$"})),
        "file": in_path("file", "Name of a file as listed in the results.", json!({"type": "string"})),
        "collection_id": in_path(
            "collection_id",
            "Identifier of a collection.",
            json!({"type": "string", "enum": Collection::ALL.map(Collection::id)}),
        ),
        "feature_id": in_path("feature_id", "Identifier of a feature.", json!({"type": "string"})),
        "limit": in_query(
            "limit",
            "Features on the page at most; more than the maximum means the maximum. Each page is one request: walks over \
             large collections are fastest with the maximum.",
            json!({"type": "integer", "minimum": 1, "maximum": PageLimits::ITEMS.max, "default": PageLimits::ITEMS.default}),
        ),
        "bbox": in_query(
            "bbox",
            "West, south, east, north in degrees, with six numbers also heights, which are ignored. West greater than \
             east crosses the antimeridian.",
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
        ),
        "datetime": in_query(
            "datetime",
            "An RFC 3339 time, or an interval that includes both ends: start/end, ../end, start/..",
            json!({"type": "string"}),
        ),
        "cursor": in_query(
            "cursor",
            "Where the page begins, as given by a next link.",
            json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]+(~[A-Za-z0-9_-]*)?$"}),
        ),
        "offset": in_query(
            "offset",
            "Features to leave out, for clients that cannot follow next links.",
            json!({"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0}),
        ),
        "list_limit": in_query(
            "limit",
            "Missions on the page at most; more than the maximum means the maximum.",
            json!({"type": "integer", "minimum": 1, "maximum": PageLimits::LIST.max, "default": PageLimits::LIST.default}),
        ),
        "list_cursor": in_query("cursor", "next_cursor of the page before; it goes with the sort it came with.", json!({"type": "string"})),
        "mission_sort": in_query("sort", "What to sort by, a - before it for the largest first; newest first without it.", json!({
            "type": "string",
            "enum": [
                "created_at", "-created_at", "updated_at", "-updated_at", "completed_at", "-completed_at",
                "priority", "-priority", "name", "-name", "status", "-status",
            ],
        })),
        "status": in_query(
            "status",
            "Only missions that stand there.",
            json!({"type": "string", "enum": ["queued", "running", "completed", "failed", "cancelled"]}),
        ),
        "q": in_query("q", "Only missions whose name holds this text.", json!({"type": "string", "maxLength": 200})),
        "fields": in_query(
            "fields",
            "Members to show, separated by commas.",
            json!({"type": "array", "items": {"type": "string", "enum": FIELDS}}),
        ),
        "time": in_query("time", "A time or an interval, as in datetime.", json!({"type": "string"})),
        "usage_from": in_query(
            "from",
            "Hours that begin at this RFC 3339 time or later; at most 400 days before until.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "usage_until": in_query(
            "until",
            "Hours that begin before this RFC 3339 time; without it now.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "max": in_query(
            "max",
            "Particles at most, evenly spaced by number.",
            json!({"type": "integer", "minimum": 1, "maximum": 200_000, "default": 50_000}),
        ),
        "range": {
            "name": "Range",
            "in": "header",
            "required": false,
            "description": "One range of bytes, answered with 206.",
            "schema": {"type": "string"},
        },
        "idempotency_key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "Chosen by the sender; a repetition with the same body answers with the mission of the first time.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
        "last_event_id": {
            "name": "Last-Event-ID",
            "in": "header",
            "required": false,
            "description": "Identifier of the last event received.",
            "schema": {"type": "string"},
        },
    })
}

/// Parameters of processes and jobs (18-062r2, clauses 7 and 12), and of the catalogue.
fn of_processes() -> Value {
    let limit =
        |limits: PageLimits| json!({"type": "integer", "minimum": 1, "maximum": limits.max, "default": limits.default});
    let words = |words: &[&str]| json!({"type": "array", "items": {"type": "string", "enum": words}});
    let seconds = || json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
    let ids = Process::ALL.map(Process::id);
    json!({
        "process_id": in_path("process_id", "Identifier of a process.", json!({"type": "string", "enum": ids})),
        "process_limit": in_query("limit", "Processes on the page at most.", limit(processes::LIMITS)),
        "process_cursor": in_query("cursor", "Where the page begins, as given by a next link.", json!({"type": "string"})),
        "job_id": in_path("job_id", "Identifier of a job.", json!({"type": "string", "pattern": "^job_[0-9a-f]{32}$"})),
        "job_limit": in_query("limit", "Jobs on the page at most.", limit(JOB_LIMITS)),
        "job_cursor": in_query(
            "cursor",
            "Where the page begins, as given by a next link.",
            json!({"type": "string", "pattern": "^mis_[0-9a-f]{32}$"}),
        ),
        "job_type": in_query("type", "Sorts of job, separated by commas.", words(&["process"])),
        "job_process": in_query("processID", "Processes that were executed, separated by commas.", words(&ids)),
        "job_status": in_query(
            "status",
            "Where jobs stand, separated by commas; dismissed jobs are not listed.",
            words(&["accepted", "running", "successful", "failed", "dismissed"]),
        ),
        "stac_collection": in_path("stac_collection", "forcing- and a feed's name, or missions.", json!({"type": "string"})),
        "stac_item": in_path("stac_item", "Identifier of an item.", json!({"type": "string"})),
        "stac_limit": in_query("limit", "Items on the page at most.", limit(stac::LIMITS)),
        "stac_cursor": in_query("cursor", "Where the page begins, as given by a next link.", json!({"type": "string"})),
        "min_duration": in_query("minDuration", "Seconds that a job has taken at least.", seconds()),
        "max_duration": in_query("maxDuration", "Seconds that a job has taken at most.", seconds()),
        "prefer": {
            "name": "Prefer",
            "in": "header",
            "required": false,
            "description": "respond-async: answer with the job and do not wait; wait=N: wait for N seconds at most (RFC 7240).",
            "schema": {"type": "string"},
        },
    })
}

fn of_tiles() -> Value {
    json!({
        "tileset": in_path("tileset", "Name of a tileset; of TileJSON with .json behind it.", json!({"type": "string"})),
        "z": in_path("z", "Zoom.", json!({"type": "integer", "minimum": 0, "maximum": 30})),
        "x": in_path("x", "Column from the west.", json!({"type": "integer", "minimum": 0})),
        "y": in_path(
            "y",
            "Row from the north with the tile's ending: .mvt or .pbf, .png, @2x.png.",
            json!({"type": "string", "pattern": "^[0-9]+(\\.mvt|\\.pbf|\\.png|@2x\\.png)$"}),
        ),
        "style": in_query("style", "A style of the layer; without it the default.", json!({"type": "string"})),
        "map_datetime": in_query(
            "datetime",
            "An RFC 3339 time or an interval that includes both ends. A picture shows the nearest step of a time, or the \
             latest step of an interval, and without it the step nearest to now; features are selected as in their \
             collections.",
            json!({"type": "string"}),
        ),
        "map_time": in_query("time", "Another name of datetime.", json!({"type": "string"})),
        "kml_datetime": in_query(
            "datetime",
            "The instant that is shown (RFC 3339), or now; not for files of all times.",
            json!({"type": "string", "default": "now"}),
        ),
        "kml_file": in_path("kml_file", "What is wanted.", json!({"type": "string", "enum": crate::kml::FILES})),
    })
}

/// Parameters of WMS: name, what it is, an example or the values it has. Names have any case.
pub(super) const WMS: [(&str, &str); 32] = [
    (
        "REQUEST",
        "GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic or DescribeLayer.",
    ),
    ("SERVICE", "WMS."),
    ("VERSION", "1.3.0, which is the default, or 1.1.1."),
    (
        "LAYERS",
        "Names of layers, separated by commas, the first at the bottom.",
    ),
    ("STYLES", "Names of styles, one for each layer; empty for the defaults."),
    (
        "CRS",
        "EPSG:4326, EPSG:3857, CRS:84, a UTM zone (EPSG:32601 to 32660, 32701 to 32760) or a polar system (EPSG:3995, 3996, \
         3413, 3031); called SRS in 1.1.1.",
    ),
    ("SRS", "In 1.1.1 what CRS is in 1.3.0."),
    (
        "BBOX",
        "Four numbers in the order of the reference system: latitude first in EPSG:4326 of 1.3.0.",
    ),
    ("WIDTH", "Pixels in a row, up to 4096."),
    ("HEIGHT", "Rows, up to 4096."),
    ("FORMAT", "image/png."),
    ("TRANSPARENT", "TRUE or FALSE, which is the default."),
    (
        "BGCOLOR",
        "Ground of a picture that is not transparent, 0xRRGGBB; without it white.",
    ),
    ("TIME", "A time, an interval, or current, which is the default."),
    (
        "DIM_REFERENCE_TIME",
        "The model run that forcing is shown of, or current for the newest; without it the newest run that has the step.",
    ),
    (
        "COLORSCALERANGE",
        "Values at both ends of the colours of fields and densities, as min,max; or default.",
    ),
    (
        "NUMCOLORBANDS",
        "Steps that the colours of fields are broken into, up to 253.",
    ),
    (
        "ABOVEMAXCOLOR",
        "Colour of values above the range: 0xRRGGBB, 0xAARRGGBB, transparent, or extend, which is the default.",
    ),
    ("BELOWMINCOLOR", "The same of values below the range."),
    ("SLD", "Refused: descriptors at other addresses are not fetched."),
    (
        "SLD_BODY",
        "A StyledLayerDescriptor of version 1.0.0 or 1.1.0 with NamedLayers, up to 64 KiB.",
    ),
    ("EXCEPTIONS", "XML, INIMAGE or BLANK."),
    ("UPDATESEQUENCE", "Of the capabilities that the client holds."),
    ("QUERY_LAYERS", "Layers that GetFeatureInfo asks."),
    ("INFO_FORMAT", "text/plain, application/json or text/html."),
    ("FEATURE_COUNT", "Answers of a layer at most."),
    ("I", "Column of the pixel asked about; X in 1.1.1."),
    ("J", "Row of the pixel asked about; Y in 1.1.1."),
    ("X", "In 1.1.1 what I is in 1.3.0."),
    ("Y", "In 1.1.1 what J is in 1.3.0."),
    ("LAYER", "The layer of a legend."),
    ("STYLE", "The style of a legend; empty for the default."),
];

/// How references call a parameter of WMS.
pub(super) fn name_of_wms(name: &str) -> String {
    format!("wms_{}", name.to_ascii_lowercase())
}

pub(super) fn in_path(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

pub(super) fn in_query(name: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": false,
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": false,
    })
}
