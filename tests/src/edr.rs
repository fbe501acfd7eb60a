//! Values from outside: what EDR answers is what stands in the source files, the models of others read it, and the Zarr store of a
//! cycle opens over HTTP.

use serde_json::Value;

use crate::harness::{Commands, OFF_NORWAY, Prepared, forcing_file, gdal_says, mission_off_norway, python, scratch};

/// West, south, east, north of a box at sea in both feeds, and a place inside.
const BBOX: &str = "3.9,60.0,4.3,60.2";
const PLACE: &str = "4.1,60.1";

#[test]
fn values_are_those_of_the_source_files_within_the_packing_error() {
    let prepared = Prepared::new();
    // A regular grid with north first beside the two rotated ones.
    let more = [
        ("latlon-current", "derived_latlon_current_16Nov2015.nc"),
        ("latlon-wind", "derived_latlon_wind_16Nov2015.nc"),
    ];
    for (feed, file) in more {
        Commands::on(&prepared.data()).ingest(&forcing_file(file), feed);
    }
    let server = prepared.serve();
    let root = server.client().url("/edr");
    let sources: Vec<String> = OFF_NORWAY
        .iter()
        .chain(&more)
        .map(|(feed, file)| format!("{feed}={}", forcing_file(file).display()))
        .collect();
    let mut arguments = vec![root.as_str(), prepared.key.as_str()];
    arguments.extend(sources.iter().map(String::as_str));
    let report = python("edr_values.py", &arguments);
    println!("{report}");
    for (feed, _) in OFF_NORWAY.iter().chain(&more) {
        assert!(report[feed]["compared"].as_u64().unwrap() > 1_000, "{feed}");
    }
    assert!(report["latlon-current"]["cube"].as_u64().unwrap() > 1_000);
}

#[test]
fn models_and_clients_of_others_read_the_tenants_root_and_a_missions() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 1_000))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap();
    assert_eq!(client.wait_for(mission)["status"], "completed");
    let times = "2015-11-16T00:00:00Z/2015-11-16T03:00:00Z";
    for (root, collections) in [
        ("/edr".to_owned(), &["currents", "wind"][..]),
        (
            format!("/missions/{mission}/edr"),
            &["currents", "wind", "probability"][..],
        ),
    ] {
        let folder = scratch("edr");
        let at = folder.path().to_str().unwrap();
        let address = client.url(&root);
        let report = python("edr_models.py", &[&address, &prepared.key, PLACE, BBOX, times, at]);
        println!("{report}");
        for collection in collections {
            let about = &report["collections"][collection];
            check_domains(&about["domains"]);
            assert_eq!(
                about["netcdf"]["dims"],
                serde_json::json!(["time", "lat", "lon"]),
                "{collection}"
            );
            assert!(about["values"].as_u64().unwrap() > 50, "{collection}");
            assert_eq!(about["series"]["feature"], "timeSeries");
            let seen = gdal_says("gdalinfo", &[], &["-json", "-stats", &format!("{at}/{collection}.tif")]);
            let seen: Value = serde_json::from_str(&seen).unwrap();
            assert!(seen["coordinateSystem"]["wkt"].as_str().unwrap().contains("WGS 84"));
            let corner = &seen["cornerCoordinates"]["upperLeft"];
            assert!(
                corner[0].as_f64().unwrap() > 3.8 && corner[1].as_f64().unwrap() < 60.3,
                "{collection}: {corner}"
            );
            let band = &seen["bands"][0];
            assert!(
                band["maximum"].as_f64().unwrap() > band["minimum"].as_f64().unwrap(),
                "{collection}: {band}"
            );
        }
        assert_eq!(report["owslib_shape"], "Coverage");
        let names: Vec<&str> = report["owslib"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap())
            .collect();
        assert_eq!(names, collections);
    }
}

fn check_domains(domains: &Value) {
    for (query, kind, domain) in [
        ("position", "Coverage", "PointSeries"),
        ("several", "CoverageCollection", "PointSeries"),
        ("area", "Coverage", "Grid"),
        ("cube", "Coverage", "Grid"),
        ("radius", "Coverage", "Grid"),
        ("trajectory", "CoverageCollection", "Trajectory"),
        ("corridor", "Coverage", "Grid"),
    ] {
        assert_eq!(domains[query], serde_json::json!([kind, domain]), "{query}");
    }
}

#[test]
fn xarray_and_zarr_open_the_store_of_a_cycle_over_http() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let listed = client.json("/v1/datasets?variable=current");
    let manifest = client.json(listed["cycles"][0]["manifest"].as_str().unwrap());
    let instances = client.json("/edr/collections/currents/instances");
    let links = instances["instances"][0]["links"].as_array().unwrap().clone();
    let zarr = links.iter().find(|link| link["rel"] == "enclosure").unwrap();
    let objects = prepared.data().join("objects");
    let report = python(
        "zarr_http.py",
        &[
            zarr["href"].as_str().unwrap(),
            &prepared.key,
            objects.to_str().unwrap(),
            manifest["prefix"].as_str().unwrap(),
            manifest["series"][0]["group"].as_str().unwrap(),
        ],
    );
    println!("{report}");
    for way in ["header", "path"] {
        assert!(report[way]["current_east"].as_u64().unwrap() > 10_000, "{way}");
    }
    assert!(report["arrays"].as_array().unwrap().len() > 3);
}
