//! What a sync costs: the Backstage that is read, beside other ways to read it, and the program that reads.
//!
//! ```text
//!  backstage: a real one, filled at once ◀── the program, and plain requests as others make them
//!  program:   a generated catalog of any size, here ◀── the program
//! ```
//!
//! `cargo xtask bench sync` prepares what it needs and runs it. Each part prints a table for docs/benchmarks.md. It must
//! not know what the program makes of a catalog: the program is a path, asked over its API.

#[cfg(target_os = "linux")]
mod backstage;
#[cfg(target_os = "linux")]
mod crawl;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod serving;

use std::error::Error;

/// Why there is no result.
type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "expected `backstage PROGRAM ENTITIES` or `program PROGRAM ENTITIES…`";

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> Result<(), Failure> {
    use std::io::Write as _;
    use std::path::Path;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [part, program, sizes @ ..] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let sizes: Vec<u64> = sizes
        .iter()
        .map(|size| size.parse())
        .collect::<Result<_, _>>()?;
    let program = Path::new(program);
    let table = match (part.as_str(), sizes.as_slice()) {
        ("backstage", &[entities]) => backstage::table(program, entities).await?,
        ("program", sizes) if !sizes.is_empty() => program::table(program, sizes).await?,
        _ => return Err(USAGE.into()),
    };
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), Failure> {
    Err("measuring other processes needs Linux".into())
}
