//! What a model has to be by its structure, read from its files without loading them.
//!
//! Everything that the files state has to be as expected, and something has to be stated: what cannot be determined is
//! undecided, never accepted. **What is absent**: what no file states, such as the shape of the data that a model was
//! trained on.

use sealog_core::json::{Object, Value};

use crate::Error;
use crate::inspect::{Answer, Dimension, Inspection, Port, Report};
use crate::limits::{EXPECTED_RANK_MAX, EXPECTED_SHAPES_MAX};

/// A dimension that may have any length.
const ANY: &str = "?";

/// The shape of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedShape {
    /// Which input; none: every one.
    name: Option<String>,
    /// Each length; none: any.
    shape: Vec<Option<u64>>,
}

impl ExpectedShape {
    /// The shape of the input `name`, or of every one.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(name: Option<String>, shape: Vec<Option<u64>>) -> Result<Self, &'static str> {
        if name.as_deref() == Some("") {
            return Err("the name of an input is empty");
        }
        if shape.len() > EXPECTED_RANK_MAX {
            return Err("it has more lengths than any model");
        }
        Ok(Self { name, shape })
    }

    /// Reads `NAME=LENGTHS` or `LENGTHS`, where lengths stand between commas and `?` is any.
    ///
    /// # Errors
    /// What is wrong with the text, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, lengths) = match text.rsplit_once('=') {
            Some((name, lengths)) => (Some(name.to_owned()), lengths),
            None => (None, text),
        };
        let read = |length: &str| match length.trim() {
            ANY => Ok(None),
            length => length
                .parse()
                .map(Some)
                .map_err(|_| "each length is a number, or ? for any"),
        };
        let shape = lengths
            .split(',')
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(name, shape)
    }

    fn text(&self) -> String {
        let lengths = self.shape.iter();
        let lengths = lengths.map(|length| length.map_or(ANY.to_owned(), |one| one.to_string()));
        let shape = lengths.collect::<Vec<_>>().join(", ");
        format!("[{shape}]")
    }

    fn fits(&self, shape: &[Dimension]) -> bool {
        let fits = |(expected, found): (&Option<u64>, &Dimension)| match expected {
            None => true,
            Some(length) => *found == Dimension::Known(*length),
        };
        self.shape.len() == shape.len() && self.shape.iter().zip(shape).all(fits)
    }
}

/// What a model has to be by its structure; what is not stated is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structure {
    /// Its class or architecture: the whole name, or without its modules.
    pub class: Option<String>,
    /// What made it or is to load it, as an inspection calls it.
    pub framework: Option<String>,
    /// Shapes of its inputs, at most [`EXPECTED_SHAPES_MAX`].
    pub shapes: Vec<ExpectedShape>,
    /// Length of the last dimension of each input.
    pub features: Option<u64>,
    /// Numbers in all its tensors.
    pub parameters: Option<u64>,
}

impl Structure {
    /// Whether anything is asked for.
    pub fn is_asked(&self) -> bool {
        *self != Self::default()
    }

    pub(super) fn to_value(&self) -> Value {
        let number =
            |value: Option<u64>| Value::from(value.map(|value| value.to_string()).as_deref());
        let shapes = self.shapes.iter().map(|expected| {
            let mut object = Object::new();
            object.insert("name", Value::from(expected.name.as_deref()));
            object.insert("shape", expected.text());
            Value::Object(object)
        });
        let mut object = Object::new();
        object.insert("class", Value::from(self.class.as_deref()));
        object.insert("features", number(self.features));
        object.insert("framework", Value::from(self.framework.as_deref()));
        object.insert("parameters", number(self.parameters));
        object.insert("shapes", Value::Array(shapes.collect()));
        Value::Object(object)
    }

    /// Holds an inspection against it.
    pub(super) fn hold(&self, report: &Report) -> Result<(), Error> {
        if self.shapes.len() > EXPECTED_SHAPES_MAX {
            return Err(Error::Limit {
                what: "expected shapes",
                limit: u64::try_from(EXPECTED_SHAPES_MAX).unwrap_or(u64::MAX),
            });
        }
        if self.is_asked()
            && let Some(file) = malformed(report.files())
        {
            let why = format!("{} is malformed", file.path());
            return Err(undetermined("what the model is", why));
        }
        if let Some(class) = &self.class {
            let found = stated(report, Inspection::class);
            let is_it = |found: &str| found == class || found.rsplit('.').next() == Some(class);
            hold_text("the model's type", class, &found, is_it)?;
        }
        if let Some(framework) = &self.framework {
            let found = stated(report, Inspection::framework);
            let is_it = |found: &str| one_name(found) == one_name(framework);
            hold_text("the model's framework", framework, &found, is_it)?;
        }
        let ports = ports(report);
        for expected in &self.shapes {
            hold_shape(expected, &ports)?;
        }
        if let Some(features) = self.features {
            hold_features(features, &ports)?;
        }
        match self.parameters {
            Some(parameters) => hold_parameters(parameters, report),
            None => Ok(()),
        }
    }
}

fn undetermined(what: &'static str, why: impl Into<String>) -> Error {
    Error::NotDetermined {
        what,
        why: why.into(),
    }
}

fn not_expected(what: &'static str, expected: &impl ToString, found: &impl ToString) -> Error {
    Error::NotExpected {
        what,
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

fn malformed(files: &[Inspection]) -> Option<&Inspection> {
    files.iter().find_map(|file| match file.fault() {
        Some(_) => Some(file),
        None => malformed(file.members()),
    })
}

/// Kinds of files that speak about others. Where those others speak for themselves they are not asked: a model of
/// torch lies beside a configuration of transformers.
const DOCUMENTS: [&str; 5] = [
    "json",
    "mlmodel",
    "model configuration",
    "safetensors index",
    "text",
];

/// What each file states of itself; where it states nothing, what its members do.
fn stated<'a>(
    report: &'a Report,
    read: impl Fn(&'a Inspection) -> Option<&'a str> + Copy,
) -> Vec<&'a str> {
    let (documents, models): (Vec<&Inspection>, Vec<&Inspection>) = report
        .files()
        .iter()
        .partition(|file| DOCUMENTS.contains(&file.kind()));
    let mut found = Vec::new();
    for files in [models, documents] {
        if found.is_empty() {
            for file in files {
                add_stated(file, read, &mut found);
            }
        }
    }
    found
}

fn add_stated<'a>(
    file: &'a Inspection,
    read: impl Fn(&'a Inspection) -> Option<&'a str> + Copy,
    found: &mut Vec<&'a str>,
) {
    if let Some(text) = read(file) {
        found.push(text);
        return;
    }
    for member in file.members() {
        add_stated(member, read, found);
    }
}

/// Some formats call a framework by the name of its package.
fn one_name(framework: &str) -> &str {
    match framework {
        "sklearn" => "scikit-learn",
        "pytorch" => "torch",
        other => other,
    }
}

fn hold_text(
    what: &'static str,
    expected: &str,
    found: &[&str],
    is_it: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    if found.is_empty() {
        return Err(undetermined(what, "no file states it"));
    }
    match found.iter().find(|found| !is_it(found)) {
        Some(other) => Err(not_expected(what, &expected, other)),
        None => Ok(()),
    }
}

/// Every input that is stated anywhere.
fn ports(report: &Report) -> Vec<&Port> {
    fn add<'a>(files: &'a [Inspection], found: &mut Vec<&'a Port>) {
        for file in files {
            found.extend(file.inputs());
            add(file.members(), found);
        }
    }
    let mut found = Vec::new();
    add(report.files(), &mut found);
    found
}

fn hold_shape(expected: &ExpectedShape, ports: &[&Port]) -> Result<(), Error> {
    const WHAT: &str = "the shape of an input";
    let named = |port: &&&Port| {
        expected
            .name
            .as_deref()
            .is_none_or(|name| port.name() == name)
    };
    let mut found = ports.iter().filter(named).peekable();
    if found.peek().is_none() {
        let why = match &expected.name {
            Some(name) => format!("no file states an input `{name}`"),
            None => "no file states an input".to_owned(),
        };
        return Err(undetermined(WHAT, why));
    }
    for port in found {
        match port.shape() {
            None => return Err(undetermined(WHAT, "an input has none")),
            Some(shape) if expected.fits(shape) => {}
            Some(shape) => return Err(not_expected(WHAT, &expected.text(), &dimensions(shape))),
        }
    }
    Ok(())
}

fn dimensions(shape: &[Dimension]) -> String {
    let lengths: Vec<String> = shape.iter().map(Dimension::to_string).collect();
    format!("[{}]", lengths.join(", "))
}

fn hold_features(expected: u64, ports: &[&Port]) -> Result<(), Error> {
    const WHAT: &str = "the number of features";
    if ports.is_empty() {
        return Err(undetermined(WHAT, "no file states an input"));
    }
    for port in ports {
        match port.shape().and_then(<[Dimension]>::last) {
            Some(Dimension::Known(found)) if *found == expected => {}
            Some(found) => return Err(not_expected(WHAT, &expected, &found)),
            None => return Err(undetermined(WHAT, "an input has no shape")),
        }
    }
    Ok(())
}

fn hold_parameters(expected: u64, report: &Report) -> Result<(), Error> {
    const WHAT: &str = "the number of parameters";
    let unread = |file: &&Inspection| file.answer() != Answer::Read || notes(file);
    if let Some(file) = report.files().iter().find(unread) {
        let why = format!("{} is not read whole", file.path());
        return Err(undetermined(WHAT, why));
    }
    let summary = report.summary();
    match summary.parameters.filter(|_| summary.tensors > 0) {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(not_expected(WHAT, &expected, &found)),
        None => Err(undetermined(WHAT, "no file states a tensor")),
    }
}

/// Whether something of it or of its members was left unread.
fn notes(file: &Inspection) -> bool {
    !file.not_read().is_empty() || file.members().iter().any(notes)
}

#[cfg(test)]
mod tests;
