//! Bills from outside: the operator's commands, what a customer reads over HTTP, and Stripe's webhooks.

use std::process::Command;

use serde_json::json;

use crate::harness::{ALL_SCOPES, Commands, Launch, json_of, python, scratch, stripe_mock};

const PLAN: &str = r#"
title = "Coastguard plan"
currency = "EUR"
monthly_minor = 49900
prepaid = true
stripe_prices = ["price_1"]

[meters.tile]
included = 100000
minor = 50
per = 1000
"#;

const SELLER: [(&str, &str); 3] = [
    ("DRIFTLINE__BILLING__SELLER_NAME", "Driftline AS"),
    ("DRIFTLINE__BILLING__INVOICE_PREFIX", "DL-"),
    ("DRIFTLINE__BILLING__TAX_RATE_BP", "2500"),
];

#[test]
fn an_operator_sells_a_plan_and_the_customer_sees_it() {
    let folder = scratch("billing");
    let (data, plan) = (folder.path().join("data"), folder.path().join("plan.toml"));
    std::fs::write(&plan, PLAN).unwrap();
    let commands = Commands::on(&data);
    commands.organisation("Coastguard");
    let (_, key) = commands.key("Coastguard", &["--scopes", &format!("{ALL_SCOPES},billing:write")]);
    let plan = plan.display().to_string();
    assert_eq!(
        commands.json(&["billing", "plan", "coastguard", "--file", &plan])["plan"]["version"],
        1
    );
    let odd = folder.path().join("odd.toml");
    std::fs::write(&odd, PLAN.replace("prepaid", "prepayed")).unwrap();
    let odd = odd.display().to_string();
    assert!(
        commands
            .refused(&["billing", "plan", "odd", "--file", &odd])
            .contains("prepayed")
    );
    let grant = [
        "billing",
        "grant",
        "--org",
        "Coastguard",
        "--units",
        "500",
        "--reference",
        "first",
    ];
    commands.json(&["billing", "assign", "--org", "Coastguard", "--plan", "coastguard"]);
    assert_eq!(commands.json(&grant)["balance"], 500);
    assert_eq!(commands.json(&grant)["balance"], 500, "the same reference");
    let stripe = stripe_mock();
    let settings = [
        ("STRIPE_API_KEY", "sk_test_123".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", "whsec_of_tests".to_owned()),
        ("DRIFTLINE__BILLING__STRIPE_BASE", stripe.address().to_owned()),
    ];
    let with_stripe = |arguments: &[&str]| -> Command {
        let mut command = commands.command(arguments);
        command.arg("--json").envs(settings.iter().cloned()).envs(SELLER);
        command
    };
    let passed = json_of(&mut with_stripe(&["billing", "stripe"]));
    assert_eq!((&passed["accounts"], &passed["refused"]), (&json!(1), &json!(0)));
    let mut all = settings.to_vec();
    all.extend(SELLER.map(|(name, value)| (name, value.to_owned())));
    let server = Launch::on(&data).with_settings(&all).start();
    let client = server.client().with_key(&key);
    let subscription = client.json("/v1/billing/subscription");
    assert_eq!(subscription["subscription"]["plan"]["name"], "coastguard");
    assert_eq!(client.json("/v1/billing/credits")["balance"], 500);
    let estimate = client.json("/v1/billing/invoices")["estimate"].clone();
    assert_eq!(estimate["seller"]["name"], "Driftline AS");
    assert_eq!(estimate["tax_rate_bp"], 2_500);
    let entered = client
        .send("POST", "/v1/billing/payment-methods", &[], b"")
        .unwrap()
        .expect(201, "payment method");
    assert!(entered.json()["url"].as_str().unwrap().starts_with("https://"));
    let url = format!("{}/v1/billing/webhooks/stripe", server.base());
    let event = json!({"id": "evt_1", "type": "invoice.paid", "created": 1, "data": {"object": {}}}).to_string();
    let heard = python("stripe_webhook.py", &[&url, "whsec_of_tests", &event, "no json"]);
    assert_eq!(heard, json!([[200, 400, 200], [400, 400, 400]]));
    let log = server.stop(&["an event of Stripe lacks what it should tell"]);
    assert!(
        log.iter()
            .all(|line| !line.contains("sk_test_123") && !line.contains("whsec_of"))
    );
    // The month is not over: nothing is closed, and nothing half closed.
    let too_soon = commands.refused(&["billing", "close", "--month", "2999-01"]);
    assert!(too_soon.contains("an hour"), "{too_soon}");
    assert_eq!(
        commands.json(&["billing", "invoices", "--org", "Coastguard"])["invoices"],
        json!([])
    );
}
