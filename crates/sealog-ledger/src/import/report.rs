//! The report on a source, as the command and the Python package give it.

use sealog_core::config::digest_text;
use sealog_core::json::{Object, Value};

use super::{Adopted, Source, SourceVerdict};
use crate::draft::integer;
use crate::error::Error;

impl Source {
    /// The code of what decided, a stable one; `holds` where nothing speaks against it.
    pub fn reason(&self) -> &'static str {
        let against = self.findings.weight();
        let mut counts = self.findings.counts();
        match self.verdict() {
            SourceVerdict::Holds => "holds",
            _ => counts
                .find(|(weakness, _)| weakness.weight() == against)
                .map_or("holds", |(weakness, _)| weakness.id()),
        }
    }

    /// The report as JSON, with what an adoption added.
    ///
    /// # Errors
    /// A count is beyond what the format holds.
    pub fn to_json(&self, adopted: Option<&Adopted>) -> Result<Value, Error> {
        let findings = self.findings.to_json()?;
        let part = |name| findings.member(name).cloned().unwrap_or(Value::Null);
        let mut json = Object::new();
        let adopted = adopted.map(|adopted| {
            let mut member = Object::new();
            member.insert("before", integer(adopted.before)?);
            member.insert("import_id", adopted.import_id.as_str());
            member.insert("index", integer(adopted.index)?);
            member.insert("records", integer(adopted.records)?);
            Ok::<_, Error>(Value::Object(member))
        });
        json.insert("adopted", adopted.transpose()?.unwrap_or(Value::Null));
        json.insert("counts", part("counts"));
        json.insert("digest", digest_text(&self.digest));
        json.insert("findings", part("findings"));
        json.insert("format", self.format.id());
        json.insert("reason", self.reason());
        json.insert("records", integer(self.records)?);
        json.insert("verdict", self.verdict().id());
        json.insert("version", self.version().map_or(Value::Null, Value::from));
        Ok(Value::Object(json))
    }
}
