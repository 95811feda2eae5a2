//! What a large cluster costs the program that watches it, beside kube's own stores of the same objects.
//!
//! ```text
//!  real:   a real API server, its etcd filled ◀── the program, then the baseline
//!  served: the same objects, made up as they are asked for ◀── the same; changes as fast as one likes
//! ```
//!
//! `cargo xtask bench cluster` prepares what it needs and runs it; it prints a table for docs/benchmarks.md. It must not
//! know what the program makes of a cluster: the program is a path, asked over its API.

#[cfg(target_os = "linux")]
mod baseline;
#[cfg(target_os = "linux")]
mod bed;
#[cfg(target_os = "linux")]
mod company;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod objects;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod served;

use std::error::Error;

/// Why there is no result.
type Failure = Box<dyn Error + Send + Sync>;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> Result<(), Failure> {
    use std::io::Write as _;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let table = run::run(&arguments).await?;
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), Failure> {
    Err("measuring other processes needs Linux".into())
}
