//! How the particles of a mission are shared out: among its scenarios by their weights, and among weighted forcing within
//! each scenario. Every particle then counts the same, so that densities, areas and shares need no weights.

use driftline_domain::{ForcingChoice, MissionSpec};
use driftline_leeway::Group;
use serde::{Deserialize, Serialize};

use crate::sources::SourceAbout;

/// Particles that share scenario and forcing, as a result tells of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupAbout {
    /// Number of the scenario, from 0.
    pub scenario: usize,
    /// Number of the first particle.
    pub first_particle: u32,
    /// How many.
    pub particles: u32,
    /// Feed of the preferred current, where the mission weighs feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// Feed of the preferred wind, where the mission weighs feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind: Option<String>,
}

/// An order of preference among the sources of one kind, and how many particles take it, as a share.
struct Member {
    feed: Option<String>,
    order: Vec<usize>,
    share: f64,
}

/// The groups of a run, and what is told of them. Sources are given in order of preference.
pub(crate) fn groups(
    spec: &MissionSpec,
    currents: &[SourceAbout],
    winds: &[SourceAbout],
) -> (Vec<Group<'static>>, Vec<GroupAbout>) {
    let (currents, winds) = (members(&spec.forcing, currents), members(&spec.forcing, winds));
    let (mut groups, mut abouts, mut first_particle) = (Vec::new(), Vec::new(), 0);
    for (number, (scenario, particles)) in spec.scenarios().iter().zip(particles_of_scenarios(spec)).enumerate() {
        let pairs: Vec<(&Member, &Member)> = currents
            .iter()
            .flat_map(|current| winds.iter().map(move |wind| (current, wind)))
            .collect();
        let shares: Vec<f64> = pairs.iter().map(|(current, wind)| current.share * wind.share).collect();
        for ((current, wind), particles) in pairs.into_iter().zip(shared_out(particles, &shares)) {
            if particles == 0 {
                continue;
            }
            let changes = scenario.changes.iter();
            groups.push(Group {
                class: scenario.object,
                changes: changes.map(|change| (change.at.unix_s(), change.to)).collect(),
                release: scenario.release.clone(),
                particles,
                currents: current.order.clone(),
                winds: wind.order.clone(),
            });
            abouts.push(GroupAbout {
                scenario: number,
                first_particle,
                particles,
                current: current.feed.clone(),
                wind: wind.feed.clone(),
            });
            first_particle += particles;
        }
    }
    (groups, abouts)
}

/// How many particles each scenario has.
pub(crate) fn particles_of_scenarios(spec: &MissionSpec) -> Vec<u32> {
    shared_out(spec.ensemble_size, &spec.scenario_shares())
}

/// The orders of preference that the particles share: one for each feed of this kind if any feed is weighted, else the one
/// that all have. The other sources follow in each, for where the preferred one has nothing.
fn members(choices: &[ForcingChoice], sources: &[SourceAbout]) -> Vec<Member> {
    let all = || 0..sources.len();
    let is_weighted = choices.iter().any(|choice| choice.weight.is_some());
    let weighted: Vec<(&ForcingChoice, f64)> = choices
        .iter()
        .filter(|choice| is_weighted && sources.iter().any(|source| source.feed == choice.feed))
        .map(|choice| (choice, choice.weight.unwrap_or(1.0)))
        .collect();
    if weighted.is_empty() {
        return vec![Member {
            feed: None,
            order: all().collect(),
            share: 1.0,
        }];
    }
    let sum: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let member = |(choice, weight): (&ForcingChoice, f64)| {
        let is_preferred = |number: &usize| sources[*number].feed == choice.feed;
        Member {
            feed: Some(choice.feed.clone()),
            order: all()
                .filter(is_preferred)
                .chain(all().filter(|n| !is_preferred(n)))
                .collect(),
            share: weight / sum,
        }
    };
    weighted.into_iter().map(member).collect()
}

/// Whole particles in proportion to shares that add up to 1, by largest remainders. Nobody with a share is left without
/// a particle as long as there are enough.
fn shared_out(particles: u32, shares: &[f64]) -> Vec<u32> {
    let exact: Vec<f64> = shares.iter().map(|share| share * f64::from(particles)).collect();
    let mut counts: Vec<u32> = exact.iter().map(|exact| libm::floor(*exact) as u32).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    // Those with nothing yet first, then by remainder; ties go to the first in the list.
    order.sort_by(|&a, &b| {
        let remainder = |k: usize| exact[k] - f64::from(counts[k]);
        (counts[a] > 0)
            .cmp(&(counts[b] > 0))
            .then(remainder(b).total_cmp(&remainder(a)))
    });
    let left = particles.saturating_sub(counts.iter().sum());
    for &k in order
        .iter()
        .cycle()
        .take(if shares.is_empty() { 0 } else { left as usize })
    {
        counts[k] += 1;
    }
    while let (Some(empty), Some(largest)) = (
        (0..counts.len()).find(|&k| counts[k] == 0 && shares[k] > 0.0),
        (0..counts.len()).max_by_key(|&k| counts[k]).filter(|&k| counts[k] > 1),
    ) {
        counts[largest] -= 1;
        counts[empty] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_are_shared_out_to_the_last() {
        assert_eq!(shared_out(10, &[0.5, 0.3, 0.2]), [5, 3, 2]);
        assert_eq!(
            shared_out(5_000, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
            [1_667, 1_667, 1_666]
        );
        assert_eq!(shared_out(100, &[0.9999, 0.0001]), [99, 1]);
        assert_eq!(shared_out(10, &[0.97, 0.01, 0.01, 0.01]), [7, 1, 1, 1]);
        assert_eq!(shared_out(1, &[0.5, 0.5]), [1, 0]);
        assert_eq!(shared_out(7, &[1.0]), [7]);
    }
}
