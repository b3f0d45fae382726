//! By what the bytes that are loaded are those that were checked.

use std::fs::File;
use std::path::Path;

use super::copy::SealedCopy;
use super::descriptors::Descriptors;
use crate::Error;
use crate::walk::FileSet;

/// The named means. A result and a record state which it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Means {
    /// A private copy in a directory of its own. Whoever runs as the same user can write to it.
    #[default]
    Sealed,
    /// A private copy in memory that nobody can write to any more, this process included (Linux, up to
    /// [`SEALED_MEMORY_BYTES_MAX`](crate::limits::SEALED_MEMORY_BYTES_MAX)). It ends with the process.
    SealedMemory,
    /// Open descriptors of the original (Linux, up to [`HELD_FILES_MAX`](crate::limits::HELD_FILES_MAX) files): safe
    /// against replacement, **not** against writes into the files, which only
    /// [`recheck`](super::VerifiedModel::recheck) tells, after they were loaded.
    Held,
}

impl Means {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::SealedMemory => "sealed-memory",
            Self::Held => "held",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sealed, Self::SealedMemory, Self::Held]
            .into_iter()
            .find(|means| means.name() == name)
    }

    /// What a record calls it.
    pub const fn protection(self) -> &'static str {
        match self {
            Self::Sealed | Self::SealedMemory => "sealed",
            Self::Held => "held",
        }
    }
}

/// What a gate keeps of a model.
#[derive(Debug)]
pub(super) enum Kept {
    Copy(SealedCopy),
    Open(Descriptors),
}

impl Kept {
    pub(super) fn make(means: Means, set: &FileSet, inside: &Path) -> Result<Self, Error> {
        match means {
            Means::Sealed => Ok(Self::Copy(SealedCopy::make(set, inside)?)),
            Means::SealedMemory => Ok(Self::Open(Descriptors::in_memory(set, inside)?)),
            Means::Held => Ok(Self::Open(Descriptors::held(set, inside)?)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Copy(copy) => copy.path(),
            Self::Open(open) => open.path(),
        }
    }

    pub(super) fn open(&self, path: &str) -> Result<File, Error> {
        match self {
            Self::Copy(copy) => copy.open(path),
            Self::Open(open) => open.open(path),
        }
    }

    pub(super) fn remove(self) -> Result<(), Error> {
        match self {
            Self::Copy(copy) => copy.remove(),
            Self::Open(open) => open.remove(),
        }
    }

    pub(super) fn keep_with_children(&self) -> Result<(), Error> {
        match self {
            Self::Copy(copy) => copy.home().keep_with_children(),
            Self::Open(open) => open.home().keep_with_children(),
        }
    }

    #[cfg(test)]
    pub(super) fn abandon(self) {
        match self {
            Self::Copy(copy) => copy.into_home().abandon(),
            Self::Open(open) => open.into_home().abandon(),
        }
    }
}
