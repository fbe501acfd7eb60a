//! The collections every root has: the registry that landing pages, items and the API document are made from.

use driftline_database::FeatureKind;

/// A collection of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Collection {
    /// Containment areas.
    SearchAreas,
    /// Mean and most likely positions.
    Datums,
    /// Tracks of a fixed sample of particles.
    Trajectories,
    /// Every particle at every output time.
    Particles,
    /// Cells of the probability raster.
    PocCells,
    /// Stretches of shore where the object may arrive.
    Shoreline,
    /// Missions with results.
    Missions,
    /// What may have happened.
    Scenarios,
    /// Computed answers.
    Runs,
}

/// Where a collection's features are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// As rows of the database.
    Rows(FeatureKind),
    /// In the run's file of particles, output time by output time.
    Positions,
    /// In the run's file of tracks.
    Tracks,
    /// In the run's raster of probability, band by band.
    Cells,
    /// In the run's file of GeoJSON of this name.
    GeoJson(&'static str),
    /// Nowhere: they are made from what is known of the run.
    Made,
}

impl Collection {
    /// Every collection, in the order of lists.
    pub(crate) const ALL: [Self; 9] = [
        Self::SearchAreas,
        Self::Datums,
        Self::Trajectories,
        Self::Particles,
        Self::PocCells,
        Self::Shoreline,
        Self::Missions,
        Self::Scenarios,
        Self::Runs,
    ];

    /// Those that vector tiles are made of.
    pub(crate) const TILED: [Self; 4] = [Self::SearchAreas, Self::Datums, Self::Trajectories, Self::Particles];

    /// The collection of this identifier.
    pub(crate) fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collection| collection.id() == id)
    }

    /// Identifier in paths.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::SearchAreas => "search-areas",
            Self::Datums => "datums",
            Self::Trajectories => "trajectories",
            Self::Particles => "particles",
            Self::PocCells => "poc-cells",
            Self::Shoreline => "shoreline",
            Self::Missions => "missions",
            Self::Scenarios => "scenarios",
            Self::Runs => "runs",
        }
    }

    /// Title for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SearchAreas => "Search areas",
            Self::Datums => "Datums",
            Self::Trajectories => "Trajectories",
            Self::Particles => "Particles",
            Self::PocCells => "Cells of probability",
            Self::Shoreline => "Shoreline",
            Self::Missions => "Missions",
            Self::Scenarios => "Scenarios",
            Self::Runs => "Runs",
        }
    }

    /// What a feature of it is.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::SearchAreas => {
                "Smallest areas that hold the object with 50, 90 and 95 percent probability, one for each level and \
                 output time."
            }
            Self::Datums => "Mean and most likely position of the object at each output time.",
            Self::Trajectories => "Tracks of a fixed sample of the particles of each run.",
            Self::Particles => "Position of every particle at every output time.",
            Self::PocCells => {
                "Cells of the probability raster at each output time, with the probability that the object is in the \
                 cell, given that it is still adrift."
            }
            Self::Shoreline => {
                "Stretches of shore, with the probability that the object arrives there, and when it would."
            }
            Self::Missions => "Missions with results, at the last known position.",
            Self::Scenarios => "What may have happened: where and when the object began to drift, with its weight.",
            Self::Runs => "Computed answers, each as the box of all that it computed.",
        }
    }

    /// Where its features are kept.
    pub(crate) fn kept(self) -> Kept {
        match self {
            Self::SearchAreas => Kept::Rows(FeatureKind::SearchAreas),
            Self::Datums => Kept::Rows(FeatureKind::Datums),
            Self::Trajectories => Kept::Tracks,
            Self::Particles => Kept::Positions,
            Self::PocCells => Kept::Cells,
            Self::Shoreline => Kept::GeoJson("stranding.geojson"),
            Self::Missions | Self::Scenarios | Self::Runs => Kept::Made,
        }
    }

    /// Whether its features are points.
    pub(crate) fn is_points(self) -> bool {
        matches!(self, Self::Datums | Self::Particles | Self::Missions)
    }

    /// What its geometries are, as JSON Schema names them.
    pub(crate) fn geometry_kind(self) -> &'static str {
        match self {
            Self::SearchAreas | Self::PocCells | Self::Runs => "polygon-or-multipolygon",
            Self::Datums | Self::Particles | Self::Missions => "point",
            Self::Trajectories | Self::Shoreline => "linestring-or-multilinestring",
            Self::Scenarios => "any",
        }
    }

    /// Whether a run has so few of them that counting those that match costs next to nothing.
    pub(crate) fn is_small(self) -> bool {
        !matches!(self.kept(), Kept::Positions | Kept::Cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_is_found_by_its_id_and_nothing_else_is() {
        for collection in Collection::ALL {
            assert_eq!(Collection::find(collection.id()), Some(collection));
        }
        assert_eq!(Collection::find("dUmmYColLection"), None);
        assert_eq!(Collection::find(""), None);
    }
}
