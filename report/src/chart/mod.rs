//! A chart: the map with its graticule, a head, a legend and a foot, as a drawing.
//!
//! Lengths of the design are those of a picture 1200 pixels wide; `unit` is what one of them takes in the drawing. The map
//! is Web Mercator: north is up, rhumb lines are straight. Its scale bar holds for the middle of the map.

mod graticule;
mod labels;
mod layers;
mod legend;
mod scale_bar;

use driftline_tiles::{Fit, MapView, land_in_view, view_around};
use geo::{LineString, MultiPolygon};

use crate::drawing::{Align, Colour, Drawing, FAINT_INK, Frame, Hand, INK, Item, Pen, Spot, closed_path, open_path};
use crate::font::Fonts;
use crate::{Error, Scene};
pub(crate) use labels::Labels;
pub(crate) use layers::level_pen;
pub(crate) use legend::{Entry, Symbol};

const SEA: Colour = [0xec, 0xf3, 0xf8, 255];
const LAND: Colour = [0xeb, 0xdd, 0xb6, 255];
const SHORE: Colour = [0x6f, 0x66, 0x4d, 255];

/// No map shows less than this on its shorter side: two nautical miles.
const LEAST_SIDE_M: f64 = 3704.0;

/// A chart's surroundings: everything but the map.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Length of one unit of the design.
    pub(crate) unit: f32,
    /// View pixels to a unit of the drawing, so that shores are fine enough.
    pub(crate) pixels: f64,
    /// Empty where the page has a head of its own.
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// In the upper right corner: the valid time and what else has to be seen first.
    pub(crate) time: String,
    pub(crate) about_time: String,
    /// What the upper right corner takes at least, for times that are painted over it.
    pub(crate) head_room: f32,
    pub(crate) legend: Vec<Entry>,
    pub(crate) footer: Vec<String>,
}

/// A chart in the making.
pub(crate) struct Chart<'f, 's> {
    pub(crate) scene: &'s Scene<'s>,
    pub(crate) drawing: Drawing<'f>,
    pub(crate) labels: Labels,
    sheet: Sheet,
    view: MapView,
    map: Frame,
    /// Rows of the legend, as entries' numbers with their left edges.
    rows: Vec<Vec<(usize, f32)>>,
}

impl<'f, 's> Chart<'f, 's> {
    /// A chart whose map holds these places, with sea, land and graticule drawn. What is drawn on the sea before the land
    /// comes by `under`.
    pub(crate) fn begin(
        fonts: &'f Fonts,
        scene: &'s Scene<'s>,
        sheet: Sheet,
        extent: impl IntoIterator<Item = (f64, f64)>,
        under: impl FnOnce(&mut Self),
    ) -> Result<Self, Error> {
        let drawing = Drawing::new(fonts);
        let mut sheet = sheet;
        sheet.footer = footer_lines(&drawing, &sheet);
        let rows = legend::rows(&drawing, &sheet);
        let map = map_frame(&sheet, rows.len());
        let fit = Fit {
            width: (f64::from(map.width) * sheet.pixels).round() as u32,
            height: (f64::from(map.height) * sheet.pixels).round() as u32,
            margin_px: 46.0 * f64::from(sheet.unit) * sheet.pixels,
            least_side_m: LEAST_SIDE_M,
        };
        let view = view_around(extent, &fit)?;
        let mut chart = Self {
            labels: Labels::within(map.inset(2.0 * sheet.unit)),
            scene,
            drawing,
            sheet,
            view,
            map,
            rows,
        };
        chart.drawing.items.push(Item::Clip(map));
        chart.drawing.fill(map.path(), SEA);
        under(&mut chart);
        chart.land()?;
        graticule::lines(&mut chart);
        Ok(chart)
    }

    /// What one unit of the design takes.
    pub(crate) fn unit(&self) -> f32 {
        self.sheet.unit
    }

    pub(crate) fn view(&self) -> &MapView {
        &self.view
    }

    pub(crate) fn map(&self) -> Frame {
        self.map
    }

    /// Where a longitude and latitude stands.
    pub(crate) fn spot(&self, (lon_deg, lat_deg): (f64, f64)) -> Spot {
        let (x, y) = self.view.pixel(lon_deg, lat_deg);
        (
            self.map.left + (x / self.sheet.pixels) as f32,
            self.map.top + (y / self.sheet.pixels) as f32,
        )
    }

    /// Units of the drawing to a metre on the ground in the middle of the map.
    pub(crate) fn units_per_m(&self) -> f32 {
        let (x, y) = (f64::from(self.view.width) / 2.0, f64::from(self.view.height) / 2.0);
        let (west, lat) = self.view.lon_lat(x - 0.5, y);
        let (east, _) = self.view.lon_lat(x + 0.5, y);
        let (lon_m, _) = driftline_domain::meters_per_degree(lat.clamp(-89.9, 89.9));
        (1.0 / (self.sheet.pixels * (east - west) * lon_m)) as f32
    }

    pub(crate) fn spots(&self, line: &LineString<f64>) -> Vec<Spot> {
        line.coords().map(|coord| self.spot((coord.x, coord.y))).collect()
    }

    fn land(&mut self) -> Result<(), Error> {
        let land = land_in_view(self.scene.coast, &self.view)?;
        let rings = self.rings_of_pixels(&land);
        let pen = Pen::solid(SHORE, 1.1 * self.sheet.unit);
        self.drawing
            .outlined(closed_path(rings.iter().map(Vec::as_slice)), LAND, pen);
        Ok(())
    }

    fn rings_of_pixels(&self, land: &MultiPolygon<f64>) -> Vec<Vec<Spot>> {
        let rings = land
            .iter()
            .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
        let spot = |coord: &geo::Coord| {
            (
                self.map.left + (coord.x / self.sheet.pixels) as f32,
                self.map.top + (coord.y / self.sheet.pixels) as f32,
            )
        };
        rings
            .map(|ring| {
                let corners = ring.0.len().saturating_sub(1);
                ring.coords().take(corners).map(spot).collect()
            })
            .collect()
    }

    /// A chart of the same map with nothing on it, to be painted over this one.
    pub(crate) fn over(&self) -> Self {
        Self {
            scene: self.scene,
            drawing: Drawing {
                fonts: self.drawing.fonts,
                items: vec![Item::Clip(self.map)],
            },
            labels: self.labels.clone(),
            sheet: Sheet {
                width: self.sheet.width,
                unit: self.sheet.unit,
                pixels: self.sheet.pixels,
                ..Sheet::default()
            },
            view: self.view,
            map: self.map,
            rows: Vec::new(),
        }
    }

    /// What was drawn over the map of another chart, with the time that it holds for and the share of the run that has
    /// passed, as a bar above the map.
    pub(crate) fn finish_over(mut self, time: &str, about_time: &str, share: f32) -> Drawing<'f> {
        self.drawing.items.push(Item::EndClip);
        self.drawing
            .stroke(self.map.path(), Pen::solid(INK, 1.3 * self.sheet.unit));
        self.time(time, about_time);
        let (unit, map) = (self.sheet.unit, self.map);
        let bar = |share: f32| Frame {
            left: map.left,
            top: map.top - 6.0 * unit,
            width: map.width * share,
            height: 3.0 * unit,
        };
        self.drawing.fill(bar(1.0).path(), [0xd5, 0xdb, 0xe0, 255]);
        self.drawing.fill(bar(share).path(), INK);
        self.drawing
    }

    fn time(&mut self, time: &str, about_time: &str) {
        let (unit, right) = (self.sheet.unit, self.sheet.width - 16.0 * self.sheet.unit);
        let (bold, small) = head_hands(unit);
        for (text, hand, baseline) in [(time, bold, 30.0), (about_time, small, 51.0)] {
            self.drawing.text(text, (right, baseline * unit), hand, Align::Right);
        }
    }

    /// Lines of the map as one path.
    pub(crate) fn lines(&mut self, lines: &[Vec<Spot>], pen: Pen) {
        let path = open_path(lines.iter().map(Vec::as_slice));
        self.drawing.stroke(path, pen);
    }

    /// The frame, the head, the legend and the foot around the map.
    pub(crate) fn finish(mut self) -> Drawing<'f> {
        self.drawing.items.push(Item::EndClip);
        graticule::frame(&mut self);
        self.head();
        legend::draw(&mut self.drawing, &self.sheet, &self.rows, self.map);
        self.foot();
        self.drawing
    }

    fn head(&mut self) {
        let (sheet, unit) = (self.sheet.clone(), self.sheet.unit);
        if sheet.title.is_empty() {
            return;
        }
        let (bold, small) = head_hands(unit);
        let reserved = |text: &str, hand| (self.drawing.width(text, hand) + 24.0 * unit).max(sheet.head_room);
        let rooms = [reserved(&sheet.time, bold), reserved(&sheet.about_time, small)];
        let rows = [(&sheet.title, bold, 30.0), (&sheet.subtitle, small, 51.0)];
        for ((text, hand, baseline), reserved) in rows.into_iter().zip(rooms) {
            let text = self.drawing.fitting(text, hand, sheet.width - 32.0 * unit - reserved);
            self.drawing
                .text(text, (16.0 * unit, baseline * unit), hand, Align::Left);
        }
        self.time(&sheet.time, &sheet.about_time);
    }

    fn foot(&mut self) {
        let unit = self.sheet.unit;
        let lines = std::mem::take(&mut self.sheet.footer);
        for (row, line) in lines.into_iter().rev().enumerate() {
            let baseline = self.sheet.height - (10.0 + 15.0 * row as f32) * unit;
            self.drawing
                .text(line, (16.0 * unit, baseline), foot_hand(unit), Align::Left);
        }
    }
}

/// The title's hand and that of the line under it.
fn head_hands(unit: f32) -> (Hand, Hand) {
    (Hand::bold(21.0 * unit), Hand::regular(14.0 * unit).in_colour(FAINT_INK))
}

fn foot_hand(unit: f32) -> Hand {
    Hand::regular(11.5 * unit).in_colour(FAINT_INK)
}

/// The foot's texts in lines that fit: whom the data come from is never cut short.
fn footer_lines(drawing: &Drawing<'_>, sheet: &Sheet) -> Vec<String> {
    let lines = sheet.footer.iter();
    lines
        .flat_map(|text| drawing.wrapped(text, foot_hand(sheet.unit), sheet.width - 32.0 * sheet.unit))
        .collect()
}

/// Where the map stands on a sheet, in whole units where the drawing becomes a picture.
fn map_frame(sheet: &Sheet, legend_rows: usize) -> Frame {
    let unit = sheet.unit;
    let has_head = !sheet.title.is_empty();
    let top = if has_head { 66.0 * unit } else { 2.0 * unit };
    let gutter = 92.0 * unit;
    let right = if has_head { 16.0 * unit } else { 2.0 * unit };
    let feet = sheet.footer.len() as f32 * 15.0 * unit + if sheet.footer.is_empty() { 0.0 } else { 8.0 * unit };
    let below = 26.0 * unit + legend_rows as f32 * legend::ROW * unit + feet;
    Frame {
        left: gutter.round(),
        top: top.round(),
        width: (sheet.width - gutter - right).floor(),
        height: (sheet.height - top - below).floor(),
    }
}
