//! What the machine guarantees: how a flush is done here and how long it takes, and whether locks hold.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use sealog_store::disk::{Disk, OsDisk};

use super::{Check, State};

/// Flushes that are measured; the middle one counts.
const FLUSHES: usize = 9;
/// Bytes of each: a page.
const PAGE: [u8; 4096] = [b'\n'; 4096];

pub(super) fn checks(place: &Path) -> Vec<Check> {
    vec![platform(), file_system(place), flush(place)]
}

fn platform() -> Check {
    let (os, how) = match std::env::consts::OS {
        "linux" => (
            "Linux",
            "a flush is fdatasync, a lock is flock, keys have mode 0600",
        ),
        "macos" => (
            "macOS",
            "a flush is F_FULLFSYNC, a lock is flock, keys have mode 0600",
        ),
        "windows" => (
            "Windows",
            "a flush is FlushFileBuffers; one writing process; keys are kept by ACL",
        ),
        other => (other, "not a platform that is tested"),
    };
    let state = if os == std::env::consts::OS {
        State::Warn
    } else {
        State::Ok
    };
    Check::new(
        state,
        "platform",
        format!("{os} on {}: {how}", std::env::consts::ARCH),
    )
}

fn file_system(place: &Path) -> Check {
    match OsDisk::new().shared_file_system(place) {
        Ok(None) => Check::new(State::Ok, "file system", "of this host alone"),
        Ok(Some(name)) => Check::new(
            State::Warn,
            "file system",
            format!(
                "of type {name}, which other hosts may mount: locks of one do not stop another"
            ),
        )
        .advise(format!(
            "use a local disk, or set `file_systems` to {name} if only this host writes"
        )),
        Err(error) => Check::new(
            State::Warn,
            "file system",
            format!("cannot be told: {error}"),
        ),
    }
}

fn flush(place: &Path) -> Check {
    // Beside what is derived, which anybody may delete; a directory that is no ledger is probed itself.
    let derived = place.join("derived");
    let directory = if derived.is_dir() {
        derived
    } else {
        place.to_owned()
    };
    let probe = directory.join(format!("doctor-{}.probe", std::process::id()));
    let measured = measure(&probe);
    let removed = fs::remove_file(&probe);
    match measured.and_then(|time| removed.map(|()| time)) {
        Ok(time) => {
            let text = format!("{:.2} ms for 4 KiB, the middle of {FLUSHES}", time.as_secs_f64() * 1e3);
            // No disk does this: somewhere a cache answers for it.
            if time < Duration::from_micros(5) {
                return Check::new(State::Warn, "flush", format!("{text}: too quick for a disk"))
                    .advise("in memory or behind a cache that lies, a power cut loses receipts");
            }
            Check::new(State::Ok, "flush", text)
        }
        Err(error) => Check::new(State::Bad, "flush", format!("cannot be tried: {error}"))
            .advise("nothing can be appended here; check permissions, space and whether the disk is read-only"),
    }
}

fn measure(probe: &Path) -> io::Result<Duration> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(probe)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let begun = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(FLUSHES / 2).copied().unwrap_or_default())
}
