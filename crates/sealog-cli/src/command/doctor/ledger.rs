//! How the ledger is: its files, its key, its head copy, its lock, and whether it verifies by its own key.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealog_core::finding::Weight;
use sealog_core::json::Value;
use sealog_core::tlog::sign::Signer;
use sealog_ledger::keys::{self, LOG_KEY_FILE};
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{Access, Ledger, Random, SystemRandom};
use sealog_store::disk::OsDisk;
use sealog_store::{FileOptions, FileStore, HeadCopy, HeadSlot, Shelf, Store};

use super::{Check, State};
use crate::context::Context;
use crate::error::Error;
use crate::output::count;
use crate::pins;

/// How long the lock is tried for.
const LOCK_WAIT: Duration = Duration::from_millis(500);
/// Findings that are listed.
const FINDINGS_SHOWN: usize = 5;

pub(super) fn checks(path: &Path, context: &Context) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    let store = match FileStore::open(Arc::new(OsDisk::new()), path, &FileOptions::reading()) {
        Ok(store) => store,
        Err(error) => {
            let error = Error::from(sealog_ledger::Error::from(error));
            return Ok(vec![Check::failed("ledger", &error)]);
        }
    };
    checks.push(poison(&store));
    checks.push(lock(path, context)?);
    let ledger = match Ledger::open(path, context.options(Access::Read)?) {
        Ok(ledger) => ledger,
        Err(error) => {
            checks.push(Check::failed("ledger", &error.into()));
            return Ok(checks);
        }
    };
    if ledger.size() == 0 {
        let text = "no entry is covered by a checkpoint that holds";
        checks.push(Check::new(State::Bad, "ledger", text).advise("restore the first segment"));
        return Ok(checks);
    }
    let text = format!("{}, {}", ledger.origin(), entries(ledger.size()));
    checks.push(Check::new(State::Ok, "ledger", text));
    checks.push(files(&store)?);
    checks.push(key(&ledger));
    checks.push(known(&ledger, context)?);
    checks.push(head_copy(&ledger, context)?);
    checks.push(index(&ledger));
    checks.extend(disposal(&ledger)?);
    checks.extend(persons(&ledger));
    checks.extend(verified(path, &ledger, context)?);
    let orphans = orphans(&ledger, &store)?;
    if !orphans.is_empty() {
        let number = u64::try_from(orphans.len()).unwrap_or(u64::MAX);
        let text = count(
            number,
            "payload file is named by no entry",
            "payload files are named by no entry",
        );
        checks.push(
            Check::new(State::Note, "payloads", text)
                .advise("`sealog doctor --repair` removes those older than an hour"),
        );
    }
    Ok(checks)
}

fn poison(store: &FileStore) -> Check {
    match store.poisoned() {
        Ok(None) => Check::new(State::Ok, "writing", "not closed by a failed flush"),
        Ok(Some(poison)) => {
            let rebooted =
                poison.boot_id().is_some() && poison.boot_id() != store.boot_id().as_deref();
            let advice = if rebooted {
                "the machine was started anew since: `sealog doctor --repair` verifies the log and opens it again"
            } else {
                "start the machine anew, or unmount and mount the file system, then `sealog doctor --repair`"
            };
            let text = format!("closed for all: {}", poison.error());
            Check::new(State::Bad, "writing", text).advise(advice)
        }
        Err(error) => Check::failed("writing", &sealog_ledger::Error::from(error).into()),
    }
}

fn lock(path: &Path, context: &Context) -> Result<Check, Error> {
    let mut writer = [0; 16];
    SystemRandom.fill(&mut writer).map_err(Error::from)?;
    let mut options = FileOptions::writing(writer);
    options.allowed_file_systems = context.settings.list("file_systems")?;
    let store = FileStore::open(Arc::new(OsDisk::new()), path, &options);
    let taken = store.and_then(|store| store.turn(LOCK_WAIT).map(drop));
    Ok(match taken {
        Ok(()) => Check::new(State::Ok, "lock", "taken and given back"),
        Err(error @ sealog_store::Error::Busy { .. }) => {
            Check::new(State::Note, "lock", error.to_string())
        }
        // That the log is poisoned is said already.
        Err(sealog_store::Error::Poisoned { .. }) => Check::new(
            State::Note,
            "lock",
            "not tried: the log is closed for writing",
        ),
        Err(error) => Check::failed("lock", &sealog_ledger::Error::from(error).into()),
    })
}

fn files(store: &FileStore) -> Result<Check, Error> {
    let segments = store.segments().map_err(sealog_ledger::Error::from)?;
    let bytes: u64 = segments.iter().map(sealog_store::SegmentInfo::bytes).sum();
    let number = u64::try_from(segments.iter().count()).unwrap_or(u64::MAX);
    let text = format!("{}, {bytes} bytes", count(number, "segment", "segments"));
    if let Some((first, last)) = segments.missing().first() {
        let text = format!("{text}; missing: segments {first} to {last}");
        return Ok(Check::new(State::Bad, "files", text).advise("restore them from a backup"));
    }
    if let Some(stranger) = segments.strangers().first() {
        let text = format!("{text}; {stranger} does not belong into `log`");
        return Ok(Check::new(State::Warn, "files", text).advise("move it elsewhere"));
    }
    Ok(Check::new(State::Ok, "files", text))
}

fn key(ledger: &Ledger) -> Check {
    let file = ledger.secrets().unwrap_or_default().join(LOG_KEY_FILE);
    if !file.exists() {
        let text = format!(
            "none at {}: this machine can read and verify, not append",
            file.display()
        );
        return Check::new(State::Note, "key", text);
    }
    match keys::read_log_key(&file) {
        Ok(signer) if signer.verifier_key().to_string() == ledger.vkey() => {
            Check::new(State::Ok, "key", format!("the log's own, fingerprint {}", ledger.fingerprint()))
        }
        Ok(_) => Check::new(State::Bad, "key", format!("{} is not the log's", file.display()))
            .advise("name the place of the right key with --secrets; after a broken rotation run `sealog key rotate` again"),
        Err(error) => Check::failed("key", &error.into()),
    }
}

fn known(ledger: &Ledger, context: &Context) -> Result<Check, Error> {
    let directory = context
        .settings
        .path("config_dir")
        .or_else(keys::user_config_dir);
    let Some(directory) = directory else {
        return Ok(Check::new(
            State::Note,
            "known_logs",
            "there is no configuration directory",
        ));
    };
    let known = match keys::known_logs(&directory) {
        Ok(known) => known,
        Err(error) => return Ok(Check::failed("known_logs", &error.into())),
    };
    let vkey = pins::parse(&ledger.vkey(), "the log's key")?;
    if known.iter().any(|log| log.vkey == vkey) {
        return Ok(Check::new(
            State::Ok,
            "known_logs",
            "this user trusts the log's key",
        ));
    }
    if known.iter().any(|log| log.vkey.name() == vkey.name()) {
        return Ok(Check::new(State::Warn, "known_logs", "this user trusts another key of this origin")
            .advise("if the key was handed over: `sealog key trust`; else this is not the log that you know"));
    }
    Ok(
        Check::new(State::Note, "known_logs", "this user does not know the log")
            .advise("`sealog key trust`, after comparing the whole fingerprint"),
    )
}

fn head_copy(ledger: &Ledger, context: &Context) -> Result<Check, Error> {
    let directory = context
        .settings
        .path("state_dir")
        .or_else(keys::user_state_dir);
    let Some(directory) = directory else {
        return Ok(Check::new(
            State::Warn,
            "head copy",
            "there is no state directory: a restored backup would go unnoticed",
        )
        .advise("set `state_dir`"));
    };
    let copy = HeadCopy::new(Arc::new(OsDisk::new()), &directory, ledger.origin());
    let slots = copy.read().map_err(sealog_ledger::Error::from)?;
    let sizes = slots.iter().filter_map(|slot| match slot {
        HeadSlot::Note { note, .. } => pins::checkpoint(note, &directory)
            .ok()
            .map(|checkpoint| checkpoint.size()),
        _ => None,
    });
    let size = ledger.size();
    Ok(match sizes.max() {
        None => Check::new(State::Warn, "head copy", format!("none in {}", directory.display()))
            .advise("the next append makes one; until then a restored backup would go unnoticed"),
        Some(seen) if seen > size => Check::new(
            State::Bad,
            "head copy",
            format!("this machine saw {}, the log has {size}", entries(seen)),
        )
        .advise("restore the newer segments, or go on with `sealog init NEW --continues OLD --because TEXT`"),
        Some(seen) => Check::new(State::Ok, "head copy", format!("at {seen} of {}", entries(size))),
    })
}

fn index(ledger: &Ledger) -> Check {
    // A wait of nothing: what the index holds now, without bringing it up to date.
    let status = ledger.index_status();
    if let Some(error) = status.error() {
        return Check::new(
            State::Warn,
            "index",
            format!("{error}; the log itself is not concerned"),
        )
        .advise("delete `derived/index.sqlite`; it is made anew at the next search");
    }
    let text = match (status.indexed_to(), status.lag()) {
        (0, _) => "none yet; it is made at the first search".to_owned(),
        (to, 0) => format!("holds all {}", entries(to)),
        (to, lag) => format!("holds {}, {lag} fewer than the log", entries(to)),
    };
    Check::new(State::Ok, "index", text)
}

/// A disposal that somebody is at, or that a crash broke off.
fn disposal(ledger: &Ledger) -> Result<Option<Check>, Error> {
    let text =
        "entries are being disposed of, or were when something failed: not all of it is done";
    let check = || {
        Check::new(State::Warn, "disposal", text)
            .advise("whoever opens the ledger next to write finishes it, as `sealog retention dispose` does")
    };
    Ok(ledger.is_disposal_unfinished()?.then(check))
}

/// The keys of persons and tenants, if the log ever needed any.
fn persons(ledger: &Ledger) -> Option<Check> {
    let facts = match ledger.key_store_facts() {
        Ok(facts) => facts?,
        Err(error) => return Some(Check::failed("persons", &error.into())),
    };
    if facts.pending > 0 {
        let text = count(
            facts.pending,
            "erasure is not done",
            "erasures are not done",
        );
        let check = Check::new(
            State::Warn,
            "persons",
            text + ": the keys are gone, the records are to come",
        );
        return Some(
            check.advise(
                "the next command that records or reveals something of a person finishes it",
            ),
        );
    }
    let text = format!(
        "{} and {} in the key store, which opens",
        count(facts.keys, "data key", "data keys"),
        count(facts.pseudonyms, "pseudonym", "pseudonyms")
    );
    Some(Check::new(State::Ok, "persons", text))
}

/// Whether the log agrees with itself. Whether it is the right one is for `verify` with a pinned key to say.
fn verified(path: &Path, ledger: &Ledger, context: &Context) -> Result<Vec<Check>, Error> {
    let request = Request {
        keys: vec![pins::parse(&ledger.vkey(), "the log's key")?],
        ..Request::default()
    };
    let bar = context.progress(0)?;
    let report = verify_ledger(path, &request, &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
    });
    bar.finish_and_clear();
    if report.exit() == 0 {
        let text = format!(
            "the log agrees with itself, over {}",
            entries(report.size())
        );
        return Ok(vec![Check::new(State::Ok, "content", text)]);
    }
    let heavy = report
        .findings()
        .iter()
        .filter(|finding| finding.weight() > Weight::Note);
    let checks = heavy.take(FINDINGS_SHOWN).map(|finding| {
        let place = finding.place.map_or_else(String::new, |place| {
            format!(", log/{:010}.jsonl line {}", place.segment, place.line)
        });
        let check = Check::new(State::Bad, "content", format!("{finding}{place}"));
        match crate::advice::of_finding(finding.code) {
            Some(advice) => check.advise(advice),
            None => check,
        }
    });
    Ok(checks.collect())
}

/// Payload files that no entry names.
pub(super) fn orphans(ledger: &Ledger, store: &FileStore) -> Result<Vec<String>, Error> {
    let mut names: BTreeSet<String> = store
        .list(Shelf::Payloads)
        .map_err(sealog_ledger::Error::from)?
        .into_iter()
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    for entry in ledger.entries(0..u64::MAX)? {
        let value = entry?.value();
        let payloads = value
            .member("record")
            .and_then(|record| record.member("payloads"));
        for payload in payloads.and_then(Value::as_array).into_iter().flatten() {
            let digest = payload.member("digest").and_then(Value::as_str);
            if let Some(name) = digest.and_then(|digest| digest.strip_prefix("sha256:")) {
                names.remove(name);
            }
        }
    }
    Ok(names.into_iter().collect())
}

/// A number of entries in words.
pub(super) fn entries(number: u64) -> String {
    count(number, "entry", "entries")
}
