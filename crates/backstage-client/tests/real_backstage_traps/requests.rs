//! What may be asked, in which form, and what each version answers.

use backstage_client::{EntityFilter, Error};
use serde_json::{Value, json};
use testbed::backstage::{Token, Version};

use crate::support::limit;
use crate::{crawl, full, of_all, reference};

async fn status(version: Version, path: &str) -> u16 {
    let backstage = of_all(version).await;
    let answer = backstage.get(path, Some(Token::Full.text())).await;
    answer.expect("an answer").status
}

#[tokio::test]
async fn versions_are_told_apart_by_what_they_answer() {
    for (version, by_query, unknown_parameter) in [
        (Version::Current, 200, 400),
        (Version::V1_33, 200, 400),
        (Version::V1_11, 404, 200),
    ] {
        assert_eq!(
            status(version, "/entities/by-query?limit=1").await,
            by_query,
            "{version}"
        );
        // What this client must never send: only what all versions know.
        for parameter in ["nonsense=1", "totalItems=exclude"] {
            let path = format!("/entities?limit=1&{parameter}");
            let answered = status(version, &path).await;
            assert_eq!(answered, unknown_parameter, "{version}: {parameter}");
        }

        let backstage = of_all(version).await;
        let mut pager = full(backstage).entities(EntityFilter::all(), limit(3));
        let first = pager.next_page().await.expect("an answer").expect("a page");
        assert_eq!((first.len(), first.null_items()), (3, 0), "{version}");
        assert_eq!(
            pager.may_miss_entities(),
            !version.has_by_query(),
            "{version}"
        );
        assert_eq!(
            first.total_items().is_some(),
            version.has_by_query(),
            "{version}"
        );
    }
}

#[tokio::test]
async fn an_order_by_field_would_lose_entities_that_lack_it() {
    // Why no order is ever asked for: two entities of twenty have a title.
    let path = "/entities/by-query?limit=100&orderField=metadata.title,asc";
    let backstage = of_all(Version::Current).await;
    let answer = backstage.get(path, Some(Token::Full.text())).await;
    let answer: Value =
        serde_json::from_str(&answer.expect("an answer").body).expect("a page as JSON");
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(2));
    let all = crawl(&full(backstage), EntityFilter::all()).await;
    assert_eq!(all.expect("a crawl").len(), 20);
}

#[tokio::test]
async fn references_are_known_in_full_and_in_lower_case_alone() {
    for version in Version::ALL {
        let backstage = of_all(version).await;
        let asked = [
            "component:default/checkout",
            "Component:Default/Checkout",
            "group:payments",
        ];
        let answer = backstage
            .post("/entities/by-refs", &json!({ "entityRefs": asked }))
            .await;
        let answer: Value =
            serde_json::from_str(&answer.expect("an answer").body).expect("items as JSON");
        let found: Vec<bool> = answer["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| !item.is_null())
            .collect();
        assert_eq!(found, [true, false, false], "{version}");

        let ours = [
            "Component:Default/Checkout",
            "COMPONENT:default/ledger",
            "group:default/nope",
        ];
        let found = full(backstage).by_refs(&ours).await.expect("an answer");
        let found: Vec<Option<String>> = found
            .iter()
            .map(|text| Some(reference(&serde_json::from_str(text?).expect("JSON"))))
            .collect();
        let expected = [
            Some("component:default/checkout"),
            Some("component:default/ledger"),
            None,
        ];
        assert_eq!(
            found,
            expected.map(|found| found.map(str::to_owned)),
            "{version}"
        );
    }
}

#[tokio::test]
async fn references_past_the_largest_body_are_asked_for_in_parts() {
    let mut refs: Vec<String> = (0..2_000)
        .map(|n| format!("component:default/{}-{n}", "x".repeat(50)))
        .collect();
    refs.push("group:emea/payments".to_owned());
    for version in Version::ALL {
        let backstage = of_all(version).await;
        let answer = backstage
            .post("/entities/by-refs", &json!({ "entityRefs": refs }))
            .await;
        let answer = answer.expect("an answer");
        assert!(
            matches!(answer.status, 400 | 413) && answer.body.contains("request entity too large"),
            "{version}: {answer:?}"
        );
        let found = full(backstage).by_refs(&refs).await.expect("an answer");
        let found: Vec<bool> = found.iter().map(|item| item.is_some()).collect();
        let (last, others) = found.split_last().expect("an item for each");
        assert!(
            *last && others.len() == 2_000 && !others.contains(&true),
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_filter_past_the_largest_head_is_explained() {
    for version in Version::ALL {
        let mut filter = EntityFilter::all();
        for n in 0..400 {
            let condition = format!("metadata.name=a-name-that-nothing-has-{n}");
            filter = filter.and(condition).expect("a condition");
        }
        let client = full(of_all(version).await);
        let error = crawl(&client, filter).await.expect_err("too long");
        assert!(
            matches!(&error, Error::Status { answer, .. } if answer.status == 431),
            "{version}: {error:?}"
        );
        let remedy = error.remedy().expect("a remedy");
        assert!(remedy.contains("shorten the filter"), "{version}: {remedy}");
    }
}

#[tokio::test]
async fn relations_carry_the_reference_of_their_target() {
    for version in Version::ALL {
        let backstage = of_all(version).await;
        for entity in backstage.entities().await.expect("all entities") {
            for relation in entity["relations"].as_array().into_iter().flatten() {
                let target = relation["targetRef"].as_str().expect("a targetRef");
                assert_eq!(target, target.to_lowercase(), "{version}");
                // It is what older clients read, and gone since 1.41.
                let has_parts = relation["target"].is_object();
                assert_eq!(
                    has_parts,
                    version != Version::Current,
                    "{version}: {relation}"
                );
            }
        }
    }
}
