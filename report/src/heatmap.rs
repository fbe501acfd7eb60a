//! The heat map: the probability of where the object is at one time, with the outlines of the search areas.

use driftline_domain::{meters_per_degree, wrap_lon_deg};
use driftline_tiles::{DensityGrid, DensityStyle, MarkStatus, draw_density};

use crate::chart::{Chart, Entry, Sheet, Symbol};
use crate::drawing::{Image, Item};
use crate::font::Fonts;
use crate::{Direction, Error, Scene, Snapshot, StartShape, notation, raster};

/// Pixels of the picture.
const WIDTH: u32 = 1200;
const HEIGHT: u32 = 900;
/// Cells along the longer side of a density that is counted here.
const CELLS: f64 = 240.0;

/// A PNG, 1200 x 900: the density of the particles adrift at an output time (its number; [`Scene::last`] for the end) with the
/// areas' outlines, the coast, stranded particles, the start and the datum's way.
pub fn heatmap_png(scene: &Scene<'_>, at: usize) -> Result<Vec<u8>, Error> {
    scene.check()?;
    let snapshot = scene.snapshot(at)?;
    let fonts = Fonts::embedded()?;
    let counted = snapshot.density.is_none().then(|| counted_density(snapshot)).flatten();
    let density = snapshot.density.as_ref().or(counted.as_ref());
    let datums = scene.datums(at);
    let sheet = sheet(scene, snapshot, density);
    let extent = extent(scene, at);
    let mut chart = Chart::begin(&fonts, scene, sheet, extent, |chart| {
        if let Some(density) = density {
            let picture = draw_density(chart.view(), density, &DensityStyle::default());
            if !picture.is_empty() {
                let map = chart.map();
                chart.drawing.items.push(Item::Image(Image {
                    at: (map.left, map.top),
                    width: picture.width(),
                    height: picture.height(),
                    rgba: picture.to_rgba(),
                }));
            }
        }
    })?;
    chart.areas(&snapshot.areas, false);
    chart.particles_in(snapshot, MarkStatus::MissingData, usize::MAX);
    chart.particles_in(snapshot, MarkStatus::Stranded, usize::MAX);
    chart.datum_line(&datums);
    chart.starts();
    chart.scale_bar();
    chart.start_labels();
    chart.area_labels(&snapshot.areas);
    chart.datum_labels(&datums);
    let picture = raster::paint(&chart.finish(), WIDTH, HEIGHT)?;
    let title = format!("{}: probability at {}", scene.title, notation::utc(snapshot.time));
    raster::png(&picture, &[("Title", &title), ("Software", "driftline-report")])
}

/// Everything that belongs on the map of one time.
pub(crate) fn extent(scene: &Scene<'_>, at: usize) -> Vec<(f64, f64)> {
    let mut places: Vec<(f64, f64)> = scene.starts.iter().flat_map(crate::Start::places).collect();
    places.extend(scene.datums(at).iter().map(|(_, place)| *place));
    if let Some(snapshot) = scene.snapshots.get(at) {
        for status in MarkStatus::ALL {
            places.extend(snapshot.places(status));
        }
        let areas = snapshot.areas.iter().flat_map(|area| &area.polygons);
        places.extend(areas.flat_map(|polygon| polygon.exterior().coords().map(|coord| (coord.x, coord.y))));
    }
    places
}

fn sheet(scene: &Scene<'_>, snapshot: &Snapshot<'_>, density: Option<&DensityGrid>) -> Sheet {
    let mut legend = Vec::new();
    if let Some(density) = density {
        let most = f64::from(density.maximum());
        let text = format!(
            "probability density, 0 to {} % per NM² ({} % per km²)",
            notation::amount(most * 100.0 * notation::KM2_PER_NM2),
            notation::amount(most * 100.0)
        );
        legend.push(Entry::new(Symbol::Ramp(DensityStyle::default()), text));
    }
    legend.extend(area_entries(snapshot));
    legend.extend(common_entries(scene, snapshot));
    Sheet {
        width: WIDTH as f32,
        height: HEIGHT as f32,
        unit: 1.0,
        pixels: 1.0,
        title: scene.title.clone(),
        subtitle: match scene.direction {
            Direction::Forward => format!("Where the object is if it is adrift · {}", scene.object),
            Direction::Backtrack => format!("Where the object can have come from · {}", scene.object),
        },
        time: format!("Valid {}", notation::utc(snapshot.time)),
        about_time: about_time(scene, snapshot),
        head_room: 0.0,
        legend,
        footer: footer(scene),
    }
}

/// The search areas with their sizes.
pub(crate) fn area_entries(snapshot: &Snapshot<'_>) -> Vec<Entry> {
    let entry = |area: &crate::Area| {
        let text = format!(
            "{} area: {} NM² ({} km²)",
            notation::percent(area.level),
            notation::amount(area.km2 / notation::KM2_PER_NM2),
            notation::amount(area.km2)
        );
        Entry::new(Symbol::Area(area.level), text)
    };
    snapshot.areas.iter().map(entry).collect()
}

/// What stands on every chart, as far as this one has it.
pub(crate) fn common_entries(scene: &Scene<'_>, snapshot: &Snapshot<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (status, name) in STATES {
        let share = snapshot.share(status);
        if share > 0.0 {
            let text = format!("{name}: {} of particles", notation::share(share));
            entries.push(Entry::new(Symbol::Particle(status), text));
        }
    }
    entries.extend(place_entries(scene));
    entries
}

/// The states of particles that are no longer adrift, by name.
pub(crate) const STATES: [(MarkStatus, &str); 2] = [
    (MarkStatus::Stranded, "stranded"),
    (MarkStatus::MissingData, "out of forcing"),
];

/// Datum, start and land.
pub(crate) fn place_entries(scene: &Scene<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if scene.snapshots.iter().any(|snapshot| snapshot.datum.is_some()) {
        entries.push(Entry::new(Symbol::Datum, "datum and its track"));
    }
    if !scene.starts.is_empty() {
        let is_known = scene.starts.len() == 1 && matches!(scene.starts[0].shape, StartShape::Point { .. });
        let text = match scene.direction {
            Direction::Forward if is_known => "last known position",
            Direction::Forward => "where the drift can have begun",
            Direction::Backtrack => "where it was found",
        };
        entries.push(Entry::new(Symbol::Start, text));
    }
    entries.push(Entry::new(Symbol::Land, "land"));
    entries
}

/// "24 h after the start · 5,000 particles".
pub(crate) fn about_time(scene: &Scene<'_>, snapshot: &Snapshot<'_>) -> String {
    let elapsed = scene.elapsed_s(snapshot.time);
    let when = match (scene.direction, elapsed) {
        (_, 0) => "at the start".to_owned(),
        (Direction::Forward, _) => format!("{} after the start", notation::duration(elapsed)),
        (Direction::Backtrack, _) => format!("{} before it was found", notation::duration(-elapsed)),
    };
    format!("{when} · {} particles", notation::count(snapshot.status.len()))
}

/// What stands under every chart.
pub(crate) fn footer(scene: &Scene<'_>) -> Vec<String> {
    let mut lines = vec![crate::briefing::ADVISORY.to_owned()];
    if !scene.attribution.is_empty() {
        lines.push(scene.attribution.join(" · "));
    }
    lines
}

/// A density counted from the particles adrift and smoothed with a Gaussian kernel of half of Scott's width; `None` without
/// any. It is not cut at the coast, which is drawn over it.
fn counted_density(snapshot: &Snapshot<'_>) -> Option<DensityGrid> {
    let places: Vec<(f64, f64)> = snapshot.places(MarkStatus::Active).collect();
    let (first_lon, _) = *places.first()?;
    let count = places.len() as f64;
    // East of the first particle, so that a cloud on the antimeridian stays together.
    let east = |lon: f64| wrap_lon_deg(lon - first_lon);
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| places.iter().map(value).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(&|place| east(place.0)), mean(&|place| place.1));
    let (lon_m, lat_m) = meters_per_degree(mean_y.clamp(-89.9, 89.9));
    let deviation = |value: &dyn Fn(&(f64, f64)) -> f64| {
        libm::sqrt(mean(&|place| {
            let off = value(place);
            off * off
        }))
    };
    let (sd_x_m, sd_y_m) = (
        lon_m * deviation(&|place| east(place.0) - mean_x),
        lat_m * deviation(&|place| place.1 - mean_y),
    );
    let width_m = (0.5 * libm::pow(count, -1.0 / 6.0) * libm::sqrt(sd_x_m * sd_y_m)).max(100.0);
    let span = |value: &dyn Fn(&(f64, f64)) -> f64| {
        places
            .iter()
            .map(value)
            .fold((f64::MAX, f64::MIN), |(low, high), value| {
                (low.min(value), high.max(value))
            })
    };
    let ((west, far_east), (south, north)) = (span(&|place| east(place.0)), span(&|place| place.1));
    let margin_m = 4.0 * width_m;
    let sides_m = (
        (far_east - west) * lon_m + 2.0 * margin_m,
        (north - south) * lat_m + 2.0 * margin_m,
    );
    let cell_m = sides_m.0.max(sides_m.1) / CELLS;
    let (nx, ny) = (
        (sides_m.0 / cell_m).ceil() as usize,
        (sides_m.1 / cell_m).ceil() as usize,
    );
    let (west, north) = (west - margin_m / lon_m, north + margin_m / lat_m);
    let mut cells = vec![0.0; nx * ny];
    for (lon, lat) in &places {
        let x = ((east(*lon) - west) * lon_m / cell_m) as usize;
        let y = ((north - lat) * lat_m / cell_m) as usize;
        cells[y.min(ny - 1) * nx + x.min(nx - 1)] += 1e6 / (count * cell_m * cell_m);
    }
    smooth(&mut cells, (nx, ny), width_m / cell_m);
    Some(DensityGrid {
        west: wrap_lon_deg(first_lon + west),
        north,
        dlon: cell_m / lon_m,
        dlat: cell_m / lat_m,
        nx,
        ny,
        values: cells.into_iter().map(|value| value as f32).collect(),
    })
}

/// Smooths rows, then columns, with a Gaussian of this width in cells.
fn smooth(cells: &mut [f64], (nx, ny): (usize, usize), width: f64) {
    let reach = (4.0 * width).ceil() as usize;
    let weights: Vec<f64> = (0..=reach)
        .map(|off| libm::exp(-0.5 * (off as f64 / width) * (off as f64 / width)))
        .collect();
    let whole = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    let mut pass = |count: usize, length: usize, step: usize, next: usize| {
        for line in 0..count {
            let from: Vec<f64> = (0..length).map(|at| cells[line * next + at * step]).collect();
            for at in 0..length {
                let around = at.saturating_sub(reach)..(at + reach + 1).min(length);
                let sum: f64 = around.map(|other| from[other] * weights[at.abs_diff(other)]).sum();
                cells[line * next + at * step] = sum / whole;
            }
        }
    };
    pass(ny, nx, 1, nx);
    pass(nx, ny, nx, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_density_sums_to_one_and_peaks_amid_the_particles() {
        let lon: Vec<f64> = (0..2000)
            .map(|k| wrap_lon_deg(180.0 + 0.2 * libm::sin(f64::from(k))))
            .collect();
        let lat: Vec<f64> = (0..2000).map(|k| 70.0 + 0.1 * libm::sin(f64::from(k) * 1.7)).collect();
        let status = vec![0; 2000];
        let snapshot = Snapshot {
            time: "2026-11-27T06:00:00Z".parse().unwrap(),
            lon_deg: &lon,
            lat_deg: &lat,
            status: &status,
            areas: Vec::new(),
            datum: None,
            density: None,
        };
        let grid = counted_density(&snapshot).unwrap();
        let (lon_m, lat_m) = meters_per_degree(70.0);
        let cell_km2 = grid.dlon * lon_m * grid.dlat * lat_m / 1e6;
        let whole = grid.values.iter().map(|value| f64::from(*value)).sum::<f64>() * cell_km2;
        assert!((whole - 1.0).abs() < 0.01, "{whole}");
        assert!(grid.value_at(180.0, 70.0).unwrap() > 0.0 && grid.value_at(-179.9, 70.0).unwrap() > 0.0);
        assert_eq!(grid.value_at(170.0, 70.0), None);
        let nobody = Snapshot {
            status: &[1; 2000],
            ..snapshot
        };
        assert_eq!(counted_density(&nobody), None);
    }
}
