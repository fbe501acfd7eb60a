//! A drawing as pixels.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Pixmap, PremultipliedColorU8, Stroke, StrokeDash, Transform,
};

use crate::Error;
use crate::drawing::{Colour, Drawing, Image, Item, Mark, Pen, Spot, Writing, mark_path, pixmap};

/// Paints a drawing on white.
pub(crate) fn paint(drawing: &Drawing<'_>, width: u32, height: u32) -> Result<Pixmap, Error> {
    let mut page = pixmap(width, height)?;
    page.fill(Color::WHITE);
    paint_over(drawing, page)
}

/// Paints a drawing over a picture.
pub(crate) fn paint_over(drawing: &Drawing<'_>, page: Pixmap) -> Result<Pixmap, Error> {
    // The picture, and one for each frame that is open, with its upper left corner.
    let mut layers = vec![(page, 0, 0)];
    for item in &drawing.items {
        match item {
            Item::Clip(frame) => {
                let layer = pixmap(frame.width as u32, frame.height as u32)?;
                layers.push((layer, frame.left as i32, frame.top as i32));
            }
            Item::EndClip if layers.len() > 1 => close(&mut layers),
            _ => {
                if let Some((layer, left, top)) = layers.last_mut() {
                    Layer {
                        place: Transform::from_translate(-(*left as f32), -(*top as f32)),
                        layer,
                    }
                    .draw(drawing, item)?;
                }
            }
        }
    }
    while layers.len() > 1 {
        close(&mut layers);
    }
    match layers.pop() {
        Some((page, ..)) => Ok(page),
        None => pixmap(1, 1),
    }
}

fn close(layers: &mut Vec<(Pixmap, i32, i32)>) {
    let Some((layer, left, top)) = layers.pop() else { return };
    if let Some((below, x, y)) = layers.last_mut() {
        lay_over(below, &layer, (left - *x, top - *y));
    }
}

struct Layer<'a> {
    layer: &'a mut Pixmap,
    place: Transform,
}

impl Layer<'_> {
    fn draw(&mut self, drawing: &Drawing<'_>, item: &Item) -> Result<(), Error> {
        match item {
            Item::Fill(path, colour) => self.fill(path, *colour),
            Item::Stroke(path, pen) => self.stroke(path, pen),
            Item::Outlined(path, colour, pen) => {
                self.fill(path, *colour);
                self.stroke(path, pen);
            }
            Item::Marks(mark, places, size, colour) => self.marks(*mark, places, *size, *colour)?,
            Item::Text(writing) => self.text(drawing, writing),
            Item::Image(image) => self.image(image)?,
            Item::Clip(_) | Item::EndClip => {}
        }
        Ok(())
    }

    fn fill(&mut self, path: &tiny_skia::Path, colour: Colour) {
        self.layer
            .fill_path(path, &solid(colour), FillRule::EvenOdd, self.place, None);
    }

    fn stroke(&mut self, path: &tiny_skia::Path, pen: &Pen) {
        let stroke = Stroke {
            width: pen.width,
            line_cap: if pen.dash.is_round() {
                LineCap::Round
            } else {
                LineCap::Butt
            },
            line_join: LineJoin::Round,
            dash: pen
                .dash
                .lengths(pen.width)
                .and_then(|lengths| StrokeDash::new(lengths.to_vec(), 0.0)),
            ..Stroke::default()
        };
        self.layer
            .stroke_path(path, &solid(pen.colour), &stroke, self.place, None);
    }

    fn text(&mut self, drawing: &Drawing<'_>, writing: &Writing) {
        let outline = drawing
            .fonts
            .outline(writing.face, &writing.text, writing.at, writing.size);
        let Some(outline) = outline else { return };
        if let Some(halo) = writing.halo {
            self.stroke(&outline, &Pen::solid(halo, halo_width(writing.size)));
        }
        self.layer
            .fill_path(&outline, &solid(writing.colour), FillRule::Winding, self.place, None);
    }

    /// Marks are drawn once and stamped on whole pixels: thousands cost little.
    fn marks(&mut self, mark: Mark, places: &[Spot], size: f32, colour: Colour) -> Result<(), Error> {
        let side = (2.0 * size + 4.0).ceil() as u32 | 1;
        let mut stamp = pixmap(side, side)?;
        let middle = side as f32 / 2.0;
        if let Some(path) = mark_path(mark, (middle, middle), size) {
            let mut layer = Layer {
                layer: &mut stamp,
                place: Transform::identity(),
            };
            match mark {
                Mark::Cross => layer.stroke(&path, &Pen::solid(colour, cross_width(size))),
                Mark::Disc | Mark::Diamond => layer.fill(&path, colour),
            }
        }
        let half = side as i32 / 2;
        for (x, y) in places {
            let (x, y) = ((x + self.place.tx).floor() as i32, (y + self.place.ty).floor() as i32);
            lay_over(self.layer, &stamp, (x - half, y - half));
        }
        Ok(())
    }

    fn image(&mut self, image: &Image) -> Result<(), Error> {
        let mut picture = pixmap(image.width, image.height)?;
        for (pixel, [r, g, b, a]) in picture.pixels_mut().iter_mut().zip(image.rgba.as_chunks::<4>().0) {
            *pixel = tiny_skia::ColorU8::from_rgba(*r, *g, *b, *a).premultiply();
        }
        let (left, top) = (image.at.0 + self.place.tx, image.at.1 + self.place.ty);
        lay_over(self.layer, &picture, (left as i32, top as i32));
        Ok(())
    }
}

/// Lays a picture over another with its upper left corner at a place. On whole pixels plain arithmetic costs a fraction of
/// what a painter for turned and scaled pictures does.
fn lay_over(ground: &mut Pixmap, upper: &Pixmap, (left, top): (i32, i32)) {
    let (width, height) = (ground.width() as i32, ground.height() as i32);
    let side = upper.width() as i32;
    let (first, last) = (left.max(0), (left + side).min(width));
    if first >= last {
        return;
    }
    for row in top.max(0)..(top + upper.height() as i32).min(height) {
        let from = ((row - top) * side - left) as isize;
        let range = |start: isize| (start + first as isize) as usize..(start + last as isize) as usize;
        let uppers = &upper.pixels()[range(from)];
        let grounds = &mut ground.pixels_mut()[range((row * width) as isize)];
        for (ground, upper) in grounds.iter_mut().zip(uppers) {
            match upper.alpha() {
                0 => {}
                255 => *ground = *upper,
                _ => *ground = over(*upper, *ground),
            }
        }
    }
}

/// How wide the light rim around a text is.
pub(crate) fn halo_width(size: f32) -> f32 {
    (size * 0.24).max(2.0)
}

/// How wide the lines of a cross are.
pub(crate) fn cross_width(size: f32) -> f32 {
    (size * 0.55).max(1.0)
}

/// Porter and Duff's "over" of premultiplied colours.
fn over(upper: PremultipliedColorU8, ground: PremultipliedColorU8) -> PremultipliedColorU8 {
    let rest = 255 - u16::from(upper.alpha());
    let alpha = u16::from(upper.alpha()) + (u16::from(ground.alpha()) * rest + 127) / 255;
    let mix = |upper: u8, ground: u8| (u16::from(upper) + (u16::from(ground) * rest + 127) / 255).min(alpha) as u8;
    PremultipliedColorU8::from_rgba(
        mix(upper.red(), ground.red()),
        mix(upper.green(), ground.green()),
        mix(upper.blue(), ground.blue()),
        alpha.min(255) as u8,
    )
    .unwrap_or(upper)
}

fn solid([r, g, b, a]: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, a);
    paint.anti_alias = true;
    paint
}

/// The bytes of a PNG file, with a text that says what it is.
pub(crate) fn png(picture: &Pixmap, texts: &[(&str, &str)]) -> Result<Vec<u8>, Error> {
    let rgb: Vec<u8> = picture
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let mut bytes = Vec::with_capacity(rgb.len() / 8);
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    for (keyword, text) in texts {
        encoder.add_itxt_chunk((*keyword).to_owned(), (*text).to_owned())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(bytes)
}
