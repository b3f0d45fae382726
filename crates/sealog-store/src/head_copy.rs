//! Head copies: the log's last checkpoint, kept outside the ledger directory (docs/formats/store.md, "Head copy").
//!
//! Two slots are written in turn and never flushed, so that a torn slot leaves the other. What stands in them is not
//! judged here: the ledger verifies the notes and takes the larger.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sealog_core::Hash;
use sealog_core::limits::HEAD_NOTE_BYTES_MAX;

use crate::Error;
use crate::disk::{Disk, DiskFile, FileKind, Open, Reach};
use crate::file::transfer::{read_full, write_whole};

/// The first line of a slot.
const TITLE: &str = "sealog head v1\n";
/// Bytes before the note: title, number (20 digits), length (7 digits), checksum (64 digits), each with a newline.
const HEADER_BYTES: usize = 15 + 21 + 8 + 65;

/// The two slots of one log.
#[derive(Debug)]
pub struct HeadCopy {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    paths: [PathBuf; 2],
    own: Mutex<Own>,
}

/// What a writer keeps between writes.
#[derive(Debug, Default)]
struct Own {
    /// The slots; opened anew when a name is gone.
    open: [Option<Box<dyn DiskFile>>; 2],
    buffer: Vec<u8>,
}

/// What stands in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadSlot {
    /// No file, or an empty one.
    Absent,
    /// Bytes that are not a whole slot: torn by a crash, or damaged.
    Torn,
    /// A whole slot. That says nothing about who wrote it.
    Note {
        /// Grows by one with each write to either slot.
        number: u64,
        /// The bytes that were written.
        note: Vec<u8>,
    },
}

impl HeadCopy {
    /// The head copies of the log `origin` in `directory`; touches no file yet.
    pub fn new(disk: Arc<dyn Disk>, directory: &Path, origin: &str) -> Self {
        let name = Hash::of(&[origin.as_bytes()]);
        Self {
            disk,
            directory: directory.to_path_buf(),
            paths: [0, 1].map(|slot| directory.join(format!("{name}.{slot}"))),
            own: Mutex::default(),
        }
    }

    /// The files of the two slots.
    pub fn paths(&self) -> &[PathBuf; 2] {
        &self.paths
    }

    /// What stands in the two slots now.
    pub fn read(&self) -> Result<[HeadSlot; 2], Error> {
        let [first, second] = &self.paths;
        // Files of its own: reading shares nothing with a writer of another thread.
        let mut buffer = Vec::new();
        Ok([
            self.read_slot(first, &mut None, &mut buffer)?,
            self.read_slot(second, &mut None, &mut buffer)?,
        ])
    }

    /// Writes `note` (at most [`HEAD_NOTE_BYTES_MAX`] bytes) over the older slot, or over one that is not whole.
    ///
    /// Not flushed: the operating system does that in its time. The first write makes the directory (0700), with
    /// those above it that are absent, and the files (0600), and flushes their names. Call it in the turn: two writers
    /// at once could take the same slot.
    pub fn write(&self, note: &[u8]) -> Result<(), Error> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let Own { open, buffer } = &mut *own;
        let [first, second] = open;
        let [first_path, second_path] = &self.paths;
        // Another process may have written since, so both are read.
        let found = [
            self.read_slot(first_path, first, buffer)?,
            self.read_slot(second_path, second, buffer)?,
        ];
        let (path, file, number) = match &found {
            [
                HeadSlot::Note { number: a, .. },
                HeadSlot::Note { number: b, .. },
            ] if a > b => (second_path, second, *a),
            [HeadSlot::Note { .. }, HeadSlot::Note { number, .. }] => (first_path, first, *number),
            [HeadSlot::Note { number, .. }, _] => (second_path, second, *number),
            [_, HeadSlot::Note { number, .. }] => (first_path, first, *number),
            _ => (first_path, first, 0),
        };
        let content = encode(number.saturating_add(1), note).ok_or_else(|| Error::TooLong {
            path: path.clone(),
            max: u64::try_from(HEAD_NOTE_BYTES_MAX).unwrap_or(u64::MAX),
            found: u64::try_from(note.len()).unwrap_or(u64::MAX),
        })?;
        let file = match file {
            Some(file) => file,
            None => file.insert(self.make(path)?),
        };
        write_whole(file.as_ref(), 0, &content).map_err(Error::io("write", path))
    }

    /// Reads a slot through `file`, which is opened if it is not, and forgotten if its name is gone.
    fn read_slot(
        &self,
        path: &Path,
        file: &mut Option<Box<dyn DiskFile>>,
        buffer: &mut Vec<u8>,
    ) -> Result<HeadSlot, Error> {
        if !self.exists(path)? {
            *file = None;
            return Ok(HeadSlot::Absent);
        }
        let file = match file {
            Some(file) => file,
            None => file.insert(self.open(path)?),
        };
        buffer.resize(HEADER_BYTES + HEAD_NOTE_BYTES_MAX, 0);
        let read = read_full(file.as_ref(), 0, buffer).map_err(Error::io("read", path))?;
        let content = buffer.get(..read).unwrap_or_default();
        if content.is_empty() {
            return Ok(HeadSlot::Absent);
        }
        Ok(decode(content).unwrap_or(HeadSlot::Torn))
    }

    /// Opens a slot for writing, or for reading where that is all this process may.
    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, Error> {
        self.disk
            .open(path, Open::Write)
            .or_else(|_| self.disk.open(path, Open::Read))
            .map_err(Error::io("open", path))
    }

    /// Whether `path` exists; what exists must be a regular file.
    fn exists(&self, path: &Path) -> Result<bool, Error> {
        match self.disk.metadata(path) {
            Ok(found) if found.kind() == FileKind::File => Ok(true),
            Ok(found) => Err(Error::WrongKind {
                path: path.to_path_buf(),
                expected: FileKind::File.name(),
                found: found.kind().name(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("look at", path)(error)),
        }
    }

    fn make(&self, path: &Path) -> Result<Box<dyn DiskFile>, Error> {
        make_directories(self.disk.as_ref(), &self.directory)?;
        let file = self.disk.open(path, Open::Create(Reach::Owner));
        let file = file.map_err(Error::io("make", path))?;
        self.disk
            .sync_dir(&self.directory)
            .map_err(Error::io("flush", &self.directory))?;
        Ok(file)
    }
}

/// Makes `directory` and those above it that are absent, for the owner only, and flushes their names.
fn make_directories(disk: &dyn Disk, directory: &Path) -> Result<(), Error> {
    match disk.metadata(directory) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("look at", directory)(error)),
    }
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            make_directories(disk, parent)?;
            parent
        }
        _ => Path::new("."),
    };
    match disk.create_dir(directory, Reach::Owner) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("make the directory", directory)(error))
        }
        _ => disk.sync_dir(parent).map_err(Error::io("flush", parent)),
    }
}

fn encode(number: u64, note: &[u8]) -> Option<Vec<u8>> {
    if note.len() > HEAD_NOTE_BYTES_MAX {
        return None;
    }
    let counted = format!("{number:020}\n{:07}\n", note.len());
    let checksum = Hash::of(&[counted.as_bytes(), note]);
    let mut content = format!("{TITLE}{counted}{checksum}\n").into_bytes();
    content.extend_from_slice(note);
    Some(content)
}

fn decode(content: &[u8]) -> Option<HeadSlot> {
    let (header, rest) = content.split_at_checked(HEADER_BYTES)?;
    let header = std::str::from_utf8(header).ok()?.strip_prefix(TITLE)?;
    let mut fields = header.split('\n');
    let number: u64 = fields.next()?.parse().ok()?;
    let bytes: usize = fields.next()?.parse().ok()?;
    let checksum = Hash::from_hex(fields.next()?)?;
    let note = rest.get(..bytes)?;
    let counted = header.get(..29)?;
    if Hash::of(&[counted.as_bytes(), note]) != checksum {
        return None;
    }
    Some(HeadSlot::Note {
        number,
        note: note.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_stands_byte_by_byte_as_documented() {
        let slot = encode(7, b"note\n").unwrap();
        let checksum = Hash::of(&[b"00000000000000000007\n0000005\nnote\n"]);
        let expected = format!("sealog head v1\n00000000000000000007\n0000005\n{checksum}\nnote\n");
        assert_eq!(slot, expected.as_bytes());
        let note = b"note\n".to_vec();
        assert_eq!(decode(&slot), Some(HeadSlot::Note { number: 7, note }));
    }

    #[test]
    fn the_example_of_the_page_is_what_is_written() {
        assert_eq!(
            crate::page::block("head").as_bytes(),
            encode(1, b"note\n").unwrap()
        );
    }

    #[test]
    fn a_slot_with_any_byte_changed_or_cut_is_torn() {
        let slot = encode(7, b"note\n").unwrap();
        for position in 0..slot.len() {
            let mut torn = slot.clone();
            torn[position] ^= 1;
            assert_eq!(decode(&torn), None, "byte {position}");
            assert_eq!(decode(&slot[..position]), None, "cut at {position}");
        }
    }

    #[test]
    fn what_a_longer_note_left_behind_is_not_read() {
        let mut slot = encode(8, b"short").unwrap();
        slot.extend_from_slice(b"rest of a longer one");
        assert!(matches!(decode(&slot), Some(HeadSlot::Note { note, .. }) if note == b"short"));
    }

    #[test]
    fn a_note_is_as_long_as_the_limit_and_no_longer() {
        let longest = vec![b'x'; HEAD_NOTE_BYTES_MAX];
        assert!(decode(&encode(u64::MAX, &longest).unwrap()).is_some());
        assert_eq!(encode(1, &[longest, vec![b'x']].concat()), None);
    }
}
