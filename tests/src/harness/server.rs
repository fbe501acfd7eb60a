//! The running server: started on a free port, watched, and ended in the way a test asks for.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Client, Commands};
use crate::powercut::Disk;

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How a server is started.
pub(crate) struct Launch<'a> {
    data: PathBuf,
    disk: Option<&'a Disk>,
    public_base: Option<String>,
    coast: Option<PathBuf>,
    settings: Vec<(&'static str, String)>,
    listen: String,
    roles: Option<&'static str>,
}

impl<'a> Launch<'a> {
    /// A server on this data directory.
    pub(crate) fn on(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            disk: None,
            public_base: None,
            coast: None,
            settings: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
            roles: None,
        }
    }

    /// On this address instead of a free port.
    pub(crate) fn at(mut self, listen: &str) -> Self {
        self.listen = listen.to_owned();
        self
    }

    /// With these roles only.
    pub(crate) fn with_roles(mut self, roles: &'static str) -> Self {
        self.roles = Some(roles);
        self
    }

    /// With links that begin with this.
    pub(crate) fn under(mut self, public_base: &str) -> Self {
        self.public_base = Some(public_base.to_owned());
        self
    }

    /// With a coast file of the operator's own.
    pub(crate) fn with_coast(mut self, file: &Path) -> Self {
        self.coast = Some(file.to_owned());
        self
    }

    /// With these variables in its environment.
    pub(crate) fn with_settings(mut self, settings: &[(&'static str, String)]) -> Self {
        self.settings = settings.to_vec();
        self
    }

    /// On a disk that notes what is made durable.
    pub(crate) fn watched_by(mut self, disk: &'a Disk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(self) -> Server {
        let mut command = Commands::on(&self.data).command(&["serve", "--listen", &self.listen]);
        if let Some(roles) = self.roles {
            command.args(["--roles", roles]);
        }
        command.env("DRIFTLINE__LOG__FORMAT", "json");
        // Without a proxy nobody has to notice that a server ends.
        command.env("DRIFTLINE__SERVER__DRAIN_S", "0").envs(self.settings);
        if let Some(base) = self.public_base {
            command.env("PUBLIC_BASE_URL", base);
        }
        if let Some(coast) = self.coast {
            command.env("DRIFTLINE__COAST__FILE", coast);
        }
        if let Some(disk) = self.disk {
            disk.watch(&mut command);
        }
        let mut child = spawn(&mut command);
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, address) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || follow(stderr, &log, &found)
        });
        let mut server = Server {
            child,
            base: String::new(),
            log,
            reader: Some(reader),
        };
        server.base = address
            .recv_timeout(START_LIMIT)
            .unwrap_or_else(|_| panic!("the server names no address\n{}", server.log_text()));
        server.wait_until_ready();
        server
    }
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Keeps what the server logs, and hands over the address that it says it listens on.
fn follow(stderr: impl BufRead, log: &Mutex<Vec<String>>, found: &Sender<String>) {
    for line in stderr.lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("listening on http://") {
            let end = rest
                .find(|c: char| c == '"' || c == '/' || c.is_whitespace())
                .unwrap_or(rest.len());
            // Nobody waits any more once the first address has been taken.
            let _ = found.send(format!("http://{}", &rest[..end]));
        }
        log.lock().unwrap().push(line);
    }
}

/// A running server. A test that ends without `stop` or `kill` failed: then its log is shown.
pub(crate) struct Server {
    child: Child,
    base: String,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Where it listens, without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A client without a key.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn log_text(&self) -> String {
        self.log().join("\n")
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + START_LIMIT;
        let client = self.client();
        while !client
            .send("GET", "/ready", &[], b"")
            .is_ok_and(|answer| answer.status == 200)
        {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "the server ended\n{}",
                self.log_text()
            );
            assert!(
                Instant::now() < deadline,
                "the server does not become ready\n{}",
                self.log_text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as an operator does, and returns its log, which holds no warning or error and no key: what a test
    /// expects to be logged it names by a part of the line.
    pub(crate) fn stop(mut self, expected: &[&str]) -> Vec<String> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("sh")
                .args(["-c", &format!("kill -TERM {pid}")])
                .status()
                .unwrap()
                .success()
        );
        let status = self.wait(STOP_LIMIT);
        assert!(status.success(), "the server ended with {status}\n{}", self.log_text());
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.child.stdout.take().unwrap(), &mut said).unwrap();
        assert_eq!(said, "", "a server writes nothing on stdout");
        let log = self.log();
        for line in &log {
            let level = serde_json::from_str::<Value>(line)
                .ok()
                .and_then(|line| line["level"].as_str().map(str::to_owned));
            let bad = level.is_none_or(|level| ["WARN", "ERROR"].contains(&level.to_uppercase().as_str()));
            let bad = bad && !line.contains("listening on http://") && !expected.iter().any(|part| line.contains(part));
            assert!(!bad, "unexpected in the log: {line}");
            assert!(!holds_a_key(line), "a key in the log: {line}");
        }
        log
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.wait(STOP_LIMIT);
    }

    fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                if let Some(reader) = self.reader.take() {
                    reader.join().unwrap();
                }
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the server does not stop\n{}",
                self.log_text()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            // Already failing: nothing is left to be done about a child that cannot be killed.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            println!("--- log of the server\n{}\n---", self.log_text());
        }
    }
}

/// Whether something of the form of an API key stands in a text: the prefix and 43 or more characters of its alphabet.
fn holds_a_key(text: &str) -> bool {
    ["dls_", "dlp_", "dls%5F", "dls%5f"].iter().any(|prefix| {
        text.match_indices(prefix).any(|(at, _)| {
            let rest = &text[at + prefix.len()..];
            rest.chars().take_while(char::is_ascii_alphanumeric).count() >= 20
        })
    })
}

#[test]
fn a_key_in_a_log_line_is_seen() {
    assert!(holds_a_key(
        "path=/ogc?key=dls_0123456789012345678901234567890123456789012abcdef&x"
    ));
    assert!(!holds_a_key("key hint dls_0123, path=/ogc?key=REDACTED"));
}
