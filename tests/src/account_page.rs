//! The pages of accounts, driven in headless Chromium against a server with people, mail and a plan: signing in by password,
//! code and passkey, links of mails, keys, members, usage and invoices. One walk; what it saw is judged here.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{
    Commands, Launch, MailSink, Prepared, Server, free_port, keep_picture, mission_off_norway, node, pictures,
};

const PLAN: &str = "title = \"Coastguard plan\"\ncurrency = \"EUR\"\nmonthly_minor = 49900\n\n\
    [meters.tile]\nincluded = 100\nminor = 50\nper = 10\n";

/// People of the organisation: mail address, role, name and password. Who has no role
/// comes by invitation, or registers.
const PEOPLE: [(&str, &str, &str, &str, &str); 5] = [
    (
        "admin",
        "ada@coastguard.example",
        "org_admin",
        "Ada Admin",
        "four walls of salt",
    ),
    (
        "viewer",
        "vera@coastguard.example",
        "viewer",
        "Vera Viewer",
        "harbour lantern nine",
    ),
    (
        "second",
        "bea@coastguard.example",
        "operator",
        "Bea Second",
        "lantern over granite",
    ),
    ("invited", "ines@coastguard.example", "", "", "copper kettle morning"),
    ("founder", "finn@harbour.example", "", "", "barnacle window seven"),
];

/// Makes the members, a quota and a plan, as an operator does.
fn people(prepared: &Prepared) {
    let data = prepared.data();
    let commands = Commands::on(&data);
    for (_, email, role, name, password) in PEOPLE {
        if role.is_empty() {
            continue;
        }
        let arguments = ["users", "create", "--org", "coastguard", "--password-stdin"];
        let about = ["--email", email, "--role", role, "--name", name];
        let mut command = commands.command(&[&arguments[..], &about[..]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{email}");
    }
    let plan = data.join("plan.toml");
    std::fs::write(&plan, PLAN).unwrap();
    let plan = plan.to_str().unwrap();
    for arguments in [
        &[
            "quotas",
            "set",
            "--org",
            "coastguard",
            "--meter",
            "tile",
            "--per",
            "month",
            "--soft",
            "5",
            "--hard",
            "100000",
        ][..],
        &["billing", "plan", "coastguard", "--file", plan],
        &["billing", "assign", "--org", "coastguard", "--plan", "coastguard"],
        &[
            "billing",
            "grant",
            "--org",
            "coastguard",
            "--units",
            "5000000",
            "--reference",
            "transfer 1",
        ],
    ] {
        let done = commands.command(arguments).output().unwrap();
        assert!(
            done.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

/// Published by a name, since browsers give passkeys to names only.
fn serve(prepared: &Prepared, mails: &MailSink) -> (Server, String) {
    let port = free_port();
    let base = format!("http://localhost:{port}");
    let settings = [
        ("DRIFTLINE__IDENTITY__REGISTRATION", "true".to_owned()),
        ("DRIFTLINE__MAIL__HOST", "127.0.0.1".to_owned()),
        ("DRIFTLINE__MAIL__PORT", mails.port().to_owned()),
        ("DRIFTLINE__MAIL__ENCRYPTION", "none".to_owned()),
        (
            "DRIFTLINE__MAIL__FROM",
            "Driftline <noreply@coastguard.example>".to_owned(),
        ),
    ];
    let launch = Launch::on(&prepared.data()).at(&format!("127.0.0.1:{port}"));
    (launch.under(&base).with_settings(&settings).start(), base)
}

fn walked(prepared: &Prepared, base: &str, mails: &MailSink, mission: &str) -> Value {
    let mut plan = json!({ "base": base, "folder": pictures(), "mails": mails.folder(), "mission": mission });
    for (who, email, _, _, password) in PEOPLE {
        plan[who] = json!({ "email": email, "password": password });
    }
    let path = prepared.data().join("plan.json");
    std::fs::write(&path, plan.to_string()).unwrap();
    let report = node("web/account.mjs", &[path.to_str().unwrap()]);
    assert_eq!(report["problem"], Value::Null, "{report:#}");
    report
}

fn text<'a>(facts: &'a Value, name: &str) -> &'a str {
    facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {facts:#}"))
}

#[test]
fn people_run_their_accounts_in_the_page() {
    let prepared = Prepared::new();
    people(&prepared);
    let mails = MailSink::open();
    let (server, base) = serve(&prepared, &mails);
    let client = server.client().with_key(&prepared.key);
    let mission = client
        .post("/v1/missions", &mission_off_norway(12, 1_000))
        .expect(202, "the mission");
    let mission = mission.json()["id"].as_str().unwrap().to_owned();
    client.wait_for(&mission);
    let report = walked(&prepared, &base, &mails, &mission);
    let facts = &report["facts"];
    every_state_is_accessible(&report);
    nothing_leaves_the_host(&report, &base);
    the_console_tells_of_refusals_only(&report);
    a_login_is_kept_by_the_cookie_alone(facts);
    assert_eq!(facts["mapErrors"], json!([]), "a login reads all of a mission");
    assert_eq!(facts["downloaded"], format!("{mission}-summary.txt"));
    factors_are_asked_for(facts);
    a_key_is_shown_once(facts);
    each_role_is_offered_what_it_may(facts);
    links_of_mails_work_once(facts);
    sessions_end_where_they_are_ended(facts);
    numbers_are_the_service_s(facts);
    what_no_server_does_at_will_is_shown(facts);
    for name in ["account", "account-usage", "account-invoices", "account-phone-keys"] {
        let taken = pictures().join(format!("page-{name}.png"));
        keep_picture(&taken, &format!("page-{name}.png"));
    }
    server.stop(&["an organisation has reached a part of its quota"]);
}

fn every_state_is_accessible(report: &Value) {
    let states = report["states"].as_object().unwrap();
    assert!(states.len() >= 20, "{:?}", states.keys());
    for (name, state) in states {
        assert_eq!(state["violations"], json!([]), "{name}");
        assert!(
            state["sticksOut"].as_i64().unwrap() <= 0,
            "{name} is wider than its window"
        );
    }
}

fn nothing_leaves_the_host(report: &Value, base: &str) {
    let requests = report["requests"].as_array().unwrap();
    assert!(requests.len() > 100, "{}", requests.len());
    for request in requests {
        let url = request["url"].as_str().unwrap();
        let own = url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
        assert!(
            own || url.starts_with("blob:") || url.starts_with("data:"),
            "a request left the host: {url}"
        );
        for secret in ["dls_", "dle_", "dlr_", "eyJ"] {
            assert!(!url.contains(secret), "an address holds a secret: {url}");
        }
    }
}

/// Chromium itself tells of answers with an error status; those that the walk provokes are the only lines.
fn the_console_tells_of_refusals_only(report: &Value) {
    let provoked: [(&str, &[&str]); 10] = [
        ("entry", &["401"]),
        ("renewed", &["401"]),
        ("secondFactor", &["401"]),
        ("keys", &["422"]),
        ("members", &["422", "409"]),
        ("pretended", &["401", "503"]),
        ("invited", &["422"]),
        ("ended", &["401"]),
        ("forgotten", &["422", "401"]),
        ("register", &["422"]),
    ];
    for (chapter, lines) in report["console"].as_object().unwrap() {
        let known = provoked
            .iter()
            .find(|(name, _)| name == chapter)
            .map_or(&[][..], |(_, known)| *known);
        for line in lines.as_array().unwrap() {
            let line = line.as_str().unwrap();
            let is_known = line.contains("Failed to load resource") && known.iter().any(|status| line.contains(status));
            assert!(is_known, "{chapter}: {line}");
        }
    }
}

fn a_login_is_kept_by_the_cookie_alone(facts: &Value) {
    assert!(text(facts, "refusal").contains("do not belong together"), "{facts:#}");
    assert_eq!(facts["emailKept"], PEOPLE[0].1);
    let storage = text(facts, "storage");
    assert!(!storage.contains("eyJ") && !storage.contains("dlr_"), "{storage}");
    assert_eq!(
        facts["cookies"],
        json!([
            { "name": "driftline_refresh", "path": "/v1/auth", "httpOnly": true, "sameSite": "Lax" },
            { "name": "driftline_session", "path": "/", "httpOnly": true, "sameSite": "Lax" },
        ])
    );
    assert_eq!(facts["refreshes"], 1, "a refused token is renewed once");
}

fn factors_are_asked_for(facts: &Value) {
    assert!(facts["qr"].as_u64() > Some(1_000), "{}", facts["qr"]);
    assert!(
        text(facts, "wrongCode").contains("the code is wrong")
            || text(facts, "wrongCode").contains("The code is wrong")
    );
    assert_eq!(facts["recoveryCodes"], 10);
    assert!(
        text(facts, "secondFactor").contains("10 recovery codes"),
        "{}",
        facts["secondFactor"]
    );
    assert!(text(facts, "passkey").contains("this laptop"), "{}", facts["passkey"]);
}

fn a_key_is_shown_once(facts: &Value) {
    assert!(!text(facts, "namelessKey").is_empty());
    assert_eq!((&facts["keyWorks"], &facts["keyEnds"]), (&json!(200), &json!(401)));
    assert_eq!(
        (&facts["keyCopied"], &facts["keyStaysSecret"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(facts["publishable"], "dlp_");
}

fn each_role_is_offered_what_it_may(facts: &Value) {
    assert_eq!(
        facts["adminViews"],
        json!(["Account", "Keys", "Members", "Usage", "Invoices and plan"])
    );
    assert_eq!(facts["analystViews"], json!(["Account", "Usage", "Invoices and plan"]));
    assert_eq!(facts["viewerViews"], json!(["Account", "Invoices and plan"]));
    assert!(text(facts, "notOffered").contains("role"), "{}", facts["notOffered"]);
    let members = facts["members"].to_string();
    for (_, email, role, name, _) in PEOPLE.iter().filter(|(_, _, role, ..)| !role.is_empty()) {
        // The administrator has another name by then.
        assert!(
            *role == "org_admin" || members.contains(name),
            "{name} is not in {members}"
        );
        assert!(!members.contains(email), "{email} is not masked");
    }
    assert!(
        text(facts, "lastAdministrator").contains("one administrator at least"),
        "{facts:#}"
    );
}

fn links_of_mails_work_once(facts: &Value) {
    assert!(
        text(facts, "invitation").contains("i***@coastguard.example"),
        "{}",
        facts["invitation"]
    );
    assert!(
        text(facts, "badAddress").contains("not an address"),
        "{}",
        facts["badAddress"]
    );
    assert_eq!(facts["tokenInAddress"], false);
    assert!(
        text(facts, "shortPassword").contains("12 to 256"),
        "{}",
        facts["shortPassword"]
    );
    assert!(
        text(facts, "sent").contains("if there is an account")
            || text(facts, "sent").contains("If there is an account")
    );
    assert!(
        text(facts, "usedLink").contains("used already"),
        "{}",
        facts["usedLink"]
    );
    assert!(text(facts, "erased").contains("erased"), "{}", facts["erased"]);
    assert_eq!(
        facts["afterErasure"], facts["refusal"],
        "who is erased is like who never was"
    );
    assert!(
        text(facts, "loginError").contains("no account"),
        "{}",
        facts["loginError"]
    );
    assert_eq!(facts["errorInAddress"], false);
    assert!(
        text(facts, "commonPassword").contains("first that are tried"),
        "{}",
        facts["commonPassword"]
    );
    assert!(text(facts, "founded").contains("Harbour watch"), "{}", facts["founded"]);
    assert_eq!(facts["founderViews"], facts["adminViews"]);
    assert_eq!(facts["deletedByAccident"], false);
    assert!(
        !text(facts, "deleted").contains("Harbour watch"),
        "{}",
        facts["deleted"]
    );
    let exported = &facts["exported"];
    assert_eq!(exported["email"], PEOPLE[0].1, "{exported:#}");
    assert!(
        exported["sessions"]
            .as_array()
            .is_some_and(|sessions| !sessions.is_empty())
    );
}

fn sessions_end_where_they_are_ended(facts: &Value) {
    assert_eq!(facts["sessions"], 2);
    assert!(
        text(facts, "endedElsewhere").contains("session is over"),
        "{}",
        facts["endedElsewhere"]
    );
    assert!(text(facts, "otherTab").contains("another tab"), "{}", facts["otherTab"]);
    assert_eq!(facts["focused"], "H1", "by keyboard one goes on at the page's heading");
}

fn what_no_server_does_at_will_is_shown(facts: &Value) {
    let invoice = text(facts, "invoice");
    assert!(
        invoice.contains("D-000007") && invoice.contains("€1,234.56"),
        "{invoice}"
    );
    assert_eq!(facts["paper"], "invoice-D-000007.pdf");
    assert!(
        text(facts, "failed").contains("Try again in a few seconds"),
        "{}",
        facts["failed"]
    );
    assert_eq!(
        facts["offeredWhereClosed"],
        json!([0, 0]),
        "what the service has not is not offered"
    );
    assert_eq!(facts["departed"], "/v1/auth/oidc/keycloak/login");
    assert_eq!(facts["cameBack"], 0);
}

fn numbers_are_the_service_s(facts: &Value) {
    let tiles = facts["usage"].as_u64().unwrap();
    assert!(tiles >= 5, "pictures of the map were counted: {tiles}");
    let quota = text(facts, "quota");
    assert!(
        quota.contains(&format!("{tiles} used")) && quota.contains("used up"),
        "{quota}"
    );
    assert!(
        text(facts, "plan").contains("Coastguard plan, €499.00 a month"),
        "{}",
        facts["plan"]
    );
    assert!(
        text(facts, "balance").starts_with("5,000,000 particle-hours"),
        "{}",
        facts["balance"]
    );
    assert!(text(facts, "estimate").starts_with('€'), "{}", facts["estimate"]);
    assert!(
        text(facts, "address").starts_with("#view=invoices"),
        "{}",
        facts["address"]
    );
    assert!(
        text(facts, "addressBefore").starts_with("#view=usage"),
        "{}",
        facts["addressBefore"]
    );
}
