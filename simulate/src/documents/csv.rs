//! Tables for spreadsheets (RFC 4180, UTF-8 with the mark that Excel needs to see that): datums, areas, stranded particles,
//! each position in degrees and in degrees and decimal minutes. The last columns say what run it is, on every row.

use geo::{Coord, Polygon};

use super::outline::{box_of, rings, rounded};
use super::{Error, RunView, latitude_dm, longitude_dm};
use crate::products::{Area, AreaSet};

/// Without it Excel takes the degree sign for two letters.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Rows of texts.
struct Table {
    text: String,
    /// What stands at the end of every row.
    closing: Vec<String>,
}

impl Table {
    fn of(view: &RunView, columns: &[&str]) -> Self {
        let (names, closing): (Vec<&str>, Vec<String>) = view.provenance().into_iter().unzip();
        let mut table = Self {
            text: BYTE_ORDER_MARK.to_owned(),
            closing: Vec::new(),
        };
        table.row(columns.iter().chain(&names).map(ToString::to_string).collect());
        Self { closing, ..table }
    }

    fn row(&mut self, mut fields: Vec<String>) {
        fields.extend(self.closing.iter().cloned());
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        self.text.push_str(&fields.join(","));
        self.text.push_str("\r\n");
    }

    fn bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// A field, quoted where it must be. A name that begins like a formula is text to a spreadsheet only behind an apostrophe.
fn quoted(field: &str) -> String {
    let is_number = field.parse::<f64>().is_ok();
    let field = match field.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number {
        true => format!("'{field}"),
        false => field.to_owned(),
    };
    if field.contains(['"', ',', '\r', '\n', ';']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

/// Latitude and longitude in degrees (a centimetre) and in degrees and minutes.
fn place((lon, lat): (f64, f64)) -> [String; 4] {
    [
        format!("{lat:.7}"),
        format!("{lon:.7}"),
        latitude_dm(lat),
        longitude_dm(lon),
    ]
}

/// `datums.csv`: a row for each output time that has something adrift.
pub(super) fn datums(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut table = Table::of(
        view,
        &[
            "valid_time",
            "hours",
            "mean_lat_deg",
            "mean_lon_deg",
            "mean_lat_dm",
            "mean_lon_dm",
            "mode_lat_deg",
            "mode_lon_deg",
            "mode_lat_dm",
            "mode_lon_dm",
            "area_50_km2",
            "area_90_km2",
            "area_95_km2",
            "area_50_nm2",
            "area_90_nm2",
            "area_95_nm2",
            "adrift",
            "stranded_fraction",
            "missing_fraction",
        ],
    );
    for set in &view.areas {
        let mut row = vec![set.time.to_string(), format!("{:.3}", view.hours_after_start(set.time))];
        row.extend(place(set.datum.mean));
        row.extend(place(set.datum.mode));
        row.extend(set.levels.iter().map(|area| format!("{:.4}", area.area_km2)));
        row.extend(set.levels.iter().map(|area| format!("{:.4}", area.area_nm2())));
        row.push(set.n_particles.to_string());
        row.push(format!("{:.6}", set.stranded_fraction));
        row.push(format!("{:.6}", set.missing_fraction()));
        table.row(row);
    }
    Ok(table.bytes())
}

/// `areas.csv`: a row for each part of each area, with its box and its outline as WKT, which GDAL and QGIS read as geometry,
/// and the outer ring in degrees and minutes.
pub(super) fn areas(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut table = Table::of(
        view,
        &[
            "WKT",
            "valid_time",
            "hours",
            "level",
            "part",
            "parts",
            "area_km2",
            "area_nm2",
            "poc",
            "south_deg",
            "west_deg",
            "south_dm",
            "west_dm",
            "north_deg",
            "east_deg",
            "north_dm",
            "east_dm",
            "outline_dm",
        ],
    );
    for set in &view.areas {
        for area in &set.levels {
            for (number, part) in area.polygons.iter().enumerate() {
                table.row(area_row(view, set, area, (number, part)));
            }
        }
    }
    Ok(table.bytes())
}

fn area_row(view: &RunView, set: &AreaSet, area: &Area, (number, part): (usize, &Polygon)) -> Vec<String> {
    let mut row = vec![
        wkt(part),
        set.time.to_string(),
        format!("{:.3}", view.hours_after_start(set.time)),
        area.level.to_string(),
        (number + 1).to_string(),
        area.polygons.0.len().to_string(),
        format!("{:.4}", area.area_km2),
        format!("{:.4}", area.area_nm2()),
        format!("{:.6}", set.probability_of_containment(area)),
    ];
    match box_of(&geo::MultiPolygon(vec![part.clone()])) {
        Some(bounds) => {
            row.extend(place((bounds.west, bounds.south)));
            row.extend(place((bounds.east, bounds.north)));
        }
        None => row.extend(vec![String::new(); 8]),
    }
    let outline = part.exterior().0.iter().copied().map(rounded);
    let outline = outline.map(|coord| format!("{} {}", latitude_dm(coord.y), longitude_dm(coord.x)));
    row.push(outline.collect::<Vec<_>>().join("; "));
    row
}

/// A polygon as well-known text (OGC 06-103r4), longitude first.
fn wkt(polygon: &Polygon) -> String {
    let coord = |coord: Coord| format!("{:.7} {:.7}", coord.x, coord.y);
    let rings = rings(polygon).map(|ring| {
        let coords = ring.0.iter().copied().map(rounded).map(coord);
        format!("({})", coords.collect::<Vec<_>>().join(", "))
    });
    format!("POLYGON ({})", rings.collect::<Vec<_>>().join(", "))
}

/// `stranded.csv`: a row for each particle that came ashore, in the order of arrival.
pub(super) fn stranded(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut table = Table::of(
        view,
        &[
            "particle_id",
            "valid_time",
            "hours",
            "lat_deg",
            "lon_deg",
            "lat_dm",
            "lon_dm",
        ],
    );
    for arrival in view.arrivals()? {
        let mut row = vec![
            arrival.particle_id.to_string(),
            arrival.time.to_string(),
            format!("{:.3}", view.hours_after_start(arrival.time)),
        ];
        row.extend(place((arrival.lon_deg, arrival.lat_deg)));
        table.row(row);
    }
    Ok(table.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_disarmed() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("-12.5"), "-12.5");
        assert_eq!(quoted("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    }
}
