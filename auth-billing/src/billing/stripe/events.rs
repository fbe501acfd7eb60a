//! One meter event on its way, exactly once as far as Stripe lets it be seen: the same identifier while Stripe remembers it,
//! and after that a look at what Stripe has before it is sent again (platform.md 3.3, number 6).

use std::time::Duration;

use driftline_database::{Database, MeterEvent, MeterEventState, StripeMeter};
use jiff::{SignedDuration, Timestamp};

use super::client::Stripe;
use super::error::StripeError;
use super::form::Form;
use super::meters;

/// Stripe remembers identifiers for at least 24 h; an hour of it is kept for clocks and for a request under way.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(23);
/// Stripe adds events up some time after it took them.
const ADDED_UP: SignedDuration = SignedDuration::from_hours(1);
/// Stripe takes events of the last 35 days.
const OLDEST: SignedDuration = SignedDuration::from_hours(34 * 24);
const LONGEST_PAUSE_S: i64 = 3_600;

/// What is to be done with an event.
enum Next {
    Send { anew: bool },
    Wait(Timestamp),
    Look,
}

fn next(event: &MeterEvent, now: Timestamp) -> Next {
    let Some(first) = event.first_sent_at else {
        return Next::Send { anew: false };
    };
    if now.duration_since(first) < REMEMBERED {
        return Next::Send { anew: false };
    }
    let settled = event.last_sent_at.unwrap_or(first) + ADDED_UP;
    if now < settled { Next::Wait(settled) } else { Next::Look }
}

/// Brings an event that is in hand one step further; true where Stripe has it now.
pub(super) async fn advance(
    database: &Database,
    stripe: &Stripe,
    event: MeterEvent,
    now: Timestamp,
) -> Result<bool, StripeError> {
    let state = match next(&event, now) {
        Next::Wait(until) => MeterEventState::Later(until),
        Next::Send { anew } => return send(database, stripe, event, anew, now).await,
        Next::Look => match look(database, stripe, &event).await {
            Ok(Found::Arrived) => MeterEventState::Done,
            Ok(Found::Missing) => return send(database, stripe, event, true, now).await,
            Ok(Found::Odd { there, told }) => {
                tracing::error!(
                    alarm = true,
                    org.id = %event.org,
                    meter = event.meter,
                    hour = %event.hour,
                    identifier = event.identifier(),
                    there,
                    told,
                    units = event.units,
                    "Stripe has other usage of this hour than it was told: nothing more is sent of it before that is settled"
                );
                MeterEventState::Later(now + ADDED_UP)
            }
            Err(error) => {
                tracing::warn!(%error, "Stripe could not be asked what it has");
                MeterEventState::Later(after(&event, &error, now))
            }
        },
    };
    let is_done = state == MeterEventState::Done;
    database
        .settle_meter_event(event.position, event.attempts, &state)
        .await?;
    Ok(is_done)
}

async fn send(
    database: &Database,
    stripe: &Stripe,
    mut event: MeterEvent,
    anew: bool,
    now: Timestamp,
) -> Result<bool, StripeError> {
    let meter = match meters::meter(database, stripe, &event.meter).await {
        Ok(meter) => meter,
        Err(StripeError::Database(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, meter = event.meter, "Stripe has no such meter, and it could not be made");
            let later = MeterEventState::Later(after(&event, &error, now));
            database
                .settle_meter_event(event.position, event.attempts, &later)
                .await?;
            return Ok(false);
        }
    };
    if (anew || event.first_sent_at.is_none()) && now.duration_since(event.at) > OLDEST {
        event.at = now;
    }
    // Written down first: an attempt that nobody remembers could be made again when Stripe has forgotten it.
    if !database.meter_event_is_sent(&event, anew, now).await? {
        return Ok(false);
    }
    event.attempts += 1;
    let state = match post(stripe, &meter, &event).await {
        Ok(()) => MeterEventState::Done,
        Err(error) if is_duplicate(&error) => MeterEventState::Done,
        Err(error) if error.is_final() => {
            tracing::error!(alarm = true, org.id = %event.org, meter = event.meter, %error, "Stripe does not take usage");
            MeterEventState::Refused(error.to_string())
        }
        Err(error) => {
            tracing::warn!(org.id = %event.org, meter = event.meter, %error, "usage is told to Stripe again later");
            MeterEventState::Later(after(&event, &error, now))
        }
    };
    let is_done = state == MeterEventState::Done;
    database
        .settle_meter_event(event.position, event.attempts, &state)
        .await?;
    Ok(is_done)
}

async fn post(stripe: &Stripe, meter: &StripeMeter, event: &MeterEvent) -> Result<(), StripeError> {
    let identifier = event.identifier();
    let form = Form::new()
        .with("event_name", &meter.event_name)
        .with("identifier", &identifier)
        .with("timestamp", event.at.as_second())
        .with("payload[stripe_customer_id]", &event.customer)
        .with("payload[value]", event.units);
    // A key for each attempt: Stripe repeats its first answer to a key, failures of its own too. What keeps an event from
    // counting twice is the identifier.
    let key = format!("{identifier}-{}", event.attempts);
    stripe.post("/v1/billing/meter_events", &form, &key).await.map(drop)
}

/// Stripe answers so where it has the event of this identifier already; the code is not always there.
fn is_duplicate(error: &StripeError) -> bool {
    match error {
        StripeError::Refused {
            status: 400,
            code,
            message,
            ..
        } => code == "duplicate_meter_event" || message.contains("already exists with identifier"),
        _ => false,
    }
}

/// What Stripe has of an event's hour, against what it was told of it for sure.
enum Found {
    Arrived,
    Missing,
    Odd { there: i64, told: i64 },
}

async fn look(database: &Database, stripe: &Stripe, event: &MeterEvent) -> Result<Found, StripeError> {
    let meter = meters::meter(database, stripe, &event.meter).await?;
    let path = format!("/v1/billing/meters/{}/event_summaries", meter.stripe_id);
    let hour = event.at.as_second().div_euclid(3600) * 3600;
    let query = Form::new()
        .with("customer", &event.customer)
        .with("start_time", hour)
        .with("end_time", hour + 3600)
        .with("limit", 100);
    let summaries = stripe.get(&path, &query).await?;
    let data = summaries["data"].as_array().ok_or(StripeError::Answer {
        path: path.clone(),
        member: "data",
    })?;
    let mut there = 0_i64;
    for summary in data {
        // A sum of whole numbers comes as a number with a point.
        let value = summary["aggregated_value"].as_f64().ok_or(StripeError::Answer {
            path: path.clone(),
            member: "aggregated_value",
        })?;
        there = there.saturating_add(value.round() as i64);
    }
    let told = database.units_told(event.org, &event.meter, event.at).await?;
    Ok(match there - told {
        0 => Found::Missing,
        more if more == event.units => Found::Arrived,
        _ => Found::Odd { there, told },
    })
}

/// When to try again: as Stripe says, else after pauses that double up to an hour.
fn after(event: &MeterEvent, error: &StripeError, now: Timestamp) -> Timestamp {
    let doubled = 5_i64 << event.attempts.clamp(0, 10);
    let pause = match error.retry_after() {
        Some(wanted) => Duration::from_secs(wanted.as_secs().min(LONGEST_PAUSE_S.unsigned_abs())),
        None => Duration::from_secs(doubled.min(LONGEST_PAUSE_S).unsigned_abs()),
    };
    now + pause
}
