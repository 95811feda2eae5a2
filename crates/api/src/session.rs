//! Signing in, for browsers, and the tokens of programs.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{Role, SignInMethod};

/// Whether one has to sign in, who has, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The server wants to know who asks.
    pub needed: bool,
    /// How one can sign in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<SignInMethod>,
    /// Until when the browser's session lasts; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who asks; absent: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What whoever asks may do; absent: nothing, before they sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The teams whose things an editor decides about, with the teams below them; none: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
}

/// Asking for a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The server's token, or one that it made.
    pub token: String,
}

impl fmt::Debug for SessionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRequest").finish_non_exhaustive()
    }
}

/// A token of a program, without the token itself: that is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What whoever bears it may do.
    pub role: Role,
    /// The teams whose things an editor decides about; none: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// Who made it; absent: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// When.
    pub made_at: String,
    /// When it ends.
    pub expires: String,
    /// Whether it has ended.
    pub expired: bool,
}

/// The tokens of programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiTokens {
    /// All of them, the last first.
    pub items: Vec<ApiToken>,
}

/// Asking for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiTokenRequest {
    /// What it is for, at most 200 characters; what is decided with it has this name as its author.
    pub name: String,
    /// What whoever bears it may do.
    pub role: Role,
    /// References of Groups, for an editor: it decides about their things, and those of the Groups below them, alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// When it ends, at most in a year.
    pub expires: String,
}

/// A token that was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewApiToken {
    /// The token. Nobody can be told it again.
    pub token: String,
    /// What it is.
    pub made: ApiToken,
}

impl fmt::Debug for NewApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiToken")
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}
