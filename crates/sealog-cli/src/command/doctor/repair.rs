//! `doctor --repair`: opening a poisoned log again, and removing orphans.

use std::path::Path;
use std::sync::Arc;

use sealog_ledger::verify::{ORPHAN_AGE_MIN, Request, verify_ledger};
use sealog_ledger::{Access, Ledger, Random, SystemRandom};
use sealog_store::disk::OsDisk;
use sealog_store::{FileOptions, FileStore, Shelf, Store};

use super::{Check, State, ledger};
use crate::context::Context;
use crate::error::Error;
use crate::output::count;
use crate::pins;

pub(super) fn checks(path: &Path, remounted: bool, context: &Context) -> Result<Vec<Check>, Error> {
    let mut writer = [0; 16];
    SystemRandom.fill(&mut writer)?;
    let mut options = FileOptions::writing(writer);
    options.allowed_file_systems = context.settings.list("file_systems")?;
    let store = FileStore::open(Arc::new(OsDisk::new()), path, &options);
    let store = store.map_err(sealog_ledger::Error::from)?;
    let opened = Ledger::open(path, context.options(Access::Read)?)?;
    if opened.size() == 0 {
        // What is wrong is said by the checks that follow.
        return Ok(Vec::new());
    }
    let mut checks = Vec::new();
    checks.extend(unpoison(path, &opened, &store, remounted, context)?);
    checks.extend(remove_orphans(path, &store, context)?);
    Ok(checks)
}

fn unpoison(
    path: &Path,
    opened: &Ledger,
    store: &FileStore,
    remounted: bool,
    context: &Context,
) -> Result<Option<Check>, Error> {
    let Some(poison) = store.poisoned().map_err(sealog_ledger::Error::from)? else {
        return Ok(None);
    };
    let rebooted = poison.boot_id().is_some() && poison.boot_id() != store.boot_id().as_deref();
    if !rebooted && !remounted {
        let text = "not opened again: until a restart or remount, reads are answered from a cache that may lie";
        return Ok(Some(Check::new(State::Bad, "repair", text).advise(
            "after unmounting and mounting: `sealog doctor --repair --remounted`",
        )));
    }
    let keys = vec![pins::parse(&opened.vkey(), "the log's key")?];
    let report = verify_ledger(
        path,
        &Request {
            keys,
            ..Request::default()
        },
        &mut |_| {},
    );
    // An uncovered tail is what a failed flush leaves; whoever appends next sets it aside, if it is torn.
    if report.exit() != 0 && report.reason() != "uncovered_tail" {
        let text = format!(
            "not opened again: the log does not verify ({})",
            report.reason()
        );
        return Ok(Some(Check::new(State::Bad, "repair", text)));
    }
    if poison.size().is_some_and(|size| report.size() < size) {
        let text = format!(
            "not opened again: the log has {} and had at least {}",
            ledger::entries(report.size()),
            poison.size().unwrap_or_default()
        );
        return Ok(Some(
            Check::new(State::Bad, "repair", text).advise("restore the segments"),
        ));
    }
    let wait = context.options(Access::Read)?.turn_wait;
    store
        .clear_poison(wait)
        .map_err(sealog_ledger::Error::from)?;
    let text = format!(
        "opened again for writing: the log verifies, over {}",
        ledger::entries(report.size())
    );
    Ok(Some(Check::new(State::Ok, "repair", text)))
}

/// Removes payload files that no entry names, under the log's lock: a record that names one of them and waits for its
/// turn is refused after that, and its producer puts the file again.
fn remove_orphans(
    path: &Path,
    store: &FileStore,
    context: &Context,
) -> Result<Option<Check>, Error> {
    let options = context.options(Access::Read)?;
    let turn = match store.turn(options.turn_wait) {
        Ok(turn) => turn,
        Err(error @ sealog_store::Error::Busy { .. }) => {
            let text = format!("no payload file was removed: {error}");
            return Ok(Some(Check::new(State::Note, "repair", text)));
        }
        // What closes the log is said by the checks that follow.
        Err(sealog_store::Error::Poisoned { .. }) => return Ok(None),
        Err(error) => return Err(sealog_ledger::Error::from(error).into()),
    };
    let opened = Ledger::open(path, options)?;
    let mut removed = 0_u64;
    for name in ledger::orphans(&opened, store)? {
        let file = store
            .look(Shelf::Payloads, &name)
            .map_err(sealog_ledger::Error::from)?;
        let age = file.and_then(|file| file.age());
        if age.is_some_and(|age| age > ORPHAN_AGE_MIN) {
            store
                .remove(Shelf::Payloads, &name)
                .map_err(sealog_ledger::Error::from)?;
            removed += 1;
        }
    }
    drop(turn);
    let text = count(
        removed,
        "payload file was removed",
        "payload files were removed",
    );
    Ok((removed > 0).then(|| Check::new(State::Ok, "repair", text)))
}
