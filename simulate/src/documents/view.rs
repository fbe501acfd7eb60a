//! What a document is made from. The same whether the run was computed a moment ago or is read back from its files, so that
//! both give the same bytes.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use driftline_coast::Coast;
use driftline_domain::{MissionSpec, ValidTime};
use driftline_leeway::Snapshot;
use driftline_tiles::{DensityGrid, cog};
use serde_json::Value;

use super::{Error, PROBABILITY_FILE, STRANDING_FILE};
use crate::products::{AreaSet, Arrival, Cloud, RunLabel, Vertex, seen_ashore, split_track, stranding_geojson};
use crate::results::{RunContext, RunProducts, cloud_of};

/// A run as documents see it.
pub struct RunView {
    /// Identity of the run. Its `more` is empty: provenance stands in `summary`, which a stored run has as well.
    pub label: RunLabel,
    /// The question.
    pub spec: MissionSpec,
    /// What is published as the run's summary (contract: results of a mission): counts, forcing, parameters, warnings.
    pub summary: Value,
    /// Areas and datums at every output time that has any, in order of time. Polygons of a stored run are rounded to 1e-7
    /// degree; documents round to that or less.
    pub areas: Vec<AreaSet>,
    /// The coast that particles strand on.
    pub coast: Arc<Coast>,
    pub(super) particles: Particles,
    /// Names and contents of further files, of a run that is read back.
    pub(super) besides: Vec<(&'static str, Bytes)>,
}

/// Where positions are.
pub(super) enum Particles {
    /// Nowhere: the document does not read them.
    NotLoaded,
    /// Read back from the file.
    Read(Vec<Snapshot>),
    /// In the run that was just computed.
    Computed(Arc<RunProducts>),
}

impl RunView {
    /// Of a run in memory, computed with this coast.
    pub(crate) fn of_products(
        products: &Arc<RunProducts>,
        context: &RunContext,
        coast: Arc<Coast>,
    ) -> Result<Self, crate::Error> {
        Ok(Self {
            label: RunLabel {
                more: serde_json::Map::new(),
                ..products.label(context)
            },
            spec: products.forecast.spec.clone(),
            summary: products.summary(context)?,
            areas: products.areas.iter().flatten().cloned().collect(),
            coast,
            particles: Particles::Computed(Arc::clone(products)),
            besides: Vec::new(),
        })
    }

    /// Every particle at every output time. A particle that stopped stays where it did.
    pub fn clouds(&self) -> Result<Vec<Cloud<'_>>, Error> {
        let snapshots = match &self.particles {
            Particles::NotLoaded => return Err(Error::NoParticles),
            Particles::Read(snapshots) => snapshots,
            Particles::Computed(products) => &products.forecast.outcome.snapshots,
        };
        snapshots
            .iter()
            .map(|snapshot| cloud_of(snapshot).map_err(|_beyond| Error::Lacking("valid output times")))
            .collect()
    }

    /// Who came ashore and where, by the first output time at which they were.
    pub fn arrivals(&self) -> Result<Vec<Arrival>, Error> {
        Ok(seen_ashore(&self.clouds()?)?)
    }

    /// Probability per square kilometre at an output time, the earliest being 0: as the probability raster has it.
    pub(super) fn density(&self, time: usize) -> Result<DensityGrid, Error> {
        let Particles::Computed(products) = &self.particles else {
            return cog::read_band(self.file(PROBABILITY_FILE)?, time).map_err(Error::Probability);
        };
        let (grid, bands) = products
            .raster()
            .map_err(|_failed| Error::Lacking("probability raster"))?;
        Ok(DensityGrid {
            west: grid.west_deg,
            north: grid.north_deg,
            dlon: grid.dlon_deg,
            dlat: grid.dlat_deg,
            nx: grid.nx,
            ny: grid.ny,
            values: bands.get(time).ok_or(Error::Lacking("such an output time"))?.clone(),
        })
    }

    /// Content of `stranding.geojson`.
    pub(super) fn stranding(&self) -> Result<Cow<'_, [u8]>, Error> {
        let Particles::Computed(products) = &self.particles else {
            return Ok(self.file(STRANDING_FILE)?.into());
        };
        Ok(stranding_geojson(&products.stranding, &self.label)?.into())
    }

    fn file(&self, name: &'static str) -> Result<&[u8], Error> {
        let found = self.besides.iter().find(|(known, _)| *known == name);
        found.map(|(_, bytes)| &bytes[..]).ok_or(Error::NotLoaded(name))
    }

    /// The mean position of what is adrift through the run, in pieces on one side of the antimeridian each; a piece may
    /// be a single place.
    pub fn datum_track(&self) -> Vec<Vec<Vertex>> {
        let means = self.areas.iter().map(|set| Vertex {
            lon_deg: set.datum.mean.0,
            lat_deg: set.datum.mean.1,
            time: set.time,
        });
        let means: Vec<Vertex> = means.collect();
        if means.is_empty() {
            return Vec::new();
        }
        split_track(&means)
    }

    /// What the mission is called.
    pub fn name(&self) -> String {
        match &self.spec.name {
            Some(name) => name.clone(),
            None => self.label.mission_id.to_string(),
        }
    }

    /// Last time of the run.
    pub fn valid_until(&self) -> ValidTime {
        let stated = self.summary["valid_until"].as_str().and_then(|text| text.parse().ok());
        let last = self.areas.last().map_or(self.spec.time, |set| set.time);
        stated.unwrap_or(last)
    }

    /// Hours from the last known position to a time.
    pub(crate) fn hours_after_start(&self, time: ValidTime) -> f64 {
        (time.unix_s() - self.spec.time.unix_s()) as f64 / 3600.0
    }
}
