//! Reads that Backstage refuses, and one that it answers with nothing.

use std::time::{Duration, SystemTime};

use catalog::schedule::Hint;
use testbed::backstage::{Options, Token, Version, legacy_token, rate_limit};

use crate::{of_all, read, read_with, start};

/// Those that know tokens with restrictions.
const RESTRICTING: [Version; 2] = [Version::Current, Version::V1_33];

#[tokio::test]
async fn s22_a_token_that_may_not_read_gives_nothing_and_says_why() {
    for version in RESTRICTING {
        let token = Some(Token::NoRead.text());
        let read = read_with(of_all(version).await, token, "spec.owner", || ()).await;
        // Backstage answers 200 with no entities: nothing but S23 stands between this and a catalog that is gone.
        let read = read.expect("an answer like any other");
        assert!(
            read.entities.is_empty(),
            "{version}: {:?}",
            read.references()
        );
        let [fault] = &read.faults[..] else {
            panic!("{version}: {:?}", read.faults)
        };
        for word in [
            "the token may not read it",
            "accessRestrictions",
            "catalog.entity.read",
        ] {
            assert!(fault.contains(word), "{version}: {fault}");
        }
    }
}

#[tokio::test]
async fn s22_refusals_are_retried_slowly_and_explained() {
    let expired = legacy_token(SystemTime::now() - Duration::from_mins(1));
    for (version, token, remedy) in [
        (Version::Current, None, "give a token"),
        (Version::V1_33, None, "give a token"),
        (Version::V1_11, None, "give a token"),
        (
            Version::Current,
            Some("junk-token-0123456789"),
            "to the letter",
        ),
        (
            Version::Current,
            Some(Token::OtherPlugin.text()),
            "plugin: catalog",
        ),
        (
            Version::V1_33,
            Some(Token::OtherPlugin.text()),
            "plugin: catalog",
        ),
        // Answered with status 500, as if the server were broken.
        (Version::Current, Some(expired.as_str()), "has expired"),
        (Version::V1_33, Some(expired.as_str()), "has expired"),
    ] {
        let read = read_with(of_all(version).await, token, "spec.owner", || ()).await;
        let error = read.expect_err("a refusal");
        assert_eq!(error.hint(), Hint::Refused, "{version}: {error:?}");
        let said = error.remedy().expect("a remedy");
        assert!(said.contains(remedy), "{version}: {said}");
    }
}

#[tokio::test]
async fn s22_a_rate_limit_is_kept_to() {
    const WINDOW_SECONDS: u32 = 60;
    const REQUESTS: u32 = 3;
    let options = Options {
        config: vec![rate_limit(REQUESTS, WINDOW_SECONDS)],
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    for _ in 0..REQUESTS {
        read(&backstage).await.expect("within the limit");
    }
    let error = read(&backstage).await.expect_err("past the limit");
    let Hint::RetryAfter(asked) = error.hint() else {
        panic!("{error:?}")
    };
    assert!(!asked.is_zero() && asked <= Duration::from_secs(WINDOW_SECONDS.into()));
    assert!(
        error
            .remedy()
            .is_some_and(|remedy| remedy.contains("rateLimit"))
    );
}
