//! The programs of a cluster as processes: how they are started, that they end, and what they wrote.
//!
//! Each stands beside a shell, which kills it when the pipe at the shell's standard input closes: when the value is dropped,
//! also by a panic, and when the test process is killed.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use super::certificates::{ACCOUNTS_KEY, ACCOUNTS_PUBLIC_KEY, AUTHORITY, SERVER, SERVER_KEY};
use super::kubeconfig::TOKENS;
use super::{Error, Ports};

/// The variable that says where the programs are: a folder with `bin` and `manifests`.
pub const INSTALLATION: &str = "BACKSTITCH_KUBERNETES";

/// How much of a log is shown.
const LOG_LINES: usize = 30;

/// Runs a program, and kills it once the standard input ends. A shell's own background jobs have none, hence the copy.
const WATCHED: &str = r#"exec 3<&0; "$0" "$@" </dev/null & program=$!; (cat <&3 >/dev/null; kill -9 $program) & wait $program"#;

/// Where the programs are.
///
/// # Errors
/// When nothing says so.
pub fn installation() -> Result<PathBuf, Error> {
    env::var_os(INSTALLATION)
        .map(PathBuf::from)
        .filter(|folder| folder.join("bin/kube-apiserver").is_file())
        .ok_or(Error::NotInstalled)
}

/// A running program.
#[derive(Debug)]
pub(super) struct Process {
    /// Asking whether it ended needs the child to itself.
    child: Mutex<Child>,
    log: PathBuf,
}

impl Process {
    fn spawn<S: AsRef<OsStr>>(
        program: &Path,
        log: PathBuf,
        flags: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let file = File::options().create(true).append(true).open(&log);
        let file = file.map_err(Error::files("a log"))?;
        let errors = file.try_clone().map_err(Error::files("a log"))?;
        let child = Command::new("sh")
            .args(["-c", WATCHED])
            .arg(program)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(Error::files("a running program"))?;
        Ok(Self {
            child: Mutex::new(child),
            log,
        })
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten()
    }

    /// The end of its log.
    pub(super) fn log(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The shell kills the program and waits for it, so that nothing listens any more once the shell has ended.
        drop(child.stdin.take());
        let _ = child.wait();
    }
}

pub(super) fn etcd(
    installation: &Path,
    home: &Path,
    ports: Ports,
    quota_bytes: Option<u64>,
) -> Result<Process, Error> {
    let url = format!("http://127.0.0.1:{}", ports.etcd);
    // Nobody comes to the port of peers, and etcd takes any.
    let peers = "http://127.0.0.1:0";
    let mut flags = vec![
        "--name=testbed".to_owned(),
        format!("--data-dir={}", home.join("etcd").display()),
        format!("--listen-client-urls={url}"),
        format!("--advertise-client-urls={url}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=testbed={peers}"),
        // The state lives as long as the test.
        "--unsafe-no-fsync".to_owned(),
    ];
    flags.extend(quota_bytes.map(|bytes| format!("--quota-backend-bytes={bytes}")));
    Process::spawn(&installation.join("bin/etcd"), home.join("etcd.log"), flags)
}

pub(super) fn api_server(
    installation: &Path,
    home: &Path,
    ports: Ports,
    more: &[String],
) -> Result<Process, Error> {
    let file = |name: &str| home.join(name).display().to_string();
    let issuer = "https://kubernetes.default.svc";
    let mut flags = vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        // Its own address is no endpoint that others could reach, which it would complain of.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--secure-port={}", ports.api_server),
        format!("--tls-cert-file={}", file(SERVER)),
        format!("--tls-private-key-file={}", file(SERVER_KEY)),
        format!("--cert-dir={}", home.display()),
        format!("--client-ca-file={}", file(AUTHORITY)),
        format!("--token-auth-file={}", file(TOKENS)),
        "--authorization-mode=RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
        "--allow-privileged=true".to_owned(),
        format!("--service-account-issuer={issuer}"),
        format!("--api-audiences={issuer}"),
        format!("--service-account-key-file={}", file(ACCOUNTS_PUBLIC_KEY)),
        format!("--service-account-signing-key-file={}", file(ACCOUNTS_KEY)),
        // Pods can be made without a controller that makes accounts first.
        "--disable-admission-plugins=ServiceAccount,DefaultStorageClass,StorageObjectInUseProtection".to_owned(),
        "--profiling=false".to_owned(),
    ];
    flags.extend_from_slice(more);
    Process::spawn(
        &installation.join("bin/kube-apiserver"),
        home.join("kube-apiserver.log"),
        flags,
    )
}

pub(super) fn controller_manager(
    installation: &Path,
    home: &Path,
    ports: Ports,
    kubeconfig: &Path,
) -> Result<Process, Error> {
    let file = |name: &str| home.join(name).display().to_string();
    let flags = [
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        "--port=0".to_owned(),
        format!("--secure-port={}", ports.controllers),
        format!("--cert-dir={}", home.display()),
        format!("--service-account-private-key-file={}", file(ACCOUNTS_KEY)),
        format!("--root-ca-file={}", file(AUTHORITY)),
        // Nodes here have no kubelet, and must not be given up for that.
        "--controllers=*,-nodelifecycle,-nodeipam,-attachdetach,-persistentvolume-binder,-ttl"
            .to_owned(),
    ];
    Process::spawn(
        &installation.join("bin/kube-controller-manager"),
        home.join("kube-controller-manager.log"),
        flags,
    )
}

/// Runs a program to its end with this input.
pub(super) fn output(mut command: Command, input: &str) -> io::Result<Output> {
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // Beside reading what it says, or both sides could wait for each other.
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // Whoever does not read all of its input says why by its status.
                let _ = stdin.write_all(input.as_bytes());
            }
        });
        child.wait_with_output()
    })
}
