//! The briefing as poppler reads it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use driftline_report::{Fact, briefing_pdf};

use crate::synthetic::{Recipe, Run, briefing};
use crate::{BERGEN, COAST};

/// A PDF in a file of its own, gone with it.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn of(bytes: &[u8], name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pdf", std::process::id()));
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        Self(path)
    }

    /// What a program of poppler says about it; nothing may be said on standard error.
    fn read(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        if program == "pdftotext" {
            command.args(arguments).arg(&self.0).arg("-");
        } else {
            command.args(arguments).arg(&self.0);
        }
        let output = command
            .output()
            .map_err(|error| format!("{program}: {error}; deploy/setup/test-clients.sh installs poppler-utils"))
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{program}: {said}");
        String::from_utf8_lossy(&output.stdout).replace('\u{a0}', " ")
    }

    /// The whole text with single spaces, so that line breaks do not matter.
    pub(crate) fn text(&self) -> String {
        let text = self.read("pdftotext", &["-raw"]);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_text_is_what_the_run_said() {
    let scene = BERGEN.scene(&COAST);
    let briefing = briefing(&scene);
    let file = File::of(&briefing_pdf(&briefing).unwrap(), "text");
    let text = file.text();
    let mut expected: Vec<String> = vec![
        scene.title.clone(),
        scene.object.clone(),
        "Forecast 2026-11-26 06:00 UTC to 2026-11-27 06:00 UTC (+24 h), 5,000 particles".to_owned(),
        "not a substitute for the judgement of the search mission coordinator".to_owned(),
        "makes no statement about survival".to_owned(),
        format!("UNCALIBRATED ERROR: {}", briefing.error_model.text),
        "operational, seed 4711".to_owned(),
        "Driftline 0.2.0".to_owned(),
        briefing.identity.run_id.clone(),
        briefing.identity.mission_id.clone(),
        "Page 1 of 2".to_owned(),
        "Page 2 of 2".to_owned(),
        "wind MEPS 2.5 km, control member, hourly 2026-11-24 18:00 36 h 99.9 % OLD".to_owned(),
        "Old forcing: wind".to_owned(),
    ];
    expected.extend(briefing.warnings.iter().chain(&briefing.caveats).cloned());
    expected.extend(
        briefing
            .facts
            .iter()
            .flat_map(|fact| [fact.name.clone(), fact.value.clone()]),
    );
    expected.extend(scene.attribution.clone());
    for words in expected {
        assert!(text.contains(&words), "{words:?} is missing in {text}");
    }
}

/// A latitude or longitude as the table has it, from its own arithmetic.
fn minutes(degrees: f64, digits: usize, side: char) -> String {
    let whole = degrees.floor();
    format!("{whole:0digits$}° {:05.2}′ {side}", (degrees - whole) * 60.0)
}

#[test]
fn every_row_of_the_table_is_an_output_time() {
    let scene = BERGEN.scene(&COAST);
    let text = File::of(&briefing_pdf(&briefing(&scene)).unwrap(), "table").text();
    for (hour, snapshot) in scene.snapshots.iter().enumerate() {
        let (lon, lat) = snapshot.datum.unwrap();
        let clock = snapshot.time.to_string();
        let after = if hour == 0 {
            "0 h".to_owned()
        } else {
            format!("+{hour} h")
        };
        let row = format!(
            "{} {} {after} {} {}",
            &clock[..10],
            &clock[11..16],
            minutes(lat, 2, 'N'),
            minutes(lon, 3, 'E')
        );
        assert!(text.contains(&row), "{row:?} is missing in {text}");
    }
    let end = scene.snapshots.last().unwrap();
    let stranded = end.status.iter().filter(|code| **code == 1).count() as f64 / 5000.0;
    let share = format!("{:.1} %", stranded * 100.0);
    assert!(
        text.contains(&format!("{share} of the particles came ashore")),
        "{share}"
    );
    let half = end.areas[0].km2 / (1.852 * 1.852);
    assert!(text.contains(&format!("50 % area {half:.1} NM²")), "{half}");
}

#[test]
fn the_document_knows_itself_and_embeds_subset_fonts() {
    let scene = BERGEN.scene(&COAST);
    let bytes = briefing_pdf(&briefing(&scene)).unwrap();
    assert_eq!(
        bytes,
        briefing_pdf(&briefing(&scene)).unwrap(),
        "the same briefing gives the same bytes"
    );
    assert!(bytes.len() < 300_000, "{} bytes", bytes.len());
    let file = File::of(&bytes, "about");
    let about = file.read("pdfinfo", &["-isodates"]);
    for line in [
        "Title:           Drift briefing: MV Havørn – person overboard west of Fedje",
        "Creator:         Driftline 0.2.0",
        "CreationDate:    2026-11-26T07:12:31Z",
        "Pages:           2",
        "Page size:       595.28 x 841.89 pts (A4)",
    ] {
        assert!(about.contains(line), "{line:?} is missing in {about}");
    }
    let fonts = file.read("pdffonts", &[]);
    let fonts: Vec<&str> = fonts.lines().skip(2).collect();
    assert_eq!(fonts.len(), 2, "{fonts:?}");
    for font in fonts {
        // Embedded, subset, with a map to Unicode; six letters before the name mark a subset.
        let columns: Vec<&str> = font.split_whitespace().collect();
        assert!(columns[0].len() > 7 && columns[0].as_bytes()[6] == b'+', "{font}");
        assert_eq!(
            columns[columns.len() - 5..columns.len() - 2],
            ["yes", "yes", "yes"],
            "{font}"
        );
    }
}

#[test]
fn the_figure_is_readable_in_grey() {
    let scene = BERGEN.scene(&COAST);
    let file = File::of(&briefing_pdf(&briefing(&scene)).unwrap(), "grey");
    let out = file.0.with_extension("");
    let name = out.to_string_lossy().into_owned();
    let status = Command::new("pdftoppm")
        .args(["-r", "100", "-gray", "-f", "1", "-l", "1", "-singlefile"])
        .arg(&file.0)
        .arg(&name)
        .status()
        .unwrap();
    assert!(status.success());
    let path = out.with_extension("pgm");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (width, height) = (827usize, 1170usize);
    let pixels = &bytes[bytes.len() - width * height..];
    assert!(bytes.starts_with(b"P5\n827 1170\n255\n"), "{:?}", &bytes[..16]);
    // Paper, sea, land and ink differ in grey: at least this many pixels of each in the figure's rows.
    let count = |range: std::ops::Range<u8>| pixels.iter().filter(|grey| range.contains(grey)).count();
    assert!(count(0..60) > 8_000, "ink {}", count(0..60));
    assert!(count(239..245) > 20_000, "sea {}", count(239..245));
    assert!(count(218..224) > 5_000, "land {}", count(218..224));
}

#[test]
fn much_to_say_takes_a_third_page_and_long_texts_are_broken() {
    let recipe = Recipe {
        hours: 120,
        particles: 400,
        ..Recipe::BERGEN
    };
    let run = Run::of(recipe, &COAST);
    let scene = run.scene(&COAST);
    let mut briefing = briefing(&scene);
    briefing.at = 48;
    briefing.classification = Some("RESTRICTED".to_owned());
    briefing.facts.extend((0..12).map(|number| Fact {
        name: format!("Scenario {number}"),
        value: format!(
            "{} x{}",
            "a long sentence about where it may have been ".repeat(4),
            "unbroken".repeat(14)
        ),
    }));
    briefing
        .caveats
        .extend((0..20).map(|number| format!("Caveat number {number}: {}", "words and ".repeat(30))));
    let text = File::of(&briefing_pdf(&briefing).unwrap(), "long").text();
    assert!(text.contains("of 121 output times are listed"), "{text}");
    assert!(text.matches("RESTRICTED").count() >= 3);
    for number in 0..20 {
        assert!(text.contains(&format!("Caveat number {number}: ")), "{number}");
    }
    assert!(text.contains("At 2026-11-28 06:00 UTC (+48 h)"));
    assert!(text.contains("2026-12-01 06:00 +120 h"));
}

#[test]
fn no_number_of_the_table_is_cut_however_large() {
    let mut scene = BERGEN.scene(&COAST);
    for factor in [40.0, 100.0, 100.0] {
        for area in scene.snapshots.iter_mut().flat_map(|snapshot| &mut snapshot.areas) {
            area.km2 *= factor;
        }
        let text = File::of(&briefing_pdf(&briefing(&scene)).unwrap(), "large").text();
        let grouped = |value: f64| {
            let digits = format!("{value:.0}");
            let places = digits.char_indices().map(|(at, digit)| {
                let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
                format!("{}{digit}", if comma { "," } else { "" })
            });
            places.collect::<String>()
        };
        for area in &scene.snapshots.last().unwrap().areas {
            let wanted = format!("{} ({})", grouped(area.km2 / (1.852 * 1.852)), grouped(area.km2));
            assert!(text.contains(&wanted), "{wanted:?} is missing in {text}");
        }
    }
}
