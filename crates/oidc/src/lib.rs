//! Signing people in by [OpenID Connect]: who somebody is, as a provider such as Keycloak, Entra ID, Okta or Dex says it.
//!
//! ```text
//!  browser ──▶ Client::authorization_url ──▶ the provider ──▶ browser ──▶ Client::finish
//!                                                                          code → token endpoint → ID token → Claims
//! ```
//!
//! It owns the authorization code flow with [PKCE], and what makes an ID token one that can be believed. It must not know what
//! somebody may do, how a browser remembers, or the time: those are its caller's. Nothing is kept between two people who sign in,
//! so that a provider may change its keys and addresses at any time.
//!
//! [OpenID Connect]: https://openid.net/specs/openid-connect-core-1_0.html
//! [PKCE]: https://www.rfc-editor.org/rfc/rfc7636

mod attempt;
mod claims;
mod client;
mod error;
mod id_token;
mod metadata;

pub use self::attempt::Attempt;
pub use self::claims::Claims;
pub use self::client::{Client, Settings};
pub use self::error::{Endpoint, OidcError, TokenFault};
pub use self::metadata::is_confidential;
