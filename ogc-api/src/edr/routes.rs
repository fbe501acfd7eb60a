//! The routes of an EDR root: at the tenant's, and at each mission's.

use axum::extract::State;
use axum::routing::{MethodRouter, get};

use super::request::QueryType;
use super::{data, description, locations, schema};
use crate::AppState;
use crate::features::RootAsk;
use crate::routes::Route;

/// The paths below a root in the order of [`handlers`].
macro_rules! paths {
    ($root:literal) => {
        [
            $root,
            concat!($root, "/conformance"),
            concat!($root, "/api"),
            concat!($root, "/collections"),
            concat!($root, "/collections/{collection_id}"),
            concat!($root, "/collections/{collection_id}/position"),
            concat!($root, "/collections/{collection_id}/radius"),
            concat!($root, "/collections/{collection_id}/area"),
            concat!($root, "/collections/{collection_id}/cube"),
            concat!($root, "/collections/{collection_id}/trajectory"),
            concat!($root, "/collections/{collection_id}/corridor"),
            concat!($root, "/collections/{collection_id}/coverage"),
            concat!($root, "/collections/{collection_id}/locations"),
            concat!($root, "/collections/{collection_id}/locations/{location_id}"),
            concat!($root, "/collections/{collection_id}/schema"),
            concat!($root, "/collections/{collection_id}/instances"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/position"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/radius"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/area"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/cube"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/trajectory"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/corridor"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/coverage"),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/locations"),
            concat!(
                $root,
                "/collections/{collection_id}/instances/{instance_id}/locations/{location_id}"
            ),
            concat!($root, "/collections/{collection_id}/instances/{instance_id}/schema"),
        ]
    };
}

/// Every route of both kinds of root.
pub(crate) fn routes() -> Vec<Route> {
    let tenant = paths!("/edr").into_iter().zip(handlers());
    let mission = paths!("/missions/{mission_id}/edr").into_iter().zip(handlers());
    tenant.chain(mission).collect()
}

fn handlers() -> Vec<MethodRouter<AppState>> {
    let mut handlers = vec![
        get(description::landing),
        get(description::conformance),
        get(description::api),
        get(description::collections),
    ];
    handlers.push(get(description::collection));
    handlers.extend(of_subject());
    handlers.push(get(description::instance_list));
    handlers.push(get(description::collection));
    handlers.extend(of_subject());
    handlers
}

/// What a collection and an instance have alike.
fn of_subject() -> [MethodRouter<AppState>; 10] {
    [
        query(QueryType::Position),
        query(QueryType::Radius),
        query(QueryType::Area),
        query(QueryType::Cube),
        query(QueryType::Trajectory),
        query(QueryType::Corridor),
        query(QueryType::Coverage),
        get(locations::list),
        get(data::at_location),
        get(schema::schema),
    ]
}

fn query(kind: QueryType) -> MethodRouter<AppState> {
    get(move |State(state): State<AppState>, asked: RootAsk| data::query(state, asked, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_a_handler() {
        assert_eq!(paths!("/edr").len(), handlers().len());
    }
}
