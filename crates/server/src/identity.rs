//! Who asks, and what they may do.
//!
//! ```text
//!  a token, a cookie ──▶ Identity (role, teams) ──▶ the role that the route needs (roles) ──▶ what is decided about (scope)
//! ```

use std::sync::Arc;

use api::Role;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use crate::problem::Refusal;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// What they are called; `None`: nobody said, as on a server that wants no token.
    pub(crate) name: Option<Box<str>>,
    /// What they may do.
    pub(crate) role: Role,
    /// The teams whose things an editor decides about, with the teams below them; none: everything.
    pub(crate) teams: Vec<EntityRef>,
}

impl Identity {
    /// Whoever may do everything, and said no name: on a server that wants no token, or with its own token.
    pub(crate) const ANYBODY: Self = Self {
        name: None,
        role: Role::Admin,
        teams: Vec::new(),
    };

    /// Somebody of that name, as it was written down; `None`: a team is no reference.
    pub(crate) fn of(name: &str, role: Role, teams: &[String]) -> Option<Self> {
        let teams = teams
            .iter()
            .map(|team| EntityRef::parse(team, Some("group"), DEFAULT_NAMESPACE));
        Some(Self {
            name: Some(name.into()),
            role,
            teams: teams.collect::<Result<_, _>>().ok()?,
        })
    }

    /// The name, and where there is none what was said.
    pub(crate) fn name_or<'i>(&'i self, said: &'i str) -> &'i str {
        self.name.as_deref().unwrap_or(said)
    }

    /// The teams as references.
    pub(crate) fn team_refs(&self) -> Vec<String> {
        self.teams.iter().map(ToString::to_string).collect()
    }
}

/// Who asks, for a handler: the guard found it out before.
#[derive(Clone, Debug)]
pub(crate) struct Who(pub(crate) Arc<Identity>);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Self>().cloned();
        who.ok_or_else(|| Refusal::internal("nobody found out who asks"))
    }
}
