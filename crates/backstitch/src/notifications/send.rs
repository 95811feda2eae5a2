//! One attempt: a message goes to its receiver, and what comes back is an [`Answer`]. Secrets are read for every attempt, so that
//! one that was rotated takes effect, and are in no answer (S31).

use std::time::{Duration, SystemTime};

use backstage_client::retry_after;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName as MailHeader, HeaderValue as MailValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as SmtpTls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;

use super::answer::Answer;
use super::cloud_event;
use super::mail::Mail;
use crate::config::{Channel, Email, Receiver, SecretSource, Tls, Webhook, parse_endpoint};
use crate::outbound::{client, line, roots, said};
use crate::report::told;

/// Parts of a conversation with a mail server, each of which may take the time of an answer.
const PARTS_OF_A_MAIL: u32 = 4;

/// Sends to one receiver.
pub(super) struct Sender {
    receiver: Receiver,
    /// Made when it is first needed, and anew after the receiver could not be reached: its certificates may have changed.
    client: Option<Client>,
}

impl Sender {
    pub(super) fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            client: None,
        }
    }

    /// One attempt.
    pub(super) async fn send(&mut self, body: &[u8]) -> Answer {
        let channel = self.receiver.channel.clone();
        let sent = match &channel {
            Channel::Slack(url) => self.slack(url, body).await,
            Channel::Webhook(webhook) => self.webhook(webhook, body).await,
            Channel::Email(email) => mail(email, body, self.receiver.timeout).await,
        };
        // What is missing here is missing until somebody puts it there.
        sent.unwrap_or_else(|why| Answer::Later(why, None))
    }

    async fn slack(&mut self, url: &SecretSource, body: &[u8]) -> Result<Answer, String> {
        let url = secret(url, "URL")?;
        let url = parse_endpoint(url.expose_secret()).map_err(|_| {
            "what is to be the URL is none that begins with `https://` or `http://`".to_owned()
        })?;
        let request = self.post(None, &url, "application/json; charset=utf-8", body)?;
        Ok(self.ask(request).await)
    }

    async fn webhook(&mut self, webhook: &Webhook, body: &[u8]) -> Result<Answer, String> {
        let Webhook {
            url,
            token,
            headers,
            ca_file,
        } = webhook;
        let mut request = self.post(ca_file.as_deref(), url, cloud_event::MEDIA_TYPE, body)?;
        if let Some(token) = token {
            request = request.bearer_auth(secret(token, "token")?.expose_secret());
        }
        for (name, value) in headers {
            let value = secret(value, "header")?;
            let mut value = HeaderValue::from_str(value.expose_secret())
                .map_err(|_| format!("the value of the header `{name}` cannot be one"))?;
            value.set_sensitive(true);
            request = request.header(name.clone(), value);
        }
        Ok(self.ask(request).await)
    }

    fn post(
        &mut self,
        ca_file: Option<&std::path::Path>,
        url: &Url,
        media_type: &'static str,
        body: &[u8],
    ) -> Result<RequestBuilder, String> {
        let client = match self.client.clone() {
            Some(client) => client,
            None => self
                .client
                .insert(client(ca_file, self.receiver.timeout)?)
                .clone(),
        };
        let request = client.post(url.clone()).header(CONTENT_TYPE, media_type);
        Ok(request.body(body.to_vec()))
    }

    async fn ask(&mut self, request: RequestBuilder) -> Answer {
        match request.send().await {
            Ok(response) => {
                let wait = retry_after(response.headers(), SystemTime::now());
                let status = response.status().as_u16();
                Answer::of_status(status, wait, said(response).await)
            }
            Err(error) => {
                self.client = None;
                // S31: the URL may be a secret.
                let why = told(&error.without_url());
                Answer::Later(format!("it cannot be reached: {why}"), None)
            }
        }
    }
}

fn secret(source: &SecretSource, what: &'static str) -> Result<SecretString, String> {
    source.read(what).map_err(|error| told(&error))
}

async fn mail(email: &Email, body: &[u8], patience: Duration) -> Result<Answer, String> {
    let mail: Mail = match serde_json::from_slice(body) {
        Ok(mail) => mail,
        Err(error) => return Ok(Answer::Refused(format!("it is no mail: {error}"))),
    };
    let message = match message(email, mail) {
        Ok(message) => message,
        Err(why) => return Ok(Answer::Refused(why)),
    };
    let transport = transport(email, patience)?;
    let whole = patience.saturating_mul(PARTS_OF_A_MAIL);
    let Ok(sent) = timeout(whole, transport.send(message)).await else {
        let why = format!("it did not take the mail within {whole:?}");
        return Ok(Answer::Later(why, None));
    };
    Ok(match sent {
        Ok(_) => Answer::Taken,
        Err(error) => {
            let words = line(&told(&error)).unwrap_or_default();
            match error.status() {
                Some(code) => Answer::of_reply(u16::from(code), words),
                None => Answer::Later(format!("it cannot be reached: {words}"), None),
            }
        }
    })
}

/// The mail as it is sent. Subject and addresses are encoded by the library, which lets no line end into a header.
fn message(email: &Email, mail: Mail) -> Result<lettre::Message, String> {
    let Mail {
        to,
        subject,
        text,
        id,
        at,
    } = mail;
    let domain = email.from.email.domain();
    let at = Duration::from_secs(u64::try_from(at).unwrap_or(0));
    let mut builder = lettre::Message::builder()
        .from(email.from.clone())
        .subject(subject)
        .date(SystemTime::UNIX_EPOCH + at)
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        let address: Address = address
            .parse()
            .map_err(|error| format!("`{address}` is no address: {error}"))?;
        builder = builder.to(Mailbox::new(None, address));
    }
    let mut message = builder
        .body(text)
        .map_err(|error| format!("it cannot be written: {error}"))?;
    // RFC 3834: nobody's absence is to answer it.
    let name = MailHeader::new_from_ascii_str("Auto-Submitted");
    let value = MailValue::new(name, "auto-generated".to_owned());
    message.headers_mut().insert_raw(value);
    Ok(message)
}

fn transport(
    email: &Email,
    patience: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let Email {
        host,
        port,
        tls,
        login,
        ca_file,
        from,
        ..
    } = email;
    let parameters = || {
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(path) = ca_file {
            let roots = Certificate::from_pem(&roots(path)?);
            let roots = roots
                .map_err(|error| format!("cannot use `{}`: {}", path.display(), told(&error)))?;
            parameters = parameters.add_root_certificate(roots);
        }
        parameters.build().map_err(|error| told(&error))
    };
    let tls = match tls {
        Tls::Upgraded => SmtpTls::Required(parameters()?),
        Tls::Implicit => SmtpTls::Wrapper(parameters()?),
        Tls::None => SmtpTls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
        .port(*port)
        .tls(tls)
        .hello_name(ClientId::Domain(from.email.domain().to_owned()))
        .timeout(Some(patience));
    if let Some((user, password)) = login {
        let password = secret(password, "password")?;
        let password = password.expose_secret().to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email() -> Email {
        Email {
            host: "localhost".to_owned(),
            port: 25,
            tls: Tls::None,
            login: None,
            ca_file: None,
            from: "Backstitch <b@example.com>".parse().expect("a mailbox"),
            to: Vec::new(),
        }
    }

    #[test]
    fn no_text_becomes_a_header() {
        let mail = Mail {
            to: vec!["web@example.org".to_owned()],
            subject: "Web\r\nBcc: evil@example.org\r\n\r\nbody é".to_owned(),
            text: "first\r\n.\r\nMAIL FROM:<x@y>\r\nlast é\n".to_owned(),
            id: "id-1".to_owned(),
            at: 1_700_000_000,
        };
        let message = message(&email(), mail).expect("a mail").formatted();
        let text = String::from_utf8(message).expect("it is encoded");
        let (headers, _) = text.split_once("\r\n\r\n").expect("a body");
        let names: Vec<&str> = headers
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| Some(line.split_once(':')?.0))
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "Subject",
                "Date",
                "Message-ID",
                "Content-Type",
                "To",
                "Content-Transfer-Encoding",
                "Auto-Submitted"
            ],
            "{headers}"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for to in ["", "a", "a@b\r\nBcc: c@d", "<a@b>, c@d"] {
            let mail = Mail {
                to: vec![to.to_owned()],
                subject: String::new(),
                text: String::new(),
                id: String::new(),
                at: 0,
            };
            assert!(message(&email(), mail).is_err(), "{to}");
        }
    }
}
