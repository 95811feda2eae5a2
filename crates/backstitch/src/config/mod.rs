//! What the configuration file says, as a value that can always run.
//!
//! ```text
//!  text ── node: tree with places ── reader: taken apart key by key ──▶ Config, or every fault with line and caret
//! ```
//!
//! It owns the keys, their defaults and what is wrong with them. It must not know how a source is read, and it reads no
//! secret: a token is kept as the place where it is to be read (S31), and read there for every use, so that one that was
//! rotated takes effect.

mod alertmanager;
mod clusters;
mod credentials;
mod decisions;
mod endpoint;
mod fault;
mod headers;
mod history;
mod instances;
mod integrations;
mod mapping;
mod metrics;
mod node;
mod notifications;
mod reader;
mod receivers;
mod redact;
mod root;
mod secret;
mod secrets;
mod settings;
mod sign_in;
mod timeouts;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use backstage_client::Timeouts;
use reqwest::header::HeaderName;
use secrecy::SecretString;
use server::owner_info::OwnerInfo;
use topology::generation::RemovalPolicy;
use topology::labels::DEFAULT_PREFIX;
use topology::settings::InstanceSettings;
use url::Url;

pub(crate) use self::alertmanager::{Alertmanager, Forward, Target};
pub(crate) use self::clusters::{is_cluster_name, is_namespace, live_cluster_name};
pub(crate) use self::decisions::DecisionsFile;
pub(crate) use self::endpoint::{EndpointProblem, parse_endpoint};
pub(crate) use self::fault::{ConfigError, Fault};
pub(crate) use self::history::History;
pub(crate) use self::instances::DEFAULT_NAME;
pub(crate) use self::integrations::Integrations;
pub(crate) use self::notifications::{
    Addressee, Channel, Email, Filter, Happening, Receiver, Tls, Webhook,
};
pub(crate) use self::receivers::{is_label_name, receivers};
pub(crate) use self::redact::redacted;
pub(crate) use self::secret::{SecretError, SecretSource};
pub(crate) use self::secrets::{
    NO_LIVE_CLUSTER, SecretPlace, Secrets, is_name as is_kubernetes_name, parts_of_place,
    secrets_of,
};
pub(crate) use self::settings::{Settings, settings};
pub(crate) use self::sign_in::SignIn;

/// How often a live Backstage is read unless set otherwise (S28).
pub(crate) const DEFAULT_SYNC_INTERVAL: Duration = Duration::from_mins(5);
/// How many entities a live Backstage is asked for at once unless set otherwise.
pub(crate) const DEFAULT_PAGE_SIZE: NonZeroU32 = catalog::backstage::PAGE_SIZE;
/// Where the server listens unless set otherwise.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7465);
/// What the file is, for messages.
const WHAT: &str = "configuration";
/// Bound on the size of a configuration file, in bytes.
pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A whole configuration. Paths in it are ready to be opened: what the file gives is relative to the file.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file; none where nothing was configured.
    pub path: Option<PathBuf>,
    /// What every label key begins with (S16).
    pub label_prefix: String,
    /// The instances that have a source and can be read, in the order of the file; no two of one name.
    pub instances: Vec<Instance>,
    /// Instances that say how to stitch, but not where their catalog is; a source given on the command line completes
    /// them.
    pub without_source: Vec<InstanceOptions>,
    /// Instances that cannot start, and why (S4). The others do.
    pub refused: Vec<RefusedInstance>,
    /// The clusters in the order of the file; no two of one name.
    pub clusters: Vec<Cluster>,
    /// Where configuration is looked for in Secrets; none where it is not.
    pub secrets: Option<Secrets>,
    /// Where the server may write Secrets; none where it may not.
    pub integrations: Option<Integrations>,
    /// The file of the embedded store.
    pub store: Option<PathBuf>,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The token that requests to the server must bear.
    pub api_token: Option<SecretSource>,
    /// Where people sign in.
    pub sign_in: Option<SignIn>,
    /// Host names, beside those of loopback, that the server answers to.
    pub allowed_hosts: Vec<String>,
    /// Whose owners the metrics have.
    pub metrics: OwnerInfo,
    /// When removals are held back (S23).
    pub removal: RemovalPolicy,
    /// How alerts are taken and handed on; none where they are not.
    pub alertmanager: Option<Alertmanager>,
    /// Who is told of what happens to ownership; no two of one name.
    pub notifications: Vec<Receiver>,
    /// How much of what changed is kept.
    pub history: History,
    /// What is allowed and still worth a warning, such as a token inside of the file.
    pub warnings: Vec<Fault>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: None,
            label_prefix: DEFAULT_PREFIX.to_owned(),
            instances: Vec::new(),
            without_source: Vec::new(),
            refused: Vec::new(),
            clusters: Vec::new(),
            secrets: None,
            integrations: None,
            store: None,
            listen: DEFAULT_LISTEN,
            api_token: None,
            sign_in: None,
            allowed_hosts: Vec::new(),
            metrics: OwnerInfo::default(),
            removal: RemovalPolicy::default(),
            alertmanager: None,
            notifications: Vec::new(),
            history: History::default(),
            warnings: Vec::new(),
        }
    }
}

/// The text of a file of a person, up to its bound; `what` the file is.
fn read(what: &'static str, path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        what,
        path: path.to_owned(),
        source,
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_BYTES {
        let message = format!("{length} bytes, expected at most {MAX_BYTES}");
        return Err(unreadable(std::io::Error::other(message)));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, or with all that is wrong with it. A fault of one instance's `label_map` costs that
    /// instance alone and is in [`Config::refused`] (S4).
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &read(WHAT, path)?)
    }

    /// Checks the text of a configuration; `path` is where it comes from.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        root::parse(path, text)
    }

    /// The stitching options of the instance of that name, whether it has a source or not.
    pub(crate) fn instance_options(&self, name: &str) -> Option<&InstanceOptions> {
        self.instances
            .iter()
            .map(|instance| &instance.options)
            .chain(&self.without_source)
            .find(|options| &*options.settings.name == name)
    }

    /// The names of all instances, in the order of the file.
    pub(crate) fn instance_names(&self) -> impl Iterator<Item = &str> {
        self.instances
            .iter()
            .map(|instance| &instance.options)
            .chain(&self.without_source)
            .map(|options| &*options.settings.name)
    }
}

/// One instance and where its catalog is.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// How it is stitched and read.
    pub options: InstanceOptions,
    /// Where its catalog is.
    pub source: InstanceSource,
}

impl Instance {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.options.settings.name
    }
}

/// What is said of an instance beside where its catalog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceOptions {
    /// How it is stitched.
    pub settings: InstanceSettings,
    /// How often it is read.
    pub sync_interval: Duration,
    /// The keys of [`SETTINGS`] that were given; all else are defaults.
    pub said: Vec<&'static str>,
}

impl InstanceOptions {
    /// The defaults.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            settings: InstanceSettings::named(name),
            sync_interval: DEFAULT_SYNC_INTERVAL,
            said: Vec::new(),
        }
    }

    /// Whether that key was given.
    pub(crate) fn says(&self, key: &str) -> bool {
        self.said.contains(&key)
    }

    /// The same with what another place says of the instance, wherever nothing is said here.
    #[must_use]
    pub(crate) fn completed_by(&self, other: &Self) -> Self {
        let mut all = self.clone();
        let (into, from) = (&mut all.settings, &other.settings);
        for key in &other.said {
            if self.says(key) {
                continue;
            }
            match *key {
                LABEL_MAP => into.label_map.clone_from(&from.label_map),
                MATCH_RULES => into.match_rules.clone_from(&from.match_rules),
                CLUSTERS => into.clusters.clone_from(&from.clusters),
                HONOR => into.honor_cluster_annotation = from.honor_cluster_annotation,
                _ => all.sync_interval = other.sync_interval,
            }
            all.said.push(key);
        }
        all
    }
}

/// Keys of an instance that say nothing of where its catalog is.
pub(crate) const SETTINGS: [&str; 5] = [LABEL_MAP, MATCH_RULES, CLUSTERS, HONOR, SYNC_INTERVAL];
const LABEL_MAP: &str = "label_map";
const MATCH_RULES: &str = "match_rules";
const CLUSTERS: &str = "clusters";
const HONOR: &str = "honor_cluster_annotation";
const SYNC_INTERVAL: &str = "sync_interval";

/// Where the catalog of an instance is.
#[derive(Clone, Debug)]
pub(crate) enum InstanceSource {
    /// A live Backstage.
    Endpoint(Box<Endpoint>),
    /// Catalog files, folders or patterns; at least one.
    Files(Vec<PathBuf>),
    /// A Kubernetes Secret that holds endpoint and token (S29).
    Secret(SecretRef),
}

/// How a live Backstage is reached.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Its base URL: http or https, without user information.
    pub url: Url,
    /// What it is shown.
    pub credentials: Credentials,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    /// Further root certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// The certificate of the program itself (mutual TLS).
    pub client_certificate: Option<ClientCertificate>,
    /// Further headers of every request, no two of one name.
    pub headers: Vec<(HeaderName, SecretSource)>,
    /// The way to it.
    pub proxy: Proxy,
    /// How long it is waited for.
    pub timeouts: Timeouts,
    /// How many entities are asked for at once, at most 10,000.
    pub page_size: NonZeroU32,
    /// Ask for compressed answers.
    pub gzip: bool,
    /// The fields to ask for beside those that are needed; where there are none, whole entities are asked for.
    pub fields: Vec<String>,
    /// Conditions of which an entity must meet one, in the words of Backstage's `filter` parameter; checked.
    pub filter: Vec<String>,
    /// Where a Secret says all of this: certificates that stand in it, in place of files.
    pub in_secret: Option<Box<InSecret>>,
}

/// What stands in a Kubernetes Secret itself, in place of files; each PEM.
#[derive(Clone, Debug, Default)]
pub(crate) struct InSecret {
    /// Further root certificates.
    pub roots: Option<SecretString>,
    /// The certificate of the program itself and its private key (mutual TLS).
    pub identity: Option<(SecretString, SecretString)>,
}

impl Endpoint {
    /// A Backstage at this URL, with the defaults.
    pub(crate) fn at(url: Url) -> Self {
        Self {
            url,
            credentials: Credentials::None,
            insecure_skip_verify: false,
            ca_file: None,
            client_certificate: None,
            headers: Vec::new(),
            proxy: Proxy::Environment,
            timeouts: Timeouts::default(),
            page_size: DEFAULT_PAGE_SIZE,
            gzip: false,
            fields: Vec::new(),
            filter: Vec::new(),
            in_secret: None,
        }
    }
}

/// What a live Backstage is shown.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// Nothing.
    None,
    /// A bearer token.
    Token(SecretSource),
    /// A bearer token of a token endpoint.
    OAuth2(Box<OAuth2>),
}

/// Where tokens are got by the client credentials grant of OAuth 2.0.
#[derive(Clone, Debug)]
pub(crate) struct OAuth2 {
    /// The token endpoint: http or https, without user information.
    pub token_url: Url,
    /// Who asks.
    pub client_id: String,
    /// What proves it.
    pub client_secret: SecretSource,
    /// How both are sent.
    pub client_authentication: ClientAuthentication,
    /// What permission is asked for.
    pub scopes: Vec<String>,
    /// Whom the token is for.
    pub audience: Option<String>,
}

/// How a token endpoint is told who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClientAuthentication {
    /// By a header.
    #[default]
    Header,
    /// By parameters of the body.
    Body,
}

/// A certificate and its private key, each PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// The certificate, followed by those that lead to its root.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// The way to a live Backstage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// Directly.
    None,
    /// Through this proxy: http or https, without user information.
    Url(Url),
}

/// A Kubernetes Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An instance that cannot start (S4).
#[derive(Clone, Debug)]
pub(crate) struct RefusedInstance {
    /// Its name.
    pub name: String,
    /// The Secret that says where its catalog is, if one does.
    pub secret: Option<SecretRef>,
    /// Why; at least one.
    pub faults: Vec<Fault>,
}

/// One cluster and where its objects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// Its name.
    pub name: String,
    /// Where its objects are.
    pub source: ClusterSource,
    /// The namespaces that are read of it; all of them, if it is read from files.
    pub namespaces: cluster::live::Namespaces,
}

/// Where the objects of a cluster are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClusterSource {
    /// Manifest files or folders; at least one.
    Files(Vec<PathBuf>),
    /// A live API server.
    Live(cluster::live::Access),
}

#[cfg(test)]
mod tests;
