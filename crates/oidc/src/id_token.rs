//! What makes an ID token one that can be believed (OpenID Connect Core, 3.1.3.7).

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::claims::Claims;
use crate::error::TokenFault;

/// How far clocks may disagree, in seconds.
const LEEWAY: i64 = 60;

/// What the token has to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'e> {
    pub(crate) issuer: &'e str,
    pub(crate) client: &'e str,
    pub(crate) nonce: &'e str,
}

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "iss")]
    issuer: String,
    #[serde(rename = "aud")]
    audience: Audience,
    #[serde(rename = "azp")]
    authorized: Option<String>,
    #[serde(rename = "exp")]
    expires: f64,
    #[serde(rename = "nbf")]
    not_before: Option<f64>,
    nonce: Option<String>,
    #[serde(flatten)]
    claims: Claims,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The keys of a set that can be used; others, of kinds that come later, are none.
pub(crate) fn keys(set: &[u8]) -> Result<Vec<Jwk>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(set)?;
    let read = |key| serde_json::from_value::<Jwk>(key).ok();
    Ok(set.keys.into_iter().filter_map(read).collect())
}

/// The claims of the token, if it can be believed at that time, in seconds since the Unix epoch.
pub(crate) fn verify(
    token: &str,
    keys: &[Jwk],
    expected: Expected<'_>,
    now: i64,
) -> Result<Claims, TokenFault> {
    let header = decode_header(token).map_err(|error| match error.kind() {
        // The name of an algorithm that nobody knows, `none` among them.
        ErrorKind::Json(_) => TokenFault::Algorithm("an unknown algorithm".to_owned()),
        _ => TokenFault::Shape,
    })?;
    // What the provider says in public must not be what it signs with: a shared secret is no key here.
    if matches!(
        header.alg,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    ) {
        return Err(TokenFault::Algorithm(format!("{:?}", header.alg)));
    }
    let mut fitting = keys
        .iter()
        .filter(|key| header.kid.is_none() || header.kid == key.common.key_id)
        .filter(|key| signs(key))
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .filter(|key| key.family() == header.alg.family())
        .peekable();
    if fitting.peek().is_none() {
        return Err(TokenFault::NoKey);
    }
    let token: Token = fitting
        .find_map(|key| decode(token, &key, &signature_only(header.alg)).ok())
        .ok_or(TokenFault::Signature)?
        .claims;
    check(&token, expected, now)?;
    Ok(token.claims)
}

/// Whether the key is for signatures, as far as it says.
fn signs(key: &Jwk) -> bool {
    let common = &key.common;
    let of_use = common.public_key_use.as_ref();
    let operations = common.key_operations.as_ref();
    of_use.is_none_or(|it| *it == PublicKeyUse::Signature)
        && operations.is_none_or(|them| them.contains(&KeyOperations::Verify))
}

/// The signature alone: the rest is checked here, at a time that is an argument.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time that is out of range ends up at its end, and is over or to come"
)]
fn check(token: &Token, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
    if token.issuer != expected.issuer {
        return Err(TokenFault::Issuer(token.issuer.clone()));
    }
    let for_us = match &token.audience {
        Audience::One(client) => client == expected.client,
        Audience::Several(clients) => {
            // Of several, one has to be the one that asked.
            let asked = clients.len() == 1 || token.authorized.is_some();
            asked && clients.iter().any(|client| client == expected.client)
        }
    };
    let authorized = token.authorized.as_deref();
    if !for_us || authorized.is_some_and(|client| client != expected.client) {
        return Err(TokenFault::Audience);
    }
    let over = now.saturating_sub(token.expires as i64);
    if over >= LEEWAY {
        return Err(TokenFault::Expired(over));
    }
    let early = token
        .not_before
        .map_or(0, |from| (from as i64).saturating_sub(now));
    if early > LEEWAY {
        return Err(TokenFault::Early(early));
    }
    if token.nonce.as_deref() != Some(expected.nonce) {
        return Err(TokenFault::Nonce);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://login.example.com",
        client: "backstitch",
        nonce: "n-0S6_WzA2Mj",
    };

    fn key(name: &str) -> (EncodingKey, Jwk) {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .expect("a key");
        let key = EncodingKey::from_ec_der(made.as_ref());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a public key");
        public.common.key_id = Some(name.to_owned());
        (key, public)
    }

    fn good() -> Value {
        json!({
            "iss": EXPECTED.issuer, "aud": EXPECTED.client, "sub": "8a1", "nonce": EXPECTED.nonce,
            "iat": NOW - 5, "exp": NOW + 300, "groups": ["sre"],
        })
    }

    fn signed(claims: &Value, kid: Option<&str>, key: &EncodingKey) -> String {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(Algorithm::ES256)
        };
        encode(&header, claims, key).expect("a token")
    }

    #[test]
    fn a_good_token_says_who_it_is() {
        let ((key, public), (_, other)) = (key("a"), key("b"));
        for kid in [Some("a"), None] {
            let token = signed(&good(), kid, &key);
            let claims = verify(&token, &[other.clone(), public.clone()], EXPECTED, NOW);
            let claims = claims.expect("it is good");
            assert_eq!(claims.subject, "8a1");
            assert!(claims.groups("groups").expect("groups").contains("sre"));
        }
    }

    /// Claims that are other ones.
    type Changes<'c> = &'c [(&'c str, Value)];

    #[test]
    fn what_is_said_decides() {
        let (key, public) = key("a");
        let two = json!(["backstitch", "other"]);
        let table: [(Changes<'_>, Result<(), TokenFault>); 17] = [
            (&[], Ok(())),
            (&[("aud", json!(["backstitch"]))], Ok(())),
            (
                &[("aud", two.clone()), ("azp", json!("backstitch"))],
                Ok(()),
            ),
            (&[("aud", two.clone())], Err(TokenFault::Audience)),
            (
                &[("aud", two), ("azp", json!("other"))],
                Err(TokenFault::Audience),
            ),
            (&[("azp", json!("other"))], Err(TokenFault::Audience)),
            (&[("aud", json!("other"))], Err(TokenFault::Audience)),
            (&[("aud", json!([]))], Err(TokenFault::Audience)),
            (
                &[("iss", json!("https://evil.example"))],
                Err(TokenFault::Issuer("https://evil.example".into())),
            ),
            (&[("exp", json!(NOW - 59))], Ok(())),
            (&[("exp", json!(NOW - 60))], Err(TokenFault::Expired(60))),
            (
                &[("exp", json!(-1e300))],
                Err(TokenFault::Expired(i64::MAX)),
            ),
            (&[("nbf", json!(NOW + 60))], Ok(())),
            (&[("nbf", json!(NOW + 61))], Err(TokenFault::Early(61))),
            (&[("nonce", json!("another"))], Err(TokenFault::Nonce)),
            (&[("nonce", Value::Null)], Err(TokenFault::Nonce)),
            // Without a claim that has to be there, what was signed is no ID token.
            (&[("exp", Value::Null)], Err(TokenFault::Signature)),
        ];
        for (changes, expected) in table {
            let mut claims = good();
            for (claim, value) in changes {
                claims[*claim] = value.clone();
            }
            let token = signed(&claims, Some("a"), &key);
            let found = verify(&token, std::slice::from_ref(&public), EXPECTED, NOW);
            assert_eq!(found.map(drop), expected, "{changes:?}");
        }
    }

    #[test]
    fn who_signed_decides() {
        let ((key, public), (foreign, _)) = (key("a"), key("b"));
        let keys = [public.clone()];
        let with = |token: &str| verify(token, &keys, EXPECTED, NOW).map(drop);
        assert_eq!(
            with(&signed(&good(), Some("b"), &key)),
            Err(TokenFault::NoKey)
        );
        assert_eq!(
            with(&signed(&good(), Some("a"), &foreign)),
            Err(TokenFault::Signature)
        );
        assert_eq!(with("not.a.token"), Err(TokenFault::Shape));
        assert_eq!(with(""), Err(TokenFault::Shape));
        // The public key as a shared secret, which everybody has.
        let shared = EncodingKey::from_secret(&serde_json::to_vec(&public).expect("JSON"));
        let forged = encode(
            &Header::new(Algorithm::HS256),
            &good(),
            &shared.expect("a key"),
        );
        assert_eq!(
            with(&forged.expect("a token")),
            Err(TokenFault::Algorithm("HS256".into()))
        );
        // `{"alg":"none"}`, and no signature.
        let unsigned = signed(&good(), None, &key);
        let claims = unsigned.split('.').nth(1).expect("claims");
        let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
        assert!(matches!(
            with(&unsigned),
            Err(TokenFault::Algorithm(_) | TokenFault::Shape)
        ));
        let mut for_encryption = public;
        for_encryption.common.public_key_use = Some(PublicKeyUse::Encryption);
        let found = verify(
            &signed(&good(), None, &key),
            &[for_encryption],
            EXPECTED,
            NOW,
        );
        assert_eq!(found.map(drop), Err(TokenFault::NoKey));
    }

    #[test]
    fn keys_of_other_kinds_cost_nothing() {
        let (key, public) = key("a");
        let set = json!({"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "kid": "new"}, public, 7]});
        let keys = keys(set.to_string().as_bytes()).expect("a set");
        let token = signed(&good(), None, &key);
        assert!(verify(&token, &keys, EXPECTED, NOW).is_ok());
        assert!(super::keys(b"{}").is_err());
    }
}
