//! What a process has used, as Linux tells.

use std::fs;
use std::io;
use std::time::Duration;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time, over all threads, the kernel's included.
    pub cpu: Duration,
    /// Memory resident now, in bytes.
    pub resident_bytes: u64,
    /// The most memory resident at any moment, in bytes.
    pub peak_resident_bytes: u64,
}

/// Linux counts in hundredths of a second for programs, whatever its own clock does (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

impl Usage {
    /// What a process, by its number, has used.
    ///
    /// # Errors
    /// When it does not run, or the system is another one than Linux.
    pub fn of(process: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        read(&stat, &status).ok_or_else(|| io::Error::other("`/proc` has another shape here"))
    }
}

fn read(stat: &str, status: &str) -> Option<Usage> {
    // The second field is the program's name in parentheses, which may hold anything; state is the third.
    let (_, after) = stat.rsplit_once(')')?;
    let field = |number: usize| {
        after
            .split_whitespace()
            .nth(number - 3)?
            .parse::<u32>()
            .ok()
    };
    let (user, system) = (field(14)?, field(15)?);
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some(Usage {
        cpu: TICK * user.checked_add(system)?,
        resident_bytes: kilobytes("VmRSS:")? * 1024,
        peak_resident_bytes: kilobytes("VmHWM:")? * 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_behind_the_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 11 0";
        let status = "Name:\ta\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        let usage = Usage {
            cpu: Duration::from_secs(3),
            resident_bytes: 1 << 20,
            peak_resident_bytes: 2 << 20,
        };
        assert_eq!(read(stat, status), Some(usage));
        assert_eq!(read("42 (a) S 1", status), None);
        assert_eq!(read(stat, "Name:\ta\n"), None);
    }
}
