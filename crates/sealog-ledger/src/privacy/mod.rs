//! Personal data: a policy at work on records, data keys of persons and tenants, sealed values, and erasing.
//!
//! `docs/privacy.md` says what is achieved and what is not. Finding and sealing are `sealog-privacy`'s; keys are the
//! key store's; here both meet the log.
//!
//! **Order of locks**: everything here runs before a record is queued, so a transaction of the key store is never
//! waited for under the log's lock. What the log writes by itself goes through the policy without keys, under that
//! lock: so do functions and recognisers of the host, which must not use the ledger.

mod approvals;
mod erase;
mod files;
mod record;
mod residue;
mod reveal;
mod survey;
mod tombstones;

use std::fmt;
use std::sync::OnceLock;

pub use erase::{Erased, Erasure, ErasureSubject, Reached};
pub(crate) use record::{PrivacyNote, clean_own, protect};
pub use residue::Residue;
pub use reveal::{Access as RevealAccess, Revealed, Whose};
use sealog_core::commitment::KeyId;
use sealog_core::entry::DEFAULT_TENANT;

use crate::Error;
use crate::key_store::{Holder, KeyStore, KeyStoreFacts, Making, Opening};
use crate::keys::LedgerDataKey;
use crate::ledger::Ledger;
use crate::options::Access;

/// What a handle holds of its key store.
#[derive(Default)]
pub(crate) struct Keys {
    store: OnceLock<KeyStore>,
    /// Held by the thread that opens it.
    opening: std::sync::Mutex<()>,
    /// Keys that a restored store had again and that were destroyed again.
    again: std::sync::atomic::AtomicU64,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.store.get()).finish()
    }
}

impl Ledger {
    /// The key store; none where there is none and none may be made.
    pub(crate) fn key_store(&self, making: Making) -> Result<Option<&KeyStore>, Error> {
        let keys = &self.0.keys;
        if let Some(store) = keys.store.get() {
            return Ok(Some(store));
        }
        let guard = crate::queue::lock(&keys.opening);
        if let Some(store) = keys.store.get() {
            return Ok(Some(store));
        }
        let directory = self.secrets();
        let options = self.options();
        let opening = Opening {
            directory: directory.as_deref(),
            origin: self.origin(),
            wrapper: options.key_wrapper.as_ref(),
            random: &options.random,
        };
        let store = if opening.exists() {
            let store = opening.open()?;
            if options.access == Access::Append {
                self.settle_erasures(&store)?;
            }
            store
        } else if making == Making::Allowed && options.access == Access::Append {
            self.refuse_lost_store()?;
            opening.create(self.size())?
        } else {
            return Ok(None);
        };
        let store = keys.store.get_or_init(|| store);
        drop(guard);
        Ok(Some(store))
    }

    /// The key store, made if there is none.
    pub(crate) fn needed_key_store(&self) -> Result<&KeyStore, Error> {
        self.key_store(Making::Allowed)?
            .ok_or_else(|| Error::ReadOnly {
                path: self.path().map(Into::into).unwrap_or_default(),
            })
    }

    /// The pseudonym of a person within a tenant, made if there is none: what records say in the person's place. The
    /// same person has the same one until it is erased, and another in each tenant and each ledger.
    ///
    /// # Errors
    /// Those of the key store; [`Error::ReadOnly`] where one would have to be made and the ledger is only read.
    pub fn subject_ref(&self, tenant: Option<&str>, subject: &str) -> Result<String, Error> {
        let tenant = tenant.unwrap_or(DEFAULT_TENANT);
        let store = self.needed_key_store()?;
        let reference = store.reference(tenant, subject, Making::Allowed)?;
        Ok(reference.unwrap_or_default())
    }

    /// The pseudonym of a person within a tenant if there is one.
    ///
    /// # Errors
    /// Those of the key store.
    pub fn known_subject_ref(
        &self,
        tenant: Option<&str>,
        subject: &str,
    ) -> Result<Option<String>, Error> {
        let tenant = tenant.unwrap_or(DEFAULT_TENANT);
        match self.key_store(Making::Refused)? {
            Some(store) => store.reference(tenant, subject, Making::Refused),
            None => Ok(None),
        }
    }

    /// What the key store holds; none where there is none and the log needs none. Nothing is changed, also where an
    /// erasure is still to be finished.
    ///
    /// # Errors
    /// Those of opening it; [`Error::KeyStoreMissing`] where the log names keys that one must have held.
    pub fn key_store_facts(&self) -> Result<Option<KeyStoreFacts>, Error> {
        match self.key_store(Making::Refused)? {
            Some(store) => store.facts().map(Some),
            None => self.refuse_lost_store().map(|()| None),
        }
    }

    /// How many keys a restored key store had again that were destroyed again when it was opened.
    pub fn keys_destroyed_again(&self) -> u64 {
        self.0.keys.again.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Makes a new key-encryption key in the place of the one in the ledger's file and wraps every data key by it.
    /// Returns how many there are.
    ///
    /// # Errors
    /// [`Error::Argument`] where the key-encryption key does not lie in the ledger's file; those of the key store.
    pub fn rotate_kek(&self) -> Result<u64, Error> {
        let options = self.options();
        let directory = match (&options.key_wrapper, self.secrets()) {
            (None, Some(directory)) if std::env::var_os(crate::KEK_VARIABLE).is_none() => directory,
            _ => {
                let why = "it does not lie in a file of this ledger: rotate it where it is kept";
                return Err(Error::Argument {
                    what: "the key-encryption key",
                    why: why.into(),
                });
            }
        };
        let Some(store) = self.key_store(Making::Refused)? else {
            return Ok(0);
        };
        store.replace_kek(&directory)
    }

    /// The data key of this id: the ledger's own, a tenant's or a person's.
    ///
    /// # Errors
    /// [`Error::DataKey`] if it was destroyed or never was here.
    pub(crate) fn key_named(&self, id: KeyId) -> Result<(Option<Holder>, LedgerDataKey), Error> {
        let own = self.data_key()?;
        if own.id == id {
            return Ok((None, own.clone()));
        }
        let found = match self.key_store(Making::Refused)? {
            Some(store) => store.key(id)?,
            None => None,
        };
        let (holder, key) = found.ok_or_else(|| Error::DataKey {
            key_id: id.to_string(),
        })?;
        Ok((Some(holder), key))
    }
}
