//! Time per phase and peak memory, for `-v`.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// What took how long.
#[derive(Debug, Default)]
pub(crate) struct Phases {
    list: Vec<(String, Duration)>,
}

impl Phases {
    /// Does something and notes its time.
    pub(crate) fn time<T>(&mut self, what: &str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.list.push((what.to_owned(), started.elapsed()));
        result
    }

    /// Notes what was timed elsewhere.
    pub(crate) fn extend(&mut self, times: Vec<(String, Duration)>) {
        self.list.extend(times);
    }

    /// Writes one line per phase, and the peak memory where the system says it.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (what, time) in &self.list {
            writeln!(out, "{:>9.3} s  {what}", time.as_secs_f64())?;
        }
        match peak_memory() {
            Some(kilobytes) => writeln!(out, "{:>9} MB peak memory", kilobytes / 1000),
            None => Ok(()),
        }
    }
}

/// The highest resident memory of this process, in kB. Linux only.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    // The kernel says kB and means 1024 bytes.
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024 / 1000)
}
