//! The provider at which people sign in, as it is configured. It must not know what they may do.

use std::time::Duration;

use crate::config::SignIn;
use crate::outbound;
use crate::report::told;

/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of the provider.
///
/// # Errors
/// When its secret or its certificates cannot be read; in words.
pub(crate) fn provider(configured: &SignIn) -> Result<oidc::Client, String> {
    let oidc = &configured.oidc;
    let secret = oidc.client_secret.as_ref();
    let client_secret = secret
        .map(|secret| secret.read("client secret"))
        .transpose()
        .map_err(|error| told(&error))?;
    let settings = oidc::Settings {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret,
        redirect: configured.redirect(),
        scopes: oidc.scopes.clone(),
        groups_claim: configured.grants.groups_claim.clone(),
    };
    let http = outbound::client(oidc.ca_file.as_deref(), PATIENCE)?;
    oidc::Client::new(settings, http).map_err(|error| told(&error))
}
