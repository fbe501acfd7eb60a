//! The "Blue Lake" test layers: what the OGC conformance suites of WMS ask a service to publish, from a folder of GML
//! files that the operator names. Without one nothing of this is to be seen anywhere.
//!
//! Each file is one layer, named like the file and titled `cite:` and that name: some tests of the suites find it by the one and some
//! by the other, and one of them writes names into a list percent-encoded twice, which a colon does not stand. A layer whose features have a time has a TIME dimension of
//! single values, and takes lists.

mod gml;
mod pictures;
mod times;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_domain::{BBox, ValidTime};
use driftline_tiles::{LineSymbol, MarkShape, MarkSymbol, Symbol};
use geo::{BoundingRect, Geometry};
use serde_json::{Map, Value};

pub(super) use pictures::{draw, probe};
pub(super) use times::TestTimes;

/// Bytes of a file beyond which it is none of these.
const LARGEST_BYTES: u64 = 4 << 20;

/// The layers.
#[derive(Debug)]
pub struct BlueLake {
    layers: Vec<Arc<TestLayer>>,
}

/// Why a folder does not become layers.
#[derive(Debug, thiserror::Error)]
pub enum BlueLakeError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no feature collection of this kind.
    #[error("{} is no GML feature collection: {reason}", path.display())]
    Gml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is no GML file.
    #[error("{} holds no file that ends in .xml or .gml", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// A layer.
#[derive(Debug)]
pub(crate) struct TestLayer {
    /// Name in requests.
    pub(super) name: String,
    /// What the suites know it by.
    pub(super) title: String,
    /// Around all features.
    pub(super) bbox: BBox,
    /// When, where its features have a time.
    pub(super) times: Option<TestTimes>,
    features: Vec<TestFeature>,
    symbols: Vec<Symbol>,
}

/// A feature.
#[derive(Debug)]
struct TestFeature {
    id: Option<String>,
    geometry: Geometry<f64>,
    properties: Map<String, Value>,
    time: Option<ValidTime>,
}

impl BlueLake {
    /// The layers of a folder.
    pub fn load(folder: &Path) -> Result<Self, BlueLakeError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| BlueLakeError::Read { path, source }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            if path.extension().is_some_and(|kind| kind == "xml" || kind == "gml") {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(BlueLakeError::Empty {
                path: folder.to_owned(),
            });
        }
        paths.sort();
        let mut layers = Vec::with_capacity(paths.len());
        for path in paths {
            let size = std::fs::metadata(&path).map_err(unreadable(&path))?.len();
            let wrong = |reason: String| BlueLakeError::Gml {
                path: path.clone(),
                reason,
            };
            if size > LARGEST_BYTES {
                return Err(wrong(format!("it has {size} bytes")));
            }
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let layer = TestLayer::of(&stem, gml::features(&text).map_err(wrong)?);
            layers.push(Arc::new(layer.map_err(wrong)?));
        }
        Ok(Self { layers })
    }

    pub(super) fn layers(&self) -> &[Arc<TestLayer>] {
        &self.layers
    }

    /// The layer of a name.
    pub(super) fn layer(&self, name: &str) -> Option<&Arc<TestLayer>> {
        self.layers.iter().find(|layer| layer.name == name)
    }
}

impl TestLayer {
    fn of(name: &str, features: Vec<TestFeature>) -> Result<Self, String> {
        let rects = features.iter().filter_map(|feature| feature.geometry.bounding_rect());
        let rect = rects.reduce(|a, b| {
            let low = |a: f64, b: f64| a.min(b);
            let high = |a: f64, b: f64| a.max(b);
            geo::Rect::new(
                (low(a.min().x, b.min().x), low(a.min().y, b.min().y)),
                (high(a.max().x, b.max().x), high(a.max().y, b.max().y)),
            )
        });
        let rect = rect.ok_or("it has no feature with a geometry")?;
        // A box of one point is none.
        let margin = |low: f64, high: f64| if high > low { 0.0 } else { 1e-4 };
        let (dx, dy) = (margin(rect.min().x, rect.max().x), margin(rect.min().y, rect.max().y));
        let bbox = BBox::new(
            rect.min().x - dx,
            rect.min().y - dy,
            rect.max().x + dx,
            rect.max().y + dy,
        );
        let title = format!("cite:{name}");
        let symbols = symbols(&title);
        Ok(Self {
            name: name.to_owned(),
            title,
            bbox: bbox.map_err(|error| error.to_string())?,
            times: TestTimes::of(features.iter().filter_map(|feature| feature.time)),
            features,
            symbols,
        })
    }
}

/// Blue water, green forest, grey everything else: polygons filled, lines solid, points as small squares.
fn symbols(name: &str) -> Vec<Symbol> {
    let (fill, line) = match name {
        "cite:Lakes" | "cite:LakesWithElevation" | "cite:Ponds" | "cite:Streams" => ([0x40, 0x40, 0xc0], [0, 0, 0x80]),
        "cite:Forests" => ([0x40, 0xa0, 0x40], [0, 0x60, 0]),
        "cite:BasicPolygons" => ([0xa0, 0xa0, 0xa0], [0, 0, 0]),
        "cite:NamedPlaces" => ([0xe0, 0xc0, 0xe0], [0x60, 0, 0x60]),
        "cite:Autos" => ([0xe0, 0x20, 0x20], [0x60, 0, 0]),
        _ => ([0xc0, 0xa0, 0x60], [0x50, 0x40, 0x20]),
    };
    let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
    let line_of = |width| LineSymbol {
        colour: opaque(line),
        width,
        dashes: Vec::new(),
        dash_offset: 0.0,
        is_round: false,
    };
    let mut symbols = vec![Symbol::Fill(opaque(fill)), Symbol::Line(line_of(1.5))];
    // Buildings have a footprint beside their point; a mark on it would say nothing.
    if matches!(name, "cite:Autos" | "cite:Bridges" | "cite:BuildingCenters") {
        symbols.push(Symbol::Mark(MarkSymbol {
            shape: MarkShape::Square,
            size: 7.0,
            rotation_deg: 0.0,
            fill: Some(opaque(fill)),
            rim: None,
        }));
    }
    symbols
}
