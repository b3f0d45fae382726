//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A few lines of Markdown about the machine and the versions.
pub(crate) fn about(directory: &Path) -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!(
        "- machine: {processor}, {cores} cores, {memory} of memory, {} {kernel}, {}\n\
         - versions: sealog {}, {}, SQLite {}\n\
         - load when it began (1, 5, 15 minutes): {load}\n",
        std::env::consts::OS,
        file_system(directory).unwrap_or_else(|| "unknown file system".into()),
        env!("CARGO_PKG_VERSION"),
        compiler().unwrap_or_else(|| "unknown compiler".into()),
        rusqlite::version(),
    )
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let words: Vec<&str> = text.split_ascii_whitespace().take(3).collect();
    words.join(", ")
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The type of the file system with the longest mount point above a directory.
fn file_system(directory: &Path) -> Option<String> {
    let directory = fs::canonicalize(directory).ok()?;
    let table = fs::read_to_string("/proc/mounts").ok()?;
    let mounts = table.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let above = mounts.filter(|(point, _)| directory.starts_with(point));
    let (_, name) = above.max_by_key(|(point, _)| point.len())?;
    Some(name.to_owned())
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split(" (").next().map(|text| text.trim().to_owned())
}
