//! The mails, as plain text. What people typed stands in the text only, never in a header but the recipient's, and is
//! cleared of line ends there.

use serde::{Deserialize, Serialize};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MailKind {
    /// The address has to be verified.
    Verify,
    /// Somebody wants to register an address that has an account.
    Registered,
    /// A new password can be set.
    Reset,
    /// Somebody is invited.
    Invitation,
    /// A new address has to be verified.
    ChangeEmail,
    /// Something happened that its owner should know.
    Notice,
    /// A part of a quota was reached.
    Quota,
    /// Nothing: written where there is no account, so that writing takes as long. Never sent.
    Decoy,
}

impl MailKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Registered => "registered",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
            Self::ChangeEmail => "change_email",
            Self::Notice => "notice",
            Self::Quota => "quota",
            Self::Decoy => "decoy",
        }
    }
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MailText {
    pub(super) kind: MailKind,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
}

/// What all mails say alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letterhead<'a> {
    /// What the service calls itself.
    pub(super) service: &'a str,
    /// What its links begin with.
    pub(super) base: &'a str,
}

impl Letterhead<'_> {
    fn mail(&self, kind: MailKind, to: &str, subject: &str, body: &str) -> MailText {
        MailText {
            kind,
            to: to.to_owned(),
            subject: one_line(&format!("{}: {subject}", self.service)),
            text: format!(
                "{body}\n\n-- \n{} {}\nThis mail was sent by a program; nobody reads answers to it.\n",
                self.service, self.base
            ),
        }
    }

    /// A link that a page of ours opens. The token stands behind `#`: no server's log and no Referer has it.
    fn link(&self, what: &str, token: &str) -> String {
        format!("{}/#{what}={token}", self.base)
    }

    pub(super) fn verify(&self, to: &str, token: &str, hours: i64) -> MailText {
        let link = self.link("verify-email", token);
        let body = format!(
            "Please confirm that this mail address is yours by opening this link within {hours} hours:\n\n{link}\n\n\
             If you did not register, ignore this mail; without the link nothing happens."
        );
        self.mail(MailKind::Verify, to, "confirm your mail address", &body)
    }

    pub(super) fn registered(&self, to: &str) -> MailText {
        let body = format!(
            "Somebody, probably you, wanted to register with this mail address, which has an account already. You can \
             log in, or set a new password if you have forgotten yours:\n\n{}/\n\nIf it was not you, nothing has to be \
             done.",
            self.base
        );
        self.mail(MailKind::Registered, to, "you have an account already", &body)
    }

    pub(super) fn reset(&self, to: &str, token: &str, minutes: i64) -> MailText {
        let link = self.link("password-reset", token);
        let body = format!(
            "Open this link within {minutes} minutes to set a new password:\n\n{link}\n\nIf you did not ask for it, ignore \
             this mail; your password stays as it is."
        );
        self.mail(MailKind::Reset, to, "set a new password", &body)
    }

    pub(super) fn invitation(&self, to: &str, org: &str, role: &str, token: &str, days: i64) -> MailText {
        let link = self.link("invitation", token);
        let body = format!(
            "You are invited to join the organisation \"{}\" as {role}. Open this link within {days} days:\n\n{link}\n\n\
             If you do not know why, ignore this mail.",
            one_line(org)
        );
        self.mail(MailKind::Invitation, to, "you are invited", &body)
    }

    pub(super) fn change_email(&self, to: &str, token: &str, hours: i64) -> MailText {
        let link = self.link("verify-email", token);
        let body = format!(
            "Please confirm that your account's mail address shall be this one by opening this link within {hours} \
             hours:\n\n{link}\n\nIf you did not ask for it, ignore this mail."
        );
        self.mail(MailKind::ChangeEmail, to, "confirm your new mail address", &body)
    }

    pub(super) fn notice(&self, to: &str, what: &str, at: &str) -> MailText {
        let body = format!(
            "{what}\n\nTime: {at}\n\nIf this was not you, set a new password, end all other sessions in your account, and \
             tell the administrator of your organisation."
        );
        self.mail(MailKind::Notice, to, "something changed in your account", &body)
    }

    pub(super) fn quota(&self, to: &str, what: &str) -> MailText {
        self.mail(MailKind::Quota, to, "a quota is used up in part or whole", what)
    }

    pub(super) fn decoy(&self) -> MailText {
        // As long as a mail with a link, so that sealing and writing it takes as long.
        let body = "x".repeat(400);
        self.mail(MailKind::Decoy, "nobody@localhost", "nothing", &body)
    }
}

/// A text in which nothing ends a line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Letterhead<'static> = Letterhead {
        service: "Driftline",
        base: "https://sar.example.org/drift",
    };

    #[test]
    fn a_link_keeps_its_token_from_servers() {
        let mail = HEAD.reset("ada@example.org", "dle_x", 30);
        assert!(
            mail.text
                .contains("\nhttps://sar.example.org/drift/#password-reset=dle_x\n"),
            "{}",
            mail.text
        );
        assert_eq!(mail.subject, "Driftline: set a new password");
    }

    #[test]
    fn what_people_typed_ends_no_line() {
        let mail = HEAD.invitation("ada@example.org", "Evil\r\nBcc: all@example.org", "viewer", "dle_x", 7);
        assert!(mail.text.contains("\"Evil  Bcc: all@example.org\""), "{}", mail.text);
        let head = Letterhead {
            service: "A\nB",
            ..HEAD
        };
        assert!(!head.registered("a@b.org").subject.contains('\n'));
    }
}
