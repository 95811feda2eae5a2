//! Whom `explain`, `owner`, `export` and `mcp` ask: sources read now, or a running server. Both answer in the shapes of `api`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use api::{Explanation, Page, Problem, ResolveAnswer, ResolveRequest};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::subject::SubjectError;
use url::Url;

use super::stitch::read_and_stitch;
use crate::args::{ServerArgs, TokenArgs, WhereArgs};
use crate::config::{Config, SecretSource};
use crate::phases::Phases;
use crate::report::Failure;
use crate::sources::Stitched;
use crate::terminal::Terminal;

/// The environment variable that names the server.
const SERVER_VARIABLE: &str = "BACKSTITCH_SERVER";
/// The environment variable that holds the server's token.
const TOKEN_VARIABLE: &str = "BACKSTITCH_API_TOKEN";
/// Bound on the time of one request.
const TIME: Duration = Duration::from_secs(30);
/// Items of a list that are asked for at once: the most that a server gives.
const PAGE: &str = "1000";
/// Bound on the size of one answer, in bytes.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;
/// How many near names or candidates are shown.
const SHOWN: usize = 10;

/// Who answers.
pub(crate) enum Asked {
    /// What was read now.
    Sources(Box<Stitched>),
    /// A running server.
    Server(Arc<Server>),
}

/// A running server.
pub(crate) struct Server {
    client: Client,
    base: Url,
    token: Option<SecretString>,
}

/// A list that is read page after page.
pub(super) struct Pages<'s> {
    server: &'s Server,
    route: &'s [&'s str],
    query: &'s [(&'s str, &'s str)],
    place: Place,
}

/// Where a list goes on.
enum Place {
    First,
    After(String),
    End,
}

impl Pages<'_> {
    /// The items of the next page; `None` after the last.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>, Failure> {
        let mut query = self.query.to_vec();
        query.push(("limit", PAGE));
        match &self.place {
            Place::First => {}
            Place::After(cursor) => query.push(("cursor", cursor)),
            Place::End => return Ok(None),
        }
        let page: Page<T> = self.server.get(self.route, &query).await?;
        self.place = page.next.map_or(Place::End, Place::After);
        Ok(Some(page.items))
    }

    /// Whether the last page was read.
    pub(super) fn are_read(&self) -> bool {
        matches!(self.place, Place::End)
    }

    /// The items of all pages that are left.
    pub(super) async fn all<T: DeserializeOwned>(mut self) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            items.extend(page);
        }
        Ok(items)
    }
}

impl Asked {
    /// Reads the sources, or prepares to ask the server.
    pub(crate) async fn open(
        args: &WhereArgs,
        config: &Config,
        terminal: Terminal,
    ) -> Result<Self> {
        let by_environment = || {
            let named = std::env::var(SERVER_VARIABLE)
                .ok()
                .filter(|url| !url.is_empty());
            named.filter(|_| !args.sources.names_sources())
        };
        if let Some(url) = args.server.clone().or_else(by_environment) {
            let server = Server::new(&url, &args.token)?;
            return Ok(Self::Server(Arc::new(server)));
        }
        if !args.sources.names_sources() && config.path.is_none() {
            return Err(Failure::new("neither sources nor a server are given")
                .hint(Some(
                    "name sources by `--catalog` and `--cluster`, or by a configuration, `--config`; or a running server by `--server`",
                ))
                .into());
        }
        let mut phases = Phases::default();
        let stitched = read_and_stitch(&args.sources, config, terminal, &mut phases).await?;
        if terminal.verbose > 0 {
            terminal.tell(|err, _| phases.write(err));
        }
        Ok(Self::Sources(Box::new(stitched)))
    }

    /// Prepares to ask the server that is named, else the one that this machine's configuration would have: the past is
    /// known to no other.
    pub(crate) fn server(args: &WhereArgs, config: &Config) -> Result<Server, Failure> {
        let named = std::env::var(SERVER_VARIABLE).ok();
        let args = ServerArgs {
            server: args.server.clone().or(named.filter(|url| !url.is_empty())),
            token: args.token.clone(),
        };
        Server::named(&args, config)
    }

    /// The whole reasoning about a subject.
    pub(crate) async fn explain(&self, subject: &str) -> Result<Explanation, Failure> {
        match self {
            Self::Sources(stitched) => server::explain::explain(&stitched.topology, subject)
                .map_err(|error| unknown(&error)),
            Self::Server(server) => server.get(&["explain"], &[("subject", subject)]).await,
        }
    }

    /// Whom labels lead to.
    pub(crate) async fn resolve(
        &self,
        labels: BTreeMap<String, String>,
    ) -> Result<ResolveAnswer, Failure> {
        match self {
            Self::Sources(stitched) => {
                let topology = &stitched.topology;
                Ok(server::render::resolution(
                    topology,
                    &topology.resolve(&labels),
                ))
            }
            Self::Server(server) => server.resolve(labels, &[]).await,
        }
    }
}

fn unknown(error: &SubjectError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        SubjectError::Malformed { .. } => failure,
        SubjectError::NotFound { near, .. } => {
            failure.hint((!near.is_empty()).then(|| format!("did you mean {}?", listed(near))))
        }
        SubjectError::Several { candidates, .. } => {
            failure.hint(Some(format!("name one of them: {}", listed(candidates))))
        }
    }
}

fn listed(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

impl Server {
    /// Prepares to ask the server at that URL, with the token of that file or of the environment.
    pub(super) fn new(url: &str, token: &TokenArgs) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(format!("`{url}` is no URL of a server"))
                .hint(Some("expected such as `http://localhost:7465`"))
        };
        let base = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(wrong());
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(
                Failure::new("the URL of the server carries a user name or password").hint(Some(
                    format!(
                        "leave it out, and give a token by `--api-token-file` or {TOKEN_VARIABLE}"
                    ),
                )),
            );
        }
        let token = SecretSource::given(token.api_token_file.as_ref(), TOKEN_VARIABLE)
            .map(|source| source.read("token"))
            .transpose()
            .map_err(|error| Failure::because("there is no token for the server", &error))?;
        let client = Client::builder()
            .timeout(TIME)
            .user_agent(concat!("backstitch/", env!("CARGO_PKG_VERSION")))
            // A redirect would take the token along.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::because("cannot set up a connection", &error))?;
        Ok(Self {
            client,
            base,
            token,
        })
    }

    /// The server that is named, else the one that this machine's configuration would have.
    pub(crate) fn named(args: &ServerArgs, config: &Config) -> Result<Self, Failure> {
        let url = match &args.server {
            Some(url) => url.clone(),
            None => format!("http://{}", reachable(config.listen)),
        };
        Self::new(&url, &args.token)
    }

    /// What a route answers; its segments are encoded here.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        route: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        self.ask(self.client.get(self.url(route, query)?)).await
    }

    /// What a route answers; inside, why it is that there is no such thing.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        route: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Result<T, Failure>, Failure> {
        match self.answer(self.client.get(self.url(route, query)?)).await {
            Ok(found) => Ok(Ok(found)),
            Err((Some(StatusCode::NOT_FOUND), absent)) => Ok(Err(absent)),
            Err((_, failure)) => Err(failure),
        }
    }

    /// A list of a route, page after page.
    pub(super) fn pages<'s>(
        &'s self,
        route: &'s [&'s str],
        query: &'s [(&'s str, &'s str)],
    ) -> Pages<'s> {
        Pages {
            server: self,
            route,
            query,
            place: Place::First,
        }
    }

    /// Whom labels lead to.
    pub(crate) async fn resolve(
        &self,
        labels: BTreeMap<String, String>,
        query: &[(&str, &str)],
    ) -> Result<ResolveAnswer, Failure> {
        self.send(&["resolve"], query, &ResolveRequest { labels })
            .await
    }

    /// What a route answers to a POST without a body.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        route: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        self.ask(self.client.post(self.url(route, query)?)).await
    }

    /// What a route answers to a POST of a body.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        route: &[&str],
        query: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let url = self.url(route, query)?;
        self.ask(self.client.post(url).json(body)).await
    }

    /// What a route answers to a DELETE.
    pub(super) async fn delete<T: DeserializeOwned>(
        &self,
        route: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        self.ask(self.client.delete(self.url(route, query)?)).await
    }

    fn url(&self, route: &[&str], query: &[(&str, &str)]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(["api", "v1"]).extend(route);
            }
            Err(()) => {
                return Err(Failure::new(format!(
                    "`{}` cannot be the base of a URL",
                    self.base
                )));
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = self.answer(request).await;
        answer.map_err(|(_, failure)| failure)
    }

    /// The answer, or why there is none, with the status of what Backstitch refused.
    async fn answer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, (Option<StatusCode>, Failure)> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let unreachable = |error: reqwest::Error| {
            let failure = Failure::because(
                format!("cannot ask the server `{}`", self.base),
                &error.without_url(),
            );
            let hint = "is it running? `backstitch serve` says where it listens";
            (None, failure.hint(Some(hint)))
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = body(response).await.map_err(unreachable)?;
        let not_ours = || {
            let failure = Failure::new(format!(
                "`{}` answered with status {status}, and not as Backstitch does",
                self.base
            ));
            let hint =
                "`--server` takes the URL at which `backstitch serve` listens, without `/api/v1`";
            (None, failure.hint(Some(hint)))
        };
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| not_ours());
        }
        let problem: Problem = serde_json::from_slice(&body).map_err(|_| not_ours())?;
        let hint = match (status.as_u16(), problem.candidates.as_slice(), problem.hint) {
            (401, ..) => Some(format!(
                "give the server's token by `--api-token-file` or {TOKEN_VARIABLE}"
            )),
            (404, [_, ..], _) => Some(format!("did you mean {}?", listed(&problem.candidates))),
            (_, [_, ..], _) => Some(format!("name one of them: {}", listed(&problem.candidates))),
            (.., hint) => hint,
        };
        Err((Some(status), Failure::new(problem.detail).hint(hint)))
    }
}

/// Where this machine reaches what listens there.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The body, up to its bound.
async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > MAX_ANSWER {
            // What is cut is no JSON any more, and is refused as such.
            break;
        }
    }
    Ok(body)
}
