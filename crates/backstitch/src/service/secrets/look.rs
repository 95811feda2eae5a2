//! The thread that reads Secrets: a credential command that hangs keeps nobody else from working there (S25).

use std::io;
use std::time::Duration;

use catalog::schedule::{Hint, after_failure};
use cluster::live::secrets::{Selector, Update, get, watch};
use cluster::live::{Access, ApiServer, Pace, connect};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::seen::Looked;
use crate::config::SecretRef;
use crate::secrets::{Problem, Purpose};
use crate::service::random::Random;
use crate::service::told;

/// Updates of one namespace that wait to be passed on.
const WAITING: usize = 4;

/// News of Secrets.
#[derive(Debug)]
pub(super) enum Heard {
    /// Of the Secrets of one purpose in a namespace.
    Of(Purpose, String, Update),
    /// The API server of these places cannot be asked at all.
    Unreachable {
        places: Vec<String>,
        problem: Problem,
        retry_in: Duration,
    },
    /// Of a Secret that was looked for by its name.
    Looked(SecretRef, Looked),
}

/// What is looked for: the Secrets of these purposes.
pub(super) struct Wanted {
    pub(super) purposes: Vec<Purpose>,
    /// The namespaces, and what each is called here.
    pub(super) places: Vec<(String, String)>,
    /// What labels begin with.
    pub(super) prefix: String,
}

/// Begins to read Secrets, until nobody hears of it.
///
/// # Errors
/// When no thread can be had.
pub(super) fn begin(
    access: Access,
    wanted: Wanted,
    seed: u64,
    asked: mpsc::Receiver<SecretRef>,
    heard: mpsc::Sender<Heard>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new().name("secrets".to_owned());
    let reading = async move {
        let gone = heard.clone();
        tokio::select! {
            () = look(access, wanted, Random::of(seed), asked, heard) => {}
            () = gone.closed() => {}
        }
    };
    thread.spawn(move || runtime.block_on(reading))?;
    Ok(())
}

async fn look(
    access: Access,
    wanted: Wanted,
    mut random: Random,
    mut asked: mpsc::Receiver<SecretRef>,
    heard: mpsc::Sender<Heard>,
) {
    let Wanted {
        purposes,
        places,
        prefix,
    } = wanted;
    let Some(server) = connected(&access, &places, &mut random, &heard).await else {
        return;
    };
    let each = places
        .iter()
        .flat_map(|place| purposes.iter().map(move |purpose| (*purpose, place)));
    let mut tasks = JoinSet::new();
    for (purpose, (namespace, key)) in each {
        let (sender, mut updates) = mpsc::channel(WAITING);
        tasks.spawn(watch(
            server.clone(),
            Pace::default(),
            random.next(),
            namespace.clone(),
            purpose.selector(&prefix),
            sender,
        ));
        let (key, heard) = (key.clone(), heard.clone());
        tasks.spawn(async move {
            while let Some(mut update) = updates.recv().await {
                if let Update::Seen(secrets) = &mut update {
                    for secret in secrets {
                        secret.namespace.clone_from(&key);
                    }
                }
                let news = Heard::Of(purpose, key.clone(), update);
                if heard.send(news).await.is_err() {
                    return;
                }
            }
        });
    }
    let backstages = Purpose::Backstage.selector(&prefix);
    while let Some(secret) = asked.recv().await {
        let (server, selector, heard) = (server.clone(), backstages.clone(), heard.clone());
        tasks.spawn(async move {
            let looked = look_up(&server, &selector, &secret).await;
            // Whoever asked is gone, and with it everything else here.
            let _ = heard.send(Heard::Looked(secret, looked)).await;
        });
    }
}

async fn connected(
    access: &Access,
    places: &[(String, String)],
    random: &mut Random,
    heard: &mpsc::Sender<Heard>,
) -> Option<ApiServer> {
    let mut failures = 0;
    loop {
        let error = match connect(access).await {
            Ok(server) => return Some(server),
            Err(error) => error,
        };
        failures += 1;
        let retry_in = after_failure(failures, Hint::Transient, random.next());
        let problem = Problem {
            message: format!("Secrets cannot be read: {}", told(&error)),
            remedy: error.hint(),
        };
        let unreachable = Heard::Unreachable {
            places: places.iter().map(|(_, key)| key.clone()).collect(),
            problem,
            retry_in,
        };
        heard.send(unreachable).await.ok()?;
        sleep(retry_in).await;
    }
}

/// A Secret that no label shows: why.
async fn look_up(server: &ApiServer, selector: &Selector, secret: &SecretRef) -> Looked {
    let SecretRef { namespace, name } = secret;
    match get(server, &Pace::default(), namespace, name).await {
        Ok(None) => Looked::Missing,
        // The watch is going to show it.
        Ok(Some(found)) if selector.matches(&found.labels) => Looked::Asked,
        Ok(Some(_)) => Looked::Unlabelled,
        Err(error) => Looked::Failed(Problem {
            message: error.to_string(),
            remedy: error.hint(),
        }),
    }
}
