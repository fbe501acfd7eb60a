//! S3 services on this machine, each on a free port and in a folder of its own: moto's server, versitygw, and s3rver, which
//! overwrites. `deploy/setup/s3-servers.sh` installs them; one that is missing fails the test.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{json_of, repository, scratch};

const START_LIMIT: Duration = Duration::from_secs(120);
const SET_UP: &str = "run deploy/setup/s3-servers.sh, as `make test` does";

/// A running service with one empty bucket.
pub(crate) struct ObjectService {
    child: Child,
    pub(crate) endpoint: String,
    access_key: &'static str,
    secret_key: &'static str,
    _folder: tempfile::TempDir,
}

/// The bucket of every service.
pub(crate) const BUCKET: &str = "cycles";

fn tool(path: &str) -> PathBuf {
    let path = repository().join(path);
    assert!(path.exists(), "{} is not there: {SET_UP}", path.display());
    path
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl ObjectService {
    /// moto's server; it keeps objects in memory and takes any keys.
    pub(crate) fn moto() -> Self {
        Self::with_bucket(|port, _| {
            let mut command = Command::new(tool(".s3-env/bin/python"));
            command
                .arg(tool(".s3-env/bin/moto_server"))
                .args(["-H", "127.0.0.1", "-p", port]);
            command
        })
    }

    /// versitygw on a folder.
    pub(crate) fn versitygw() -> Self {
        Self::with_bucket(|port, folder| {
            let (data, about) = (folder.join("data"), folder.join("about"));
            std::fs::create_dir(&data).unwrap();
            std::fs::create_dir(&about).unwrap();
            let mut command = Command::new(tool(".s3-env/bin/versitygw"));
            command.args(["--quiet", "--port", &format!("127.0.0.1:{port}"), "posix", "--sidecar"]);
            command.arg(about).arg(data);
            command
                .env("ROOT_ACCESS_KEY", "access-of-tests")
                .env("ROOT_SECRET_KEY", "secret-of-tests");
            command
        })
    }

    /// s3rver, which lets an object be created twice.
    pub(crate) fn s3rver() -> Self {
        let mut service = Self::start(|port, folder| {
            let mut command = Command::new(tool(".node-env/programs/node"));
            command.arg(tool("tests/clients/s3/node_modules/s3rver/bin/s3rver.js"));
            command
                .args(["-a", "127.0.0.1", "-p", port, "--configure-bucket", BUCKET, "-d"])
                .arg(folder);
            command
        });
        (service.access_key, service.secret_key) = ("S3RVER", "S3RVER");
        service
    }

    fn with_bucket(command: impl FnOnce(&str, PathBuf) -> Command) -> Self {
        let service = Self::start(command);
        service.bucket("make");
        service
    }

    fn start(command: impl FnOnce(&str, PathBuf) -> Command) -> Self {
        let folder = scratch("s3");
        let port = free_port();
        let mut command = command(&port.to_string(), folder.path().to_owned());
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start ({error}): {SET_UP}"));
        let mut service = Self {
            child,
            endpoint: format!("http://127.0.0.1:{port}"),
            access_key: "access-of-tests",
            secret_key: "secret-of-tests",
            _folder: folder,
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = service.child.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended with {ended:?}");
            assert!(began.elapsed() < START_LIMIT, "{command:?} does not listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        service
    }

    /// The names in the bucket.
    pub(crate) fn names(&self) -> Vec<String> {
        let listed = self.bucket("list");
        listed
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }

    fn bucket(&self, action: &str) -> Value {
        let mut command = Command::new(tool(".s3-env/bin/python"));
        command
            .arg(repository().join("tests/clients/s3_bucket.py"))
            .args([action, &self.endpoint, BUCKET]);
        command
            .env("AWS_ACCESS_KEY_ID", self.access_key)
            .env("AWS_SECRET_ACCESS_KEY", self.secret_key);
        json_of(&mut command)
    }

    /// Settings that put objects into its bucket, as an operator would give them.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DRIFTLINE__STORE__OBJECTS", format!("s3://{BUCKET}/north/sea")),
            ("S3_ENDPOINT", self.endpoint.clone()),
            ("S3_ACCESS_KEY", self.access_key.to_owned()),
            ("S3_SECRET_KEY", self.secret_key.to_owned()),
        ]
    }
}

impl Drop for ObjectService {
    fn drop(&mut self) {
        // By its own id; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
