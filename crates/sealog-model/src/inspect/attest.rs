//! What an inspection found as an in-toto statement with SLSA provenance, not yet signed.
//!
//! Who built the model and how is said by the caller; what the files are, by the inspection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealog_core::json::{Object, Value};

use super::inspection::Inspection;
use super::json::json;
use super::report::Report;

/// What is not in the files.
#[derive(Debug, Clone, Copy)]
pub struct AttestOptions<'a> {
    /// Who built the model, as a URI.
    pub builder: &'a str,
    /// How it was built, as the URI of a description.
    pub build_type: &'a str,
    /// When the build was finished, in RFC 3339, where that is known.
    pub finished: Option<&'a str>,
}

/// The statement over every file that has a digest: inspect with [`super::Digests::Sha256`].
pub fn statement(report: &Report, options: &AttestOptions<'_>) -> Value {
    let mut statement = Object::new();
    statement.insert("_type", "https://in-toto.io/Statement/v1");
    statement.insert("predicateType", "https://slsa.dev/provenance/v1");
    let subjects = report.files().iter().filter_map(subject);
    statement.insert("subject", Value::Array(subjects.collect()));
    let mut definition = Object::new();
    definition.insert("buildType", options.build_type);
    definition.insert("externalParameters", Value::Object(Object::new()));
    let mut builder = Object::new();
    builder.insert("id", options.builder);
    let mut details = Object::new();
    details.insert("builder", Value::Object(builder));
    if let Some(finished) = options.finished {
        let mut metadata = Object::new();
        metadata.insert("finishedOn", finished);
        details.insert("metadata", Value::Object(metadata));
    }
    let mut inspection = Object::new();
    inspection.insert("name", "inspection");
    inspection.insert("mediaType", "application/json");
    inspection.insert("content", STANDARD.encode(json(report).to_canonical()));
    details.insert("byproducts", Value::Array(vec![Value::Object(inspection)]));
    let mut predicate = Object::new();
    predicate.insert("buildDefinition", Value::Object(definition));
    predicate.insert("runDetails", Value::Object(details));
    statement.insert("predicate", Value::Object(predicate));
    Value::Object(statement)
}

fn subject(file: &Inspection) -> Option<Value> {
    let mut digest = Object::new();
    digest.insert("sha256", file.sha256()?);
    let mut subject = Object::new();
    subject.insert("name", file.path());
    subject.insert("digest", Value::Object(digest));
    Some(Value::Object(subject))
}
