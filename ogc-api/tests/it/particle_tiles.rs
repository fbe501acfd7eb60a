//! Particles in vector tiles: counted by cells below zoom 10, each where it is from there on.

use crate::content::publish;
use crate::forcing::time;
use crate::service::Service;
use crate::tiles::{features, number, particles_in};

/// Place in units of tiles of a zoom by the textbook's formula.
fn units(zoom: u32, lon: f64, lat: f64) -> (i64, i64) {
    let (x, y) = (
        (lon + 180.0) / 360.0,
        (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0,
    );
    let n = f64::from(1u32 << zoom) * 4096.0;
    ((x * n).round() as i64, (y * n).round() as i64)
}

#[tokio::test]
async fn from_zoom_10_on_particles_stand_where_they_are_with_their_attributes() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let at = time(4);
    let expected = known.particles.iter().filter(|particle| particle.time_s == at.unix_s());
    let mut seen = 0;
    for (id, particle) in expected.enumerate() {
        let (x, y) = units(10, particle.corner.0, particle.corner.1);
        let path = format!(
            "/missions/{mission}/tiles/particles/10/{}/{}.mvt?datetime={at}",
            x / 4096,
            y / 4096
        );
        let found = features(&service.get(&path).await, "particles");
        let own = found
            .iter()
            .find(|feature| number(&feature.attributes["particle_id"]) as usize == id);
        let own = own.unwrap_or_else(|| panic!("{id} is not in {path}"));
        assert_eq!(own.attributes["valid_time"], at.to_string());
        let status = if id == 3 { "stranded" } else { "active" };
        assert_eq!(own.attributes["particle_status"], status);
        let [command, at_x, at_y] = own.commands[..] else {
            panic!("{:?}", own.commands)
        };
        assert_eq!(command, 9);
        let unzigzag = |value: u32| i64::from((value >> 1) as i32 ^ -((value & 1) as i32));
        let (off_x, off_y) = (unzigzag(at_x) - x % 4096, unzigzag(at_y) - y % 4096);
        assert!(off_x.abs() <= 1 && off_y.abs() <= 1, "{id}");
        seen += 1;
    }
    assert_eq!(seen, crate::content::PARTICLES);
}

#[tokio::test]
async fn below_zoom_10_cells_count_every_particle_once() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let at = time(6);
    for (set, zooms) in [("WebMercatorQuad", 0..10u32), ("WorldCRS84Quad", 0..10)] {
        for zoom in zooms {
            let about = format!("/missions/{mission}/ogc/collections/particles/tiles/{set}");
            let limits = service.get(&about).await.json()["tileMatrixSetLimits"][zoom as usize].clone();
            let range = |low: &str, high: &str| limits[low].as_u64().unwrap()..=limits[high].as_u64().unwrap();
            let (mut count, mut stranded) = (0, 0.0);
            for row in range("minTileRow", "maxTileRow") {
                for col in range("minTileCol", "maxTileCol") {
                    let answer = service.get(&format!("{about}/{zoom}/{row}/{col}?datetime={at}")).await;
                    let found = features(&answer, "particles");
                    count += particles_in(&found);
                    for cell in &found {
                        let share: f64 = cell.attributes["share_stranded"]
                            .trim_matches(|c: char| !c.is_ascii_digit() && c != '.')
                            .parse()
                            .unwrap();
                        stranded += share * number(&cell.attributes["count"]) as f64;
                    }
                }
            }
            assert_eq!(count as usize, crate::content::PARTICLES, "{set} {zoom}");
            // Shares are rounded to a thousandth of at most 30 particles.
            assert!((stranded - 1.0).abs() < 0.016, "{set} {zoom}: {stranded}");
        }
    }
}
