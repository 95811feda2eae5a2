//! S29: from the keys of a Secret to how a Backstage is reached.

use std::collections::BTreeMap;

use cluster::live::secrets::Secret;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::SecretString;
use topology::settings::Coverage;

use super::Problem;
use super::reading::Reading;
use crate::config::{
    Credentials, Endpoint, InSecret, InstanceOptions, SecretSource, Settings, parse_endpoint,
    parts_of_place, settings,
};

/// The keys of a Secret.
pub(crate) const KEYS: [&str; 8] = [
    "endpoint",
    "token",
    "insecure_skip_verify",
    "ca.crt",
    "client.crt",
    "client.key",
    "headers",
    "settings",
];
/// What other tools call them.
const ALIASES: [(&str, &str); 8] = [
    ("url", "endpoint"),
    ("baseUrl", "endpoint"),
    ("host", "endpoint"),
    ("apiToken", "token"),
    ("bearer", "token"),
    ("tls.crt", "client.crt"),
    ("tls.key", "client.key"),
    ("ca", "ca.crt"),
];
/// Bound on a token, an address or all headers, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Bound on certificates, in bytes: what a Secret can hold.
const MAX_PEM_BYTES: usize = 1024 * 1024;
/// Bound on the headers.
const MAX_HEADERS: usize = 100;
/// How PEM begins, whatever is in it.
const PEM_BEGINS: &str = "-----BEGIN ";

/// How a Backstage is reached, and what of its Secret is worth a warning.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// How.
    pub endpoint: Box<Endpoint>,
    /// What else it says of the instance, if it does.
    pub settings: Option<Box<Settings>>,
    /// The further cluster that has the Secret, if it is one: that is what the instance covers unless something else is said
    /// (S8).
    pub cluster: Option<String>,
    /// What is no failure and should be known. No value is in it.
    pub warnings: Vec<String>,
}

/// Reads a Secret.
///
/// # Errors
/// What of it cannot be used, all of it. No value is shown (S31).
pub(crate) fn endpoint(secret: &Secret) -> Result<Reached, Problem> {
    let mut reading = Reading::of(secret);
    let endpoint = reading.endpoint();
    let settings = reading.settings();
    let (mut endpoint, warnings) = reading.finish(endpoint)?;
    if let Some(settings) = &settings {
        endpoint.filter.clone_from(&settings.filter);
    }
    Ok(Reached {
        endpoint: Box::new(endpoint),
        settings: settings.map(Box::new),
        cluster: parts_of_place(&secret.namespace).0.map(str::to_owned),
        warnings,
    })
}

impl Reached {
    /// How the instance is stitched and read: what the configuration says of it, and the Secret where that says nothing.
    pub(crate) fn options(&self, configured: &InstanceOptions) -> InstanceOptions {
        let mut options = match &self.settings {
            Some(settings) => configured.completed_by(&settings.options),
            None => configured.clone(),
        };
        if let Some(cluster) = &self.cluster
            && !options.says("clusters")
        {
            options.settings.clusters = Coverage::Named(vec![cluster.as_str().into()]);
        }
        options
    }
}

impl Reading<'_> {
    fn endpoint(&mut self) -> Option<Endpoint> {
        self.unknown_keys(&KEYS, &ALIASES);
        let url = self.url();
        let token = self.text("token", MAX_TEXT_BYTES);
        let token = token.filter(|token| self.is_token(token));
        let insecure_skip_verify = self.insecure_skip_verify();
        let roots = self.pem("ca.crt");
        let identity = self.identity();
        let headers = self.headers(token.is_some());
        let mut endpoint = Endpoint::at(url?);
        if let Some(token) = token {
            endpoint.credentials = Credentials::Token(SecretSource::Inline(token.into()));
        }
        endpoint.insecure_skip_verify = insecure_skip_verify;
        endpoint.headers = headers;
        endpoint.in_secret = Some(Box::new(InSecret { roots, identity }));
        Some(endpoint)
    }

    /// They are no secret, and what is wrong with them may be shown.
    fn settings(&mut self) -> Option<Settings> {
        let text = self.text("settings", MAX_TEXT_BYTES)?;
        match settings(&self.secret.name, &text) {
            Ok((settings, warnings)) => {
                self.warnings.extend(warnings);
                Some(settings)
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn url(&mut self) -> Option<url::Url> {
        const EXPECTED: &str = "expected the base URL of a Backstage such as `https://backstage.example.com`, without user name or password";
        let before = self.faults.len();
        match self.text("endpoint", MAX_TEXT_BYTES) {
            Some(text) if !text.is_empty() => {
                let url = parse_endpoint(text.trim_end_matches('/')).ok();
                if url.is_none() {
                    self.faults
                        .push(format!("`endpoint` is no such URL, {EXPECTED}"));
                }
                url
            }
            _ if self.faults.len() > before => None,
            Some(_) => {
                self.faults.push(format!("`endpoint` is empty, {EXPECTED}"));
                None
            }
            None => {
                self.faults
                    .push(format!("it has no key `endpoint`, {EXPECTED}"));
                None
            }
        }
    }

    /// Whether there is a token that can be sent; an empty one is none.
    fn is_token(&mut self, token: &str) -> bool {
        if token.is_empty() {
            self.warnings
                .push("`token` is empty, and none is sent".to_owned());
            return false;
        }
        if HeaderValue::from_str(token).is_err() || token.contains(char::is_whitespace) {
            self.faults.push(
                "`token` holds white space, a line end or a control character inside of it, expected the token alone"
                    .to_owned(),
            );
            return false;
        }
        true
    }

    /// Only `true` disables it. Whoever wrote something else may think that they did.
    fn insecure_skip_verify(&mut self) -> bool {
        match self.text("insecure_skip_verify", MAX_TEXT_BYTES).as_deref() {
            Some("true") => true,
            None | Some("false" | "") => false,
            Some(_) => {
                self.warnings.push(
                    "`insecure_skip_verify` is neither `true` nor `false`; only `true` has an effect, and certificates are verified"
                        .to_owned(),
                );
                false
            }
        }
    }

    fn pem(&mut self, key: &str) -> Option<SecretString> {
        let text = self.text(key, MAX_PEM_BYTES)?;
        if text.is_empty() {
            return None;
        }
        if !text.contains(PEM_BEGINS) {
            self.faults.push(format!(
                "`{key}` is no PEM, expected a text with `{PEM_BEGINS}…`"
            ));
            return None;
        }
        Some(format!("{text}\n").into())
    }

    /// Both, or none.
    fn identity(&mut self) -> Option<(SecretString, SecretString)> {
        let before = self.faults.len();
        let (certificate, key) = (self.pem("client.crt"), self.pem("client.key"));
        if self.faults.len() == before {
            match (&certificate, &key) {
                (Some(_), None) => self.faults.push(
                    "`client.crt` without `client.key`, expected its private key too".to_owned(),
                ),
                (None, Some(_)) => self.faults.push(
                    "`client.key` without `client.crt`, expected its certificate too".to_owned(),
                ),
                _ => {}
            }
        }
        certificate.zip(key)
    }

    fn headers(&mut self, authorized: bool) -> Vec<(HeaderName, SecretSource)> {
        let Some(text) = self.text("headers", MAX_TEXT_BYTES) else {
            return Vec::new();
        };
        if text.is_empty() {
            return Vec::new();
        }
        let Ok(map) = serde_saphyr::from_str::<BTreeMap<String, String>>(&text) else {
            // What a parser says of it may quote it.
            self.faults.push(
                "`headers` is no such map, expected YAML from names to texts such as `X-Api-Key: abc`".to_owned(),
            );
            return Vec::new();
        };
        if map.len() > MAX_HEADERS {
            let found = map.len();
            self.faults.push(format!(
                "`headers`: found {found} of them, expected at most {MAX_HEADERS}"
            ));
            return Vec::new();
        }
        let mut headers: Vec<(HeaderName, SecretSource)> = Vec::new();
        // What is no name is not shown: it may be a value that was written in its place.
        for (number, (name, value)) in (1..).zip(map) {
            let value = value.trim();
            match HeaderName::from_bytes(name.as_bytes()) {
                Err(_) => self
                    .faults
                    .push(format!("`headers`: the {number}. name in the order of the alphabet is no name of a header")),
                Ok(name) if HeaderValue::from_str(value).is_err() => self
                    .faults
                    .push(format!("`headers`: the value of `{name}` cannot be that of a header")),
                Ok(name) if headers.iter().any(|(other, _)| *other == name) => self
                    .faults
                    .push(format!("`headers`: `{name}` is given twice, as capitals do not count")),
                Ok(name) => {
                    if let Some(reason) = backstage_client::reserved_header(&name) {
                        self.faults
                            .push(format!("`headers`: `{name}` cannot be given, {reason}"));
                    } else if name == AUTHORIZATION && authorized {
                        self.faults.push(
                            "`headers`: `authorization` beside `token`, which is sent by that header".to_owned(),
                        );
                    } else {
                        headers.push((name, SecretSource::Inline(value.to_owned().into())));
                    }
                }
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use cluster::live::secrets::Value;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn secret(data: &[(&str, &str)]) -> Secret {
        Secret {
            namespace: "causely".to_owned(),
            name: "backstage".to_owned(),
            data: data
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::of(*value)))
                .collect(),
            ..Secret::default()
        }
    }

    fn read(data: &[(&str, &str)]) -> Reached {
        endpoint(&secret(data)).expect("a usable Secret")
    }

    fn fault(data: &[(&str, &str)]) -> String {
        let problem = endpoint(&secret(data)).expect_err("it cannot be used");
        let told = problem
            .message
            .strip_prefix("the Secret `backstage` of namespace `causely` cannot be used: ");
        told.expect("it names the Secret").to_owned()
    }

    const URL: (&str, &str) = ("endpoint", "https://b.example");

    #[test]
    fn s29_the_keys_of_the_seed_page() {
        let read = read(&[
            ("endpoint", "https://b.example/base/\n"),
            ("token", "t0ken\n"),
            ("insecure_skip_verify", "true"),
        ]);
        assert_eq!(read.endpoint.url.as_str(), "https://b.example/base");
        assert!(read.endpoint.insecure_skip_verify);
        let Credentials::Token(SecretSource::Inline(token)) = &read.endpoint.credentials else {
            panic!("a token");
        };
        assert_eq!(token.expose_secret(), "t0ken");
        assert!(read.warnings.is_empty());
    }

    #[test]
    fn s29_only_true_disables_verification() {
        for (value, disables, warns) in [
            ("true", true, false),
            ("true\n", true, false),
            ("false", false, false),
            ("", false, false),
            ("True", false, true),
            ("yes", false, true),
            ("1", false, true),
        ] {
            let read = read(&[URL, ("insecure_skip_verify", value)]);
            assert_eq!(read.endpoint.insecure_skip_verify, disables, "{value}");
            assert_eq!(
                read.warnings.len() == 1,
                warns,
                "{value}: {:?}",
                read.warnings
            );
        }
    }

    #[test]
    fn s29_certificates_and_headers() {
        const PEM: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";
        let read = read(&[
            URL,
            ("ca.crt", PEM),
            ("client.crt", PEM),
            ("client.key", PEM),
            ("headers", "X-Api-Key: abc\nx-team: ' web '"),
        ]);
        let inside = read.endpoint.in_secret.expect("it comes from a Secret");
        assert!(inside.roots.is_some() && inside.identity.is_some());
        let names: Vec<&str> = read
            .endpoint
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["x-api-key", "x-team"]);
    }

    #[test]
    fn s29_settings_stand_beside_the_connection_and_cost_their_instance_alone() {
        let reached = read(&[URL, ("settings", "sync_interval: 1m\nfilter: spec.type=a")]);
        assert_eq!(reached.endpoint.filter, ["spec.type=a"]);
        let options = reached.options(&InstanceOptions::named("backstage"));
        assert_eq!(options.sync_interval.as_secs(), 60);
        assert_eq!(reached.warnings.len(), 1, "a filter on `spec` is told of");
        insta::assert_snapshot!(fault(&[URL, ("settings", "clusters: []\ntoken: a")]), @r"
        `settings`, line 1: `clusters`: found a list, expected `all` or a list of cluster names; `settings`, line 2: unknown key `token`; `settings` has `sync_interval`, `clusters`, `match_rules`, `honor_cluster_annotation`, `label_map`, `filter`
        ");
    }

    #[test]
    fn s8_an_instance_covers_the_cluster_that_has_its_secret() {
        let of = |namespace: &str, settings: &str| {
            let secret = Secret {
                namespace: namespace.to_owned(),
                ..secret(&[URL, ("settings", settings)])
            };
            let reached = endpoint(&secret).expect("a usable Secret");
            let own = InstanceOptions::named("backstage");
            reached.options(&own).settings.clusters
        };
        assert_eq!(of("causely", ""), Coverage::All, "as it is configured");
        assert_eq!(of("eu/causely", ""), Coverage::Named(vec!["eu".into()]));
        assert_eq!(of("eu/causely", "clusters: all"), Coverage::All);
    }

    #[test]
    fn an_unknown_key_is_told_of_with_the_one_that_may_be_meant() {
        for (key, near) in [
            ("Endpoint", "`endpoint`"),
            ("url", "`endpoint`"),
            ("tokn", "`token`"),
            ("TOKEN", "`token`"),
            ("tls.crt", "`client.crt`"),
            ("zzzzzzzz", "`headers`"),
            ("setings", "`settings`"),
        ] {
            let read = read(&[URL, (key, "sentinel")]);
            let [warning] = read.warnings.as_slice() else {
                panic!("one warning: {:?}", read.warnings);
            };
            assert!(
                warning.contains(&format!("`{key}`")) && warning.contains(near),
                "{warning}"
            );
        }
    }

    #[test]
    fn s29_what_cannot_be_used_says_key_found_and_expected() {
        insta::assert_snapshot!(fault(&[]), @"it has no key `endpoint`, expected the base URL of a Backstage such as `https://backstage.example.com`, without user name or password");
        insta::assert_snapshot!(fault(&[("url", "https://b.example")]), @"it has no key `endpoint`, expected the base URL of a Backstage such as `https://backstage.example.com`, without user name or password; the key `url` is unknown and has no effect, did you mean `endpoint`?");
        insta::assert_snapshot!(fault(&[("endpoint", " \n")]), @"`endpoint` is empty, expected the base URL of a Backstage such as `https://backstage.example.com`, without user name or password");
        insta::assert_snapshot!(fault(&[URL, ("client.key", "-----BEGIN x")]), @"`client.key` without `client.crt`, expected its certificate too");
        insta::assert_snapshot!(fault(&[URL, ("token", "a"), ("headers", "Authorization: b")]), @"`headers`: `authorization` beside `token`, which is sent by that header");
        insta::assert_snapshot!(fault(&[URL, ("headers", "X-A: a\nx-a: b")]), @"`headers`: `x-a` is given twice, as capitals do not count");
        let long = "a".repeat(MAX_TEXT_BYTES + 1);
        insta::assert_snapshot!(fault(&[URL, ("token", &long)]), @"`token`: found 65537 bytes, expected at most 65536");
    }

    /// S31: whatever stands under a key, it is not in what is told.
    #[test]
    fn s31_no_problem_and_no_warning_shows_a_value() {
        const VALUES: [&str; 8] = [
            "sentinel",
            "sentinel sentinel",
            "http://u:sentinel@b.example",
            "sentinel: [sentinel",
            "sentinel: {sentinel: 1}",
            "sent inel sentinel: b",
            "'x': \"sentinel\\nb\"",
            "- sentinel",
        ];
        // Settings are no secret.
        let keys = KEYS.into_iter().filter(|key| *key != "settings");
        for key in keys.chain(["other"]) {
            for value in VALUES {
                let mut data = vec![(key, value)];
                if key != "endpoint" {
                    data.push(URL);
                }
                let told = match endpoint(&secret(&data)) {
                    Ok(read) => format!("{:?} {:?}", read.warnings, read.endpoint.credentials),
                    Err(problem) => format!("{problem:?}"),
                };
                assert!(!told.contains("sentinel"), "{key}: {told}");
            }
            let mut broken = secret(&[URL]);
            broken
                .data
                .insert(key.to_owned(), Value::of(*b"sentinel\xff"));
            let told = format!("{:?}", endpoint(&broken).map(|read| read.warnings));
            assert!(!told.contains("sentinel"), "{key}: {told}");
            broken.data.insert(key.to_owned(), Value::Malformed);
            let told = format!("{:?}", endpoint(&broken).map(|read| read.warnings));
            assert_eq!(told.contains("base64"), key != "other", "{key}: {told}");
        }
    }
}
