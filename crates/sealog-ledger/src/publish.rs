//! A log as files that stock clients of transparency logs read: C2SP tlog-tiles (`docs/formats/publish.md`).
//!
//! A directory holds `checkpoint` and `tile/...`. Full tiles never change once they are written; the checkpoint comes
//! last, so that whoever reads it finds every tile that it needs. A directory that holds another log, or a later state
//! of this one, is refused. A bundle of entries of which one was disposed of is withdrawn; its hashes stay.

use std::fs;
use std::io::Write;
use std::path::Path;

use sealog_core::hash::Hash;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::tile::{self, FULL_WIDTH, Kind, Tile};
use sealog_core::tlog::tree;
use sealog_store::DisposalMark;

use crate::canopy::{self, Canopy, RUN, Run};
use crate::error::Error;
use crate::inside::refuse_inside_ledger;
use crate::ledger::Ledger;
use crate::queue::lock;
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
    /// Publishes the log into a directory, which is made if it is not there; one that holds an earlier state of this
    /// log is brought up to date, and only what came since is read. `progress` is told leaves passed over and leaves
    /// in all; there are two passes.
    pub fn publish_tiles(
        &self,
        directory: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Published, Error> {
        refuse_inside_ledger("the directory to publish into", directory)?;
        self.make_durable()?;
        match self.publish_by(directory, progress) {
            // Once more from the log alone, if what was derived from it led astray.
            Err(Error::Damaged { .. } | Error::Rewritten) => {
                lock(&self.0.canopy).discard(self.store());
                self.publish_by(directory, progress)
            }
            done => done,
        }
    }

    fn publish_by(
        &self,
        directory: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Published, Error> {
        let mut canopy = lock(&self.0.canopy);
        let total = self.size().saturating_mul(2);
        let (size, note) = self.grow(&mut canopy, &mut |done| progress(done, total))?;
        let canopy = canopy.clone();
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let old = published(directory, self.origin())?;
        let old_size = old.as_ref().map_or(0, Checkpoint::size);
        if old_size > size {
            return Err(refused(
                directory,
                &format!("it holds {old_size} entries, the log {size}"),
            ));
        }
        if let Some(old) = &old
            && self.root_at(&canopy, old_size)? != *old.root()
        {
            return Err(refused(directory, "it holds another history of this log"));
        }
        let mut job = Job {
            directory,
            old_size,
            size,
            canopy: &canopy,
            published: Published {
                size,
                old_size,
                ..Published::default()
            },
        };
        // Entries that were disposed of may lie anywhere. A state that was read before does not count them.
        let known = self.with_state(|state, _| state.disposals().holes() > 0);
        let holes = known || self.store().disposals()? != DisposalMark::Never;
        let first = if holes { 0 } else { old_size / RUN };
        canopy.each_run(self.store(), first, size, &mut |run| {
            job.run(run)?;
            let leaves = u64::try_from(run.leaves.len()).unwrap_or(u64::MAX);
            progress(size + run.first() + leaves, total);
            Ok(())
        })?;
        job.upper_levels()?;
        write_whole(&directory.join(CHECKPOINT), note.as_bytes())?;
        Ok(job.published)
    }

    /// The log's own root at an earlier size.
    fn root_at(&self, canopy: &Canopy, size: u64) -> Result<Hash, Error> {
        let run = match size % RUN {
            0 => None,
            _ => Some(canopy.run(self.store(), size / RUN, size)?),
        };
        let node = |level, index| {
            canopy
                .node(level, index, run.as_ref())
                .ok_or(canopy::Unknown)
        };
        tree::range_root(0, size, node).map_err(|_| canopy::mismatch())
    }
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
struct Job<'a> {
    directory: &'a Path,
    old_size: u64,
    size: u64,
    canopy: &'a Canopy,
    published: Published,
}

impl Job<'_> {
    /// The bundle and the tile of a run.
    fn run(&mut self, run: &Run) -> Result<(), Error> {
        let width = u16::try_from(run.leaves.len()).unwrap_or(FULL_WIDTH);
        let entries: Option<Vec<&[u8]>> = run
            .leaves
            .iter()
            .map(|leaf| match leaf {
                Leaf::Entry(bytes) => Some(bytes.as_slice()),
                Leaf::Disposed { .. } => None,
            })
            .collect();
        let new = run.first() + u64::from(width) > self.old_size;
        match entries {
            Some(entries) if new => {
                let bundle = tile_of(Kind::Entries, run.number(), width)?;
                let bytes = tile::encode_bundle(entries).map_err(|error| format_error(&error))?;
                self.write(bundle, &bytes)?;
            }
            Some(_) => {}
            None => self.withdraw(run.number())?,
        }
        if new {
            let hashes = tile_of(Kind::Hashes { level: 0 }, run.number(), width)?;
            let bytes = tile::encode_hashes(run.hashes()).map_err(|error| format_error(&error))?;
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
            let tree_level = RUN.trailing_zeros() * u32::from(level);
            let hashes = self.canopy.row(tree_level, tile.first(), tile.width());
            let hashes = hashes.ok_or_else(canopy::mismatch)?;
            let bytes = tile::encode_hashes(&hashes).map_err(|error| format_error(&error))?;
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

    /// Takes a bundle away, and its partial ones of earlier sizes.
    fn withdraw(&mut self, number: u64) -> Result<(), Error> {
        self.published.withdrawn += 1;
        let bundle = tile_of(Kind::Entries, number, FULL_WIDTH)?;
        let whole = self.directory.join(bundle.to_string());
        let partial = self.directory.join(format!("{bundle}.p"));
        for (path, removed) in [
            (&whole, fs::remove_file(&whole)),
            (&partial, fs::remove_dir_all(&partial)),
        ] {
            if let Err(error) = removed
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(Error::io("remove", path)(error));
            }
        }
        Ok(())
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
    fs::rename(&unfinished, path).map_err(Error::io("rename", &unfinished))?;
    // A name outlasts a crash once its directory is flushed; not every platform opens one.
    let parent = path.parent().unwrap_or(Path::new("."));
    match fs::File::open(parent) {
        Ok(directory) => directory.sync_all().map_err(Error::io("flush", parent)),
        Err(_) => Ok(()),
    }
}
