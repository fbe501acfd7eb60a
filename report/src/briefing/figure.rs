//! The chart on the first page: lines and text, no pixels.

use driftline_tiles::MarkStatus;

use super::Briefing;
use crate::chart::{Chart, Entry, Sheet, Symbol};
use crate::drawing::{FAINT_INK, Hand, Item};
use crate::flow::{Flow, MARGIN, WIDTH};
use crate::heatmap::{area_entries, common_entries, extent};
use crate::{Direction, Error, notation};

/// Height at most, points.
const HEIGHT: f32 = 366.0;
/// Height at least; else it goes to the next page.
const LEAST_HEIGHT: f32 = 250.0;
/// Particles adrift in the figure at most.
const MOST_PARTICLES: usize = 1500;

/// Draws the chart of the briefing's output time.
pub(super) fn draw(flow: &mut Flow<'_>, briefing: &Briefing<'_>) -> Result<(), Error> {
    let scene = briefing.scene;
    let snapshot = scene.snapshot(briefing.at)?;
    let datums = scene.datums(briefing.at);
    flow.need(LEAST_HEIGHT + 20.0);
    let height = (flow.room() - 20.0).min(HEIGHT);
    let (shown, adrift) = snapshot.sample(MarkStatus::Active, MOST_PARTICLES);
    let mut legend = area_entries(snapshot);
    if adrift > 0 {
        let text = if shown.len() == adrift {
            "particle adrift".to_owned()
        } else {
            format!(
                "particle adrift ({} of {} shown)",
                notation::count(shown.len()),
                notation::count(adrift)
            )
        };
        legend.push(Entry::new(Symbol::Particle(MarkStatus::Active), text));
    }
    legend.extend(common_entries(scene, snapshot));
    let sheet = Sheet {
        width: WIDTH,
        height,
        unit: 0.56,
        pixels: 2.0,
        legend,
        ..Sheet::default()
    };
    let fonts = flow.fonts();
    let mut chart = Chart::begin(fonts, scene, sheet, extent(scene, briefing.at), |_| ())?;
    chart.particles_in(snapshot, MarkStatus::Active, MOST_PARTICLES);
    chart.areas(&snapshot.areas, true);
    chart.particles_in(snapshot, MarkStatus::MissingData, MOST_PARTICLES);
    chart.particles_in(snapshot, MarkStatus::Stranded, MOST_PARTICLES);
    chart.datum_line(&datums);
    chart.starts();
    chart.scale_bar();
    chart.start_labels();
    chart.area_labels(&snapshot.areas);
    chart.datum_labels(&datums);
    let mut drawing = chart.finish();
    let (x, y) = (MARGIN, flow.y);
    flow.page()
        .items
        .extend(drawing.items.drain(..).filter_map(|item| moved(item, x, y)));
    flow.y += height + 2.0;
    let (time, elapsed) = (
        notation::utc(snapshot.time),
        notation::elapsed(scene.elapsed_s(snapshot.time)),
    );
    let caption = match scene.direction {
        Direction::Forward => format!(
            "Search areas and datum at {time} ({elapsed}). Areas hold the stated share of the probability if the object is adrift."
        ),
        Direction::Backtrack => format!(
            "Areas that the object can have come from, and their datum, at {time} ({elapsed}), if every place is as likely \
             beforehand."
        ),
    };
    flow.paragraph(&caption, Hand::regular(8.0).in_colour(FAINT_INK));
    Ok(())
}

/// An item at another place of the page.
fn moved(item: Item, x: f32, y: f32) -> Option<Item> {
    let by = tiny_skia::Transform::from_translate(x, y);
    Some(match item {
        Item::Fill(path, colour) => Item::Fill(path.transform(by)?, colour),
        Item::Stroke(path, pen) => Item::Stroke(path.transform(by)?, pen),
        Item::Outlined(path, colour, pen) => Item::Outlined(path.transform(by)?, colour, pen),
        Item::Marks(mark, mut places, size, colour) => {
            places.iter_mut().for_each(|spot| *spot = (spot.0 + x, spot.1 + y));
            Item::Marks(mark, places, size, colour)
        }
        Item::Text(mut writing) => {
            writing.at = (writing.at.0 + x, writing.at.1 + y);
            Item::Text(writing)
        }
        Item::Image(mut image) => {
            image.at = (image.at.0 + x, image.at.1 + y);
            Item::Image(image)
        }
        Item::Clip(mut frame) => {
            (frame.left, frame.top) = (frame.left + x, frame.top + y);
            Item::Clip(frame)
        }
        Item::EndClip => Item::EndClip,
    })
}
