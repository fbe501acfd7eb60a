//! The animation: the particles' way through time as a GIF that every browser, mail program and slide shows.
//!
//! The map is painted once, and each frame over it. All frames share one palette of 255 colours; a frame holds the pixels
//! that differ from the one before, the rest is transparent.

mod palette;

use driftline_tiles::MarkStatus;
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use tiny_skia::Pixmap;

use crate::chart::{Chart, Entry, Sheet, Symbol};
use crate::font::Fonts;
use crate::heatmap::{STATES, about_time, footer, place_entries};
use crate::{Error, Scene, notation, raster};
use palette::Palette;

/// Frames at most. A run with more output times is thinned evenly, its end always shown.
pub const MAX_FRAMES: usize = 60;

const WIDTH: u16 = 840;
const HEIGHT: u16 = 660;
/// Bytes at most; beyond, every other frame is left out until it fits or few are left.
const MAX_BYTES: usize = 8 << 20;
const FEW_FRAMES: usize = 12;
/// How long a frame stands, and the last one, hundredths of a second.
const DELAY: u16 = 30;
const LAST_DELAY: u16 = 200;
/// Particles adrift in a frame at most.
const MOST_PARTICLES: usize = 4000;
/// Frames that the palette is chosen from.
const SAMPLES: usize = 4;
/// The index of a pixel that stays as it was.
const UNCHANGED: u8 = 255;

/// An animated GIF and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Animation {
    /// The GIF file.
    pub bytes: Vec<u8>,
    /// Frames in it.
    pub frames: usize,
    /// Output times of the run: more than frames where it was thinned.
    pub output_times: usize,
}

/// A GIF, 840 x 660, that goes on for ever: a frame for each output time with particles, areas and the datum's way so far.
pub fn animation(scene: &Scene<'_>) -> Result<Animation, Error> {
    scene.check()?;
    let fonts = Fonts::embedded()?;
    let mut step = scene.snapshots.len().div_ceil(MAX_FRAMES).max(1);
    loop {
        let shown = thinned(scene.snapshots.len(), step);
        let bytes = encoded(scene, &fonts, &shown, step)?;
        if bytes.len() <= MAX_BYTES || shown.len() <= FEW_FRAMES {
            return Ok(Animation {
                bytes,
                frames: shown.len(),
                output_times: scene.snapshots.len(),
            });
        }
        step *= 2;
    }
}

/// Every so-many-th output time, counted back from the end, which is always shown.
fn thinned(count: usize, step: usize) -> Vec<usize> {
    (0..count).filter(|at| (count - 1 - at).is_multiple_of(step)).collect()
}

fn encoded(scene: &Scene<'_>, fonts: &Fonts, shown: &[usize], step: usize) -> Result<Vec<u8>, Error> {
    let film = Film::of(scene, fonts, step)?;
    let samples = (0..SAMPLES).map(|k| shown[k * (shown.len() - 1) / (SAMPLES - 1)]);
    let samples: Vec<Pixmap> = samples.map(|at| film.frame(at)).collect::<Result<_, _>>()?;
    let mut palette = Palette::of(&samples, usize::from(UNCHANGED));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT, &palette.bytes())?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut before: Option<Vec<u8>> = None;
    for (number, at) in shown.iter().enumerate() {
        let indices = palette.indices(&film.frame(*at)?);
        let mut frame = changed(before.as_deref(), &indices);
        frame.delay = if number + 1 == shown.len() { LAST_DELAY } else { DELAY };
        encoder.write_frame(&frame)?;
        before = Some(indices);
    }
    drop(encoder);
    Ok(bytes)
}

/// The smallest frame with all pixels that differ from those before.
fn changed(before: Option<&[u8]>, indices: &[u8]) -> Frame<'static> {
    let width = usize::from(WIDTH);
    let whole = Frame {
        width: WIDTH,
        height: HEIGHT,
        dispose: DisposalMethod::Keep,
        ..Frame::default()
    };
    let Some(before) = before else {
        return Frame {
            buffer: indices.to_vec().into(),
            ..whole
        };
    };
    let differs = |at: usize| before[at] != indices[at];
    let (mut left, mut right, mut top, mut bottom) = (width, 0, usize::MAX, 0);
    for (row, (old, new)) in before.chunks(width).zip(indices.chunks(width)).enumerate() {
        if old == new {
            continue;
        }
        (top, bottom) = (top.min(row), row);
        let first = (0..width).find(|x| old[*x] != new[*x]).unwrap_or(0);
        let last = (0..width).rfind(|x| old[*x] != new[*x]).unwrap_or(0);
        (left, right) = (left.min(first), right.max(last));
    }
    if top == usize::MAX {
        // Nothing differs: one pixel keeps the frame's time.
        (left, right, top, bottom) = (0, 0, 0, 0);
    }
    let places = (top..=bottom).flat_map(|row| (left..=right).map(move |x| row * width + x));
    let pixels: Vec<u8> = places
        .map(|at| if differs(at) { indices[at] } else { UNCHANGED })
        .collect();
    Frame {
        left: left as u16,
        top: top as u16,
        width: (right - left + 1) as u16,
        height: (bottom - top + 1) as u16,
        transparent: Some(UNCHANGED),
        buffer: pixels.into(),
        ..whole
    }
}

/// The map that all frames share.
struct Film<'f, 's> {
    scene: &'s Scene<'s>,
    chart: Chart<'f, 's>,
    ground: Pixmap,
}

impl<'f, 's> Film<'f, 's> {
    fn of(scene: &'s Scene<'s>, fonts: &'f Fonts, step: usize) -> Result<Self, Error> {
        let extent = (0..scene.snapshots.len()).flat_map(|at| crate::heatmap::extent(scene, at));
        let extent: Vec<(f64, f64)> = extent.collect();
        let chart = || Chart::begin(fonts, scene, sheet(scene, step), extent.iter().copied(), |_| ());
        let mut ground = chart()?;
        // The scale keeps off where particles come in the course of the run.
        let mut probe = chart()?;
        let middle = scene.snapshots.len() / 2;
        for at in [0, middle, scene.last()] {
            if let Some(snapshot) = scene.snapshots.get(at) {
                probe.particles(snapshot, 500);
            }
        }
        ground.scale_bar_off(&probe);
        let labels = ground.labels.clone();
        let mut template = chart()?;
        template.labels = labels;
        let drawing = ground.finish();
        Ok(Self {
            scene,
            chart: template,
            ground: raster::paint(&drawing, u32::from(WIDTH), u32::from(HEIGHT))?,
        })
    }

    fn frame(&self, at: usize) -> Result<Pixmap, Error> {
        let snapshot = self.scene.snapshot(at)?;
        let datums = self.scene.datums(at);
        let mut over = self.chart.over();
        over.particles_in(snapshot, MarkStatus::Active, MOST_PARTICLES);
        over.areas(&snapshot.areas, false);
        over.particles_in(snapshot, MarkStatus::MissingData, MOST_PARTICLES);
        over.particles_in(snapshot, MarkStatus::Stranded, MOST_PARTICLES);
        over.datum_line(&datums);
        over.starts();
        over.start_labels();
        over.area_labels(&snapshot.areas);
        let share = at as f32 / self.scene.last().max(1) as f32;
        let about = about_time(self.scene, snapshot);
        let drawing = over.finish_over(&notation::utc(snapshot.time), &about, share);
        raster::paint_over(&drawing, self.ground.clone())
    }
}

fn sheet(scene: &Scene<'_>, step: usize) -> Sheet {
    let mut legend = vec![Entry::new(Symbol::Particle(MarkStatus::Active), "adrift")];
    let with_areas = scene.snapshots.iter().max_by_key(|snapshot| snapshot.areas.len());
    for area in with_areas.iter().flat_map(|snapshot| &snapshot.areas) {
        let text = format!("{} area", notation::percent(area.level));
        legend.push(Entry::new(Symbol::Area(area.level), text));
    }
    let end = scene.snapshots.last();
    for (status, name) in STATES {
        if end.is_some_and(|end| end.share(status) > 0.0) {
            legend.push(Entry::new(Symbol::Particle(status), name));
        }
    }
    legend.extend(place_entries(scene));
    let mut footer = footer(scene);
    if step > 1 {
        let count = scene.snapshots.len();
        footer.insert(
            0,
            format!("One in {step} of {count} output times is shown, the last one included."),
        );
    }
    Sheet {
        width: f32::from(WIDTH),
        height: f32::from(HEIGHT),
        unit: 0.88,
        pixels: 1.0,
        title: scene.title.clone(),
        subtitle: scene.object.clone(),
        head_room: 285.0,
        legend,
        footer,
        ..Sheet::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_end() {
        assert_eq!(thinned(5, 1), [0, 1, 2, 3, 4]);
        assert_eq!(thinned(6, 2), [1, 3, 5]);
        assert_eq!(thinned(1, 4), [0]);
    }

    #[test]
    fn a_frame_holds_what_changed() {
        let (width, height) = (usize::from(WIDTH), usize::from(HEIGHT));
        let before = vec![7; width * height];
        let mut after = before.clone();
        after[3 * width + 10] = 1;
        after[5 * width + 12] = 2;
        let frame = changed(Some(&before), &after);
        assert_eq!((frame.left, frame.top, frame.width, frame.height), (10, 3, 3, 3));
        assert_eq!(frame.buffer.iter().filter(|index| **index == UNCHANGED).count(), 7);
        let same = changed(Some(&before), &before);
        assert_eq!((same.width, same.height, same.buffer[0]), (1, 1, UNCHANGED));
        assert_eq!(changed(None, &after).buffer.len(), after.len());
    }
}
