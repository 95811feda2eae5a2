//! What the service asks of the system about its memory.
//!
//! It owns how memory comes to the process, and must not know what it is for. What is kept, and how small, is the
//! business of whoever keeps it.

/// Takes memory in small pages only. The allocator asks for huge ones where the system leaves that to programs, and a
/// process that holds a little here and there then has 2 MB resident for each: 57 MB rather than 24 when idle. Runs that
/// end by themselves are quicker with huge ones and do not call this.
#[cfg(target_os = "linux")]
pub(crate) fn in_small_pages() {
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        // It costs memory and nothing else; a sandbox may forbid the call.
        tracing::debug!(%error, "huge pages stay in use");
    }
}

/// Other systems do not hand out huge pages unasked.
#[cfg(not(target_os = "linux"))]
pub(crate) fn in_small_pages() {}
