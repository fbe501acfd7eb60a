//! The real servers that tests rest on do what tests expect of them, each asked over its own protocol.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::json;

use crate::harness::{Client, FreshDatabase, MailSink, keycloak, nats, python, stripe_mock};

#[test]
fn a_database_of_postgres_is_fresh_and_durable() {
    let (one, other) = (FreshDatabase::create(), FreshDatabase::create());
    let ask = |database: &FreshDatabase, statement: &str| {
        let done = Command::new("psql")
            .args([database.url(), "-X", "-A", "-t", "-c", statement])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    ask(&one, "CREATE TABLE kept (id bigint)");
    assert_eq!(
        ask(&one, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "1"
    );
    assert_eq!(
        ask(&other, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0"
    );
    assert_eq!(ask(&one, "SHOW fsync"), "on");
    assert!(ask(&one, "SHOW server_version_num").parse::<u32>().unwrap() >= 150_000);
}

#[test]
fn nats_delivers_what_is_published() {
    let server = nats();
    let mut connection = TcpStream::connect(server.address().strip_prefix("nats://").unwrap()).unwrap();
    let mut lines = BufReader::new(connection.try_clone().unwrap())
        .lines()
        .map(Result::unwrap);
    let greeting = lines.next().unwrap();
    let about: serde_json::Value = serde_json::from_str(greeting.strip_prefix("INFO ").unwrap()).unwrap();
    assert_eq!(about["jetstream"], true);
    connection
        .write_all(b"CONNECT {\"verbose\":false}\r\nSUB mission.* 1\r\nPUB mission.completed 5\r\nhello\r\nPING\r\n")
        .unwrap();
    let said: Vec<_> = lines.take_while(|line| line != "PONG").collect();
    assert_eq!(said, ["MSG mission.completed 1 5", "hello"]);
}

#[test]
fn the_mail_sink_keeps_mails_and_refuses_whom_it_should() {
    let open = MailSink::open();
    let sent = python("smtp_send.py", &[open.port(), "b@example.org", "First"]);
    assert_eq!(sent, json!({"sent": true}));
    let mails = open.mails(1);
    assert_eq!(mails[0].envelope["to"], json!(["b@example.org"]));
    assert_eq!(mails[0].envelope["tls"], false);
    assert!(mails[0].text.contains("Subject: First\r\n"));
    for (recipient, code) in [("nobody@example.org", 550), ("later@example.org", 451)] {
        let refused = python("smtp_send.py", &[open.port(), recipient, "Refused"]);
        assert_eq!(refused, json!({"sent": false, "code": code}));
    }

    let guarded = MailSink::guarded("drift", "a secret");
    let certificate = guarded.folder().join("certificate.pem").display().to_string();
    let unencrypted = python("smtp_send.py", &[guarded.port(), "b@example.org", "Second"]);
    assert_eq!(unencrypted, json!({"sent": false, "code": 530}));
    let send = |password| {
        let arguments = [
            guarded.port(),
            "b@example.org",
            "Third",
            &certificate,
            "drift",
            password,
        ];
        python("smtp_send.py", &arguments)
    };
    assert_eq!(send("another"), json!({"sent": false, "code": 535}));
    assert_eq!(send("a secret"), json!({"sent": true}));
    assert_eq!(guarded.mails(1)[0].envelope["user"], "drift");
    assert_eq!(guarded.mails(1)[0].envelope["tls"], true);
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[test]
fn stripe_mock_knows_stripes_requests() {
    let server = stripe_mock();
    let client = Client::new(server.address());
    let key = ("authorization", "Bearer sk_test_123");
    let post = |path: &str, body: &str| client.send("POST", path, &[FORM, key], body.as_bytes()).unwrap();
    let customer = post("/v1/customers", "name=Coastguard").expect(200, "customer").json();
    assert_eq!(customer["object"], "customer");
    post("/v1/customers", "no_such_member=1").expect(400, "unknown member");
    post("/v1/no_such_thing", "").expect(404, "unknown path");
}

#[test]
fn keycloak_gives_a_token() {
    let server = keycloak();
    let client = Client::new(server.address());
    let about = client.json("/realms/master/.well-known/openid-configuration");
    assert_eq!(about["issuer"], format!("{}/realms/master", server.address()));
    let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
    let token = client
        .send(
            "POST",
            about["token_endpoint"].as_str().unwrap(),
            &[FORM],
            form.as_bytes(),
        )
        .unwrap()
        .expect(200, "token")
        .json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let realms = client
        .send("GET", "/admin/realms", &[("authorization", &bearer)], b"")
        .unwrap()
        .expect(200, "realms")
        .json();
    assert_eq!(realms[0]["realm"], "master");
}
