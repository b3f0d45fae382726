//! Memory that one view after the other is written into.
//!
//! A long text is searched window by window, and each window through views of its size. To take memory for each view
//! from the system and give it back costs about a tenth of the search: every page of it is cleared anew.

use std::borrow::Cow;

use super::View;
use super::map::Piece;
use crate::limits::{SPARE_BYTES_MAX, SPARE_VIEWS_MAX};

/// Memory of views that are no longer needed: at most [`SPARE_VIEWS_MAX`] times [`SPARE_BYTES_MAX`] for the bytes, and
/// as much for the maps. Whatever was in it is overwritten before it is read, but stays in memory until then.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    bytes: Vec<Vec<u8>>,
    pieces: Vec<Vec<Piece>>,
}

impl Spare {
    /// Keeps the memory of a view, if it has any of its own and is not too large to be kept.
    pub(crate) fn keep(&mut self, view: View<'_>) {
        let View { bytes, map } = view;
        if let Cow::Owned(bytes) = bytes {
            put(&mut self.bytes, bytes);
            put(&mut self.pieces, map.into_pieces());
        }
    }

    /// Empty memory for bytes.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        self.bytes.pop().unwrap_or_default()
    }

    /// Empty memory for the pieces of a map.
    pub(super) fn pieces(&mut self) -> Vec<Piece> {
        self.pieces.pop().unwrap_or_default()
    }
}

fn put<T>(kept: &mut Vec<Vec<T>>, mut memory: Vec<T>) {
    let bytes = memory.capacity().saturating_mul(size_of::<T>());
    if kept.len() < SPARE_VIEWS_MAX && bytes <= SPARE_BYTES_MAX {
        memory.clear();
        kept.push(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_empty() {
        let mut spare = Spare::default();
        let source = b"john%40example.com";
        let view = View::decoded_into(source, &mut spare).unwrap();
        let at = view.bytes().as_ptr();
        spare.keep(view);
        let other = View::decoded_into(b"a%41", &mut spare).unwrap();
        assert_eq!(other.bytes().as_ptr(), at);
        assert_eq!(other, View::decoded(b"a%41").unwrap());
    }

    #[test]
    fn memory_is_kept_up_to_its_size_and_not_beyond() {
        let mut kept = Vec::new();
        put(&mut kept, Vec::<u8>::with_capacity(SPARE_BYTES_MAX));
        assert_eq!(kept.len(), 1);
        put(&mut kept, Vec::with_capacity(SPARE_BYTES_MAX + 1));
        assert_eq!(kept.len(), 1);
        let mut kept = Vec::new();
        put(&mut kept, Vec::<u64>::with_capacity(SPARE_BYTES_MAX / 8));
        assert_eq!(kept.len(), 1);
        put(&mut kept, Vec::with_capacity(SPARE_BYTES_MAX / 8 + 1));
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let mut kept = Vec::new();
        for views in 1..=SPARE_VIEWS_MAX {
            put(&mut kept, vec![0_u8]);
            assert_eq!(kept.len(), views);
        }
        put(&mut kept, vec![0]);
        assert_eq!(kept.len(), SPARE_VIEWS_MAX);
    }
}
