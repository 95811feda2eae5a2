//! Tokens of programs: made for one purpose, with a role and an end, and told once.
//!
//! ```text
//!  bst_<number>_<secret>: the number finds what is known of it, and a digest of the secret is all that is kept
//! ```
//!
//! It owns how a token looks and which are known. Keeping them is the store's business, and what a role may do that of `roles`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use api::Role;
use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use store::{ApiTokenId, ApiTokenRecord, NewApiToken};
use subtle::ConstantTimeEq as _;

use crate::desk;
use crate::identity::Identity;
use crate::random;

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
pub struct Known(RwLock<Records>);

type Records = BTreeMap<ApiTokenId, ApiTokenRecord>;

impl Known {
    /// These are known from now on, and no others.
    pub fn set(&self, records: impl IntoIterator<Item = ApiTokenRecord>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *known = records.into_iter().map(|it| (it.id, it)).collect();
    }

    /// All of them, the last first.
    pub fn list(&self) -> Vec<ApiTokenRecord> {
        self.read().values().rev().cloned().collect()
    }

    /// Whose token that is, if it stands at that time, in seconds since the Unix epoch.
    pub(crate) fn identity(&self, token: &str, now: i64) -> Option<Bearer> {
        let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        self.standing(id.parse().ok()?, now, |new| {
            digested(secret).ct_eq(&new.digest).into()
        })
    }

    /// Who bears the token of that number, if it stands.
    pub(crate) fn bearer(&self, id: ApiTokenId, now: i64) -> Option<Bearer> {
        self.standing(id, now, |_| true)
    }

    /// Who bears the token of that number, if it stands and fits. A role that only a later version knows permits nothing.
    fn standing(
        &self,
        id: ApiTokenId,
        now: i64,
        fits: impl FnOnce(&NewApiToken) -> bool,
    ) -> Option<Bearer> {
        let known = self.read();
        let new = &known.get(&id)?.new;
        if new.expires <= now || !fits(new) {
            return None;
        }
        Some(Bearer {
            id,
            identity: identity(new)?,
            expires: new.expires,
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Records> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who bears a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) id: ApiTokenId,
    pub(crate) identity: Identity,
    pub(crate) expires: i64,
}

/// Who a token stands for.
pub(crate) fn identity(token: &NewApiToken) -> Option<Identity> {
    let mut roles = Role::ALL.iter();
    let role = roles.find(|role| role.as_str() == &*token.role)?;
    Identity::of(&token.name, *role, &token.teams)
}

/// Whether it looks like a token of this kind.
pub(crate) fn looks_like_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// A secret that nobody can guess, and its digest. `None`: the system has no random numbers.
pub(crate) fn secret() -> Option<(SecretString, [u8; 32])> {
    let secret = random::text::<SECRET>()?;
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
