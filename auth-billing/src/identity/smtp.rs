//! Mails by SMTP (RFC 5321), encrypted from the first byte or by STARTTLS; in the clear only where the settings say so. A
//! server that does not offer STARTTLS is not spoken to in the clear instead.

use std::time::Duration;

use futures::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::outbox::{MailRefusal, MailTransport, OutgoingMail};
use super::settings::{MailEncryption, MailSettings};
use crate::{Error, chain};

/// A server that says nothing for so long is given up for now.
const WITHIN: Duration = Duration::from_secs(30);

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl Smtp {
    /// The mail server of the settings; nothing is sent yet.
    ///
    /// # Errors
    /// A sender that is no mail address, authorities that are no certificates.
    pub fn new(settings: &MailSettings) -> Result<Self, Error> {
        let unfit = |error: &(dyn std::error::Error + 'static)| Error::Mail(chain(error));
        let from: Mailbox = settings.from.parse().map_err(|error: lettre::address::AddressError| {
            Error::Mail(format!("the sender '{}' is none: {error}", settings.from))
        })?;
        let tls = || {
            let mut tls = TlsParameters::builder(settings.host.clone());
            if let Some(pem) = &settings.authorities {
                // What holds no certificate would be taken silently, and every connection refused later.
                if !pem.contains("-----BEGIN CERTIFICATE-----") {
                    return Err(Error::Mail("the authorities' file holds no certificate".to_owned()));
                }
                let certificates = Certificate::from_pem(pem.as_bytes()).map_err(|error| unfit(&error))?;
                tls = tls.add_root_certificate(certificates);
            }
            tls.build().map_err(|error| unfit(&error))
        };
        let tls = match settings.encryption {
            MailEncryption::Tls => Tls::Wrapper(tls()?),
            MailEncryption::StartTls => Tls::Required(tls()?),
            MailEncryption::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.as_str())
            .port(settings.port)
            .tls(tls)
            .timeout(Some(WITHIN));
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        let host = from.email.domain().to_owned();
        Ok(Self {
            transport: builder.build(),
            from,
            host,
        })
    }

    fn message(&self, mail: &OutgoingMail) -> Result<Message, MailRefusal> {
        let for_good = |error: &dyn std::fmt::Display| MailRefusal::ForGood(error.to_string());
        let to: Mailbox = mail
            .to
            .parse()
            .map_err(|error: lettre::address::AddressError| for_good(&error))?;
        // An answering machine must not answer (RFC 3834).
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.replace(['\r', '\n'], " "))
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| for_good(&error))?;
        message.headers_mut().insert_raw(automatic);
        Ok(message)
    }
}

impl MailTransport for Smtp {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailRefusal>> {
        Box::pin(async move {
            let message = self.message(mail)?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                // Of us, not of the mail: it waits until the operator has mended user and password.
                Err(error) if is_of_the_login(&error) => {
                    let cause = chain(&error);
                    Err(MailRefusal::ForNow(format!(
                        "the mail server refuses user and password: {cause}"
                    )))
                }
                Err(error) if error.is_permanent() => Err(MailRefusal::ForGood(chain(&error))),
                Err(error) => Err(MailRefusal::ForNow(chain(&error))),
            }
        })
    }
}

/// Whether a server refused who sends and not what is sent: replies of RFC 4954, section 6.
fn is_of_the_login(error: &lettre::transport::smtp::Error) -> bool {
    error
        .status()
        .is_some_and(|code| [530, 534, 535, 538].contains(&u16::from(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(from: &str) -> Result<Smtp, Error> {
        Smtp::new(&MailSettings {
            host: "mail.example.org".to_owned(),
            port: 587,
            encryption: MailEncryption::StartTls,
            credentials: None,
            authorities: None,
            from: from.to_owned(),
        })
    }

    #[test]
    fn a_message_has_the_headers_of_its_own_and_no_others() {
        let smtp = smtp("Driftline <noreply@sar.example.org>").unwrap();
        let mail = OutgoingMail {
            to: "ada@example.org".to_owned(),
            subject: "Hello\r\nBcc: eve@example.org".to_owned(),
            text: "Line\n.\nblå".to_owned(),
            id: "eml_1".to_owned(),
        };
        let text = String::from_utf8(smtp.message(&mail).unwrap().formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(head.contains("Message-ID: <eml_1@sar.example.org>"), "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        let evil = OutgoingMail {
            to: "ada@example.org\r\nBcc: eve@example.org".to_owned(),
            ..mail
        };
        assert!(matches!(smtp.message(&evil), Err(MailRefusal::ForGood(_))));
    }

    #[test]
    fn a_sender_that_is_none_is_refused_at_the_start() {
        for from in ["", "nobody", "a@b\r\nBcc: c@d.org"] {
            assert!(smtp(from).is_err(), "{from}");
        }
    }
}
