//! The three files of mlsecops-integrity beside a pickle: its hash, what it is said to be, and a signature
//! (`docs/formats/older-models.md`, section 2).
//!
//! What the metadata says is held against what the inspector reads from the pickle's bytes; nothing is unpickled.
//! **What is absent**: rows of the training data, which no pickle states.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

use super::{Claim, Vouched, Voucher};
use crate::Error;
use crate::digest::{Algorithm, Digests as FileDigests};
use crate::inspect::{Answer, Digests, Dimension, Inspection, Limits, inspect_path};
use crate::limits::{DOCUMENT_BYTES_MAX, LABEL_BYTES_MAX};
use crate::manifest::{Change, ChangeKind, ClosedSet, Content, Manifest};
use crate::walk::{ModelPath, WalkOptions};

/// What the metadata is called; it lies beside the hash.
pub const METADATA_FILE: &str = "model_metadata.json";
/// What the pickle is called in a directory, where the hash does not name it.
pub const TRIPLE_MODEL: &str = "model.pkl";
const HASH_WHAT: &str = "the hash file";
const WHAT: &str = "the metadata of the model";
/// Bytes of a hash file: the digits, a name and what stands between.
const HASH_FILE_BYTES_MAX: usize = 4_300;

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// A hash and metadata that were read. Anybody can have written them.
#[derive(Debug, Clone)]
pub struct Triple {
    sha256: Vec<u8>,
    named: Option<ModelPath>,
    class: String,
    bytes: u64,
    /// The features that the shape of the training matrix states.
    features: Option<u64>,
    claims: Vec<Claim>,
}

/// A pickle that was read and is what its hash and metadata say. It has yet to be a closed set, and vouched for.
#[derive(Debug)]
pub struct HeldTriple {
    set: ClosedSet,
    claims: Vec<Claim>,
    notes: Vec<String>,
    file: PathBuf,
    sha256: Vec<u8>,
}

/// Whether a text claims to be a hash file; whether it is one, [`Triple::parse`] says.
pub fn is_triple_claimed(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit());
    digits.count() == 64
}

/// One line: the digest, alone or with a name behind two spaces, or a space and a star.
fn read_hash(text: &[u8]) -> Result<(Vec<u8>, Option<ModelPath>), Error> {
    let bad = |why: &str| Error::malformed(HASH_WHAT, why);
    if text.len() > HASH_FILE_BYTES_MAX {
        return Err(bad("it is too long"));
    }
    let text = std::str::from_utf8(text).map_err(|_| bad("it is no text"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (digest, name) = match line.split_once("  ").or_else(|| line.split_once(" *")) {
        Some((digest, name)) => (digest, Some(name)),
        None => (line, None),
    };
    let sha256 = Algorithm::Sha256.parse_hex(digest);
    let sha256 = sha256.ok_or_else(|| bad("it does not begin with 64 lowercase hex digits"))?;
    let name = name.map(ModelPath::parse).transpose();
    let name = name.map_err(|reason| bad(&format!("the name in it: {reason}")))?;
    Ok((sha256, name))
}

/// Where the pickle is: the model itself, or in its directory.
fn file_of(model: &Path, path: &str) -> PathBuf {
    if model.is_dir() {
        model.join(path)
    } else {
        model.to_owned()
    }
}

/// Which file of a model a hash file is about.
///
/// # Errors
/// [`Error::Malformed`] if it is none.
pub(super) fn hashed_file(hash: &[u8], model: &Path) -> Result<PathBuf, Error> {
    let (_, named) = read_hash(hash)?;
    let path = named.as_ref().map_or(TRIPLE_MODEL, ModelPath::as_str);
    Ok(file_of(model, path))
}

impl Triple {
    /// Reads the hash file and the metadata.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::Json`] if a text is not of its format.
    pub fn parse(hash: &[u8], metadata: &[u8]) -> Result<Self, Error> {
        let (sha256, named) = read_hash(hash)?;
        if metadata.len() > DOCUMENT_BYTES_MAX {
            return Err(bad("it is too long"));
        }
        let value = Value::parse(metadata).map_err(|source| Error::Json { what: WHAT, source })?;
        let object = value.as_object().ok_or_else(|| bad("it is no object"))?;
        let known = ["created_at", "model_type", "input_shape", "file_size_bytes"];
        if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(name)) {
            return Err(bad(format!("it has a member `{name}` that is not known")));
        }
        let class = text(object, "model_type")?.ok_or_else(|| bad("it has no `model_type`"))?;
        let bytes = object.get("file_size_bytes").and_then(Value::as_u64);
        let bytes = bytes.ok_or_else(|| bad("`file_size_bytes` is no size"))?;
        let shape = object.get("input_shape").filter(|shape| !shape.is_null());
        let features = shape.map(features_of).transpose()?.flatten();
        let mut claims = vec![
            unsigned("model_type", class.clone()),
            unsigned("file_size_bytes", bytes.to_string()),
        ];
        if let Some(shape) = shape {
            let shown = String::from_utf8_lossy(&shape.to_canonical()).into_owned();
            claims.push(unsigned("input_shape", shown));
        }
        if let Some(created) = text(object, "created_at")? {
            claims.push(unsigned("created_at", created));
        }
        Ok(Self {
            sha256,
            named,
            class,
            bytes,
            features,
            claims,
        })
    }

    /// What the metadata say.
    pub(super) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Reads the pickle and holds it against hash and metadata: a file, or a directory in which it lies.
    ///
    /// # Errors
    /// [`Error::Differs`] if it has another hash, [`Error::NotExpected`] if it is something else than the metadata
    /// says, [`Error::Malformed`] if what it is cannot be read.
    pub fn hold(self, model: &Path, walk: WalkOptions) -> Result<HeldTriple, Error> {
        let path = self.named.as_ref().map_or(TRIPLE_MODEL, ModelPath::as_str);
        let file = file_of(model, path);
        let report = inspect_path(&file, &Limits::default(), Digests::Sha256)?;
        let found = report.files().first().filter(|_| report.files().len() == 1);
        let found = found.ok_or_else(|| Error::malformed("the model", "it is no file"))?;
        let sha256 = found
            .sha256()
            .and_then(|hex| Algorithm::Sha256.parse_hex(hex));
        if sha256.as_ref() != Some(&self.sha256) {
            return Err(Error::Differs {
                changes: vec![Change {
                    path: path.to_owned(),
                    kind: if file.exists() {
                        ChangeKind::Modified
                    } else {
                        ChangeKind::Removed
                    },
                }],
            });
        }
        let notes = self.hold_metadata(found)?;
        let set = self.closed_set(path, walk)?;
        Ok(HeldTriple {
            set,
            claims: self.claims,
            notes,
            file,
            sha256: self.sha256,
        })
    }

    fn hold_metadata(&self, found: &Inspection) -> Result<Vec<String>, Error> {
        let read = Read::of(found)?;
        let differs = |what, expected: String, found: String| Error::NotExpected {
            what,
            expected,
            found,
        };
        if self.bytes != found.bytes() {
            let (expected, found) = (self.bytes.to_string(), found.bytes().to_string());
            return Err(differs("the size of the model", expected, found));
        }
        if self.class != read.class {
            return Err(differs(
                "the class of the model",
                self.class.clone(),
                read.class,
            ));
        }
        match (self.features, read.features) {
            (Some(expected), Some(found)) if expected != found => {
                let (expected, found) = (expected.to_string(), found.to_string());
                Err(differs(
                    "the number of features of the model",
                    expected,
                    found,
                ))
            }
            (Some(_), None) => Ok(vec![
                "the number of features is not checked: the pickle does not state it".into(),
            ]),
            _ => Ok(Vec::new()),
        }
    }

    fn closed_set(&self, path: &str, walk: WalkOptions) -> Result<ClosedSet, Error> {
        let mut digests = FileDigests::default();
        digests.insert(Algorithm::Sha256, self.sha256.clone());
        let content = Content::Whole {
            size: Some(self.bytes),
            digests,
        };
        let path = ModelPath::parse(path).map_err(|reason| Error::Unfit {
            path: path.into(),
            reason,
        })?;
        Ok(ClosedSet {
            entries: BTreeMap::from([(path, content)]),
            ignore: walk.ignore,
            links: walk.links,
            empty_unlisted: false,
            ignore_unstated: false,
            unnamed_file: self.named.is_none(),
        })
    }
}

impl HeldTriple {
    /// The one file of the set.
    pub const fn closed_set(&self) -> &ClosedSet {
        &self.set
    }

    /// The pickle: what a signature is over.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What could not be compared.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The digest of that file.
    pub(super) fn sha256(&self) -> &[u8] {
        &self.sha256
    }

    /// All of it, for whoever knows by what it is vouched for.
    pub(super) fn by(self, voucher: Voucher) -> Vouched {
        Vouched {
            claims: self.claims,
            notes: self.notes,
            ..Vouched::new(self.set, voucher)
        }
    }

    /// Takes it without a signature for the model whose digest the caller pins.
    pub fn pin(self, pinned: Hash) -> Vouched {
        Vouched {
            pinned: Some(pinned),
            ..self.by(Voucher::Digest)
        }
    }
}

fn unsigned(what: &'static str, value: String) -> Claim {
    Claim {
        what,
        value,
        signed: false,
    }
}

fn text(object: &Object, name: &str) -> Result<Option<String>, Error> {
    let Some(value) = object.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().filter(|text| text.len() <= LABEL_BYTES_MAX);
    let text = text.ok_or_else(|| bad(format!("`{name}` is no short text")))?;
    Ok(Some(text.to_owned()))
}

/// The second of two dimensions; one that is null is not stated.
fn features_of(shape: &Value) -> Result<Option<u64>, Error> {
    let wrong = || bad("`input_shape` is no list of two sizes");
    let Some([_, features]) = shape.as_array() else {
        return Err(wrong());
    };
    if features.is_null() {
        return Ok(None);
    }
    features.as_u64().map(Some).ok_or_else(wrong)
}

/// What a pickle says of itself.
struct Read {
    class: String,
    features: Option<u64>,
}

impl Read {
    fn of(found: &Inspection) -> Result<Self, Error> {
        let unread = |why: String| Error::malformed("the model", why);
        if let Some(fault) = found.fault() {
            let why = format!("{} at byte {}", fault.reason(), fault.offset());
            return Err(unread(why));
        }
        if found.answer() != Answer::Read {
            return Err(unread("it is no pickle that can be read".into()));
        }
        // A compressed pickle is the one member of its packing.
        let inner = match found.members() {
            [only] if found.class().is_none() => only,
            _ => found,
        };
        if inner.kind() != "pickle" {
            return Err(unread(format!("it is no pickle, it is {}", inner.kind())));
        }
        let class = inner.class().and_then(|class| class.rsplit('.').next());
        let class = class.ok_or_else(|| unread("it does not say of what class it is".into()))?;
        let shape = inner.inputs().first().and_then(|port| port.shape());
        let features = match shape {
            Some([_, Dimension::Known(features)]) => Some(*features),
            _ => None,
        };
        Ok(Self {
            class: class.to_owned(),
            features,
        })
    }
}

/// The texts of the hash file and the metadata of a model that is one pickle. `created_at` is RFC 3339 in UTC; rows of
/// the training matrix are null, for no pickle states them.
///
/// # Errors
/// [`Error::Unsupported`] if the model is more than one file, or a directory whose file is not called as the format
/// wants; [`Error::Malformed`] if what it is cannot be read; [`Error::Changed`] if it is written meanwhile.
pub fn mlsecops_triple(
    manifest: &Manifest,
    model: &Path,
    created_at: &str,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let [only] = manifest.files() else {
        return Err(Error::Unsupported {
            what: "the hash file",
            why: "the format is of one pickle, and the model has more files; write our own format",
        });
    };
    let file = if model.is_dir() {
        if only.path().as_str() != TRIPLE_MODEL {
            return Err(Error::Unsupported {
                what: "the hash file",
                why: "in a directory the format wants the pickle to be called model.pkl",
            });
        }
        model.join(TRIPLE_MODEL)
    } else {
        model.to_owned()
    };
    Timestamp::parse(created_at.as_bytes()).map_err(|error| bad(format!("created_at: {error}")))?;
    let report = inspect_path(&file, &Limits::default(), Digests::Sha256)?;
    let found = report.files().first();
    let found = found.ok_or_else(|| Error::malformed("the model", "it is no file"))?;
    let read = Read::of(found)?;
    let sha256 = only.digests().hex(Algorithm::Sha256).unwrap_or_default();
    if found.sha256() != Some(&sha256) {
        return Err(Error::Changed { path: file });
    }
    let shape = match read.features {
        Some(features) => format!("[\n    null,\n    {features}\n  ]"),
        None => "null".to_owned(),
    };
    let quoted =
        |text: &str| String::from_utf8_lossy(&Value::from(text).to_canonical()).into_owned();
    let metadata = format!(
        "{{\n  \"created_at\": {},\n  \"model_type\": {},\n  \"input_shape\": {shape},\n  \"file_size_bytes\": {}\n}}",
        quoted(created_at),
        quoted(&read.class),
        only.size(),
    );
    Ok((sha256.into_bytes(), metadata.into_bytes()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
