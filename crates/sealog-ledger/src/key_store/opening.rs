//! Opening a key store, and making one.

use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use rusqlite::params;
use sealog_core::commitment::DataKey;
use sealog_privacy::wrap::KeyWrapper;
use zeroize::Zeroizing;

use super::database::{Home, Made, failed};
use super::{KEY_STORE_FILE, KeyStore, kek, lookup_context};
use crate::Error;
use crate::clock::Random;
use crate::keys::touch_secret;

/// What a store is opened or made with.
pub(crate) struct Opening<'a> {
    /// The directory of the ledger's secrets; none for a ledger in memory.
    pub(crate) directory: Option<&'a Path>,
    pub(crate) origin: &'a str,
    pub(crate) wrapper: Option<&'a Arc<dyn KeyWrapper>>,
    pub(crate) random: &'a Arc<dyn Random>,
}

impl Opening<'_> {
    fn home(&self) -> Result<Home, Error> {
        match self.directory {
            Some(directory) => Ok(Home::File(directory.join(KEY_STORE_FILE))),
            None => Home::memory(),
        }
    }

    /// Whether a store is there.
    pub(crate) fn exists(&self) -> bool {
        self.directory
            .is_some_and(|directory| directory.join(KEY_STORE_FILE).exists())
    }

    /// Opens the store that is there.
    pub(crate) fn open(&self) -> Result<KeyStore, Error> {
        let home = self.home()?;
        let directory = self.directory.unwrap_or(Path::new("."));
        kek::finish_replacing(directory, |id| Self::names_kek(&home, id))?;
        let wrapper = kek::wrapper(self.wrapper, directory, &**self.random, false)?;
        let (origin, kek_id, lookup) = home
            .with(|transaction| {
                home.check_format(transaction)?;
                let row = transaction.query_row("SELECT origin,kek,lookup FROM meta", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                });
                row.map_err(|error| failed(home.path(), &error))
            })
            .map(|row: (String, String, Vec<u8>)| row)?;
        let refuse = |why: String| Error::KeyStore {
            path: home.path().map(Path::to_path_buf),
            why,
        };
        if origin != self.origin {
            let why = format!("it belongs to the log {origin}, not to {}", self.origin);
            return Err(refuse(why));
        }
        if kek_id != wrapper.id() {
            let why = format!(
                "its keys are wrapped by the key-encryption key {kek_id}, and {} is at hand",
                wrapper.id()
            );
            return Err(refuse(why));
        }
        let lookup = wrapper.unwrap(&lookup, &lookup_context(&origin))?;
        Ok(self.assemble(home, wrapper, DataKey::new(*lookup)))
    }

    /// Makes a store where none is. Nothing is lost if two do it at once: the second opens the first's.
    pub(crate) fn create(&self, mark: u64) -> Result<KeyStore, Error> {
        let home = self.home()?;
        let directory = self.directory.unwrap_or(Path::new("."));
        let wrapper = match self.directory {
            None if self.wrapper.is_none() => kek::ephemeral(&**self.random)?,
            _ => kek::wrapper(self.wrapper, directory, &**self.random, true)?,
        };
        let mut lookup = Zeroizing::new([0; 32]);
        self.random.fill(&mut *lookup)?;
        let sealed = wrapper.wrap(&lookup, &lookup_context(self.origin))?;
        let mark = i64::try_from(mark).unwrap_or(i64::MAX);
        if let Home::File(path) = &home {
            touch_secret(path)?;
        }
        let made = home.create(|transaction| {
            let row = params![self.origin, wrapper.id(), sealed, mark];
            let sql = "INSERT INTO meta(id,origin,kek,lookup,mark) VALUES(1,?1,?2,?3,?4)";
            let done = transaction.execute(sql, row);
            done.map(drop).map_err(|error| failed(home.path(), &error))
        })?;
        match made {
            Made::Here => Ok(self.assemble(home, wrapper, DataKey::new(*lookup))),
            // Another process was quicker.
            Made::Already => self.open(),
        }
    }

    fn assemble(&self, home: Home, wrapper: Arc<dyn KeyWrapper>, lookup: DataKey) -> KeyStore {
        KeyStore {
            home,
            directory: self.directory.map(Path::to_path_buf),
            origin: self.origin.to_owned(),
            wrapper: RwLock::new(wrapper),
            is_given: self.wrapper.is_some(),
            lookup,
            random: Arc::clone(self.random),
            cache: Mutex::default(),
        }
    }

    fn names_kek(home: &Home, id: &str) -> Result<bool, Error> {
        home.with(|transaction| {
            let found =
                transaction.query_row("SELECT kek FROM meta", [], |row| row.get::<_, String>(0));
            let found = found.map_err(|error| failed(home.path(), &error))?;
            Ok(found == id)
        })
    }
}
