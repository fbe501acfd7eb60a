//! The router in process, on a real database in a temporary folder, with real keys and real authentication.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod blue_lake;
#[cfg(test)]
mod caching;
#[cfg(test)]
mod capabilities;
#[cfg(test)]
mod cells;
#[cfg(test)]
mod content;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod edr;
#[cfg(test)]
mod edr_refusals;
#[cfg(test)]
mod events;
#[cfg(test)]
mod feature_info;
#[cfg(test)]
mod features;
#[cfg(test)]
mod forcing;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod links;
#[cfg(test)]
mod map_answers;
#[cfg(test)]
mod map_clients;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod mission_order;
#[cfg(test)]
mod missions;
#[cfg(test)]
mod nonsense;
#[cfg(test)]
mod ogc_tiles;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod particle_tiles;
#[cfg(test)]
mod particles;
#[cfg(test)]
mod pixels;
#[cfg(test)]
mod positions;
#[cfg(test)]
mod process_jobs;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod projections;
#[cfg(test)]
mod ranges;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod stac;
#[cfg(test)]
mod styles;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod usage_report;
#[cfg(test)]
mod waves;
#[cfg(test)]
mod wms_styles;
#[cfg(test)]
mod wmts;
#[cfg(test)]
mod zarr;

/// What holds on one engine holds on the other.
#[test]
fn all_of_it_again_on_a_server() {
    databases::again_on_a_server("", &[]);
}
