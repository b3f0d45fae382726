//! The inner layers: in-toto statement and OMS predicate v1.0.

use std::collections::BTreeMap;

use sealog_core::Hash;
use sealog_core::json::{Number, Object, Value};

use super::{Names, OmsOptions, bad, historical, pieces};
use crate::Error;
use crate::digest::{Algorithm, Digests};
use crate::limits::FILES_MAX;
use crate::manifest::{ClosedSet, Content, Manifest, members};
use crate::walk::{FileSet, IgnoreRules, LinkPolicy, ModelPath};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
/// The name of the one file of a model, in releases up to 1.1.1.
pub(super) const UNNAMED: &str = ".";
/// What that file is called here; it stands for whatever the one file is called.
pub(super) const STAND_IN: &str = "model";

/// A resource as it is listed.
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) digest: Vec<u8>,
}

/// Over which bytes a signature was found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    /// Those of DSSE.
    Dsse,
    /// Those of release 0.2, which signed only statements of its own.
    Historical,
}

/// Reads a payload whose signature holds. The root is recomputed in the order of the list.
pub(super) fn read(payload: Vec<u8>, signed: Signed) -> Result<(ClosedSet, Vec<String>), Error> {
    match Statement::read(&payload, signed)? {
        Statement::Historical(set, notes) => Ok((set, notes)),
        Statement::Current {
            serialization,
            resources,
        } => {
            // Of many files each of these is a large part of what is held at once.
            drop(payload);
            close(&serialization, resources)
        }
    }
}

/// What is signed, by its predicate.
enum Statement {
    Historical(ClosedSet, Vec<String>),
    Current {
        serialization: Value,
        resources: Vec<Resource>,
    },
}

impl Statement {
    fn read(payload: &[u8], signed: Signed) -> Result<Self, Error> {
        let names = ["_type", "predicate", "predicateType", "subject"];
        let [kind, predicate, predicate_type, subject] = pieces::members(payload, names)?;
        if pieces::value(kind)?.as_str() != Some(STATEMENT_TYPE) {
            return Err(bad("its payload is no in-toto statement v1"));
        }
        match (pieces::value(predicate_type)?.as_str(), signed) {
            (Some(historical::PREDICATE_TYPE), _) => {
                let (subject, predicate) = (pieces::value(subject)?, pieces::value(predicate)?);
                let (set, notes) = historical::read(&subject, &predicate)?;
                return Ok(Self::Historical(set, notes));
            }
            (Some(PREDICATE_TYPE), Signed::Dsse) => {}
            (Some(PREDICATE_TYPE), Signed::Historical) => {
                return Err(bad(
                    "it is signed as release 0.2 signed, and no statement of that",
                ));
            }
            _ => return Err(bad("its predicate is not OMS v1.0")),
        }
        let subject = pieces::value(subject)?;
        let Some([subject]) = subject.as_array() else {
            return Err(bad("it does not have exactly one subject"));
        };
        let [resources, serialization] =
            pieces::members(predicate, ["resources", "serialization"])?;
        let serialization = pieces::value(serialization)?;
        let shard_size = shard_size(&serialization)?;
        let hash = hash_type(&serialization, shard_size)?;
        let resources = read_resources(resources, hash, shard_size)?;
        check_root(subject, &resources)?;
        Ok(Self::Current {
            serialization,
            resources,
        })
    }
}

/// The set of the files that the resources are.
fn close(
    serialization: &Value,
    resources: Vec<Resource>,
) -> Result<(ClosedSet, Vec<String>), Error> {
    let shard_size = shard_size(serialization)?;
    let hash = hash_type(serialization, shard_size)?;
    let mut notes = Vec::new();
    let links = match serialization
        .member("allow_symlinks")
        .and_then(Value::as_bool)
    {
        Some(true) => {
            notes.push(
                "links were allowed when it was signed: only those inside the model are".into(),
            );
            LinkPolicy::InsideRoot
        }
        Some(false) => LinkPolicy::Refuse,
        None => return Err(bad("it does not say whether links are allowed")),
    };
    let unnamed_file = match shard_size {
        None => is_unnamed(&resources),
        Some(_) => super::shards::are_unnamed(&resources),
    };
    let entries = match shard_size {
        None => whole(resources, hash)?,
        Some(size) => {
            notes.push("shards do not cover files without content".into());
            super::shards::join(resources, hash, size)?
        }
    };
    let ignored = serialization.member("ignore_paths");
    let ignore = if let Some(paths) = ignored {
        read_ignored(paths, &mut notes)?
    } else {
        let (ignore, note) = assumed_ignored(&entries);
        notes.push(note);
        ignore
    };
    let set = ClosedSet {
        unnamed_file,
        empty_unlisted: shard_size.is_some(),
        ignore,
        ignore_unstated: ignored.is_none(),
        links,
        entries,
    };
    Ok((set, notes))
}

fn hash_type(serialization: &Value, shard_size: Option<u64>) -> Result<Algorithm, Error> {
    let name = serialization.member("hash_type").and_then(Value::as_str);
    name.and_then(|name| mangled(name, shard_size))
        .ok_or_else(|| bad("its hash type is unknown"))
}

/// A hash whose name may tell the size of shards again: the reference names resources so, and release 0.3 the whole.
fn mangled(name: &str, shard_size: Option<u64>) -> Option<Algorithm> {
    let end = shard_size.map(|size| format!("-sharded-{size}"));
    let plain = end.as_deref().and_then(|end| name.strip_suffix(end));
    hash_named(plain.unwrap_or(name))
}

fn hash_named(name: &str) -> Option<Algorithm> {
    match name {
        "sha256" => Some(Algorithm::Sha256),
        // The reference writes the one name and knows the other.
        "blake2b" | "blake2" => Some(Algorithm::Blake2b),
        "blake3" => Some(Algorithm::Blake3),
        _ => None,
    }
}

/// The size of shards; none: files are whole. The reference writes it as a float.
fn shard_size(serialization: &Value) -> Result<Option<u64>, Error> {
    let size = serialization.member("shard_size");
    match (serialization.member("method").and_then(Value::as_str), size) {
        (Some("files"), None) => Ok(None),
        (Some("shards"), Some(size)) => match size.as_u64() {
            Some(size) if size > 0 => Ok(Some(size)),
            _ => Err(bad("its shard size is no positive integer")),
        },
        _ => Err(bad(
            "its method is not files or shards, or its shard size is out of place",
        )),
    }
}

fn read_resources(
    text: &[u8],
    hash: Algorithm,
    shard_size: Option<u64>,
) -> Result<Vec<Resource>, Error> {
    let count = pieces::elements(text)?.count();
    if count == 0 {
        return Err(bad("it names no resource"));
    }
    if count > FILES_MAX {
        return Err(bad("it names too many resources"));
    }
    let mut resources = Vec::with_capacity(count);
    for resource in pieces::elements(text)? {
        let resource = pieces::value(resource?)?;
        let [algorithm, digest, name] =
            members(super::WHAT, &resource, ["algorithm", "digest", "name"])?;
        let algorithm = algorithm.as_str().unwrap_or_default();
        if mangled(algorithm, shard_size) != Some(hash) {
            return Err(bad("a resource has another hash than the whole"));
        }
        let digest = digest.as_str().and_then(|digest| hash.parse_hex(digest));
        let name = name.as_str().map(str::to_owned);
        match (name, digest) {
            (Some(name), Some(digest)) => resources.push(Resource { name, digest }),
            _ => return Err(bad("a resource has no name or no digest")),
        }
    }
    Ok(resources)
}

fn check_root(subject: &Value, resources: &[Resource]) -> Result<(), Error> {
    let stated = subject
        .member("digest")
        .and_then(|digest| digest.member("sha256"));
    let stated = stated.and_then(Value::as_str).and_then(Hash::from_hex);
    let stated = stated.ok_or_else(|| bad("its subject has no SHA-256"))?;
    let parts: Vec<&[u8]> = resources
        .iter()
        .map(|resource| resource.digest.as_slice())
        .collect();
    if Hash::of(&parts) == stated {
        Ok(())
    } else {
        Err(Error::Signature {
            why: "its root is not that of its resources".into(),
        })
    }
}

pub(super) fn path(name: &str) -> Result<ModelPath, Error> {
    ModelPath::parse(name).map_err(|reason| Error::Unfit {
        path: name.into(),
        reason,
    })
}

/// Whether the resources are the one file of a model, without its name.
pub(super) fn is_unnamed(resources: &[Resource]) -> bool {
    matches!(resources, [only] if only.name == UNNAMED)
}

pub(super) fn whole(
    resources: Vec<Resource>,
    hash: Algorithm,
) -> Result<BTreeMap<ModelPath, Content>, Error> {
    let only = resources.len() == 1;
    let mut listed = Vec::with_capacity(resources.len());
    for Resource { name, digest } in resources {
        let name = if only && name == UNNAMED {
            STAND_IN
        } else {
            &name
        };
        let mut digests = Digests::default();
        digests.insert(hash, digest);
        let content = Content::Whole {
            size: None,
            digests,
        };
        listed.push((path(name)?, content));
    }
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    for pair in listed.windows(2) {
        if let [(one, _), (other, _)] = pair
            && one == other
        {
            return Err(bad(format!("`{one}` is there twice")));
        }
    }
    // Of a sorted list a tree is made whose nodes are full; one by one they would be half empty.
    Ok(listed.into_iter().collect())
}

/// The rules of the signer.
fn read_ignored(paths: &Value, notes: &mut Vec<String>) -> Result<IgnoreRules, Error> {
    let mut rules = IgnoreRules::none();
    for path in paths
        .as_array()
        .ok_or_else(|| bad("its ignored paths are no array"))?
    {
        let path = path
            .as_str()
            .ok_or_else(|| bad("an ignored path is no string"))?;
        if rules.add(path).is_err() {
            notes.push(format!("the ignored path `{path}` cannot lie in a model"));
        }
    }
    Ok(rules)
}

/// The rules of releases that did not record them: of the four names those below which nothing is signed.
pub(super) fn assumed_ignored(entries: &BTreeMap<ModelPath, Content>) -> (IgnoreRules, String) {
    let rules = IgnoreRules::oms().sparing(entries.keys());
    let note = "what was ignored is not recorded: the four names of OMS are assumed";
    (rules, note.into())
}

/// The statement over the files of a set.
pub(super) fn write(
    manifest: &Manifest,
    set: &FileSet,
    ignore: &IgnoreRules,
    options: &OmsOptions<'_>,
) -> Result<Vec<u8>, Error> {
    let hash = options.hash;
    if hash_named(hash.name()) != Some(hash) || !manifest.algorithms().contains(&hash) {
        return Err(Error::malformed(
            "the list of digests",
            "OMS bundles have SHA-256, BLAKE2b or BLAKE3, and the manifest has to have it too",
        ));
    }
    let unnamed = options.names == Names::Reference && set.is_single_file();
    let name = |path: &ModelPath| if unnamed { UNNAMED } else { path.as_str() }.to_owned();
    let resources: Vec<Resource> = match options.shard_size {
        None => {
            let files = manifest.files().iter().map(|file| Resource {
                name: name(file.path()),
                digest: file.digests().get(hash).unwrap_or_default().to_vec(),
            });
            files.collect()
        }
        Some(size) => super::shards::digest(set, hash, size, name)?,
    };
    let parts: Vec<&[u8]> = resources.iter().map(|one| one.digest.as_slice()).collect();
    let mut digest = Object::new();
    digest.insert("sha256", Hash::of(&parts).to_hex());
    let mut subject = Object::new();
    subject.insert("digest", digest);
    subject.insert("name", set.name());
    let predicate = predicate(&resources, set.links(), ignore, options)?;
    let mut statement = Object::new();
    statement.insert("_type", STATEMENT_TYPE);
    statement.insert("predicate", predicate);
    statement.insert("predicateType", PREDICATE_TYPE);
    statement.insert("subject", Value::Array(vec![Value::Object(subject)]));
    Ok(Value::Object(statement).to_canonical())
}

fn predicate(
    resources: &[Resource],
    links: LinkPolicy,
    ignore: &IgnoreRules,
    options: &OmsOptions<'_>,
) -> Result<Object, Error> {
    let algorithm = match (options.names, options.shard_size) {
        (Names::Reference, Some(size)) => format!("{}-sharded-{size}", options.hash.name()),
        _ => options.hash.name().to_owned(),
    };
    let list = resources.iter().map(|one| {
        let mut digests = Digests::default();
        digests.insert(options.hash, one.digest.clone());
        let mut resource = Object::new();
        resource.insert("algorithm", algorithm.as_str());
        resource.insert("digest", digests.hex(options.hash).unwrap_or_default());
        resource.insert("name", one.name.as_str());
        Value::Object(resource)
    });
    let mut serialization = Object::new();
    serialization.insert("allow_symlinks", links != LinkPolicy::Refuse);
    serialization.insert("hash_type", options.hash.name());
    let paths = ignore.paths().map(|path| Value::from(path.as_str()));
    serialization.insert("ignore_paths", Value::Array(paths.collect()));
    if let Some(size) = options.shard_size {
        serialization.insert("method", "shards");
        let number = Number::unsigned(size.get()).ok_or_else(|| {
            Error::malformed("the size of shards", "it is more than JSON can say exactly")
        })?;
        serialization.insert("shard_size", number);
    } else {
        serialization.insert("method", "files");
    }
    let mut predicate = Object::new();
    predicate.insert("resources", Value::Array(list.collect()));
    predicate.insert("serialization", serialization);
    Ok(predicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_names_so_many_resources() {
        let why = |count: usize| {
            let list = format!("[{}]", vec!["0"; count].join(","));
            let read = read_resources(list.as_bytes(), Algorithm::Sha256, None);
            read.map(|_| ()).unwrap_err().to_string()
        };
        assert!(!why(FILES_MAX).contains("too many"));
        assert!(why(FILES_MAX + 1).contains("too many"));
        assert!(why(0).contains("no resource"));
    }
}
