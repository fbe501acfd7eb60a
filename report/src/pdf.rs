//! Drawings as the pages of a PDF: text stays text, fonts are embedded as far as they are used, the same drawings give the
//! same bytes.

use jiff::Timestamp;
use krilla::color::rgb;
use krilla::geom::{Path as PdfPath, PathBuilder as PdfPathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, Document};
use tiny_skia::{Path, PathSegment};

use crate::Error;
use crate::drawing::{Colour, Drawing, Item, Mark, Pen, Spot, Writing, mark_path};
use crate::font::{BOLD, Face, Fonts, REGULAR};
use crate::raster::{cross_width, halo_width};

/// Width and height of A4 in points (ISO 216: 210 x 297 mm).
pub(crate) const A4: (f32, f32) = (595.28, 841.89);

/// What a document says about itself.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) subject: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) creator: String,
    pub(crate) created: Timestamp,
    /// The same for every version of one document.
    pub(crate) id: String,
}

/// The bytes of a PDF with a drawing on each page.
pub(crate) fn document(pages: &[Drawing<'_>], about: &About) -> Result<Vec<u8>, Error> {
    let faces = Faces::embedded()?;
    let mut document = Document::new();
    for drawing in pages {
        let size = PageSettings::from_wh(A4.0, A4.1).ok_or_else(|| Error::Pdf("no page of that size".to_owned()))?;
        let mut page = document.start_page_with(size);
        let mut writer = Writer {
            surface: page.surface(),
            fonts: drawing.fonts,
            faces: &faces,
            open: 0,
        };
        drawing.items.iter().for_each(|item| writer.item(item));
        writer.finish();
        page.finish();
    }
    document.set_metadata(metadata(about));
    document.finish().map_err(|error| Error::Pdf(format!("{error:?}")))
}

fn metadata(about: &About) -> Metadata {
    let created = about.created.to_zoned(jiff::tz::TimeZone::UTC);
    let date = DateTime::new(created.year().max(0).unsigned_abs())
        .month(created.month().unsigned_abs())
        .day(created.day().unsigned_abs())
        .hour(created.hour().unsigned_abs())
        .minute(created.minute().unsigned_abs())
        .second(created.second().unsigned_abs())
        .utc_offset_hour(0);
    Metadata::new()
        .title(about.title.clone())
        .description(about.subject.clone())
        .keywords(about.keywords.clone())
        .language("en".to_owned())
        .creator(about.creator.clone())
        .creation_date(date)
        .document_id(about.id.clone())
}

struct Faces {
    regular: Font,
    bold: Font,
}

impl Faces {
    fn embedded() -> Result<Self, Error> {
        let font = |bytes: &'static [u8]| Font::new(Data::from(bytes), 0);
        let both = font(REGULAR).zip(font(BOLD));
        let (regular, bold) = both.ok_or_else(|| Error::Pdf("the embedded font cannot be embedded".to_owned()))?;
        Ok(Self { regular, bold })
    }

    fn font(&self, face: Face) -> Font {
        match face {
            Face::Regular => self.regular.clone(),
            Face::Bold => self.bold.clone(),
        }
    }
}

struct Writer<'a, 's> {
    surface: Surface<'s>,
    fonts: &'a Fonts,
    faces: &'a Faces,
    /// Frames that are open.
    open: usize,
}

impl Writer<'_, '_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Fill(path, colour) => {
                if let Some(path) = pdf_path(path) {
                    self.fill(&path, *colour);
                }
            }
            Item::Outlined(path, colour, pen) => {
                if let Some(path) = pdf_path(path) {
                    self.surface.set_fill(Some(fill_of(*colour, FillRule::EvenOdd)));
                    self.surface.set_stroke(Some(stroke_of(*pen, LineCap::Butt)));
                    self.surface.draw_path(&path);
                }
            }
            Item::Stroke(path, pen) => {
                if let Some(path) = pdf_path(path) {
                    let cap = if pen.dash.is_round() {
                        LineCap::Round
                    } else {
                        LineCap::Butt
                    };
                    self.stroke(&path, *pen, cap);
                }
            }
            Item::Marks(mark, places, size, colour) => self.marks(*mark, places, *size, *colour),
            Item::Text(writing) => self.text(writing),
            Item::Clip(frame) => {
                if let Some(path) = frame.path().as_ref().and_then(pdf_path) {
                    self.surface.push_clip_path(&path, &FillRule::NonZero);
                    self.open += 1;
                }
            }
            Item::EndClip => self.close(),
            // Pages hold no pixels: figures on paper are lines.
            Item::Image(_) => {}
        }
    }

    fn close(&mut self) {
        if self.open > 0 {
            self.surface.pop();
            self.open -= 1;
        }
    }

    fn finish(mut self) {
        while self.open > 0 {
            self.close();
        }
        self.surface.finish();
    }

    fn fill(&mut self, path: &PdfPath, colour: Colour) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill_of(colour, FillRule::EvenOdd)));
        self.surface.draw_path(path);
    }

    fn stroke(&mut self, path: &PdfPath, pen: Pen, line_cap: LineCap) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(stroke_of(pen, line_cap)));
        self.surface.draw_path(path);
    }

    /// Thousands of marks as one path; discs are dots of a round pen.
    fn marks(&mut self, mark: Mark, places: &[Spot], size: f32, colour: Colour) {
        let mut path = PdfPathBuilder::new();
        for (x, y) in places {
            match mark {
                Mark::Disc => {
                    let (x, y) = (short(*x), short(*y));
                    path.move_to(x, y);
                    path.line_to(x + 0.02, y);
                }
                Mark::Diamond | Mark::Cross => {
                    if let Some(outline) = mark_path(mark, (*x, *y), size) {
                        append(&mut path, &outline);
                    }
                }
            }
        }
        let Some(path) = path.finish() else { return };
        match mark {
            Mark::Disc => self.stroke(&path, Pen::solid(colour, 2.0 * size), LineCap::Round),
            Mark::Cross => self.stroke(&path, Pen::solid(colour, cross_width(size)), LineCap::Butt),
            Mark::Diamond => {
                self.surface.set_stroke(None);
                self.surface.set_fill(Some(fill_of(colour, FillRule::NonZero)));
                self.surface.draw_path(&path);
            }
        }
    }

    fn text(&mut self, writing: &Writing) {
        let glyphs: Vec<KrillaGlyph> = self
            .fonts
            .glyphs(writing.face, &writing.text)
            .into_iter()
            .map(|glyph| {
                let bytes = glyph.bytes.0..glyph.bytes.1;
                KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, 0.0, 0.0, 0.0, bytes, None)
            })
            .collect();
        if glyphs.is_empty() {
            return;
        }
        let at = Point::from_xy(writing.at.0, writing.at.1);
        let font = self.faces.font(writing.face);
        if let Some(halo) = writing.halo {
            // The rim is lines, so that the text is found once.
            self.surface.set_fill(None);
            let pen = Pen::solid(halo, halo_width(writing.size).min(writing.size * 0.3));
            self.surface.set_stroke(Some(stroke_of(pen, LineCap::Butt)));
            self.surface
                .draw_glyphs(at, &glyphs, font.clone(), &writing.text, writing.size, true);
        }
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill_of(writing.colour, FillRule::NonZero)));
        self.surface
            .draw_glyphs(at, &glyphs, font, &writing.text, writing.size, false);
    }
}

fn opacity(colour: Colour) -> NormalizedF32 {
    NormalizedF32::new(f32::from(colour[3]) / 255.0).unwrap_or(NormalizedF32::ONE)
}

fn fill_of(colour: Colour, rule: FillRule) -> Fill {
    Fill {
        paint: rgb::Color::new(colour[0], colour[1], colour[2]).into(),
        opacity: opacity(colour),
        rule,
    }
}

fn stroke_of(pen: Pen, line_cap: LineCap) -> Stroke {
    Stroke {
        paint: rgb::Color::new(pen.colour[0], pen.colour[1], pen.colour[2]).into(),
        width: pen.width,
        line_cap,
        line_join: LineJoin::Round,
        opacity: opacity(pen.colour),
        dash: pen.dash.lengths(pen.width).map(|lengths| StrokeDash {
            array: lengths.to_vec(),
            offset: 0.0,
        }),
        ..Stroke::default()
    }
}

fn pdf_path(path: &Path) -> Option<PdfPath> {
    let mut builder = PdfPathBuilder::new();
    append(&mut builder, path);
    builder.finish()
}

/// A fiftieth of a point is finer than any printer, and short to write.
fn short(length: f32) -> f32 {
    (length * 50.0).round() / 50.0
}

fn append(builder: &mut PdfPathBuilder, path: &Path) {
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(to) => builder.move_to(short(to.x), short(to.y)),
            PathSegment::LineTo(to) => builder.line_to(short(to.x), short(to.y)),
            PathSegment::QuadTo(by, to) => builder.quad_to(short(by.x), short(by.y), short(to.x), short(to.y)),
            PathSegment::CubicTo(a, b, to) => {
                builder.cubic_to(short(a.x), short(a.y), short(b.x), short(b.y), short(to.x), short(to.y));
            }
            PathSegment::Close => builder.close(),
        }
    }
}
