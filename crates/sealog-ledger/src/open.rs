//! Making ledgers and opening them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::{Hash, push_hex};
use sealog_core::json::Value;
use sealog_core::state::LogState;
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_store::disk::{Disk, MemoryDisk, OsDisk};
use sealog_store::{FileOptions, FileStore, HeadCopy, Store};

use crate::error::Error;
use crate::head::Head;
use crate::index::Index;
use crate::keys;
use crate::ledger::{Ledger, Reading, Side};
use crate::options::{Access, Creation, HeadCopyPolicy, Options};
use crate::writer::{Parts, Writer};
use crate::{admin, chunk, inside, recover, rewritten, signing};

/// Files of this directory, below the state directory, tell which paths held a ledger.
const PATHS_DIR: &str = "paths";

impl Ledger {
    /// Makes a ledger where nothing is, with its key, its entry 0 and a line in the user's `known_logs`.
    ///
    /// A directory that holds only what an interrupted making leaves, and no entry, is finished, with the key that is
    /// there already; never one of a ledger that this user knows, which was finished once and is gone.
    pub fn create(path: &Path, creation: &Creation, mut options: Options) -> Result<Self, Error> {
        options.check_what_is_written()?;
        let path = std::path::absolute(path).map_err(Error::io("find", path))?;
        inside::check_place(&path, options.secrets.as_deref())?;
        if is_unfinished(&path)? {
            check_vanished(&path, &options)?;
            options.signer = Some(signer_left(&path, creation, &options)?);
        }
        let origin = origin_for_new(&path, creation, &options)?;
        refuse_taken(&origin, &options)?;
        check_recovery(creation, &origin, &options)?;
        admin::check_created(creation, &origin)?;
        let signer = signer_for_new(&path, &origin, &options)?;
        // The store makes the directory itself: that decides between two that try at once.
        if path.is_dir() && is_absent_or_empty(&path) {
            fs::remove_dir(&path).map_err(Error::io("remove the empty directory", &path))?;
        }
        let disk: Arc<dyn Disk> = Arc::new(OsDisk::new());
        let ledger = Self::create_on(disk, &path, &origin, creation, options, signer)?;
        if let Some(directory) = config_dir(&ledger.0.options)
            && let Some(vkey) = ledger.with_state(|state, _| state.keys().active().cloned())
        {
            keys::trust_log(&directory, &vkey)?;
        }
        remember_path(&path, &origin, &ledger.0.options)?;
        ledger.0.index.start(&path, Access::Append);
        Ok(ledger)
    }

    /// Opens a ledger that exists.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(Error::io("find", path))?;
        check_vanished(&path, &options)?;
        let ledger = Self::open_as_left(Arc::new(OsDisk::new()), &path, options)?;
        ledger.0.index.start(&path, ledger.access());
        // The index has its place by now: it is emptied too.
        ledger.finish_broken_off();
        Ok(ledger)
    }

    /// Opens a ledger, or makes one where nothing is and none was known.
    pub fn open_or_create(
        path: &Path,
        creation: &Creation,
        options: Options,
    ) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(Error::io("find", path))?;
        check_vanished(&path, &options)?;
        if is_absent_or_empty(&path) || is_unfinished(&path)? {
            return Self::create(&path, creation, options);
        }
        Self::open(&path, options)
    }

    /// A ledger in memory, with a key of its own. For tests and for trying out: it ends with the process.
    pub fn memory(creation: &Creation, mut options: Options) -> Result<Self, Error> {
        options.head_copy = HeadCopyPolicy::Off;
        options.index = crate::options::IndexMode::Manual;
        let path = Path::new("/memory.sealog");
        let origin = origin_for_new(path, creation, &options)?;
        check_recovery(creation, &origin, &options)?;
        let signer = match &options.signer {
            Some(signer) => Arc::clone(signer),
            None => keys::ephemeral(&origin, &*options.random)?,
        };
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let mut ledger = Self::create_on(disk, path, &origin, creation, options, signer)?;
        if let Some(inner) = Arc::get_mut(&mut ledger.0) {
            inner.path = None;
        }
        Ok(ledger)
    }

    /// Makes a ledger on a disk. For tests on disks of their own.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        origin: &str,
        creation: &Creation,
        options: Options,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, Error> {
        options.check_what_is_written()?;
        let file_options = file_options(&options)?;
        let about = label_text(origin);
        let made = match FileStore::create(Arc::clone(&disk), path, &about, &file_options) {
            Err(sealog_store::Error::Exists { .. }) => {
                FileStore::finish(Arc::clone(&disk), path, &about, &file_options)
            }
            made => made,
        };
        let store: Arc<dyn Store> = Arc::new(made?);
        let vkey = signer.verifier_key().to_string();
        let draft = admin::created_draft(creation, origin, &vkey)?;
        let root = path.to_path_buf();
        let path = Some(root.clone());
        let ledger = Self::writer_on(disk, store, path, origin, options, signer)?;
        // Under the log's lock, after all that stands there was read: nothing is made over an entry.
        let made = move |state: &LogState| {
            if state.size() > 0 {
                let path = root.clone();
                return Err(Error::Store(sealog_store::Error::Exists { path }));
            }
            Ok(draft.clone())
        };
        ledger.commit_own(made, None)?;
        Ok(ledger)
    }

    /// Opens a ledger on a disk. For tests on disks of their own.
    pub fn open_on(disk: Arc<dyn Disk>, path: &Path, options: Options) -> Result<Self, Error> {
        let ledger = Self::open_as_left(disk, path, options)?;
        ledger.finish_broken_off();
        Ok(ledger)
    }

    /// Opens a ledger, and leaves a disposal that broke off as it is.
    fn open_as_left(disk: Arc<dyn Disk>, path: &Path, options: Options) -> Result<Self, Error> {
        options.check_what_is_written()?;
        let store: Arc<dyn Store> = Arc::new(FileStore::open(
            Arc::clone(&disk),
            path,
            &file_options(&options)?,
        )?);
        let first = rewritten::read_again(&*store, || first_entry(&*store))?;
        recover::check_format(&first)?;
        let origin = origin_of(&first).unwrap_or_default();
        if options.access == Access::Read {
            let mut reading = Reading::new(&origin);
            reading.load(&*store, &vkey_of(&first).unwrap_or_default())?;
            let side = Side::Read(Box::new(Mutex::new(reading)));
            let path = Some(path.to_path_buf());
            let index = Index::new(Arc::clone(&store), &origin, options.index);
            return Ok(Self::assemble(store, path, options, origin, side, index));
        }
        let signer = match &options.signer {
            Some(signer) => Arc::clone(signer),
            None => read_signer(path, &options)?,
        };
        let ledger = Self::writer_on(
            disk,
            store,
            Some(path.to_path_buf()),
            &origin,
            options,
            signer,
        )?;
        ledger.settle()?;
        Ok(ledger)
    }

    fn writer_on(
        disk: Arc<dyn Disk>,
        store: Arc<dyn Store>,
        path: Option<PathBuf>,
        origin: &str,
        options: Options,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, Error> {
        let slots = match options.head_copy {
            HeadCopyPolicy::Off => None,
            HeadCopyPolicy::Use | HeadCopyPolicy::Require => {
                state_dir(&options).map(|directory| HeadCopy::new(disk, &directory, origin))
            }
        };
        let index = Index::new(Arc::clone(&store), origin, options.index);
        let signer = signing::with_deadline(signer, options.signer_wait);
        let parts = Parts {
            index: Arc::clone(index.shared()),
            store: Arc::clone(&store),
            signer,
            privacy: options.privacy.clone(),
            clock: Arc::clone(&options.clock),
            random: Arc::clone(&options.random),
            head: Head::new(slots, options.head_copy),
            turn_wait: options.turn_wait,
            segment_bytes: options.segment_bytes,
            epoch_entries: options.epoch_entries,
            epoch_seconds: options.epoch_seconds,
        };
        let writer = Writer::new(parts, origin)?;
        let side = Side::Append(Box::new(Mutex::new(writer)));
        let origin = origin.into();
        Ok(Self::assemble(store, path, options, origin, side, index))
    }

    /// After opening: reads the log, recovers what a crash left, and says so in the log.
    fn settle(&self) -> Result<(), Error> {
        self.refresh()?;
        let Side::Append(writer) = &self.0.side else {
            return Ok(());
        };
        let mut writer = crate::queue::lock(writer);
        if writer.state.size() == 0 {
            // Its making was cut off before entry 0: nothing was ever acknowledged.
            return Err(Error::Damaged {
                findings: vec![Finding::new(Code::EmptyLedger)],
            });
        }
        writer.check_key(true)?;
        // A recovery key cannot say it; the hand-over for which it is here does.
        if writer.recovered.is_some() && !writer.recovers() {
            writer.commit_own_news()?;
        }
        Ok(())
    }
}

fn file_options(options: &Options) -> Result<FileOptions, Error> {
    let mut writer = [0; 16];
    options.random.fill(&mut writer)?;
    let file_options = match options.access {
        Access::Read => FileOptions::reading(),
        Access::Append => FileOptions::writing(writer),
    };
    Ok(FileOptions {
        allowed_file_systems: options.allow_file_systems.clone(),
        ..file_options
    })
}

pub(crate) fn state_dir(options: &Options) -> Option<PathBuf> {
    options.state_dir.clone().or_else(keys::user_state_dir)
}

pub(crate) fn config_dir(options: &Options) -> Option<PathBuf> {
    options.config_dir.clone().or_else(keys::user_config_dir)
}

/// A recovery key signs a checkpoint one day, so it is a key of this log, and another one than the first.
fn check_recovery(creation: &Creation, origin: &str, options: &Options) -> Result<(), Error> {
    let Some(text) = &creation.recovery_vkey else {
        return Ok(());
    };
    let refused = |why: String| Error::Argument {
        what: "the recovery key",
        why,
    };
    let key = VerifierKey::parse(text).map_err(|error| refused(error.to_string()))?;
    if key.name() != origin || key.key_type() != KeyType::Ed25519 {
        let why = format!("it is not a log key of the origin {origin}, which has to be given");
        return Err(refused(why));
    }
    let own = options.signer.as_ref().map(|signer| signer.verifier_key());
    if own == Some(&key) {
        return Err(refused("it is the log's key itself".into()));
    }
    Ok(())
}

/// The origin asked for, else the name of the signer's key, else one of the log's own.
fn origin_for_new(path: &Path, creation: &Creation, options: &Options) -> Result<String, Error> {
    let signer = options.signer.as_ref();
    let named = signer.map(|signer| signer.verifier_key().name().to_owned());
    match (&creation.origin, named) {
        (Some(origin), Some(name)) if *origin != name => Err(Error::Argument {
            what: "the origin",
            why: format!("the signer's key is of the log {name}"),
        }),
        (Some(origin), _) => Ok(origin.clone()),
        (None, Some(name)) => Ok(name),
        (None, None) => default_origin(path, options),
    }
}

/// The name of the file and 16 random digits: two ledgers never share an origin by accident.
fn default_origin(path: &Path, options: &Options) -> Result<String, Error> {
    let mut bytes = [0; 8];
    options.random.fill(&mut bytes)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    let mut origin = format!("sealog.local/{stem}-");
    push_hex(&mut origin, &bytes);
    Ok(origin)
}

fn signer_for_new(path: &Path, origin: &str, options: &Options) -> Result<Arc<dyn Signer>, Error> {
    if let Some(signer) = &options.signer {
        return Ok(Arc::clone(signer));
    }
    if !is_absent_or_empty(path) {
        return Err(Error::Store(sealog_store::Error::Exists {
            path: path.to_path_buf(),
        }));
    }
    let secrets = options
        .secrets
        .clone()
        .unwrap_or_else(|| keys::secrets_of(path));
    let file = secrets.join(keys::LOG_KEY_FILE);
    Ok(Arc::new(keys::create_log_key(
        &file,
        origin,
        &*options.random,
    )?))
}

fn read_signer(path: &Path, options: &Options) -> Result<Arc<dyn Signer>, Error> {
    let secrets = options
        .secrets
        .clone()
        .unwrap_or_else(|| keys::secrets_of(path));
    let file = secrets.join(keys::LOG_KEY_FILE);
    if !file.exists() {
        return Err(Error::KeyMissing { path: file });
    }
    Ok(Arc::new(keys::read_log_key(&file)?))
}

/// Two logs of one origin would be told apart by nobody. A signer that is the known log's own key is no other log.
fn refuse_taken(origin: &str, options: &Options) -> Result<(), Error> {
    let Some(directory) = config_dir(options) else {
        return Ok(());
    };
    let own = options.signer.as_ref().map(|signer| signer.verifier_key());
    let known = keys::known_logs(&directory)?;
    if known
        .iter()
        .any(|log| log.vkey.name() == origin && own != Some(&log.vkey))
    {
        return Err(Error::OriginTaken {
            origin: origin.into(),
        });
    }
    Ok(())
}

/// Whether the directory holds only what an interrupted making leaves, and no entry that can be read.
fn is_unfinished(path: &Path) -> Result<bool, Error> {
    if is_absent_or_empty(path) || !FileStore::is_unfinished(&OsDisk::new(), path)? {
        return Ok(false);
    }
    let disk: Arc<dyn Disk> = Arc::new(OsDisk::new());
    match FileStore::open(disk, path, &FileOptions::reading()) {
        // A whole first line may be the first group's, acknowledged or not: opening finds out, and says so.
        Ok(store) => Ok(first_entry(&store)? == Value::Null),
        Err(sealog_store::Error::NotALedger { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The key of an interrupted making, or a new one if it did not come that far. Not that of a log that this user knows:
/// it was finished, and nothing is signed anew with its key.
fn signer_left(
    path: &Path,
    creation: &Creation,
    options: &Options,
) -> Result<Arc<dyn Signer>, Error> {
    let secrets = options
        .secrets
        .clone()
        .unwrap_or_else(|| keys::secrets_of(path));
    let signer: Arc<dyn Signer> = match &options.signer {
        Some(signer) => Arc::clone(signer),
        None if secrets.join(keys::LOG_KEY_FILE).exists() => read_signer(path, options)?,
        None => {
            let origin = origin_for_new(path, creation, options)?;
            let file = secrets.join(keys::LOG_KEY_FILE);
            Arc::new(keys::create_log_key(&file, &origin, &*options.random)?)
        }
    };
    let origin = signer.verifier_key().name().to_owned();
    if let Some(directory) = config_dir(options) {
        let known = keys::known_logs(&directory)?;
        if known.iter().any(|log| log.vkey.name() == origin) {
            return Err(Error::OriginTaken { origin });
        }
    }
    Ok(signer)
}

fn is_absent_or_empty(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Refuses a path where this machine knows a ledger and none is now.
fn check_vanished(path: &Path, options: &Options) -> Result<(), Error> {
    let known = path_note(path, options).is_some_and(|note| note.exists());
    if known && (is_absent_or_empty(path) || is_unfinished(path)?) {
        return Err(Error::Vanished {
            path: path.to_path_buf(),
        });
    }
    Ok(())
}

/// Forgets that a path held a ledger, so that a new one may be made there.
pub fn forget_path(path: &Path, options: &Options) -> Result<(), Error> {
    let path = std::path::absolute(path).map_err(Error::io("find", path))?;
    let Some(note) = path_note(&path, options) else {
        return Ok(());
    };
    match fs::remove_file(&note) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", note)(error))
        }
        _ => Ok(()),
    }
}

fn path_note(path: &Path, options: &Options) -> Option<PathBuf> {
    let name = Hash::of(&[path.as_os_str().as_encoded_bytes()]).to_hex();
    Some(state_dir(options)?.join(PATHS_DIR).join(name))
}

fn remember_path(path: &Path, origin: &str, options: &Options) -> Result<(), Error> {
    if options.head_copy == HeadCopyPolicy::Off {
        return Ok(());
    }
    let Some(note) = path_note(path, options) else {
        return Ok(());
    };
    let directory = note.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let text = format!("{origin}\n{}\n", path.display());
    fs::write(&note, text).map_err(Error::io("write", note))
}

/// `sealog.toml`: for people; trusted by nothing.
fn label_text(origin: &str) -> String {
    format!(
        "# For people. Nothing trusts this file; the log itself says the same in its first entry.\n\
         format_version = {}\norigin = \"{origin}\"\n",
        sealog_core::state::FORMAT_VERSION
    )
}

/// The first line of the log as a value; not yet trusted.
fn first_entry(store: &dyn Store) -> Result<Value, Error> {
    let mut chunks = chunk::Chunks::new(store, 0, 0)?;
    let first = chunks.next_chunk()?;
    let value = first.as_ref().and_then(|chunk| {
        chunk::lines(&chunk.bytes)
            .next()
            .and_then(|line| Value::parse(line.text).ok())
    });
    Ok(value.unwrap_or(Value::Null))
}

fn origin_of(first: &Value) -> Option<String> {
    let body = first.member("record")?.member("body")?;
    body.member("origin")?.as_str().map(ToOwned::to_owned)
}

fn vkey_of(first: &Value) -> Option<String> {
    let body = first.member("record")?.member("body")?;
    body.member("vkey")?.as_str().map(ToOwned::to_owned)
}
