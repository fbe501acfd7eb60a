//! What map services draw, whoever asks for it: the layers of a root with their extents, times and styles, and pictures
//! of them. WMS and tiles are two ways to ask for the same.

mod about;
mod areas;
mod info;
mod info_form;
mod layer;
mod model_runs;
mod picture;
mod places;
mod rules;
mod symbolised;
mod time;
mod tracks;

pub(crate) use about::{LayerAbout, available, lists_file};
pub(crate) use info::{Probe, pixel_distance, probe};
pub(crate) use info_form::InfoForm;
pub(crate) use layer::{Layer, Look, Style};
pub(crate) use picture::{
    Drawn, Viewer, compute, draw, draw_then, field_slabs, highest_density, legend, legend_of_rules, legend_size,
};
pub(crate) use places::{MapPlace, MapPlaces};
pub(crate) use rules::{Comparison, Condition, Rule, Rules, Test};
pub(crate) use symbolised::draw_by_rules;
pub(crate) use time::{Moment, TimeWanted, Timeline, duration};
