//! All particles of a run at one time, as every product takes them: longitude and latitude in degrees and a state.

use driftline_domain::ValidTime;

use super::{Error, Status};

/// Particle positions at one output time. The index of a particle is its id and the same at every time.
#[derive(Debug, Clone, Copy)]
pub struct Cloud<'a> {
    /// When.
    pub time: ValidTime,
    /// Longitudes in degrees.
    pub lon_deg: &'a [f64],
    /// Latitudes in degrees.
    pub lat_deg: &'a [f64],
    /// States.
    pub status: &'a [Status],
}

impl Cloud<'_> {
    /// Particles in any state.
    pub fn len(&self) -> usize {
        self.status.len()
    }

    /// Whether there is no particle at all.
    pub fn is_empty(&self) -> bool {
        self.status.is_empty()
    }

    /// Particles in this state.
    pub fn count(&self, status: Status) -> usize {
        self.status.iter().filter(|&&one| one == status).count()
    }

    /// Share of all particles that are ashore.
    pub fn stranded_fraction(&self) -> f64 {
        if self.is_empty() {
            0.0
        } else {
            self.count(Status::Stranded) as f64 / self.len() as f64
        }
    }

    /// Refuses columns of different length and particles without a place: a product made from
    /// them would be wrong without a sign of it.
    pub fn check(&self) -> Result<(), Error> {
        let (lon, lat, status) = (self.lon_deg.len(), self.lat_deg.len(), self.status.len());
        if lon != status || lat != status {
            return Err(Error::RaggedCloud {
                time: self.time,
                lon,
                lat,
                status,
            });
        }
        for particle in 0..status {
            let (lon_deg, lat_deg) = (self.lon_deg[particle], self.lat_deg[particle]);
            if !(lon_deg.abs() <= 540.0 && lat_deg.abs() <= 90.0) {
                return Err(Error::Position {
                    particle,
                    time: self.time,
                    lon_deg,
                    lat_deg,
                });
            }
        }
        Ok(())
    }

    /// Longitude and latitude of every particle.
    pub(crate) fn all(&self) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        self.lon_deg.iter().copied().zip(self.lat_deg.iter().copied())
    }

    /// Longitude and latitude of every active particle.
    pub(crate) fn active(&self) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        let places = self.lon_deg.iter().zip(self.lat_deg);
        let active = places.zip(self.status).filter(|(_, status)| **status == Status::Active);
        active.map(|((lon, lat), _)| (*lon, *lat))
    }
}

/// Refuses clouds that are no run: each checked, the same particles, times rising.
pub(crate) fn check_run(clouds: &[Cloud<'_>]) -> Result<(), Error> {
    clouds.iter().try_for_each(Cloud::check)?;
    for pair in clouds.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let problem = if before.len() != after.len() {
            "the number of particles differs"
        } else if before.time >= after.time {
            "times do not rise"
        } else {
            continue;
        };
        return Err(Error::Sequence {
            before: before.time,
            time: after.time,
            problem,
        });
    }
    Ok(())
}
