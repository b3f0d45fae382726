//! A listing becomes a directory: each file is checked before it stands under its name, and the directory stands under
//! its own only when all of it is there and nothing besides.
//!
//! Until then everything lies in a directory beside it that nobody else may enter, `NAME.sealog-fetch`. A fetch that
//! broke off is taken up from there, file by file and inside a file from the byte where it ended. **What is absent**:
//! several downloads at once.

mod staging;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use staging::Staging;

use super::limits::{FETCH_BYTES_MAX, RESUMES_MAX};
use super::listing::{Listing, RemoteFile};
use super::trouble::Trouble;
use crate::Error;
use crate::digest::{Algorithm, DigestOptions, Progress, Silent, digest};
use crate::limits::READ_BYTES;
use crate::manifest::{Change, ChangeKind, Manifest};
use crate::walk::{FileSet, IgnoreRules, LinkPolicy, WalkOptions};

/// How a model is fetched.
#[derive(Clone, Copy)]
pub struct FetchOptions<'a> {
    /// Bytes of all files together, at most; a listing with more is refused before anything is fetched.
    pub bytes_max: u64,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
}

impl Default for FetchOptions<'_> {
    fn default() -> Self {
        Self {
            bytes_max: FETCH_BYTES_MAX,
            progress: &Silent,
        }
    }
}

impl std::fmt::Debug for FetchOptions<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FetchOptions")
            .field("bytes_max", &self.bytes_max)
            .finish_non_exhaustive()
    }
}

/// A model that was fetched: a directory that holds what was listed, and nothing besides.
#[derive(Debug, Clone)]
pub struct Fetched {
    path: PathBuf,
    manifest: Manifest,
    without_digest: u64,
}

impl Fetched {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its manifest, of what lies there.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Files of which the source states no digest: their size alone was held against the listing.
    pub const fn without_digest(&self) -> u64 {
        self.without_digest
    }
}

/// Where the bytes of a listing come from.
pub(super) trait Supply {
    /// What names these very files, if anything does: what was fetched of them before is then taken up.
    fn key(&self) -> Option<&str>;

    /// The source, for messages.
    fn place(&self) -> String;

    /// The bytes of a file, from one byte on if that can be had.
    fn open(&self, file: &RemoteFile, from: u64) -> Result<Part, Error>;

    /// Where a copy of a file may lie on this machine. It is checked like any other.
    fn local(&self, _: &RemoteFile) -> Option<PathBuf> {
        None
    }
}

/// Bytes of a file.
pub(super) struct Part {
    /// The first of them; never behind the one that was asked for.
    pub(super) start: u64,
    pub(super) reader: Box<dyn Read>,
}

/// Fetches what is listed to `to`, where nothing may be.
pub(super) fn fetch(
    listing: &Listing,
    supply: &dyn Supply,
    to: &Path,
    options: &FetchOptions<'_>,
) -> Result<Fetched, Error> {
    if listing.bytes() > options.bytes_max {
        return Err(Error::Limit {
            what: "bytes of the model",
            limit: options.bytes_max,
        });
    }
    let staging = Staging::open(to, supply.key())?;
    for file in listing.files() {
        if staging.holds(file)? {
            options.progress.add(file.size);
            continue;
        }
        let part = staging.part(file);
        let fits = match supply.local(file) {
            Some(found) => copy(&found, file, &part)?,
            None => false,
        };
        if fits {
            options.progress.add(file.size);
        } else {
            download(file, supply, &part, options.progress)?;
        }
        staging.place(file)?;
    }
    let manifest = closed(listing, &staging)?;
    let path = staging.finish()?;
    let without_digest = listing.without_digest().count();
    Ok(Fetched {
        path,
        manifest,
        without_digest: u64::try_from(without_digest).unwrap_or(u64::MAX),
    })
}

/// Holds what was fetched against the listing once more: the whole of it, as it lies there.
fn closed(listing: &Listing, staging: &Staging) -> Result<Manifest, Error> {
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let root = staging.model();
    let checked = match listing.closed_set(IgnoreRules::none(), LinkPolicy::Refuse) {
        Some(set) => set.check(root, &[], &options).map(|(manifest, _)| manifest),
        None => sizes(listing, root, &options),
    };
    if checked.is_err() {
        // What lies there is of no use: the next fetch begins anew.
        staging.clear();
    }
    checked
}

/// The same where the source states no digests.
fn sizes(listing: &Listing, root: &Path, options: &DigestOptions<'_>) -> Result<Manifest, Error> {
    let walk = WalkOptions {
        ignore: IgnoreRules::none(),
        links: LinkPolicy::Refuse,
    };
    let (manifest, _) = Manifest::of(root, &walk, options)?;
    let mut changes = Vec::new();
    let mut listed = listing.files().iter().peekable();
    for found in manifest.files() {
        let before = |file: &&RemoteFile| file.path < *found.path();
        while let Some(missing) = listed.next_if(before) {
            changes.push(change(missing.path.as_str(), ChangeKind::Removed));
        }
        match listed.next_if(|file| file.path == *found.path()) {
            Some(file) if file.size == found.size() && fits(file, &manifest) => {}
            Some(_) => changes.push(change(found.path().as_str(), ChangeKind::Modified)),
            None => changes.push(change(found.path().as_str(), ChangeKind::Added)),
        }
    }
    changes.extend(listed.map(|file| change(file.path.as_str(), ChangeKind::Removed)));
    if changes.is_empty() {
        Ok(manifest)
    } else {
        Err(Error::Differs { changes })
    }
}

/// A digest by SHA-256, where there is one among files that have none. Others were checked when the file came.
fn fits(file: &RemoteFile, manifest: &Manifest) -> bool {
    let Some((Algorithm::Sha256, expected)) = file.digest() else {
        return true;
    };
    let found = manifest
        .files()
        .iter()
        .find(|found| *found.path() == file.path);
    found.and_then(|found| found.digests().get(Algorithm::Sha256)) == Some(expected)
}

fn change(path: &str, kind: ChangeKind) -> Change {
    let path = path.to_owned();
    Change { path, kind }
}

/// Takes a copy that lies on this machine, if it has the content that is listed.
fn copy(found: &Path, file: &RemoteFile, part: &Path) -> Result<bool, Error> {
    if file.digest.is_none() {
        return Ok(false);
    }
    let Ok(source) = File::open(found) else {
        return Ok(false);
    };
    let fits = source
        .metadata()
        .is_ok_and(|found| found.is_file() && found.len() == file.size);
    if !fits {
        return Ok(false);
    }
    Staging::remove(part)?;
    let mut to = Staging::append(part, 0)?;
    let copied = std::io::copy(&mut source.take(file.size), &mut to);
    copied.map_err(Error::io("copy", found))?;
    if check(file, part).is_ok() {
        return Ok(true);
    }
    Staging::remove(part)?;
    Ok(false)
}

/// Brings the bytes of a file, as often as it breaks off, and checks them.
fn download(
    file: &RemoteFile,
    supply: &dyn Supply,
    part: &Path,
    progress: &dyn Progress,
) -> Result<(), Error> {
    // Without a digest nothing could tell the halves of two files from one.
    let resumes = file.digest.is_some();
    let mut have = if resumes { Staging::size(part)? } else { 0 };
    let mut whole = false;
    let mut why = String::new();
    for _ in 0..RESUMES_MAX {
        if have >= file.size && have > 0 && !whole {
            // What an earlier fetch left: it may be of use.
            if have == file.size && check(file, part).is_ok() {
                progress.add(file.size);
                return Ok(());
            }
            have = 0;
        }
        let ended = append(file, supply, part, if resumes { have } else { 0 }, progress)?;
        whole |= ended.start == 0;
        have = ended.end;
        let Some(broken) = ended.broken else {
            match check(file, part) {
                Ok(()) => return Ok(()),
                // The first half may be of an earlier fetch, and of no use.
                Err(_) if !whole => have = 0,
                Err(error) => {
                    Staging::remove(part)?;
                    return Err(error);
                }
            }
            continue;
        };
        why = broken;
    }
    let trouble = Trouble::TooShort {
        path: file.path.to_string(),
        size: file.size,
        found: have,
        why,
    };
    Err(trouble.at(supply.place()))
}

/// How an answer ended.
struct Ended {
    /// The first byte of it.
    start: u64,
    /// The byte behind its last.
    end: u64,
    /// Why it ended before the file did.
    broken: Option<String>,
}

/// Writes one answer behind what is there.
fn append(
    file: &RemoteFile,
    supply: &dyn Supply,
    part: &Path,
    from: u64,
    progress: &dyn Progress,
) -> Result<Ended, Error> {
    let Part { start, mut reader } = supply.open(file, from)?;
    let mut to = Staging::append(part, start)?;
    let mut end = start;
    let mut buffer = vec![0; READ_BYTES];
    let broken = loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) if end < file.size => break Some("the answer ended".to_owned()),
            Ok(0) => break None,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => break Some(error.to_string()),
        };
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        end = end.saturating_add(bytes);
        if end > file.size {
            Staging::remove(part)?;
            let path = file.path.to_string();
            let size = file.size;
            return Err(Trouble::TooLong { path, size }.at(supply.place()));
        }
        let piece = buffer.get(..read).unwrap_or_default();
        to.write_all(piece).map_err(Error::io("write", part))?;
        progress.add(bytes);
    };
    to.sync_data().map_err(Error::io("write", part))?;
    Ok(Ended { start, end, broken })
}

/// Whether a file that came has the size and the digest of its listing.
fn check(file: &RemoteFile, part: &Path) -> Result<(), Error> {
    let Some((algorithm, expected)) = file.digest() else {
        let found = std::fs::metadata(part).map_err(Error::io("look at", part))?;
        return if found.len() == file.size {
            Ok(())
        } else {
            let path = part.to_owned();
            Err(Error::Changed { path })
        };
    };
    let set = FileSet::walk(part, &WalkOptions::default())?;
    let algorithms = [algorithm];
    let digests = digest(&set, &DigestOptions::new(&algorithms))?;
    let found = digests.first().cloned().unwrap_or_default();
    if set.bytes() == file.size && found.get(algorithm) == Some(expected) {
        return Ok(());
    }
    let trouble = Trouble::Content {
        path: file.path.to_string(),
        algorithm: algorithm.name(),
        expected: file.hex().unwrap_or_default(),
        found: found.hex(algorithm).unwrap_or_default(),
    };
    Err(trouble.at(part.display().to_string()))
}
