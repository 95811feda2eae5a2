//! What a live Backstage is shown to let the program in: a token, or what gets one.

use url::Url;

use super::endpoint::{EndpointProblem, parse_endpoint};
use super::node::{Node, Place, Value};
use super::reader::{Map, listed, text, texts};
use super::root::Reading;
use super::secret::SecretSource;
use super::{ClientAuthentication, Credentials, OAuth2};

/// The keys of an instance that give its credentials.
pub(super) struct Given {
    token: Option<(Place, Node)>,
    token_file: Option<(Place, Node)>,
    token_env: Option<(Place, Node)>,
    oauth2: Option<(Place, Node)>,
}

impl Given {
    pub(super) fn take(map: &mut Map) -> Self {
        Self {
            token: map.take_entry("token"),
            token_file: map.take_entry("token_file"),
            token_env: map.take_entry("token_env"),
            oauth2: map.take_entry("oauth2"),
        }
    }

    /// Each key and where it stands, in the order in which they are told of.
    pub(super) fn entries(&self) -> [(&'static str, &Option<(Place, Node)>); 4] {
        [
            ("token", &self.token),
            ("token_file", &self.token_file),
            ("token_env", &self.token_env),
            ("oauth2", &self.oauth2),
        ]
    }

    pub(super) fn read(self, reading: &mut Reading<'_, '_>) -> Credentials {
        reading.faults.at_most_one(
            self.entries(),
            "one of `token_file`, `token_env`, `token` and `oauth2`",
        );
        if let Some((at, node)) = self.oauth2 {
            return oauth2(at, node, reading).map_or(Credentials::None, |oauth2| {
                Credentials::OAuth2(Box::new(oauth2))
            });
        }
        let keys = SecretKeys {
            file: ("token_file", self.token_file),
            variable: ("token_env", self.token_env),
            inline: ("token", self.token),
        };
        match keys.read(reading) {
            Some(token) => Credentials::Token(token),
            None => Credentials::None,
        }
    }
}

/// The three keys of which one says where a secret is.
pub(super) struct SecretKeys {
    pub(super) file: (&'static str, Option<(Place, Node)>),
    pub(super) variable: (&'static str, Option<(Place, Node)>),
    pub(super) inline: (&'static str, Option<(Place, Node)>),
}

impl SecretKeys {
    /// Those of the secret of a client.
    pub(super) fn of_client(map: &mut Map) -> Self {
        let mut key = |key| (key, map.take_entry(key));
        Self {
            file: key("client_secret_file"),
            variable: key("client_secret_env"),
            inline: key("client_secret"),
        }
    }

    /// Whether none of them is given.
    pub(super) fn is_missing(&self) -> bool {
        self.file.1.is_none() && self.variable.1.is_none() && self.inline.1.is_none()
    }

    /// Reads them where nothing else can be given in their place.
    pub(super) fn read_one(self, reading: &mut Reading<'_, '_>) -> Option<SecretSource> {
        let (file, variable, inline) = (self.file.0, self.variable.0, self.inline.0);
        reading.faults.at_most_one(
            [
                (inline, &self.inline.1),
                (file, &self.file.1),
                (variable, &self.variable.1),
            ],
            &format!("one of `{file}`, `{variable}` and `{inline}`"),
        );
        self.read(reading)
    }

    pub(super) fn read(self, reading: &mut Reading<'_, '_>) -> Option<SecretSource> {
        let (file, variable) = (self.file.0, self.variable.0);
        if let (key, Some((_, node))) = self.file {
            return reading.path(key, Some(node)).map(SecretSource::File);
        }
        if let (key, Some((_, node))) = self.variable {
            return text(key, &node, reading.faults).map(SecretSource::Environment);
        }
        let (key, Some((at, node))) = self.inline else {
            return None;
        };
        let Value::Scalar(secret, _) = &node.value else {
            reading.faults.expected(key, &node, "a text");
            return None;
        };
        reading.warnings.hint(
            at,
            format!(
                "the {} stands in the configuration itself, where it is easily shared",
                key.replace('_', " ")
            ),
            format!("give it by `{file}` or `{variable}`"),
        );
        let secret = secret.trim();
        (!secret.is_empty()).then(|| SecretSource::Inline(secret.to_owned().into()))
    }
}

fn oauth2(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<OAuth2> {
    let mut map = Map::open(node, "oauth2", "`oauth2`", reading.faults)?;
    let token_url = map.take("token_url");
    let client_id = map.take("client_id");
    let client_secret = SecretKeys::of_client(&mut map);
    let authentication = map.take("client_authentication");
    let scopes = map.take("scopes");
    let audience = map.take("audience");
    map.finish(reading.faults);

    reading.faults.lacking(
        at,
        "oauth2",
        [
            ("token_url", token_url.is_none()),
            ("client_id", client_id.is_none()),
            ("client_secret_file", client_secret.is_missing()),
        ],
    );
    let client_secret = client_secret.read_one(reading);
    let token_url = token_url.and_then(|node| url(&node, reading));
    let client_id = client_id.and_then(|node| text("client_id", &node, reading.faults));
    let client_authentication = authentication
        .map(|node| client_authentication(&node, reading))
        .unwrap_or_default();
    let scopes = scopes.and_then(|node| texts("scopes", node, reading.faults));
    let scopes = scopes.unwrap_or_default();
    for (at, scope) in &scopes {
        if scope.contains(char::is_whitespace) {
            reading.faults.add(
                *at,
                "`scopes`: found a text with blanks, expected one scope; several are a list",
            );
        }
    }
    Some(OAuth2 {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        client_authentication,
        scopes: scopes.into_iter().map(|(_, scope)| scope).collect(),
        audience: audience.and_then(|node| text("audience", &node, reading.faults)),
    })
}

fn url(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text("token_url", node, reading.faults)?;
    match parse_endpoint(&written) {
        Ok(url) => Some(url),
        Err(EndpointProblem::UserInfo) => {
            reading.faults.hint(
                node.at,
                "`token_url`: the URL carries a user name or password",
                "leave it out, and give `client_id` and `client_secret_file`",
            );
            None
        }
        Err(EndpointProblem::NotHttp) => {
            reading.faults.expected(
                "token_url",
                node,
                "the URL of a token endpoint such as `https://login.example.com/oauth2/token`",
            );
            None
        }
    }
}

fn client_authentication(node: &Node, reading: &mut Reading<'_, '_>) -> ClientAuthentication {
    match text("client_authentication", node, reading.faults).as_deref() {
        None | Some("header") => ClientAuthentication::Header,
        Some("body") => ClientAuthentication::Body,
        Some(_) => {
            let expected = format!("one of {}", listed(&["header", "body"]));
            reading
                .faults
                .expected("client_authentication", node, &expected);
            ClientAuthentication::Header
        }
    }
}
