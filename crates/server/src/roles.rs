//! What each role may do, and who gets which.

use std::collections::BTreeSet;

use api::Role;
use axum::http::Method;
use oidc::Claims;
use topology::entity_ref::EntityRef;

use crate::identity::Identity;

/// What begins the routes that are an administrator's, reading included.
const OF_ADMINS: [&str; 2] = ["/api/v1/tokens", "/api/v1/integrations"];
/// Routes that are asked by POST because a question can be long, and change nothing.
const QUESTIONS: [&str; 2] = ["/api/v1/resolve", "/api/v1/preview"];
/// What begins the routes by which an editor changes something.
const OF_EDITORS: [&str; 3] = [
    "/api/v1/decisions",
    "/api/v1/sources",
    "/api/v1/alertmanager",
];

/// The role that a request needs, by the route that takes it. What is not listed and changes something is an
/// administrator's: a new route is closed until somebody opens it.
pub(crate) fn needed(method: &Method, route: &str) -> Role {
    let begins = |roots: &[&str]| {
        roots.iter().any(|root| {
            route
                .strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if begins(&OF_ADMINS) {
        Role::Admin
    } else if method.is_safe() || QUESTIONS.contains(&route) {
        Role::Viewer
    } else if begins(&OF_EDITORS) {
        Role::Editor
    } else {
        Role::Admin
    }
}

/// A role, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Whoever is in one of these groups, as the provider names them.
    pub groups: BTreeSet<String>,
    /// And these, by their verified e-mail address in lower case, or by their subject.
    pub users: BTreeSet<String>,
    /// For an editor: whose things they decide about; none: everything.
    pub teams: Vec<EntityRef>,
}

/// Who gets which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// All of them. A grant that names nobody is everybody's who can sign in. Without any, everybody is a viewer.
    pub grants: Vec<Grant>,
    /// The claim that has the groups.
    pub groups_claim: String,
}

impl Grants {
    /// Who it is that these claims are of; `None`: nobody who may come in.
    ///
    /// The highest role counts. The teams of several grants of it add up, and one for everything beats them.
    pub(crate) fn identity(&self, claims: &Claims) -> Option<Identity> {
        let groups = claims.groups(&self.groups_claim).unwrap_or_default();
        let email = claims.verified_email().map(str::to_lowercase);
        let is_theirs = |grant: &Grant| {
            let of_all = grant.groups.is_empty() && grant.users.is_empty();
            let by_group = || grant.groups.iter().any(|it| groups.contains(it.as_str()));
            let by_name = || {
                let email = email.as_ref();
                email.is_some_and(|email| grant.users.contains(email))
                    || grant.users.contains(&claims.subject)
            };
            of_all || by_group() || by_name()
        };
        let theirs: Vec<&Grant> = self
            .grants
            .iter()
            .filter(|grant| is_theirs(grant))
            .collect();
        let role = match theirs.iter().map(|grant| grant.role).max() {
            Some(role) => role,
            None if self.grants.is_empty() => Role::Viewer,
            None => return None,
        };
        let of_role = || theirs.iter().filter(|grant| grant.role == role);
        let teams: BTreeSet<&EntityRef> = if of_role().any(|grant| grant.teams.is_empty()) {
            BTreeSet::new()
        } else {
            of_role().flat_map(|grant| &grant.teams).collect()
        };
        Some(Identity {
            name: Some(claims.name().into()),
            role,
            teams: teams.into_iter().cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_each_route_needs() {
        let document = crate::openapi_document();
        let document = serde_json::to_value(&document).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let mut lines = Vec::new();
        for (path, item) in paths {
            for method in item.as_object().expect("operations").keys() {
                let method: Method = method.to_uppercase().parse().expect("a method");
                let role = needed(&method, path);
                if crate::access::is_open(path) || (role == Role::Viewer && method == Method::GET) {
                    continue;
                }
                lines.push(format!("{role:7}{method:7}{path}"));
            }
        }
        lines.sort();
        assert_snapshot!(lines.join("\n"), @r"
        admin  DELETE/api/v1/integrations/{cluster}/{namespace}/{name}
        admin  DELETE/api/v1/tokens/{id}
        admin  GET/api/v1/integrations
        admin  GET/api/v1/tokens
        admin  POST/api/v1/integrations/plan
        admin  POST/api/v1/integrations/test
        admin  POST/api/v1/integrations/{cluster}/{namespace}/{name}/pause
        admin  POST/api/v1/integrations/{cluster}/{namespace}/{name}/resume
        admin  POST/api/v1/tokens
        admin  PUT/api/v1/integrations/{cluster}/{namespace}/{name}
        editor DELETE/api/v1/decisions/{id}
        editor POST/api/v1/alertmanager
        editor POST/api/v1/decisions
        editor POST/api/v1/sources/refresh
        editor POST/api/v1/sources/{kind}/{name}/refresh
        viewer POST/api/v1/preview
        viewer POST/api/v1/resolve
        ");
        assert_eq!(needed(&Method::POST, "/api/v1/new"), Role::Admin);
        assert_eq!(needed(&Method::POST, "/api/v1/sourcesx"), Role::Admin);
    }

    fn claims(value: Value) -> Claims {
        serde_json::from_value(value).expect("claims")
    }

    fn grant(role: Role, groups: &[&str], users: &[&str], teams: &[&str]) -> Grant {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Grant {
            role,
            groups: texts(groups),
            users: texts(users),
            teams: teams
                .iter()
                .map(|team| EntityRef::parse(team, Some("group"), "default").expect("a reference"))
                .collect(),
        }
    }

    #[test]
    fn who_gets_which_role() {
        let grants = Grants {
            grants: vec![
                grant(Role::Viewer, &["staff"], &[], &[]),
                grant(Role::Editor, &["pay"], &[], &["payments"]),
                grant(Role::Editor, &["web"], &[], &["web", "payments"]),
                grant(Role::Editor, &["sre"], &[], &[]),
                grant(Role::Admin, &[], &["ann@example.com", "8A1"], &[]),
            ],
            groups_claim: "groups".to_owned(),
        };
        let ann = json!({"sub": "1", "email": "Ann@Example.com", "email_verified": true});
        let mut unverified = ann.clone();
        unverified["email_verified"] = json!(false);
        for (given, expected) in [
            (json!({"sub": "1"}), None),
            (json!({"sub": "1", "groups": ["others"]}), None),
            (
                json!({"sub": "1", "groups": ["staff"]}),
                Some((Role::Viewer, vec![])),
            ),
            (
                json!({"sub": "1", "groups": "pay"}),
                Some((Role::Editor, vec!["group:default/payments"])),
            ),
            (
                json!({"sub": "1", "groups": ["staff", "pay", "web"]}),
                Some((
                    Role::Editor,
                    vec!["group:default/payments", "group:default/web"],
                )),
            ),
            (
                json!({"sub": "1", "groups": ["pay", "sre"]}),
                Some((Role::Editor, vec![])),
            ),
            (ann, Some((Role::Admin, vec![]))),
            (unverified, None),
            (
                json!({"sub": "8A1", "groups": ["pay"]}),
                Some((Role::Admin, vec![])),
            ),
            (json!({"sub": "8a1"}), None),
        ] {
            let found = grants.identity(&claims(given.clone()));
            let found = found.as_ref().map(|it| (it.role, it.team_refs()));
            let expected = expected
                .map(|(role, teams)| (role, teams.into_iter().map(str::to_owned).collect()));
            assert_eq!(found, expected, "{given}");
        }
    }

    #[test]
    fn without_roles_everybody_looks_and_with_an_open_one_everybody_has_it() {
        let of = |grants: Vec<Grant>| {
            let grants = Grants {
                grants,
                groups_claim: "groups".to_owned(),
            };
            grants
                .identity(&claims(json!({"sub": "1"})))
                .map(|it| it.role)
        };
        assert_eq!(of(Vec::new()), Some(Role::Viewer));
        assert_eq!(
            of(vec![grant(Role::Editor, &[], &[], &[])]),
            Some(Role::Editor)
        );
    }
}
