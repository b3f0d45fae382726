//! The mark: up to where the log is indexed, and whether that is this log.

use rusqlite::{Connection, OptionalExtension, params};
use sealog_core::entry::{Line, LineReader};
use sealog_core::hash::Hash;
use sealog_core::limits::LINE_BYTES_MAX;
use sealog_store::{Place, Store};

use super::fault::Fault;
use crate::Error;

/// Up to where a log is indexed. It changes in the transaction that adds the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Entries indexed.
    pub(super) size: u64,
    /// After the checkpoint line that covers them.
    pub(super) place: Place,
    /// Length of the checkpoint line.
    length: u64,
    /// SHA-256 of the checkpoint line: through `prev_checkpoint` it stands for all bytes before it.
    pub(super) hash: Option<Hash>,
    /// SHA-256 over number and length of the segments before the mark's: it changes where entries were disposed of.
    rolled: Option<Hash>,
}

impl Mark {
    /// Nothing is indexed.
    pub(super) const START: Self = Self {
        size: 0,
        place: Place::START,
        length: 0,
        hash: None,
        rolled: None,
    };

    /// After this checkpoint line, which ends at `place`.
    pub(super) fn after(size: u64, place: Place, text: &[u8]) -> Self {
        Self {
            size,
            place,
            length: u64::try_from(text.len()).unwrap_or(u64::MAX),
            hash: Some(Hash::of(&[text])),
            rolled: None,
        }
    }

    /// Reads the mark of an index of this log.
    pub(super) fn read(connection: &Connection, origin: &str) -> Result<Self, Fault> {
        let sql = "SELECT origin,size,segment,offset,length,hash,rolled FROM mark WHERE id=0";
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement
            .query_row([], |row| {
                let hash = |at| -> rusqlite::Result<Option<Hash>> {
                    Ok(Hash::from_slice(&row.get::<_, Vec<u8>>(at)?))
                };
                let mark = Self {
                    size: row.get(1)?,
                    place: Place::new(row.get(2)?, row.get(3)?),
                    length: row.get(4)?,
                    hash: hash(5)?,
                    rolled: hash(6)?,
                };
                Ok((row.get::<_, String>(0)?, mark))
            })
            .optional()?;
        match found {
            None => Ok(Self::START),
            Some((of, mark)) if of == origin => Ok(mark),
            Some((of, _)) => Err(Fault::Unfit(format!("it is the index of {of}"))),
        }
    }

    /// Writes the mark, inside the transaction that adds the rows.
    pub(super) fn write(
        &mut self,
        connection: &Connection,
        origin: &str,
        store: &dyn Store,
    ) -> Result<(), Fault> {
        let rolled = rolled(store, self.place.segment())?;
        let sql = "INSERT OR REPLACE INTO mark VALUES(0,?1,?2,?3,?4,?5,?6,?7)";
        connection.prepare_cached(sql)?.execute(params![
            origin,
            self.size,
            self.place.segment(),
            self.place.offset(),
            self.length,
            self.hash.as_ref().map(|hash| hash.as_bytes().as_slice()),
            rolled.as_bytes().as_slice(),
        ])?;
        self.rolled = Some(rolled);
        Ok(())
    }

    /// Refuses a mark whose checkpoint line does not stand where it says, or before which segments changed.
    pub(super) fn check(&self, origin: &str, store: &dyn Store) -> Result<(), Fault> {
        if *self == Self::START {
            return Ok(());
        }
        let unfit = || Fault::Unfit("it is the index of another state of the log".into());
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        let start = self
            .place
            .offset()
            .checked_sub(self.length.saturating_add(1));
        let start = start
            .filter(|_| length <= LINE_BYTES_MAX)
            .ok_or_else(unfit)?;
        let bytes = read_exact(store, Place::new(self.place.segment(), start), length + 1)?;
        let line = bytes.as_deref().and_then(|bytes| bytes.strip_suffix(b"\n"));
        let same = line.is_some_and(|line| match LineReader::new().read(line) {
            Ok(Line::Checkpoint(facts)) => {
                Some(facts.line_hash) == self.hash
                    && facts.checkpoint.size() == self.size
                    && facts.checkpoint.origin() == origin
            }
            _ => false,
        });
        if same && Some(rolled(store, self.place.segment())?) == self.rolled {
            Ok(())
        } else {
            Err(unfit())
        }
    }
}

fn rolled(store: &dyn Store, before: u64) -> Result<Hash, Fault> {
    let mut text = Vec::new();
    for segment in store.segments()?.iter().filter(|s| s.number() < before) {
        text.extend(segment.number().to_be_bytes());
        text.extend(segment.bytes().to_be_bytes());
    }
    Ok(Hash::of(&[&text]))
}

/// Reads so many bytes of a segment; `None` if they are not there.
pub(super) fn read_exact(
    store: &dyn Store,
    from: Place,
    length: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = from
            .offset()
            .saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        match store.read(from.segment(), at, rest) {
            Ok(0) | Err(sealog_store::Error::NoSuchPlace { .. }) => return Ok(None),
            Ok(read) => filled += read,
            Err(error) => return Err(Error::Store(error).into()),
        }
    }
    Ok(Some(bytes))
}
