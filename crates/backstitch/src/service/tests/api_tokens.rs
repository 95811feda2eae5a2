//! Tokens of programs: known when somebody is told of one, and after a restart.

use server::api_tokens::{Declined, Request, Wish};
use store::{ApiTokenRecord, MAX_API_TOKENS, NewApiToken};

use super::*;

fn token(name: &str, expires: i64) -> NewApiToken {
    NewApiToken {
        name: name.into(),
        role: "viewer".into(),
        teams: Vec::new(),
        digest: [7; 32],
        made_by: None,
        expires,
    }
}

impl Bench {
    fn ask(&mut self, wish: Wish) -> Result<ApiTokenRecord, Declined> {
        let (answer, mut answered) = oneshot::channel();
        self.engine
            .token(Request { wish, answer })
            .expect("nothing stops it");
        answered.try_recv().expect("an answer")
    }

    fn known(&self) -> Vec<String> {
        let known = self.engine.shared.api_tokens.list();
        known
            .iter()
            .map(|it| format!("{} {}", it.id, it.new.name))
            .collect()
    }
}

#[test]
fn s26_tokens_are_known_until_they_are_ended_and_after_a_restart() {
    let mut bench = Bench::new();
    bench.ask(Wish::Keep(token("ci", NOW + 60))).expect("kept");
    bench.ask(Wish::Keep(token("bot", NOW + 60))).expect("kept");
    assert_eq!(bench.known(), ["2 bot", "1 ci"]);
    bench.ask(Wish::End(1)).expect("ended");
    assert_eq!(bench.ask(Wish::End(1)), Err(Declined::Unknown));
    let mut bench = bench.restart("");
    assert_eq!(bench.known(), ["2 bot"]);
    bench
        .ask(Wish::Keep(token("third", NOW + 60)))
        .expect("kept");
    assert_eq!(
        bench.known(),
        ["3 third", "2 bot"],
        "no number is given twice"
    );
}

#[test]
fn what_ended_takes_no_room() {
    let mut bench = Bench::new();
    for _ in 0..MAX_API_TOKENS - 1 {
        bench
            .engine
            .store
            .keep_api_token(NOW, &token("one", NOW + 60))
            .expect("kept");
    }
    bench
        .engine
        .store
        .keep_api_token(NOW, &token("over", NOW))
        .expect("kept");
    let mut bench = bench.restart("");
    bench
        .ask(Wish::Keep(token("last", NOW + 60)))
        .expect("there is room");
    let none = bench.ask(Wish::Keep(token("more", NOW + 60)));
    assert_eq!(none, Err(Declined::TooMany(MAX_API_TOKENS)));
}
