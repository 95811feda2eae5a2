//! Who may read, and how a refusal is told.

use std::time::{Duration, SystemTime};

use backstage_client::{AuthFailure, EntityFilter, Error};
use testbed::backstage::{Access, Options, Token, Version, legacy_token, rate_limit};

use crate::support::limit;
use crate::{Seen, client, crawl, full, note, of_all, start};

/// Those that know tokens with restrictions.
const RESTRICTING: [Version; 2] = [Version::Current, Version::V1_33];

/// All of the example catalog.
const ALL: usize = 20;

#[tokio::test]
async fn tokens_that_may_read_see_everything() {
    let in_an_hour = SystemTime::now() + Duration::from_hours(1);
    let tokens = [
        Token::Full.text().to_owned(),
        Token::ReadOnly.text().to_owned(),
        legacy_token(in_an_hour),
    ];
    for version in RESTRICTING {
        let backstage = of_all(version).await;
        for token in &tokens {
            let seen = crawl(&client(backstage, Some(token)), EntityFilter::all()).await;
            assert_eq!(seen.expect("a crawl").len(), ALL, "{version}");
        }
    }
}

#[tokio::test]
async fn a_token_that_may_not_read_sees_an_empty_catalog_and_no_error() {
    for version in RESTRICTING {
        let client = client(of_all(version).await, Some(Token::NoRead.text()));
        let mut pager = client.entities(EntityFilter::all(), limit(10));
        let page = pager.next_page().await.expect("an answer").expect("a page");
        assert_eq!((page.len(), page.total_items()), (0, Some(0)), "{version}");
        assert!(pager.next_page().await.expect("the end").is_none());
        let refs = ["component:default/checkout"];
        let found = client.by_refs(&refs).await.expect("an answer");
        assert_eq!(found.iter().collect::<Vec<_>>(), [None], "{version}");
    }
}

#[tokio::test]
async fn a_token_for_another_plugin_is_forbidden_with_a_remedy() {
    for version in RESTRICTING {
        let client = client(of_all(version).await, Some(Token::OtherPlugin.text()));
        let error = crawl(&client, EntityFilter::all()).await;
        let error = error.expect_err("a refusal");
        assert!(
            matches!(error, Error::Forbidden { .. }),
            "{version}: {error:?}"
        );
        let remedy = error.remedy().expect("a remedy");
        assert!(
            remedy.contains("accessRestrictions") && remedy.contains("plugin: catalog"),
            "{version}: {remedy}"
        );
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn no_token_and_a_wrong_token_are_two_refusals() {
    for version in Version::ALL {
        for (token, expected) in [
            (None, AuthFailure::NoToken),
            (Some("junk-token-0123456789"), AuthFailure::IllegalToken),
        ] {
            let client = client(of_all(version).await, token);
            let error = crawl(&client, EntityFilter::all()).await;
            let error = error.expect_err("a refusal");
            assert!(
                matches!(error, Error::Unauthorized { failure, .. } if failure == expected),
                "{version}: {error:?}"
            );
            assert!(
                error.remedy().is_some() && !error.is_transient(),
                "{version}"
            );
        }
    }
}

#[tokio::test]
async fn an_open_backstage_refuses_a_token_that_it_does_not_know() {
    let options = Options {
        access: Access::Open,
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    let seen = crawl(&client(&backstage, None), EntityFilter::all()).await;
    assert_eq!(seen.expect("no token is needed").len(), ALL);
    let junk = client(&backstage, Some("junk-token-0123456789"));
    let error = crawl(&junk, EntityFilter::all()).await;
    let error = error.expect_err("a refusal");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    let remedy = error.remedy().expect("a remedy");
    assert!(remedy.contains("needs no token, give none"), "{remedy}");
}

#[tokio::test]
async fn an_expired_token_is_told_from_a_broken_server() {
    let a_minute_ago = SystemTime::now() - Duration::from_mins(1);
    for version in RESTRICTING {
        let client = client(of_all(version).await, Some(&legacy_token(a_minute_ago)));
        let error = crawl(&client, EntityFilter::all()).await;
        let error = error.expect_err("a refusal");
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(500),
            "{version}: Backstage's own word for it"
        );
        assert!(
            error.is_expired_token() && !error.is_transient(),
            "{version}: {error:?}"
        );
        let remedy = error.remedy().expect("a remedy");
        assert!(remedy.contains("has expired"), "{version}: {remedy}");
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back_and_loses_nothing() {
    const WINDOW_SECONDS: u32 = 2;
    let options = Options {
        config: vec![rate_limit(5, WINDOW_SECONDS)],
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    let mut pager = full(&backstage).entities(EntityFilter::all(), limit(2));
    let (mut seen, mut limited) = (Seen::new(), 0);
    loop {
        match pager.next_page().await {
            Ok(Some(page)) => note(&mut seen, &page),
            Ok(None) => break,
            Err(error) => {
                assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
                assert!(error.is_transient() && error.remedy().is_some());
                let asked = error.retry_after().expect("Retry-After");
                assert!(
                    asked <= Duration::from_secs(WINDOW_SECONDS.into()),
                    "{asked:?}"
                );
                limited += 1;
                // Not to wait for something, but because the server asks for it.
                tokio::time::sleep(asked).await;
            }
        }
    }
    assert!(limited > 0, "ten pages, and five requests at a time");
    assert_eq!(seen.len(), ALL);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}
