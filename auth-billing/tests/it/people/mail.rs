//! Mails to a real mail server (tests/services/smtp.sh): what arrives, what is tried again, and what is given up.

use std::path::Path;

use driftline_auth_billing::{
    IdentitySettings, MailEncryption, MailRefusal, MailSettings, MailTransport, OutgoingMail, Smtp,
};
use http::StatusCode;
use serde_json::{Value, json};

use super::{BASE, PASSWORD, People, people_with, settings};
use crate::service::Service;

/// A service whose mails go to a sink, what sends them, and the folder of the sink.
struct Posted {
    people: People,
    smtp: Smtp,
    folder: tempfile::TempDir,
    _sink: Service,
}

async fn posted(encryption: MailEncryption) -> Posted {
    let folder = tempfile::tempdir().unwrap();
    let sink = Service::start("smtp.sh", &[folder.path().to_str().unwrap()]);
    posted_through(sink, folder, |mail| mail.encryption = encryption).await
}

/// Through a server that takes mails after STARTTLS from its one user.
async fn posted_after_starttls(decide: impl FnOnce(&mut MailSettings)) -> Posted {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let options = [path, "--starttls", "--user", "drift", "--password", "a secret"];
    let sink = Service::start("smtp.sh", &options);
    let certificate = std::fs::read_to_string(folder.path().join("certificate.pem")).unwrap();
    posted_through(sink, folder, |mail| {
        mail.credentials = Some(("drift".to_owned(), "a secret".to_owned()));
        mail.authorities = Some(certificate);
        decide(mail);
    })
    .await
}

async fn posted_through(sink: Service, folder: tempfile::TempDir, decide: impl FnOnce(&mut MailSettings)) -> Posted {
    let (host, port) = sink
        .address()
        .strip_prefix("smtp://")
        .unwrap()
        .rsplit_once(':')
        .unwrap();
    let mut mail = MailSettings {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        encryption: MailEncryption::StartTls,
        credentials: None,
        authorities: None,
        from: "Driftline <noreply@sar.example.org>".to_owned(),
    };
    decide(&mut mail);
    let smtp = Smtp::new(&mail).unwrap();
    let people = people_with(IdentitySettings {
        mail: Some(mail),
        ..settings()
    })
    .await;
    Posted {
        people,
        smtp,
        folder,
        _sink: sink,
    }
}

impl Posted {
    async fn send(&self) -> usize {
        let mut sent = 0;
        while self.people.identity.send_next(Some(&self.smtp)).await.unwrap() {
            sent += 1;
        }
        sent
    }

    async fn register(&self, email: &str) {
        let wish = json!({"email": email, "password": PASSWORD, "name": "Ada", "organisation": email});
        let answer = self.people.post("/v1/auth/register", wish).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
    }

    /// Envelopes and texts, in the order of their arrival.
    fn arrived(&self) -> Vec<(Value, String)> {
        let mut paths: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        let read = |path: &Path| {
            let envelope = std::fs::read(path.with_extension("json")).unwrap();
            let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
            (serde_json::from_slice(&envelope).unwrap(), text)
        };
        paths.iter().map(|path| read(path)).collect()
    }
}

#[tokio::test]
async fn a_mail_arrives_with_its_link_and_the_link_works() {
    let posted = posted(MailEncryption::None).await;
    posted.register("ada@example.org").await;
    assert_eq!(posted.send().await, 1);
    let arrived = posted.arrived();
    assert_eq!(arrived.len(), 1);
    let (envelope, text) = &arrived[0];
    assert_eq!(envelope["to"], json!(["ada@example.org"]));
    assert_eq!(envelope["from"], "noreply@sar.example.org");
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    for line in [
        "To: ada@example.org",
        "Subject: Driftline: confirm your mail address",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    let whole = text.replace("=\r\n", "").replace("=3D", "=");
    let token = whole.split_once(&format!("{BASE}/#verify-email=")).unwrap().1;
    let token = token.lines().next().unwrap().trim();
    let answer = posted
        .people
        .post("/v1/auth/verify-email", json!({ "token": token }))
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{whole}");
    posted.people.log_in("ada@example.org").await;
}

#[tokio::test]
async fn a_server_that_says_later_is_asked_later_and_one_that_says_no_is_not() {
    let posted = posted(MailEncryption::None).await;
    posted.register("later@example.org").await;
    posted.register("nobody@example.org").await;
    assert_eq!(posted.send().await, 2);
    let waiting = || async { posted.people.database.mails_waiting().await.unwrap().0 };
    assert_eq!(waiting().await, 1, "one is given up");
    assert_eq!(posted.send().await, 0, "not at once");
    for pause in [15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600] {
        posted.people.pass(pause);
        assert_eq!(posted.send().await, 1, "{pause}");
    }
    assert_eq!(waiting().await, 0, "given up after a day and a half");
    assert!(posted.arrived().is_empty());
}

#[tokio::test]
async fn a_server_without_encryption_is_told_nothing_where_encryption_is_wanted() {
    let posted = posted(MailEncryption::StartTls).await;
    posted.register("ada@example.org").await;
    assert_eq!(posted.send().await, 1);
    assert!(posted.arrived().is_empty());
    assert_eq!(
        posted.people.database.mails_waiting().await.unwrap().0,
        1,
        "tried again"
    );
}

#[tokio::test]
async fn a_mail_goes_encrypted_to_a_server_that_wants_a_login() {
    let posted = posted_after_starttls(|_| {}).await;
    posted.register("ada@example.org").await;
    assert_eq!(posted.send().await, 1);
    let arrived = posted.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].0["tls"], true);
    assert_eq!(arrived[0].0["user"], "drift");
    assert!(arrived[0].1.contains("Subject: Driftline: confirm your mail address"));
}

#[tokio::test]
async fn a_mail_waits_while_the_server_does_not_know_our_password_or_we_do_not_know_the_server() {
    type Mistake = fn(&mut MailSettings);
    let mistakes: [(&str, Mistake, &str); 3] = [
        (
            "password",
            |mail| mail.credentials = Some(("drift".to_owned(), "another".to_owned())),
            "refuses user and password",
        ),
        ("no login", |mail| mail.credentials = None, "refuses user and password"),
        ("authority", |mail| mail.authorities = None, "certificate"),
    ];
    for (name, mistake, told) in mistakes {
        let posted = posted_after_starttls(mistake).await;
        posted.register("ada@example.org").await;
        let outgoing = OutgoingMail {
            to: "ada@example.org".to_owned(),
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            id: "eml_1".to_owned(),
        };
        let refusal = posted.smtp.send(&outgoing).await.unwrap_err();
        assert!(matches!(refusal, MailRefusal::ForNow(_)), "{name}: {refusal}");
        let words = refusal.to_string();
        assert!(words.contains(told) && !words.contains("another"), "{name}: {words}");
        assert_eq!(posted.send().await, 1, "{name}");
        let (waiting, _) = posted.people.database.mails_waiting().await.unwrap();
        assert_eq!(waiting, 1, "{name}: it is tried again");
        assert!(posted.arrived().is_empty(), "{name}");
    }
}

#[test]
fn authorities_that_are_none_are_refused_at_the_start() {
    let smtp = |authorities: &str| {
        Smtp::new(&MailSettings {
            host: "mail.example.org".to_owned(),
            port: 587,
            encryption: MailEncryption::StartTls,
            credentials: None,
            authorities: Some(authorities.to_owned()),
            from: "noreply@sar.example.org".to_owned(),
        })
    };
    for none in ["", "a text", "-----BEGIN CERTIFICATE-----\n-----END"] {
        assert!(smtp(none).is_err(), "{none:?}");
    }
}
