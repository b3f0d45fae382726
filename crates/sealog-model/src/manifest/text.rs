//! The canonical text of a manifest, written and read strictly.

use sealog_core::json::{Number, Object, Value};

use super::{Manifest, ManifestFile};
use crate::Error;
use crate::digest::{Algorithm, Digests};
use crate::limits::FILES_MAX;
use crate::walk::ModelPath;

/// The format's name and version.
const FORMAT: &str = "sealog/model-manifest/v1";
const WHAT: &str = "the manifest";

impl Manifest {
    /// The canonical text.
    pub fn to_canonical(&self) -> Vec<u8> {
        let mut text = Vec::new();
        self.each_part(&self.algorithms, &mut |part| text.extend_from_slice(part));
        text
    }

    /// The canonical text in parts, as if the manifest had these of its algorithms alone. No more than one file's part
    /// is held at once.
    pub(super) fn each_part(&self, algorithms: &[Algorithm], take: &mut dyn FnMut(&[u8])) {
        let mut head = Object::new();
        head.insert("algorithms", names_of(algorithms));
        let head = Value::Object(head).to_canonical();
        take(head.strip_suffix(b"}").unwrap_or_default());
        take(b",\"files\":[");
        for (number, file) in self.files.iter().enumerate() {
            if number > 0 {
                take(b",");
            }
            take(&file_value(file, algorithms).to_canonical());
        }
        take(b"],\"format\":");
        take(&Value::from(FORMAT).to_canonical());
        take(b"}");
    }

    pub(super) fn to_value(&self) -> Value {
        let files = self.files.iter();
        let files = files.map(|file| file_value(file, &self.algorithms));
        let mut object = Object::new();
        object.insert("algorithms", names_of(&self.algorithms));
        object.insert("files", Value::Array(files.collect()));
        object.insert("format", FORMAT);
        Value::Object(object)
    }

    /// Reads a canonical text, and nothing else.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let value = canonical(WHAT, text)?;
        Self::from_value(&value)
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, Error> {
        let [algorithms, files, format] = members(WHAT, value, ["algorithms", "files", "format"])?;
        if format.as_str() != Some(FORMAT) {
            return Err(bad("its format is not sealog/model-manifest/v1"));
        }
        let algorithms = read_algorithms(algorithms)?;
        let files = files.as_array().ok_or_else(|| bad("`files` is no array"))?;
        if files.is_empty() {
            return Err(bad("it names no file"));
        }
        if files.len() > FILES_MAX {
            return Err(Error::Limit {
                what: "files of the manifest",
                limit: u64::try_from(FILES_MAX).unwrap_or(u64::MAX),
            });
        }
        let mut read: Vec<ManifestFile> = Vec::with_capacity(files.len());
        for file in files {
            let file = read_file(file, &algorithms)?;
            if read.last().is_some_and(|last| last.path >= file.path) {
                return Err(bad(format!(
                    "`{}` is out of order, or there twice",
                    file.path
                )));
            }
            read.push(file);
        }
        Ok(Self {
            algorithms,
            files: read,
        })
    }
}

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

fn names_of(algorithms: &[Algorithm]) -> Value {
    let names = algorithms.iter();
    Value::Array(names.map(|algorithm| algorithm.name().into()).collect())
}

fn file_value(file: &ManifestFile, algorithms: &[Algorithm]) -> Value {
    let mut digests = Object::new();
    for algorithm in algorithms {
        if let Some(hex) = file.digests.hex(*algorithm) {
            digests.insert(algorithm.name(), hex);
        }
    }
    let mut object = Object::new();
    object.insert("digests", digests);
    object.insert("path", file.path.as_str());
    object.insert("size", size_value(file.size));
    Value::Object(object)
}

/// Sizes beyond 2^53 - 1 are strings, as in every format here.
fn size_value(size: u64) -> Value {
    Number::unsigned(size).map_or_else(|| Value::from(size.to_string()), Value::from)
}

fn read_size(value: &Value) -> Option<u64> {
    if let Some(size) = value.as_u64() {
        return Some(size);
    }
    let text = value.as_str()?;
    let size: u64 = text.parse().ok()?;
    (Number::unsigned(size).is_none() && size.to_string() == text).then_some(size)
}

fn read_algorithms(value: &Value) -> Result<Vec<Algorithm>, Error> {
    let names = value
        .as_array()
        .ok_or_else(|| bad("`algorithms` is no array"))?;
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for name in names {
        let algorithm = name.as_str().and_then(Algorithm::from_name);
        let algorithm = algorithm.ok_or_else(|| bad("it names an unknown digest"))?;
        if algorithms.last().is_some_and(|last| *last >= algorithm) {
            return Err(bad("its digests are out of order, or there twice"));
        }
        algorithms.push(algorithm);
    }
    if algorithms.contains(&Algorithm::Sha256) {
        Ok(algorithms)
    } else {
        Err(bad("it has no SHA-256"))
    }
}

fn read_file(value: &Value, algorithms: &[Algorithm]) -> Result<ManifestFile, Error> {
    let [digests, path, size] = members(WHAT, value, ["digests", "path", "size"])?;
    let path = path.as_str().ok_or_else(|| bad("a path is no string"))?;
    let path = ModelPath::parse(path).map_err(|reason| Error::Unfit {
        path: path.into(),
        reason,
    })?;
    let size = read_size(size).ok_or_else(|| bad(format!("the size of `{path}` is no size")))?;
    let object = digests.as_object();
    let object = object.filter(|object| object.len() == algorithms.len());
    let mut digests = Digests::default();
    for algorithm in algorithms {
        let text = object.and_then(|object| object.get(algorithm.name())?.as_str());
        let value = text.and_then(|text| algorithm.parse_hex(text));
        let value =
            value.ok_or_else(|| bad(format!("the digests of `{path}` are not those listed")))?;
        digests.insert(*algorithm, value);
    }
    Ok(ManifestFile {
        path,
        size,
        digests,
    })
}

/// A value from a text that has to be canonical.
pub(crate) fn canonical(what: &'static str, text: &[u8]) -> Result<Value, Error> {
    let value = Value::parse(text).map_err(|source| Error::Json { what, source })?;
    if value.to_canonical() == text {
        Ok(value)
    } else {
        Err(Error::malformed(what, "it is not canonical JSON"))
    }
}

/// The members of an object that has exactly these.
pub(crate) fn members<'v, const N: usize>(
    what: &'static str,
    value: &'v Value,
    names: [&str; N],
) -> Result<[&'v Value; N], Error> {
    static NULL: Value = Value::Null;
    let object = value.as_object().filter(|object| object.len() == N);
    let missing = || {
        Error::malformed(
            what,
            format!("an object has other members than {}", names.join(", ")),
        )
    };
    let object = object.ok_or_else(missing)?;
    let mut found = [&NULL; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = object.get(name).ok_or_else(missing)?;
    }
    Ok(found)
}
