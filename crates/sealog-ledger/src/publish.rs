//! A log as files that stock clients of transparency logs read: C2SP tlog-tiles (`docs/formats/publish.md`).
//!
//! A directory holds `checkpoint` and `tile/...`. Full tiles never change once they are written; the checkpoint comes
//! last, so that whoever reads it finds every tile that it needs. A directory that holds another log, or a later state
//! of this one, is refused. A bundle of entries of which one was disposed of is withdrawn; its hashes stay.

use std::fs;
use std::io::Write;
use std::path::Path;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::tile::{self, FULL_WIDTH, Kind, Tile};

use crate::error::Error;
use crate::export::{newest, nodes_of};
use crate::ledger::Ledger;
use crate::nodes::{Block, Nodes, blocks};
use crate::read::Leaf;

/// Name of the checkpoint's file.
const CHECKPOINT: &str = "checkpoint";

/// What was published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Entries that the published checkpoint covers.
    pub size: u64,
    /// Entries that the checkpoint there before covered.
    pub old_size: u64,
    /// Files that were written, the checkpoint not counted.
    pub written: u64,
    /// Bundles that are withheld or were withdrawn because an entry was disposed of.
    pub withdrawn: u64,
}

impl Ledger {
    /// Publishes the log into a directory, which is made if it is not there. `progress` is told leaves passed over and
    /// leaves in all; there are two passes.
    pub fn publish_tiles(
        &self,
        directory: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Published, Error> {
        self.make_durable()?;
        let (note, checkpoint) = newest(self)?;
        let size = checkpoint.size();
        let total = size.saturating_mul(2);
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let old = published(directory, self.origin())?;
        let old_size = old.as_ref().map_or(0, Checkpoint::size);
        if old_size > size {
            return Err(refused(
                directory,
                &format!("it holds {old_size} entries, the log {size}"),
            ));
        }
        let mut old_root = None;
        let nodes = nodes_of(self, &checkpoint, |nodes, block| {
            let end = nodes.size();
            if (block.first..=end).contains(&old_size) && old_root.is_none() {
                old_root = root_inside(nodes, block, old_size);
            }
            progress(end, total);
        })?;
        if let Some(old) = &old
            && old.size() > 0
            && old_root != Some(*old.root())
        {
            return Err(refused(directory, "it holds another history of this log"));
        }
        let mut run = Run {
            directory,
            old_size,
            size,
            nodes: &nodes,
            published: Published::default(),
        };
        blocks(self, size, |block| {
            run.block(&block)?;
            let leaves = u64::try_from(block.leaves.len()).unwrap_or(u64::MAX);
            progress(size + block.first + leaves, total);
            Ok(())
        })?;
        run.upper_levels()?;
        let mut published = run.published;
        write_whole(&directory.join(CHECKPOINT), note.as_bytes())?;
        (published.size, published.old_size) = (size, old_size);
        Ok(published)
    }
}

/// The root of the first `size` leaves, which end in this block. `nodes` has taken the block in already.
fn root_inside(nodes: &Nodes, block: &Block, size: u64) -> Option<Hash> {
    let inside = usize::try_from(size.checked_sub(block.first)?).ok()?;
    let mut frontier = nodes.frontier_at(block.first)?;
    for hash in block.hashes.get(..inside)? {
        frontier.push(*hash);
    }
    Some(frontier.root())
}

/// The checkpoint that a directory holds; none in one that holds nothing.
fn published(directory: &Path, origin: &str) -> Result<Option<Checkpoint>, Error> {
    let path = directory.join(CHECKPOINT);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut entries = fs::read_dir(directory).map_err(Error::io("list", directory))?;
            // Tiles without a checkpoint are those of a run that broke off; anything else is somebody's.
            let stranger =
                entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != "tile"));
            if stranger {
                return Err(refused(
                    directory,
                    "it is not empty and holds no checkpoint",
                ));
            }
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let note = Note::parse(&bytes).ok();
    let checkpoint = note.and_then(|note| Checkpoint::parse(note.text()).ok());
    let checkpoint = checkpoint
        .ok_or_else(|| refused(directory, "its file `checkpoint` holds no checkpoint"))?;
    if checkpoint.origin() != origin {
        return Err(refused(
            directory,
            &format!("it holds the log {}", checkpoint.origin()),
        ));
    }
    Ok(Some(checkpoint))
}

fn refused(directory: &Path, why: &str) -> Error {
    Error::Argument {
        what: "the directory",
        why: format!("{}: {why}", directory.display()),
    }
}

/// One publication under way.
struct Run<'a> {
    directory: &'a Path,
    old_size: u64,
    size: u64,
    nodes: &'a Nodes,
    published: Published,
}

impl Run<'_> {
    /// The bundle and the tile of a block.
    fn block(&mut self, block: &Block) -> Result<(), Error> {
        let width = u16::try_from(block.leaves.len()).unwrap_or(FULL_WIDTH);
        let index = block.first / u64::from(FULL_WIDTH);
        let bundle = tile_of(Kind::Entries, index, width)?;
        let entries: Option<Vec<&[u8]>> = block
            .leaves
            .iter()
            .map(|leaf| match leaf {
                Leaf::Entry(bytes) => Some(bytes.as_slice()),
                Leaf::Disposed { .. } => None,
            })
            .collect();
        let new = block.first + u64::from(width) > self.old_size;
        match entries {
            Some(entries) if new => {
                let bytes = tile::encode_bundle(entries).map_err(|error| format_error(&error))?;
                self.write(bundle, &bytes)?;
            }
            Some(_) => {}
            None => self.withdraw(bundle)?,
        }
        if new {
            let hashes = tile_of(Kind::Hashes { level: 0 }, index, width)?;
            let bytes = tile::encode_hashes(&block.hashes).map_err(|error| format_error(&error))?;
            self.write(hashes, &bytes)?;
        }
        Ok(())
    }

    /// The tiles above the lowest level.
    fn upper_levels(&mut self) -> Result<(), Error> {
        for tile in tile::hash_tiles(self.old_size, self.size) {
            let Kind::Hashes { level } = tile.kind() else {
                continue;
            };
            if level == 0 {
                continue;
            }
            let first = tile.index() * u64::from(FULL_WIDTH);
            let hashes = self.nodes.tile(level, first, usize::from(tile.width()));
            let hashes = hashes.ok_or_else(|| Error::Damaged {
                findings: vec![Finding::new(Code::RootMismatch).found(tile.to_string())],
            })?;
            let bytes = tile::encode_hashes(hashes).map_err(|error| format_error(&error))?;
            self.write(tile, &bytes)?;
        }
        Ok(())
    }

    /// Writes a tile. A full one that is there already has to be the same.
    fn write(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(tile.to_string());
        match fs::read(&path) {
            Ok(found) if found == bytes => return Ok(()),
            Ok(_) => {
                return Err(refused(
                    self.directory,
                    &format!("{tile} is there with other content"),
                ));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("read", path)(error)),
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        }
        write_whole(&path, bytes)?;
        self.published.written += 1;
        Ok(())
    }

    fn withdraw(&mut self, bundle: Tile) -> Result<(), Error> {
        self.published.withdrawn += 1;
        let path = self.directory.join(bundle.to_string());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }
}

fn tile_of(kind: Kind, index: u64, width: u16) -> Result<Tile, Error> {
    Tile::new(kind, index, width).map_err(|error| format_error(&error))
}

fn format_error(error: &tile::TileError) -> Error {
    Error::Argument {
        what: "a tile",
        why: error.to_string(),
    }
}

/// Writes a file whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let unfinished = path.with_file_name(name);
    let mut file = fs::File::create(&unfinished).map_err(Error::io("create", &unfinished))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(Error::io("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(Error::io("rename", &unfinished))
}
