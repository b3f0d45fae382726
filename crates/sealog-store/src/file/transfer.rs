//! Whole reads and writes over a disk that may do less than it was asked.

use std::io;

use crate::disk::DiskFile;

/// How far a write came.
pub(crate) struct Written {
    /// Bytes that the disk took, from the first on.
    pub(crate) bytes: usize,
    /// Why it took no more.
    pub(crate) error: Option<io::Error>,
}

/// Writes `bytes` at `offset`: in one call, unless the disk takes only a part of it.
pub(crate) fn write_all(file: &dyn DiskFile, offset: u64, bytes: &[u8]) -> Written {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        let at = u64::try_from(written)
            .ok()
            .and_then(|written| offset.checked_add(written));
        let result = match at {
            Some(at) => file.write_at(at, rest),
            None => Err(io::ErrorKind::FileTooLarge.into()),
        };
        match result {
            Ok(0) => {
                return Written {
                    bytes: written,
                    error: Some(io::ErrorKind::WriteZero.into()),
                };
            }
            Ok(count) => written += count.min(rest.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Written {
                    bytes: written,
                    error: Some(error),
                };
            }
        }
    }
    Written {
        bytes: written,
        error: None,
    }
}

/// Like [`write_all`], where a part is as bad as nothing.
pub(crate) fn write_whole(file: &dyn DiskFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
    write_all(file, offset, bytes).error.map_or(Ok(()), Err)
}

/// Reads until `buf` is full or the file ends; returns how many bytes were read.
pub(crate) fn read_full(file: &dyn DiskFile, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = u64::try_from(filled)
            .ok()
            .and_then(|filled| offset.checked_add(filled))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        match file.read_at(at, rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads from `offset` to the end of a file of at most `max` further bytes; `None` if there are more.
pub(crate) fn read_rest(file: &dyn DiskFile, offset: u64, max: u64) -> io::Result<Option<Vec<u8>>> {
    let bytes = file.len()?.saturating_sub(offset);
    if bytes > max {
        return Ok(None);
    }
    let size = usize::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut content = vec![0; size];
    let filled = read_full(file, offset, &mut content)?;
    content.truncate(filled);
    Ok(Some(content))
}
