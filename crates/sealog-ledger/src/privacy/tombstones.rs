//! The log is the list of tombstones: what an `erasure.executed` names stays destroyed, also in a key store that was
//! restored from an older copy, and an erasure that a crash cut off is finished.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use memchr::memmem;
use sealog_core::json::{Object, Ref, Tape, Value};

use crate::Error;
use crate::admin::own_draft;
use crate::canopy::RUN;
use crate::clock::{new_token, new_uuid};
use crate::draft::{self, Draft, Filling};
use crate::key_store::{KeyStore, Target};
use crate::ledger::Ledger;
use crate::queue::lock;
use crate::read::Entries;

/// The kind of the records of erasures.
const ERASURE: &str = "erasure.executed";

/// What the log says about erasures from a mark on.
#[derive(Debug, Default)]
struct Said {
    targets: Vec<Target>,
    /// Ids of erasures whose records stand there.
    ids: Vec<String>,
    /// Size of the log when it was read.
    size: u64,
}

impl Ledger {
    /// Finishes erasures whose records are still to be written, and destroys again what a restored store has again.
    pub(super) fn settle_erasures(&self, store: &KeyStore) -> Result<(), Error> {
        let said = self.erasures_since(store, store.mark()?)?;
        for (erasure_id, drafts) in store.pending()? {
            let bodies = bodies_of(&drafts)?;
            let records = if said.ids.contains(&erasure_id) {
                Vec::new()
            } else {
                self.append_erasure(&bodies)?
            };
            self.delete_sealed(&bodies, BTreeSet::new(), 0)?;
            settle(store, &erasure_id, &records)?;
        }
        let mut again = 0;
        for target in &said.targets {
            let secrets = store.secrets(target)?;
            let destroyed = store.destroy_again(target)?;
            again += destroyed.keys;
            for (id, _) in &secrets.keys {
                let mut body = Object::new();
                body.insert("event", "destroyed");
                body.insert("key_id", id.to_string());
                self.append_own(own_draft("key.event", body))?;
            }
        }
        self.0.keys.again.fetch_add(again, Ordering::Relaxed);
        store.searched(said.size)
    }

    /// Appends the records of an erasure whose keys are destroyed already.
    pub(super) fn append_erasure(&self, bodies: &[Object]) -> Result<Vec<crate::Appended>, Error> {
        let drafts = bodies.iter().map(|body| own_draft(ERASURE, body.clone()));
        let drafts: Vec<Draft> = drafts.collect();
        let work = crate::work::Work::Admin(Box::new(move |_| Ok(drafts.clone())), None);
        self.commit(work)
    }

    /// Refuses bodies of which the log would not take the records.
    pub(super) fn check_bodies(&self, bodies: &[Object]) -> Result<(), Error> {
        let options = self.options();
        for body in bodies {
            let run = new_token(&*options.random)?;
            let filling = Filling {
                record_id: new_uuid(&*options.clock, &*options.random)?,
                now: options.clock.now(),
                run: &run,
                seq: 0,
                privacy: None,
            };
            let draft = own_draft(ERASURE, body.clone());
            draft::check(&draft::record_of(draft, &filling)?.0)?;
        }
        Ok(())
    }

    fn erasures_since(&self, store: &KeyStore, mark: u64) -> Result<Said, Error> {
        let mut canopy = lock(&self.0.canopy);
        let (size, _) = self.grow(&mut canopy, &mut |_| ())?;
        let mut said = Said {
            size,
            ..Said::default()
        };
        let run = mark.min(size) / RUN;
        let (place, first) = match canopy.place(run) {
            Some(place) => (place, run * RUN),
            None => (sealog_store::Place::START, 0),
        };
        drop(canopy);
        let mut tape = Tape::new();
        for entry in Entries::starting(self.store(), place, first, size)? {
            let entry = entry?;
            let may = memmem::find(entry.bytes(), b"\"erasure.executed\"").is_some();
            if entry.index() < mark || !may {
                continue;
            }
            let record = tape.read(entry.bytes()).ok();
            let record = record.and_then(|read| read.member("record"));
            let Some(body) = record
                .filter(|record| {
                    let kind = record.member("kind").and_then(Ref::plain_str);
                    kind == Some(ERASURE)
                })
                .and_then(|record| record.member("body"))
            else {
                continue;
            };
            let text = |name: &str| body.member(name).and_then(Ref::plain_str);
            said.ids.extend(text("erasure_id").map(ToOwned::to_owned));
            if text("method") == Some("entry_disposed") {
                continue;
            }
            said.targets.extend(target_of(store, text("scope"))?);
        }
        said.targets.dedup();
        Ok(said)
    }
}

/// Nothing is left to do of an erasure, whose records these are.
pub(super) fn settle(
    store: &KeyStore,
    erasure_id: &str,
    records: &[crate::Appended],
) -> Result<(), Error> {
    let newest = records.iter().map(crate::Appended::index).max();
    store.settle(erasure_id, newest.map_or(0, |index| index + 1))
}

/// What a record of an erasure is about; none if the store knows nothing of it any more.
fn target_of(store: &KeyStore, scope: Option<&str>) -> Result<Option<Target>, Error> {
    let Some((kind, name)) = scope.and_then(|scope| scope.split_once(':')) else {
        return Ok(None);
    };
    Ok(match kind {
        "tenant" => Some(Target::Tenant {
            tenant: name.to_owned(),
        }),
        "subject" => store.tenant_of(name)?.map(|tenant| Target::Subject {
            tenant,
            reference: name.to_owned(),
        }),
        _ => None,
    })
}

/// The drafts as a pending erasure keeps them: a list of bodies.
pub(super) fn drafts_text(bodies: &[Object]) -> String {
    let list = bodies.iter().map(|body| Value::Object(body.clone()));
    let text = Value::Array(list.collect()).to_canonical();
    String::from_utf8_lossy(&text).into_owned()
}

fn bodies_of(text: &str) -> Result<Vec<Object>, Error> {
    let unreadable = || Error::KeyStore {
        path: None,
        why: "an erasure that is to be finished cannot be read".into(),
    };
    let value = Value::parse(text.as_bytes()).map_err(|_| unreadable())?;
    let list = value.as_array().ok_or_else(unreadable)?;
    let object = |body: &Value| body.as_object().cloned().ok_or_else(unreadable);
    list.iter().map(object).collect()
}
