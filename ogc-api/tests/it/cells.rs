//! Cells of the probability raster: a box is told by the arithmetic of their grid, and gives what looking at every cell does.

use serde_json::{Value, json};

use crate::content::{CELL_DEG, CELLS, publish_with_raster};
use crate::service::{BASE, Service};

const ITEMS: &str = "/ogc/collections/poc-cells/items";

/// Every feature from a page on, page by page.
async fn walked(service: &Service, path: &str) -> Vec<Value> {
    let (mut all, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = service.get(&path).await.json();
        all.extend(page["features"].as_array().unwrap().iter().cloned());
        let links = page["links"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else {
            return all;
        };
        path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    }
}

/// West, south, east, north.
fn edges(feature: &Value) -> [f64; 4] {
    let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
    let axis = |axis: usize| ring.iter().map(move |place| place[axis].as_f64().unwrap());
    [
        axis(0).fold(f64::MAX, f64::min),
        axis(1).fold(f64::MAX, f64::min),
        axis(0).fold(f64::MIN, f64::max),
        axis(1).fold(f64::MIN, f64::max),
    ]
}

fn ids(features: &[Value]) -> Vec<&str> {
    features.iter().map(|feature| feature["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_box_a_condition_and_a_walk_find_the_cells_that_looking_at_all_finds() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let all = walked(&service, &format!("{ITEMS}?limit=1000")).await;
    assert!(all.len() > 500 && all.len() < 4 * CELLS * CELLS, "{}", all.len());
    let short = walked(&service, &format!("{ITEMS}?limit=97")).await;
    assert_eq!(ids(&short), ids(&all));
    for feature in &all {
        let [west, south, east, north] = edges(feature);
        // Coordinates have six decimals.
        assert!((east - west - CELL_DEG).abs() < 2.1e-6 && (north - south - CELL_DEG).abs() < 2.1e-6);
        let of = |name: &str| feature["properties"][name].as_f64().unwrap();
        assert!((of("poc") - of("density_per_km2") * of("area_km2")).abs() <= 1e-12);
        assert_eq!(feature["properties"]["id"], feature["id"]);
        assert_eq!(feature["properties"]["mission_id"], json!(mission));
    }
    // Inside of cells, so that rounding decides nothing.
    let bbox = [3.005, 59.505, 3.115, 59.635];
    let touches = |feature: &&Value| {
        let [west, south, east, north] = edges(feature);
        west <= bbox[2] && east >= bbox[0] && south <= bbox[3] && north >= bbox[1]
    };
    let inside: Vec<Value> = all.iter().filter(touches).cloned().collect();
    assert!(inside.len() > 20 && inside.len() < all.len() / 2, "{}", inside.len());
    let [west, south, east, north] = bbox;
    for query in [
        format!("bbox={west},{south},{east},{north}"),
        format!("filter=S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))"),
        format!("bbox={west},{south},{east},{north}&sortby=valid_time"),
    ] {
        let found = walked(&service, &format!("{ITEMS}?limit=1000&{query}")).await;
        assert_eq!(ids(&found), ids(&inside), "{query}");
        let page = service.get(&format!("{ITEMS}?limit=5&{query}")).await.json();
        assert_eq!(ids(page["features"].as_array().unwrap()), ids(&inside)[..5], "{query}");
    }
    // How many there are in a box is known, because its cells are few whatever the raster has.
    let page = service
        .get(&format!("{ITEMS}?limit=5&bbox={west},{south},{east},{north}"))
        .await;
    assert_eq!(page.json()["numberMatched"], json!(inside.len()));
    let beside = service.get(&format!("{ITEMS}?bbox=3.9,59.5,3.95,59.6")).await.json();
    assert_eq!(beside["numberMatched"], 0);
    let late = "filter=valid_time%3E=TIMESTAMP('2025-01-01T03:00:00Z')%20AND%20poc%3E0.05";
    let found = walked(&service, &format!("{ITEMS}?limit=1000&{late}")).await;
    let expected: Vec<Value> = all
        .iter()
        .filter(|feature| {
            let properties = &feature["properties"];
            properties["valid_time"] == "2025-01-01T03:00:00Z" && properties["poc"].as_f64().unwrap() > 0.05
        })
        .cloned()
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(ids(&found), ids(&expected));
}

#[tokio::test]
async fn the_forms_of_a_page_agree_on_cells() {
    let service = Service::start().await;
    publish_with_raster(&service, &service.ours, (3.0, 59.5), 1).await;
    let page = service.get(&format!("{ITEMS}?limit=30&offset=11")).await.json();
    let features = page["features"].as_array().unwrap();
    let some = service
        .get(&format!("{ITEMS}?limit=30&offset=11&properties=poc,valid_time"))
        .await
        .json();
    let table = service.get(&format!("{ITEMS}?limit=30&offset=11&f=csv")).await;
    let mut table = csv::Reader::from_reader(&table.body[..]);
    let header = table.headers().unwrap().clone();
    let columns: Vec<&str> = header.iter().filter(|name| *name != "geometry").collect();
    for (index, row) in table.records().enumerate() {
        let (row, properties) = (row.unwrap(), features[index]["properties"].as_object().unwrap());
        assert_eq!(properties.len(), columns.len(), "{properties:?}");
        for (column, name) in columns.iter().enumerate() {
            match &properties[*name] {
                Value::Null => assert_eq!(&row[column], "", "{name}"),
                Value::String(text) => assert_eq!(&row[column], text, "{name}"),
                // Numbers that were read differ from those that were written by their last bit at most.
                other => {
                    let (read, told): (f64, f64) = (row[column].parse().unwrap(), other.as_f64().unwrap());
                    assert!((read - told).abs() <= told.abs() * 1e-15, "{name}: {read} {told}");
                }
            }
        }
        let chosen = &some["features"][index];
        assert_eq!(chosen["geometry"], features[index]["geometry"]);
        assert_eq!(chosen["properties"]["poc"], properties["poc"]);
        assert_eq!(chosen["properties"].as_object().unwrap().len(), 2);
    }
}
