//! Our meters at Stripe: found there by the name of their events, or made. Each adds up what it is told.

use driftline_database::{Database, StripeMeter};

use super::client::{Stripe, text};
use super::error::StripeError;
use super::form::Form;

const METERS: &str = "/v1/billing/meters";

/// How events name a meter: letters, digits and underscores.
fn event_name(meter: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    format!("driftline_{}", meter.chars().map(plain).collect::<String>())
}

/// The meter at Stripe of this name of ours.
pub(super) async fn meter(database: &Database, stripe: &Stripe, name: &str) -> Result<StripeMeter, StripeError> {
    let known = database.stripe_meters().await?;
    if let Some(found) = known.into_iter().find(|meter| meter.meter == name) {
        return Ok(found);
    }
    let event_name = event_name(name);
    let stripe_id = match find(stripe, &event_name).await? {
        Some(id) => id,
        None => make(stripe, name, &event_name).await?,
    };
    let meter = StripeMeter {
        meter: name.to_owned(),
        event_name,
        stripe_id,
    };
    database.note_stripe_meter(&meter).await?;
    Ok(meter)
}

async fn find(stripe: &Stripe, event_name: &str) -> Result<Option<String>, StripeError> {
    let mut after = String::new();
    loop {
        let query = Form::new()
            .with("status", "active")
            .with("limit", 100)
            .with_some("starting_after", &after);
        let page = stripe.get(METERS, &query).await?;
        let meters = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(found) = meters.iter().find(|meter| meter["event_name"] == event_name) {
            return Ok(Some(text(found, METERS, "id")?.to_owned()));
        }
        match meters.last() {
            Some(last) if page["has_more"] == true => after = text(last, METERS, "id")?.to_owned(),
            _ => return Ok(None),
        }
    }
}

async fn make(stripe: &Stripe, name: &str, event_name: &str) -> Result<String, StripeError> {
    let form = Form::new()
        .with("display_name", format!("Driftline {name}"))
        .with("event_name", event_name)
        .with("default_aggregation[formula]", "sum")
        .with("customer_mapping[type]", "by_id")
        .with("customer_mapping[event_payload_key]", "stripe_customer_id")
        .with("value_settings[event_payload_key]", "value");
    let made = stripe.post(METERS, &form, &format!("meter-{event_name}")).await?;
    Ok(text(&made, METERS, "id")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_have_names_that_events_can_carry() {
        assert_eq!(event_name("mission.particle_hours"), "driftline_mission_particle_hours");
    }
}
