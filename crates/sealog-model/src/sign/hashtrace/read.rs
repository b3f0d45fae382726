//! The three shapes, read strictly: the members that their tool wrote, and no others.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::json::{Object, Value};

use super::{Era, HashTrace, Inside, WHAT, bad, python, text_of};
use crate::Error;
use crate::digest::{Algorithm, Digests};
use crate::limits::FILES_MAX;
use crate::manifest::{Authorship, ClosedSet, Content, members};
use crate::sign::Claim;
use crate::walk::{ModelPath, WalkOptions};

type Entries = BTreeMap<ModelPath, Content>;

/// `{version, created, created_by, files}`; its last releases left `created` out.
pub(super) fn era_a(object: &Object, walk: WalkOptions) -> Result<HashTrace, Error> {
    only(object, &["version", "created", "created_by", "files"])?;
    if object.get("version").and_then(Value::as_str) != Some("1.0") {
        return Err(bad("its version is not 1.0"));
    }
    let mut claims = vec![claim("created_by", text_of(object, "created_by")?, true)];
    if object.contains_key("created") {
        claims.push(claim("created", text_of(object, "created")?, true));
    }
    let mut entries = Entries::new();
    for file in list(object)? {
        let [path, sha256] = members(WHAT, file, ["path", "sha256"])?;
        insert(&mut entries, path.as_str(), sha256)?;
    }
    Ok(HashTrace {
        era: Era::A,
        set: closed(entries, walk)?,
        claims,
        authorship: None,
        inside: None,
    })
}

/// `{signature, signed_data: {created_by, model_name, model_version, timestamp, local_timestamp, files, hub ids}}`.
pub(super) fn era_b(outer: &Object, walk: WalkOptions) -> Result<HashTrace, Error> {
    const NAMES: [&str; 8] = [
        "created_by",
        "model_name",
        "model_version",
        "timestamp",
        "local_timestamp",
        "files",
        "hf_id",
        "mlflow_uri",
    ];
    only(outer, &["signature", "signed_data"])?;
    let data = outer.get("signed_data");
    let data = data.ok_or_else(|| bad("it has no `signed_data`"))?;
    let object = data
        .as_object()
        .ok_or_else(|| bad("`signed_data` is no object"))?;
    only(object, &NAMES)?;
    let mut claims = Vec::new();
    for name in NAMES.into_iter().filter(|name| *name != "files") {
        // Without a name or version their tool wrote null.
        if object.get(name).is_some_and(|value| !value.is_null()) {
            claims.push(claim(name, text_of(object, name)?, true));
        }
    }
    let files = object.get("files").and_then(Value::as_object);
    let files = files.ok_or_else(|| bad("its `files` are no object"))?;
    let mut entries = Entries::new();
    for (path, digests) in files.iter() {
        let [sha256] = members(WHAT, digests, ["SHA256"])?;
        insert(&mut entries, Some(path), sha256)?;
    }
    let of = |name: &str| {
        let found = claims.iter().find(|claim| claim.what == name);
        found.map(|claim| claim.value.clone())
    };
    let authorship = (|| {
        Some(Authorship {
            name: of("model_name")?,
            version: of("model_version")?,
            created_by: of("created_by")?,
            created_at: of("timestamp")?,
        })
    })();
    Ok(HashTrace {
        era: Era::B,
        set: closed(entries, walk)?,
        inside: Some(inside(data, outer)?),
        authorship,
        claims,
    })
}

/// `{model_name, model_version, created_by, timestamp_utc, timestamp_local, files, signature}`.
pub(super) fn era_c(object: &Object, walk: WalkOptions) -> Result<HashTrace, Error> {
    const NAMES: [&str; 5] = [
        "model_name",
        "model_version",
        "created_by",
        "timestamp_utc",
        "timestamp_local",
    ];
    only(
        object,
        &[NAMES.as_slice(), &["files", "signature"]].concat(),
    )?;
    let mut claims = Vec::new();
    for name in NAMES {
        claims.push(claim(name, text_of(object, name)?, false));
    }
    let mut entries = Entries::new();
    for file in list(object)? {
        let [name, path, sha256] = members(WHAT, file, ["name", "path", "sha256"])?;
        let path = path.as_str();
        if path.and_then(|path| path.rsplit('/').next()) != name.as_str() {
            return Err(bad("the name of a file is not the end of its path"));
        }
        insert(&mut entries, path, sha256)?;
    }
    let mut signed = Object::new();
    signed.insert("files", object.get("files").cloned().unwrap_or_default());
    Ok(HashTrace {
        era: Era::C,
        set: closed(entries, walk)?,
        inside: Some(inside(&Value::Object(signed), object)?),
        authorship: None,
        claims,
    })
}

fn claim(what: &'static str, value: String, signed: bool) -> Claim {
    Claim {
        what,
        value,
        signed,
    }
}

fn only(object: &Object, names: &[&str]) -> Result<(), Error> {
    match object.iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(()),
        Some((name, _)) => Err(bad(format!(
            "it has a member `{name}` that none of its forms has"
        ))),
    }
}

fn list(object: &Object) -> Result<&[Value], Error> {
    let files = object.get("files").and_then(Value::as_array);
    files.ok_or_else(|| bad("its `files` are no array"))
}

fn insert(entries: &mut Entries, path: Option<&str>, sha256: &Value) -> Result<(), Error> {
    let path = path.ok_or_else(|| bad("a path is no text"))?;
    let digest = sha256.as_str();
    let digest = digest.and_then(|text| Algorithm::Sha256.parse_hex(text));
    let digest = digest.ok_or_else(|| bad(format!("the digest of `{path}` is no SHA-256")))?;
    let parsed = ModelPath::parse(path).map_err(|reason| Error::Unfit {
        path: path.into(),
        reason,
    })?;
    let mut digests = Digests::default();
    digests.insert(Algorithm::Sha256, digest);
    let content = Content::Whole {
        size: None,
        digests,
    };
    if entries.len() >= FILES_MAX {
        return Err(Error::Limit {
            what: "files of the manifest",
            limit: u64::try_from(FILES_MAX).unwrap_or(u64::MAX),
        });
    }
    match entries.insert(parsed, content) {
        None => Ok(()),
        Some(_) => Err(bad(format!("`{path}` is there twice"))),
    }
}

fn closed(entries: Entries, walk: WalkOptions) -> Result<ClosedSet, Error> {
    if entries.is_empty() {
        return Err(bad("it names no file"));
    }
    Ok(ClosedSet {
        entries,
        ignore: walk.ignore,
        links: walk.links,
        empty_unlisted: false,
        ignore_unstated: false,
        unnamed_file: false,
    })
}

/// What is signed inside of the text, and by what.
fn inside(signed: &Value, outer: &Object) -> Result<Inside, Error> {
    let mut message = String::new();
    python::dumps(signed, &mut message).ok_or_else(|| bad("it holds other than texts"))?;
    let value = outer.get("signature");
    let value = value.ok_or_else(|| bad("it has no `signature`"))?;
    let encoded = match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_null() => String::new(),
        None => return Err(bad("its signature is no text")),
    };
    let signature = if value.is_null() {
        None
    } else {
        let bytes = STANDARD.decode(&encoded);
        Some(bytes.map_err(|_| bad("its signature is no base64"))?)
    };
    Ok(Inside {
        message: message.into_bytes(),
        signature,
        encoded,
    })
}
