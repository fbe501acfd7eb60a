//! WMTS: capabilities, tiles by both kinds of address, and the standard's exceptions.

use crate::content::publish_with_raster;
use crate::forcing::{current_ms, time};
use crate::pixels::Pixels;
use crate::service::{BASE, Service};

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[tokio::test]
async fn capabilities_name_layers_times_and_addresses_that_carry_the_credential() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let key = &service.ours.key;
    let path = format!("/missions/{mission}/wmts?service=WMTS&request=GetCapabilities&key={key}");
    let answer = service.ask_without_key(&path).await;
    let document = text(&answer.body);
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-test-bill")),
        (200, ""),
        "{document}"
    );
    for layer in ["probability", "search-areas", "currents", "wind"] {
        assert!(
            document.contains(&format!("<ows:Identifier>{layer}</ows:Identifier>")),
            "{layer}"
        );
    }
    assert!(!document.contains("<ows:Identifier>particles</ows:Identifier>"));
    assert!(
        document.contains(&format!("<Value>{}/{}/PT1H</Value>", time(0), time(3))),
        "{document}"
    );
    let template = format!(
        "{BASE}/missions/{mission}/wmts/currents/{{style}}/{{time}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.png?key={key}"
    );
    assert!(document.contains(&template), "{document}");
    assert!(document.len() < 40_000, "{}", document.len());
    let held = [("if-none-match", answer.header("etag"))];
    assert_eq!(service.ask(http::Method::GET, &path, key, &held).await.status, 304);
    let rest = format!("/missions/{mission}/wmts/1.0.0/WMTSCapabilities.xml?key={key}");
    assert_eq!(service.ask_without_key(&rest).await.body, answer.body);
    let sequence = document
        .split("updateSequence=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for (sections, there, absent) in [
        ("All", "ServiceProvider", "no such"),
        (
            "ServiceProvider,contents",
            "<ows:ProviderName>Rescue &amp; Co</",
            "OperationsMetadata",
        ),
        ("Themes", "updateSequence", "ServiceMetadataURL"),
    ] {
        let part = service.get(&format!("{path}&sections={sections}")).await;
        let part = text(&part.body);
        assert!(part.contains(there) && !part.contains(absent), "{sections}: {part}");
    }
    for sections in ["Layers", ""] {
        let refused = service.get(&format!("{path}&sections={sections}")).await;
        assert_eq!(refused.status, 400, "{}", text(&refused.body));
    }
    let takes = [("accept", "example/unknown")];
    assert_eq!(service.ask(http::Method::GET, &rest, key, &takes).await.status, 406);
    let current = service.get(&format!("{path}&updateSequence={sequence}")).await;
    assert!(!text(&current.body).contains("<Contents"), "{}", text(&current.body));
}

#[tokio::test]
async fn both_kinds_of_address_give_the_tile_of_xyz() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let root = format!("/missions/{mission}");
    let at = time(2);
    for (layer, style) in [
        ("currents", "arrows"),
        ("search-areas", "outline"),
        ("probability", "viridis"),
    ] {
        let xyz = service
            .get(&format!("{root}/tiles/{layer}/6/32/18.png?datetime={at}&style={style}"))
            .await;
        let rest = service
            .get(&format!("{root}/wmts/{layer}/{style}/{at}/WebMercatorQuad/6/18/32.png"))
            .await;
        let pairs = format!(
            "{root}/wmts?Service=WMTS&Request=GetTile&Version=1.0.0&Layer={layer}&Style={style}&Format=image/png\
             &TileMatrixSet=WebMercatorQuad&TileMatrix=6&TileRow=18&TileCol=32&Time={at}"
        );
        let pairs = service.get(&pairs).await;
        assert_eq!(rest.header("x-test-bill"), "tile 1 false");
        let drawn = Pixels::of(&xyz);
        assert!(drawn.drawn() > 20, "{layer}");
        assert!(drawn == Pixels::of(&rest) && drawn == Pixels::of(&pairs), "{layer}");
    }
    let degrees = service
        .get(&format!(
            "{root}/wmts/currents/default/current/WorldCRS84Quad/4/2/16.png"
        ))
        .await;
    assert!(Pixels::of(&degrees).drawn() > 20);
}

#[tokio::test]
async fn a_pixel_of_a_tile_tells_what_the_layer_has_there() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let root = format!("/missions/{mission}");
    let at = time(2);
    // At zoom 7 in degrees there are 256 x 128 tiles, each 1.40625 degrees wide.
    let (matrix, row, column, j, i) = (7, 21, 130, 17, 203);
    let pairs = format!(
        "{root}/wmts?SERVICE=WMTS&REQUEST=GetFeatureInfo&VERSION=1.0.0&LAYER=currents&STYLE=&FORMAT=image/png\
         &TILEMATRIXSET=WorldCRS84Quad&TILEMATRIX={matrix}&TILEROW={row}&TILECOL={column}&J={j}&I={i}&TIME={at}&INFOFORMAT="
    );
    let rest = format!("{root}/wmts/currents/default/{at}/WorldCRS84Quad/{matrix}/{row}/{column}/info/{j}/{i}");
    for (media_type, ending) in [
        ("application/json", "json"),
        ("text/html", "html"),
        ("text/plain", "txt"),
    ] {
        let by_pairs = service.get(&format!("{pairs}{media_type}")).await;
        let by_address = service.get(&format!("{rest}.{ending}")).await;
        assert_eq!(by_pairs.status, 200, "{}", text(&by_pairs.body));
        assert_eq!(by_pairs.header("content-type"), media_type);
        assert_eq!(by_pairs.header("x-test-bill"), "feature-info 1 false");
        assert!(text(&by_pairs.body).contains(&at.to_string()));
        assert_eq!(by_pairs.body, by_address.body, "{media_type}");
    }
    // The dimension's value put into the template as it stands in the capabilities.
    let period = format!("{}/{}/PT1H", time(0), time(3));
    let of_period = service
        .get(&format!("{}.json", rest.replace(&at.to_string(), &period)))
        .await;
    assert_eq!(of_period.status, 200, "{}", text(&of_period.body));
    let tile = format!("{root}/wmts/currents/default/{period}/WorldCRS84Quad/{matrix}/{row}/{column}.png");
    assert_eq!(service.get(&tile).await.header("content-type"), "image/png");
    let told = service.get(&format!("{rest}.json")).await.json();
    let feature = &told["features"][0];
    let width = 180.0 / 128.0;
    let lon = -180.0 + width * (f64::from(column) + (f64::from(i) + 0.5) / 256.0);
    assert!(
        (feature["geometry"]["coordinates"][0].as_f64().unwrap() - lon).abs() < 1e-9,
        "{told}"
    );
    let value = feature["properties"]["value"].as_f64().unwrap();
    assert!((value - current_ms(lon, 2)).abs() < 1e-3, "{told}");
    let capabilities = service.get(&format!("{root}/wmts/1.0.0/WMTSCapabilities.xml")).await;
    let capabilities = text(&capabilities.body);
    assert!(capabilities.contains("<InfoFormat>application/json</InfoFormat>"));
    assert!(
        capabilities.contains("{TileRow}/{TileCol}/info/{J}/{I}.html"),
        "{capabilities}"
    );
    for (query, code, locator) in [
        (pairs.replace("&J=17", "&J=256"), "TileOutOfRange", "J"),
        (pairs.replace("&I=203", "&I=-1"), "TileOutOfRange", "I"),
        (pairs.replace("&I=203", ""), "MissingParameterValue", "I"),
        (pairs.replace("TILEROW=21", "TILEROW=9999"), "TileOutOfRange", "TILEROW"),
        (format!("{pairs}image/png"), "InvalidParameterValue", "INFOFORMAT"),
        (pairs.clone(), "MissingParameterValue", "INFOFORMAT"),
    ] {
        let query = if query.ends_with('=') && locator != "INFOFORMAT" {
            format!("{query}text/plain")
        } else {
            query
        };
        let answer = service.get(&query).await;
        let expected = format!("exceptionCode=\"{code}\" locator=\"{locator}\"");
        let document = text(&answer.body);
        assert!(
            answer.status == 400 && document.contains(&expected),
            "{query}: {document}"
        );
    }
    let bare = service.get(&rest).await;
    assert!(
        bare.status == 400 && text(&bare.body).contains("INFOFORMAT"),
        "{}",
        text(&bare.body)
    );
}

#[tokio::test]
async fn refusals_have_the_codes_and_statuses_of_the_standard() {
    let service = Service::start().await;
    let tile = "SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=currents&STYLE=&FORMAT=image/png\
                &TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=6&TILEROW=18&TILECOL=32";
    assert_eq!(service.get(&format!("/wmts?{tile}")).await.status, 200);
    for (query, status, code, locator) in [
        (String::new(), 400, "MissingParameterValue", "SERVICE"),
        (
            "SERVICE=WMS&REQUEST=GetCapabilities".to_owned(),
            400,
            "InvalidParameterValue",
            "SERVICE",
        ),
        ("SERVICE=WMTS".to_owned(), 400, "MissingParameterValue", "REQUEST"),
        (
            "SERVICE=WMTS&REQUEST=GetMap".to_owned(),
            400,
            "InvalidParameterValue",
            "REQUEST",
        ),
        (
            "SERVICE=WMTS&REQUEST=GetCapabilities&ACCEPTVERSIONS=2.0.0".to_owned(),
            400,
            "VersionNegotiationFailed",
            "",
        ),
        (
            "SERVICE=WMTS&REQUEST=GetCapabilities&UPDATESEQUENCE=999999".to_owned(),
            400,
            "InvalidUpdateSequence",
            "",
        ),
        (
            tile.replace("&VERSION=1.0.0", ""),
            400,
            "MissingParameterValue",
            "VERSION",
        ),
        (
            tile.replace("LAYER=currents", "LAYER=nothing"),
            400,
            "InvalidParameterValue",
            "LAYER",
        ),
        (
            tile.replace("LAYER=currents", "LAYER=waves"),
            400,
            "InvalidParameterValue",
            "LAYER",
        ),
        (tile.replace("&STYLE=", ""), 400, "MissingParameterValue", "STYLE"),
        (
            tile.replace("STYLE=", "STYLE=pink"),
            400,
            "InvalidParameterValue",
            "STYLE",
        ),
        (
            tile.replace("image/png", "image/jpeg"),
            400,
            "InvalidParameterValue",
            "FORMAT",
        ),
        (
            tile.replace("TILEROW=18", "TILEROW=64"),
            400,
            "TileOutOfRange",
            "TILEROW",
        ),
        (
            tile.replace("TILECOL=32", "TILECOL=-1"),
            400,
            "InvalidParameterValue",
            "TILECOL",
        ),
        (
            tile.replace("TILEMATRIX=6", "TILEMATRIX=x"),
            400,
            "InvalidParameterValue",
            "TILEMATRIX",
        ),
        (
            format!("{tile}&TIME=2030-01-01T00:00:00Z"),
            400,
            "InvalidParameterValue",
            "TIME",
        ),
        (format!("{tile}&TIME=yesterday"), 400, "InvalidParameterValue", "TIME"),
    ] {
        let answer = service.get(&format!("/wmts?{query}")).await;
        let document = text(&answer.body);
        assert_eq!(answer.status, status, "{query}: {document}");
        // Two codes go without the name of a parameter.
        let locator = if locator.is_empty() {
            String::new()
        } else {
            format!(" locator=\"{locator}\"")
        };
        let expected = format!("exceptionCode=\"{code}\"{locator}>");
        assert!(document.contains(&expected), "{query}: {document}");
        assert_eq!(answer.header("x-test-bill"), "");
    }
}

#[tokio::test]
async fn rest_addresses_that_name_no_style_or_another_form_are_refused() {
    let service = Service::start().await;
    for (path, locator) in [
        ("currents/default/current/WebMercatorQuad/6/18/32.jpg", "FORMAT"),
        ("currents//current/WebMercatorQuad/6/18/32.png", "STYLE"),
    ] {
        let rest = service.get(&format!("/wmts/{path}")).await;
        assert_eq!(rest.status, 400, "{path}");
        assert!(text(&rest.body).contains(locator), "{path}");
    }
}
