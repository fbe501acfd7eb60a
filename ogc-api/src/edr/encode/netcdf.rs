//! NetCDF-4 through the writer of the crate `simulate`, which holds the library in C.

use driftline_simulate::values_netcdf::{Layout, ValuesFile, ValuesVariable, write};

use super::super::coverage::{Answer, Coverage, Domain};
use crate::Error;

pub(super) fn encode(answer: &Answer) -> Result<Vec<u8>, Error> {
    let layout = layout(&answer.coverages)?;
    let variables = answer.parameters.iter().enumerate().map(|(number, parameter)| {
        let ranges = answer
            .coverages
            .iter()
            .filter_map(|coverage| coverage.ranges.get(number));
        ValuesVariable {
            name: parameter.id,
            standard_name: parameter.is_cf.then_some(parameter.id),
            long_name: parameter.label,
            units: parameter.cf_unit,
            values: ranges.flatten().copied().collect(),
        }
    });
    let file = ValuesFile {
        title: answer.title.clone(),
        attribution: answer.attribution.join("; "),
        layout,
        variables: variables.collect(),
    };
    write(&file).map_err(|error| Error::Internal(format!("NetCDF: {error}")))
}

fn layout(coverages: &[Coverage]) -> Result<Layout, Error> {
    let mixed = || Error::Internal("coverages of different kinds in one file".to_owned());
    match &coverages.first().ok_or_else(mixed)?.domain {
        Domain::Grid { lon, lat, times } => Ok(Layout::Grid {
            times: times.clone(),
            lat: lat.clone(),
            lon: lon.clone(),
        }),
        Domain::PointSeries { .. } => {
            let series = coverages.iter().map(|coverage| match &coverage.domain {
                Domain::PointSeries { place, times } => Ok((*place, times.clone())),
                _ => Err(mixed()),
            });
            Ok(Layout::Series(series.collect::<Result<_, _>>()?))
        }
        Domain::Trajectory(_) => {
            let paths = coverages.iter().map(|coverage| match &coverage.domain {
                Domain::Trajectory(positions) => Ok(positions.clone()),
                _ => Err(mixed()),
            });
            Ok(Layout::Trajectories(paths.collect::<Result<_, _>>()?))
        }
    }
}
