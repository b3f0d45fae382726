//! The key-encryption key, where nobody brings a wrapper of their own: a file of mode 0600 beside the key store, or an
//! environment variable.

use std::path::Path;
use std::sync::Arc;

use sealog_core::hash::{decode_hex, push_hex};
use sealog_privacy::limits::{WRAPPED_KEY_BYTES_MAX, WRAPPED_KEY_BYTES_MIN, WRAPPER_ID_BYTES_MAX};
use sealog_privacy::wrap::{KeyWrapper, LocalWrapper};
use zeroize::Zeroizing;

use crate::clock::Random;
use crate::keys::{read_secret, write_secret};
use crate::{Error, keys};

/// Name of the file of the key-encryption key.
pub const KEK_FILE: &str = "kek.key";
/// Name of the file of the key that is to take its place, until every key is wrapped by it.
const NEW_KEK_FILE: &str = "kek.key.new";
/// The environment variable that holds it instead: 64 hex digits.
pub const KEK_VARIABLE: &str = "SEALOG_KEK";

/// A wrapper that the host brought: what it wraps is stored only if it gives the key back.
#[derive(Debug)]
struct Given(Arc<dyn KeyWrapper>);

impl Given {
    fn checked(given: &Arc<dyn KeyWrapper>) -> Result<Arc<dyn KeyWrapper>, Error> {
        let id = given.id();
        let is_id = (1..=WRAPPER_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_id {
            return Err(Error::Argument {
                what: "the id of the key wrapper",
                why: format!("it is not 1 to {WRAPPER_ID_BYTES_MAX} printable characters of ASCII"),
            });
        }
        Ok(Arc::new(Self(Arc::clone(given))))
    }
}

impl KeyWrapper for Given {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, sealog_privacy::Error> {
        let wrapped = self.0.wrap(key, context)?;
        let failed = |why: String| Err(sealog_privacy::Error::Wrapper { why });
        if !(WRAPPED_KEY_BYTES_MIN..=WRAPPED_KEY_BYTES_MAX).contains(&wrapped.len()) {
            return failed(format!(
                "wrapped it has {} bytes, {WRAPPED_KEY_BYTES_MIN} to {WRAPPED_KEY_BYTES_MAX} are allowed",
                wrapped.len()
            ));
        }
        if wrapped.windows(key.len()).any(|window| window == key) {
            return failed("what was wrapped holds the key in the clear".into());
        }
        // What cannot be unwrapped would be noticed only when nobody holds the key any more.
        if *self.0.unwrap(&wrapped, context)? != *key {
            return failed("what was wrapped gives back another key".into());
        }
        Ok(wrapped)
    }

    fn unwrap(
        &self,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, sealog_privacy::Error> {
        self.0.unwrap(wrapped, context)
    }
}

/// Which key-encryption key a key store is opened with.
pub(crate) fn wrapper(
    given: Option<&Arc<dyn KeyWrapper>>,
    directory: &Path,
    random: &dyn Random,
    is_new: bool,
) -> Result<Arc<dyn KeyWrapper>, Error> {
    if let Some(given) = given {
        return Given::checked(given);
    }
    if let Some(text) = std::env::var_os(KEK_VARIABLE) {
        let text = Zeroizing::new(text.into_string().unwrap_or_default());
        return read(&text).ok_or_else(|| Error::Argument {
            what: KEK_VARIABLE,
            why: "it is not 64 lowercase hex digits".into(),
        });
    }
    let path = directory.join(KEK_FILE);
    if is_new && !path.exists() {
        return create(&path, random);
    }
    let text = match read_secret(&path) {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::KeyMissing { path });
        }
        text => text?,
    };
    let text = std::str::from_utf8(&text).ok().map(str::trim_end);
    text.and_then(read).ok_or(Error::KeyFile {
        path,
        why: "it is not 64 lowercase hex digits".into(),
    })
}

/// Makes a new key-encryption key in a file that did not exist.
pub(crate) fn create(path: &Path, random: &dyn Random) -> Result<Arc<dyn KeyWrapper>, Error> {
    let mut key = Zeroizing::new([0; 32]);
    random.fill(&mut *key)?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    push_hex(&mut text, &*key);
    text.push('\n');
    write_secret(path, text.as_bytes())?;
    Ok(Arc::new(LocalWrapper::new(*key)))
}

/// A key-encryption key that is kept nowhere, for a ledger in memory.
pub(crate) fn ephemeral(random: &dyn Random) -> Result<Arc<dyn KeyWrapper>, Error> {
    let mut key = Zeroizing::new([0; 32]);
    random.fill(&mut *key)?;
    Ok(Arc::new(LocalWrapper::new(*key)))
}

/// Makes the key that is to take the place of the one in the file.
pub(crate) fn begin_replacing(
    directory: &Path,
    random: &dyn Random,
) -> Result<Arc<dyn KeyWrapper>, Error> {
    let new = directory.join(NEW_KEK_FILE);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", new)(error))
        }
        _ => create(&new, random),
    }
}

/// Puts the new key in the place of the old one if the store names it already; a crash may have come between.
pub(crate) fn finish_replacing(
    directory: &Path,
    is_named: impl FnOnce(&str) -> Result<bool, Error>,
) -> Result<(), Error> {
    let new = directory.join(NEW_KEK_FILE);
    if !new.exists() {
        return Ok(());
    }
    let text = read_secret(&new)?;
    let text = std::str::from_utf8(&text).ok().map(str::trim_end);
    if let Some(wrapper) = text.and_then(read)
        && is_named(wrapper.id())?
    {
        return keys::replace_secret(&directory.join(KEK_FILE), &new);
    }
    Ok(())
}

fn read(text: &str) -> Option<Arc<dyn KeyWrapper>> {
    let mut key = Zeroizing::new([0; 32]);
    decode_hex(text.as_bytes(), &mut *key)?;
    Some(Arc::new(LocalWrapper::new(*key)))
}
