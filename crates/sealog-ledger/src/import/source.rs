//! The bytes of a source: copied once into a private file, so that what was verified is what is adopted.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sealog_core::hash::Hash;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::ImportError;

/// Bytes of a source, at most.
pub const SOURCE_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes of one record of a source, at most.
pub const RECORD_LINE_BYTES_MAX: usize = 1024 * 1024;

/// A private copy of a source.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) file: NamedTempFile,
    pub(super) digest: Hash,
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> ImportError {
    let path = path.to_owned();
    move |source| ImportError::Io {
        action,
        path: path.clone(),
        source,
    }
}

/// Copies a regular file; of a FIFO or device nothing is read.
pub(super) fn copy_of(path: &Path) -> Result<Copy, ImportError> {
    let io = failed("read", path);
    if !fs::metadata(path).map_err(&io)?.is_file() {
        return Err(ImportError::source(
            "not_a_file",
            "it is not a regular file",
        ));
    }
    let file = File::open(path).map_err(&io)?;
    if !file.metadata().map_err(&io)?.is_file() {
        return Err(ImportError::source(
            "not_a_file",
            "it is not a regular file",
        ));
    }
    copy_from(file, SOURCE_BYTES_MAX, path)
}

pub(super) fn copy_from(
    mut input: impl Read,
    limit: u64,
    path: &Path,
) -> Result<Copy, ImportError> {
    let io = failed("copy", path);
    let mut file = NamedTempFile::new().map_err(&io)?;
    let mut sha = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut total = 0_u64;
    loop {
        let read = input.read(&mut piece).map_err(&io)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        total = total.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if total > limit {
            return Err(ImportError::source(
                "source_too_large",
                "it is larger than the limit",
            ));
        }
        sha.update(bytes);
        file.write_all(bytes).map_err(&io)?;
    }
    file.flush().map_err(&io)?;
    Ok(Copy {
        file,
        digest: Hash::new(sha.finalize().into()),
    })
}

/// Takes a line: its position, its bytes, and whether it has an end.
type EachLine<'a> = dyn FnMut(u64, &[u8], bool) -> Result<(), ImportError> + 'a;

/// Calls `each` with every line, its position, and whether it has an end. Blank lines count.
pub(super) fn lines(file: &mut File, each: &mut EachLine<'_>) -> Result<(), ImportError> {
    let io = failed("read", Path::new("the copy of the source"));
    file.seek(SeekFrom::Start(0)).map_err(&io)?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut line = Vec::new();
    let limit = u64::try_from(RECORD_LINE_BYTES_MAX).unwrap_or(u64::MAX);
    for position in 0_u64.. {
        line.clear();
        let mut bounded = (&mut reader).take(limit + 1);
        if bounded.read_until(b'\n', &mut line).map_err(&io)? == 0 {
            break;
        }
        let ended = line.last() == Some(&b'\n');
        if ended {
            line.pop();
        }
        if line.len() > RECORD_LINE_BYTES_MAX {
            return Err(ImportError::source(
                "line_too_long",
                "a line is longer than 1 MiB",
            ));
        }
        each(position, &line, ended)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(Vec<u8>, bool)>, ImportError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let mut seen = Vec::new();
        lines(&mut file, &mut |_, line, ended| {
            seen.push((line.to_vec(), ended));
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn lines_are_read_up_to_the_limit_and_not_beyond() {
        let mut line = vec![b'a'; RECORD_LINE_BYTES_MAX];
        line.push(b'\n');
        assert_eq!(read(&line).unwrap().len(), 1);
        line.insert(0, b'a');
        assert_eq!(read(&line).unwrap_err().code(), "line_too_long");
        assert_eq!(
            read(b"a\n\nb").unwrap(),
            [
                (b"a".to_vec(), true),
                (Vec::new(), true),
                (b"b".to_vec(), false)
            ]
        );
    }

    #[test]
    fn a_source_is_copied_up_to_the_limit_and_not_beyond() {
        let path = Path::new("a source");
        let copy = copy_from(&b"abc"[..], 3, path).unwrap();
        assert_eq!(copy.digest, Hash::of(&[b"abc"]));
        let error = copy_from(&b"abcd"[..], 3, path).unwrap_err();
        assert_eq!(error.code(), "source_too_large");
    }

    #[test]
    fn a_directory_is_no_source() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(copy_of(directory.path()).unwrap_err().code(), "not_a_file");
    }
}
