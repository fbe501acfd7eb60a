//! Real fields with one fault at a time: each is refused or marked with its code, and the sound ones pass.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use driftline_decode::ForcingFile;
use driftline_domain::RegularGrid;

use super::*;
use crate::quality::compare_with_previous;

static COAST: LazyLock<Coast> = LazyLock::new(|| Coast::embedded().unwrap());

/// The first steps of a field of a file.
#[derive(Clone)]
struct Series {
    kind: ForcingKind,
    grid: GridSpec,
    steps: Vec<(ValidTime, VectorField)>,
}

impl Series {
    fn verdict(&self) -> Verdict {
        self.verdict_by(&Expectation::of(self.kind))
    }

    fn verdict_by(&self, expected: &Expectation) -> Verdict {
        let mut check = SeriesCheck::new(expected, &self.grid, Some(&COAST));
        for (time, field) in &self.steps {
            check.look(*time, field);
        }
        check.verdict()
    }

    /// The code that a series with this change is refused with, its time's step, and the sentence.
    fn refusal(&self, change: impl Fn(&mut Vec<(ValidTime, VectorField)>)) -> (&'static str, Option<usize>, String) {
        let mut changed = self.clone();
        change(&mut changed.steps);
        let verdict = changed.verdict();
        let finding = verdict
            .refused
            .unwrap_or_else(|| panic!("it passes, with {:?}", verdict.marks));
        let step = finding
            .time
            .map(|time| self.steps.iter().position(|(other, _)| *other == time).unwrap());
        (finding.code, step, finding.message)
    }

    fn each(&self, change: impl Fn(&mut VectorField)) -> (&'static str, Option<usize>, String) {
        self.refusal(|steps| steps.iter_mut().for_each(|(_, field)| change(field)))
    }

    /// The field with its value at a node from elsewhere; missing where there is none.
    fn moved(&self, field: &VectorField, from: impl Fn(i64, i64) -> (i64, i64)) -> VectorField {
        let (nx, ny) = (self.grid.nx() as i64, self.grid.ny() as i64);
        let of = |values: &[f32]| -> Vec<f32> {
            let nodes = (0..ny).flat_map(|j| (0..nx).map(move |i| (i, j)));
            let value = |(i, j)| {
                let (i, j) = from(i, j);
                let inside = (0..nx).contains(&i) && (0..ny).contains(&j);
                if inside {
                    values[(j * nx + i) as usize]
                } else {
                    f32::NAN
                }
            };
            nodes.map(value).collect()
        };
        VectorField {
            east: of(&field.east),
            north: of(&field.north),
        }
    }
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn all_of(path: &Path, most: usize) -> Vec<Series> {
    let Ok(file) = ForcingFile::open(path) else {
        return Vec::new();
    };
    let read = |index: usize| {
        let one = &file.series()[index];
        let steps = one.times.iter().take(most).enumerate();
        Series {
            kind: one.kind,
            grid: one.grid.clone(),
            steps: steps
                .map(|(step, time)| (*time, file.read(index, step).unwrap()))
                .collect(),
        }
    };
    (0..file.series().len()).map(read).collect()
}

fn bundled(name: &str) -> Series {
    all_of(&folder("tests/data/forcing").join(name), 12).remove(0)
}

/// Hourly currents of 800 m off western Norway, with land.
fn currents() -> Series {
    bundled("norkyst800_subset_16Nov2015.nc")
}

/// Hourly winds of 2.5 km of the same place.
fn winds() -> Series {
    bundled("arome_subset_16Nov2015.nc")
}

/// The same values on the same nodes, in another order: another day as far as statistics can tell.
fn another_day(field: &mut VectorField) {
    let wet: Vec<usize> = (0..field.east.len())
        .filter(|node| !field.east[*node].is_nan())
        .collect();
    let before = field.clone();
    for (at, node) in wet.iter().enumerate() {
        let other = wet[(at + wet.len() / 2) % wet.len()];
        (field.east[*node], field.north[*node]) = (before.east[other], -before.north[other]);
    }
}

fn reverse(field: &mut VectorField) {
    field
        .east
        .iter_mut()
        .chain(&mut field.north)
        .for_each(|value| *value = -*value);
}

fn exchange(field: &mut VectorField) {
    std::mem::swap(&mut field.east, &mut field.north);
}

/// Takes the values of a block of nodes away, as many as fit into a square, where the sea is open.
fn take_away(series: &Series, field: &mut VectorField, side: usize) {
    let open_sea = OpenSea::new(&COAST, &series.grid);
    let nx = series.grid.nx();
    let is_open = |node: &usize| {
        (0..side * side).all(|at| {
            let node = node + at / side * nx + at % side;
            node % nx + side < nx && node < field.east.len() && !field.east[node].is_nan() && open_sea.holds(node)
        })
    };
    let corner = (0..field.east.len()).step_by(7).find(is_open).unwrap();
    for at in 0..side * side {
        let node = corner + at / side * nx + at % side;
        (field.east[node], field.north[node]) = (f32::NAN, f32::NAN);
    }
}

#[test]
fn no_real_file_is_refused() {
    let mut looked = 0;
    for (path, needed) in [
        ("tests/data/forcing", true),
        ("../shared/data/real", false),
        ("../shared/data/feeds", false),
    ] {
        let Ok(files) = std::fs::read_dir(folder(path)) else {
            assert!(!needed, "{path} is not there");
            println!("not covered, since {path} is not there: quality control of more real files");
            continue;
        };
        for file in files.map(|file| file.unwrap().path()) {
            for series in all_of(&file, 80) {
                let verdict = series.verdict_by(&crate::cycle::expectation(series.kind, &[]));
                looked += 1;
                println!(
                    "{}: {} {} steps, {verdict:?}",
                    file.display(),
                    series.kind,
                    series.steps.len()
                );
                assert_eq!(verdict.refused, None, "{}", file.display());
                assert!(
                    verdict.marks.iter().all(|mark| mark.code == "sea_missing"),
                    "{}: {verdict:?}",
                    file.display()
                );
            }
        }
    }
    assert!(looked >= 6);
}

#[test]
fn a_fault_of_one_step_is_refused_with_its_code_and_step() {
    let sound = currents();
    let at = |step: usize, change: &dyn Fn(&mut VectorField)| sound.refusal(|steps| change(&mut steps[step].1));
    let (code, step, words) = at(5, &|field| field.east.fill(f32::NAN));
    assert_eq!((code, step), ("step_all_missing", Some(5)), "{words}");
    let still = |field: &mut VectorField| {
        field
            .east
            .iter_mut()
            .chain(&mut field.north)
            .for_each(|value| *value *= 0.0)
    };
    let (code, step, words) = at(5, &still);
    assert_eq!((code, step), ("zero", Some(5)), "{words}");
    let same = |field: &mut VectorField| {
        still(field);
        field.east.iter_mut().for_each(|value| *value += 0.3);
    };
    let (code, step, words) = at(5, &same);
    assert_eq!((code, step), ("constant", Some(5)), "{words}");
    let spike = |field: &mut VectorField| *field.east.iter_mut().find(|value| !value.is_nan()).unwrap() = 13.0;
    let (code, step, words) = at(5, &spike);
    assert_eq!((code, step), ("range", Some(5)), "{words}");
    assert!(words.contains("reaches 13.0 m/s"), "{words}");
    let (code, step, words) = at(5, &another_day);
    assert_eq!((code, step), ("discontinuous", Some(5)), "{words}");
    assert!(words.contains("stands out"), "{words}");
    for (convention, how) in [
        (reverse as fn(&mut VectorField), "points the other way"),
        (exchange, "exchanged"),
    ] {
        let (code, step, words) = at(5, &convention);
        assert_eq!((code, step), ("direction_convention", Some(5)), "{words}");
        assert!(words.contains(how), "{words}");
    }
}

#[test]
fn repeats_are_found_wherever_they_stand() {
    let sound = currents();
    for (copy, original) in [(6, 5), (9, 2)] {
        let (code, step, words) = sound.refusal(|steps| steps[copy].1 = steps[original].1.clone());
        assert_eq!((code, step), ("stuck", Some(copy)), "{words}");
        assert!(words.contains(&sound.steps[original].0.to_string()), "{words}");
    }
}

#[test]
fn holes_in_open_sea_are_refused_when_large_and_marked_when_small() {
    let sound = currents();
    for step in [0, 5, 11] {
        let (code, found, words) = sound.refusal(|steps| take_away(&sound, &mut steps[step].1, 12));
        assert_eq!((code, found), ("hole", Some(step)), "{words}");
        assert!(words.contains("144, 144 of them in open sea"), "{words}");
    }
    let mut small = sound.clone();
    take_away(&sound, &mut small.steps[5].1, 5);
    let verdict = small.verdict();
    assert_eq!(verdict.refused, None);
    let mark = verdict.marks.iter().find(|mark| mark.code == "hole").unwrap();
    assert_eq!(mark.time, Some(sound.steps[5].0), "{mark:?}");
    assert!(mark.message.contains("25 of them in open sea"), "{mark:?}");
}

#[test]
fn wind_that_lacks_some_sea_in_every_step_is_refused() {
    let sound = winds();
    let (code, step, words) = sound.each(|field| take_away(&sound, field, 4));
    assert_eq!((code, step), ("hole", None), "{words}");
    assert!(words.contains("no step has wind at 16 nodes of open sea"), "{words}");
}

#[test]
fn values_in_another_unit_are_refused() {
    for (series, factor) in [(currents(), 100.0), (winds(), 0.01), (winds(), 3.6)] {
        let scale = |field: &mut VectorField| {
            field
                .east
                .iter_mut()
                .chain(&mut field.north)
                .for_each(|value| *value *= factor)
        };
        let (code, _, words) = series.each(scale);
        assert_eq!(code, "range", "{words}");
    }
}

#[test]
fn a_step_moved_by_a_node_is_refused() {
    let sound = currents();
    for (di, dj) in [(1, 0), (-1, 0), (0, 1), (1, -1)] {
        let (code, step, words) = sound.refusal(|steps| steps[5].1 = sound.moved(&steps[5].1, |i, j| (i - di, j - dj)));
        assert_eq!((code, step), ("shifted", Some(5)), "{words}");
        assert!(
            words.contains(&format!("moved by {di} nodes along the row and {dj} across")),
            "{words}"
        );
    }
    let sound = winds();
    let (code, step, words) = sound.refusal(|steps| {
        steps[6].1 = sound.moved(&steps[5].1, |i, j| ((i - 1).max(0), j));
    });
    assert_eq!((code, step), ("shifted", Some(6)), "{words}");
}

#[test]
fn two_series_in_one_are_refused_at_sea_and_marked_for_the_wind_of_a_small_region() {
    let splice =
        |steps: &mut Vec<(ValidTime, VectorField)>| steps[6..].iter_mut().for_each(|(_, field)| another_day(field));
    let (code, step, words) = currents().refusal(splice);
    assert_eq!((code, step), ("discontinuous", Some(6)), "{words}");
    let trebled = |field: &mut VectorField| {
        field
            .east
            .iter_mut()
            .chain(&mut field.north)
            .for_each(|value| *value *= 3.0)
    };
    for (change, code) in [
        (trebled as fn(&mut VectorField), "discontinuous"),
        (reverse, "direction_convention"),
    ] {
        let mut wind = winds();
        wind.steps[9..].iter_mut().for_each(|(_, field)| change(field));
        let verdict = wind.verdict();
        assert_eq!(verdict.refused, None);
        assert_eq!(
            (verdict.marks[0].code, verdict.marks[0].time),
            (code, Some(wind.steps[9].0)),
            "{verdict:?}"
        );
    }
}

/// A world of two degrees whose land is the coast's, with some flow that changes a little.
fn world() -> Series {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 180,
        ny: 89,
        lon0_deg: -180.0,
        lat0_deg: -88.0,
        dlon_deg: 2.0,
        dlat_deg: 2.0,
    });
    let value = |node: usize, hour: usize| {
        let (lon, lat) = mask::position(&grid, node);
        if COAST.on_land(lon, lat) {
            return f32::NAN;
        }
        (0.3 + 0.2 * (lon.to_radians() * 3.0 + 0.05 * hour as f64).sin() + 0.1 * (lat.to_radians() * 5.0).cos()) as f32
    };
    let step = |hour: usize| {
        let east: Vec<f32> = (0..grid.len()).map(|node| value(node, hour)).collect();
        let north = east.iter().map(|east| 0.5 * east).collect();
        (
            ValidTime::from_unix_s(3600 * hour as i64).unwrap(),
            VectorField { east, north },
        )
    };
    Series {
        kind: ForcingKind::Current,
        grid: grid.clone(),
        steps: (0..3).map(step).collect(),
    }
}

#[test]
fn a_field_that_lies_wrongly_on_the_globe_is_refused() {
    let world = world();
    assert_eq!(world.verdict().refused, None);
    let (nx, ny) = (world.grid.nx() as i64, world.grid.ny() as i64);
    let lies = |from: &dyn Fn(i64, i64) -> (i64, i64)| world.each(|field| *field = world.moved(field, from));
    for (from, code, how) in [
        (
            &(|i, j| ((i + nx / 2) % nx, j)) as &dyn Fn(i64, i64) -> (i64, i64),
            "shifted",
            "180 degrees of longitude",
        ),
        (&|i, j| (i, ny - 1 - j), "flipped", "upside down"),
        (&|i, j| (nx - 1 - i, j), "flipped", "mirrored east to west"),
        (
            &|i, j| ((i + 4).rem_euclid(nx), j),
            "shifted",
            "moved by -4 nodes along the row and 0 across",
        ),
    ] {
        let (found, _, words) = lies(from);
        assert_eq!(found, code, "{words}");
        assert!(words.contains(how), "{words}");
    }
    let arctic = bundled("Arctic20_1to5Feb_2016.nc");
    let (code, _, words) =
        arctic.each(|field| *field = arctic.moved(field, |i, j| (i, arctic.grid.ny() as i64 - 1 - j)));
    assert_eq!(code, "flipped", "{words}");
}

#[test]
fn a_cycle_that_has_changed_its_convention_is_told_from_one_that_has_changed_its_weather() {
    let sound = winds();
    let (time, field) = &sound.steps[6];
    let against = |change: &dyn Fn(&mut VectorField)| {
        let mut now = sound.steps[7].1.clone();
        change(&mut now);
        compare_with_previous(&now, field, *time)
    };
    assert_eq!(against(&|_| ()), Verdict::default());
    for change in [reverse as fn(&mut VectorField), exchange] {
        let finding = against(&change).refused.unwrap();
        assert_eq!(finding.code, "direction_convention");
        assert!(finding.message.contains("direction convention"), "{finding:?}");
    }
    let unlike = against(&|field| {
        let mut noise = 1_u32;
        for value in field.east.iter_mut().chain(&mut field.north) {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = (noise >> 16) as f32 / 6553.6 - 5.0;
        }
    });
    assert_eq!((unlike.refused, unlike.marks[0].code), (None, "unlike_previous"));
}
