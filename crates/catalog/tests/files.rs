//! Catalogs from files: what counts, what is passed over, and how a fault names its place.

use std::fs;
use std::path::{Path, PathBuf};

use catalog::{Progress, files};
use tempfile::TempDir;
use topology::fact::{CatalogGeneration, EntityFact};
use topology::label_map::LabelMap;

/// A folder with these files, each given by its path and contents.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (path, contents) in files {
        write(folder.path(), path, contents.as_bytes());
    }
    folder
}

fn write(folder: &Path, path: &str, contents: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, contents).expect("a file");
}

fn read(paths: &[PathBuf]) -> CatalogGeneration {
    files::read(paths, &LabelMap::default(), &mut |_| {})
}

/// The references and faults, with the folder's own name left out.
fn shown(folder: &TempDir, paths: &[&str]) -> String {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
    listed(&read(&paths), folder.path())
}

fn listed(generation: &CatalogGeneration, folder: &Path) -> String {
    let mut lines: Vec<String> = generation
        .entities
        .iter()
        .map(|entity| entity.reference().to_string())
        .collect();
    lines.sort();
    for fault in &generation.faults {
        lines.push(format!("! {}: {}", fault.place, fault.message));
    }
    let prefix = format!("{}/", folder.display());
    let text = lines.join("\n").replace(&prefix, "");
    text.replace(&folder.display().to_string(), ".")
}

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  owner: team\n"
    )
}

#[test]
fn a_folder_is_read_at_any_depth_and_what_is_no_entity_is_passed_over() {
    let folder = folder(&[
        ("a/catalog-info.yaml", &component("one")),
        (
            "a/b/c.YML",
            &format!("{}---\n{}", component("two"), component("three")),
        ),
        (
            "deploy.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
        ),
        ("mkdocs.yml", "site_name: x\nnav:\n  - a: b\n"),
        ("ci.yaml", "on: [push]\njobs: {}\n"),
        ("package.json", "{\"name\": \"x\"}"),
        ("tsconfig.json", "{ // a comment\n}"),
        ("README.md", "kind: Component"),
        (
            "helm/templates/a.yaml",
            "kind: {{ .Values.kind }}\nmetadata: {{ toYaml . }}\n",
        ),
        (
            "dapr.yaml",
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store, annotations: {backstage.io/kubernetes-id: x}}\nspec: {type: state.redis}\n",
        ),
        (".git/x.yaml", &component("hidden")),
        ("node_modules/x/catalog-info.yaml", &component("dependency")),
        (
            "groups.json",
            r#"[{"kind":"Group","apiVersion":"backstage.io/v1alpha1","metadata":{"name":"team"}}]"#,
        ),
    ]);
    insta::assert_snapshot!(shown(&folder, &["."]), @"
    component:default/one
    component:default/three
    component:default/two
    group:default/team
    ");
}

#[test]
fn an_entity_is_never_lost_in_silence() {
    let folder = folder(&[
        (
            "own-version.yaml",
            "apiVersion: example.com/v1\nkind: Component\nmetadata: {name: own}\nspec: {type: service, owner: team}\n",
        ),
        (
            "no-version.yaml",
            "kind: Component\nmetadata: {name: unversioned}\n",
        ),
        (
            "doubtful.yaml",
            "apiVersion: example.com/v1\nkind: User\nmetadata: {name: u}\nspec: {tags: x}\n",
        ),
        (
            "no-kind.yaml",
            "apiVersion: backstage.io/v1alpha1\nmetadata: {name: x}\n",
        ),
        (
            "no-kind-no-version.yaml",
            "metadata: {name: x}\nspec: {owner: team, type: service}\n",
        ),
        (
            "skeleton.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: \"${{ values.name }}\"}\n",
        ),
    ]);
    insta::assert_snapshot!(shown(&folder, &["."]), @"
    component:default/own
    component:default/unversioned
    ! ./doubtful.yaml, document 1, line 1: kind `User` of apiVersion `example.com/v1` is no entity of a Backstage catalog (`apiVersion: backstage.io/v1alpha1`), so it is left out
    ! ./no-kind-no-version.yaml, document 1, line 1, field `kind`: found nothing, expected a text such as `Component`; this entity is left out
    ! ./no-kind.yaml, document 1, line 1, field `kind`: found nothing, expected a text such as `Component`; this entity is left out
    ! ./skeleton.yaml, document 1, line 1: the name `${{ values.name }}` is a template's placeholder, so this is left out
    ");
}

#[test]
fn broken_documents_cost_no_other() {
    let folder = folder(&[
        (
            "many.yaml",
            &format!(
                "# catalog\n{}---\nkind: Component\nmetadata:\n  name: [broken\nspec: {{}}\n--- # third\n{}---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  title: no name\n---\nkind: Component\nmetadata: []\n---\nkind: Group\nmetadata: {{name: team}}\n",
                component("first"),
                component("third")
            ),
        ),
        ("text.yaml", "just: a text\n---\n{{{\n---\n"),
    ]);
    write(
        folder.path(),
        "latin1.yaml",
        &[
            component("good").as_bytes(),
            b"---\nkind: Component\nmetadata: {name: caf\xE9}\n",
        ]
        .concat(),
    );
    write(folder.path(), "utf16.yaml", b"\xFF\xFEk\0i\0n\0d\0");
    insta::assert_snapshot!(shown(&folder, &["."]), @"
    component:default/first
    component:default/good
    component:default/third
    group:default/team
    ! ./latin1.yaml, document 2, line 9: byte 0xE9 is not UTF-8; this document is left out
    ! ./many.yaml, document 2, line 12: column 5: illegal placement of ':' indicator; this document is left out
    ! ./many.yaml, document 4, line 21, field `metadata.name`: found nothing, expected a non-empty text; this entity is left out
    ! ./many.yaml, document 5, line 26, field `metadata`: found a list, expected a map with a `name`; this entity is left out
    ! ./text.yaml, document 2, line 3: column 3: unclosed bracket '{'; this document is left out
    ! ./utf16.yaml: is UTF-16, expected UTF-8
    ");
}

#[test]
fn a_named_file_is_judged_strictly() {
    let folder = folder(&[
        (
            "mixed.txt",
            &format!(
                "{}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x}}\n---\njust: text\n---\n- 1\n---\n{{a: [\n",
                component("one")
            ),
        ),
        ("page.html", "<!doctype html>\n<p>Sign in</p>"),
        ("login.json", "<!doctype html>\n<p>Sign in</p>"),
        ("empty.json", ""),
        ("other.json", "[1, {\"a\": 2}, \"x\"]"),
        (
            "api.json",
            r#"[{"apiVersion":"backstage.io/v1alpha1","kind":"API","metadata":{"name":"x"}}]"#,
        ),
    ]);
    let all = [
        "mixed.txt",
        "page.html",
        "login.json",
        "empty.json",
        "other.json",
        "api.json",
        "gone.yaml",
        "no/*.yaml",
    ];
    insta::assert_snapshot!(shown(&folder, &all), @"
    component:default/one
    ! empty.json: no catalog entity found in the file
    ! gone.yaml: could not be read: No such file or directory (os error 2)
    ! login.json, entity 1, line 1: found `<!doctype html>`, expected JSON: a list of entities, a map with `items`, or entities one after another
    ! mixed.txt, document 2, line 8: kind `Deployment` of apiVersion `apps/v1` is no entity of a Backstage catalog (`apiVersion: backstage.io/v1alpha1`), so it is left out
    ! mixed.txt, document 3, line 12, field `kind`: found nothing, expected a text such as `Component`; this entity is left out
    ! mixed.txt, document 4, line 14: found a number, expected an entity (a map); this entity is left out
    ! mixed.txt, document 5, line 16: column 5: unclosed bracket '['; this document is left out
    ! no/*.yaml: matches no file
    ! other.json, entity 1, line 1: found a number, expected an entity (a map); this entity is left out
    ! other.json, entity 2, line 1, field `kind`: found nothing, expected a text such as `Component`; this entity is left out
    ! other.json, entity 3, line 1: found a string, expected an entity (a map); this entity is left out
    ! page.html, document 1, line 1: found a string, expected an entity (a map); this entity is left out
    ");
}

#[test]
fn an_empty_folder_is_a_fault() {
    let folder = folder(&[("empty/readme.txt", ""), ("other/ci.yaml", "on: push")]);
    insta::assert_snapshot!(shown(&folder, &["empty", "other"]), @"
    ! empty: no catalog entity found: the folder has no YAML or JSON file
    ! other: no catalog entity found in the file
    ");
}

#[test]
fn the_first_of_equal_references_counts_and_both_places_are_named() {
    let upper = component("ONE").replace("team", "other");
    let folder = folder(&[
        ("b.yaml", &component("one")),
        ("a.yaml", &format!("{}---\n{upper}", component("two"))),
    ]);
    let generation = read(&[folder.path().to_owned()]);
    insta::assert_snapshot!(listed(&generation, folder.path()), @"
    component:default/one
    component:default/two
    ! b.yaml, document 1, line 1: `component:default/one` is also at a.yaml, document 2, line 8, which counts, being the first of the two; rename or remove one of them
    ");
    let mut names: Vec<Box<str>> = generation
        .entities
        .iter()
        .filter_map(|entity| match entity {
            EntityFact::Component(component) => Some(component.name),
            EntityFact::Owner(_) => None,
        })
        .collect();
    names.sort();
    assert_eq!(names, [Box::from("ONE"), Box::from("two")]);
}

#[test]
fn locations_lead_to_files_inside_the_folder_only() {
    let outside = folder(&[("secret.yaml", &component("secret"))]);
    let secret = outside.path().join("secret.yaml");
    let location = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: root}}\nspec:\n  target: ./components/*.yaml\n  targets:\n  - ./more.txt\n  - ../outside/x.yaml\n  - {}\n  - https://user:secret@example.com/org/repo/catalog-info.yaml\n  - ./missing.yaml\n  - ./none/*.yaml\n  - ./components\n  - 7\n  - {{a: b}}\n  - ./all.yaml\n",
        secret.display()
    );
    let folder = folder(&[
        ("repo/all.yaml", &location),
        ("repo/components/a.yaml", &component("a")),
        ("repo/components/b.yaml", &component("b")),
        ("repo/components/.hidden.yaml", &component("hidden")),
        (
            "repo/more.txt",
            &format!("{}---\nnot: an entity\n", component("more")),
        ),
        ("outside/x.yaml", &component("x")),
    ]);
    let text = shown(&folder, &["repo/all.yaml"])
        .replace(&outside.path().display().to_string(), "/elsewhere");
    insta::assert_snapshot!(text, @"
    component:default/a
    component:default/b
    component:default/more
    ! repo/all.yaml, document 1, line 1: a target of the Location is a map, expected a relative path
    ! repo/all.yaml, document 1, line 1: the Location's target `../outside/x.yaml` lies outside the folder that is read: give it as a catalog of its own
    ! repo/all.yaml, document 1, line 1: the Location's target `./components` is a folder, expected a file or a pattern such as `./*.yaml`
    ! repo/all.yaml, document 1, line 1: the Location's target `./missing.yaml` does not exist
    ! repo/all.yaml, document 1, line 1: the Location's target `./none/*.yaml` matches no file
    ! repo/all.yaml, document 1, line 1: the Location's target `/elsewhere/secret.yaml` is an absolute path, expected one relative to the file that names it
    ! repo/all.yaml, document 1, line 1: the Location's target `7` does not exist
    ! repo/all.yaml, document 1, line 1: the Location's target `https://example.com/org/repo/catalog-info.yaml` is a URL, which is not fetched: put the file into this folder, or read the Backstage that ingests it
    ! repo/more.txt, document 2, line 8, field `kind`: found nothing, expected a text such as `Component`; this entity is left out
    ");
}

#[test]
fn a_location_may_be_json_or_optional_and_files_are_read_once() {
    let folder = folder(&[
        (
            "all.json",
            r#"{"apiVersion":"backstage.io/v1alpha1","kind":"Location","metadata":{"name":"l"},"spec":{"targets":["./a.yaml","./b.yaml"]}}"#,
        ),
        (
            "b.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: m}\nspec: {presence: optional, targets: [./gone.yaml, ./all.json]}\n",
        ),
        ("a.yaml", &component("a")),
        (
            "empty-location.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: m}\nspec: {}\n",
        ),
    ]);
    insta::assert_snapshot!(shown(&folder, &["all.json"]), @"component:default/a");
    insta::assert_snapshot!(shown(&folder, &[".", "all.json", "*.yaml", "a.yaml"]), @"
    component:default/a
    ! ./empty-location.yaml, document 1, line 1: the Location names no file, expected `spec.target` or `spec.targets`
    ");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_folder_only() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("x.yaml", &component("x"))]);
    // As Kubernetes mounts a ConfigMap.
    let folder = folder(&[("..2024/catalog.yaml", &component("mounted"))]);
    let at = |path: &str| folder.path().join(path);
    symlink("..2024", at("..data")).expect("a link");
    symlink("..data/catalog.yaml", at("catalog.yaml")).expect("a link");
    symlink(outside.path().join("x.yaml"), at("x.yaml")).expect("a link");
    symlink(outside.path(), at("folder")).expect("a link");
    symlink("nowhere", at("gone.yaml")).expect("a link");
    symlink(".", at("loop")).expect("a link");
    insta::assert_snapshot!(shown(&folder, &["."]), @"
    component:default/mounted
    ! ./folder: is a link to a folder outside, which is not followed: give that folder as a catalog of its own
    ! ./gone.yaml: is a link that leads nowhere: No such file or directory (os error 2)
    ! ./x.yaml: is a link to a file outside the folder, which is not followed: give that file as a catalog of its own
    ");
}

#[test]
fn every_shape_of_a_dump_gives_the_same_entities() {
    let entities: Vec<String> = ["a", "b", "c"]
        .map(|name| format!(r#"{{"metadata":{{"name":"{name}"}},"kind":"Component","apiVersion":"backstage.io/v1alpha1"}}"#))
        .to_vec();
    let list = entities.join(",\n");
    let folder = folder(&[
        ("list.json", &format!("[{list}]")),
        (
            "page.json",
            &format!("{{\"items\":[{list},null],\"totalItems\":3,\"pageInfo\":{{}}}}"),
        ),
        ("lines.jsonl", &entities.join("\n")),
        ("lines.json", &entities.join("\n")),
        ("list.yaml", &format!("[{list}]")),
        (
            "page.yaml",
            &format!("items:\n- {}\n", entities.join("\n- ")),
        ),
    ]);
    for file in [
        "list.json",
        "page.json",
        "lines.jsonl",
        "lines.json",
        "list.yaml",
        "page.yaml",
    ] {
        assert_eq!(
            shown(&folder, &[file]),
            "component:default/a\ncomponent:default/b\ncomponent:default/c",
            "{file}"
        );
    }
}

#[test]
fn a_broken_dump_names_the_entity() {
    let entity = |name: &str| format!(r#"{{"kind":"Component","metadata":{{"name":"{name}"}}}}"#);
    let folder = folder(&[
        (
            "dump.json",
            &format!(
                "[{},\n{{\"kind\":\"Component\" \"metadata\":{{}}}},\n{{\"kind\":\"Component\",\"metadata\":{{\"name\":null}}}},\n{},\n{{\"kind\":\"Comp",
                entity("a"),
                entity("b")
            ),
        ),
        ("not-ours.json", "[{\"x\": 1},\n{\"y\" 2}, {\"z"),
    ]);
    insta::assert_snapshot!(shown(&folder, &["."]), @"
    component:default/a
    component:default/b
    ! ./dump.json, entity 2, line 2: column 21: expected `,` or `}`; this entity is left out
    ! ./dump.json, entity 3, line 3, field `metadata.name`: found null, expected a non-empty text; this entity is left out
    ! ./dump.json, entity 5, line 5: the file ends in the middle of this one; it is left out, and what may have followed is missing: write the file again
    ");
}

#[test]
fn a_dependency_that_is_no_reference_costs_only_itself() {
    let spec = "spec:\n  dependsOn: [db, component:b]\n";
    let folder = folder(&[("a.yaml", &component("a").replace("spec:\n", spec))]);
    insta::assert_snapshot!(shown(&folder, &["."]), @r"
    component:default/a
    ! ./a.yaml, document 1, line 1, field `spec.dependsOn`: found `db`, expected `kind:[namespace/]name`, such as `component:checkout`; this part of `component:default/a` is left out
    ");
    let generation = read(&[folder.path().to_owned()]);
    // So no entity may be hidden by it.
    assert_eq!(generation.faulty_parts, generation.faults.len());
    let Some(EntityFact::Component(component)) = generation.entities.iter().next() else {
        panic!("no component");
    };
    let targets: Vec<String> = component
        .dependencies
        .iter()
        .map(|dependency| dependency.target.to_string())
        .collect();
    assert_eq!(targets, ["component:default/b"]);
}

#[test]
fn fields_of_any_type_and_size_are_borne() {
    let huge = "x".repeat(10 << 20);
    let folder = folder(&[
        (
            "huge-elsewhere.yaml",
            &component("a").replace(
                "  name: a",
                &format!("  name: a\n  annotations: {{note: {huge}}}"),
            ),
        ),
        (
            "huge-mapped.json",
            &format!(
                r#"{{"kind":"Component","metadata":{{"name":"b","annotations":{{"backstage.io/kubernetes-id":"{huge}"}}}}}}"#
            ),
        ),
        (
            "typed.yaml",
            "kind: Component\nmetadata:\n  name: c\n  annotations: {backstage.io/kubernetes-id: 0123, backstage.io/kubernetes-namespace: [x]}\nspec: {owner: {name: t}}\n",
        ),
        (
            "no-map.yaml",
            "kind: Component\nmetadata:\n  name: d\n  annotations: none\n",
        ),
    ]);
    let generation = read(&[folder.path().to_owned()]);
    assert_eq!(generation.faults, []);
    let mut found: Vec<String> = generation
        .entities
        .iter()
        .map(|entity| match entity {
            EntityFact::Component(component) => format!(
                "{}: {:?} {:?}",
                component.name,
                component.kubernetes_id.as_ref().map(|found| &found.value),
                component
                    .fault
                    .as_ref()
                    .map(|fault| (&fault.field, &fault.found))
            ),
            EntityFact::Owner(owner) => owner.reference.to_string(),
        })
        .collect();
    found.sort();
    insta::assert_snapshot!(found.join("\n"), @r#"
    a: None None
    b: None Some(("annotations.backstage.io/kubernetes-id", "a text of 10485760 bytes"))
    c: Some("0123") None
    d: None Some(("metadata.annotations", "a string"))
    "#);
}

#[test]
fn s33_the_order_of_paths_never_matters() {
    let folder = folder(&[
        ("x/a.yaml", &component("one")),
        (
            "y/a.yaml",
            &format!("{}---\n{}", component("one"), component("two")),
        ),
        (
            "z/dump.json",
            r#"[{"kind":"Group","metadata":{"name":"g"}},{"kind":"Component","metadata":{"name":"two"}}]"#,
        ),
    ]);
    let mut paths: Vec<PathBuf> = ["x", "y", "z", "y/a.yaml"]
        .iter()
        .map(|path| folder.path().join(path))
        .collect();
    let first = read(&paths);
    for turn in 0..paths.len() {
        paths.rotate_left(1);
        assert_eq!(read(&paths), first, "{turn}");
        paths.swap(0, turn);
    }
}

#[test]
fn many_faults_are_counted_rather_than_listed() {
    let entities: Vec<String> = (0..2_500)
        .map(|number| format!("{{\"kind\":\"Group\",\"metadata\":{number}}}"))
        .collect();
    let folder = folder(&[("dump.json", &format!("[{}]", entities.join(",")))]);
    let generation = read(&[folder.path().join("dump.json")]);
    assert_eq!(generation.faults.len(), 1_001);
    let last = &generation.faults[1_000].message;
    assert_eq!(last, "1500 more faults, which are not listed");
}

#[test]
fn progress_reaches_the_end() {
    let folder = folder(&[("a.yaml", &component("one")), ("b.json", "[]")]);
    let mut steps: Vec<Progress> = Vec::new();
    files::read(
        &[folder.path().to_owned()],
        &LabelMap::default(),
        &mut |step| steps.push(step),
    );
    let last = steps.last().expect("a step");
    assert_eq!((last.entities, Some(last.done)), (1, last.total));
}
