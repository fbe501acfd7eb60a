//! The chart of tracks: the ways of some particles, where they started, where they came ashore.

use driftline_tiles::MarkStatus;

use crate::chart::{Chart, Entry, Sheet, Symbol};
use crate::font::Fonts;
use crate::heatmap::{common_entries, footer};
use crate::scene::is_shown;
use crate::{Error, Scene, Start, notation, raster};

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 900;
/// Tracks on the chart, about.
const MOST_TRACKS: usize = 200;

/// A PNG, 1200 x 900: the ways of about 200 particles to the end of the run, where every particle of the run came ashore,
/// where those tracks end, the start and the datum's way.
pub fn tracks_png(scene: &Scene<'_>) -> Result<Vec<u8>, Error> {
    scene.check()?;
    let end = scene.snapshot(scene.last())?;
    let fonts = Fonts::embedded()?;
    let shown = shown(scene);
    let tracks: Vec<Vec<(f64, f64)>> = shown.iter().map(|particle| track(scene, *particle)).collect();
    let datums = scene.datums(scene.last());
    let mut extent: Vec<(f64, f64)> = scene.starts.iter().flat_map(Start::places).collect();
    extent.extend(tracks.iter().flatten());
    extent.extend(end.places(MarkStatus::Stranded));
    let mut legend = vec![Entry::new(
        Symbol::Track,
        format!(
            "tracks of {} of {} particles",
            notation::count(tracks.len()),
            notation::count(end.status.len())
        ),
    )];
    let adrift = notation::share(end.share(MarkStatus::Active));
    legend.push(Entry::new(
        Symbol::Particle(MarkStatus::Active),
        format!("adrift at the end: {adrift}"),
    ));
    legend.extend(common_entries(scene, end));
    let first = scene.snapshot(0)?;
    let sheet = Sheet {
        width: WIDTH as f32,
        height: HEIGHT as f32,
        unit: 1.0,
        pixels: 1.0,
        title: scene.title.clone(),
        subtitle: format!("Particle tracks · {}", scene.object),
        time: format!("{} to {}", notation::day_and_clock(first.time), notation::utc(end.time)),
        about_time: format!("{} output times", scene.snapshots.len()),
        head_room: 0.0,
        legend,
        footer: footer(scene),
    };
    let mut chart = Chart::begin(&fonts, scene, sheet, extent, |_| ())?;
    chart.tracks(&tracks);
    let ends = end_of(scene, &shown);
    chart.ends(&ends);
    chart.particles_in(end, MarkStatus::MissingData, MOST_TRACKS);
    chart.particles_in(end, MarkStatus::Stranded, usize::MAX);
    chart.datum_line(&datums);
    chart.starts();
    chart.scale_bar();
    chart.start_labels();
    chart.datum_labels(&datums);
    let picture = raster::paint(&chart.finish(), WIDTH, HEIGHT)?;
    let title = format!("{}: particle tracks to {}", scene.title, notation::utc(end.time));
    raster::png(&picture, &[("Title", &title), ("Software", "driftline-report")])
}

/// The particles whose ways are shown.
fn shown(scene: &Scene<'_>) -> Vec<usize> {
    let particles = scene
        .snapshots
        .iter()
        .map(|snapshot| snapshot.status.len())
        .min()
        .unwrap_or(0);
    let share = MOST_TRACKS as f64 / particles.max(1) as f64;
    (0..particles).filter(|particle| is_shown(*particle, share)).collect()
}

/// The way of a particle until it stopped, that place included; times at which it is nowhere are left out.
fn track(scene: &Scene<'_>, particle: usize) -> Vec<(f64, f64)> {
    let mut places = Vec::with_capacity(scene.snapshots.len());
    for snapshot in &scene.snapshots {
        let status = MarkStatus::of_code(snapshot.status[particle]);
        let place = (snapshot.lon_deg[particle], snapshot.lat_deg[particle]);
        if status.is_some() && place.0.is_finite() && place.1.is_finite() {
            places.push(place);
        }
        if matches!(status, Some(MarkStatus::Stranded | MarkStatus::MissingData)) {
            break;
        }
    }
    places
}

/// Where those of the shown particles are that are adrift at the end.
fn end_of(scene: &Scene<'_>, shown: &[usize]) -> Vec<(f64, f64)> {
    let Some(end) = scene.snapshots.last() else {
        return Vec::new();
    };
    let adrift = |particle: &&usize| MarkStatus::of_code(end.status[**particle]) == Some(MarkStatus::Active);
    shown
        .iter()
        .filter(adrift)
        .map(|particle| (end.lon_deg[*particle], end.lat_deg[*particle]))
        .collect()
}
