//! What one field is, from sections 0, 1 and 4: parameter, level, reference and valid time, ensemble member, and whether it
//! holds at an instant.

use driftline_domain::{RunTime, ValidTime};

use super::level::Surface;
use super::octets::Octets;
use super::sections::Field;
use super::{names, time};

/// A product.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Product {
    /// Originating centre, common code table C-1.
    pub(crate) centre: u16,
    /// Generating process of the centre's own list.
    pub(crate) process: u8,
    /// Discipline, category and number: code tables 0.0, 4.1 and 4.2.
    pub(crate) parameter: (u8, u8, u8),
    /// The model run.
    pub(crate) run: RunTime,
    /// What the field tells of time, level and member; `Err` says why that is not known.
    pub(crate) about: Result<About, String>,
}

/// What templates in common use tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct About {
    /// When the field holds.
    pub(crate) valid: ValidTime,
    /// Upper surface, or the only one.
    pub(crate) level: Surface,
    /// Whether the field is of the layer between two surfaces.
    pub(crate) is_layer: bool,
    /// Ensemble member; `None` for a single forecast.
    pub(crate) member: Option<Member>,
    /// How it is no plain forecast at an instant, as part of a sentence; `None` where it is one.
    pub(crate) derived: Option<&'static str>,
}

/// A member of an ensemble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Member {
    /// Whether it is the unperturbed one.
    pub(crate) is_control: bool,
    /// Its number.
    pub(crate) number: u8,
}

/// Significance of the reference time (code table 1.2): verifying time of a forecast.
const VERIFYING_TIME: u8 = 2;

impl Product {
    /// Reads a field's sections. An error is about the reference time or a section that is too short.
    pub(crate) fn of(field: &Field) -> Result<Self, String> {
        let identification = Octets(&field.identification);
        let section = Octets(&field.product);
        let cut_off = || "its section 4 is too short to name a product".to_owned();
        let (category, number) = (section.u8(10).ok_or_else(cut_off)?, section.u8(11).ok_or_else(cut_off)?);
        let run = time::reference(identification)?;
        Ok(Self {
            centre: identification.u16(6).unwrap_or(u16::MAX),
            process: section.u8(14).unwrap_or(u8::MAX),
            parameter: (field.discipline, category, number),
            run,
            about: about(identification, section, run),
        })
    }

    /// The name that its centre uses.
    pub(crate) fn short_name(&self) -> String {
        names::short_name(self.centre, self.parameter)
    }
}

fn about(identification: Octets<'_>, section: Octets<'_>, run: RunTime) -> Result<About, String> {
    let template = section.u16(8).ok_or("its section 4 is too short")?;
    // Code table 4.0. Templates 0 to 15 share their first 34 octets.
    let derived = match template {
        0 | 1 => None,
        2..=4 | 12..=14 => Some("it is derived from an ensemble and no forecast by itself"),
        5 | 6 | 9 | 10 => Some("it is a probability or a percentile"),
        7 => Some("it is an analysis or forecast error"),
        8 | 11 => Some("it is an average, extreme or sum over time"),
        15 => Some("it is an average, extreme or sum over an area"),
        other => return Err(format!("its product template 4.{other} is not read")),
    };
    let too_short = || format!("its section 4 is too short for template 4.{template}");
    if identification.u8(12) == Some(VERIFYING_TIME) {
        return Err("its reference time is the time that it verifies at, and no run is stated".to_owned());
    }
    let lead_s = time::lead_s(
        section.u8(18).ok_or_else(too_short)?,
        section.i32(19).ok_or_else(too_short)?,
    )?;
    let level = Surface::at(section, 23).ok_or_else(too_short)?;
    let below = Surface::at(section, 29).ok_or_else(too_short)?;
    let member = match template {
        1 | 11 => Some(member(section).ok_or_else(too_short)?),
        _ => None,
    };
    Ok(About {
        valid: time::valid(run, lead_s)?,
        level,
        is_layer: below.is_stated() && below != level,
        member,
        derived,
    })
}

/// Code table 4.6: 0 and 1 are unperturbed forecasts. Centres also number their control run 0.
fn member(section: Octets<'_>) -> Option<Member> {
    let (kind, number) = (section.u8(35)?, section.u8(36)?);
    Some(Member {
        is_control: matches!(kind, 0 | 1) || number == 0,
        number,
    })
}
