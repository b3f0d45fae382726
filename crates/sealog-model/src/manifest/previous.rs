//! What a statement that was signed before says of files that have not changed since.

use std::collections::BTreeMap;

use sealog_core::time::Timestamp;

use super::Statement;
use crate::Error;
use crate::digest::{Algorithm, Digests, Known, is_settled};
use crate::keys::PublicKey;
use crate::sign::verify_statement;
use crate::walk::{ModelPath, WalkedFile};

/// The files of a previous statement over the **same directory**, signed by the same key.
///
/// A file is taken from it if path and size are the same and the file system says that its content and state were
/// changed before the statement was begun. What that does not protect from: a directory that was there before under
/// another name (its files can be as old), a clock that was set back, and writes through a mapping of the file, whose
/// time may be set later.
#[derive(Debug)]
pub struct Previous {
    files: BTreeMap<ModelPath, (u64, Digests)>,
    /// When the statement was begun, in nanoseconds since 1970.
    begun: i128,
}

impl Previous {
    /// Reads a statement and its signature, which has to be by `key`: nothing unsigned gets into a new signature.
    ///
    /// # Errors
    /// As [`verify_statement`]; [`Error::NotExpected`] if it is about a model of another name.
    pub fn read(
        statement: &[u8],
        signature: &[u8],
        key: &PublicKey,
        name: &str,
    ) -> Result<Self, Error> {
        let vouched = verify_statement(statement, signature, key)?;
        vouched.expect(Some(name), None)?;
        let statement = Statement::parse(statement)?;
        let begun = begun(&statement.authorship().created_at)?;
        let files = statement.manifest().files().iter();
        let files = files.map(|file| {
            let content = (file.size(), file.digests().clone());
            (file.path().clone(), content)
        });
        Ok(Self {
            files: files.collect(),
            begun,
        })
    }
}

fn begun(created_at: &str) -> Result<i128, Error> {
    let time = created_at.parse::<Timestamp>();
    let time = time.map_err(|_| Error::malformed("the statement", "its time is none"))?;
    Ok(i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos()))
}

impl Known for Previous {
    fn find(&self, file: &WalkedFile, wanted: &[Algorithm]) -> Option<Digests> {
        let (size, digests) = self.files.get(file.path())?;
        let has = |algorithm: &Algorithm| digests.get(*algorithm).is_some();
        let unchanged = *size == file.size() && is_settled(&file.stamp, self.begun);
        (cfg!(unix) && unchanged && wanted.iter().all(has)).then(|| digests.clone())
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
