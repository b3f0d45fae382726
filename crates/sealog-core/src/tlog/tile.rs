//! Tiles and entry bundles: the static files from which others read the log (C2SP tlog-tiles, `docs/formats/tiles.md`).
//!
//! Names, widths and contents only. **Absent**: writing and serving them, and the rule that a full tile never changes,
//! which is for the publisher to keep.

use alloc::vec::Vec;
use core::fmt;

use super::decimal;
use super::tree::node_hash;
use crate::limits::{BUNDLE_ENTRY_BYTES_MAX, TILE_LEVEL_MAX, TREE_SIZE_MAX};
use crate::{ErrorKind, Hash};

/// Hashes in a full tile, and entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;
/// Tree levels in one tile level.
const HEIGHT: u32 = 8;

/// Which of the two files a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes: at level 0 those of leaves, at level l + 1 the roots of full tiles of level l.
    Hashes {
        /// 0 to [`TILE_LEVEL_MAX`].
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

/// The name of a tile or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: Kind,
    index: u64,
    width: u16,
}

impl Tile {
    /// A tile of `width` hashes or entries, 1 to 256; less than 256 is a partial one.
    pub fn new(kind: Kind, index: u64, width: u16) -> Result<Self, TileError> {
        if let Kind::Hashes { level } = kind
            && level > TILE_LEVEL_MAX
        {
            return Err(TileError::Level {
                max: TILE_LEVEL_MAX,
            });
        }
        if width == 0 || width > FULL_WIDTH {
            return Err(TileError::Width { found: width });
        }
        if index > TREE_SIZE_MAX / u64::from(FULL_WIDTH) {
            return Err(TileError::Index);
        }
        Ok(Self { kind, index, width })
    }

    /// What it holds.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its number within its level, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it is complete and so never changes again.
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// Number of its first hash or entry, within the level.
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(FULL_WIDTH.into())
    }

    /// Bytes of a tile of hashes; `None` for a bundle, whose entries have lengths of their own.
    pub fn hash_bytes(&self) -> Option<usize> {
        match self.kind {
            Kind::Hashes { .. } => Some(usize::from(self.width) * Hash::LEN),
            Kind::Entries => None,
        }
    }

    /// Reads a name, from `tile/` on.
    pub fn parse(path: &str) -> Result<Self, TileError> {
        let mut parts: Vec<&str> = path.split('/').collect();
        let mut width = FULL_WIDTH;
        if let [.., partial, number] = parts.as_slice()
            && let Some(stem) = partial.strip_suffix(".p")
        {
            width = decimal::parse(number.as_bytes())
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (1..FULL_WIDTH).contains(number))
                .ok_or(TileError::Path)?;
            parts.pop();
            parts.pop();
            parts.push(stem);
        }
        let [head, level, groups @ ..] = parts.as_slice() else {
            return Err(TileError::Path);
        };
        if *head != "tile" {
            return Err(TileError::Path);
        }
        let kind = match *level {
            "entries" => Kind::Entries,
            level => Kind::Hashes {
                level: decimal::parse(level.as_bytes())
                    .and_then(|level| u8::try_from(level).ok())
                    .ok_or(TileError::Path)?,
            },
        };
        Self::new(kind, parse_groups(groups).ok_or(TileError::Path)?, width)
    }
}

impl fmt::Display for Tile {
    /// The name, from `tile/` on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Entries => f.write_str("tile/entries/")?,
            Kind::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        // Seven groups of three digits hold every index.
        let groups = (0..7).rev().map(|power| self.index / 1_000_u64.pow(power));
        for (group, power) in groups.zip((0..7_u32).rev()) {
            match (group, power) {
                (group, 0) => write!(f, "{:03}", group % 1_000)?,
                (0, _) => {}
                (group, _) => write!(f, "x{:03}/", group % 1_000)?,
            }
        }
        if self.width < FULL_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Groups of three digits, all but the last behind an `x`; the first of several is not zero.
fn parse_groups(groups: &[&str]) -> Option<u64> {
    let (last, front) = groups.split_last()?;
    let mut index = 0_u64;
    for (at, group) in front.iter().enumerate() {
        let value = parse_group(group.strip_prefix('x')?)?;
        if at == 0 && value == 0 {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(value)?;
    }
    index.checked_mul(1_000)?.checked_add(parse_group(last)?)
}

fn parse_group(digits: &str) -> Option<u64> {
    if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The tiles of one level that a tree of `size` leaves has and one of `old_size` had not, left to right: full ones,
/// then a partial one where the level does not end with a full one. Level 0 counts for the bundles as well.
pub fn tiles_of_level(kind: Kind, old_size: u64, size: u64) -> impl Iterator<Item = Tile> + Clone {
    let level = match kind {
        Kind::Hashes { level } => level,
        Kind::Entries => 0,
    };
    let full_width = u64::from(FULL_WIDTH);
    let shift = HEIGHT * u32::from(level);
    let nodes = size.checked_shr(shift).unwrap_or(0);
    let old_nodes = old_size.checked_shr(shift).unwrap_or(0);
    let first = if nodes > old_nodes {
        old_nodes / full_width
    } else {
        u64::MAX
    };
    (first..nodes.div_ceil(full_width)).filter_map(move |index| {
        let width = (nodes - index * full_width).min(full_width);
        Tile::new(kind, index, u16::try_from(width).ok()?).ok()
    })
}

/// All tiles of hashes that a tree of `size` leaves has and one of `old_size` had not, level by level from the leaves;
/// from size 0, all that it has.
pub fn hash_tiles(old_size: u64, size: u64) -> impl Iterator<Item = Tile> + Clone {
    (0..=TILE_LEVEL_MAX)
        .flat_map(move |level| tiles_of_level(Kind::Hashes { level }, old_size, size))
}

/// All bundles that a log of `size` entries has and one of `old_size` had not.
pub fn bundles(old_size: u64, size: u64) -> impl Iterator<Item = Tile> + Clone {
    tiles_of_level(Kind::Entries, old_size, size)
}

/// The node of the tree at `(level, index)` as a place in a tile: the tile's level and index, and which of its hashes
/// lie under the node, as first and number. The number is a power of two up to 128.
pub fn place_of_node(level: u32, index: u64) -> Option<(u8, u64, u16, u16)> {
    let tile_level = u8::try_from(level / HEIGHT).ok()?;
    let inside = level % HEIGHT;
    let first = index
        .checked_shl(inside)
        .filter(|first| first >> inside == index)?;
    let full_width = u64::from(FULL_WIDTH);
    let offset = u16::try_from(first % full_width).ok()?;
    Some((tile_level, first / full_width, offset, 1 << inside))
}

/// The root over hashes whose number is a power of two, such as a full tile's: what stands for it one level up.
pub fn full_root(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row: Vec<Hash> = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .filter_map(|pair| {
                pair.first_chunk()
                    .map(|[left, right]| node_hash(left, right))
            })
            .collect();
    }
    row.first().copied()
}

/// The bytes of a tile of hashes.
pub fn encode_hashes(hashes: &[Hash]) -> Result<Vec<u8>, TileError> {
    refuse_width(hashes.len())?;
    let mut bytes = Vec::with_capacity(hashes.len() * Hash::LEN);
    for hash in hashes {
        bytes.extend_from_slice(hash.as_bytes());
    }
    Ok(bytes)
}

/// The hashes of a tile that is to have `width` of them; a longer or shorter file is refused.
pub fn decode_hashes(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TileError> {
    let expected = usize::from(width) * Hash::LEN;
    if bytes.len() != expected {
        return Err(TileError::Length {
            expected,
            found: bytes.len(),
        });
    }
    Ok(bytes
        .chunks_exact(Hash::LEN)
        .filter_map(Hash::from_slice)
        .collect())
}

/// The bytes of a bundle: each entry behind its length, 16 bits, big-endian.
pub fn encode_bundle<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    let mut width = 0;
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryLength {
            max: BUNDLE_ENTRY_BYTES_MAX,
            found: entry.len(),
        })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
        width += 1;
    }
    refuse_width(width)?;
    Ok(bytes)
}

/// The entries of a bundle that is to have `width` of them.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::with_capacity(width.into());
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, behind) = behind.split_at_checked(length).ok_or(TileError::CutOff)?;
        entries.push(entry);
        rest = behind;
        if entries.len() > usize::from(width) {
            break;
        }
    }
    if entries.len() == usize::from(width) && rest.is_empty() {
        return Ok(entries);
    }
    if rest.len() == 1 && entries.len() < usize::from(width) {
        return Err(TileError::CutOff);
    }
    Err(TileError::EntryCount { expected: width })
}

fn refuse_width(found: usize) -> Result<(), TileError> {
    if found == 0 || found > usize::from(FULL_WIDTH) {
        let found = u16::try_from(found).unwrap_or(u16::MAX);
        return Err(TileError::Width { found });
    }
    Ok(())
}

/// Why a name or bytes are no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Not the one spelling of a tile's name.
    #[error("not the path of a tile")]
    Path,
    /// A level beyond the format's last.
    #[error("tile level beyond {max}")]
    Level {
        /// The last level.
        max: u8,
    },
    /// A width that no tile has.
    #[error("tile of width {found}, expected 1 to 256")]
    Width {
        /// The width found; more than 65,535 as that.
        found: u16,
    },
    /// An index beyond the largest tree.
    #[error("tile index beyond the largest tree")]
    Index,
    /// A tile of hashes of another length than its width gives.
    #[error("tile of {found} bytes, expected {expected}")]
    Length {
        /// Bytes of such a tile.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// An entry too long for its 16-bit length.
    #[error("entry of {found} bytes, at most {max} in a bundle")]
    EntryLength {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// A bundle ends inside an entry or a length.
    #[error("the bundle is cut off")]
    CutOff,
    /// A bundle has more or fewer entries than its width.
    #[error("the bundle does not have exactly {expected} entries")]
    EntryCount {
        /// Its width.
        expected: u16,
    },
}

impl TileError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

#[cfg(test)]
mod tests;
