//! The fixture server that stands for the providers, checked by other people's decoders: ecCodes and netCDF4 read its
//! files, and find the date that was asked for and the values of the bundled fields.

use driftline_provider::{Catalogue, Feed, Provider};
use jiff::Timestamp;

use crate::harness::{python, repository};

#[test]
fn ec_codes_and_netcdf_find_the_bundled_fields_in_what_the_fixture_serves_at_another_date() {
    let midnight: Timestamp = "2027-02-28T00:00:00Z".parse().unwrap();
    let six: Timestamp = "2027-02-28T06:00:00Z".parse().unwrap();
    let catalogue = [Feed::CmemsCurrents, Feed::CmemsWaves, Feed::Norkyst, Feed::Meps]
        .into_iter()
        .fold(Catalogue::empty(), |all, feed| all.cycle(feed, midnight));
    let catalogue = [Feed::Gfs, Feed::GfsWave, Feed::Ecmwf]
        .into_iter()
        .fold(catalogue, |all, feed| all.cycle(feed, six));
    let provider = Provider::start_blocking(catalogue).unwrap();
    let forcing = repository().join("tests/data/forcing");
    let found = python("provider_fields.py", &[&provider.base_url(), forcing.to_str().unwrap()]);

    let packings = [
        "grid_complex_spatial_differencing",
        "grid_jpeg",
        "grid_ccsds",
        "grid_simple",
    ];
    for (file, packing) in ["gfs", "gfswave", "ecmwf", "filter"].iter().zip(packings) {
        assert_eq!(found[file]["packing"], packing, "{found:#}");
        assert_eq!(found[file]["valid"], "2027-03-05T09:00", "{found:#}");
        // Half a digit of the coarsest of these packings.
        assert!(found[file]["worst"].as_f64().unwrap() <= 0.0051, "{found:#}");
    }
    for (file, times) in [("currents", 24), ("waves", 4), ("norkyst", 24), ("meps", 1)] {
        assert_eq!(found[file]["times"], times, "{found:#}");
        assert_eq!(found[file]["format"], "NETCDF4", "{found:#}");
        assert!(found[file]["worst"].as_f64().unwrap() <= 0.001, "{found:#}");
    }
    assert_eq!(found["currents"]["first"], "2027-03-01T00:00", "{found:#}");
    assert_eq!(found["waves"]["first"], "2027-02-28T03:00", "{found:#}");
}
