//! From fields of any order to vector fields over time: which fields are forcing, which two belong together, and at what
//! times both are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use driftline_domain::{Composition, ForcingKind, ValidTime};

use super::grid::{self, Placement};
use super::level::{GROUND_OR_WATER, MEAN_SEA_LEVEL};
use super::members;
use super::names;
use super::octets::Octets;
use super::product::{About, Member, Product};
use super::sections::Field;
use crate::component::Form;
use crate::level::{DEEPEST_SURFACE_M, WIND_HEIGHT_M};
use crate::waves::Sense;
use crate::{Error, Series};

/// What the file gives.
pub(crate) struct Found {
    /// Series with the fields of each step.
    pub(crate) series: Vec<(Series, Steps)>,
    /// Why other fields that might have been forcing are not.
    pub(crate) refused: Vec<Error>,
    /// What is to be said about the series.
    pub(crate) caveats: Vec<String>,
}

/// How the steps of a series are read.
pub(crate) struct Steps {
    /// Indices of the two fields of each step.
    pub(crate) fields: Vec<[usize; 2]>,
    pub(crate) form: Form,
    pub(crate) placement: Placement,
}

/// What a field is of a vector field.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Role {
    kind: ForcingKind,
    /// 0 for the u component or height, 1 for the v component or direction.
    side: usize,
    /// Of several fields for one side the lowest rank is taken.
    rank: f64,
}

/// Fields that may be one component of one vector field at different times.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: ForcingKind,
    centre: u16,
    grid: Arc<[u8]>,
}

/// A field with a role.
struct Candidate<'a> {
    index: usize,
    role: Role,
    about: &'a About,
}

/// Finds the series.
pub(crate) fn find(fields: &[Field], products: &[Product]) -> Found {
    let mut found = Found {
        series: Vec::new(),
        refused: Vec::new(),
        caveats: Vec::new(),
    };
    let groups = groups(fields, products, &mut found.refused);
    for (key, candidates) in &groups {
        let group = Group { fields, products, key };
        match group.series(candidates, &mut found.refused) {
            Ok((series, steps, caveat)) => {
                found
                    .caveats
                    .extend(caveat.map(|caveat| format!("'{}': {caveat}", series.source_variables[0])));
                found.series.push((series, steps));
            }
            Err(error) => found.refused.push(error),
        }
    }
    found.series.sort_by_key(|(series, _)| series.kind);
    found
}

/// Candidates by key, keys in the order of their first field.
fn groups<'a>(fields: &[Field], products: &'a [Product], refused: &mut Vec<Error>) -> Vec<(Key, Vec<Candidate<'a>>)> {
    let of_waves: BTreeSet<(u16, i64)> = products
        .iter()
        .filter(|product| product.parameter.0 == OCEAN)
        .map(|product| (product.centre, product.run.unix_s()))
        .collect();
    let mut groups: Vec<(Key, Vec<Candidate<'a>>)> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut passed_over = BTreeSet::new();
    for (index, (field, product)) in fields.iter().zip(products).enumerate() {
        let about = match (&product.about, is_wanted(product.parameter)) {
            (_, false) => continue,
            (Ok(about), true) => about,
            (Err(reason), true) => {
                if passed_over.insert((product.parameter, reason.clone())) {
                    refused.push(field.place.broken(format!("'{}': {reason}", product.short_name())));
                }
                continue;
            }
        };
        let beside_waves = of_waves.contains(&(product.centre, product.run.unix_s()));
        let Some(role) = role(product.parameter, about, beside_waves) else {
            continue;
        };
        if let Some(reason) = about.derived {
            if passed_over.insert((product.parameter, reason.to_owned())) {
                refused.push(field.place.broken(format!("'{}': {reason}", product.short_name())));
            }
            continue;
        }
        let key = Key {
            kind: role.kind,
            centre: product.centre,
            grid: Arc::clone(&field.grid),
        };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(Candidate { index, role, about });
    }
    groups
}

/// Discipline: oceanographic products.
const OCEAN: u8 = 10;
const WIND_U: (u8, u8, u8) = (0, 2, 2);
const WIND_V: (u8, u8, u8) = (0, 2, 3);
const CURRENT_U: (u8, u8, u8) = (OCEAN, 1, 2);
const CURRENT_V: (u8, u8, u8) = (OCEAN, 1, 3);
const WAVE_HEIGHT: (u8, u8, u8) = (OCEAN, 0, 3);
/// Direction of the sea's most energetic part, as NCEP gives it beside the height of the whole.
const PRIMARY_WAVE_DIRECTION: (u8, u8, u8) = (OCEAN, 0, 10);
/// Direction of wind waves and swell together, as ECMWF gives it.
const MEAN_WAVE_DIRECTION: (u8, u8, u8) = (OCEAN, 0, 14);

fn is_wanted(parameter: (u8, u8, u8)) -> bool {
    [
        WIND_U,
        WIND_V,
        CURRENT_U,
        CURRENT_V,
        WAVE_HEIGHT,
        PRIMARY_WAVE_DIRECTION,
        MEAN_WAVE_DIRECTION,
    ]
    .contains(&parameter)
}

/// The role of a field at its level. Parts of a sea carry a place in an ordered sequence as their level and have none.
fn role(parameter: (u8, u8, u8), about: &About, beside_waves: bool) -> Option<Role> {
    let level = about.level;
    let side = usize::from([WIND_V, CURRENT_V, PRIMARY_WAVE_DIRECTION, MEAN_WAVE_DIRECTION].contains(&parameter));
    let (kind, rank) = match parameter {
        WIND_U | WIND_V if level.is_height_m(WIND_HEIGHT_M) => (ForcingKind::Wind, 0.0),
        // Wave models label the 10 m wind that drives them as one at the surface.
        WIND_U | WIND_V if level.kind == GROUND_OR_WATER && beside_waves => (ForcingKind::Wind, 1.0),
        CURRENT_U | CURRENT_V if !about.is_layer => {
            let depth_m = level.depth_m().filter(|depth_m| depth_m.abs() <= DEEPEST_SURFACE_M)?;
            (ForcingKind::Current, depth_m.abs())
        }
        WAVE_HEIGHT | MEAN_WAVE_DIRECTION if matches!(level.kind, GROUND_OR_WATER | MEAN_SEA_LEVEL) => {
            (ForcingKind::Waves, 0.0)
        }
        PRIMARY_WAVE_DIRECTION if matches!(level.kind, GROUND_OR_WATER | MEAN_SEA_LEVEL) => (ForcingKind::Waves, 1.0),
        _ => return None,
    };
    Some(Role { kind, side, rank })
}

/// The fields of one vector field.
struct Group<'a> {
    fields: &'a [Field],
    products: &'a [Product],
    key: &'a Key,
}

impl Group<'_> {
    fn series(
        &self,
        candidates: &[Candidate<'_>],
        refused: &mut Vec<Error>,
    ) -> Result<(Series, Steps, Option<String>), Error> {
        let (first, candidates) = self.one_member(candidates, refused)?;
        let best = |side: usize| {
            let ranks = candidates
                .iter()
                .filter(|one| one.role.side == side)
                .map(|one| one.role.rank);
            ranks.fold(f64::INFINITY, f64::min)
        };
        let best = [best(0), best(1)];
        let taken = candidates
            .into_iter()
            .filter(|one| one.role.rank <= best[one.role.side]);
        let steps = self.steps(taken)?;
        let placement = grid::placement(Octets(&self.key.grid)).map_err(|reason| {
            self.fields[first]
                .place
                .broken(format!("'{}': {reason}", self.name(first)))
        })?;
        let fields: Vec<[usize; 2]> = steps.values().copied().collect();
        let [u, v] = fields[0];
        let series = Series {
            kind: self.key.kind,
            grid: placement.spec.clone(),
            times: steps.into_keys().collect(),
            composition: Composition::Unstated,
            level: self.level(u, v)?,
            source_variables: [self.name(u), self.name(v)],
            attribution: names::centre(self.key.centre).map(str::to_owned),
        };
        let form = match self.key.kind {
            // Code table 4.2-10-0 leaves the sense open; both centres give where the waves come from.
            ForcingKind::Waves => Form::HeightAndDirection(Sense::From),
            ForcingKind::Current | ForcingKind::Wind => Form::Components,
        };
        let caveat = self
            .member(u)
            .map(|member| format!("it is member {} of an ensemble", member.number));
        let steps = Steps {
            fields,
            form,
            placement,
        };
        Ok((series, steps, caveat))
    }

    /// The candidates of the one member that is taken, and the first field of all.
    fn one_member<'c>(
        &self,
        candidates: &'c [Candidate<'c>],
        refused: &mut Vec<Error>,
    ) -> Result<(usize, Vec<&'c Candidate<'c>>), Error> {
        let members: BTreeSet<Option<Member>> = candidates.iter().map(|one| one.about.member).collect();
        let first = candidates.first().map_or(0, |one| one.index);
        let refusal = |reason: String| Error::Dimension {
            variable: self.name(first),
            reason,
        };
        let chosen = members::choose(&members).map_err(refusal)?;
        if members.len() > 1 {
            let others = members.len() - 1;
            refused.push(refusal(format!(
                "{others} further members of an ensemble, and one is wanted"
            )));
        }
        let of_member = candidates.iter().filter(|one| one.about.member == chosen);
        Ok((first, of_member.collect()))
    }

    /// Both fields of each time. Each must be there once.
    fn steps<'c>(
        &self,
        candidates: impl Iterator<Item = &'c Candidate<'c>>,
    ) -> Result<BTreeMap<ValidTime, [usize; 2]>, Error> {
        let mut steps: BTreeMap<ValidTime, [Option<usize>; 2]> = BTreeMap::new();
        for candidate in candidates {
            let slot = &mut steps.entry(candidate.about.valid).or_default()[candidate.role.side];
            if let Some(other) = slot.replace(candidate.index) {
                let (one, two) = (self.fields[other].place, self.fields[candidate.index].place);
                return Err(Error::Time {
                    variable: self.name(candidate.index),
                    reason: format!(
                        "messages {} (byte {}) and {} (byte {}) both hold it for {} at {}",
                        one.number, one.offset, two.number, two.offset, candidate.about.valid, candidate.about.level
                    ),
                });
            }
        }
        let pairs = steps.into_iter().map(|(time, fields)| match fields {
            [Some(u), Some(v)] => Ok((time, [u, v])),
            [Some(alone), None] | [None, Some(alone)] => Err(Error::Pair {
                variable: self.name(alone),
                reason: format!("the other one is not in the file for {time}"),
            }),
            [None, None] => Err(Error::NoSuchStep { series: 0, step: 0 }),
        });
        pairs.collect()
    }

    fn about(&self, index: usize) -> Option<&About> {
        self.products[index].about.as_ref().ok()
    }

    fn member(&self, index: usize) -> Option<Member> {
        self.about(index)?.member
    }

    fn name(&self, index: usize) -> String {
        self.products[index].short_name()
    }

    /// The level of both components, for people.
    fn level(&self, u: usize, v: usize) -> Result<String, Error> {
        let (Some(about_u), Some(about_v)) = (self.about(u), self.about(v)) else {
            return Ok(String::new());
        };
        let level = about_u.level;
        if self.key.kind != ForcingKind::Waves && level != about_v.level {
            return Err(Error::Level {
                variable: self.name(u),
                reason: format!("it is at {level} and '{}' at {}", self.name(v), about_v.level),
            });
        }
        Ok(match self.key.kind {
            ForcingKind::Wind if level.kind == GROUND_OR_WATER => {
                "surface of a wave model, its wind at 10 m".to_owned()
            }
            ForcingKind::Wind => level.to_string(),
            ForcingKind::Waves => "sea surface".to_owned(),
            ForcingKind::Current => match level.value.filter(|_| level.kind != GROUND_OR_WATER) {
                Some(depth_m) if level.kind != MEAN_SEA_LEVEL => format!("{depth_m} m depth"),
                _ => "sea surface".to_owned(),
            },
        })
    }
}
