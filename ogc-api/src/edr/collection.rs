//! The collections of an EDR root. All of them answer data queries; what has features only stands under `/ogc`.

use driftline_domain::ForcingKind;

use super::parameter::Parameter;
use crate::maps::Layer;

/// A collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    /// Surface currents.
    Currents,
    /// Wind.
    Wind,
    /// Waves.
    Waves,
    /// Probability density of a mission's run.
    Probability,
}

impl Collection {
    /// Every collection, in the order of lists.
    pub(crate) const ALL: [Self; 4] = [Self::Currents, Self::Wind, Self::Waves, Self::Probability];

    /// The collection of this identifier.
    pub(crate) fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collection| collection.id() == id)
    }

    /// The layer that shows the same.
    pub(crate) fn layer(self) -> Layer {
        match self {
            Self::Currents => Layer::Currents,
            Self::Wind => Layer::Wind,
            Self::Waves => Layer::Waves,
            Self::Probability => Layer::Probability,
        }
    }

    /// Identifier in paths.
    pub(crate) fn id(self) -> &'static str {
        self.layer().id()
    }

    /// The kind of forcing; `None` for results.
    pub(crate) fn forcing(self) -> Option<ForcingKind> {
        self.layer().forcing()
    }

    /// What can be asked of it.
    pub(crate) fn parameters(self) -> &'static [Parameter] {
        match self.forcing() {
            Some(kind) => Parameter::of_forcing(kind),
            None => Parameter::of_probability(),
        }
    }
}
