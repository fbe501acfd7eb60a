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
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// What was used until so long after a restore's beginning by the clock of whoever served before.
const TOLD_BEFORE: SignedDuration = SignedDuration::from_hours(2);
const LONGEST_PAUSE_S: i64 = 3_600;

/// What is to be done with an event.
enum Next {
    Send { anew: bool },
    Wait(Timestamp),
    Look,
}

fn next(event: &MeterEvent, restored_at: Option<Timestamp>, now: Timestamp) -> Next {
    let Some(first) = event.first_sent_at else {
        return match restored_at.filter(|at| is_of_before(event, *at)) {
            None => Next::Send { anew: false },
            Some(at) if now < at + ADDED_UP => Next::Wait(at + ADDED_UP),
            Some(_) => Next::Look,
        };
    };
    if now.duration_since(first) < REMEMBERED {
        return Next::Send { anew: false };
    }
    let settled = event.last_sent_at.unwrap_or(first) + ADDED_UP;
    if now < settled { Next::Wait(settled) } else { Next::Look }
}

/// Whether usage is of a time of which whoever served before a restore may have told Stripe what the backup does not know.
fn is_of_before(event: &MeterEvent, restored_at: Timestamp) -> bool {
    event.hour + HOUR < restored_at + TOLD_BEFORE
}

/// Brings an event that is in hand one step further; true where Stripe has it now.
pub(super) async fn advance(
    database: &Database,
    stripe: &Stripe,
    event: MeterEvent,
    restored_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StripeError> {
    let of_before = restored_at.is_some_and(|at| is_of_before(&event, at));
    let state = match next(&event, restored_at, now) {
        Next::Wait(until) => MeterEventState::Later(until),
        Next::Send { anew } => return send(database, stripe, event, Attempt { anew, of_before }, now).await,
        Next::Look => match look(database, stripe, &event, of_before).await {
            Ok(Found::Arrived) => MeterEventState::Done,
            Ok(Found::Missing) => {
                let attempt = Attempt { anew: true, of_before };
                return send(database, stripe, event, attempt, now).await;
            }
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

/// How an event is sent.
#[derive(Clone, Copy)]
struct Attempt {
    /// Certainly no earlier one arrived.
    anew: bool,
    /// It may have been told by whoever served before a restore.
    of_before: bool,
}

async fn send(
    database: &Database,
    stripe: &Stripe,
    mut event: MeterEvent,
    Attempt { anew, of_before }: Attempt,
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
        Err(error) if is_duplicate(&error) && of_before => told_before(database, stripe, &event, now).await?,
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

/// Stripe has an event of this identifier, and this database may not be the one that sent it: whether it is the same usage is
/// what Stripe's sums say.
async fn told_before(
    database: &Database,
    stripe: &Stripe,
    event: &MeterEvent,
    now: Timestamp,
) -> Result<MeterEventState, StripeError> {
    match look(database, stripe, event, true).await {
        Ok(Found::Arrived) => Ok(MeterEventState::Done),
        Err(StripeError::Database(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "Stripe could not be asked what it has");
            Ok(MeterEventState::Later(after(event, &error, now)))
        }
        Ok(_)
            if event
                .first_sent_at
                .is_none_or(|first| now.duration_since(first) < ADDED_UP) =>
        {
            Ok(MeterEventState::Later(now + ADDED_UP))
        }
        Ok(_) => {
            let identifier = event.identifier();
            tracing::error!(
                alarm = true,
                org.id = %event.org,
                meter = event.meter,
                identifier,
                units = event.units,
                "Stripe was told usage of this identifier before a restore, and it is not in the sums of its hour: nothing is sent"
            );
            Ok(MeterEventState::Refused(format!(
                "Stripe has an event {identifier} of before a restore that is not in the sums of its hour"
            )))
        }
    }
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

async fn look(database: &Database, stripe: &Stripe, event: &MeterEvent, of_before: bool) -> Result<Found, StripeError> {
    let (there, told) = sums(database, stripe, event, event.at).await?;
    let more = there.saturating_sub(told);
    // Whoever served before a restore may have told later differences of the hour too; they come next.
    if more == event.units || (of_before && more > event.units) {
        return Ok(Found::Arrived);
    }
    if more != 0 {
        return Ok(Found::Odd { there, told });
    }
    if of_before && hour_s(event.at) != hour_s(event.hour) {
        // Told in time then, and counted as used now today.
        let (there, told) = sums(database, stripe, event, event.hour).await?;
        if there.saturating_sub(told) >= event.units {
            return Ok(Found::Arrived);
        }
    }
    Ok(Found::Missing)
}

fn hour_s(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600) * 3600
}

/// Units of an event's customer and meter in the hour of this time: what Stripe has, and what it was told for sure.
async fn sums(
    database: &Database,
    stripe: &Stripe,
    event: &MeterEvent,
    at: Timestamp,
) -> Result<(i64, i64), StripeError> {
    let meter = meters::meter(database, stripe, &event.meter).await?;
    let path = format!("/v1/billing/meters/{}/event_summaries", meter.stripe_id);
    let hour = hour_s(at);
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
    Ok((there, database.units_told(event.org, &event.meter, at).await?))
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
