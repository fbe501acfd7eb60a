//! What moves things: currents and winds of several sources in order of preference, prepared once for many particles.
//! The next source answers where the one before has nothing: outside its grid or times, or far from its water.

use driftline_domain::{ForcingKind, GridSpec, VectorField};

use crate::Error;
use crate::product::{Bracket, Places, Product, Velocity};

/// A window of one product: fields at ascending times (seconds since 1970), already cut to the neighbourhood. Between
/// two times values are interpolated however far these are apart; where a gap should stay a gap, give two sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Where the values stand.
    pub grid: GridSpec,
    /// When they hold.
    pub times_s: Vec<i64>,
    /// East and north components in m/s, one field per time; NaN where there is none.
    pub fields: Vec<VectorField>,
}

/// A velocity at a place and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Eastward, m/s.
    pub east_ms: f64,
    /// Northward, m/s.
    pub north_ms: f64,
    /// Which source answered, in the order of preference.
    pub source: usize,
    /// Whether no node around the place has a value and the nearest wet one lent its own.
    pub extrapolated: bool,
}

/// Currents and winds, ready for the kernel.
pub struct Forcing {
    currents: Vec<Product>,
    winds: Vec<Product>,
}

/// Sources of one kind alone, to ask what a run would find at a place and time.
pub struct Field {
    products: Vec<Product>,
}

impl Field {
    /// Prepares sources, the preferred ones first.
    pub fn prepare(kind: ForcingKind, sources: Vec<Source>) -> Result<Self, Error> {
        Ok(Self {
            products: prepare(kind, sources)?,
        })
    }

    /// The velocity at a place and time, from the first source that has one.
    pub fn sample(&self, lon_deg: f64, lat_deg: f64, time_s: i64) -> Option<Sample> {
        sample(&self.products, lon_deg, lat_deg, time_s)
    }
}

fn sample(products: &[Product], lon_deg: f64, lat_deg: f64, time_s: i64) -> Option<Sample> {
    products.iter().enumerate().find_map(|(number, product)| {
        let velocity = product.sample(product.bracket(time_s)?, lon_deg, lat_deg)?;
        Some(Sample {
            east_ms: f64::from(velocity.east_ms),
            north_ms: f64::from(velocity.north_ms),
            source: number,
            extrapolated: velocity.extrapolated,
        })
    })
}

/// Sources of one kind with the times of a run looked up.
pub(crate) struct Timeline<'a> {
    products: &'a [Product],
    /// For each step, for each product.
    brackets: Vec<Option<Bracket>>,
}

/// Sources that one kind may have: a result keeps their number in a byte.
const MAX_SOURCES: usize = 255;
/// No current is faster than this, m/s per component (the reference's bound).
const FASTEST_CURRENT_MS: f32 = 15.0;
/// No wind is faster than this, m/s per component: the fastest ten-minute winds at sea were about 80 m/s.
const FASTEST_WIND_MS: f32 = 100.0;

impl Forcing {
    /// Prepares sources, the preferred ones first (the caller sorts, usually by resolution).
    pub fn prepare(currents: Vec<Source>, winds: Vec<Source>) -> Result<Self, Error> {
        Ok(Self {
            currents: prepare(ForcingKind::Current, currents)?,
            winds: prepare(ForcingKind::Wind, winds)?,
        })
    }

    /// The stretch of time with at least one current and one wind source throughout; the longest where there are
    /// several, the first of equally long ones. Where in space the sources hold is not looked at.
    pub fn covered_s(&self) -> Option<(i64, i64)> {
        let stretches = self.stretches_s();
        let longest_s = stretches.iter().map(|(start_s, end_s)| end_s - start_s).max()?;
        stretches
            .into_iter()
            .find(|(start_s, end_s)| end_s - start_s == longest_s)
    }

    /// The end of the stretch of [`Forcing::covered_s`] that a time lies in: how far a run from there can go.
    pub fn covered_until_s(&self, from_s: i64) -> Option<i64> {
        let mut stretches = self.stretches_s().into_iter();
        stretches
            .find(|(start_s, end_s)| (*start_s..=*end_s).contains(&from_s))
            .map(|(_, end_s)| end_s)
    }

    /// The velocity at a place and time, from the first source that has one.
    pub fn sample(&self, kind: ForcingKind, lon_deg: f64, lat_deg: f64, time_s: i64) -> Option<Sample> {
        sample(self.products(kind), lon_deg, lat_deg, time_s)
    }

    /// For each source of a kind, how many of its values were too fast for any sea or wind, and are taken for missing.
    pub fn absurd_values(&self, kind: ForcingKind) -> Vec<u64> {
        self.products(kind).iter().map(Product::absurd_values).collect()
    }

    /// Sources of a kind.
    pub(crate) fn sources(&self, kind: ForcingKind) -> usize {
        self.products(kind).len()
    }

    /// Looks up the times of a run's steps once for all particles.
    pub(crate) fn timeline(&self, kind: ForcingKind, times_s: impl Iterator<Item = i64>) -> Timeline<'_> {
        let products = self.products(kind);
        Timeline {
            products,
            brackets: times_s
                .flat_map(|t| products.iter().map(move |product| product.bracket(t)))
                .collect(),
        }
    }

    fn products(&self, kind: ForcingKind) -> &[Product] {
        match kind {
            ForcingKind::Current => &self.currents,
            ForcingKind::Wind => &self.winds,
            // Waves move nothing by themselves.
            ForcingKind::Waves => &[],
        }
    }

    fn stretches_s(&self) -> Vec<(i64, i64)> {
        let (currents, winds) = (union_s(&self.currents), union_s(&self.winds));
        let mut shared = Vec::new();
        for current in &currents {
            for wind in &winds {
                let (start_s, end_s) = (current.0.max(wind.0), current.1.min(wind.1));
                if start_s <= end_s {
                    shared.push((start_s, end_s));
                }
            }
        }
        shared
    }
}

impl Timeline<'_> {
    /// The velocities of a step at many positions from one source, where it is plain water; NaN elsewhere. Tells whether
    /// there is any NaN.
    #[inline(always)]
    pub(crate) fn look_up(
        &self,
        step: usize,
        source: usize,
        places: Places<'_>,
        east_ms: &mut [f32],
        north_ms: &mut [f32],
    ) -> bool {
        match self.brackets.get(step * self.products.len() + source) {
            Some(Some(bracket)) => self.products[source].look_up(*bracket, places, east_ms, north_ms),
            _ => {
                east_ms.fill(f32::NAN);
                true
            }
        }
    }

    /// The velocity at a place in a step, and the number of the source it is from, the first of an order that has one.
    pub(crate) fn sample(&self, step: usize, order: &[usize], lon_deg: f64, lat_deg: f64) -> Option<(Velocity, usize)> {
        let brackets = &self.brackets[step * self.products.len()..];
        order.iter().find_map(|&source| {
            let velocity = self.products[source].sample(brackets[source]?, lon_deg, lat_deg)?;
            Some((velocity, source))
        })
    }
}

fn prepare(kind: ForcingKind, sources: Vec<Source>) -> Result<Vec<Product>, Error> {
    if sources.is_empty() {
        return Err(Error::NoSource { kind });
    }
    if sources.len() > MAX_SOURCES {
        return Err(Error::TooManySources {
            kind,
            count: sources.len(),
            limit: MAX_SOURCES,
        });
    }
    let limit_ms = if kind == ForcingKind::Wind {
        FASTEST_WIND_MS
    } else {
        FASTEST_CURRENT_MS
    };
    let numbered = sources.into_iter().enumerate();
    numbered
        .map(|(number, source)| {
            Product::prepare(source, limit_ms).map_err(|problem| Error::Source { kind, number, problem })
        })
        .collect()
}

/// The times that the products cover together, as separate stretches in ascending order.
fn union_s(products: &[Product]) -> Vec<(i64, i64)> {
    let mut spans: Vec<_> = products.iter().map(Product::span_s).collect();
    spans.sort_unstable();
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for (start_s, end_s) in spans {
        match stretches.last_mut() {
            Some(last) if start_s <= last.1 => last.1 = last.1.max(end_s),
            _ => stretches.push((start_s, end_s)),
        }
    }
    stretches
}
