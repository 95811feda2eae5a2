//! What a reader relies on, asked of a real Backstage: that of `cargo xtask test backstage-real`, or one's own by
//! `BACKSTAGE_URL` and `BACKSTAGE_TOKEN`.

mod conformance;

use conformance::{Target, conforms};
use testbed::backstage::{Token, Version, target};

async fn real() -> Option<(Target, ())> {
    let given = target().await.unwrap_or_else(|error| panic!("{error}"));
    // Tokens with restrictions came after the older ones, and nothing is known of the tokens of other people's.
    let restricted =
        |token: Token| (given.version == Some(Version::Current)).then(|| token.text().to_owned());
    let target = Target {
        url: given.url.trim_end_matches('/').to_owned(),
        token: given.token,
        reads_nothing: restricted(Token::NoRead),
        other_plugin: restricted(Token::OtherPlugin),
    };
    Some((target, ()))
}

conforms!(real);
