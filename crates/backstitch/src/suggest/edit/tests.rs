//! Tables of layouts, and the law that one value changes and nothing else.

use proptest::prelude::*;

use super::*;

const ID: &str = "backstage.io/kubernetes-id";

fn cart() -> EntityRef {
    EntityRef::new("component", "default", "cart")
}

fn keys(path: &[&str]) -> Vec<String> {
    path.iter().map(|it| (*it).to_owned()).collect()
}

fn annotated(text: &str, to: &str) -> Result<String, String> {
    edit(text, &cart(), &keys(&["metadata", "annotations", ID]), to)
}

const HEAD: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\n";

/// The part after the head, before and after.
fn check(before: &str, after: &str) {
    let got = annotated(&format!("{HEAD}{before}"), "basket");
    assert_eq!(got, Ok(format!("{HEAD}{after}")), "{before}");
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    for (before, after) in [
        ("kart", "basket"),
        ("kart  # as in the shop", "basket  # as in the shop"),
        ("\"kart\"", "\"basket\""),
        ("'kart'", "'basket'"),
        ("!!str kart", "!!str basket"),
        ("", " basket"),
        ("  # nothing yet", " basket  # nothing yet"),
        ("42", "basket"),
        ("~", "basket"),
        ("two\n      lines", "basket"),
    ] {
        let gap = if before.is_empty() || before.starts_with("  #") {
            ""
        } else {
            " "
        };
        let frame = |value: &str| {
            format!(
                "metadata:\n  name: cart # its name\n  annotations:\n    {ID}:{gap}{value}\n    z: 1\nspec: {{}}\n"
            )
        };
        check(&frame(before), &frame(after));
    }
}

#[test]
fn a_value_is_added_where_it_belongs() {
    for (before, after) in [
        (
            "metadata:\n  name: cart\n  annotations:\n    a: b  # why\n\n# the rest\nspec: {}\n",
            "metadata:\n  name: cart\n  annotations:\n    a: b  # why\n    backstage.io/kubernetes-id: basket\n\n# the rest\nspec: {}\n",
        ),
        // The block is not there.
        (
            "metadata:\n    name: cart\nspec: {}",
            "metadata:\n    name: cart\n    annotations:\n      backstage.io/kubernetes-id: basket\nspec: {}",
        ),
        // It is there and empty.
        (
            "metadata:\n  name: cart\n  annotations: # none\nspec: {}\n",
            "metadata:\n  name: cart\n  annotations: # none\n    backstage.io/kubernetes-id: basket\nspec: {}\n",
        ),
        (
            "metadata:\n  name: cart\n  annotations: null\n",
            "metadata:\n  name: cart\n  annotations: {backstage.io/kubernetes-id: basket}\n",
        ),
        // Flow style.
        (
            "metadata: {name: cart}\n",
            "metadata: {annotations: {backstage.io/kubernetes-id: basket}, name: cart}\n",
        ),
        (
            "metadata:\n  name: cart\n  annotations: {}\n",
            "metadata:\n  name: cart\n  annotations: {backstage.io/kubernetes-id: basket}\n",
        ),
        (
            "metadata:\n  name: cart\n  annotations: { a: b, }\n",
            "metadata:\n  name: cart\n  annotations: {backstage.io/kubernetes-id: basket,  a: b, }\n",
        ),
        // No line break at the end.
        (
            "spec: {}\nmetadata:\n  name: cart\n  annotations:\n    a: b",
            "spec: {}\nmetadata:\n  name: cart\n  annotations:\n    a: b\n    backstage.io/kubernetes-id: basket",
        ),
        // A block of text at the end has no end of its own.
        (
            "metadata:\n  name: cart\n  annotations:\n    a: |\n      b\n\n\nspec: {}\n",
            "metadata:\n  name: cart\n  annotations:\n    backstage.io/kubernetes-id: basket\n    a: |\n      b\n\n\nspec: {}\n",
        ),
        // A list at the end.
        (
            "metadata:\n  annotations:\n    a: b\n    c:\n    - d\n    - e # f\n  name: cart\n",
            "metadata:\n  annotations:\n    a: b\n    c:\n    - d\n    - e # f\n    backstage.io/kubernetes-id: basket\n  name: cart\n",
        ),
        // What a merge brings is overridden.
        (
            "x: &x {backstage.io/kubernetes-id: kart}\nmetadata:\n  name: cart\n  annotations:\n    <<: *x\n",
            "x: &x {backstage.io/kubernetes-id: kart}\nmetadata:\n  name: cart\n  annotations:\n    <<: *x\n    backstage.io/kubernetes-id: basket\n",
        ),
    ] {
        check(before, after);
    }
}

#[test]
fn line_ends_and_other_documents_stay() {
    let text = "\u{feff}# shop\r\n---\r\napiVersion: backstage.io/v1alpha1\r\nkind: Group\r\nmetadata: {name: cart}\r\n---\r\n\
        apiVersion: backstage.io/v1alpha1\r\nkind: Component\r\nmetadata:\r\n  name: Cart\r\n  namespace: DEFAULT\r\n---\r\nbroken: [\r\n";
    let expected = text.replace(
        "  namespace: DEFAULT\r\n",
        "  namespace: DEFAULT\r\n  annotations:\r\n    backstage.io/kubernetes-id: basket\r\n",
    );
    assert_eq!(annotated(text, "basket"), Ok(expected));
}

#[test]
fn what_cannot_be_changed_for_sure_is_left_alone() {
    let metadata = "metadata:\n  name: cart\n";
    for (body, why) in [
        (
            "metadata:\n  name: other\n".to_owned(),
            "it is not in the file",
        ),
        (
            format!("{metadata}---\n{HEAD}{metadata}"),
            "it is in the file twice",
        ),
        (
            format!("{metadata}  annotations:\n    {ID}: |\n      kart\n"),
            "its value is a block of text",
        ),
        (
            format!("{metadata}  labels: &x {{a: b}}\n  annotations: *x\n"),
            "`metadata.annotations` stands behind an alias",
        ),
        (
            format!("{metadata}  title: &x kart\n  annotations:\n    {ID}: *x\n"),
            "its value is an alias",
        ),
        (
            format!("{metadata}  annotations: [a]\n"),
            "`metadata.annotations` is no map",
        ),
        (
            format!("{metadata}  annotations:\n    {ID}: {{a: b}}\n"),
            "its value is no text",
        ),
        // What others refer to would change with it.
        (
            format!("{metadata}  annotations:\n    {ID}: &x kart\n  title: *x\n"),
            "the change would touch more than the value",
        ),
        (
            format!("{metadata}  annotations: &x\n    a: b\n  labels: *x\n"),
            "the change would touch more than the value",
        ),
    ] {
        let text = format!("{HEAD}{body}");
        assert_eq!(annotated(&text, "basket"), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn any_path_and_any_text_can_be_written() {
    let text = format!("{HEAD}metadata:\n  name: cart\nspec:\n  type: service\n");
    for to in [
        "basket",
        "3scale",
        "true",
        "a: b",
        "it's",
        "\"x\" # y",
        "",
        "- a",
        "é\u{7f}\u{85}\n",
    ] {
        for path in [
            &["spec", "k8s", "name"][..],
            &["spec", "type"],
            &["metadata", "labels", "a b"],
        ] {
            let changed = edit(&text, &cart(), &keys(path), to);
            let changed = changed.unwrap_or_else(|why| panic!("{to:?} {path:?}: {why}"));
            let value = from_yaml(&changed).expect("it can be read");
            let found = at(&value, &keys(path));
            assert_eq!(found, Some(&Value::String(to.into())), "{changed}");
        }
    }
}

#[test]
fn what_is_right_stays_as_it_is() {
    let text = format!("{HEAD}metadata: {{name: cart, annotations: {{{ID}: basket}}}}");
    assert_eq!(annotated(&text, "basket"), Ok(text.clone()));
}

/// A piece of an entity in one of its layouts.
fn layout() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("kart"),
        Just("'kart'"),
        Just("\"kart\""),
        Just(""),
        Just("~")
    ];
    let extra = prop_oneof![
        Just(""),
        Just("    # a comment\n"),
        Just("    other: 'x: y' # z\n"),
        Just("    text: |\n      a\n      b\n"),
        Just("    list: [a, b]\n"),
    ];
    (value, extra.clone(), extra, 0..4_u8).prop_map(|(value, before, after, kind)| match kind {
        0 => format!("  annotations:\n{before}    {ID}: {value}\n{after}"),
        1 => format!("  annotations:\n    first: 1\n{before}{after}"),
        2 => format!("  annotations: {{{ID}: {value}}}\n"),
        _ => String::new(),
    })
}

proptest! {
    #[test]
    fn one_value_changes_and_no_line_that_has_nothing_to_do_with_it(
        layout in layout(),
        tail in prop_oneof![Just(""), Just("spec: {owner: web}"), Just("---\nkind: Other\n"), Just("# end\n")],
        windows in any::<bool>(),
        cut in any::<bool>(),
        to in "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?",
    ) {
        let mut text = format!("# head\n{HEAD}metadata:\n  name: cart # it\n{layout}{tail}");
        if windows {
            text = text.replace('\n', "\r\n");
        }
        if cut {
            text.truncate(text.trim_end().len());
        }
        let changed = annotated(&text, &to).expect("each of these layouts can be changed");
        let read = documents(&changed);
        let found = read.iter().find(|it| it.is(&cart())).expect("it is still there");
        let value = at(found.value.as_ref().expect("a value"), &keys(&["metadata", "annotations", ID]));
        prop_assert_eq!(value.and_then(Value::text), Some(to.as_str()));
        // At most one line is gone, and nothing but lines about the annotation is new.
        let lines = |text: &str| -> Vec<String> { text.split('\n').map(str::to_owned).collect() };
        let (old, new) = (lines(&text), lines(&changed));
        let gone = old.iter().filter(|it| !new.contains(it)).count();
        prop_assert!(gone <= 1, "{text}\n=>\n{changed}");
        prop_assert!(new.len() - old.len() <= 2);
        prop_assert_eq!(changed.contains("\r\n"), text.contains("\r\n"));
    }
}
