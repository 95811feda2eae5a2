//! Tokens of programs: made for one purpose, with a role and an end, and told once.
//!
//! ```text
//!  bst_<number>_<secret>: the number finds what is known of it, and a digest of the secret is all that is kept
//! ```
//!
//! It owns how a token looks and which are known. Keeping them is the store's business, and what a role may do that of `roles`.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use store::{ApiTokenId, ApiTokenRecord, NewApiToken};
use subtle::ConstantTimeEq as _;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use crate::desk;
use crate::identity::Identity;

/// What every token begins with, so that whatever looks for secrets in a repository can find one.
const PREFIX: &str = "bst_";
/// Bytes of a secret.
const SECRET: usize = 32;

/// Where it is asked to keep a token, or to end one.
pub type Desk = desk::Desk<Wish, Result<ApiTokenRecord, Declined>>;
/// What is asked of the loop, and where the answer goes.
pub type Request = desk::Request<Wish, Result<ApiTokenRecord, Declined>>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A token is to be kept.
    Keep(NewApiToken),
    /// One is to end.
    End(ApiTokenId),
}

/// Why it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// So many stand that no more are taken.
    TooMany(usize),
    /// There is none of that number.
    Unknown,
}

/// The tokens that are known; the loop is their only writer.
#[derive(Debug, Default)]
pub struct Known(RwLock<BTreeMap<ApiTokenId, ApiTokenRecord>>);

impl Known {
    /// These are known from now on, and no others.
    pub fn set(&self, records: impl IntoIterator<Item = ApiTokenRecord>) {
        let records = records.into_iter().map(|it| (it.id, it)).collect();
        match self.0.write() {
            Ok(mut known) => *known = records,
            Err(poisoned) => *poisoned.into_inner() = records,
        }
    }

    /// All of them, the last first.
    pub fn list(&self) -> Vec<ApiTokenRecord> {
        let known = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        known.values().rev().cloned().collect()
    }

    /// Whose token that is, if it stands at that time, in seconds since the Unix epoch.
    pub(crate) fn identity(&self, token: &str, now: i64) -> Option<Bearer> {
        let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let id: ApiTokenId = id.parse().ok()?;
        let known = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let record = known.get(&id)?;
        let fits = bool::from(digested(secret).ct_eq(&record.new.digest));
        (fits && record.new.expires > now)
            .then(|| Bearer::of(record))
            .flatten()
    }

    /// Who bears the token of that number, if it stands.
    pub(crate) fn bearer(&self, id: ApiTokenId, now: i64) -> Option<Bearer> {
        let known = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let record = known.get(&id)?;
        (record.new.expires > now)
            .then(|| Bearer::of(record))
            .flatten()
    }
}

/// Who bears a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) id: ApiTokenId,
    pub(crate) identity: Identity,
    pub(crate) expires: i64,
}

impl Bearer {
    /// `None` where a later version wrote a role that this one does not know: it permits nothing.
    fn of(record: &ApiTokenRecord) -> Option<Self> {
        Some(Self {
            id: record.id,
            identity: identity(&record.new)?,
            expires: record.new.expires,
        })
    }
}

/// Who a token stands for.
pub(crate) fn identity(token: &NewApiToken) -> Option<Identity> {
    let role = api::Role::ALL
        .iter()
        .find(|role| role.as_str() == &*token.role)?;
    let teams = token
        .teams
        .iter()
        .map(|team| EntityRef::parse(team, Some("group"), DEFAULT_NAMESPACE));
    Some(Identity {
        name: Some(token.name.clone()),
        role: *role,
        teams: teams.collect::<Result<_, _>>().ok()?,
    })
}

/// Whether it looks like a token of this kind.
pub(crate) fn looks_like_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// A secret that nobody can guess, and its digest. `None`: the system has no random numbers.
pub(crate) fn secret() -> Option<(SecretString, [u8; 32])> {
    let mut bytes = [0; SECRET];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    let digest = digested(&secret);
    Some((secret.into(), digest))
}

/// The token of that number with that secret.
pub(crate) fn written(id: ApiTokenId, secret: &SecretString) -> String {
    format!("{PREFIX}{id}_{}", secret.expose_secret())
}

/// A secret of so many random bits needs no slow digest: nobody tries them all.
fn digested(secret: &str) -> [u8; 32] {
    let mut digested = [0; 32];
    digested.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    digested
}

/// Where tokens are known and kept.
#[derive(Clone, Debug)]
pub struct ApiTokens {
    /// Those that are known.
    pub known: Arc<Known>,
    /// Where it is asked to keep or end one.
    pub desk: Desk,
}
