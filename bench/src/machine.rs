//! What the machine says of processes and of its disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::report::median;

/// How often the disk is asked for its time.
const SYNCS: usize = 64;
/// Where `/proc/PID/stat` has the parent, behind the name.
const PARENT: usize = 1;
/// Where it has the CPU time of children that have ended, user and system.
const ENDED: std::ops::Range<usize> = 13..15;
/// How long a tick is, in milliseconds; the kernel tells it to programs as a hundred a second.
const TICK: u64 = 10;

/// The CPU time that a process has had.
///
/// From the scheduler's own sums, thread by thread: the ticks of `/proc/PID/stat` are ten
/// milliseconds each.
pub(crate) fn cpu_of(process: u32) -> Duration {
    let threads = numbers_in(&format!("/proc/{process}/task"));
    threads.into_iter().map(|it| scheduled(&format!("/proc/{process}/task/{it}"))).sum()
}

/// The CPU time that a process and its children have had, those that have ended included, such
/// as a PostgreSQL server with its backends.
pub(crate) fn cpu_of_family(parent: u32) -> Duration {
    let children = numbers_in("/proc").into_iter().filter(|it| {
        let fields = fields_of(*it);
        fields.get(PARENT).is_some_and(|field| *field == parent.to_string())
    });
    let living: Duration = children.map(cpu_of).sum();
    // Of those that have ended only the ticks are left; there are few, with many ticks each.
    let ended = fields_of(parent).get(ENDED).map(|fields| {
        fields.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).map(|it| it * TICK).sum()
    });
    cpu_of(parent) + living + Duration::from_millis(ended.unwrap_or_default())
}

/// The CPU time that the thread which asks has had.
pub(crate) fn cpu_of_this_thread() -> Duration {
    scheduled("/proc/thread-self")
}

fn scheduled(folder: &str) -> Duration {
    // A thread may have ended since it was listed.
    let text = fs::read_to_string(format!("{folder}/schedstat")).unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|time| time.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// The entries of a folder whose names are numbers.
fn numbers_in(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The fields of `/proc/PID/stat` behind the name, which may hold anything.
fn fields_of(process: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let rest = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    rest.split_ascii_whitespace().map(str::to_owned).collect()
}

/// How much memory a process holds now, in KiB.
pub(crate) fn resident(process: u32) -> Option<u64> {
    status(process, "VmRSS:")
}

/// The most memory that a process has held since [`forget_peak`], in KiB.
pub(crate) fn peak(process: u32) -> Option<u64> {
    status(process, "VmHWM:")
}

/// Begins a new [`peak`] at what the process holds now.
pub(crate) fn forget_peak(process: u32) {
    // Where this is not allowed the peak is that of the process's whole life, which is no
    // less true.
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

fn status(process: u32, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The time of one fdatasync after a write of one page, in a folder.
pub(crate) fn sync_time(folder: &Path) -> Result<Duration, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut file = File::create(folder.join("sync")).map_err(told)?;
    let page = [0x5a; 4096];
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        file.write_all(&page).map_err(told)?;
        let began = Instant::now();
        file.sync_data().map_err(told)?;
        times.push(began.elapsed().as_secs_f64());
    }
    Ok(Duration::from_secs_f64(median(times)))
}
