//! The keys that a user trusts, by name: one line each, `NAME KEY-ID BASE64`, where the last is the DER of the key.
//!
//! The file is named by its user or lies in their configuration; never in the working directory, never with a model.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::json::Value;

use super::{PublicKey, read, unusable};
use crate::Error;

/// The name of the file in a user's configuration.
pub const TRUSTED_KEYS_FILE: &str = "trusted_model_keys";

/// A key and the name by which its user calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The name: ASCII letters, digits and `._:/@+-`.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// All of them. No name is there twice.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys(Vec<TrustedKey>);

impl TrustedKeys {
    /// Reads the file; an absent one names none.
    ///
    /// # Errors
    /// [`Error::Key`] if a line is malformed, its id is not that of its key, or a name is there twice.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = match read(path) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            text => text?,
        };
        let mut keys = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = number.saturating_add(1);
            let key =
                parse(line).ok_or_else(|| unusable(path, format!("line {number} is malformed")))?;
            if keys.find(&key.name).is_ok() {
                return Err(unusable(
                    path,
                    format!("line {number} names a key a second time"),
                ));
            }
            keys.0.push(key);
        }
        Ok(keys)
    }

    /// Reads the `trusted_keys.json` of `HashTraceAI`: `{"keys": [{"name", "key"}]}`, or in its older form a PEM text
    /// under each name.
    ///
    /// # Errors
    /// [`Error::Key`] if it has another shape, holds what is no public key, or has a name that is none here or is there
    /// twice: that tool takes the first.
    pub fn read_hashtrace(path: &Path) -> Result<Self, Error> {
        let text = read(path)?;
        let value = Value::parse(text.as_bytes())
            .map_err(|error| unusable(path, format!("it is malformed: {error}")))?;
        let object = value.as_object();
        let object = object.ok_or_else(|| unusable(path, "it is no object"))?;
        let pairs: Vec<(Option<&str>, Option<&str>)> = match object.get("keys") {
            Some(list) if object.len() == 1 => {
                let list = list.as_array();
                let list = list.ok_or_else(|| unusable(path, "its `keys` are no array"))?;
                let member = |item, name| Value::member(item, name).and_then(Value::as_str);
                let pairs = list.iter();
                pairs
                    .map(|item| (member(item, "name"), member(item, "key")))
                    .collect()
            }
            _ => {
                let pairs = object.iter();
                pairs
                    .map(|(name, key)| (Some(name), key.as_str()))
                    .collect()
            }
        };
        let mut keys = Self::default();
        for (name, pem) in pairs {
            let name = name.filter(|name| is_name(name)).ok_or_else(|| {
                unusable(
                    path,
                    "a name in it has other than 1 to 200 letters, digits and ._:/@+-",
                )
            })?;
            let key = pem.and_then(PublicKey::from_pem).ok_or_else(|| {
                unusable(
                    path,
                    format!("what it has for {name} is no PEM of a public key"),
                )
            })?;
            if keys.find(name).is_ok() {
                let why = format!("it names {name} twice: which of them is meant is not said");
                return Err(unusable(path, why));
            }
            let name = name.to_owned();
            keys.0.push(TrustedKey { name, key });
        }
        Ok(keys)
    }

    /// Adds all keys of another list to the file, or none: another key under a name that is there is refused.
    pub fn add_all(path: &Path, keys: &Self) -> Result<(), Error> {
        let old = Self::read(path)?;
        for TrustedKey { name, key } in keys.iter() {
            if old.find(name).is_ok_and(|found| found.key != *key) {
                return Err(unusable(
                    path,
                    format!("another key is called {name} already"),
                ));
            }
        }
        for TrustedKey { name, key } in keys.iter() {
            Self::add(path, name, key)?;
        }
        Ok(())
    }

    /// The key of a name.
    pub fn find(&self, name: &str) -> Result<&TrustedKey, Error> {
        let found = self.0.iter().find(|key| key.name == name);
        found.ok_or_else(|| Error::UnknownKey { name: name.into() })
    }

    /// All keys, as the file has them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &TrustedKey> {
        self.0.iter()
    }

    /// Adds a key at the end of the file. The same key under the same name changes nothing; another key is refused.
    pub fn add(path: &Path, name: &str, key: &PublicKey) -> Result<(), Error> {
        if !is_name(name) {
            return Err(unusable(
                path,
                "a name has 1 to 200 letters, digits and ._:/@+-",
            ));
        }
        if let Ok(found) = Self::read(path)?.find(name) {
            if found.key == *key {
                return Ok(());
            }
            return Err(unusable(
                path,
                format!("another key is called {name} already"),
            ));
        }
        let line = format!(
            "{name} {} {}\n",
            key.key_id(),
            STANDARD.encode(key.to_der())
        );
        let file = OpenOptions::new().append(true).create(true).open(path);
        let mut file = file.map_err(Error::io("write", path))?;
        let written = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_all());
        written.map_err(Error::io("write", path))
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@+-".contains(&byte);
    (1..=200).contains(&name.len()) && name.bytes().all(plain)
}

fn parse(line: &str) -> Option<TrustedKey> {
    let mut words = line.split(' ');
    let (name, id, encoded) = (words.next()?, words.next()?, words.next()?);
    let key = PublicKey::from_der(&STANDARD.decode(encoded).ok()?)?;
    let holds = words.next().is_none() && is_name(name) && key.key_id() == id;
    holds.then(|| TrustedKey {
        name: name.to_owned(),
        key,
    })
}
