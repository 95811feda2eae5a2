//! `email`: the server that takes mail, and to whom it goes.

use std::net::IpAddr;
use std::path::PathBuf;

use lettre::Address;
use lettre::message::Mailbox;

use super::super::credentials::SecretKeys;
use super::super::node::{Node, Place};
use super::super::reader::{Map, listed, text, texts};
use super::super::root::Reading;
use super::super::secret::SecretSource;

/// Bound on the addresses of one receiver.
const MAX_ADDRESSES: usize = 50;

/// Mail.
#[derive(Clone, Debug)]
pub(crate) struct Email {
    /// Host of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is kept private.
    pub tls: Tls,
    /// User name and password, where it wants them.
    pub login: Option<(String, SecretSource)>,
    /// Further root certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Who sends.
    pub from: Mailbox,
    /// Who gets it; at least one.
    pub to: Vec<Addressee>,
}

impl Email {
    /// Whether each team gets mail of its own.
    pub(crate) fn is_to_owners(&self) -> bool {
        self.to.contains(&Addressee::Owner)
    }

    /// Whether nobody else gets it.
    pub(crate) fn is_only_to_owners(&self) -> bool {
        self.is_to_owners() && self.to.len() == 1
    }
}

/// How the way to the server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// By the command STARTTLS, without which nothing is sent.
    Upgraded,
    /// From the first byte.
    Implicit,
    /// It is not: the server is on this machine.
    None,
}

/// Who gets mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Addressee {
    /// The team that it is about, by the address of its entity, or of the nearest group above that has one.
    Owner,
    /// Somebody.
    Address(Address),
}

pub(super) fn email(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<Email> {
    let mut map = Map::open(node, "email", "`email`", reading.faults)?;
    let smtp = map.take("smtp");
    let tls = map.take("tls");
    let username = map.take_entry("username");
    let password_file = map.take_entry("password_file");
    let password_env = map.take_entry("password_env");
    let ca_file = map.take("ca_file");
    let from = map.take("from");
    let to = map.take("to");
    map.finish(reading.faults);
    reading.faults.lacking(
        at,
        "email",
        [
            ("smtp", smtp.is_none()),
            ("from", from.is_none()),
            ("to", to.is_none()),
        ],
    );
    reading.faults.at_most_one(
        [
            ("password_file", &password_file),
            ("password_env", &password_env),
        ],
        "one of `password_file` and `password_env`",
    );
    let given = password_file.as_ref().or(password_env.as_ref());
    match (&username, given.map(|(at, _)| *at)) {
        (Some((at, _)), None) => reading.faults.add(
            *at,
            "`username` without `password_file` and `password_env`, expected one of them",
        ),
        (None, Some(at)) => reading
            .faults
            .add(at, "a password without `username`, which goes with it"),
        _ => {}
    }
    let tls = tls.map_or(Tls::Upgraded, |node| self::tls(&node, reading));
    let server = smtp.and_then(|node| server(&node, tls, reading));
    let keys = SecretKeys {
        file: ("password_file", password_file),
        variable: ("password_env", password_env),
        inline: ("password", None),
    };
    let password = keys.read(reading);
    let username = username.and_then(|(_, node)| text("username", &node, reading.faults));
    let ca_file = reading.path("ca_file", ca_file);
    let from = from.and_then(|node| from_mailbox(&node, reading));
    let to = to.map_or_else(Vec::new, |node| addressees(node, reading));
    let (host, port) = server?;
    Some(Email {
        host,
        port,
        tls,
        login: username.zip(password),
        ca_file,
        from: from?,
        to,
    })
}

fn tls(node: &Node, reading: &mut Reading<'_, '_>) -> Tls {
    match text("tls", node, reading.faults).as_deref() {
        None | Some("starttls") => Tls::Upgraded,
        Some("tls") => Tls::Implicit,
        Some("none") => Tls::None,
        Some(_) => {
            let expected = format!("one of {}", listed(&["starttls", "tls", "none"]));
            reading.faults.expected("tls", node, &expected);
            Tls::Upgraded
        }
    }
}

/// Host, and the port where one is given: `mail.example.com`, `mail.example.com:587`, `[::1]:25`.
fn server(node: &Node, tls: Tls, reading: &mut Reading<'_, '_>) -> Option<(String, u16)> {
    let written = text("smtp", node, reading.faults)?;
    let default = match tls {
        Tls::Upgraded => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    };
    let parsed = split(&written, default);
    let Some((host, port)) = parsed else {
        let expected = "a host, with or without a port, such as `mail.example.com:587`";
        reading.faults.expected("smtp", node, expected);
        return None;
    };
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if tls == Tls::None && !is_here {
        reading.faults.hint(
            node.at,
            format!("`smtp`: mail to `{host}` would go over the network unencrypted"),
            "`tls: none` is for a server on the loopback; leave it out, or say `tls: tls`",
        );
    }
    Some((host, port))
}

fn split(written: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match written.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.starts_with('[') => {
            (host, port.parse().ok().filter(|port| *port > 0)?)
        }
        Some(_) | None => (written, default),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_host = bare.parse::<IpAddr>().is_ok()
        || (!host.is_empty()
            && host.split('.').all(|part| !part.is_empty())
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)));
    is_host.then(|| (bare.to_owned(), port))
}

fn from_mailbox(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Mailbox> {
    let written = text("from", node, reading.faults)?;
    let Ok(mailbox) = written.parse() else {
        // It is not shown: a line with an `@` may hold a password.
        let message = "`from`: expected an address such as `backstitch@example.com`, or `Backstitch \
                       <backstitch@example.com>`";
        reading.faults.add(node.at, message);
        return None;
    };
    Some(mailbox)
}

fn addressees(node: Node, reading: &mut Reading<'_, '_>) -> Vec<Addressee> {
    let at = node.at;
    let words = texts("to", node, reading.faults).unwrap_or_default();
    if words.is_empty() || words.len() > MAX_ADDRESSES {
        let message = format!(
            "`to`: found {} addresses, expected from 1 to {MAX_ADDRESSES}",
            words.len()
        );
        reading.faults.add(at, message);
    }
    let mut addressees = Vec::new();
    for (at, word) in words {
        match word.parse() {
            _ if word == "owner" => addressees.push(Addressee::Owner),
            Ok(address) => addressees.push(Addressee::Address(address)),
            Err(_) => reading.faults.add(
                at,
                "`to`: expected `owner`, or an address such as `platform@example.com`",
            ),
        }
    }
    addressees
}
