//! A file of digests that spares reading what was read before (opt-in; `docs/models.md`).
//!
//! A file is known by device, inode, size and its times of modification and of change of state, all to the nanosecond.
//! The cache is this user's own: a file that belongs to another, or that others may write, is not read.
//!
//! **What is absent**: protection from whoever can write as this user or set the clock back; signing and the gate,
//! which read every byte.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sealog_core::Hash;

use super::file::open_no_link;
use super::known::{Known, is_settled};
use super::{Algorithm, Digests};
use crate::Error;
use crate::limits::{CACHE_BYTES_MAX, CACHE_ENTRIES_MAX};
use crate::walk::{FileSet, Stamp, WalkedFile};

const FIRST_LINE: &str = "sealog digest cache 1\n";
const LAST_LINE: &str = "sha256 ";

/// By what a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FileKey {
    device: u64,
    inode: u64,
    size: u64,
    modified: i128,
    changed: i128,
}

impl FileKey {
    fn of(file: &WalkedFile) -> Self {
        Self {
            device: file.identity.device,
            inode: file.identity.inode,
            size: file.size(),
            modified: file.stamp.modified,
            changed: file.stamp.changed,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    digests: Digests,
    /// Whether this run has seen the file: such entries stay where there is no room for all.
    seen: bool,
}

/// Digests of files that were read before.
#[derive(Debug)]
pub struct DigestCache {
    path: PathBuf,
    entries: BTreeMap<FileKey, Entry>,
    refused: Option<String>,
}

impl DigestCache {
    /// Reads the cache at a path. One that is not there is empty; one that cannot be trusted or read is empty too, and
    /// [`DigestCache::refused`] says why.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on systems whose files have no inode and time of change.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !cfg!(unix) {
            return Err(Error::Unsupported {
                what: "a digest cache",
                why: "files of this system have no inode and no time of change; leave the cache out",
            });
        }
        let (entries, refused) = match read(path) {
            Ok(entries) => (entries, None),
            Err(why) => (BTreeMap::new(), Some(why)),
        };
        Ok(Self {
            path: path.to_owned(),
            entries,
            refused,
        })
    }

    /// Why the file that was there was not used; it is written anew.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// How many files it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keeps what was read of a set. `began` is when its reading began, in nanoseconds since 1970: what changed just
    /// before that, or after, is not kept.
    pub(crate) fn learn(
        &mut self,
        set: &FileSet,
        digests: &[Digests],
        taken: &[bool],
        began: i128,
    ) {
        for ((file, digests), taken) in set.files().iter().zip(digests).zip(taken) {
            let key = FileKey::of(file);
            if *taken {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.seen = true;
                }
                continue;
            }
            let after = std::fs::symlink_metadata(file.source());
            let same = after.is_ok_and(|after| Stamp::of(&after) == file.stamp);
            if same && is_settled(&file.stamp, began) {
                let digests = digests.clone();
                let entry = Entry {
                    digests,
                    seen: true,
                };
                self.entries.insert(key, entry);
            }
        }
        if self.entries.len() > CACHE_ENTRIES_MAX {
            self.entries.retain(|_, entry| entry.seen);
        }
        while self.entries.len() > CACHE_ENTRIES_MAX {
            self.entries.pop_last();
        }
    }

    /// Writes it: a new file that takes the place of the old one at once, readable by this user alone.
    pub fn save(&self) -> Result<(), Error> {
        let io = || Error::io("write the digest cache", &self.path);
        let directory = self.path.parent().filter(|path| *path != Path::new(""));
        let directory = directory.unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".sealog-digests-")
            .tempfile_in(directory)
            .map_err(io())?;
        file.write_all(self.text().as_bytes()).map_err(io())?;
        file.persist(&self.path)
            .map_err(|error| io()(error.error))?;
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = FIRST_LINE.to_owned();
        for (key, entry) in &self.entries {
            let FileKey {
                device,
                inode,
                size,
                modified,
                changed,
            } = key;
            let mut line = format!("{device} {inode} {size} {modified} {changed}");
            for (algorithm, _) in entry.digests.iter() {
                let hex = entry.digests.hex(algorithm).unwrap_or_default();
                line.extend([" ", algorithm.name(), ":", &hex]);
            }
            if text.len() + line.len() + 128 > CACHE_BYTES_MAX {
                break;
            }
            text.push_str(&line);
            text.push('\n');
        }
        let sum = Hash::of(&[text.as_bytes()]).to_hex();
        format!("{text}{LAST_LINE}{sum}\n")
    }
}

impl Known for DigestCache {
    fn find(&self, file: &WalkedFile, wanted: &[Algorithm]) -> Option<Digests> {
        let entry = self.entries.get(&FileKey::of(file))?;
        let has = |algorithm: &Algorithm| entry.digests.get(*algorithm).is_some();
        wanted.iter().all(has).then(|| entry.digests.clone())
    }
}

/// Everything or the reason why not.
fn read(path: &Path) -> Result<BTreeMap<FileKey, Entry>, String> {
    let file = match open_no_link(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
    };
    own(&file)?;
    let limit = u64::try_from(CACHE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = String::new();
    file.take(limit.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    if text.len() > CACHE_BYTES_MAX {
        return Err(format!("it is longer than {CACHE_BYTES_MAX} bytes"));
    }
    parse(&text).ok_or_else(|| "it does not follow its format".to_owned())
}

fn parse(text: &str) -> Option<BTreeMap<FileKey, Entry>> {
    let at = text.strip_suffix('\n')?.rfind('\n')? + 1;
    let (body, last) = text.split_at_checked(at)?;
    let sum = last.strip_prefix(LAST_LINE)?.strip_suffix('\n')?;
    if sum != Hash::of(&[body.as_bytes()]).to_hex() {
        return None;
    }
    let mut entries = BTreeMap::new();
    let mut before = None;
    for line in body.strip_prefix(FIRST_LINE)?.lines() {
        let (key, digests) = entry(line)?;
        if before.replace(key) >= Some(key) || entries.len() >= CACHE_ENTRIES_MAX {
            return None;
        }
        let entry = Entry {
            digests,
            seen: false,
        };
        entries.insert(key, entry);
    }
    Some(entries)
}

fn entry(line: &str) -> Option<(FileKey, Digests)> {
    let mut words = line.split(' ');
    let key = FileKey {
        device: words.next()?.parse().ok()?,
        inode: words.next()?.parse().ok()?,
        size: words.next()?.parse().ok()?,
        modified: words.next()?.parse().ok()?,
        changed: words.next()?.parse().ok()?,
    };
    let mut digests = Digests::default();
    for word in words {
        let (name, hex) = word.split_once(':')?;
        let algorithm = Algorithm::from_name(name)?;
        if digests.get(algorithm).is_some() {
            return None;
        }
        digests.insert(algorithm, algorithm.parse_hex(hex)?);
    }
    (!digests.is_empty()).then_some((key, digests))
}

/// Whoever can write the cache can say what a model's digests are.
#[cfg(unix)]
fn own(file: &File) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no regular file".to_owned());
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("other users may write it".to_owned());
    }
    Ok(())
}

#[cfg(not(unix))]
fn own(_: &File) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
