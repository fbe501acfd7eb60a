//! Tables: the areas of the run's output times, and others with fixed columns.

use driftline_tiles::MarkStatus;

use super::Briefing;
use crate::drawing::{Align, FAINT_INK, Frame, Hand, INK, Pen};
use crate::flow::{Flow, MARGIN, RULE, WIDTH};
use crate::{Direction, notation};

/// Rows of the area table at most: it then fits a page with what comes before it.
const MOST_ROWS: usize = 30;
const ROW: f32 = 12.6;
const SIZE: f32 = 8.4;
/// Size of the names of columns.
const NAME_SIZE: f32 = 7.8;
/// Between one column and the next.
const GAP: f32 = 4.0;

/// A column of a table.
pub(super) struct Column {
    name: String,
    width: f32,
    align: Align,
}

impl Column {
    pub(super) fn left(name: &str, width: f32) -> Self {
        Self {
            name: name.to_owned(),
            width,
            align: Align::Left,
        }
    }

    pub(super) fn right(name: &str, width: f32) -> Self {
        Self {
            align: Align::Right,
            ..Self::left(name, width)
        }
    }
}

/// Draws a table; its head is repeated on a new page, some rows are bold. What is too long for its column is cut.
pub(super) fn columns(flow: &mut Flow<'_>, head: &[Column], rows: &[Vec<String>], is_bold: impl Fn(usize) -> bool) {
    sized(flow, head, rows, SIZE, is_bold);
}

/// Columns as wide as what stands in them asks for, and the size of letters at which nothing is cut.
fn whole(flow: &mut Flow<'_>, mut head: Vec<Column>, rows: &[Vec<String>]) -> (Vec<Column>, f32) {
    let room = WIDTH - 3.0;
    for (number, column) in head.iter_mut().enumerate() {
        let page = flow.page();
        let cells = rows.iter().filter_map(|cells| cells.get(number));
        let widest = cells
            .map(|cell| page.width(cell, Hand::bold(SIZE)))
            .fold(page.width(&column.name, Hand::bold(NAME_SIZE)), f32::max);
        column.width = widest + GAP + 0.5;
    }
    let asked: f32 = head.iter().map(|column| column.width).sum();
    let spare = (room - asked) / head.len().max(1) as f32;
    if spare >= 0.0 {
        head.iter_mut().for_each(|column| column.width += spare);
        return (head, SIZE);
    }
    let gaps = GAP * head.len() as f32;
    let smaller = (room - gaps) / (asked - gaps);
    head.iter_mut()
        .for_each(|column| column.width = (column.width - GAP) * smaller + GAP);
    (head, SIZE * smaller)
}

fn sized(flow: &mut Flow<'_>, head: &[Column], rows: &[Vec<String>], size: f32, is_bold: impl Fn(usize) -> bool) {
    let names: Vec<String> = head.iter().map(|column| column.name.clone()).collect();
    let draw_head = |flow: &mut Flow<'_>| {
        row(flow, head, &names, Hand::bold(NAME_SIZE.min(size)).in_colour(FAINT_INK));
        let y = flow.y;
        flow.page()
            .line(&[(MARGIN, y), (MARGIN + WIDTH, y)], Pen::solid(INK, 0.7));
    };
    flow.need(3.0 * ROW);
    draw_head(flow);
    for (number, cells) in rows.iter().enumerate() {
        if flow.room() < ROW {
            flow.new_page();
            draw_head(flow);
        }
        if number % 2 == 1 {
            let stripe = Frame {
                left: MARGIN,
                top: flow.y,
                width: WIDTH,
                height: ROW,
            };
            flow.page().fill(stripe.path(), [0xf2, 0xf4, 0xf6, 255]);
        }
        let hand = if is_bold(number) {
            Hand::bold(size)
        } else {
            Hand::regular(size)
        };
        row(flow, head, cells, hand);
    }
    let y = flow.y;
    flow.page()
        .line(&[(MARGIN, y), (MARGIN + WIDTH, y)], Pen::solid(RULE, 0.6));
    flow.y += 3.0;
}

fn row(flow: &mut Flow<'_>, head: &[Column], cells: &[String], hand: Hand) {
    let mut left = MARGIN + 3.0;
    let y = flow.y + ROW - 3.6;
    for (column, cell) in head.iter().zip(cells) {
        let page = flow.page();
        let text = page.fitting(cell, hand, column.width - GAP);
        let x = match column.align {
            Align::Left => left,
            Align::Middle => left + column.width / 2.0,
            Align::Right => left + column.width - GAP,
        };
        page.text(text, (x, y), hand, column.align);
        left += column.width;
    }
    flow.y += ROW;
}

/// Datum and areas at the output times.
pub(super) fn areas(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let scene = briefing.scene;
    flow.heading(match scene.direction {
        Direction::Forward => "Search areas by time",
        Direction::Backtrack => "Areas of origin by time",
    });
    let mut levels: Vec<f64> = scene
        .snapshots
        .iter()
        .flat_map(|snapshot| snapshot.areas.iter().map(|area| area.level))
        .collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels.truncate(3);
    let shown = shown(scene.snapshots.len(), briefing.at);
    let mut head = vec![
        Column::left("Valid (UTC)", 0.0),
        Column::right("Elapsed", 0.0),
        Column::right("Datum lat.", 0.0),
        Column::right("Datum lon.", 0.0),
    ];
    for level in &levels {
        let name = notation::percent(*level);
        head.push(Column::right(&name, 0.0));
    }
    head.push(Column::right("Adrift", 0.0));
    head.push(Column::right("Stranded", 0.0));
    let rows: Vec<Vec<String>> = shown
        .iter()
        .filter_map(|at| scene.snapshots.get(*at))
        .map(|snapshot| {
            let datum = snapshot.datum;
            let mut cells = vec![
                notation::day_and_clock(snapshot.time),
                notation::elapsed(scene.elapsed_s(snapshot.time)),
                datum.map_or("–".to_owned(), |(_, lat)| notation::lat_dmm(lat, 2)),
                datum.map_or("–".to_owned(), |(lon, _)| notation::lon_dmm(lon, 2)),
            ];
            for level in &levels {
                cells.push(snapshot.area(*level).map_or("–".to_owned(), |area| {
                    let nm2 = notation::amount(area.km2 / notation::KM2_PER_NM2);
                    format!("{nm2} ({})", notation::amount(area.km2))
                }));
            }
            cells.push(notation::share(snapshot.share(MarkStatus::Active)));
            cells.push(notation::share(snapshot.share(MarkStatus::Stranded)));
            cells
        })
        .collect();
    // A number that is cut would be a wrong number.
    let (head, size) = whole(flow, head, &rows);
    sized(flow, &head, &rows, size, |row| shown[row] == briefing.at);
    let hand = Hand::regular(8.0).in_colour(FAINT_INK);
    let count = scene.snapshots.len();
    if shown.len() < count {
        let text = format!(
            "Areas in NM² (km²). {} of {count} output times are listed, the one of the figure (bold) and the last among them.",
            shown.len()
        );
        flow.paragraph(&text, hand);
    } else {
        flow.paragraph("Areas in NM² (km²). The time of the figure is bold.", hand);
    }
}

/// The output times that are listed: every n-th back from the end, the first, and that of the figure.
fn shown(count: usize, at: usize) -> Vec<usize> {
    let step = count.div_ceil(MOST_ROWS - 2).max(1);
    (0..count)
        .filter(|number| (count - 1 - number).is_multiple_of(step) || *number == at || *number == 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_enough_times_are_listed_with_the_figure_and_both_ends() {
        assert_eq!(shown(4, 1), [0, 1, 2, 3]);
        for count in [29, 30, 31, 100, 721] {
            let found = shown(count, 7);
            assert!(found.len() <= MOST_ROWS, "{count} {}", found.len());
            assert!(found.contains(&0) && found.contains(&7) && found.contains(&(count - 1)));
        }
    }
}
