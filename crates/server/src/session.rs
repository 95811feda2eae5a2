//! What a browser remembers: a session, and for some minutes an attempt to sign in at a provider.
//!
//! A cookie is what it says, readable, and a signature of that under a key made of the server's secrets. So nothing is kept, a
//! restart signs nobody out, and another token, another secret of the provider's, or other roles end every session. It must not
//! know time: that is an argument.

use api::Role;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::identity::Identity;
use crate::random;

/// How long a session lasts, in seconds: a working day with some to spare.
pub(crate) const LASTS: i64 = 12 * 3600;
/// How long somebody may take to sign in at a provider, in seconds.
pub(crate) const ATTEMPT_LASTS: i64 = 600;

/// The keys that cookies are signed with, one for each purpose, so that what was signed for one is of no use for another.
pub(crate) struct Keys {
    session: Key,
    attempt: Key,
    /// What nonces and verifiers are made with.
    pub(crate) provider: Key,
}

impl Keys {
    /// Keys that follow from the secrets that the server has; where it has none, keys until it ends.
    pub(crate) fn of(access: &Access) -> Self {
        let token = access.token.as_ref();
        let sign_in = access.sign_in.as_ref();
        let secret = sign_in.and_then(|it| it.provider.secret());
        let mut root = Vec::new();
        for part in [token, secret] {
            let part = part.map_or("", |part| part.expose_secret());
            root.extend(part.len().to_le_bytes());
            root.extend(part.as_bytes());
        }
        if token.is_none() && secret.is_none() {
            // Without random numbers nobody gets this far: TLS has none either.
            root.extend(random::bytes::<32>().into_iter().flatten());
        }
        let root = Key::new(HMAC_SHA256, &root);
        // Who had a role that was taken away has to sign in anew.
        let grants = sign_in.map_or_else(String::new, |it| format!("{:?}", it.grants));
        let derived = |purpose: &str| {
            let tag = sign(&root, format!("backstitch {purpose} 2 {grants}").as_bytes());
            Key::new(HMAC_SHA256, tag.as_ref())
        };
        Self {
            session: derived("session"),
            attempt: derived("attempt"),
            provider: derived("provider"),
        }
    }
}

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Of {
    /// Whoever gave the server's token.
    Token,
    /// Whoever gave the token of that number, for as long as that stands.
    ApiToken(i64),
    /// Whoever signed in at a provider.
    Person {
        name: Box<str>,
        role: Role,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        teams: Vec<String>,
    },
}

impl Of {
    /// Somebody who signed in at a provider.
    pub(crate) fn person(identity: &Identity) -> Self {
        Self::Person {
            name: identity.name.clone().unwrap_or_default(),
            role: identity.role,
            teams: identity.team_refs(),
        }
    }

    /// The identity of a person; `None`: it is a token's.
    pub(crate) fn identity(&self) -> Option<Identity> {
        let Self::Person { name, role, teams } = self else {
            return None;
        };
        Identity::of(name, *role, teams)
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) of: Of,
    /// When it ends: seconds since the Unix epoch.
    pub(crate) until: i64,
}

/// An attempt to sign in at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// What has to come back.
    pub(crate) state: String,
    /// The page to go on to.
    pub(crate) back: String,
    /// When it is too late: seconds since the Unix epoch.
    pub(crate) until: i64,
}

/// A sort of cookie.
struct Jar {
    name: &'static str,
    /// Scripts cannot read it, and pages of other sites have it sent as far as this says.
    attributes: &'static str,
    lasts: i64,
}

const SESSION: Jar = Jar {
    name: "backstitch_session",
    attributes: "Path=/; HttpOnly; SameSite=Strict",
    lasts: LASTS,
};
/// A provider sends the browser back, which counts as coming from another site.
const ATTEMPT: Jar = Jar {
    name: "backstitch_sign_in",
    attributes: "Path=/api/v1/session/oidc; HttpOnly; SameSite=Lax",
    lasts: ATTEMPT_LASTS,
};

impl Session {
    /// The cookie, as `Set-Cookie` has it.
    pub(crate) fn cookie(&self, keys: &Keys, secure: bool) -> String {
        SESSION.set(&signed(self, &keys.session), secure)
    }

    /// The session whose cookie is among the headers, if it is one of ours and not over.
    pub(crate) fn read(keys: &Keys, headers: &HeaderMap, now: i64) -> Option<Self> {
        let given = given(headers, SESSION.name);
        given
            .filter_map(|value| opened::<Self>(value, &keys.session))
            .find(|session| session.until > now)
    }
}

impl Pending {
    /// The cookie, as `Set-Cookie` has it.
    pub(crate) fn cookie(&self, keys: &Keys, secure: bool) -> String {
        ATTEMPT.set(&signed(self, &keys.attempt), secure)
    }

    /// The attempt whose cookie is among the headers, if it is the one of that state and not over.
    pub(crate) fn read(keys: &Keys, headers: &HeaderMap, state: &str, now: i64) -> Option<Self> {
        let given = given(headers, ATTEMPT.name);
        given
            .filter_map(|value| opened::<Self>(value, &keys.attempt))
            .find(|attempt| attempt.state == state && attempt.until > now)
    }
}

/// What takes the cookie of a session away.
pub(crate) fn no_session() -> String {
    SESSION.remove()
}

/// What takes the cookie of an attempt away.
pub(crate) fn no_attempt() -> String {
    ATTEMPT.remove()
}

impl Jar {
    fn set(&self, value: &str, secure: bool) -> String {
        let Self {
            name,
            attributes,
            lasts,
        } = self;
        let secure = if secure { "; Secure" } else { "" };
        format!("{name}={value}; {attributes}; Max-Age={lasts}{secure}")
    }

    fn remove(&self) -> String {
        let Self {
            name, attributes, ..
        } = self;
        format!("{name}=; {attributes}; Max-Age=0")
    }
}

fn signed<T: Serialize>(what: &T, key: &Key) -> String {
    // What is signed is made of texts and numbers, which always encode.
    let what = serde_json::to_vec(what).unwrap_or_default();
    let tag = sign(key, &what);
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(what),
        URL_SAFE_NO_PAD.encode(tag.as_ref())
    )
}

fn opened<T: DeserializeOwned>(value: &str, key: &Key) -> Option<T> {
    let (what, tag) = value.split_once('.')?;
    let what = URL_SAFE_NO_PAD.decode(what).ok()?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    verify(key, &what, &tag).ok()?;
    serde_json::from_slice(&what).ok()
}

fn given<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(move |pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn keys(token: &str) -> Keys {
        Keys::of(&Access {
            token: Some(token.into()),
            ..Access::default()
        })
    }

    fn sent(cookies: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookies).expect("a value"));
        headers
    }

    fn ann() -> Session {
        Session {
            of: Of::Person {
                name: "ann".into(),
                role: Role::Editor,
                teams: vec!["group:default/web".to_owned()],
            },
            until: 1000,
        }
    }

    fn pair(cookie: &str) -> String {
        cookie.split(';').next().expect("a pair").to_owned()
    }

    #[test]
    fn a_session_is_good_until_it_ends_and_under_its_secret_alone() {
        let keys = keys("s3cret");
        let good = pair(&ann().cookie(&keys, false));
        let admin = Session {
            of: Of::Token,
            until: 1000,
        };
        let (payload, tag) = good.split_once('.').expect("two parts");
        let forged = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&admin).expect("JSON"));
        for (given, now, is_good) in [
            (good.clone(), 0, true),
            (good.clone(), 999, true),
            (good.clone(), 1000, false),
            (format!("theme=dark; {good}; other=1"), 0, true),
            (pair(&ann().cookie(&self::keys("other"), false)), 0, false),
            // Another role is no longer what was signed.
            (format!("backstitch_session={forged}.{tag}"), 0, false),
            (format!("{payload}."), 0, false),
            (payload.to_owned(), 0, false),
            ("backstitch_session=".to_owned(), 0, false),
            (format!("x{good}"), 0, false),
            // What was signed for another purpose.
            (
                pair(&ATTEMPT.set(&signed(&ann(), &keys.attempt), false))
                    .replace(ATTEMPT.name, SESSION.name),
                0,
                false,
            ),
        ] {
            let read = Session::read(&keys, &sent(&given), now);
            assert_eq!(read, is_good.then(ann), "{given}");
        }
        assert_eq!(Session::read(&keys, &HeaderMap::new(), 0), None);
    }

    #[test]
    fn an_attempt_is_of_one_state() {
        let keys = keys("s3cret");
        let pending = Pending {
            state: "abc".to_owned(),
            back: "/services".to_owned(),
            until: 600,
        };
        let headers = sent(&pair(&pending.cookie(&keys, true)));
        assert_eq!(Pending::read(&keys, &headers, "abc", 0), Some(pending));
        assert_eq!(Pending::read(&keys, &headers, "abd", 0), None);
        assert_eq!(Pending::read(&keys, &headers, "abc", 600), None);
    }

    #[test]
    fn a_cookie_is_of_no_use_to_scripts_and_other_sites() {
        let keys = keys("s3cret");
        let set = ann().cookie(&keys, false);
        assert!(
            set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"),
            "{set}"
        );
        assert!(!set.contains("s3cret"));
        assert!(ann().cookie(&keys, true).ends_with("; Secure"));
    }

    #[test]
    fn without_a_secret_a_session_ends_with_the_server() {
        let access = Access::default();
        let set = pair(&ann().cookie(&Keys::of(&access), false));
        assert_eq!(Session::read(&Keys::of(&access), &sent(&set), 0), None);
    }
}
