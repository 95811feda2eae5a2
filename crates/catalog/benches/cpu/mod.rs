//! How long a thread was at work, however busy the machine is otherwise.

use std::time::Duration;

/// The CPU time of this thread, on Linux.
pub(crate) fn cpu() -> Duration {
    let schedule =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("the times of this thread");
    let nanoseconds = schedule.split(' ').next();
    let nanoseconds = nanoseconds.and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number of nanoseconds"))
}
