//! Where people sign in: whether the provider answers, and is the one that is configured. Whether it knows the client only an
//! attempt tells.

use oidc::{Endpoint, OidcError};

use super::{Check, told};
use crate::config::SignIn;
use crate::sign_in::provider;

/// What the provider answered.
pub(super) type Asked = Result<Result<(), OidcError>, String>;

/// Asks the provider what it says of itself.
pub(super) async fn ask(configured: &SignIn) -> Asked {
    Ok(provider(configured)?.check().await)
}

/// What the answer comes to.
pub(super) fn check(issuer: &str, redirect: &str, asked: &Asked) -> Check {
    let error = match asked {
        Err(why) => {
            return Check::fail("sign-in", why.clone())
                .remedy(Some("mend it: `serve` does not start without it"));
        }
        Ok(Ok(())) => {
            let message = format!("`{issuer}` answers; browsers come back to `{redirect}`");
            return Check::ok("sign-in", message);
        }
        Ok(Err(error)) => error,
    };
    let remedy = match error {
        OidcError::OtherIssuer { found, .. } => {
            format!("write `issuer: {found}`, if that is the provider that is meant")
        }
        OidcError::Unreachable { .. } => {
            "check the address, the network, and `ca_file` where the provider has a certificate of your own authority".to_owned()
        }
        OidcError::Refused {
            endpoint: Endpoint::Discovery,
            status: 404,
            ..
        } => "check the path of `issuer`: a realm or a tenant is a part of it".to_owned(),
        OidcError::Refused { .. } => "look at the provider, and ask again".to_owned(),
        _ => "`issuer` has to be a provider of OpenID Connect".to_owned(),
    };
    Check::fail("sign-in", told(error)).remedy(Some(remedy))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_a_provider_comes_to() {
        let table: [Asked; 5] = [
            Ok(Ok(())),
            Err("the client secret file `secret` is empty".to_owned()),
            Ok(Err(OidcError::OtherIssuer {
                found: "https://login.example.com/".to_owned(),
                expected: "https://login.example.com".to_owned(),
            })),
            Ok(Err(OidcError::Refused {
                endpoint: Endpoint::Discovery,
                status: 404,
                said: None,
            })),
            Ok(Err(OidcError::Refused {
                endpoint: Endpoint::Discovery,
                status: 503,
                said: None,
            })),
        ];
        let lines: Vec<String> = table
            .iter()
            .map(|asked| {
                let check = check("https://login.example.com", "https://b.example/cb", asked);
                let remedy = check.remedy.unwrap_or_default();
                format!("{:?}: {}\n  {remedy}", check.outcome, check.message)
                    .trim_end()
                    .to_owned()
            })
            .collect();
        assert_snapshot!(lines.join("\n"), @r"
        Ok: `https://login.example.com` answers; browsers come back to `https://b.example/cb`
        Fail: the client secret file `secret` is empty
          mend it: `serve` does not start without it
        Fail: the discovery document is of issuer `https://login.example.com/`, expected `https://login.example.com`, letter by letter
          write `issuer: https://login.example.com/`, if that is the provider that is meant
        Fail: the provider's discovery document answers with status 404
          check the path of `issuer`: a realm or a tenant is a part of it
        Fail: the provider's discovery document answers with status 503
          look at the provider, and ask again
        ");
    }
}
