//! What operators see and rely on: metrics that Prometheus's own linter accepts, rules and dashboards that ask for metrics there
//! are, log lines with ids, spans for a collector, and how a process ends.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Client, Launch, Prepared, mission_off_norway, repository, run};
use crate::scale_out::until;

fn tool(name: &str) -> PathBuf {
    let path = repository().join(".servers-env/bin").join(name);
    assert!(
        path.exists(),
        "{} is not there: run deploy/setup/services.sh, as `make test` does",
        path.display()
    );
    path
}

fn metrics(client: &Client) -> String {
    let plain = [("accept", "text/plain")];
    client
        .send("GET", "/metrics", &plain, b"")
        .unwrap()
        .expect(200, "metrics")
        .text()
}

/// A server on which everything has happened that metrics tell of, and what they then tell.
fn metrics_of_a_busy_server(prepared: &Prepared) -> String {
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    // Sums over many rows are asked for once a minute, and computations are counted from the first look on.
    for _ in 0..2 {
        let posted = client.post("/v1/missions", &mission_off_norway(6, 500));
        let posted = posted.expect(202, "POST").json();
        client.wait_for(posted["id"].as_str().unwrap());
        metrics(&client);
    }
    client.get("/ogc/collections/datums/items").expect(200, "items");
    client.get("/v1/missions/nonsense").expect(404, "nothing");
    client.get("/no/such/path?key=secret").expect(404, "nothing");
    // Numbers of the queue are asked for at most every few seconds.
    let mut told = String::new();
    let limit = Instant::now() + Duration::from_secs(20);
    while !told.contains("driftline_mission_computation_seconds_count 1") {
        assert!(Instant::now() < limit, "{told}");
        std::thread::sleep(Duration::from_millis(200));
        told = metrics(&client);
    }
    server.stop(&[]);
    told
}

#[test]
fn metrics_tell_of_requests_queue_ledger_and_database_and_promtool_has_nothing_to_say() {
    let prepared = Prepared::new();
    let told = metrics_of_a_busy_server(&prepared);
    for line in [
        "driftline_http_requests_total{route=\"/v1/missions\",method=\"POST\",status=\"202\"} 2",
        "driftline_http_requests_total{route=\"/v1/missions/{mission_id}\",method=\"GET\",status=\"404\"} 1",
        "driftline_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1",
        "driftline_http_request_duration_seconds_count{route=\"/ogc/collections/{collection_id}/items\"} 1",
        "driftline_http_requests_in_flight 1",
        "driftline_queue_waiting{priority=\"urgent\"} 0",
        "driftline_queue_oldest_wait_seconds{priority=\"normal\"} 0",
        "driftline_workers 2",
        "driftline_workers_busy 0",
        "driftline_database_up 1",
        "driftline_usage_log_lag_records",
        "driftline_database_connections_most",
        "driftline_build_info{version=",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.contains("secret") && !told.contains("no/such"), "{told}");
    let mut check = Command::new(tool("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let said = check.wait_with_output().unwrap();
    let words = [said.stdout, said.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&words), "", "{told}");
    assert!(said.status.success());
    rules_and_dashboards_ask_for_metrics_there_are(&told);
}

/// Names of our metrics in an expression.
fn names_in(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("driftline_"))
        .map(str::to_owned)
        .collect()
}

fn rules_and_dashboards_ask_for_metrics_there_are(told: &str) {
    let monitoring = repository().join("deploy/monitoring");
    let rules = monitoring.join("rules.yml");
    let checked = run(Command::new(tool("promtool"))
        .args(["check", "rules", "--lint-fatal"])
        .arg(&rules));
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let tested = run(Command::new(tool("promtool"))
        .args(["test", "rules"])
        .arg(monitoring.join("rules_test.yml")));
    assert!(
        tested.status.success(),
        "{}",
        String::from_utf8_lossy(&[tested.stdout, tested.stderr].concat())
    );
    let mut asked = names_in(&std::fs::read_to_string(&rules).unwrap());
    let mut dashboards = 0;
    for entry in std::fs::read_dir(monitoring.join("dashboards"))
        .unwrap()
        .map(Result::unwrap)
    {
        let board: Value = serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap();
        for expression in expressions(&board) {
            asked.extend(names_in(&expression));
            parses(&expression);
        }
        dashboards += 1;
    }
    assert_eq!(dashboards, 4);
    // Of feeds a server without feeds tells nothing; their names stand in their own test.
    for name in asked.iter().filter(|name| !name.starts_with("driftline_feed_")) {
        assert!(
            told.lines().any(|line| line.starts_with(name.as_str())),
            "{name} in {told}"
        );
    }
}

fn expressions(board: &Value) -> Vec<String> {
    match board {
        Value::Object(members) => {
            let own = members.get("expr").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(expressions)).collect()
        }
        Value::Array(items) => items.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

/// An expression that promtool reads: a rule made of it is one.
fn parses(expression: &str) {
    let rule = serde_json::json!({"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": expression}]}]});
    let file = crate::harness::scratch("rule");
    let path = file.path().join("rule.yml");
    std::fs::write(&path, rule.to_string()).unwrap();
    let checked = run(Command::new(tool("promtool")).args(["check", "rules"]).arg(&path));
    assert!(
        checked.status.success(),
        "{expression}: {}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn log_lines_name_service_node_request_organisation_and_mission() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let answer = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST");
    let request = answer.header("x-request-id").unwrap().to_owned();
    let mission = answer.json()["id"].as_str().unwrap().to_owned();
    client.wait_for(&mission);
    let lines: Vec<Value> = server
        .stop(&[])
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for line in &lines {
        assert_eq!(
            (&line["service"], &line["node"]),
            (&"driftline".into(), &"node-1".into()),
            "{line}"
        );
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    let answered = lines
        .iter()
        .find(|line| line["request.id"] == request.as_str())
        .unwrap();
    assert!(
        answered["duration_ms"].is_number() && answered["status"] == 202,
        "{answered}"
    );
    let completed = lines
        .iter()
        .find(|line| line["mission.id"] == mission.as_str() && line["message"] == "mission completed")
        .unwrap();
    assert!(completed["duration_ms"].is_number(), "{completed}");
    assert_eq!(completed["org.id"], answered["org.id"]);
}

/// Path and body of a request.
type Taken = (String, Vec<u8>);

/// A collector that takes what it is sent and keeps it.
struct Collector {
    endpoint: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Collector {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Vec<_>>> = Arc::default();
        let keep = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let keep = Arc::clone(&keep);
                std::thread::spawn(move || take(stream, &keep));
            }
        });
        Self { endpoint, taken }
    }

    /// Whether this stands in anything that was sent. Texts and bytes stand in protobuf as they are.
    fn has(&self, bytes: &[u8]) -> bool {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .any(|(_, body)| body.windows(bytes.len()).any(|window| window == bytes))
    }
}

fn take(stream: TcpStream, keep: &Mutex<Vec<(String, Vec<u8>)>>) {
    let mut writing = stream.try_clone().unwrap();
    let mut reading = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reading.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head += &line;
        }
        let mut body = vec![0; length];
        reading.read_exact(&mut body).unwrap();
        keep.lock().unwrap().push((head, body));
        if writing
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn spans_of_requests_go_to_a_collector_with_the_callers_trace() {
    let prepared = Prepared::new();
    let collector = Collector::open();
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.clone()),
        ("OTEL_SERVICE_NAME", "driftline-of-a-test".to_owned()),
        ("DRIFTLINE__SERVER__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
    ];
    let server = Launch::on(&prepared.data()).with_settings(&settings).start();
    let client = server.client().with_key(&prepared.key);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let followed = client
        .send("GET", "/ogc/collections?f=json", &[("traceparent", &parent)], b"")
        .unwrap()
        .expect(200, "collections");
    let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    client
        .send("GET", "/v1/object-types", &[("traceparent", unsampled)], b"")
        .unwrap()
        .expect(200, "types");
    client.get("/no/such/path?key=dls_secret").expect(404, "nothing");
    server.stop(&[]);
    let bytes_of = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    assert!(collector.has(&bytes_of(trace)), "the caller's trace goes on");
    assert!(
        !collector.has(&bytes_of("0af7651916cd43dd8448eb211c80319c")),
        "and its wish not to be traced holds"
    );
    for text in [
        "driftline-of-a-test",
        "http.route",
        "/ogc/collections",
        "http.response.status_code",
        "driftline.org.id",
        followed.header("x-request-id").unwrap(),
    ] {
        assert!(collector.has(text.as_bytes()), "{text}");
    }
    assert!(
        !collector.has(b"no/such") && !collector.has(b"dls_"),
        "paths and keys are not told"
    );
    let taken = collector.taken.lock().unwrap();
    assert!(
        taken.iter().all(|(head, _)| head.starts_with("POST /v1/traces ")),
        "{:?}",
        taken[0].0
    );
}

#[test]
fn a_collector_that_is_away_delays_nothing() {
    let prepared = Prepared::new();
    let settings = [(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://127.0.0.1:{}", crate::harness::free_port()),
    )];
    let server = Launch::on(&prepared.data()).with_settings(&settings).start();
    server.client().get("/ready").expect(200, "ready");
    let began = Instant::now();
    server.stop(&["BatchSpanProcessor", "spans", "OpenTelemetry"]);
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_process_that_is_told_to_end_says_so_answers_on_and_closes_connections() {
    let prepared = Prepared::new();
    let settings = [("DRIFTLINE__SERVER__DRAIN_S", "3".to_owned())];
    let server = Launch::on(&prepared.data()).with_settings(&settings).start();
    let base = server.base().to_owned();
    let address = base.strip_prefix("http://").unwrap();
    let mut kept = TcpStream::connect(address).unwrap();
    let ask = |stream: &mut TcpStream, path: &str| {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let (mut told, mut bytes) = (Vec::new(), [0; 4096]);
        while !told.windows(4).any(|window| window == b"\r\n\r\n") {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "closed before the answer");
            told.extend_from_slice(&bytes[..read]);
        }
        String::from_utf8_lossy(&told).to_lowercase()
    };
    assert!(!ask(&mut kept, "/health").contains("connection: close"));
    let stopping = std::thread::spawn(move || server.stop(&[]));
    let client = Client::new(&base);
    until("it is not ready any more", || client.get("/ready").status == 503);
    assert_eq!(client.get("/ready").json()["status"], "draining");
    client.get("/health").expect(200, "a new connection is answered");
    let answered = ask(&mut kept, "/health");
    assert!(
        answered.starts_with("http/1.1 200") && answered.contains("connection: close"),
        "{answered}"
    );
    kept.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).unwrap();
    stopping.join().unwrap();
    assert!(TcpStream::connect(base.strip_prefix("http://").unwrap()).is_err());
}

/// The files of `deploy/` are read by the programs that they are for, or by their schemas.
#[test]
fn deployment_files_are_valid() {
    let deploy = repository().join("deploy");
    let of = |path: &str| deploy.join(path).display().to_string();
    let verified = run(Command::new("systemd-analyze").args(["verify", "--man=no", &of("systemd/driftline.service")]));
    // It ends with 0 also where it complains.
    let words = String::from_utf8_lossy(&verified.stderr).into_owned();
    let about_us: Vec<&str> = words
        .lines()
        .filter(|line| line.contains("driftline.service") && !line.contains("is not executable"))
        .collect();
    assert_eq!(about_us, Vec::<&str>::new(), "{words}");
    for mut check in [
        {
            let mut check = Command::new(tool("check-jsonschema"));
            check.args(["--builtin-schema", "vendor.compose-spec", &of("compose.yaml")]);
            check
        },
        {
            let mut check = Command::new(tool("hadolint"));
            check.arg(of("Dockerfile"));
            check
        },
        {
            let mut check = Command::new(tool("promtool"));
            check.args(["check", "config", "--syntax-only", &of("monitoring/prometheus.yml")]);
            check
        },
    ] {
        let done = run(&mut check);
        let words = [done.stdout, done.stderr].concat();
        assert!(done.status.success(), "{check:?}: {}", String::from_utf8_lossy(&words));
    }
    let folder = crate::harness::scratch("nginx");
    nginx_accepts(&deploy.join("nginx/driftline.conf"), folder.path());
}

fn nginx_accepts(example: &Path, folder: &Path) {
    let (certificate, key) = (folder.join("c.pem"), folder.join("k.pem"));
    let made = run(Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=h",
            "-days",
            "1",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = std::fs::read_to_string(example)
        .unwrap()
        .replace("/etc/ssl/driftline/certificate.pem", certificate.to_str().unwrap())
        .replace("/etc/ssl/driftline/key.pem", key.to_str().unwrap())
        .replace("listen 443 ssl", "listen 127.0.0.1:18443 ssl");
    std::fs::write(folder.join("site.conf"), text).unwrap();
    let whole = format!(
        "pid {0}/pid; error_log {0}/error.log; events {{}} http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path \
         {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {0}/site.conf; }}",
        folder.display()
    );
    std::fs::write(folder.join("nginx.conf"), whole).unwrap();
    let checked = run(Command::new(tool("nginx"))
        .arg("-t")
        .arg("-c")
        .arg(folder.join("nginx.conf")));
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
