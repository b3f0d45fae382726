//! The keys that a log knows: its own with their hand-overs, the recovery key, and those of actors.

use sealog_core::tlog::vkey::VerifierKey;

use crate::admin;
use crate::appended::Appended;
use crate::error::Error;
use crate::ledger::Ledger;

/// The keys of a log, for showing.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// The key that signs the log now, and the index of the record that made it so.
    pub active: Option<(VerifierKey, u64)>,
    /// The key, kept offline, that may revoke it.
    pub recovery: Option<VerifierKey>,
    /// Earlier keys of the log, oldest first.
    pub earlier: Vec<EarlierKey>,
    /// Keys of those who sign records, by their ids.
    pub actors: Vec<ActorKey>,
}

/// A key that signed the log before.
#[derive(Debug, Clone)]
pub struct EarlierKey {
    /// The key.
    pub key: VerifierKey,
    /// The size up to which it signed.
    pub size: u64,
    /// Whether the recovery key revoked it; else it handed over by itself.
    pub revoked: bool,
}

/// A key by which the log takes signed records.
#[derive(Debug, Clone)]
pub struct ActorKey {
    /// The id under which its holder signs.
    pub key_id: String,
    /// The key.
    pub key: VerifierKey,
    /// Index of the record that made it known.
    pub index: u64,
}

impl Ledger {
    /// The keys that the log knows as of its newest checkpoint.
    pub fn key_ring(&self) -> Result<KeyRing, Error> {
        self.refresh()?;
        Ok(self.with_state(|state, _| {
            let keys = state.keys();
            let earlier = keys.retired().iter().map(|(key, size)| EarlierKey {
                key: key.clone(),
                size: *size,
                revoked: keys.revoked_at(key) == Some(*size),
            });
            let actors = keys.actors().map(|(id, key, index)| ActorKey {
                key_id: id.into(),
                key: key.clone(),
                index,
            });
            KeyRing {
                active: keys.active().cloned().map(|key| (key, keys.active_index())),
                recovery: keys.recovery().cloned(),
                earlier: earlier.collect(),
                actors: actors.collect(),
            }
        }))
    }

    /// From here on the log takes no record signed by this actor's key. Those that it took stay as they are.
    ///
    /// # Errors
    /// [`Error::Argument`] where the log takes none by a key of this id anyway.
    pub fn revoke_actor_key(&self, key_id: &str) -> Result<Appended, Error> {
        let id = key_id.to_owned();
        self.commit_own(
            move |state| {
                let Some(key) = state.keys().actor(&id) else {
                    let why = format!("the log trusts no key of the id {id}");
                    return Err(Error::Argument {
                        what: "the key id",
                        why,
                    });
                };
                Ok(admin::distrust_draft(&id, &key.to_string()))
            },
            None,
        )
    }
}
