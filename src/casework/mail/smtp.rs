//! One mail over SMTP, and what a failure means.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use timbre_model::{MailSpec, TenantId};
use timbre_store::Mail;

/// How long a server may take to be connected, and for each of its answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long handing over one mail may take in all.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(60);

/// Why a mail was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The server is away, or cannot be used as the floor defines it: no mail goes through it now.
    #[error("the mail server: {0}")]
    Server(String),
    /// The server will perhaps take this mail later.
    #[error("not now: {0}")]
    Later(String),
    /// It will never take it.
    #[error("never: {0}")]
    Never(String),
}

/// Hands one mail over.
pub async fn send(spec: &MailSpec, tenant: &TenantId, mail: &Mail) -> Result<(), Trouble> {
    let message = message(spec, tenant, mail)?;
    let transport = transport(spec)?;
    let sent = tokio::time::timeout(HANDED_OVER_WITHIN, transport.send(message)).await;
    match sent {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(judge(&error)),
        Err(_) => Err(Trouble::Server("it does not answer in time".to_owned())),
    }
}

fn judge(error: &lettre::transport::smtp::Error) -> Trouble {
    let code = error.status().map(u16::from);
    let why = error.to_string();
    match code {
        // The channel is closing (RFC 5321 §3.8), or our credentials are not taken (RFC 4954 §6): no fault of the mail.
        Some(421 | 432 | 454 | 530 | 534 | 535 | 538) => Trouble::Server(why),
        Some(400..=499) => Trouble::Later(why),
        Some(_) => Trouble::Never(why),
        None => Trouble::Server(why),
    }
}

fn transport(spec: &MailSpec) -> Result<AsyncSmtpTransport<Tokio1Executor>, Trouble> {
    let unusable = |why: String| Trouble::Server(format!("casework.mail.server: {why}"));
    let uri: hyper::Uri = spec.server.parse().map_err(|it| unusable(format!("{it}")))?;
    let host = uri.host().ok_or_else(|| unusable("it names no host".to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tls = TlsParameters::new(host.to_owned()).map_err(|it| unusable(it.to_string()))?;
    let here =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    let (tls, port) = match uri.scheme_str() {
        Some("smtps") => (Tls::Wrapper(tls), 465),
        // Credentials do not cross a network in the clear.
        Some("smtp") if spec.password.is_some() && !here => (Tls::Required(tls), 587),
        Some("smtp") => (Tls::Opportunistic(tls), 587),
        _ => return Err(unusable("give smtp://HOST:PORT or smtps://HOST:PORT".to_owned())),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(uri.port_u16().unwrap_or(port))
        .tls(tls)
        .hello_name(ClientId::Domain(domain(&spec.from).to_owned()))
        .timeout(Some(ANSWER_WITHIN));
    if let (Some(user), Some(password)) = (&spec.username, &spec.password) {
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        transport = transport.credentials(credentials);
    }
    Ok(transport.build())
}

/// The domain of an address, with or without a name before it.
fn domain(address: &str) -> &str {
    let (_, domain) = address.rsplit_once('@').unwrap_or(("", "timbre.invalid"));
    domain.trim_end_matches('>')
}

fn message(spec: &MailSpec, tenant: &TenantId, mail: &Mail) -> Result<Message, Trouble> {
    let from: Mailbox = spec
        .from
        .parse()
        .map_err(|it| Trouble::Server(format!("casework.mail.from is no address: {it}")))?;
    let to: Mailbox = mail
        .to
        .parse()
        .map_err(|it| Trouble::Never(format!("its recipient is no address: {it}")))?;
    let since = Duration::from_micros(u64::try_from(mail.at.as_micros()).unwrap_or(0));
    // So that no machine answers it (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    Message::builder()
        .message_id(Some(message_id(spec, tenant, mail)))
        .date(SystemTime::UNIX_EPOCH + since)
        .from(from)
        .to(to)
        .subject(mail.subject.clone())
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone())
        .map_err(|it| Trouble::Never(it.to_string()))
}

/// Made of the mail's id, so that a mail that comes twice is known as the same.
fn message_id(spec: &MailSpec, tenant: &TenantId, mail: &Mail) -> String {
    let plain =
        |it: char| if it.is_ascii_alphanumeric() || "-_./+=".contains(it) { it } else { '-' };
    let id: String = mail.id.chars().map(plain).collect();
    format!("<{}.{tenant}@{}>", id.trim_matches('.'), domain(&spec.from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::Civil;

    fn spec(server: &str) -> MailSpec {
        MailSpec {
            server: server.to_owned(),
            from: "Luz <casos@luz.example>".to_owned(),
            username: None,
            password: None,
        }
    }

    fn mail() -> Mail {
        Mail {
            id: "cases/0a/3 warning".to_owned(),
            to: "jefa@luz.example".to_owned(),
            subject: "Reclamación 482 193 057 4".to_owned(),
            body: "Vence mañana.\n".to_owned(),
            at: Civil::from_micros(1_796_169_600_000_000),
        }
    }

    #[test]
    fn the_same_mail_has_the_same_message_id_and_date_each_time() {
        let tenant = TenantId::parse("acme").expect("an id");
        let text = || {
            let message = message(&spec("smtp://127.0.0.1:25"), &tenant, &mail()).expect("a mail");
            String::from_utf8(message.formatted()).expect("ASCII")
        };
        assert_eq!(text(), text());
        assert!(
            text().contains("Message-ID: <cases/0a/3-warning.acme@luz.example>\r\n"),
            "{}",
            text()
        );
        assert!(text().contains("Date: Wed, 02 Dec 2026 00:00:00 +0000\r\n"), "{}", text());
        assert!(text().contains("Auto-Submitted: auto-generated\r\n"), "{}", text());
    }

    #[test]
    fn what_is_wrong_with_the_floor_keeps_the_mail_and_what_is_wrong_with_the_mail_does_not() {
        let tenant = TenantId::parse("acme").expect("an id");
        let nobody = Mail { to: "nobody".to_owned(), ..mail() };
        let good = spec("smtp://127.0.0.1:25");
        assert!(matches!(message(&good, &tenant, &nobody), Err(Trouble::Never(_))));
        let bad = MailSpec { from: "luz".to_owned(), ..good };
        assert!(matches!(message(&bad, &tenant, &mail()), Err(Trouble::Server(_))));
        for server in ["127.0.0.1:25", "http://127.0.0.1", "smtp://"] {
            assert!(matches!(transport(&spec(server)), Err(Trouble::Server(_))), "{server}");
        }
        assert!(transport(&spec("smtps://mail.luz.example")).is_ok());
    }
}
