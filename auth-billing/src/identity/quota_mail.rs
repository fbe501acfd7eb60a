//! Notices of quotas by mail: whoever administers an organisation is told that a part of a quota was reached, once, by
//! whichever node looks first.

use driftline_database::{QuotaBound, QuotaNotice, Role};
use jiff::SignedDuration;

use super::service::Identity;
use crate::Problem;

/// Notices in one look.
const AT_ONCE: u32 = 20;
/// What happened longer ago is no news any more, for example where mail is set up later.
const NEWS: SignedDuration = SignedDuration::from_hours(3 * 24);

impl Identity {
    /// Puts mails on their way for notices of which nobody was told. Without mail they stand in the API and in the log.
    pub(super) async fn tell_quotas(&self) -> Result<(), Problem> {
        if self.letterhead().is_err() {
            return Ok(());
        }
        for notice in self.database().quota_notices_to_tell(AT_ONCE).await? {
            self.tell_quota(&notice).await?;
        }
        Ok(())
    }

    async fn tell_quota(&self, notice: &QuotaNotice) -> Result<(), Problem> {
        let (head, now) = (self.letterhead()?, self.now());
        let organisation = self.database().organisation(notice.org).await?;
        let name = organisation.map(|organisation| organisation.name).unwrap_or_default();
        let members = self.database().members(notice.org).await?;
        let mut change = self.database().account_change("tell of a quota").await?;
        // The mails and that they were written are one change: no admin is told twice, and none is forgotten.
        if !change.quota_notice_told(notice, now).await? {
            return Ok(());
        }
        if now.duration_since(notice.at) < NEWS {
            for member in members.iter().filter(|member| member.role == Role::OrgAdmin) {
                if let Some(to) = self.personal(&member.user)?.email {
                    self.send(&mut change, &head.quota(&to, &words(notice, &name)), now)
                        .await?;
                }
            }
        }
        change.commit().await?;
        Ok(())
    }
}

fn words(notice: &QuotaNotice, organisation: &str) -> String {
    let QuotaNotice {
        percent, units, used, ..
    } = notice;
    let (meter, period) = (&notice.meter, notice.period.name());
    let outcome = match (notice.bound, percent) {
        (QuotaBound::Hard, 100) => {
            "What goes beyond it is refused until then; nothing of a mission in distress ever is."
        }
        (QuotaBound::Hard, _) => {
            "At 100 percent, what goes beyond it is refused; nothing of a mission in distress ever is."
        }
        (QuotaBound::Soft, _) => "Nothing is refused because of it.",
    };
    let bound = notice.bound.name();
    format!(
        "{organisation} has used {used} units of {meter}: {percent} percent of its {bound} quota of {units} a {period}, \
         which began at {}. {outcome}",
        notice.period_start
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_database::QuotaPeriod;
    use driftline_domain::OrgId;

    #[test]
    fn a_notice_says_what_is_used_and_what_follows() {
        let notice = QuotaNotice {
            org: OrgId::generate(),
            meter: "tile".to_owned(),
            period: QuotaPeriod::Month,
            period_start: "2026-01-01T00:00:00Z".parse().unwrap(),
            bound: QuotaBound::Hard,
            percent: 100,
            units: 500,
            used: 501,
            at: "2026-01-05T00:00:00Z".parse().unwrap(),
        };
        let text = words(&notice, "Coastguard");
        assert!(
            text.starts_with("Coastguard has used 501 units of tile: 100 percent of its hard quota of 500 a month")
        );
        assert!(
            text.contains("is refused until then") && text.contains("distress"),
            "{text}"
        );
        let soft = QuotaNotice {
            bound: QuotaBound::Soft,
            ..notice
        };
        assert!(words(&soft, "Coastguard").ends_with("Nothing is refused because of it."));
    }
}
