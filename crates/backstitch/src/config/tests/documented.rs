//! Every key stands in docs/configuration.md, and whether its value may be shown is settled (S31).

use std::collections::BTreeSet;

use super::super::redact;
use super::{faults, of_instance};

/// The keys that the parser has at a place of a configuration, from what it says of one that it has not.
fn known_keys(text: &str) -> BTreeSet<String> {
    let shown = faults(text);
    let hint = shown
        .lines()
        .skip_while(|line| !line.contains("unknown key"))
        .find_map(|line| line.trim_start().strip_prefix("hint: "))
        .unwrap_or_else(|| panic!("no keys are told: {shown}"));
    let (_, keys) = hint.split_once(" has ").expect("it lists keys");
    keys.split(", ")
        .map(|key| key.trim_matches('`').to_owned())
        .collect()
}

/// The keys in the table below a heading of the document.
fn documented_keys(document: &str, heading: &str) -> BTreeSet<String> {
    document
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_is_documented_and_every_documented_key_exists() {
    let document = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/configuration.md"
    ));
    let instance = of_instance("--: x");
    let oauth2 = of_instance("endpoint: https://b.example\noauth2: {--: x}");
    let header = of_instance("endpoint: https://b.example\nheaders: {X-A: {--: x}}");
    let table = [
        ("## The top", "--: x", redact::ROOT),
        ("## `history`", "history: {--: x}", redact::HISTORY),
        ("## `scrapers`", "scrapers: {--: x}", redact::SCRAPERS),
        (
            "## `scrapers.backstage`",
            "scrapers: {backstage: {--: x}}",
            redact::BACKSTAGE,
        ),
        ("## An instance", instance.as_str(), redact::INSTANCE),
        ("### `oauth2`", &oauth2, redact::OAUTH2),
        ("### `headers`", &header, &[]),
        ("## A cluster", "clusters: [{--: x}]", redact::CLUSTER),
        ("## `secrets`", "secrets: {--: x}", redact::SECRETS),
        ("## `sign_in`", "sign_in: {--: x}", redact::SIGN_IN),
        ("### `oidc`", "sign_in: {oidc: {--: x}}", redact::OIDC),
        ("### `roles`", "sign_in: {roles: [{--: x}]}", redact::GRANT),
        (
            "## `integrations`",
            "integrations: {--: x}",
            redact::INTEGRATIONS,
        ),
        ("## `metrics`", "metrics: {--: x}", redact::METRICS),
        (
            "## `alertmanager`",
            "alertmanager: {--: x}",
            redact::ALERTMANAGER,
        ),
        (
            "### `forward`",
            "alertmanager: {forward: {--: x}}",
            redact::FORWARD,
        ),
        (
            "## `notifications`",
            "notifications: [{--: x}]",
            redact::RECEIVER,
        ),
        (
            "### `slack`",
            "notifications: [{slack: {--: x}}]",
            redact::SLACK,
        ),
        (
            "### `webhook`",
            "notifications: [{webhook: {--: x}}]",
            redact::WEBHOOK,
        ),
        (
            "### `email`",
            "notifications: [{email: {--: x}}]",
            redact::EMAIL,
        ),
        (
            "### `labels`",
            "alertmanager: {labels: {--: x}}",
            redact::ALERT_LABELS,
        ),
    ];
    for (heading, text, redacted) in table {
        let documented = documented_keys(document, heading);
        assert_eq!(documented, known_keys(text), "{heading}");
        // S31: of every key it is settled whether its value may be shown.
        let settled = redacted.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert!(
            redacted.is_empty() || documented == settled,
            "{heading}: {settled:?}"
        );
    }
    let mapped = topology::label_map::KEYS.map(str::to_owned);
    assert_eq!(
        documented_keys(document, "### `label_map`"),
        BTreeSet::from(mapped)
    );
}
