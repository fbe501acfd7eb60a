//! Pictures of a run: where the object is at the end, how particles drifted, and both as a film.

use driftline_report::{animation as film, heatmap_png, tracks_png};

use super::scene::Charted;
use super::{Error, RunView};

/// `heatmap.png`: the probability at the end of the run, of a backtrack at its earliest time.
pub(super) fn heatmap(view: &RunView) -> Result<Vec<u8>, Error> {
    let charted = Charted::of(view)?;
    let mut scene = charted.scene(view);
    let last = scene.last();
    let density = view.density(charted.time_of(last))?;
    // Where nothing is adrift the raster is all zeros, which is no picture of anything.
    if let Some(end) = scene.snapshots.last_mut()
        && density.maximum() > 0.0
    {
        end.density = Some(density);
    }
    Ok(heatmap_png(&scene, last)?)
}

/// `trajectories.png`.
pub(super) fn trajectories(view: &RunView) -> Result<Vec<u8>, Error> {
    Ok(tracks_png(&Charted::of(view)?.scene(view))?)
}

/// `animation.gif`.
pub(super) fn animation(view: &RunView) -> Result<Vec<u8>, Error> {
    Ok(film(&Charted::of(view)?.scene(view))?.bytes)
}
