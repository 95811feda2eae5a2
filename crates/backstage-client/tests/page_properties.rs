//! What holds for the reading of a page, whatever comes.

use backstage_client::Page;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// Any JSON, biased towards what the parser looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("items".to_owned()),
        Just("pageInfo".to_owned()),
        Just("nextCursor".to_owned()),
        Just("totalItems".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The text of a value with white space and escapes that need not be there.
fn spelled(value: &Value, pretty: bool) -> String {
    if pretty {
        format!(" {value:#}\r\n\t")
    } else {
        value.to_string()
    }
}

/// A page as a server writes it, and its items.
fn any_page() -> impl Strategy<Value = (String, Vec<String>, Option<u64>, Option<String>)> {
    let items = vec((any_json(), any::<bool>()), 0..12);
    (items, any::<Option<u64>>(), any::<Option<String>>()).prop_map(|(items, total, cursor)| {
        let items: Vec<String> = items
            .iter()
            .map(|(value, pretty)| spelled(value, *pretty))
            .collect();
        let body = format!(
            r#"{{"more":[{{}}],"items":[{}],"totalItems":{},"pageInfo":{{"prevCursor":"p","nextCursor":{}}}}}"#,
            items.join(","),
            json!(total),
            json!(cursor)
        );
        (body, items, total, cursor)
    })
}

fn check(body: &str) {
    let Ok(page) = Page::from_by_query("u", body.to_owned()) else {
        return;
    };
    // A whole page is whole JSON, and so is each entity: the naive reading finds the same.
    let naive: Value = match serde_json::from_str(body) {
        Ok(naive) => naive,
        // Such as `1e999`, which is JSON all the same, and concerns whoever reads that entity.
        Err(error) if error.to_string().starts_with("number out of range") => {
            for text in page.entities() {
                serde_json::from_str::<IgnoredAny>(text).expect("an entity is whole JSON");
            }
            return;
        }
        Err(error) => panic!("a page is whole JSON: {error}"),
    };
    let items = naive["items"].as_array().expect("items");
    let nulls = items.iter().filter(|item| item.is_null()).count();
    assert_eq!(page.null_items(), nulls);
    assert_eq!(page.len(), items.len() - nulls);
    let read: Vec<Value> = page
        .entities()
        .map(|text| serde_json::from_str(text).expect("an entity is whole JSON"))
        .collect();
    let expected: Vec<&Value> = items.iter().filter(|item| !item.is_null()).collect();
    assert_eq!(read.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn an_array_is_no_page_whatever_its_elements() {
    for body in ["[[],null,{}]", r#"{"items":[],"pageInfo":[null]}"#] {
        assert!(Page::from_by_query("u", body.to_owned()).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_page_or_an_error(bytes in vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_a_page_or_an_error(value in any_json(), pretty in any::<bool>()) {
        check(&spelled(&value, pretty));
    }

    #[test]
    fn a_page_gives_its_items_back((body, items, total, cursor) in any_page()) {
        let page = Page::from_by_query("u", body).expect("a page");
        let entities: Vec<&str> = page.entities().collect();
        let expected: Vec<&str> = items.iter().map(|item| item.trim()).filter(|item| *item != "null").collect();
        prop_assert_eq!(entities, expected);
        prop_assert_eq!(page.null_items(), page_nulls(&items));
        prop_assert_eq!(page.total_items(), total);
        prop_assert_eq!(page.next_cursor(), cursor.as_deref().filter(|cursor| !cursor.is_empty()));
    }

    #[test]
    fn a_page_with_one_fault_is_a_page_or_an_error(
        (body, ..) in any_page(),
        at in any::<prop::sample::Index>(),
        fault in prop_oneof![Just(None), any::<u8>().prop_map(Some)],
        instead in any::<bool>(),
    ) {
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        match (fault, instead) {
            (None, true) => bytes.truncate(at),
            (None, false) => drop(bytes.remove(at)),
            (Some(byte), true) => bytes[at] = byte,
            (Some(byte), false) => bytes.insert(at, byte),
        }
        check(&String::from_utf8_lossy(&bytes));
    }
}

fn page_nulls(items: &[String]) -> usize {
    items.iter().filter(|item| item.trim() == "null").count()
}

/// A reader that recurses would end here, and with it the process.
#[test]
fn nesting_is_bounded_or_harmless() {
    for depth in [100, 1_000_000] {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        let body = format!(r#"{{"items":[{deep}],"pageInfo":{{}}}}"#);
        let page = Page::from_by_query("u", body).expect("well-formed, however deep");
        assert_eq!(page.entities().map(str::len).sum::<usize>(), 2 * depth);
    }
}
