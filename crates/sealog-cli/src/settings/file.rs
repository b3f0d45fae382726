//! The configuration file: which one is read, and what it may say.
//!
//! The first that is there is read, no other: `--config`, `SEALOG_CONFIG`, `.sealog.toml` in the working directory,
//! `sealog/config.toml` in the user's configuration directory, `/etc/sealog/config.toml`. It is flat: one line per
//! option, values are strings, whole numbers, true or false, or lists of strings.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind as IoKind, Read};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::options::Files;
use super::{Environment, Setting, find as find_option};
use crate::error::Error;

/// Name of the file in the working directory. Not `sealog.toml`, which is what a ledger has inside.
const WORKING_DIRECTORY_FILE: &str = ".sealog.toml";
/// The file for the whole machine.
const MACHINE_FILE: &str = "/etc/sealog/config.toml";
/// Bytes of a configuration file, at most.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A configuration file that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    files: Files,
}

/// Finds the file to read. One that was named has to exist.
pub(super) fn find(
    environment: &Environment,
    named: Option<&Path>,
) -> Result<Option<Found>, Error> {
    let variable = environment.variable("SEALOG_CONFIG").map(Path::new);
    if let Some(path) = named.or(variable) {
        let path = environment.directory().join(path);
        return Ok(Some(Found {
            path,
            files: Files::Trusted,
        }));
    }
    let here = Some((
        environment.directory().join(WORKING_DIRECTORY_FILE),
        Files::Any,
    ));
    let user = environment.config_home();
    let user = user.map(|home| (home.join("sealog/config.toml"), Files::Trusted));
    let machine = Some((PathBuf::from(MACHINE_FILE), Files::Trusted));
    for (path, files) in [here, user, machine].into_iter().flatten() {
        // What is there but cannot be read is an error of reading, not an absent file.
        match fs::symlink_metadata(&path) {
            Ok(_) => return Ok(Some(Found { path, files })),
            Err(error) if absent(error.kind()) => {}
            Err(source) => {
                return Err(Error::Io {
                    action: "look for",
                    path,
                    source,
                });
            }
        }
    }
    Ok(None)
}

fn absent(kind: IoKind) -> bool {
    matches!(kind, IoKind::NotFound | IoKind::NotADirectory)
}

/// Reads the options of a file, in the order of their names.
pub(super) fn read(found: &Found) -> Result<Vec<(&'static Setting, OsString)>, Error> {
    let path = &found.path;
    let io = |source| Error::Io {
        action: "read",
        path: path.clone(),
        source,
    };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(io)?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    let refused = |problem: String| Error::ConfigFile {
        path: path.clone(),
        problem,
    };
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(refused(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refused(format!("not UTF-8 at byte {at}"))
    })?;
    // The parser's own message shows the offending line, which may be a secret put in the wrong file.
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(1, |before| before.matches('\n').count() + 1);
        refused(format!("not TOML in line {line}"))
    })?;
    let mut options = Vec::new();
    for (name, value) in &table {
        let unknown = || Error::UnknownOption {
            name: name.clone(),
            file: Some(path.clone()),
        };
        let option = find_option(name).ok_or_else(unknown)?;
        if found.files == Files::Any && option.files == Files::Trusted {
            return Err(refused(format!(
                "`{name}` may not be set in a file of the working directory, which can come with the data"
            )));
        }
        let text = text_of(value).ok_or_else(|| {
            refused(format!(
                "`{name}` is not a string, a whole number, true or false, or a list of strings"
            ))
        })?;
        if text.contains("PRIVATE+KEY+") {
            return Err(refused(format!("`{name}` holds a private key")));
        }
        options.push((option, OsString::from(text)));
    }
    Ok(options)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(items) => {
            let words: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            words.map(|words| words.join(","))
        }
        _ => None,
    }
}
