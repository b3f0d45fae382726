//! Data keys of subjects and tenants, and the pseudonyms that stand for values: what an erasure destroys
//! (`docs/formats/keys.md`).
//!
//! A `SQLite` file beside the ledger, never inside it and in none of its exports. Keys stand in it wrapped by a
//! key-encryption key; pseudonyms are found by an authentication code of the value, so that no value stands in it.
//!
//! **Order of locks**: a transaction of the store is never begun under the log's lock or the cache's.

mod database;
mod destroy;
mod kek;
mod opening;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rusqlite::{OptionalExtension, Transaction, params};
use sealog_core::commitment::{DataKey, KeyId, derive};
use sealog_core::hash::push_hex;
use sealog_privacy::wrap::KeyWrapper;

use database::{Home, failed};
pub(crate) use destroy::{Secrets, Target};
pub use kek::{KEK_FILE, KEK_VARIABLE};
pub(crate) use opening::Opening;

use crate::Error;
use crate::clock::{Random, new_token};
use crate::keys::{LedgerDataKey, new_data_key};
use crate::queue::lock;

/// Name of the key store's file.
pub const KEY_STORE_FILE: &str = "keys.sqlite";
/// Name of the file that changes whenever a key is destroyed, so that other processes forget what they hold.
const GENERATION_FILE: &str = "keys.generation";
/// Keys, pseudonyms and links that a handle keeps at hand, at most of each; beyond it all are forgotten.
const CACHE_MAX: usize = 16_384;
/// The type of the pseudonyms that stand for persons.
const SUBJECT_KIND: &str = "SUBJECT";
/// What the derivation of a pseudonym's code begins with.
const TOKEN_PREFIX: &[u8] = b"sealog/token/v1\0";
/// How often a person's key is looked for anew because the person was erased meanwhile.
const PERSON_TRIES_MAX: u32 = 10;
/// Bytes of a pseudonym.
const TOKEN_BYTES: usize = 16;

/// Whose data a key is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(crate) tenant: String,
    /// The pseudonym of the subject; empty for the tenant's own key.
    pub(crate) subject: String,
}

/// What a handle was told by the store, forgotten when a key is destroyed anywhere.
#[derive(Default)]
struct Cache {
    generation: Option<Vec<u8>>,
    keys: HashMap<Holder, Arc<LedgerDataKey>>,
    tokens: HashMap<[u8; 32], [u8; TOKEN_BYTES]>,
    links: std::collections::HashSet<(String, String, [u8; TOKEN_BYTES])>,
}

impl Cache {
    fn is_full(&self) -> bool {
        let held = self.keys.len().max(self.tokens.len());
        held.max(self.links.len()) > CACHE_MAX
    }
}

/// What a key store holds, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyStoreFacts {
    /// Data keys, of persons and of tenants.
    pub keys: u64,
    /// Pseudonyms, of persons and of values.
    pub pseudonyms: u64,
    /// Erasures of which something is still to be done.
    pub pending: u64,
}

/// The store of one ledger, open.
pub(crate) struct KeyStore {
    home: Home,
    directory: Option<PathBuf>,
    origin: String,
    /// Replaced when the key-encryption key is, here or by another process.
    wrapper: RwLock<Arc<dyn KeyWrapper>>,
    /// Whether the wrapper was brought by the host, so that it is not looked for in a file.
    is_given: bool,
    /// Codes of pseudonyms are made with it.
    lookup: DataKey,
    random: Arc<dyn Random>,
    cache: Mutex<Cache>,
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyStore({:?})", self.home.path())
    }
}

fn lookup_context(origin: &str) -> Vec<u8> {
    [b"sealog/lookup-key/v1\0", origin.as_bytes()].concat()
}

impl KeyStore {
    /// What a data key is wrapped for; it unwraps for no other holder.
    fn context(&self, holder: &Holder, id: KeyId) -> Vec<u8> {
        let mut out = b"sealog/data-key/v1\0".to_vec();
        for part in [&self.origin, &holder.tenant, &holder.subject] {
            out.extend_from_slice(part.as_bytes());
            out.push(0);
        }
        out.extend_from_slice(id.as_bytes());
        out
    }

    /// What it holds, counted.
    pub(crate) fn facts(&self) -> Result<KeyStoreFacts, Error> {
        self.home.with(|transaction| {
            let count = |table: &str| -> Result<u64, Error> {
                let sql = format!("SELECT count(*) FROM {table}");
                let found = transaction.query_row(&sql, [], |row| row.get::<_, i64>(0));
                let found = found.map_err(|error| self.failed(&error))?;
                Ok(u64::try_from(found).unwrap_or_default())
            };
            Ok(KeyStoreFacts {
                keys: count("holder")?,
                pseudonyms: count("token")?,
                pending: count("pending")?,
            })
        })
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(self.home.path(), error)
    }

    /// Forgets what is at hand if a key was destroyed since, here or in another process.
    fn fresh(&self) -> std::sync::MutexGuard<'_, Cache> {
        let generation = self
            .directory
            .as_ref()
            .and_then(|directory| fs::read(directory.join(GENERATION_FILE)).ok());
        let mut cache = lock(&self.cache);
        if cache.generation != generation || cache.is_full() {
            *cache = Cache {
                generation,
                ..Cache::default()
            };
        }
        cache
    }

    /// Makes every handle of every process forget what it was told.
    fn next_generation(&self) -> Result<(), Error> {
        *lock(&self.cache) = Cache::default();
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let path = directory.join(GENERATION_FILE);
        let token = new_token(&*self.random)?;
        crate::keys::rewrite_secret(&path, token.as_bytes())
    }

    fn wrapper(&self) -> Arc<dyn KeyWrapper> {
        Arc::clone(&self.wrapper.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the key-encryption key's file again; whether it holds another one now.
    fn look_for_wrapper(&self) -> Result<bool, Error> {
        let (false, Some(directory)) = (self.is_given, &self.directory) else {
            return Ok(false);
        };
        let found = kek::wrapper(None, directory, &*self.random, false)?;
        let is_other = found.id() != self.wrapper().id();
        *self.wrapper.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(is_other)
    }

    /// The key of a holder, made and durable before it is returned if there was none.
    pub(crate) fn key_of(&self, holder: &Holder) -> Result<Arc<LedgerDataKey>, Error> {
        if let Some(key) = self.fresh().keys.get(holder) {
            return Ok(Arc::clone(key));
        }
        let key = self.home.with(|transaction| {
            if let Some(key) = self.stored(transaction, holder)? {
                return Ok(key);
            }
            if !self.may_have_key(transaction, holder)? {
                return Err(Error::UnknownSubject);
            }
            let new = new_data_key(&*self.random)?;
            let wrapped = self
                .wrapper()
                .wrap(new.key.expose(), &self.context(holder, new.id))?;
            let row = params![new.id.as_bytes(), holder.tenant, holder.subject, wrapped];
            let sql = "INSERT INTO holder(key_id,tenant,subject,wrapped) VALUES(?1,?2,?3,?4)";
            let done = transaction
                .prepare_cached(sql)
                .and_then(|mut insert| insert.execute(row));
            done.map_err(|error| self.failed(&error))?;
            Ok(new)
        })?;
        let key = Arc::new(key);
        lock(&self.cache)
            .keys
            .insert(holder.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// The pseudonym and the key of a person, made if there are none. An erasure in between makes it begin anew: nobody
    /// gets a new key under a pseudonym that was erased.
    pub(crate) fn person(
        &self,
        tenant: &str,
        subject: &str,
    ) -> Result<(Holder, Arc<LedgerDataKey>), Error> {
        let mut tries = PERSON_TRIES_MAX;
        loop {
            let reference = self.reference(tenant, subject, Making::Allowed)?;
            let holder = Holder {
                tenant: tenant.to_owned(),
                subject: reference.unwrap_or_default(),
            };
            match self.key_of(&holder) {
                Ok(key) => return Ok((holder, key)),
                Err(Error::UnknownSubject) if tries > 0 => {
                    tries -= 1;
                    *lock(&self.cache) = Cache::default();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a key may be made for a holder: for a person only while the pseudonym is there.
    fn may_have_key(&self, transaction: &Transaction<'_>, holder: &Holder) -> Result<bool, Error> {
        if holder.subject.is_empty() {
            return Ok(true);
        }
        let token = destroy::parse_token(&holder.subject).map_or_else(Vec::new, Vec::from);
        let sql = "SELECT 1 FROM token WHERE token=?1";
        let found = transaction
            .query_row(sql, params![token], |_| Ok(()))
            .optional();
        let found = found.map_err(|error| self.failed(&error))?;
        Ok(found.is_some())
    }

    fn stored(
        &self,
        transaction: &Transaction<'_>,
        holder: &Holder,
    ) -> Result<Option<LedgerDataKey>, Error> {
        let sql = "SELECT key_id,wrapped FROM holder WHERE tenant=?1 AND subject=?2";
        let row = transaction
            .query_row(sql, params![holder.tenant, holder.subject], |row| {
                Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional();
        let Some((id, wrapped)) = row.map_err(|error| self.failed(&error))? else {
            return Ok(None);
        };
        self.unwrapped(holder, KeyId::new(id), &wrapped).map(Some)
    }

    fn unwrapped(
        &self,
        holder: &Holder,
        id: KeyId,
        wrapped: &[u8],
    ) -> Result<LedgerDataKey, Error> {
        let context = self.context(holder, id);
        let key = match self.wrapper().unwrap(wrapped, &context) {
            // Another process may have replaced it since.
            Err(_) if self.look_for_wrapper()? => self.wrapper().unwrap(wrapped, &context)?,
            key => key?,
        };
        Ok(LedgerDataKey {
            id,
            key: DataKey::new(*key),
        })
    }

    /// A key by its id, with whose it is; none if it never was here or is destroyed.
    pub(crate) fn key(&self, id: KeyId) -> Result<Option<(Holder, LedgerDataKey)>, Error> {
        let sql = "SELECT tenant,subject,wrapped FROM holder WHERE key_id=?1";
        let row: Option<(String, String, Vec<u8>)> = self.home.with(|transaction| {
            let row = transaction
                .query_row(sql, params![id.as_bytes()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional();
            row.map_err(|error| self.failed(&error))
        })?;
        let Some((tenant, subject, wrapped)) = row else {
            return Ok(None);
        };
        let holder = Holder { tenant, subject };
        let key = self.unwrapped(&holder, id, &wrapped)?;
        Ok(Some((holder, key)))
    }

    /// The pseudonym of a person within a tenant, made if there was none and `make` says so.
    pub(crate) fn reference(
        &self,
        tenant: &str,
        subject: &str,
        make: Making,
    ) -> Result<Option<String>, Error> {
        if subject.trim().is_empty() {
            // All records that lack a name would be about one person.
            return Err(Error::Argument {
                what: "the person",
                why: "the name is blank".into(),
            });
        }
        self.token_of(tenant, SUBJECT_KIND, subject.as_bytes(), make)
            .map(|token| token.map(hex))
    }

    /// The pseudonym of a value of a type, used in a record about this subject.
    pub(crate) fn token(&self, holder: &Holder, kind: &str, value: &[u8]) -> Result<String, Error> {
        let token = self
            .token_of(&holder.tenant, kind, value, Making::Allowed)?
            .unwrap_or_default();
        if !holder.subject.is_empty() {
            self.link(holder, token)?;
        }
        Ok(hex(token))
    }

    fn code(&self, tenant: &str, kind: &str, value: &[u8]) -> [u8; 32] {
        // Tenant and kind are identifiers and hold no NUL.
        let (tenant, kind) = (tenant.as_bytes(), kind.as_bytes());
        let parts = [TOKEN_PREFIX, tenant, b"\0", kind, b"\0", value];
        *derive(self.lookup.expose(), &parts)
    }

    fn token_of(
        &self,
        tenant: &str,
        kind: &str,
        value: &[u8],
        make: Making,
    ) -> Result<Option<[u8; TOKEN_BYTES]>, Error> {
        let code = self.code(tenant, kind, value);
        if let Some(token) = self.fresh().tokens.get(&code) {
            return Ok(Some(*token));
        }
        let token = self.home.with(|transaction| {
            let sql = "SELECT token FROM token WHERE code=?1";
            let found: Option<[u8; TOKEN_BYTES]> = transaction
                .query_row(sql, params![code], |row| row.get(0))
                .optional()
                .map_err(|error| self.failed(&error))?;
            if found.is_some() || make == Making::Refused {
                return Ok(found);
            }
            let mut token = [0; TOKEN_BYTES];
            self.random.fill(&mut token)?;
            let sql = "INSERT INTO token(code,token,tenant) VALUES(?1,?2,?3)";
            let done = transaction.execute(sql, params![code, token, tenant]);
            done.map_err(|error| self.failed(&error))?;
            Ok(Some(token))
        })?;
        if let Some(token) = token {
            lock(&self.cache).tokens.insert(code, token);
        }
        Ok(token)
    }

    /// Remembers in whose records a pseudonym was used: an erasure of that person deletes it.
    fn link(&self, holder: &Holder, token: [u8; TOKEN_BYTES]) -> Result<(), Error> {
        let known = (holder.tenant.clone(), holder.subject.clone(), token);
        if self.fresh().links.contains(&known) {
            return Ok(());
        }
        self.home.with(|transaction| {
            if !self.may_have_key(transaction, holder)? {
                return Ok(());
            }
            let sql = "INSERT OR IGNORE INTO link(tenant,subject,token) VALUES(?1,?2,?3)";
            let done = transaction.execute(sql, params![holder.tenant, holder.subject, token]);
            done.map(drop).map_err(|error| self.failed(&error))
        })?;
        lock(&self.cache).links.insert(known);
        Ok(())
    }

    /// Wraps every key by a new key-encryption key, which takes the place of the one in the file. Returns how many.
    pub(crate) fn replace_kek(&self, directory: &Path) -> Result<u64, Error> {
        let new = kek::begin_replacing(directory, &*self.random)?;
        let count = self.rewrap(&new)?;
        kek::finish_replacing(directory, |id| Ok(id == new.id()))?;
        *self.wrapper.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(count)
    }

    /// Wraps every key by another key-encryption key. Returns how many.
    fn rewrap(&self, new: &Arc<dyn KeyWrapper>) -> Result<u64, Error> {
        let fault = |error: rusqlite::Error| self.failed(&error);
        self.home.with(|transaction| {
            let lookup = new.wrap(self.lookup.expose(), &lookup_context(&self.origin))?;
            let sql = "UPDATE meta SET kek=?1,lookup=?2";
            transaction
                .execute(sql, params![new.id(), lookup])
                .map_err(fault)?;
            let mut select = transaction
                .prepare("SELECT key_id,tenant,subject,wrapped FROM holder")
                .map_err(fault)?;
            let rows = select
                .query_map([], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .and_then(Iterator::collect);
            let rows: Vec<([u8; KeyId::LEN], String, String, Vec<u8>)> = rows.map_err(fault)?;
            for (id, tenant, subject, wrapped) in &rows {
                let holder = Holder {
                    tenant: tenant.clone(),
                    subject: subject.clone(),
                };
                let key = self.unwrapped(&holder, KeyId::new(*id), wrapped)?;
                let context = self.context(&holder, key.id);
                let wrapped = new.wrap(key.key.expose(), &context)?;
                let sql = "UPDATE holder SET wrapped=?2 WHERE key_id=?1";
                transaction
                    .execute(sql, params![id, wrapped])
                    .map_err(fault)?;
            }
            Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
        })
    }
}

/// May a pseudonym be made if there is none?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Making {
    Allowed,
    Refused,
}

fn hex(token: [u8; TOKEN_BYTES]) -> String {
    let mut text = String::with_capacity(2 * TOKEN_BYTES);
    push_hex(&mut text, &token);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_at_hand_is_bounded() {
        let most = u128::try_from(CACHE_MAX).unwrap();
        let mut cache = Cache::default();
        for number in 0..=most {
            assert!(!cache.is_full(), "{number} links");
            let link = (String::new(), String::new(), number.to_le_bytes());
            cache.links.insert(link);
        }
        assert!(cache.is_full());
        let mut cache = Cache::default();
        for number in 0..=most {
            assert!(!cache.is_full(), "{number} pseudonyms");
            let mut code = [0; 32];
            code[..16].copy_from_slice(&number.to_le_bytes());
            cache.tokens.insert(code, [0; TOKEN_BYTES]);
        }
        assert!(cache.is_full());
        let key = Arc::new(LedgerDataKey {
            id: KeyId::new([0; 16]),
            key: DataKey::new([0; 32]),
        });
        let mut cache = Cache::default();
        for number in 0..=most {
            assert!(!cache.is_full(), "{number} keys");
            let holder = Holder {
                tenant: number.to_string(),
                subject: String::new(),
            };
            cache.keys.insert(holder, Arc::clone(&key));
        }
        assert!(cache.is_full());
    }
}
