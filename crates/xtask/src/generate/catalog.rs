//! The company's catalog, as Backstage's `GET /api/catalog/entities` prints it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::company::{Company, Stream, pick};

const TYPES: [&str; 4] = ["service", "service", "website", "library"];
const LIFECYCLES: [&str; 4] = ["production", "production", "experimental", "deprecated"];
const TAGS: [&str; 8] = [
    "go",
    "java",
    "kotlin",
    "python",
    "rust",
    "typescript",
    "grpc",
    "kafka",
];
const TIERS: [&str; 3] = ["gold", "silver", "bronze"];

/// What is different about the identifiers of each kind of entity.
const COMPONENT: u64 = 1;
const SYSTEM: u64 = 2;
const GROUP: u64 = 3;
const USER: u64 = 4;

/// Writes the whole catalog, an entity at a time: components first, so that whoever reads it meets owners last.
pub(super) fn write(company: &Company, out: &mut impl Write) -> io::Result<()> {
    let components = (0..company.size()).map(|index| component(company, index));
    let systems = (0..company.systems()).map(|system| self::system(company, system));
    let teams = (0..company.teams()).map(|team| self::team(company, team));
    let departments =
        (0..company.departments()).map(|department| self::department(company, department));
    let users = (0..company.users()).map(|user| self::user(company, user));

    let mut before: &[u8] = b"[\n";
    for entity in components
        .chain(systems)
        .chain(teams)
        .chain(departments)
        .chain(users)
    {
        out.write_all(before)?;
        serde_json::to_writer(&mut *out, &entity)?;
        before = b",\n";
    }
    // An empty company still is a list.
    if before == b"[\n" {
        out.write_all(before)?;
    }
    out.write_all(b"\n]\n")
}

fn component(company: &Company, index: u32) -> Value {
    let name = company.name(index);
    let drawn = company.number(Stream::Details, index);
    let repository = format!("company/{name}");
    let tree = format!("https://git.example.com/{repository}/tree/main");
    let (kubernetes_id, kubernetes_namespace) = company.claim(index);
    let ownership = company.ownership(index);
    let system = Company::system(Company::system_of_component(index));
    let title = titled(&name);

    let mut annotations = origin(&tree);
    let more = [
        ("backstage.io/source-location", Some(format!("url:{tree}/"))),
        ("backstage.io/techdocs-ref", Some("dir:.".to_owned())),
        ("backstage.io/kubernetes-id", kubernetes_id),
        ("backstage.io/kubernetes-namespace", kubernetes_namespace),
        ("backstage.io/owner", ownership.annotation),
        ("git.example.com/project-slug", Some(repository)),
        (
            "grafana/dashboard-selector",
            Some(format!("(tags @> 'service' && tags @> '{name}')")),
        ),
        (
            "pagerduty.com/integration-key",
            Some(format!("{:032x}", u128::from(drawn))),
        ),
        ("sonarqube.org/project-key", Some(format!("company_{name}"))),
    ];
    annotations.extend(
        more.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?)))),
    );

    let mut spec = Map::new();
    spec.insert("type".to_owned(), pick(&TYPES, drawn).into());
    spec.insert("lifecycle".to_owned(), pick(&LIFECYCLES, drawn >> 8).into());
    spec.insert("system".to_owned(), system.clone().into());
    let mut relations = vec![relation("partOf", &format!("system:default/{system}"))];
    // A component leans on two from before it, so that the graph has no end of roots and no circle.
    let dependencies: Vec<String> = [drawn >> 16, drawn >> 40]
        .into_iter()
        .filter_map(|number| u32::try_from(number.checked_rem(u64::from(index))?).ok())
        .map(|other| format!("component:default/{}", company.name(other)))
        .collect();
    relations.extend(
        dependencies
            .iter()
            .map(|target| relation("dependsOn", target)),
    );
    spec.insert("dependsOn".to_owned(), dependencies.into());
    spec.insert("providesApis".to_owned(), json!([format!("{name}-v1")]));
    if let Some(owner) = ownership.spec {
        // Backstage prints a relation for the owner it was told, whether or not the target exists.
        relations.push(relation("ownedBy", &canonical(&owner)));
        spec.insert("owner".to_owned(), owner.into());
    }

    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "namespace": "default",
            "name": name,
            "title": title,
            "description": format!("{title}: accepts requests from the {system} system and answers for its data"),
            "uid": company.identifier(COMPONENT, index),
            "etag": format!("{drawn:016x}{index:08x}"),
            "annotations": annotations,
            "labels": { "tier": pick(&TIERS, drawn >> 12), "cost-center": format!("cc-{:04}", drawn % 10_000) },
            "tags": [pick(&TAGS, drawn >> 4), pick(&TAGS, drawn >> 20)],
            "links": [
                { "url": format!("https://grafana.example.com/d/{name}"), "title": "Dashboard", "icon": "dashboard" },
                { "url": format!("https://runbooks.example.com/{name}"), "title": "Runbook", "icon": "docs" },
            ],
        },
        "spec": spec,
        "relations": relations,
    })
}

fn system(company: &Company, system: u32) -> Value {
    let name = Company::system(system);
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "System",
        "metadata": {
            "namespace": "default",
            "name": name,
            "title": titled(&name),
            "uid": company.identifier(SYSTEM, system),
            "annotations": origin("https://git.example.com/company/systems/tree/main"),
        },
        "spec": { "owner": Company::department(0), "domain": "company" },
        "relations": [relation("ownedBy", &format!("group:default/{}", Company::department(0)))],
    })
}

fn team(company: &Company, team: u32) -> Value {
    let name = Company::team(team);
    let department = Company::department(Company::department_of_team(team));
    let parent = relation("childOf", &format!("group:default/{department}"));
    group(
        company,
        team,
        &name,
        "team",
        json!({ "parent": department, "children": [] }),
        &[parent],
    )
}

fn department(company: &Company, department: u32) -> Value {
    let name = Company::department(department);
    let teams: Vec<String> = (0..company.teams())
        .filter(|team| Company::department_of_team(*team) == department)
        .map(Company::team)
        .collect();
    let relations: Vec<Value> = teams
        .iter()
        .map(|team| relation("parentOf", &format!("group:default/{team}")))
        .collect();
    // Departments are numbered after the teams, so that no two groups share an identifier.
    group(
        company,
        company.teams() + department,
        &name,
        "department",
        json!({ "children": teams }),
        &relations,
    )
}

fn group(
    company: &Company,
    number: u32,
    name: &str,
    kind: &str,
    family: Value,
    relations: &[Value],
) -> Value {
    let mut spec = Map::new();
    spec.insert("type".to_owned(), kind.into());
    spec.insert(
        "profile".to_owned(),
        json!({ "displayName": titled(name), "email": format!("{name}@example.com") }),
    );
    if let Value::Object(family) = family {
        spec.extend(family);
    }
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Group",
        "metadata": {
            "namespace": "default",
            "name": name,
            "description": format!("The people of {}", titled(name)),
            "uid": company.identifier(GROUP, number),
            "annotations": origin("https://git.example.com/company/people/tree/main"),
        },
        "spec": spec,
        "relations": relations,
    })
}

fn user(company: &Company, user: u32) -> Value {
    let name = company.user(user);
    let team = Company::team(Company::team_of_user(user));
    let shown = titled(
        &name
            .rsplit_once('.')
            .map_or(name.clone(), |(people, _)| people.replace('.', "-")),
    );
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "User",
        "metadata": {
            "namespace": "default",
            "name": name,
            "uid": company.identifier(USER, user),
            "annotations": origin("https://git.example.com/company/people/tree/main"),
        },
        "spec": {
            "profile": { "displayName": shown, "email": format!("{name}@example.com") },
            "memberOf": [team],
        },
        "relations": [relation("memberOf", &format!("group:default/{team}"))],
    })
}

/// The annotations Backstage itself puts on all it reads from a repository.
fn origin(tree: &str) -> Map<String, Value> {
    let location = format!("url:{tree}/catalog-info.yaml");
    let mut annotations = Map::new();
    annotations.insert(
        "backstage.io/managed-by-location".to_owned(),
        location.clone().into(),
    );
    annotations.insert(
        "backstage.io/managed-by-origin-location".to_owned(),
        location.into(),
    );
    annotations.insert(
        "backstage.io/view-url".to_owned(),
        format!("{tree}/catalog-info.yaml").into(),
    );
    annotations.insert(
        "backstage.io/edit-url".to_owned(),
        format!("{tree}/catalog-info.yaml?edit").into(),
    );
    annotations
}

fn relation(kind: &str, target: &str) -> Value {
    json!({ "type": kind, "targetRef": target })
}

/// An owner reference with kind and namespace written out.
fn canonical(owner: &str) -> String {
    if owner.contains(':') {
        owner.to_owned()
    } else {
        format!("group:default/{owner}")
    }
}

/// `card-api` as `Card Api`.
fn titled(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn written(company: &Company) -> Vec<u8> {
        let mut out = Vec::new();
        write(company, &mut out).expect("memory takes everything");
        out
    }

    fn entities(company: &Company) -> Vec<Value> {
        serde_json::from_slice(&written(company)).expect("is a JSON array")
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let company = Company::new(120, 5);
        assert_eq!(written(&company), written(&company));
        assert_ne!(written(&company), written(&Company::new(120, 6)));
    }

    #[test]
    fn an_empty_company_is_an_empty_list() {
        assert_eq!(entities(&Company::new(0, 1)), Vec::<Value>::new());
    }

    #[test]
    fn every_entity_has_its_own_name_and_uid() {
        let all = entities(&Company::new(1_000, 1));
        let of = |kind: &str| all.iter().filter(|entity| entity["kind"] == kind).count();
        assert_eq!(
            (of("Component"), of("System"), of("Group"), of("User")),
            (1_000, 50, 23, 100)
        );
        let refs: BTreeSet<String> = all
            .iter()
            .map(|e| format!("{}/{}", e["kind"], e["metadata"]["name"]))
            .collect();
        let uids: BTreeSet<&str> = all
            .iter()
            .filter_map(|e| e["metadata"]["uid"].as_str())
            .collect();
        assert_eq!((refs.len(), uids.len()), (all.len(), all.len()));
    }

    #[test]
    fn a_component_takes_about_two_kilobytes() {
        let company = Company::new(1_000, 1);
        let bytes: usize = (0..1_000)
            .map(|i| component(&company, i).to_string().len())
            .sum();
        assert!(
            (1_900..2_600).contains(&(bytes / 1_000)),
            "{} bytes each",
            bytes / 1_000
        );
    }

    #[test]
    fn the_teams_that_components_name_exist_unless_they_are_retired() {
        let all = entities(&Company::new(500, 1));
        let known: BTreeSet<String> = all
            .iter()
            .filter(|e| e["kind"] == "Group" || e["kind"] == "User")
            .filter_map(|e| {
                Some(format!(
                    "{}:default/{}",
                    e["kind"].as_str()?.to_lowercase(),
                    e["metadata"]["name"].as_str()?
                ))
            })
            .collect();
        let owners: Vec<String> = all
            .iter()
            .filter(|e| e["kind"] == "Component")
            .filter_map(|e| e["spec"]["owner"].as_str().map(canonical))
            .collect();
        for owner in owners {
            assert_eq!(
                known.contains(&owner),
                !owner.ends_with("-retired"),
                "{owner}"
            );
        }
    }
}
