//! The compact binary of all particles, decoded by its description and compared with what is known of every one.

use std::io::Read;

use http::Method;

use crate::content::{KnownRun, PARTICLES, T0_S, publish};
use crate::service::{Answer, Service};

const HOURS: usize = 6;

struct Decoded {
    steps: usize,
    first_s: i64,
    step_s: u32,
    end_step: Vec<u16>,
    status: Vec<u8>,
    /// Longitude and latitude, time by time.
    places: Vec<(f64, f64)>,
}

fn decode(bytes: &[u8]) -> Decoded {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let u16_at = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap());
    let f64_at = |at: usize| f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((&bytes[..4], u16_at(4), u16_at(6)), (&b"DLPT"[..], 1, 0));
    let (n, steps) = (u32_at(8) as usize, u32_at(12) as usize);
    let [x0, y0, x1, y1] = [16, 24, 32, 40].map(f64_at);
    let data = u32_at(60) as usize;
    let positions = (data + 3 * n).next_multiple_of(4);
    assert_eq!(bytes.len(), positions + 4 * n * steps);
    let place = |k: usize| {
        let share = |at: usize| f64::from(u16_at(at)) / 65_535.0;
        let (x, y) = (
            x0 + share(positions + 4 * k) * (x1 - x0),
            y0 + share(positions + 4 * k + 2) * (y1 - y0),
        );
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
        (x * 360.0 - 180.0, lat)
    };
    Decoded {
        steps,
        first_s: i64::from_le_bytes(bytes[48..56].try_into().unwrap()),
        step_s: u32_at(56),
        end_step: (0..n).map(|k| u16_at(data + 2 * k)).collect(),
        status: bytes[data + 2 * n..data + 3 * n].to_vec(),
        places: (0..n * steps).map(place).collect(),
    }
}

async fn published(service: &Service, place: (f64, f64)) -> (String, KnownRun) {
    let (mission, known) = publish(service, &service.ours, place, HOURS as i64).await;
    (format!("/v1/missions/{mission}/particles"), known)
}

fn check(decoded: &Decoded, known: &KnownRun, ids: &[usize]) {
    assert_eq!(
        (decoded.steps, decoded.first_s, decoded.step_s),
        (HOURS + 1, T0_S, 3_600)
    );
    assert_eq!(decoded.end_step.len(), ids.len());
    for step in 0..decoded.steps {
        for (k, &id) in ids.iter().enumerate() {
            let (lon, lat) = decoded.places[step * ids.len() + k];
            let expected = known.particles[step * PARTICLES + id].corner;
            // The box is a degree wide, and a place in it has 16 bits.
            assert!(
                (lon - expected.0).abs() < 2e-5,
                "{step} {id}: {lon} is not {}",
                expected.0
            );
            assert!(
                (lat - expected.1).abs() < 2e-5,
                "{step} {id}: {lat} is not {}",
                expected.1
            );
        }
    }
    for (k, &id) in ids.iter().enumerate() {
        let (end, status) = if id == 3 { (2, 1) } else { (65_535, 0) };
        assert_eq!((decoded.end_step[k], decoded.status[k]), (end, status), "{id}");
    }
}

#[tokio::test]
async fn every_particle_is_where_it_was_at_every_time() {
    let service = Service::start().await;
    for place in [(3.0, 59.5), (179.737, -17.0)] {
        let (path, known) = published(&service, place).await;
        let answer = service.get(&path).await;
        assert_eq!(answer.header("content-type"), "application/vnd.driftline.particles");
        assert_eq!(answer.header("x-test-bill"), "particles 1 false");
        assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
        check(&decode(&answer.body), &known, &(0..PARTICLES).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn max_thins_evenly_and_is_checked() {
    let service = Service::start().await;
    let (path, known) = published(&service, (3.0, 59.5)).await;
    let ten = service.get(&format!("{path}?max=10")).await;
    check(&decode(&ten.body), &known, &(0..10).map(|k| 3 * k).collect::<Vec<_>>());
    let all = service.get(&format!("{path}?max=200000")).await;
    assert_eq!(decode(&all.body).end_step.len(), PARTICLES);
    for bad in [
        "max=0",
        "max=-1",
        "max=",
        "max=ten",
        "max=200001",
        "max=1e3",
        "maximum=5",
    ] {
        let answer = service.get(&format!("{path}?{bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    let waiting = service.accept(&service.ours).await.id;
    assert_eq!(
        service.get(&format!("/v1/missions/{waiting}/particles")).await.status,
        409
    );
    assert_eq!(service.get("/v1/missions/mis_0/particles").await.status, 404);
}

async fn with(service: &Service, path: &str, headers: &[(&str, &str)]) -> Answer {
    service.ask(Method::GET, path, &service.ours.key, headers).await
}

#[tokio::test]
async fn forms_and_parts_are_those_of_one_content() {
    let service = Service::start().await;
    let (path, _) = published(&service, (3.0, 59.5)).await;
    let plain = service.get(&path).await;
    let mut tags = vec![plain.header("etag").to_owned()];
    for (accept, encoding) in [("gzip", "gzip"), ("gzip, br", "br")] {
        let answer = with(&service, &path, &[("accept-encoding", accept)]).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert!(answer.header("vary").to_ascii_lowercase().contains("accept-encoding"));
        let mut bytes = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(&answer.body[..])
                .read_to_end(&mut bytes)
                .unwrap(),
            _ => brotli::Decompressor::new(&answer.body[..], 4096)
                .read_to_end(&mut bytes)
                .unwrap(),
        };
        assert_eq!(bytes, plain.body);
        tags.push(answer.header("etag").to_owned());
    }
    for tag in &tags {
        assert_eq!(
            tags.iter().filter(|other| *other == tag).count(),
            1,
            "each form has its own tag"
        );
        let again = with(&service, &path, &[("if-none-match", tag)]).await;
        assert_eq!(
            (again.status.as_u16(), again.body.len(), again.header("x-test-bill")),
            (304, 0, "")
        );
    }
    let part = with(&service, &path, &[("range", "bytes=4-67"), ("accept-encoding", "br")]).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &plain.body[4..68]));
    assert_eq!(part.header("content-range"), format!("bytes 4-67/{}", plain.body.len()));
    assert_eq!(part.header("etag"), tags[0]);
    let beyond = with(&service, &path, &[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", plain.body.len()));
}
