//! Keys that sign models: PEM files of PKCS#8 and `SubjectPublicKeyInfo`, and the list of keys that a user trusts.
//!
//! **What is absent**: prompts and environment variables, from which a shell takes a password; keys in hardware.

mod private;
mod public;
mod trusted;

pub use private::{PrivateKey, new_ecdsa_key, new_private_key, new_rsa_key};
pub(crate) use public::rsa_bits;
pub use public::{KeyKind, PublicKey};
pub use trusted::{TRUSTED_KEYS_FILE, TrustedKey, TrustedKeys};

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::Error;
use crate::limits::KEY_FILE_BYTES_MAX;

pub(crate) fn unusable(path: &Path, why: impl Into<String>) -> Error {
    Error::Key {
        path: path.to_owned(),
        why: why.into(),
    }
}

/// Reads a file of keys or certificates, bounded.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let file = File::open(path).map_err(Error::io("read the key", path))?;
    let limit = u64::try_from(KEY_FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = Zeroizing::new(String::new());
    let read = file
        .take(limit.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::InvalidData => unusable(path, "it is not text"),
            _ => Error::io("read the key", path)(source),
        })?;
    if read > KEY_FILE_BYTES_MAX {
        return Err(unusable(path, "it is too long"));
    }
    Ok(text)
}

/// Makes a file that was not there and flushes it. A secret one can be read by its owner alone from the start.
fn create(path: &Path, secret: Secrecy, text: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    secret.restrict(&mut options);
    let mut file = options.open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists {
            path: path.to_owned(),
        },
        _ => Error::io("make", path)(source),
    })?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    written.map_err(Error::io("write", path))
}

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    Owner,
    Everyone,
}

impl Secrecy {
    #[cfg(unix)]
    fn restrict(self, options: &mut OpenOptions) {
        use std::os::unix::fs::OpenOptionsExt;
        if self == Self::Owner {
            options.mode(0o600);
        }
    }

    #[cfg(not(unix))]
    fn restrict(self, _: &mut OpenOptions) {}
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
