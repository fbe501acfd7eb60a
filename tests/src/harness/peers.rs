//! Real servers that the product talks to, each started by its script in `tests/services`, which says more, and ended with
//! the value. A database of PostgreSQL is `FreshDatabase`.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Service, scratch};

const MAIL_LIMIT: Duration = Duration::from_secs(30);

/// A NATS server with JetStream; its address is `nats://…`.
pub(crate) fn nats() -> Service {
    Service::start("nats.sh", &[])
}

/// HAProxy before these nodes; its address is `http://…`.
pub(crate) fn haproxy(nodes: &[&str]) -> Service {
    Service::start("haproxy.sh", nodes)
}

/// stripe-mock; its address is `http://…`.
pub(crate) fn stripe_mock() -> Service {
    Service::start("stripe.sh", &[])
}

/// Keycloak, whose administrator is admin with the password admin; its address is `http://…`.
pub(crate) fn keycloak() -> Service {
    Service::start("keycloak.sh", &[])
}

/// An SMTP server that keeps what it is given.
pub(crate) struct MailSink {
    service: Service,
    folder: tempfile::TempDir,
}

/// A mail as it arrived.
#[derive(Debug)]
pub(crate) struct Mail {
    /// `from`, `to`, `tls`, `user`.
    pub(crate) envelope: Value,
    /// Head and body, as they were sent.
    pub(crate) text: String,
}

impl MailSink {
    /// It takes mails from everybody, unencrypted.
    pub(crate) fn open() -> Self {
        Self::start(&[])
    }

    /// It takes mails after STARTTLS from this user.
    pub(crate) fn guarded(user: &str, password: &str) -> Self {
        Self::start(&["--starttls", "--user", user, "--password", password])
    }

    fn start(options: &[&str]) -> Self {
        let folder = scratch("mails");
        let path = folder.path().display().to_string();
        let mut arguments = vec![path.as_str()];
        arguments.extend(options);
        let service = Service::start("smtp.sh", &arguments);
        Self { service, folder }
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> &str {
        self.service.address().rsplit_once(':').unwrap().1
    }

    /// The folder with `certificate.pem`, where it is guarded.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The mails so far, once there are this many.
    pub(crate) fn mails(&self, at_least: usize) -> Vec<Mail> {
        let began = Instant::now();
        loop {
            let mut kept: Vec<_> = std::fs::read_dir(self.folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
                .collect();
            if kept.len() >= at_least {
                kept.sort();
                return kept.iter().map(|path| mail(path)).collect();
            }
            assert!(
                began.elapsed() < MAIL_LIMIT,
                "{} of {at_least} mails arrived",
                kept.len()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn mail(path: &Path) -> Mail {
    let envelope = std::fs::read(path.with_extension("json")).unwrap();
    Mail {
        envelope: serde_json::from_slice(&envelope).unwrap(),
        text: String::from_utf8(std::fs::read(path).unwrap()).unwrap(),
    }
}
