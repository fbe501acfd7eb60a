//! The grib filter of NOMADS: messages by parameter and level, a box only where `subregion=` is given, and every error
//! as a page with status 200.

use http::StatusCode;

use crate::answer::{self, Answer};
use crate::content::{Content, Feed};
use crate::error::Error;
use crate::faults::{self, Fault};
use crate::fields::{hour_of, nuance};
use crate::grib::{self, Piece};
use crate::layout::Tree;
use crate::route::{Asker, valid};
use crate::state::{Object, State};
use crate::{build, index};

/// The answer of a filter script.
pub(crate) fn answer(state: &mut State, script: &str, asker: &Asker<'_>) -> Answer {
    if !["filter_gfs_0p25.pl", "filter_gfs_0p25_1hr.pl"].contains(&script) {
        return Answer::page(StatusCode::NOT_FOUND, "404 Not Found");
    }
    let given = |name: &str| asker.query.get(name).cloned().unwrap_or_default();
    let key = format!("{}/{}", given("dir").trim_matches('/'), given("file"));
    let content = state.find(Tree::Noaa, &key).filter(|content| content.feed == Feed::Gfs);
    let Some(content) = content else {
        return Answer::page(StatusCode::OK, "data file is not present");
    };
    let (issue, _) = state
        .issues
        .get(&(content.feed, content.run))
        .copied()
        .unwrap_or_default();
    let change = faults::change(asker.befalling, issue);
    let inside = Content {
        run: crate::layout::after(content.run, -change.older),
        step: content.step + change.later,
        ..content.clone()
    };
    let Ok(messages) = build::messages(&state.fields, &inside, &change) else {
        return Answer::page(StatusCode::OK, "grib filter: cannot read file");
    };
    match subset(state, &inside, messages, asker) {
        Ok(bytes) if bytes.is_empty() => Answer::page(StatusCode::OK, "no fields match the request"),
        Ok(bytes) => {
            let object = Object::new(bytes.into(), state.now());
            let object = crate::state::damaged(object, asker.befalling, state.now());
            // Made by a program for each request: no tag, no ranges.
            let mut answer = answer::file(&object, asker.method, &http::HeaderMap::new(), &[]);
            answer.headers.retain(|(name, _)| *name == "content-type");
            answer
        }
        Err(Error::Fields(words)) => Answer::page(StatusCode::OK, words),
        Err(_) => Answer::page(StatusCode::OK, "grib filter: cannot read file"),
    }
}

/// `10 m above ground` as the filter's parameter names it.
fn parameter_of(level: &str) -> String {
    format!("lev_{}", level.replace(' ', "_"))
}

fn subset(state: &State, content: &Content, messages: Vec<Vec<u8>>, asker: &Asker<'_>) -> Result<Vec<u8>, Error> {
    let on = |name: &str| asker.query.get(name).is_some_and(|value| value == "on");
    let ignored = asker
        .befalling
        .iter()
        .any(|(fault, _)| *fault == Fault::IgnoredSubregion);
    let boxed = asker.query.contains_key("subregion") && !ignored;
    let mut out = Vec::new();
    for ([name, level], message) in index::GFS.iter().zip(messages) {
        let wanted = (on("all_lev") || on(&parameter_of(level))) && (on("all_var") || on(&format!("var_{name}")));
        if wanted && boxed {
            let component = match (*name, *level) {
                ("UGRD", "10 m above ground") => 0,
                ("VGRD", "10 m above ground") => 1,
                _ => return Err(Error::Fields("this fixture cuts out the wind at 10 m only")),
            };
            out.extend(cut(state, content, [component], &message, asker)?);
        } else if wanted {
            out.extend(message);
        }
    }
    Ok(out)
}

/// The nodes of the wind that lie in the box that was asked for.
fn cut(
    state: &State,
    content: &Content,
    [component]: [usize; 1],
    message: &[u8],
    asker: &Asker<'_>,
) -> Result<Vec<u8>, Error> {
    let wind = &state.fields.wind;
    let edge = |name: &str| asker.query.get(name).and_then(|value| value.parse::<f64>().ok());
    let (Some(west), Some(east)) = (edge("leftlon"), edge("rightlon")) else {
        return Err(Error::Fields("leftlon and rightlon must be numbers"));
    };
    let (Some(north), Some(south)) = (edge("toplat"), edge("bottomlat")) else {
        return Err(Error::Fields("toplat and bottomlat must be numbers"));
    };
    let longitude = |column: usize| wind.west + wind.step * column as f64;
    let latitude = |row: usize| wind.north - wind.step * row as f64;
    let between =
        |at: f64| (at - west).rem_euclid(360.0) <= (east - west).rem_euclid(360.0) || (east - west).abs() >= 360.0;
    let columns: Vec<usize> = (0..wind.columns).filter(|column| between(longitude(*column))).collect();
    let rows: Vec<usize> = (0..wind.rows)
        .filter(|row| (south..=north).contains(&latitude(*row)))
        .collect();
    let (Some(left), Some(top)) = (columns.first(), rows.first()) else {
        return Err(Error::Fields("the box holds no node of the grid"));
    };
    let shift = state
        .issues
        .get(&(content.feed, content.run))
        .map_or(0.0, |(issue, _)| *issue as f32 * 0.25)
        + nuance(valid(content));
    let field = wind.pair.at(hour_of(valid(content)))[component];
    let values = rows.iter().flat_map(|row| {
        columns
            .iter()
            .map(move |column| field[row * wind.columns + column] + shift)
    });
    let piece = Piece {
        columns: columns.len(),
        rows: rows.len(),
        north: latitude(*top),
        west: longitude(*left),
        step: wind.step,
    };
    grib::rewritten(message, &piece, &values.collect::<Vec<f32>>())
}
