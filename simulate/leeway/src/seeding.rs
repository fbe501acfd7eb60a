//! How a particle starts: its place, scattered around the release and put to sea, and its coefficients.

use driftline_coast::Coast;
use driftline_domain::ObjectClass;

use crate::random::{Draw, Purpose};
use crate::{CoastAction, Group, Regression, RunSpec, moved};

/// How far from a start on land the sea is looked for, metres.
pub const SEA_REACH_M: f64 = 100_000.0;

/// Draws of the downwind score before giving up. With a slope that is not negative each succeeds at least every other
/// time, so this bound is never met.
const MAX_DRAWS: u32 = 64;

/// Where and when a particle starts.
pub(crate) struct Start {
    pub(crate) lon_deg: f64,
    pub(crate) lat_deg: f64,
    /// Seconds since 1970.
    pub(crate) time_s: i64,
    /// Whether it is on land with no sea near enough.
    pub(crate) is_on_land: bool,
    /// How far it was moved off the land, metres.
    pub(crate) moved_m: Option<f64>,
}

/// What sets a particle apart from others of its class: standard scores of its leeway, the crosswind one for both sides.
pub(crate) struct Character {
    pub(crate) downwind_score: f64,
    pub(crate) crosswind_score: f64,
    /// Downwind scores rejected.
    pub(crate) redraws: u64,
}

/// Scatters a particle around the release of its group; on land it goes to the nearest sea.
pub(crate) fn start(spec: &RunSpec<'_>, group: &Group<'_>, coast: &Coast, particle: u32, _rank: u32) -> Start {
    let release = &group.release;
    let (east, north) = Draw::new(spec.seed, particle, 0, Purpose::SeedPosition, 0).normals();
    let (lon_deg, lat_deg) = moved(
        release.position.lon_deg(),
        release.position.lat_deg(),
        release.sigma_m * east,
        release.sigma_m * north,
    );
    let drawn = Start {
        lon_deg,
        lat_deg,
        time_s: release.time_s,
        is_on_land: false,
        moved_m: None,
    };
    if spec.coast_action == CoastAction::None || !coast.on_land(lon_deg, lat_deg) {
        return drawn;
    }
    match coast.nearest_sea(lon_deg, lat_deg, SEA_REACH_M) {
        Some((lon_deg, lat_deg, distance_m)) => Start {
            lon_deg,
            lat_deg,
            moved_m: Some(distance_m),
            ..drawn
        },
        None => Start {
            is_on_land: true,
            ..drawn
        },
    }
}

/// Draws a particle's scores. The downwind score is drawn again while the slope would be negative, as is the published
/// practice; that raises the mean of classes with a wide spread and a small slope.
pub(crate) fn character(spec: &RunSpec<'_>, class: &ObjectClass, particle: u32) -> Character {
    if !spec.coefficient_spread {
        return Character {
            downwind_score: 0.0,
            crosswind_score: 0.0,
            redraws: 0,
        };
    }
    let draw = |attempt| Draw::new(spec.seed, particle, 0, Purpose::SeedCoefficients, attempt).normals();
    let (first_score, crosswind_score) = draw(0);
    let later_scores = (1..MAX_DRAWS).map(|attempt| draw(attempt).0);
    let mut scores = std::iter::once(first_score).chain(later_scores).zip(0u64..);
    let (downwind_score, redraws) = scores
        .find(|(score, _)| Regression::of(&class.downwind, *score).slope >= 0.0)
        .unwrap_or((0.0, u64::from(MAX_DRAWS)));
    Character {
        downwind_score,
        crosswind_score,
        redraws,
    }
}
