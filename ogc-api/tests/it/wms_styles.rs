//! Styles that a request brings with it, colours per request, barbs, and which model run is shown.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::content::publish_with_raster;
use crate::forcing::{run, time};
use crate::pixels::Pixels;
use crate::service::{Answer, Service};

const MAP: &str = "REQUEST=GetMap&VERSION=1.3.0&CRS=CRS:84&BBOX=2.75,59.25,4.25,60.25&WIDTH=150&HEIGHT=100&FORMAT=image/png&TRANSPARENT=TRUE";

async fn map(service: &Service, root: &str, rest: &str) -> Answer {
    service.get(&format!("{root}/wms?{MAP}&TIME={}&{rest}", time(2))).await
}

fn sld(layer: &str, rules: &str) -> String {
    let body = format!(
        "<StyledLayerDescriptor version=\"1.0.0\" xmlns=\"http://www.opengis.net/sld\" xmlns:ogc=\"http://www.opengis.net/ogc\">\
         <NamedLayer><Name>{layer}</Name><UserStyle><Name>mine</Name><FeatureTypeStyle>{rules}</FeatureTypeStyle>\
         </UserStyle></NamedLayer></StyledLayerDescriptor>"
    );
    utf8_percent_encode(&body, NON_ALPHANUMERIC).to_string()
}

fn refused(answer: &Answer, word: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 400, "{body}");
    assert!(
        body.contains("<ServiceException") && body.contains(word),
        "{word}: {body}"
    );
}

#[tokio::test]
async fn a_descriptor_draws_areas_tracks_and_particles_by_its_rules() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}");
    let half = sld(
        "search-areas",
        "<Rule><Title>Half of it</Title><ogc:Filter><ogc:PropertyIsEqualTo><ogc:PropertyName>level</ogc:PropertyName>\
         <ogc:Literal>0.5</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter><PolygonSymbolizer><Fill>\
         <CssParameter name=\"fill\">#00ff00</CssParameter></Fill></PolygonSymbolizer></Rule>",
    );
    let all = sld(
        "search-areas",
        "<Rule><PolygonSymbolizer><Fill><CssParameter name=\"fill\">#00ff00</CssParameter></Fill></PolygonSymbolizer></Rule>",
    );
    let count = async |body: &str| {
        let drawn = Pixels::of(&map(&service, &root, &format!("LAYERS=search-areas&STYLES=&SLD_BODY={body}")).await);
        drawn.all().filter(|pixel| *pixel == [0, 255, 0, 255]).count()
    };
    let (some, most) = (count(&half).await, count(&all).await);
    assert!(some > 20 && most > 2 * some, "{some} {most}");
    // Without LAYERS the descriptor names them.
    let named = Pixels::of(&map(&service, &root, &format!("SLD_BODY={all}")).await);
    assert!(named.all().any(|pixel| pixel == [0, 255, 0, 255]));
    let lines = sld(
        "trajectories",
        "<Rule><LineSymbolizer><Stroke><CssParameter name=\"stroke\">#ff00ff</CssParameter>\
         <CssParameter name=\"stroke-width\">3</CssParameter></Stroke></LineSymbolizer></Rule>",
    );
    let tracks = map(
        &service,
        &root,
        &format!("LAYERS=trajectories&STYLES=mine&SLD_BODY={lines}"),
    )
    .await;
    assert_eq!(tracks.status, 200);
    let legend =
        format!("{root}/wms?REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER=search-areas&STYLE=mine&SLD_BODY={half}");
    let legend = Pixels::of(&service.get(&legend).await);
    assert!(legend.all().filter(|pixel| *pixel == [0, 255, 0, 255]).count() > 100);
}

#[tokio::test]
async fn a_colour_map_colours_a_field() {
    let service = Service::start().await;
    let body = sld(
        "currents",
        "<Rule><RasterSymbolizer><ColorMap type=\"intervals\"><ColorMapEntry color=\"#0000ff\" quantity=\"0\"/>\
         <ColorMapEntry color=\"#ff0000\" quantity=\"100\"/></ColorMap></RasterSymbolizer></Rule>",
    );
    let red = Pixels::of(&map(&service, "", &format!("LAYERS=currents&STYLES=&SLD_BODY={body}")).await);
    assert!(red.all().all(|pixel| pixel == [255, 0, 0, 255]));
    let fills = sld(
        "currents",
        "<Rule><PolygonSymbolizer><Fill/></PolygonSymbolizer></Rule>",
    );
    refused(
        &map(&service, "", &format!("LAYERS=currents&STYLES=&SLD_BODY={fills}")).await,
        "RasterSymbolizer",
    );
}

#[tokio::test]
async fn a_descriptor_cannot_fetch_or_grow() {
    let service = Service::start().await;
    let remote = map(&service, "", "LAYERS=currents&STYLES=&SLD=http://127.0.0.1:1/x.sld").await;
    refused(&remote, "not fetched");
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><StyledLayerDescriptor>&b;</StyledLayerDescriptor>";
    let laughs = utf8_percent_encode(laughs, NON_ALPHANUMERIC).to_string();
    refused(
        &map(&service, "", &format!("LAYERS=currents&SLD_BODY={laughs}")).await,
        "document type",
    );
    let deep = utf8_percent_encode(&"<a>".repeat(1_000), NON_ALPHANUMERIC).to_string();
    refused(
        &map(&service, "", &format!("LAYERS=currents&SLD_BODY={deep}")).await,
        "deep",
    );
}

#[tokio::test]
async fn a_request_chooses_range_steps_and_the_colours_beyond() {
    let service = Service::start().await;
    let drawn = async |rest: &str| {
        let path = format!("LAYERS=currents&STYLES=colour{rest}");
        Pixels::of(&map(&service, "", &path).await)
    };
    // At hour 2 the currents here have 0.43 to 0.55 m/s.
    let own = drawn("").await;
    let above = drawn("&COLORSCALERANGE=0,0.2&ABOVEMAXCOLOR=0xFF00FF").await;
    assert!(above.all().all(|pixel| pixel == [255, 0, 255, 255]));
    let below = drawn("&COLORSCALERANGE=2,3&BELOWMINCOLOR=transparent").await;
    assert_eq!(below.drawn(), 0);
    let steps = drawn("&COLORSCALERANGE=0.4,0.6&NUMCOLORBANDS=2").await;
    let mut colours: Vec<[u8; 4]> = steps.all().collect();
    colours.sort_unstable();
    colours.dedup();
    assert_eq!(colours.len(), 2, "{colours:?}");
    assert_ne!(own, drawn("&COLORSCALERANGE=0.4,0.6").await);
    let legend = async |rest: &str| {
        let path = format!("/wms?REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER=currents&STYLE=colour{rest}");
        Pixels::of(&service.get(&path).await)
    };
    assert_ne!(
        legend("").await,
        legend("&COLORSCALERANGE=0.4,0.6&NUMCOLORBANDS=2").await
    );
    for wrong in ["COLORSCALERANGE=auto", "NUMCOLORBANDS=0", "ABOVEMAXCOLOR=pink"] {
        let answer = map(&service, "", &format!("LAYERS=currents&STYLES=&{wrong}")).await;
        refused(&answer, wrong.split('=').next().unwrap());
    }
}

#[tokio::test]
async fn wind_has_barbs_that_point_to_where_it_comes_from() {
    let service = Service::start().await;
    // The wind blows from the south with 12 m/s: two barbs and a half below the station.
    let barb = "REQUEST=GetMap&VERSION=1.3.0&CRS=CRS:84&BBOX=3,59,4,60&WIDTH=32&HEIGHT=32&FORMAT=image/png&TRANSPARENT=TRUE&LAYERS=wind&STYLES=barbs";
    let barb = Pixels::of(&service.get(&format!("/wms?{barb}&TIME={}", time(2))).await);
    let rows: Vec<u32> = (0..32).filter(|y| (0..32).any(|x| barb.at(x, *y)[3] > 0)).collect();
    assert!(rows[0] >= 14 && rows[rows.len() - 1] >= 29, "{rows:?}");
    let arrows = map(&service, "", "LAYERS=currents&STYLES=barbs").await;
    refused(&arrows, "no style");
}

#[tokio::test]
async fn a_model_run_can_be_named() {
    let service = Service::start().await;
    let capabilities = service.get("/wms?REQUEST=GetCapabilities").await;
    let capabilities = String::from_utf8(capabilities.body.to_vec()).unwrap();
    let (old, new) = (run(-6), run(0));
    let dimension = format!(
        "<Dimension name=\"reference_time\" units=\"ISO8601\" default=\"{new}\" current=\"1\">{old},{new}</Dimension>"
    );
    assert!(capabilities.contains(&dimension), "{capabilities}");
    let drawn =
        async |rest: &str| Pixels::of(&map(&service, "", &format!("LAYERS=currents&STYLES=colour{rest}")).await);
    let own = drawn("").await;
    assert_eq!(own, drawn(&format!("&DIM_REFERENCE_TIME={new}")).await);
    assert_eq!(own, drawn("&dim_reference_time=current").await);
    assert_ne!(own, drawn(&format!("&DIM_REFERENCE_TIME={old}")).await);
    let unknown = map(
        &service,
        "",
        "LAYERS=currents&STYLES=&DIM_REFERENCE_TIME=2001-01-01T00:00:00Z",
    )
    .await;
    refused(&unknown, "InvalidDimensionValue");
    // The older run ends two hours on.
    let late = MAP.to_owned() + &format!("&LAYERS=currents&STYLES=&TIME={}&DIM_REFERENCE_TIME={old}", time(5));
    refused(&service.get(&format!("/wms?{late}")).await, "lies outside");
}

#[tokio::test]
async fn layers_are_described_in_both_versions() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let ask = async |version: &str| {
        let path =
            format!("/missions/{mission}/wms?REQUEST=DescribeLayer&VERSION={version}&LAYERS=search-areas,currents");
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    let new = ask("1.3.0").await;
    for part in [
        "<owsType>wfs</owsType>",
        &format!("/missions/{mission}/ogc/collections/search-areas"),
        "<owsType>wcs</owsType>",
    ] {
        assert!(new.contains(part), "{part}: {new}");
    }
    let old = ask("1.1.1").await;
    assert!(
        old.contains("<LayerDescription name=\"search-areas\">") && old.contains("DOCTYPE"),
        "{old}"
    );
    refused(
        &service.get("/wms?REQUEST=DescribeLayer&LAYERS=lakes").await,
        "LayerNotDefined",
    );
}
