//! What a reader relies on, asked of a real Backstage:
//! `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p testbed --test real_conformance`, and where there are such tokens
//! `BACKSTAGE_READS_NOTHING_TOKEN` and `BACKSTAGE_OTHER_PLUGIN_TOKEN`.

mod conformance;

use std::future::{Ready, ready};
use std::io::Write;

use conformance::{Target, conforms};

fn real() -> Ready<Option<(Target, ())>> {
    ready(given().map(|target| (target, ())))
}

fn given() -> Option<Target> {
    let Ok(url) = std::env::var("BACKSTAGE_URL") else {
        // Not by `eprintln!`, whose output the test harness keeps to itself when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: BACKSTAGE_URL is not set, so nothing was tested against a real Backstage"
        );
        return None;
    };
    let token = |name: &str| std::env::var(name).ok().filter(|token| !token.is_empty());
    Some(Target {
        url: url.trim_end_matches('/').to_owned(),
        token: token("BACKSTAGE_TOKEN"),
        reads_nothing: token("BACKSTAGE_READS_NOTHING_TOKEN"),
        other_plugin: token("BACKSTAGE_OTHER_PLUGIN_TOKEN"),
    })
}

conforms!(real);
