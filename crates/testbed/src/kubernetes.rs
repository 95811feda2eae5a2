//! Real Kubernetes clusters, started for a test and gone with it.
//!
//! ```text
//!  Options ─▶ start ─▶ etcd ◀── kube-apiserver ◀── kube-controller-manager, where asked for
//!                                    ▲
//!                                    └── TLS on the loopback, RBAC, three users; kubeconfig, kubectl
//! ```
//!
//! There is no kubelet: Pods are made by the controllers and stay pending, unless their status is written. It owns how a
//! cluster is started, reached, restarted, made to forget and stopped. The programs are built by `cargo xtask test
//! kubernetes-real`, which says in [`INSTALLATION`] where they are.

mod certificates;
mod error;
mod etcd;
mod kubeconfig;
mod process;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use certificates::{ClientCertificate, Validity};
pub use error::Error;
pub use etcd::{Etcd, Stored};
pub use kubeconfig::User;
pub use process::{INSTALLATION, installation};

use certificates::Authority;
use process::Process;

/// How long a cluster may take to start. It needs some 8 s, and a busy machine many times that.
pub const START_DEADLINE: Duration = Duration::from_mins(4);

/// How long a change may take until it shows, such as the Pods of a Deployment.
pub const CHANGE_DEADLINE: Duration = Duration::from_mins(2);

/// The pause between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A port that was free may be taken a moment later by somebody else.
const PORT_TRIES: u32 = 3;

/// What a cluster is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether there are controllers, which make `ReplicaSet`s, Pods and Endpoints of what is applied.
    pub controllers: Controllers,
    /// Further flags of the API server.
    pub api_server_flags: Vec<String>,
    /// The most bytes that etcd keeps; its own bound is 2 GB where none is given.
    pub etcd_quota_bytes: Option<u64>,
}

/// Whether there are controllers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controllers {
    /// Objects stay as they were applied.
    #[default]
    None,
    /// The controller manager runs.
    Running,
}

/// A running cluster; dropping it ends it.
#[derive(Debug)]
pub struct Cluster {
    options: Options,
    ports: Ports,
    installation: PathBuf,
    authority: Authority,
    controllers: Option<Process>,
    api_server: Option<Process>,
    etcd: Process,
    /// The state, the logs, the certificates. Last, so that it outlives the processes.
    home: TempDir,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    etcd: u16,
    api_server: u16,
    controllers: u16,
}

impl Ports {
    fn free() -> Result<Self, Error> {
        let bind = || TcpListener::bind("127.0.0.1:0").map_err(Error::files("a free port"));
        // All are held until all are known, or they might be the same.
        let held = [bind()?, bind()?, bind()?];
        let port = |listener: &TcpListener| {
            let address = listener.local_addr();
            address
                .map(|address| address.port())
                .map_err(Error::files("a free port"))
        };
        Ok(Self {
            etcd: port(&held[0])?,
            api_server: port(&held[1])?,
            controllers: port(&held[2])?,
        })
    }
}

impl Cluster {
    /// Starts a cluster and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed, or does not come up; with the end of the log.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let mut tries = PORT_TRIES;
        loop {
            let started = Self::launch(options.clone()).await;
            tries -= 1;
            match started {
                Err(Error::Ended { log, .. })
                    if tries > 0 && log.contains("address already in use") => {}
                other => return other,
            }
        }
    }

    async fn launch(options: Options) -> Result<Self, Error> {
        let installation = installation()?;
        let home = tempfile::tempdir().map_err(Error::files("a temporary folder"))?;
        let ports = Ports::free()?;
        let authority = Authority::new()?;
        authority.write(home.path())?;
        kubeconfig::write_tokens(home.path())?;
        let quota = options.etcd_quota_bytes;
        let etcd = process::etcd(&installation, home.path(), ports, quota)?;
        let mut cluster = Self {
            options,
            ports,
            installation,
            authority,
            controllers: None,
            api_server: None,
            etcd,
            home,
        };
        fs::write(cluster.kubeconfig(), cluster.kubeconfig_of(&User::ALL))
            .map_err(Error::files("a kubeconfig"))?;
        cluster.start_api_server().await?;
        if cluster.options.controllers == Controllers::Running {
            let kubeconfig = cluster.kubeconfig();
            let controllers = process::controller_manager(
                &cluster.installation,
                cluster.home.path(),
                ports,
                &kubeconfig,
            );
            cluster.controllers = Some(controllers?);
            // Without it a Pod of a Deployment could come before the account that it runs as.
            cluster
                .until("the service account of `default`", |cluster| {
                    cluster
                        .get("/api/v1/namespaces/default/serviceaccounts/default")
                        .is_ok()
                })
                .await?;
        }
        Ok(cluster)
    }

    /// Where the API server is.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api_server)
    }

    /// The certificate of the authority that all of the cluster's are from, PEM.
    pub fn authority_pem(&self) -> &str {
        self.authority.pem()
    }

    /// A kubeconfig with a context for each [`User`], named as they are; the current one is that of [`User::Admin`].
    pub fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("kubeconfig")
    }

    /// The text of a kubeconfig with a context for each of these, the first of which is the current one. It holds all it
    /// needs in itself.
    pub fn kubeconfig_of(&self, users: &[User]) -> String {
        let users: Vec<(&str, Value)> = users
            .iter()
            .map(|user| (user.name(), json!({ "token": user.token() })))
            .collect();
        self.kubeconfig_with(&users)
    }

    /// The text of a kubeconfig with a context for each of these names and entries below `user`.
    pub fn kubeconfig_with(&self, users: &[(&str, Value)]) -> String {
        kubeconfig::text(&self.url(), self.authority.pem(), users)
    }

    /// A certificate by which somebody of that name and those groups may come in.
    pub fn client_certificate(
        &self,
        name: &str,
        groups: &[&str],
        validity: Validity,
    ) -> Result<ClientCertificate, Error> {
        self.authority.client(name, groups, validity)
    }

    /// The text of a kubeconfig for a service account, by a token that lives an hour.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn kubeconfig_of_account(&self, namespace: &str, name: &str) -> Result<String, Error> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}});
        let answer = self.kubectl(&["create", "--raw", &path, "-f", "-"], &body.to_string())?;
        let answer: Value = parsed(&path, &answer)?;
        let token = answer["status"]["token"].clone();
        Ok(self.kubeconfig_with(&[(name, json!({ "token": token }))]))
    }

    /// Applies manifests.
    ///
    /// # Errors
    /// When the API server refuses any of them.
    pub fn apply(&self, manifests: &str) -> Result<String, Error> {
        self.kubectl(&["apply", "-f", "-"], manifests)
    }

    /// What kubectl prints, as [`User::Admin`].
    ///
    /// # Errors
    /// When it fails, with what it says.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String, Error> {
        self.kubectl_by(&self.kubeconfig(), arguments, input)
    }

    /// What kubectl prints, by another kubeconfig.
    ///
    /// # Errors
    /// When it fails, with what it says.
    pub fn kubectl_by(
        &self,
        kubeconfig: &Path,
        arguments: &[&str],
        input: &str,
    ) -> Result<String, Error> {
        let mut command = Command::new(self.installation.join("bin/kubectl"));
        command
            .arg("--kubeconfig")
            .arg(kubeconfig)
            // What it learns of the server stays with the cluster, for another one may come to the same port.
            .arg("--cache-dir")
            .arg(self.home.path().join("kubectl-cache"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output =
            process::output(command, input).map_err(Error::files("a running `kubectl`"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::Kubectl {
            arguments: arguments.join(" "),
            status: output.status,
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// The object, or the list, at this path.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        parsed(path, &self.kubectl(&["get", "--raw", path], "")?)
    }

    /// Writes the status of a Pod, as a kubelet of that node would: it runs there.
    ///
    /// # Errors
    /// When there is no such Pod, or it runs elsewhere.
    pub fn run_pod(&self, namespace: &str, name: &str, node: &str) -> Result<(), Error> {
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "namespace": namespace},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.kubectl(
            &["create", "--raw", &format!("{path}/binding"), "-f", "-"],
            &binding.to_string(),
        )?;
        let mut pod = self.get(&path)?;
        pod["status"]["phase"] = json!("Running");
        self.kubectl(
            &["replace", "--raw", &format!("{path}/status"), "-f", "-"],
            &pod.to_string(),
        )?;
        Ok(())
    }

    /// Waits until something holds of the cluster; `what` is what one waits for, in words.
    ///
    /// # Errors
    /// When it does not come to it in time.
    pub async fn until(
        &self,
        what: &str,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + CHANGE_DEADLINE;
        while !holds(self) {
            if Instant::now() > deadline {
                return Err(Error::Waited {
                    what: what.to_owned(),
                    patience: CHANGE_DEADLINE,
                    log: self.log(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Ends the API server, as a crash would. The state stays.
    pub fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    /// Starts the API server, at the same address, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up, with the end of its log.
    pub async fn start_api_server(&mut self) -> Result<(), Error> {
        let process = process::api_server(
            &self.installation,
            self.home.path(),
            self.ports,
            &self.options.api_server_flags,
        )?;
        let process = self.api_server.insert(process);
        let client = ready_client(self.authority.pem())?;
        let address = format!("https://127.0.0.1:{}/readyz", self.ports.api_server);
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            if let Some(status) = process.ended() {
                return Err(Error::Ended {
                    what: "the API server",
                    status,
                    log: process.log(),
                });
            }
            if let Some(status) = self.etcd.ended() {
                return Err(Error::Ended {
                    what: "etcd",
                    status,
                    log: self.etcd.log(),
                });
            }
            let asked = client.get(&address).bearer_auth(User::Admin.token());
            if let Ok(answer) = asked.send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::Waited {
                    what: "an API server that is ready".to_owned(),
                    patience: START_DEADLINE,
                    log: process.log(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the API server and starts it again. It remembers no change from before, so that whoever watches from an old
    /// version is told that it is too old, where there was a change since.
    ///
    /// # Errors
    /// When it does not come up, with the end of its log.
    pub async fn restart_api_server(&mut self) -> Result<(), Error> {
        self.stop_api_server();
        self.start_api_server().await
    }

    /// Makes the store forget all versions but the present ones.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn compact(&self) -> Result<(), Error> {
        self.etcd().compact().await
    }

    /// Its etcd, to be written to past the API server.
    pub fn etcd(&self) -> Etcd {
        Etcd::at(self.ports.etcd)
    }

    /// The end of the API server's log.
    pub fn log(&self) -> String {
        let process = self.api_server.as_ref();
        process.map_or_else(String::new, Process::log)
    }

    /// A folder of manifests that Kubernetes' own people wrote.
    pub fn foreign_manifests(&self) -> PathBuf {
        self.installation.join("manifests")
    }
}

fn parsed(path: &str, text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|source| Error::Json {
        path: path.to_owned(),
        source,
    })
}

fn ready_client(authority: &str) -> Result<reqwest::Client, Error> {
    let failed = |source| Error::Request {
        url: "the API server".to_owned(),
        source,
    };
    let root = reqwest::Certificate::from_pem(authority.as_bytes()).map_err(failed)?;
    reqwest::Client::builder()
        .tls_certs_only([root])
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(failed)
}
