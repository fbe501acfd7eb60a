//! Every particle of a run at one output time, in columns. Degrees.

use driftline_database::Run;
use driftline_domain::ValidTime;
use driftline_simulate::products::{ParticleQuery, Status, read_particles};

use super::broken;
use super::layout::{FILE, Layout};
use crate::{AppState, Error};

/// Positions; the index is the particle's number.
#[derive(Debug)]
pub(crate) struct Positions {
    /// When.
    pub(crate) time: ValidTime,
    /// Longitudes in [-180, 180).
    pub(crate) lon_deg: Vec<f64>,
    /// Latitudes.
    pub(crate) lat_deg: Vec<f64>,
    /// States.
    pub(crate) status: Vec<Status>,
}

impl super::Bytes for Positions {
    fn bytes(&self) -> usize {
        self.lon_deg.len() * (2 * size_of::<f64>() + size_of::<Status>())
    }
}

impl Positions {
    pub(super) async fn read(state: &AppState, run: &Run, layout: &Layout, step: usize) -> Result<Option<Self>, Error> {
        let Some(step) = layout.steps().get(step) else {
            return Ok(None);
        };
        let file = layout.load(state, run, step).await?;
        let (time, rows) = (step.time, step.rows);
        let query = ParticleQuery {
            after_row: None,
            limit: rows,
            bbox: None,
            interval: Some((time, time)),
        };
        let decoded = state.compute.run(move || read_particles(file, &query)).await;
        let decoded = decoded.map_err(|error| broken(run, FILE, error))?;
        let page = decoded.map_err(|error| broken(run, FILE, error))?;
        let mut positions = Self {
            time,
            lon_deg: Vec::with_capacity(rows),
            lat_deg: Vec::with_capacity(rows),
            status: Vec::with_capacity(rows),
        };
        for (number, row) in page.rows.iter().enumerate() {
            if row.particle_id as usize != number {
                return Err(broken(
                    run,
                    FILE,
                    format!("particle {} stands at place {number}", row.particle_id),
                ));
            }
            positions.lon_deg.push(row.lon_deg);
            positions.lat_deg.push(row.lat_deg);
            positions.status.push(row.status);
        }
        Ok(Some(positions))
    }

    /// Particles.
    pub(crate) fn len(&self) -> usize {
        self.status.len()
    }
}
