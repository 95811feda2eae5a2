//! Where people sign in, and who may do what then.

use std::collections::BTreeSet;
use std::path::PathBuf;

use api::Role;
use server::{Grant, Grants};
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::nearest::nearest;
use url::Url;

use super::credentials::SecretKeys;
use super::endpoint::parse_endpoint;
use super::node::{Node, Place};
use super::reader::{Map, items, listed, text, texts};
use super::root::Reading;
use super::secret::SecretSource;

/// What is asked for beside `openid`, where nothing is said.
const DEFAULT_SCOPES: [&str; 2] = ["profile", "email"];
const DEFAULT_GROUPS_CLAIM: &str = "groups";
/// Where a provider sends browsers back to, below the address of the server.
const CALLBACK: &str = "/api/v1/session/oidc/callback";
/// Bound on the teams of one role, which browsers send along with every request.
const MAX_TEAMS: usize = 50;

/// Where people sign in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    /// By what address browsers reach the server.
    pub url: Url,
    /// The provider.
    pub oidc: Oidc,
    /// Who may do what.
    pub grants: Grants,
}

/// A provider of OpenID Connect.
#[derive(Clone, Debug)]
pub(crate) struct Oidc {
    /// As it names itself.
    pub issuer: String,
    /// By what name it knows this program.
    pub client_id: String,
    /// What shows that it is this program.
    pub client_secret: Option<SecretSource>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Further root certificates, PEM.
    pub ca_file: Option<PathBuf>,
}

impl SignIn {
    /// Where the provider sends browsers back to.
    pub(crate) fn redirect(&self) -> Url {
        let mut redirect = self.url.clone();
        redirect.set_path(CALLBACK);
        redirect
    }
}

pub(super) fn sign_in(node: Node, reading: &mut Reading<'_, '_>) -> Option<SignIn> {
    let at = node.at;
    let mut map = Map::open(node, "sign_in", "`sign_in`", reading.faults)?;
    let url = map.take("url");
    let oidc = map.take_entry("oidc");
    let roles = map.take("roles");
    map.finish(reading.faults);
    if url.is_none() {
        reading.faults.hint(
            at,
            "`sign_in` without `url`, by which browsers reach this server",
            "such as `url: https://backstitch.example.com`",
        );
    }
    if oidc.is_none() {
        reading.faults.hint(
            at,
            "`sign_in` without `oidc`, which says where people sign in",
            "for a token alone, `api_token_file` is enough",
        );
    }
    let url = url.and_then(|node| own_url(&node, reading));
    let oidc = oidc.and_then(|(at, node)| self::oidc(at, node, reading));
    let grants = roles.map(|node| items("roles", node, reading.faults));
    let grants = grants
        .unwrap_or_default()
        .into_iter()
        .filter_map(|node| grant(node, reading))
        .collect();
    let (oidc, groups_claim) = oidc?;
    Some(SignIn {
        url: url?,
        oidc,
        grants: Grants {
            grants,
            groups_claim,
        },
    })
}

fn own_url(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text("url", node, reading.faults)?;
    let url = safe(&written).filter(|url| url.path() == "/" && url.query().is_none());
    if url.is_none() {
        reading.faults.expected(
            "url",
            node,
            "an address with https and without a path, such as `https://backstitch.example.com`; http is for this machine alone",
        );
    }
    url
}

/// An address that nobody in between can listen in on.
fn safe(text: &str) -> Option<Url> {
    parse_endpoint(text).ok().filter(oidc::is_confidential)
}

fn oidc(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<(Oidc, String)> {
    let mut map = Map::open(node, "oidc", "`oidc`", reading.faults)?;
    let issuer = map.take("issuer");
    let client_id = map.take("client_id");
    let client_secret = SecretKeys::of_client(&mut map);
    let scopes = map.take("scopes");
    let claim = map.take("groups_claim");
    let ca_file = map.take("ca_file");
    map.finish(reading.faults);
    let missing = [
        ("issuer", issuer.is_none()),
        ("client_id", client_id.is_none()),
    ];
    reading.faults.lacking(at, "oidc", missing);
    let client_secret = client_secret.read_one(reading);
    let scopes = scopes.and_then(|node| texts("scopes", node, reading.faults));
    let claim = claim.and_then(|node| text("groups_claim", &node, reading.faults));
    let ca_file = reading.path("ca_file", ca_file);
    let issuer = issuer.and_then(|node| self::issuer(&node, reading));
    let client_id = client_id.and_then(|node| text("client_id", &node, reading.faults));
    let oidc = Oidc {
        issuer: issuer?,
        client_id: client_id?,
        client_secret,
        scopes: match scopes {
            Some(scopes) => scopes.into_iter().map(|(_, scope)| scope).collect(),
            None => DEFAULT_SCOPES.map(str::to_owned).to_vec(),
        },
        ca_file,
    };
    let claim = claim.unwrap_or_else(|| DEFAULT_GROUPS_CLAIM.to_owned());
    Some((oidc, claim))
}

/// As it is written: a provider has to name itself so, letter by letter.
fn issuer(node: &Node, reading: &mut Reading<'_, '_>) -> Option<String> {
    let written = text("issuer", node, reading.faults)?;
    if safe(&written).is_some_and(|url| url.query().is_none()) {
        return Some(written);
    }
    reading.faults.expected(
        "issuer",
        node,
        "an address with https, such as `https://login.example.com/realms/main`; http is for this machine alone",
    );
    None
}

fn grant(node: Node, reading: &mut Reading<'_, '_>) -> Option<Grant> {
    let at = node.at;
    let mut map = Map::open(node, "roles", "a role", reading.faults)?;
    let role = map.take("role");
    let groups = map.take("groups");
    let users = map.take("users");
    let teams = map.take_entry("teams");
    map.finish(reading.faults);
    let Some(role) = role else {
        reading
            .faults
            .add(at, "a role without `role`, which names it");
        return None;
    };
    let role = self::role(&role, reading)?;
    let names = |key: &'static str, node: Option<Node>, reading: &mut Reading<'_, '_>| {
        let names = node.and_then(|node| texts(key, node, reading.faults));
        names.unwrap_or_default().into_iter().map(|(_, name)| name)
    };
    let groups: BTreeSet<String> = names("groups", groups, reading).collect();
    let users: BTreeSet<String> = names("users", users, reading)
        // An address is held against one in lower case; a subject has no `@`, and is taken as it stands.
        .map(|user| {
            if user.contains('@') {
                user.to_lowercase()
            } else {
                user
            }
        })
        .collect();
    let teams = match teams {
        Some((at, node)) => self::teams(at, node, role, reading),
        None => Vec::new(),
    };
    Some(Grant {
        role,
        groups,
        users,
        teams,
    })
}

fn role(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Role> {
    let written = text("role", node, reading.faults)?;
    let found = Role::ALL.iter().find(|role| role.as_str() == written);
    if found.is_none() {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let hint = nearest(&written, words.iter().copied());
        let hint = hint.map(|near| format!("did you mean `{near}`?"));
        let expected = listed(&words);
        let message = format!("`role`: found `{written}`, expected one of {expected}");
        reading.faults.push(node.at, message, hint);
    }
    found.copied()
}

fn teams(at: Place, node: Node, role: Role, reading: &mut Reading<'_, '_>) -> Vec<EntityRef> {
    if role != Role::Editor {
        reading.faults.hint(
            at,
            format!("`teams` of a role `{role}`, expected of `editor` alone"),
            "what an editor decides about can be bound to teams; whoever looks sees everything",
        );
    }
    let written = texts("teams", node, reading.faults).unwrap_or_default();
    if written.is_empty() || written.len() > MAX_TEAMS {
        let message = format!(
            "`teams`: found {}, expected 1 to {MAX_TEAMS}",
            written.len()
        );
        reading.faults.add(at, message);
    }
    let mut teams = Vec::new();
    for (at, team) in written {
        match EntityRef::parse(&team, Some("group"), DEFAULT_NAMESPACE) {
            Ok(reference) => teams.push(reference),
            Err(error) => reading.faults.add(at, format!("`teams`: {error}")),
        }
    }
    teams
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use insta::assert_snapshot;

    use super::super::Config;

    fn faults(text: &str) -> String {
        let parsed = Config::parse(Path::new("backstitch.yaml"), text);
        parsed.expect_err("it is faulty").to_string()
    }

    const WHOLE: &str = "
sign_in:
  url: https://backstitch.example.com
  oidc:
    issuer: https://login.example.com/realms/main
    client_id: backstitch
    client_secret_env: OIDC_SECRET
  roles:
    - role: viewer
    - role: editor
      groups: sre
    - role: editor
      groups: [pay-devs]
      teams: [payments, group:other/x]
    - role: admin
      users: [Ann@Example.com, 8A1]
";

    #[test]
    fn what_can_be_said() {
        let config = Config::parse(Path::new("backstitch.yaml"), WHOLE).expect("it is right");
        let sign_in = config.sign_in.expect("it is configured");
        assert_eq!(
            sign_in.redirect().as_str(),
            "https://backstitch.example.com/api/v1/session/oidc/callback"
        );
        assert_eq!(sign_in.oidc.scopes, ["profile", "email"]);
        let roles: Vec<String> = sign_in
            .grants
            .grants
            .iter()
            .map(|it| {
                format!(
                    "{} {:?} {:?} {:?}",
                    it.role,
                    it.groups,
                    it.users,
                    names(&it.teams)
                )
            })
            .collect();
        assert_snapshot!(roles.join("\n"), @r#"
        viewer {} {} []
        editor {"sre"} {} []
        editor {"pay-devs"} {} ["group:default/payments", "group:other/x"]
        admin {} {"8A1", "ann@example.com"} []
        "#);
    }

    fn names(teams: &[topology::entity_ref::EntityRef]) -> Vec<String> {
        teams.iter().map(ToString::to_string).collect()
    }

    const FAULTY: &str = "
sign_in:
  url: http://backstitch.example.com
  oidc: {issuer: http://login.example.com, client_secret: a, client_secret_env: B}
  roles:
    - role: editr
    - groups: [a]
    - role: viewer
      teams: [a]
    - role: editor
      teams: ['group:']
";

    #[test]
    fn what_is_no_sign_in() {
        assert_snapshot!(faults("sign_in: {}"), @r"
        the configuration `backstitch.yaml` has 2 faults

        backstitch.yaml:1:10: `sign_in` without `url`, by which browsers reach this server
            1 | sign_in: {}
              |          ^
            hint: such as `url: https://backstitch.example.com`

        backstitch.yaml:1:10: `sign_in` without `oidc`, which says where people sign in
            1 | sign_in: {}
              |          ^
            hint: for a token alone, `api_token_file` is enough
        ");
        assert_snapshot!(faults(FAULTY), @r"
        the configuration `backstitch.yaml` has 8 faults

        backstitch.yaml:3:8: `url`: found `http://backstitch.example.com`, expected an address with https and without a path, such as `https://backstitch.example.com`; http is for this machine alone
            3 |   url: http://backstitch.example.com
              |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        backstitch.yaml:4:3: `oidc` without `client_id`, which it needs

        backstitch.yaml:4:18: `issuer`: found `http://login.example.com`, expected an address with https, such as `https://login.example.com/realms/main`; http is for this machine alone

        backstitch.yaml:4:62: `client_secret_env` beside `client_secret`, expected one of `client_secret_file`, `client_secret_env` and `client_secret`

        backstitch.yaml:6:13: `role`: found `editr`, expected one of `viewer`, `editor`, `admin`
            6 |     - role: editr
              |             ^^^^^
            hint: did you mean `editor`?

        backstitch.yaml:7:7: a role without `role`, which names it
            7 |     - groups: [a]
              |       ^

        backstitch.yaml:9:7: `teams` of a role `viewer`, expected of `editor` alone
            9 |       teams: [a]
              |       ^^^^^
            hint: what an editor decides about can be bound to teams; whoever looks sees everything

        backstitch.yaml:11:15: `teams`: `group:` has an empty name, expected `[kind:][namespace/]name`
            11 |       teams: ['group:']
               |               ^^^^^^^^
        ");
    }
}
