//! How the allocator of a service treats the system's memory.
//!
//! It owns the settings of the allocator, and must not know what memory is for: what is kept, and how small, is the
//! business of whoever keeps it.

/// Of a service that read a large list and rests, the allocator keeps what it freed, because it looks for what to give back
/// only when it is asked for more; and it asks the system for huge pages, so that a little here and there is 2 MB each. docs/benchmarks.md
/// says what that comes to. Whatever is set from outside stays.
#[cfg(unix)]
const SETTINGS: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")];

/// Starts this program once more in its own place, process number included, where the settings are missing: the allocator
/// reads them from the environment before `main`. If that fails, it goes on as it is, which costs memory and nothing else.
#[cfg(unix)]
pub(crate) fn give_back_what_is_freed() {
    use std::env;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    let is_missing = |(name, _): &(&str, &str)| env::var_os(name).is_none();
    let missing: Vec<_> = SETTINGS.into_iter().filter(is_missing).collect();
    let mut arguments = env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) else {
        return;
    };
    if !missing.is_empty() {
        // It comes back only if it failed.
        let mut again = Command::new(program);
        let error = again.arg0(name).args(arguments).envs(missing).exec();
        tracing::debug!(%error, "the allocator keeps its own settings");
    }
}

/// Elsewhere a program cannot take its own place.
#[cfg(not(unix))]
pub(crate) fn give_back_what_is_freed() {}
