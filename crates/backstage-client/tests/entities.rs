//! The entities of every kind, as Backstage answers them and as people break them.

use backstage_client::entity::{Spec, Texts};
use backstage_client::{Entity, EntityError, EntityRef};
use serde_json::{Value, json};

/// An entity as the API gives it, with this kind and spec.
fn document(kind: &str, spec: &Value) -> Value {
    json!({
        "metadata": {
            "namespace": "default",
            "annotations": {
                "backstage.io/managed-by-location": "url:https://git.example/shop/catalog-info.yaml",
                "backstage.io/orphan": "true"
            },
            "name": "checkout",
            "title": "Checkout",
            "description": "Takes the money",
            "labels": {"tier": "1"},
            "tags": ["java", "pci"],
            "links": [{"url": "https://dash.example/checkout", "title": "Dashboard", "icon": "dashboard", "type": "admin"}],
            "uid": "4ee3c737-f980-4e51-bb86-3976716f153d",
            "etag": "06a41a1fe70eea3ed79d13de90bbcfb6ba16b9a8",
            "example.com/of-our-own": {"more": [1, 2.5, null]}
        },
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "spec": spec,
        "relations": [
            {"type": "ownedBy", "targetRef": "group:default/payments", "target": {"kind": "group", "namespace": "default", "name": "payments"}},
            {"type": "partOf", "targetRef": "system:default/checkout"}
        ],
        "status": {"items": [{
            "type": "backstage.io/catalog-processing", "level": "error", "message": "InputError: no",
            "error": {"name": "InputError", "message": "no", "code": "E7", "stack": "at x", "cause": {}}
        }]}
    })
}

/// Reads without a problem, and writes the same again.
fn parse(value: &Value) -> Entity {
    let entity = Entity::parse(&value.to_string()).expect("a good entity");
    assert_eq!(json!(entity), *value, "what was read is written again");
    entity
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[test]
fn what_every_entity_has() {
    let entity = parse(&document("Component", &json!({"type": "service"})));
    assert_eq!(entity.api_version.as_deref(), Some("backstage.io/v1alpha1"));
    assert_eq!(entity.entity_ref().as_str(), "component:default/checkout");
    assert!(entity.is_kind("COMPONENT") && entity.is_orphan());
    let metadata = &entity.metadata;
    assert_eq!(metadata.title.as_deref(), Some("Checkout"));
    assert_eq!(metadata.description.as_deref(), Some("Takes the money"));
    assert_eq!(metadata.labels["tier"], "1");
    assert_eq!(texts(&metadata.tags), ["java", "pci"]);
    assert_eq!(
        metadata.links[0].url.as_deref(),
        Some("https://dash.example/checkout")
    );
    assert_eq!(metadata.links[0].type_.as_deref(), Some("admin"));
    assert_eq!(
        metadata.etag.as_deref(),
        Some("06a41a1fe70eea3ed79d13de90bbcfb6ba16b9a8")
    );
    assert_eq!(
        metadata.other.keys().collect::<Vec<_>>(),
        ["example.com/of-our-own"]
    );
    assert_eq!(
        entity.owners(),
        ["group:default/payments".parse().expect("a reference")]
    );
    let systems: Vec<EntityRef> = entity.related("partOf").collect();
    assert_eq!(systems[0].as_str(), "system:default/checkout");
    let status = entity.status.expect("a status");
    assert_eq!(status.items[0].level.as_deref(), Some("error"));
    let error = status.items[0].error.as_ref().expect("an error");
    assert_eq!(error.name.as_deref(), Some("InputError"));
    assert!(error.other.contains_key("cause"));
}

#[test]
fn components_and_apis() {
    let dependencies = json!(["resource:checkout-db"]);
    let component = json!({
        "type": "service", "lifecycle": "production", "owner": "payments", "system": "checkout",
        "subcomponentOf": "shop", "providesApis": ["checkout-api"], "consumesApis": ["vat-api"],
        "dependsOn": dependencies, "dependencyOf": ["component:shop"], "of-our-own": 7
    });
    let Some(Spec::Component(spec)) = parse(&document("Component", &component)).spec else {
        panic!("no component");
    };
    assert_eq!(spec.type_.as_deref(), Some("service"));
    assert_eq!(spec.lifecycle.as_deref(), Some("production"));
    assert_eq!(spec.system.as_deref(), Some("checkout"));
    assert_eq!(spec.subcomponent_of.as_deref(), Some("shop"));
    assert_eq!(texts(&spec.provides_apis), ["checkout-api"]);
    assert_eq!(texts(&spec.consumes_apis), ["vat-api"]);
    assert_eq!(texts(&spec.depends_on), ["resource:checkout-db"]);
    assert_eq!(texts(&spec.dependency_of), ["component:shop"]);
    assert_eq!(spec.other["of-our-own"], 7);

    let api = json!({
        "type": "openapi", "lifecycle": "production", "owner": "payments", "system": "checkout",
        "definition": "openapi: 3.0.0\n".repeat(10_000)
    });
    let Some(Spec::Api(spec)) = parse(&document("API", &api)).spec else {
        panic!("no API");
    };
    assert_eq!(spec.definition.map(|text| text.len()), Some(150_000));
}

#[test]
fn groups_and_users() {
    let group = json!({
        "type": "team", "parent": "acme", "children": [], "members": ["alice"],
        "profile": {"displayName": "Payments", "email": "payments@acme.example", "picture": "data:,", "phone": "7"}
    });
    let entity = parse(&document("Group", &group));
    assert_eq!(entity.display_name(), "Payments");
    let Some(Spec::Group(spec)) = entity.spec else {
        panic!("no group");
    };
    assert_eq!(spec.parent.as_deref(), Some("acme"));
    assert_eq!(texts(&spec.members), ["alice"]);
    let profile = spec.profile.expect("a profile");
    assert_eq!(profile.email.as_deref(), Some("payments@acme.example"));
    assert_eq!(profile.other["phone"], "7");

    let user = json!({"profile": {"displayName": ""}, "memberOf": ["Platform.Core_team-1", "group:emea/payments"]});
    let entity = parse(&document("User", &user));
    assert_eq!(
        entity.display_name(),
        "Checkout",
        "the title, as the other name is empty"
    );
    let Some(Spec::User(spec)) = &entity.spec else {
        panic!("no user");
    };
    let groups = spec
        .member_of
        .iter()
        .map(|text| entity.resolve(text, Some("group")));
    let groups: Vec<String> = groups
        .map(|group| group.expect("a reference").to_string())
        .collect();
    assert_eq!(
        groups,
        ["group:default/platform.core_team-1", "group:emea/payments"]
    );
}

#[test]
fn resources_systems_domains_and_locations() {
    let resource = json!({"type": "database", "owner": "group:payments", "system": "checkout", "dependencyOf": ["component:shop"]});
    let Some(Spec::Resource(spec)) = parse(&document("Resource", &resource)).spec else {
        panic!("no resource");
    };
    assert_eq!(texts(&spec.dependency_of), ["component:shop"]);

    let system = json!({"owner": "payments", "domain": "commerce", "type": "product"});
    let Some(Spec::System(spec)) = parse(&document("System", &system)).spec else {
        panic!("no system");
    };
    assert_eq!(spec.domain.as_deref(), Some("commerce"));

    let domain = json!({"owner": "acme", "subdomainOf": "business", "type": "product-area"});
    let Some(Spec::Domain(spec)) = parse(&document("Domain", &domain)).spec else {
        panic!("no domain");
    };
    assert_eq!(spec.subdomain_of.as_deref(), Some("business"));

    let location = json!({"type": "url", "target": "https://git.example/a.yaml", "targets": ["./b.yaml"], "presence": "optional"});
    let Some(Spec::Location(spec)) = parse(&document("Location", &location)).spec else {
        panic!("no location");
    };
    assert_eq!(texts(&spec.targets), ["./b.yaml"]);
    assert_eq!(spec.presence.as_deref(), Some("optional"));
}

#[test]
fn templates_and_kinds_of_our_own() {
    let template = json!({
        "type": "service", "owner": "payments", "lifecycle": "production",
        "parameters": [{"title": "Name it", "properties": {"name": {"type": "string"}}}],
        "steps": [
            {"id": "fetch", "name": "Fetch", "action": "fetch:template", "input": {"url": "./skeleton"}, "if": true},
            {"action": "debug:log", "each": ["a", "b"], "backstage:permissions": {"tags": ["x"]}}
        ],
        "output": {"links": []},
        "presentation": {"buttonLabels": {"createButtonText": "Go"}}
    });
    let Some(Spec::Template(spec)) = parse(&document("Template", &template)).spec else {
        panic!("no template");
    };
    assert_eq!(spec.steps[0].action.as_deref(), Some("fetch:template"));
    assert_eq!(spec.steps[0].if_, Some(json!(true)));
    assert_eq!(spec.steps[1].each, Some(json!(["a", "b"])));
    assert_eq!(spec.parameters.expect("parameters")[0]["title"], "Name it");

    let entity = parse(&document(
        "ArgoApp",
        &json!({"owner": "payments", "type": 7, "deep": {"a": [null]}}),
    ));
    let Some(spec @ Spec::Other(content)) = &entity.spec else {
        panic!("an unknown kind has no type");
    };
    assert_eq!((spec.owner(), spec.type_()), (Some("payments"), None));
    assert_eq!(content["deep"], json!({"a": [null]}));
}

#[test]
fn owner_and_type_of_any_kind() {
    for kind in [
        "Component",
        "api",
        "RESOURCE",
        "System",
        "Domain",
        "Template",
        "Group",
        "User",
        "Location",
        "Robot",
    ] {
        let mut value = document(kind, &json!({"type": "t", "owner": "user:Other/Alice"}));
        let spec = parse(&value).spec.expect("a spec");
        assert_eq!(
            (spec.owner(), spec.type_()),
            (Some("user:Other/Alice"), Some("t")),
            "{kind}"
        );
        // Until the relations are there, the spec tells.
        value["relations"] = json!([]);
        assert_eq!(
            parse(&value).owners()[0].as_str(),
            "user:other/alice",
            "{kind}"
        );
    }
}

#[test]
fn owners_are_those_of_the_relations_or_of_the_spec() {
    let owned_by = |target: Value| json!([{"type": "ownedBy", "targetRef": target}]);
    for (namespace, owner, relations, expected) in [
        (
            json!("emea"),
            json!("payments"),
            json!([]),
            vec!["group:emea/payments"],
        ),
        (
            json!("emea"),
            json!("payments"),
            owned_by(json!("group:default/core")),
            vec!["group:default/core"],
        ),
        (
            Value::Null,
            json!("Payments"),
            Value::Null,
            vec!["group:default/payments"],
        ),
        (
            json!(""),
            json!("payments"),
            json!([]),
            vec!["group:default/payments"],
        ),
        (json!("emea"), json!("a/"), json!([]), vec![]),
        (json!("emea"), Value::Null, json!([]), vec![]),
        // Older Backstages say it in parts, too; what cannot be read is no owner.
        (
            json!("emea"),
            json!("payments"),
            json!([
                {"type": "ownedBy", "target": {"kind": "Group", "namespace": "a", "name": "B"}},
                {"type": "ownedBy", "targetRef": "nonsense", "target": {"kind": "user", "name": "c"}},
                {"type": "ownedBy", "targetRef": "nonsense"},
                {"type": "ownedBy"},
                {"type": "partOf", "targetRef": "system:default/x"}
            ]),
            vec!["group:a/b", "user:default/c"],
        ),
    ] {
        let mut value = document("Component", &json!({"owner": owner}));
        value["metadata"]["namespace"] = namespace;
        value["relations"] = relations;
        let owners = parse(&value).owners();
        let owners: Vec<&str> = owners.iter().map(EntityRef::as_str).collect();
        assert_eq!(owners, expected, "{value}");
    }
}

#[test]
fn what_is_missing_null_or_unknown_is_no_problem() {
    for value in [
        json!({"kind": "Component", "metadata": {"name": "a"}}),
        json!({"kind": "Component", "metadata": {"name": "a"}, "spec": {}}),
        json!({"kind": "Component", "metadata": {"name": "a"}, "spec": null, "relations": null, "status": null, "apiVersion": null}),
        json!({"kind": "Group", "metadata": {"name": "a", "namespace": null, "labels": null, "tags": null, "links": null, "title": null},
               "spec": {"profile": null, "children": null, "type": null}}),
        json!({"kind": "User", "metadata": {"name": "a", "annotations": {"x": null}}, "spec": {"profile": {"email": null}}}),
        json!({"kind": "Component", "metadata": {"name": "a", "labels": {}, "tags": []}, "relations": [], "status": {}}),
        json!({"kind": "Component", "metadata": {"name": "a"}, "status": {"items": []}, "more": {"than": "we know"}}),
        json!({"apiVersion": "acme.io/v9", "kind": "Component", "metadata": {"name": "a"}, "spec": {"owner": "x", "size": 9}}),
        json!({"apiVersion": "acme.io/v9", "kind": "Starship", "metadata": {"name": "../ä b:c/%"}, "spec": {"crew": [1, "a", null]}}),
        json!({"kind": "Component", "metadata": {"name": "a", "other": 1}, "other": {"other": 2}, "spec": {"other": 3}}),
    ] {
        parse(&value);
    }
    let typed = parse(
        &json!({"apiVersion": "acme.io/v9", "kind": "Component", "metadata": {"name": "a"}, "spec": {"owner": "x"}}),
    );
    assert_eq!(
        typed.owners()[0].as_str(),
        "group:default/x",
        "the kind tells what a spec is"
    );
}

/// A place in a component, what is wrong there, and what is said about it.
fn wrong_fields() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "/apiVersion",
            json!(1),
            "`apiVersion` is the number 1, expected a text",
        ),
        (
            "/spec",
            json!("x"),
            "`spec` is the text \"x\", expected an object",
        ),
        (
            "/relations",
            json!({}),
            "`relations` is an object, expected a list",
        ),
        (
            "/relations/1",
            json!("x"),
            "`relations[1]` is the text \"x\", expected an object",
        ),
        (
            "/relations/0/targetRef",
            json!([]),
            "`relations[0].targetRef` is a list, expected a text",
        ),
        (
            "/relations/0/target",
            json!(""),
            "`relations[0].target` is an empty text, expected an object",
        ),
        (
            "/status",
            json!(false),
            "`status` is the boolean false, expected an object",
        ),
        (
            "/status/items/0/error",
            json!(0.5),
            "`status.items[0].error` is the number 0.5, expected an object",
        ),
        (
            "/metadata/namespace",
            json!(7),
            "`metadata.namespace` is the number 7, expected a text",
        ),
        (
            "/metadata/labels",
            json!(["a"]),
            "`metadata.labels` is a list, expected an object",
        ),
        (
            "/metadata/labels/tier",
            json!(1),
            "`metadata.labels.tier` is the number 1, expected a text",
        ),
        (
            "/metadata/annotations/backstage.io~1orphan",
            json!(true),
            "`metadata.annotations.backstage.io/orphan` is the boolean true, expected a text",
        ),
        (
            "/metadata/tags/0",
            json!(null),
            "`metadata.tags[0]` is null, expected a text",
        ),
        (
            "/metadata/links/0/url",
            json!({"a": 1}),
            "`metadata.links[0].url` is an object, expected a text",
        ),
        (
            "/spec/owner",
            json!(["payments"]),
            "`spec.owner` is a list, expected a text",
        ),
        (
            "/spec/dependsOn",
            json!("resource:db"),
            "`spec.dependsOn` is the text \"resource:db\", expected a list",
        ),
    ]
}

#[test]
fn a_field_of_a_wrong_type_is_told_and_kept_and_costs_nothing_else() {
    for (pointer, wrong, expected) in wrong_fields() {
        let mut value = document(
            "Component",
            &json!({"owner": "payments", "lifecycle": "production", "dependsOn": ["resource:db"]}),
        );
        *value.pointer_mut(pointer).expect(pointer) = wrong;
        let reading = Entity::read(&value.to_string()).expect("the envelope is good");
        let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [expected]);
        assert_eq!(reading.further_problems, 0);
        assert_eq!(json!(reading.entity), value, "kept as it was: {pointer}");
        let (entity, metadata) = (&reading.entity, &reading.entity.metadata);
        assert_eq!(
            entity.entity_ref().as_str(),
            "component:default/checkout",
            "{pointer}"
        );
        assert_eq!(metadata.title.as_deref(), Some("Checkout"));
        // The neighbours of what is wrong are read.
        assert!(pointer.starts_with("/relations") || !entity.owners().is_empty());
        if pointer == "/relations/1" {
            assert_eq!(entity.owners().len(), 1);
            assert_eq!(entity.relations.odd(), [(1, json!("x"))]);
        }
        if pointer == "/metadata/tags/0" {
            assert_eq!(texts(&metadata.tags), ["pci"]);
        }
        if pointer == "/metadata/annotations/backstage.io~1orphan" {
            assert_eq!(metadata.annotations.len(), 1);
            assert_eq!(metadata.annotations.odd()["backstage.io/orphan"], true);
            assert!(!entity.is_orphan());
        }
        let error = Entity::parse(&value.to_string()).expect_err("a strict reading");
        assert_eq!(error.path(), Some(reading.problems[0].path.as_str()));
        assert_eq!(
            error.to_string(),
            format!("the entity `component:default/checkout` has a wrong field: {expected}")
        );
    }
}

#[test]
fn what_is_no_entity_is_told() {
    let text = "expected a text that is not empty";
    for (value, expected) in [
        (
            json!([]),
            "not an entity: `entity` is a list, expected an object with `kind` and `metadata`"
                .to_owned(),
        ),
        (
            json!({}),
            format!("not an entity: `kind` is missing, {text}"),
        ),
        (
            json!({"kind": 7, "metadata": {"name": "a"}}),
            format!("not an entity: `kind` is the number 7, {text}"),
        ),
        (
            json!({"kind": "", "metadata": {"name": "a"}}),
            format!("not an entity: `kind` is an empty text, {text}"),
        ),
        (
            json!({"kind": "A"}),
            "not an entity: `metadata` is missing, expected an object with a `name`".to_owned(),
        ),
        (
            json!({"kind": "A", "metadata": []}),
            "not an entity: `metadata` is a list, expected an object with a `name`".to_owned(),
        ),
        (
            json!({"kind": "A", "metadata": {}}),
            format!("not an entity: `metadata.name` is missing, {text}"),
        ),
        (
            json!({"kind": "A", "metadata": {"name": null}}),
            format!("not an entity: `metadata.name` is null, {text}"),
        ),
        (
            json!({"kind": "A", "metadata": {"name": ["\u{1b}[1m"]}}),
            format!("not an entity: `metadata.name` is a list, {text}"),
        ),
    ] {
        let error = Entity::read(&value.to_string()).expect_err("no entity");
        assert_eq!(error.to_string(), expected);
        assert!(serde_json::from_value::<Entity>(value).is_err());
    }
    let deep = format!(
        r#"{{"kind":"A","metadata":{{"name":"a"}},"spec":{}1{}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    for broken in ["", "{", "{\"kind\":\"A\"", "nul", &deep] {
        let error = Entity::read(broken).expect_err("no JSON");
        assert!(
            matches!(error, EntityError::Json(_)) && error.path().is_none(),
            "{error}"
        );
    }
}

#[test]
fn what_is_huge_is_read_and_told_in_short() {
    let long = "ä".repeat(1_000_000);
    let mut value = document("Component", &json!({"type": [long]}));
    value["metadata"]["annotations"]["big"] = json!(long);
    value["metadata"]["annotations"][long.as_str()] = json!(7);
    value["metadata"]["tags"] = json!(vec![7; 5000]);
    let reading = Entity::read(&value.to_string()).expect("an entity");
    assert_eq!(reading.entity.metadata.annotations["big"].len(), 2_000_000);
    assert_eq!(reading.problems.len(), 100);
    assert_eq!(reading.further_problems, 5002 - 100);
    assert!(
        reading
            .problems
            .iter()
            .all(|problem| problem.to_string().len() < 300)
    );
    let control = Entity::read(
        r#"{"kind":"A","metadata":{"name":"a","labels":{"\u001b[1m\n":7},"tags":"\u0007"}}"#,
    );
    let problems = control.expect("an entity").problems;
    assert!(
        problems
            .iter()
            .all(|problem| !problem.to_string().contains(char::is_control)),
        "{problems:?}"
    );
}

#[test]
fn an_entity_can_be_made_and_changed() {
    let mut entity = Entity::default();
    entity.kind = "Component".to_owned();
    entity.metadata.name = "made".to_owned();
    entity.metadata.tags = ["a"].map(str::to_owned).into_iter().collect();
    entity.metadata.labels = Texts::from(
        [("tier".to_owned(), "1".to_owned())]
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
    );
    assert_eq!(
        json!(entity),
        json!({"kind": "Component", "metadata": {"name": "made", "tags": ["a"], "labels": {"tier": "1"}}})
    );
    let mut read = Entity::read(r#"{"kind":"A","metadata":{"name":"a","title":7}}"#)
        .expect("an entity")
        .entity;
    read.metadata.title = Some("better".to_owned());
    assert_eq!(
        json!(read),
        json!({"kind": "A", "metadata": {"name": "a", "title": "better"}})
    );
}
