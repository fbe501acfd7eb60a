//! GDAL and OWSLib: WMS in both versions, a saved tile, and the probability raster over HTTP.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{EARLY, HOURS, LATE, Place, Subject};
use crate::harness::{Commands, Launch, gdal_says, python, scratch, system_python};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A description of a WMS layer at one time, as GDAL's driver reads it. Version 1.3.0 wants latitudes first.
fn description(url: &str, version: &str, layer: &str, time: &str, [west, south, east, north]: [f64; 4]) -> String {
    let (reference, order) = if version == "1.3.0" {
        ("CRS", "yxYX")
    } else {
        ("SRS", "xyXY")
    };
    let url = format!("{url}&TIME={time}&").replace('&', "&amp;");
    format!(
        "<GDAL_WMS><Service name=\"WMS\"><Version>{version}</Version><ServerUrl>{url}</ServerUrl>\
         <{reference}>EPSG:4326</{reference}><ImageFormat>image/png</ImageFormat><Transparent>TRUE</Transparent>\
         <Layers>{layer}</Layers><BBoxOrder>{order}</BBoxOrder></Service>\
         <DataWindow><UpperLeftX>{west}</UpperLeftX><UpperLeftY>{north}</UpperLeftY><LowerRightX>{east}</LowerRightX>\
         <LowerRightY>{south}</LowerRightY><SizeX>512</SizeX><SizeY>512</SizeY></DataWindow>\
         <Projection>EPSG:4326</Projection><BandsCount>4</BandsCount><BlockSizeX>256</BlockSizeX>\
         <BlockSizeY>256</BlockSizeY></GDAL_WMS>"
    )
}

/// Red, green, blue and alpha of a picture at a place.
fn colour(picture: &Path, [lon, lat]: Place) -> Vec<i64> {
    let (lon, lat) = (lon.to_string(), lat.to_string());
    let said = gdal_says(
        "gdallocationinfo",
        &[],
        &["-valonly", "-wgs84", text(picture), &lon, &lat],
    );
    said.split_whitespace().map(|value| value.parse().unwrap()).collect()
}

/// Fetches a layer through GDAL's WMS driver into a GeoTIFF.
fn fetched(subject: &Subject, folder: &Path, version: &str, layer: &str, time: &str) -> PathBuf {
    let name = format!("{layer}-{version}-{}", time.replace(':', ""));
    let (about, picture) = (folder.join(format!("{name}.xml")), folder.join(format!("{name}.tif")));
    let xml = description(
        &subject.by_query("/wms"),
        version,
        layer,
        time,
        subject.areas.frame(LATE),
    );
    std::fs::write(&about, xml).unwrap();
    gdal_says("gdal_translate", &[], &["-q", text(&about), text(&picture)]);
    picture
}

#[test]
fn gdal_draws_wms_in_both_versions() {
    let subject = Subject::new();
    let folder = scratch("gdal");
    for layer in ["probability", "search-areas"] {
        let mut seen = Vec::new();
        for version in ["1.3.0", "1.1.1"] {
            let picture = fetched(&subject, folder.path(), version, layer, LATE);
            let [core, rim, far] = [
                subject.areas.core(LATE, 50),
                subject.areas.rim(LATE, 50, 90),
                subject.areas.far(LATE),
            ]
            .map(|at| colour(&picture, at));
            assert!(
                core[3] > 0 && rim[3] > 0 && core != rim,
                "{layer} {version}: {core:?} {rim:?}"
            );
            assert_eq!(far[3], 0, "{layer} {version}: {far:?}");
            seen.push([core, rim, far]);
        }
        assert_eq!(seen[0], seen[1], "{layer}: both versions show the same");
    }
    // What GDAL finds by itself: the layers that the capabilities name, each with an address that works as it stands.
    for version in ["", "&VERSION=1.1.1"] {
        let dataset = format!("WMS:{}{version}", subject.by_query("/wms"));
        let said = gdal_says("gdalinfo", &[], &[&dataset]);
        let named: Vec<&str> = said.lines().filter(|line| line.contains("_NAME=")).collect();
        let found = named.iter().find(|line| line.contains("LAYERS=probability"));
        let found = found.unwrap_or_else(|| panic!("GDAL finds no layer: {said}"));
        let address = found.split_once("_NAME=").unwrap().1;
        let size = gdal_says("gdalinfo", &[], &[address]);
        assert!(size.contains("Size is") && size.contains("Band 1"), "{size}");
    }
    subject.server.stop(&[]);
}

#[test]
fn gdal_reads_a_saved_vector_tile() {
    let subject = Subject::new();
    let folder = scratch("tile");
    let [lon, lat] = subject.areas.core(LATE, 50);
    for (tileset, ending, zoom, least) in [
        ("search-areas", "pbf", 6, 3),
        // Every particle around the core, and the cells that count them at a low zoom.
        ("particles", "mvt", 10, 500),
        ("particles", "mvt", 6, 10),
        ("datums", "pbf", 6, 1),
    ] {
        let cells = f64::from(1 << zoom);
        let x = ((lon + 180.0) / 360.0 * cells) as u32;
        let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * cells) as u32;
        let path = format!("/tiles/{tileset}/{zoom}/{x}/{y}.{ending}?datetime={LATE}");
        let answer = subject.client.get(&subject.by_query(&path)).expect(200, tileset);
        assert_eq!(
            answer.header("content-type"),
            Some("application/vnd.mapbox-vector-tile")
        );
        // GDAL knows a tile by its local name, and its place on the globe by the folders around it.
        let saved = folder.path().join(format!("{tileset}.pbf"));
        std::fs::write(&saved, &answer.body).unwrap();
        let place = [format!("X={x}"), format!("Y={y}"), format!("Z={zoom}")];
        let mut arguments = vec!["-ro", "-so", text(&saved), tileset];
        arguments.extend(place.iter().flat_map(|option| ["-oo", option.as_str()]));
        let said = gdal_says("ogrinfo", &[], &arguments);
        let count = said.lines().find_map(|line| line.strip_prefix("Feature Count: "));
        let count: u32 = count.unwrap_or_else(|| panic!("{said}")).trim().parse().unwrap();
        assert!(count >= least, "{tileset}: {said}");
    }
    subject.server.stop(&[]);
}

/// The address of a result file of the mission.
fn result_file(subject: &Subject, name: &str) -> String {
    let results = subject
        .client
        .json(&format!("/v1/missions/{}/results", subject.mission));
    let files = results["files"].as_array().unwrap();
    let file = files
        .iter()
        .find(|file| file["name"].as_str().is_some_and(|found| found.ends_with(name)));
    let file = file.unwrap_or_else(|| panic!("the results name no {name}: {results}"));
    subject.client.url(file["href"].as_str().unwrap())
}

/// The share of the particles' probability that a band holds: density times the area of its cells.
fn mass(raster: &Value, band: &Value) -> f64 {
    let number = |value: &Value| value.as_f64().unwrap();
    let transform: Vec<f64> = raster["transform"].as_array().unwrap().iter().map(number).collect();
    let radius_km = 6371.0088;
    let rows = band["rows"].as_array().unwrap().iter().map(number).enumerate();
    rows.map(|(row, sum)| {
        let edge = |row: f64| (transform[3] + row * transform[5]).to_radians().sin();
        let height = edge(row as f64) - edge(row as f64 + 1.0);
        sum * radius_km * radius_km * height * transform[1].to_radians()
    })
    .sum()
}

#[test]
fn the_probability_raster_is_a_cloud_optimized_geotiff() {
    let subject = Subject::new();
    let folder = scratch("cog");
    let url = result_file(&subject, "probability.tif");
    let answer = subject.client.get(&url).expect(200, "probability.tif");
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("image/tiff")),
        "{answer:?}"
    );
    let saved = folder.path().join("probability.tif");
    std::fs::write(&saved, &answer.body).unwrap();
    let [lon, lat] = subject.areas.core(LATE, 50).map(|number| number.to_string());
    let raster = system_python("cog.py", &[text(&saved), &lon, &lat]);
    assert_eq!(raster["errors"], serde_json::json!([]), "{raster:#}");
    assert_eq!(raster["epsg"], "4326");
    assert_eq!(raster["structure"]["COMPRESSION"], "DEFLATE");
    let bands = raster["bands"].as_array().unwrap();
    assert_eq!(bands.len() as u32, HOURS + 1, "one band per hour");
    for (hour, band) in bands.iter().enumerate() {
        assert_eq!(band["description"], format!("2015-11-16T{hour:02}:00:00Z"));
        assert_eq!(
            (&band["type"], &band["nodata"]),
            (&Value::from("Float32"), &Value::from(0.0))
        );
        assert!(band["least"].as_f64().unwrap() >= 0.0);
        // All particles are somewhere; the kernel's tails are cut.
        let mass = mass(&raster, band);
        assert!(
            (0.97..1.01).contains(&mass),
            "hour {hour} holds {mass} of the probability"
        );
    }
    let late = bands.iter().find(|band| band["description"] == LATE).unwrap();
    assert!(late["here"].as_f64().unwrap() > 0.0, "the core of 50 % is not empty");
    assert!(
        raster["metadata"].to_string().contains("MET Norway"),
        "{}",
        raster["metadata"]
    );

    // The same through the network, in parts, with a header or with the key in the address.
    let header = format!("X-API-Key: {}", subject.prepared.key);
    let plain = format!("/vsicurl/{url}");
    let with_key = format!("/vsicurl/{url}?key={}", subject.prepared.key);
    let curl: &[(&str, &str)] = &[
        ("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"),
        ("CPL_CURL_VERBOSE", "YES"),
    ];
    let forms: [(&str, &[(&str, &str)]); 2] = [(&plain, &[("GDAL_HTTP_HEADERS", &header)]), (&with_key, &[])];
    for (dataset, settings) in forms {
        let settings: Vec<_> = settings.iter().chain(curl).copied().collect();
        let done = crate::harness::gdal(
            "gdallocationinfo",
            &settings,
            &["-valonly", "-wgs84", "-b", "12", dataset, &lon, &lat],
        );
        let (said, wire) = (
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr),
        );
        assert!(done.status.success(), "{said}\n{wire}");
        let here: f64 = said.trim().parse().unwrap_or_else(|_| panic!("{said}\n{wire}"));
        let wanted = late["here"].as_f64().unwrap();
        assert!((here - wanted).abs() <= wanted * 1e-6, "{here} is not {wanted}");
        assert!(
            wire.contains("Range: bytes=") && wire.contains("206"),
            "GDAL read it in parts: {wire}"
        );
    }
    subject.server.stop(&[]);
}

#[test]
fn owslib_reads_layers_times_maps_and_values_in_both_versions() {
    let subject = Subject::new();
    let frame = subject.areas.frame(LATE).map(|number| number.to_string()).join(",");
    let place = subject.areas.core(LATE, 50).map(|number| number.to_string()).join(",");
    let mut maps = Vec::new();
    for version in ["1.3.0", "1.1.1"] {
        let arguments = [
            &subject.by_query("/wms"),
            version,
            "probability",
            &frame,
            &place,
            EARLY,
            LATE,
        ];
        let read = python("owslib_wms.py", &arguments);
        assert_eq!(read["version"], version);
        let layers: Vec<&str> = read["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        for layer in [
            "probability",
            "search-areas",
            "particles",
            "trajectories",
            "currents",
            "wind",
        ] {
            assert!(layers.contains(&layer), "{layers:?}");
        }
        let times: Vec<&str> = read["times"]
            .as_array()
            .unwrap()
            .iter()
            .map(|time| time.as_str().unwrap().trim())
            .collect();
        assert_eq!(
            times,
            ["2015-11-16T00:00:00Z/2015-11-16T12:00:00Z/PT1H"],
            "never a list"
        );
        let systems = read["crs"].to_string();
        for system in ["EPSG:4326", "EPSG:3857"] {
            assert!(systems.contains(system), "{systems}");
        }
        assert!(version == "1.1.1" || systems.contains("CRS:84"), "{systems}");
        for (asked, map) in read["maps"].as_object().unwrap() {
            assert_eq!(map["kind"], "image/png", "{version} {asked}: {map}");
        }
        let digest = |crs: &str, time: &str| read["maps"][format!("{crs} {time}")]["sha256"].clone();
        for crs in ["EPSG:4326", "EPSG:3857"] {
            assert_ne!(
                digest(crs, EARLY),
                digest(crs, LATE),
                "{version} {crs}: two times, two maps"
            );
        }
        assert!(read["infos"][LATE].to_string().len() > 20, "{}", read["infos"]);
        maps.push(read["maps"].clone());
    }
    assert_eq!(maps[0], maps[1], "both versions draw the same");
    subject.server.stop(&[]);
}

#[test]
fn capabilities_and_exceptions_are_valid_by_the_schemas_of_both_versions() {
    let subject = Subject::new();
    let bare = scratch("bare");
    let bare_data = bare.path().join("data");
    let (_, bare_key) = {
        let commands = Commands::on(&bare_data);
        commands.organisation("nobody");
        commands.key("nobody", &[])
    };
    let without_forcing = Launch::on(&bare_data).start();
    let tenant = format!("{}/wms?key={}", subject.server.base(), subject.prepared.key);
    let roots = [
        tenant.clone(),
        subject.by_query("/wms"),
        format!("{}?", subject.by_path("/wms")),
        subject.signed("/wms"),
        format!("{}/wms?key={bare_key}", without_forcing.base()),
    ];
    let (mut addresses, mut expected) = (Vec::new(), Vec::new());
    for (version, root_element) in [("1.3.0", "WMS_Capabilities"), ("1.1.1", "WMT_MS_Capabilities")] {
        for root in &roots {
            addresses.push(format!("{root}&SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}"));
            expected.push((root_element, version));
        }
        for wrong in [
            "REQUEST=GetMap&LAYERS=lakes",
            "REQUEST=GetTile",
            "REQUEST=GetMap&LAYERS=%3C%26%00%FF",
        ] {
            addresses.push(format!(
                "{tenant}&SERVICE=WMS&VERSION={version}&FORMAT=image/png&{wrong}"
            ));
            expected.push(("ServiceExceptionReport", version));
        }
    }
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let found = python("wms_schema.py", &addresses);
    for ((found, (root, version)), address) in found.as_array().unwrap().iter().zip(expected).zip(addresses) {
        assert_eq!(
            (found["root"].as_str(), found["version"].as_str()),
            (Some(root), Some(version)),
            "{address}"
        );
        assert_eq!(found["errors"], serde_json::json!([]), "{address}");
    }
    without_forcing.stop(&[]);
    subject.server.stop(&[]);
}
