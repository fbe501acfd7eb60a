//! Tracks of some particles through a run.
//!
//! A chart cannot show 5,000 tracks. Which ones are shown depends on nothing but the particle's number, and is the same at
//! every output time and in every product of the run. But for the side that a particle starts on, which alternates,
//! numbers carry no meaning: the tracks shown are a fair sample of all.

use std::ops::Range;

use driftline_domain::wrap_lon_deg;

use super::Error;
use super::Status;
use super::antimeridian::{Vertex, split_track};
use super::cloud::{Cloud, check_run};

/// Tracks that a product holds at most.
pub const MAX_TRACKS: usize = 200;

/// The way of one particle until the run ended or it stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The particle.
    pub particle_id: u32,
    /// Its state at the end.
    pub status: Status,
    /// Pieces on one side of the antimeridian each; one piece where the track does not cross it.
    pub parts: Vec<Vec<Vertex>>,
}

/// The particles whose tracks are shown: those for which the fraction of their number times the golden section is least.
/// Fractions of consecutive numbers fill 0 to 1 evenly, so about the right number is below the wanted share; and no rhythm
/// of the numbers (sides alternate with them) meets one of the choice.
pub fn track_ids(particles: usize, max_tracks: usize) -> impl Iterator<Item = usize> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let share = max_tracks as f64 / particles.max(1) as f64;
    let is_shown = move |particle: &usize| {
        let turns = *particle as f64 * GOLDEN;
        turns - libm::floor(turns) < share
    };
    (0..particles).filter(is_shown).take(max_tracks)
}

/// Tracks of at most so many particles through the clouds of a run in order of time. A track ends where its particle
/// stopped, that place included.
pub fn tracks(clouds: &[Cloud<'_>], max_tracks: usize) -> Result<Vec<Track>, Error> {
    check_run(clouds)?;
    let particles = clouds.first().map_or(0, Cloud::len);
    Ok(track_ids(particles, max_tracks)
        .map(|particle| track(clouds, particle))
        .collect())
}

fn track(clouds: &[Cloud<'_>], particle: usize) -> Track {
    let life = life(clouds, particle);
    let vertices: Vec<Vertex> = clouds[life.clone()]
        .iter()
        .map(|cloud| Vertex {
            lon_deg: wrap_lon_deg(cloud.lon_deg[particle]),
            lat_deg: cloud.lat_deg[particle],
            time: cloud.time,
        })
        .collect();
    let states = || clouds[life.clone()].iter().map(|cloud| cloud.status[particle]);
    // Its end, at whichever end of the time that is; a particle still afloat has none.
    let status = match states().find(|status| *status != Status::Active) {
        Some(end) => end,
        None if life.is_empty() => Status::NotReleased,
        None => Status::Active,
    };
    Track {
        particle_id: particle as u32,
        status,
        parts: split_track(&vertices),
    }
}

/// The output times from a particle's release to its end, the one at which it had ended included: that is the last one of
/// a forward run, and the first one of a backtrack. Empty where it was never released.
pub(crate) fn life(clouds: &[Cloud<'_>], particle: usize) -> Range<usize> {
    let is = |k: usize, wanted: Status| clouds[k].status[particle] == wanted;
    let is_end = |k: usize| !is(k, Status::Active) && !is(k, Status::NotReleased);
    let mut times = 0..clouds.len();
    match times.clone().find(|&k| is(k, Status::Active)) {
        None => match times.find(|&k| is_end(k)) {
            Some(at_once) => at_once..at_once + 1,
            None => 0..0,
        },
        Some(first) => {
            let last = times.rfind(|&k| is(k, Status::Active)).unwrap_or(first);
            let begin = if first > 0 && is_end(first - 1) {
                first - 1
            } else {
                first
            };
            let end = if last + 1 < clouds.len() && is_end(last + 1) {
                last + 2
            } else {
                last + 1
            };
            begin..end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::sample::{Run, hour};

    /// Five particles going east by a tenth of a degree an hour; 2 strands in hour 1, 4 in hour 3.
    fn run() -> Run {
        let eastward = |particle: usize, hour: usize| 179.75 + 0.1 * hour.min(if particle == 2 { 1 } else { 9 }) as f64;
        let ashore = |particle, hour| (particle == 2 && hour >= 1) || (particle == 4 && hour >= 3);
        let status = |particle, hour| {
            if ashore(particle, hour) {
                Status::Stranded
            } else {
                Status::Active
            }
        };
        Run::of(5, 4, eastward, |_, _| 60.0, status)
    }

    #[test]
    fn a_fair_share_is_shown_of_either_side() {
        for particles in [3usize, 200, 5_000, 20_000, 99_991] {
            let shown: Vec<usize> = track_ids(particles, MAX_TRACKS).collect();
            assert!(
                shown.len() <= MAX_TRACKS && shown.len() + 2 >= MAX_TRACKS.min(particles),
                "{particles}"
            );
            assert!(shown.is_sorted() && shown.last().is_none_or(|last| *last < particles));
            // Numbers alternate between the sides.
            let even = shown.iter().filter(|particle| **particle % 2 == 0).count();
            assert!(
                even.abs_diff(shown.len() - even) <= shown.len() / 10 + 1,
                "{particles}: {even}"
            );
        }
        assert_eq!(track_ids(0, 200).count(), 0);
    }

    #[test]
    fn a_track_ends_where_its_particle_stopped() {
        let tracks = tracks(&run().clouds(), 200).unwrap();
        assert_eq!(tracks.len(), 5);
        assert_eq!(tracks[2].status, Status::Stranded);
        assert_eq!(tracks[2].parts.len(), 1);
        assert_eq!(tracks[2].parts[0].last().unwrap().time, hour(1));
        assert_eq!(tracks[0].status, Status::Active);
        assert_eq!(tracks[0].parts.len(), 2, "over the antimeridian");
        assert_eq!(tracks[0].parts[1].last().unwrap().time, hour(3));
    }

    #[test]
    fn a_life_is_from_release_to_end_whichever_way_the_run_went() {
        use Status::{Active, MissingData, NotReleased, SeededOnLand, Stranded};
        for (states, expected) in [
            ([Active, Active, Active, Active], 0..4),
            ([NotReleased, Active, Active, Stranded], 1..4),
            ([NotReleased, Active, Stranded, Stranded], 1..3),
            ([Stranded, Stranded, Active, Active], 1..4),
            ([MissingData, Active, Active, NotReleased], 0..3),
            ([SeededOnLand, SeededOnLand, SeededOnLand, SeededOnLand], 0..1),
            ([NotReleased, NotReleased, Stranded, Stranded], 2..3),
            ([NotReleased, NotReleased, NotReleased, NotReleased], 0..0),
        ] {
            let run = Run::of(1, 4, |_, _| 4.0, |_, _| 60.0, |_, hour| states[hour]);
            assert_eq!(life(&run.clouds(), 0), expected, "{states:?}");
        }
    }

    #[test]
    fn clouds_that_are_no_run_are_refused() {
        let (five, four) = (run(), Run::of(4, 5, |_, _| 0.0, |_, _| 0.0, |_, _| Status::Active));
        let mut clouds = five.clouds();
        clouds.swap(1, 2);
        let error = tracks(&clouds, 200).unwrap_err().to_string();
        assert!(error.ends_with("times do not rise"), "{error}");
        clouds.swap(1, 2);
        clouds.push(four.clouds()[4]);
        let error = tracks(&clouds, 200).unwrap_err().to_string();
        assert!(error.ends_with("the number of particles differs"), "{error}");
    }
}
