//! What a run may be asked: settings outside their range are refused, and the first one found is named.

use driftline_domain::{Coefficients, CurrentError, ForcingKind, ObjectClass};

use crate::{Error, Forcing, Group, RunSpec};

const NOT_NEGATIVE: &str = "a number that is not negative";
const ONE_OR_MORE: &str = "1 or more";

/// A rule of a setting: its name and value, whether it holds, and what would do.
type Rule = (&'static str, f64, bool, &'static str);

/// Refuses what cannot be run.
pub(crate) fn check(spec: &RunSpec<'_>, forcing: &Forcing) -> Result<(), Error> {
    let particles: u64 = spec.groups.iter().map(|group| u64::from(group.particles)).sum();
    let end_s = spec.start_s.checked_add(i64::from(spec.steps) * i64::from(spec.step_s));
    let share = spec.slow_coefficients.share;
    keep(&[
        (
            "particles",
            particles as f64,
            (1..=u64::from(u32::MAX)).contains(&particles),
            "1 to 4294967295",
        ),
        ("steps", f64::from(spec.steps), spec.steps >= 1, ONE_OR_MORE),
        ("step_s", f64::from(spec.step_s), spec.step_s != 0, "any length but 0"),
        (
            "steps_per_output",
            f64::from(spec.steps_per_output),
            spec.steps_per_output >= 1,
            ONE_OR_MORE,
        ),
        (
            "start_s",
            spec.start_s as f64,
            end_s.is_some(),
            "a time that leaves room for the run",
        ),
        (
            "jibe_per_hour",
            spec.jibe_per_hour,
            (0.0..1.0).contains(&spec.jibe_per_hour),
            "from 0 to below 1",
        ),
        ("slow_coefficients.share", share, (0.0..=1.0).contains(&share), "0 to 1"),
        (
            "slow_coefficients.tau_s",
            spec.slow_coefficients.tau_s,
            share == 0.0 || is_positive(spec.slow_coefficients.tau_s),
            "a positive number",
        ),
    ])?;
    check_error(["current_error.sigma_ms", "current_error.tau_s"], &spec.current_error)?;
    check_error(["wind_error.sigma_ms", "wind_error.tau_s"], &spec.wind_error)?;
    spec.groups.iter().try_for_each(|group| check_group(group, forcing))
}

fn is_not_negative(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}

fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

fn check_error([sigma_name, tau_name]: [&'static str; 2], error: &CurrentError) -> Result<(), Error> {
    let is_on = error.sigma_ms != 0.0;
    keep(&[
        (sigma_name, error.sigma_ms, is_not_negative(error.sigma_ms), NOT_NEGATIVE),
        (tau_name, error.tau_s, !is_on || is_positive(error.tau_s), "a positive number"),
    ])
}

fn check_group(group: &Group<'_>, forcing: &Forcing) -> Result<(), Error> {
    let sigma_m = group.release.sigma_m;
    let is_in_order = group.changes.windows(2).all(|pair| pair[0].0 <= pair[1].0);
    let sources = |name, order: &[usize], kind| {
        let count = forcing.sources(kind);
        let unknown = order.iter().find(|source| **source >= count);
        let is_good = !order.is_empty() && unknown.is_none();
        (name, unknown.map_or(0.0, |source| *source as f64), is_good, "sources that there are, at least one")
    };
    keep(&[
        ("release.sigma_m", sigma_m, is_not_negative(sigma_m), NOT_NEGATIVE),
        ("changes", group.changes.len() as f64, is_in_order, "times in ascending order"),
        sources("currents", &group.currents, ForcingKind::Current),
        sources("winds", &group.winds, ForcingKind::Wind),
    ])?;
    check_class(group.class)?;
    group.changes.iter().try_for_each(|(_, class)| check_class(class))
}

fn check_class(class: &ObjectClass) -> Result<(), Error> {
    let slope = class.downwind.slope;
    keep(&[("class.downwind.slope", slope, is_not_negative(slope), NOT_NEGATIVE)])?;
    [class.downwind, class.right, class.left]
        .iter()
        .try_for_each(check_coefficients)
}

fn check_coefficients(coefficients: &Coefficients) -> Result<(), Error> {
    let Coefficients {
        slope,
        offset_ms,
        std_ms,
    } = *coefficients;
    keep(&[
        ("class slope", slope, slope.is_finite(), "a finite number"),
        ("class offset_ms", offset_ms, offset_ms.is_finite(), "a finite number"),
        ("class std_ms", std_ms, is_not_negative(std_ms), NOT_NEGATIVE),
    ])
}

fn keep(rules: &[Rule]) -> Result<(), Error> {
    match rules.iter().find(|(_, _, holds, _)| !holds) {
        Some(&(name, value, _, allowed)) => Err(Error::Setting { name, value, allowed }),
        None => Ok(()),
    }
}
