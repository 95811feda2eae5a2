//! What can be said of receivers, and what is wrong with those that cannot be.

use std::path::Path;

use super::*;
use crate::config::{Config, ConfigError};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("etc/backstitch.yaml"), text)
}

#[test]
fn all_that_can_be_said() {
    let config = parse(
        "
notifications:
  - name: platform
    slack: {url_file: slack-url}
  - name: hub
    webhook:
      url: https://hub.example/in
      token_env: HUB_TOKEN
      headers: {X-Tenant: {env: TENANT}}
      ca_file: ca.pem
    events: [owner-lost, service-unclaimed]
    teams: [Payments, 'user:x/Ann']
    window: 5m
    most_per_hour: 3
    timeout: 2s
  - name: mail
    email:
      smtp: mail.example.com
      from: Backstitch <backstitch@example.com>
      to: [owner, platform@example.com]
      username: jane
      password_file: password
  - name: local
    email: {smtp: '127.0.0.1:2525', tls: none, from: a@b.example, to: c@d.example}
",
    );
    let receivers = config.expect("a configuration").notifications;
    let [platform, hub, mail, local] = receivers.as_slice() else {
        panic!("four receivers: {receivers:?}");
    };
    assert!(
        matches!(&platform.channel, Channel::Slack(SecretSource::File(file)) if file == Path::new("etc/slack-url"))
    );
    assert_eq!(platform.filter.events, Happening::ALL);
    assert_eq!(
        (platform.window, platform.most_per_hour),
        (DEFAULT_WINDOW, 10)
    );
    let teams = ["group:default/payments", "user:x/ann"].map(str::to_owned);
    let filter = Filter {
        events: vec![Happening::OwnerLost, Happening::ServiceUnclaimed],
        teams: Some(teams.to_vec()),
    };
    assert_eq!(hub.filter, filter);
    assert_eq!(hub.window, Duration::from_mins(5));
    assert_eq!(hub.timeout, Duration::from_secs(2));
    let Channel::Webhook(webhook) = &hub.channel else {
        panic!("a webhook");
    };
    assert_eq!(webhook.headers.len(), 1);
    let Channel::Email(email) = &mail.channel else {
        panic!("mail");
    };
    assert_eq!((email.host.as_str(), email.port), ("mail.example.com", 587));
    assert!(email.is_to_owners() && email.to.len() == 2);
    assert!(email.login.is_some());
    let Channel::Email(email) = &local.channel else {
        panic!("mail");
    };
    assert_eq!((email.port, email.tls), (2525, Tls::None));
    assert!(parse("").expect("a configuration").notifications.is_empty());
}

#[test]
fn a_receiver_of_teams_is_told_nothing_of_sources() {
    for text in [
        "{name: a, slack: {url_env: URL}, teams: a}",
        "{name: a, email: {smtp: m.example, from: a@b.example, to: owner}}",
    ] {
        let config = parse(&format!("notifications: [{text}]"));
        let receivers = config.expect("a configuration").notifications;
        let events = [Happening::OwnerLost, Happening::ServiceUnclaimed];
        assert_eq!(receivers[0].filter.events, events, "{text}");
    }
}

#[test]
fn what_cannot_be_used() {
    const MAIL: &str = "smtp: m.example, from: a@b.example, to: owner";
    let table = [
        ("{slack: {url_env: U}}", "a receiver without `name`"),
        ("{name: A b, slack: {url_env: U}}", "small letters, digits"),
        (
            "{name: a}",
            "a receiver without `slack`, `webhook` and `email`",
        ),
        (
            "{name: a, slack: {url_env: U}, webhook: {url: 'http://a'}}",
            "`webhook` beside `slack`",
        ),
        ("{name: a, slack: {}}", "`slack` without `url_file`"),
        (
            "{name: a, slack: {url: x}}",
            "unknown key, which is not shown",
        ),
        (
            "{name: a, slack: {url_env: U, url_file: f}}",
            "`url_env` beside `url_file`",
        ),
        ("{name: a, webhook: {}}", "`webhook` without `url`"),
        ("{name: a, webhook: {url: 'ftp://a'}}", "expected a URL"),
        (
            "{name: a, webhook: {url: 'http://u:p@a'}}",
            "user name or password",
        ),
        (
            "{name: a, webhook: {url: 'http://a', token_env: T, headers: {Authorization: x}}}",
            "`Authorization` beside a token",
        ),
        (
            "{name: a, slack: {url_env: U}, events: [owner-lots]}",
            "did you mean `owner-lost`?",
        ),
        (
            "{name: a, slack: {url_env: U}, events: []}",
            "the list is empty",
        ),
        (
            "{name: a, slack: {url_env: U}, teams: [a], events: [source-stale]}",
            "a source is no team's",
        ),
        (
            "{name: a, slack: {url_env: U}, teams: ['group:']}",
            "empty name",
        ),
        ("{name: a, slack: {url_env: U}, window: 0s}", "`window`"),
        (
            "{name: a, slack: {url_env: U}, most_per_hour: 0}",
            "a number from 1",
        ),
        ("{name: a, slak: {url_env: U}}", "did you mean `slack`?"),
        ("{name: a, email: {}}", "`email` without `smtp`"),
        (
            "{name: a, email: {smtp: 'm.example:x', from: a@b, to: owner}}",
            "a host",
        ),
        (
            "{name: a, email: {smtp: m.example, tls: none, from: a@b, to: owner}}",
            "unencrypted",
        ),
        (
            "{name: a, email: {smtp: m.example, tls: ssl, from: a@b, to: owner}}",
            "one of `starttls`",
        ),
        (
            "{name: a, email: {smtp: m.example, from: nobody, to: owner}}",
            "`from`: expected an address",
        ),
        (
            "{name: a, email: {smtp: m.example, from: a@b, to: owners}}",
            "`to`: expected `owner`",
        ),
        (
            "{name: a, email: {smtp: m.example, from: a@b, to: owner, username: x}}",
            "`username` without `password_file`",
        ),
        (
            "{name: a, email: {smtp: m.example, from: a@b, to: owner, password_env: X}}",
            "a password without `username`",
        ),
    ];
    for (text, told) in table {
        let error = parse(&format!("notifications: [{text}]")).expect_err(text);
        let error = error.to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
    let twice =
        format!("notifications: [{{name: a, email: {{{MAIL}}}}}, {{name: a, email: {{{MAIL}}}}}]");
    let error = parse(&twice).expect_err("two of one name").to_string();
    assert!(error.contains("`a` is there twice"), "{error}");
}

#[test]
fn s31_urls_are_in_no_fault() {
    for text in [
        "{name: a, slack: {url: 'https://hooks.example/sentinel'}}",
        "{name: a, slack: {'https://hooks.example/sentinel'}}",
        "{name: a, slack: 'https://hooks.example/sentinel'}",
        "{name: a, webhook: 'https://hooks.example/sentinel'}",
        "{name: a, webhook: {url: 'htp://hooks.example/sentinel'}}",
        "{name: a, email: {smtp: m, from: 'a:sentinel@b c', to: 'd:sentinel@e f'}}",
    ] {
        let error = parse(&format!("notifications:\n- {text}")).expect_err(text);
        let error = error.to_string();
        assert!(!error.contains("sentinel"), "{text}: {error}");
    }
}
