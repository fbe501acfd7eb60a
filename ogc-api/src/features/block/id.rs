//! Identifiers of features that are not rows of the database: run, collection and row.

use driftline_domain::RunId;

use crate::features::collection::Collection;

/// Run and row of an id of features that are not rows of the database; one feature has one spelling.
pub(crate) fn parse_id(collection: Collection, id: &str) -> Option<(RunId, u64)> {
    let (run, rest) = id.split_once('.')?;
    let row = rest.strip_prefix(collection.id())?.strip_prefix('.')?;
    let row: u64 = row.parse().ok()?;
    let run = run.parse().ok()?;
    (format!("{run}.{}.{row}", collection.id()) == id).then_some((run, row))
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any text read as an id, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn read_id(text: &str) {
    for collection in Collection::ALL {
        if let Some((run, row)) = parse_id(collection, text) {
            assert_eq!(format!("{run}.{}.{row}", collection.id()), text, "a feature has one id");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let run = RunId::generate();
        let id = format!("{run}.particles.12");
        assert_eq!(parse_id(Collection::Particles, &id), Some((run, 12)));
        for bad in [
            format!("{run}.particles.012"),
            format!("{run}.particles.+1"),
            format!("{run}.particles.-1"),
            format!("{run}.particles."),
            format!("{run}.particles.99999999999999999999999"),
            format!("{run}.trajectories.1"),
            format!("{run}."),
            "run_x.particles.1".to_owned(),
            String::new(),
        ] {
            assert_eq!(parse_id(Collection::Particles, &bad), None, "{bad}");
        }
    }
}
