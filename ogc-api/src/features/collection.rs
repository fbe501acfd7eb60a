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
}

impl Collection {
    /// Every collection, in the order of lists.
    pub(crate) const ALL: [Self; 4] = [Self::SearchAreas, Self::Datums, Self::Trajectories, Self::Particles];

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
        }
    }

    /// Title for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SearchAreas => "Search areas",
            Self::Datums => "Datums",
            Self::Trajectories => "Trajectories",
            Self::Particles => "Particles",
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
        }
    }

    /// Where its features are kept.
    pub(crate) fn kept(self) -> Kept {
        match self {
            Self::SearchAreas => Kept::Rows(FeatureKind::SearchAreas),
            Self::Datums => Kept::Rows(FeatureKind::Datums),
            Self::Trajectories => Kept::Tracks,
            Self::Particles => Kept::Positions,
        }
    }

    /// Whether its features are points.
    pub(crate) fn is_points(self) -> bool {
        matches!(self, Self::Datums | Self::Particles)
    }

    /// What its geometries are, as JSON Schema names them.
    pub(crate) fn geometry_kind(self) -> &'static str {
        match self {
            Self::SearchAreas => "polygon-or-multipolygon",
            Self::Datums | Self::Particles => "point",
            Self::Trajectories => "linestring-or-multilinestring",
        }
    }

    /// Whether a run has so few of them that counting those that match costs next to nothing.
    pub(crate) fn is_small(self) -> bool {
        matches!(self.kept(), Kept::Rows(_))
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
