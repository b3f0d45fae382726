//! One file, or a part of it, read once.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::algorithm::{Hasher, update_both};
use super::{Digests, Job};
use crate::Error;
use crate::digest::Algorithm;
use crate::limits::READ_BYTES;
use crate::walk::{BlobName, Identity, WalkedFile};

/// A job under way.
pub(super) struct Reading<'a> {
    /// Its place among the jobs.
    pub(super) number: usize,
    job: &'a Job<'a>,
    file: File,
    before: Metadata,
    left: u64,
    hashers: Vec<Hasher>,
    /// What was read and is not hashed yet: the first `ready` bytes.
    buffer: Vec<u8>,
    ready: usize,
}

impl<'a> Reading<'a> {
    /// Opens the file of a job, which has to be the one that the walk found.
    pub(super) fn open(
        number: usize,
        job: &'a Job<'a>,
        algorithms: &[Algorithm],
        buffer: Vec<u8>,
    ) -> Result<Self, Error> {
        let source = job.file.source();
        let (mut file, before) = open(job.file)?;
        let range = job.range.clone().unwrap_or(0..before.len());
        if range.start != 0 {
            file.seek(SeekFrom::Start(range.start))
                .map_err(Error::io("read", source))?;
        }
        let left = range.end.checked_sub(range.start);
        let left = left.ok_or_else(|| changed(source))?;
        let named = blob(job).map(|blob| blob.algorithm);
        let named = named.filter(|named| !algorithms.contains(named));
        let hashers = algorithms.iter().copied().chain(named);
        Ok(Self {
            number,
            job,
            file,
            before,
            left,
            hashers: hashers
                .map(|algorithm| Hasher::new(algorithm, left))
                .collect(),
            buffer,
            ready: 0,
        })
    }

    /// Bytes that are not hashed yet.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// Reads the next bytes: `step` of them, or fewer where the file system gives fewer.
    pub(super) fn read(&mut self, step: usize) -> Result<u64, Error> {
        let source = self.job.file.source();
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        self.buffer.resize(READ_BYTES, 0);
        let part = self.buffer.get_mut(..step.min(left).min(READ_BYTES));
        let read = self.file.read(part.unwrap_or_default());
        self.ready = read.map_err(Error::io("read", source))?;
        if self.ready == 0 && self.left > 0 {
            return Err(changed(source));
        }
        let read = u64::try_from(self.ready).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(read);
        Ok(read)
    }

    /// Hashes what was read.
    pub(super) fn hash(&mut self) {
        let part = self.buffer.get(..self.ready).unwrap_or_default();
        for hasher in &mut self.hashers {
            hasher.update(part);
        }
        self.ready = 0;
    }

    /// Hashes what was read of two files, SHA-256 in step.
    pub(super) fn hash_both(&mut self, other: &mut Reading<'_>) {
        update_both(
            &mut self.hashers,
            self.buffer.get(..self.ready).unwrap_or_default(),
            &mut other.hashers,
            other.buffer.get(..other.ready).unwrap_or_default(),
        );
        self.ready = 0;
        other.ready = 0;
    }

    /// The digests that were asked for, if the file did not change meanwhile; and the buffer, for the next one.
    pub(super) fn finish(self, wanted: &[Algorithm]) -> (Vec<u8>, Result<Digests, Error>) {
        let source = self.job.file.source();
        let digests = match self.file.metadata() {
            Err(error) => Err(Error::io("look at", source)(error)),
            Ok(after) if !same_content(&self.before, &after) => Err(changed(source)),
            Ok(_) => {
                let mut digests = Digests::default();
                for hasher in self.hashers {
                    let (algorithm, value) = hasher.finish();
                    digests.insert(algorithm, value);
                }
                check_name(self.job, &digests).map(|()| digests.only(wanted))
            }
        };
        (self.buffer, digests)
    }
}

fn changed(path: &Path) -> Error {
    Error::Changed {
        path: path.to_owned(),
    }
}

/// The digest that the name of a whole file states, if it is a blob of a hub cache.
fn blob<'a>(job: &'a Job<'_>) -> Option<&'a BlobName> {
    job.file.blob.as_ref().filter(|_| job.range.is_none())
}

/// The content of a blob of a hub cache has to be what its name says.
fn check_name(job: &Job<'_>, digests: &Digests) -> Result<(), Error> {
    let Some(blob) = blob(job) else {
        return Ok(());
    };
    let found = digests.hex(blob.algorithm).unwrap_or_default();
    if found == blob.hex {
        return Ok(());
    }
    Err(Error::Blob {
        path: job.file.path().to_string(),
        expected: blob.hex.clone(),
        found,
    })
}

/// Opens the file that the walk found, and no other that has taken its place.
pub(crate) fn open(file: &WalkedFile) -> Result<(File, Metadata), Error> {
    let source = file.source();
    let opened = open_no_link(source).map_err(Error::io("open", source))?;
    let metadata = opened.metadata().map_err(Error::io("look at", source))?;
    let same = metadata.is_file()
        && metadata.len() == file.size()
        && Identity::of(&metadata) == file.identity;
    if same {
        Ok((opened, metadata))
    } else {
        Err(changed(source))
    }
}

/// Without following a link, and without waiting for the other end of a FIFO that took the file's place.
#[cfg(unix)]
pub(crate) fn open_no_link(path: &Path) -> std::io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(not(unix))]
pub(crate) fn open_no_link(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Whoever writes to a file can set its time of modification back, not that of its last change of state.
#[cfg(unix)]
fn same_content(before: &Metadata, after: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let seen = |metadata: &Metadata| {
        let times = [metadata.mtime(), metadata.mtime_nsec()];
        let states = [metadata.ctime(), metadata.ctime_nsec()];
        (metadata.len(), times, states)
    };
    seen(before) == seen(after)
}

#[cfg(not(unix))]
fn same_content(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}
