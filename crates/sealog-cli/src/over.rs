//! Results that are written to a named file again and again, and never over anything else.

use std::fs;
use std::io::{ErrorKind as IoKind, Read};
use std::path::Path;

use crate::error::Error;

/// Bytes of a file that is there by which it is told what it is: more than a key or a first line may have.
const HEAD_BYTES: u64 = 4 * 1024;

/// Writes a result of one or more lines to a file. One that is there may be replaced if it is of the same kind, by the
/// test that is given its first bytes: a slip in a name would otherwise cost a signing key or a segment of the log.
///
/// # Errors
/// `file_exists` if there is something else, and what reading and writing give.
pub(crate) fn write(path: &Path, text: &str, is_same: impl Fn(&str) -> bool) -> Result<(), Error> {
    let io = |action, source| Error::Io {
        action,
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Ok(there) if there.is_file() && there.len() > 0 => {
            let mut bytes = Vec::new();
            let file = fs::File::open(path).map_err(|source| io("read", source))?;
            let taken = file.take(HEAD_BYTES).read_to_end(&mut bytes);
            taken.map_err(|source| io("read", source))?;
            if !is_same(&String::from_utf8_lossy(&bytes)) {
                let path = path.to_owned();
                return Err(sealog_ledger::Error::FileExists { path }.into());
            }
        }
        // A device or a pipe takes what comes.
        Ok(_) => {}
        Err(error) if error.kind() == IoKind::NotFound => {}
        Err(source) => return Err(io("look for", source)),
    }
    fs::write(path, text).map_err(|source| io("write", source))
}

/// Whether both begin with the same line: a checkpoint with the origin of its log, a receipt with its format.
pub(crate) fn same_first_line(there: &str, text: &str) -> bool {
    there.lines().next() == text.lines().next()
}

/// Whether both are receipts of one entry, which stands in their second line; of a long one its beginning decides,
/// where its random nonce is.
pub(crate) fn same_entry(there: &str, text: &str) -> bool {
    let mut ends = there.match_indices('\n').map(|(at, _)| at);
    let Some(first) = ends.next() else {
        return false;
    };
    let end = ends.next().unwrap_or(there.len());
    end > first + 1
        && there
            .get(..end)
            .is_some_and(|entry| text.starts_with(entry))
}
