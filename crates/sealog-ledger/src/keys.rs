//! Key files: the log's signing key, the ledger's data key, and the logs that this machine knows
//! (`docs/formats/keys.md`).

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::commitment::{DataKey, KeyId};
use sealog_core::hash::{Hash, decode_hex, push_hex};
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use zeroize::Zeroizing;

use crate::clock::Random;
use crate::new_file::{directory_of, sync_dir};
use crate::options::Creation;
use crate::{Error, admin};

/// Name of the signing key's file.
pub const LOG_KEY_FILE: &str = "log.key";
/// Name of the file of the ledger's data key.
pub const DATA_KEY_FILE: &str = "data.key";
/// Name of the list of logs that this user trusts.
pub const KNOWN_LOGS_FILE: &str = "known_logs";
/// Begins a secret's name while it is written. Whoever finds one that a crash left may remove it: no key is in use
/// before it has a name of its own.
const NEW_SECRET: &str = ".new-";
/// How the text of a private key begins.
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";
/// Type byte of an Ed25519 key.
const ED25519: u8 = 1;
/// Bytes of a key file that are read, at most.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;

/// The directory of a ledger's secrets: beside it, never inside.
pub fn secrets_of(ledger: &Path) -> PathBuf {
    let mut name = ledger.file_name().unwrap_or_default().to_os_string();
    name.push(".secrets");
    ledger.with_file_name(name)
}

/// Makes a new signing key for an origin and writes it to a file of mode 0600 that did not exist.
///
/// # Errors
/// [`Error::Argument`] if no log could have this origin, before anything is written.
pub fn create_log_key(
    path: &Path,
    origin: &str,
    random: &dyn Random,
) -> Result<Ed25519Signer, Error> {
    admin::check_created(&Creation::default(), origin)?;
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(&mut *seed)?;
    let signer = signer_of(origin, &seed)?;
    write_secret(path, private_text(&signer, &seed).as_bytes())?;
    Ok(signer)
}

/// A signing key that is kept nowhere.
pub fn ephemeral(origin: &str, random: &dyn Random) -> Result<Arc<dyn Signer>, Error> {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(&mut *seed)?;
    Ok(Arc::new(signer_of(origin, &seed)?))
}

fn signer_of(origin: &str, seed: &[u8; 32]) -> Result<Ed25519Signer, Error> {
    Ed25519Signer::from_seed(KeyType::Ed25519, origin, seed).map_err(|error| Error::Argument {
        what: "the origin",
        why: error.to_string(),
    })
}

/// The form that signed-note tools use: `PRIVATE+KEY+<name>+<key id>+<base64 of type byte and seed>`.
fn private_text(signer: &Ed25519Signer, seed: &[u8; 32]) -> Zeroizing<String> {
    let mut key = Zeroizing::new(vec![ED25519]);
    key.extend_from_slice(seed);
    let vkey = signer.verifier_key();
    let mut id = String::new();
    push_hex(&mut id, &vkey.id());
    let encoded = Zeroizing::new(STANDARD.encode(&*key));
    Zeroizing::new(format!(
        "{PRIVATE_PREFIX}{}+{id}+{}\n",
        vkey.name(),
        *encoded
    ))
}

/// Reads a private key from its text.
pub fn parse_private(text: &str) -> Option<Ed25519Signer> {
    let rest = text.trim_end().strip_prefix(PRIVATE_PREFIX)?;
    let (name, rest) = rest.split_once('+')?;
    let (id, encoded) = rest.split_once('+')?;
    let key = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let (&ED25519, seed) = key.split_first()? else {
        return None;
    };
    let signer = signer_of(name, seed.try_into().ok()?).ok()?;
    let mut stated = [0; 4];
    decode_hex(id.as_bytes(), &mut stated)?;
    (signer.verifier_key().id() == stated).then_some(signer)
}

/// Reads a signing key. Refused where others may read the file.
pub fn read_log_key(path: &Path) -> Result<Ed25519Signer, Error> {
    let text = read_secret(path)?;
    let text = std::str::from_utf8(&text).map_err(|_| Error::KeyFile {
        path: path.into(),
        why: "it is not text".into(),
    })?;
    let why = "it does not hold a signing key of the form PRIVATE+KEY+name+id+key".to_owned();
    parse_private(text).ok_or(Error::KeyFile {
        path: path.into(),
        why,
    })
}

/// A data key and its id.
#[derive(Debug, Clone)]
pub(crate) struct LedgerDataKey {
    pub(crate) id: KeyId,
    pub(crate) key: DataKey,
}

/// Reads the ledger's data key, or makes one that is durable before it is returned.
pub(crate) fn data_key(path: &Path, random: &dyn Random) -> Result<LedgerDataKey, Error> {
    if !path.exists() {
        let new = new_data_key(random)?;
        let mut text = Zeroizing::new(String::with_capacity(100));
        text.push_str(&new.id.to_string());
        text.push(' ');
        push_hex(&mut text, new.key.expose());
        text.push('\n');
        match write_secret(path, text.as_bytes()) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            }
            Err(error) => return Err(error),
            Ok(()) => return Ok(new),
        }
    }
    let text = read_secret(path)?;
    let malformed = || Error::KeyFile {
        path: path.into(),
        why: "it is not a data key".into(),
    };
    let text = std::str::from_utf8(&text).map_err(|_| malformed())?;
    let (id, hex) = text.trim_end().split_once(' ').ok_or_else(malformed)?;
    let id = id.parse().map_err(|_| malformed())?;
    let mut bytes = Zeroizing::new([0; 32]);
    decode_hex(hex.as_bytes(), &mut *bytes).ok_or_else(malformed)?;
    Ok(LedgerDataKey {
        id,
        key: DataKey::new(*bytes),
    })
}

fn new_key_id(random: &dyn Random) -> Result<KeyId, Error> {
    let mut bytes = [0; KeyId::LEN];
    random.fill(&mut bytes)?;
    Ok(KeyId::new(bytes))
}

/// A new data key, which is kept nowhere yet.
pub(crate) fn new_data_key(random: &dyn Random) -> Result<LedgerDataKey, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes)?;
    Ok(LedgerDataKey {
        id: new_key_id(random)?,
        key: DataKey::new(*bytes),
    })
}

/// A log that this user trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    /// Its verifier key; the name is the origin.
    pub vkey: VerifierKey,
}

/// The logs that the user's `known_logs` names; an absent file names none.
pub fn known_logs(config_dir: &Path) -> Result<Vec<KnownLog>, Error> {
    let path = config_dir.join(KNOWN_LOGS_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let vkey = VerifierKey::parse(line).map_err(|error| Error::KeyFile {
                path: path.clone(),
                why: error.to_string(),
            })?;
            Ok(KnownLog { vkey })
        })
        .collect()
}

/// Adds a log to the user's `known_logs`, once.
pub fn trust_log(config_dir: &Path, vkey: &VerifierKey) -> Result<(), Error> {
    if known_logs(config_dir)?
        .iter()
        .any(|known| known.vkey == *vkey)
    {
        return Ok(());
    }
    fs::create_dir_all(config_dir).map_err(Error::io("create", config_dir))?;
    let path = config_dir.join(KNOWN_LOGS_FILE);
    let open = OpenOptions::new().append(true).create(true).open(&path);
    let mut file = open.map_err(Error::io("open", &path))?;
    let written = file
        .write_all(format!("{vkey}\n").as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(Error::io("write", path))
}

/// Takes every other key of this key's log out of the user's `known_logs`.
pub fn distrust_others(config_dir: &Path, vkey: &VerifierKey) -> Result<(), Error> {
    let path = config_dir.join(KNOWN_LOGS_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let is_other = |line: &&str| {
        let known = VerifierKey::parse(line.trim());
        known.is_ok_and(|known| known.name() == vkey.name() && known != *vkey)
    };
    if !text.lines().any(|line| is_other(&line)) {
        return Ok(());
    }
    let kept = text.lines().filter(|line| !is_other(line));
    let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
    let new = config_dir.join(format!("{KNOWN_LOGS_FILE}.new-{}", std::process::id()));
    let written = fs::File::create(&new).and_then(|mut file| {
        file.write_all(kept.as_bytes())?;
        file.sync_all()
    });
    written.map_err(Error::io("write", &new))?;
    fs::rename(&new, &path).map_err(Error::io("replace", path))
}

/// Whose whole SHA-256 people compare.
pub fn fingerprint(vkey: &VerifierKey) -> String {
    Hash::of(&[vkey.to_string().as_bytes()]).to_hex()
}

/// The user's configuration directory of Sealog.
pub fn user_config_dir() -> Option<PathBuf> {
    user_dir("XDG_CONFIG_HOME", ".config")
}

/// The user's state directory of Sealog.
pub fn user_state_dir() -> Option<PathBuf> {
    user_dir("XDG_STATE_HOME", ".local/state")
}

fn user_dir(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set(variable).filter(|path| path.is_absolute());
    let home = || {
        set("HOME")
            .or_else(|| set("USERPROFILE"))
            .map(|home| home.join(below_home))
    };
    base.or_else(home).map(|base| base.join("sealog"))
}

/// Writes a secret to a file that did not exist, readable by its owner alone, durably.
///
/// It gets its name when it is whole: a crash, a full disk or a signal meanwhile leaves no half of a key under it.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let directory = directory_of(path);
    create_private_dir(directory)?;
    let file = unnamed_secret(path, bytes)?;
    let named = file.persist_noclobber(path).map_err(|error| error.error);
    named.map_err(Error::io("create", path))?;
    sync_dir(directory)
}

/// A secret that has no name of its own yet, flushed. Of mode 0600 from its first byte on: `tempfile` promises it.
fn unnamed_secret(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile, Error> {
    let new = tempfile::Builder::new()
        .prefix(NEW_SECRET)
        .tempfile_in(directory_of(path));
    let mut file = new.map_err(Error::io("create", path))?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.as_file().sync_all());
    written.map_err(Error::io("write", path))?;
    Ok(file)
}

/// Makes an empty secret file, readable by its owner alone, unless one is there.
pub(crate) fn touch_secret(path: &Path) -> Result<(), Error> {
    match write_secret(path, b"") {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(())
        }
        done => done,
    }
}

/// Writes a secret file in the place of the one that may be there, durably; readers see one or the other.
pub(crate) fn rewrite_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = unnamed_secret(path, bytes)?;
    let named = file.persist(path).map_err(|error| error.error);
    named.map_err(Error::io("replace", path))?;
    sync_dir(directory_of(path))
}

/// Puts one secret file in the place of another, durably.
pub(crate) fn replace_secret(path: &Path, new: &Path) -> Result<(), Error> {
    fs::rename(new, path).map_err(Error::io("replace", path))?;
    sync_dir(directory_of(path))
}

/// Makes a directory that only its owner may enter, with a `.gitignore` that keeps all of it out of version control.
///
/// One that is there already is taken as it is, but for what an interrupted making left without its `.gitignore`.
fn create_private_dir(directory: &Path) -> Result<(), Error> {
    let ignore = directory.join(".gitignore");
    if directory.is_dir() {
        let is_cut_off = match fs::metadata(&ignore) {
            Ok(metadata) => metadata.is_file() && metadata.len() == 0,
            Err(_) => fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none()),
        };
        if !is_cut_off {
            return Ok(());
        }
    } else {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        let made = builder.create(directory);
        made.map_err(Error::io("create", directory))?;
    }
    fs::write(&ignore, "*\n").map_err(Error::io("write", ignore))
}

/// Reads a secret file; refused where others than its owner may read it.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    use std::io::Read;
    let file = fs::File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    if !metadata.is_file() || metadata.len() > KEY_FILE_BYTES_MAX {
        return Err(Error::KeyFile {
            path: path.into(),
            why: "it is not a key file".into(),
        });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            let why = "others may read it: `chmod 600` it".into();
            return Err(Error::KeyFile {
                path: path.into(),
                why,
            });
        }
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let read = file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(Error::io("read", path))?;
    Ok(bytes)
}
