//! Documents of older tools about a model: adopted as they were verified elsewhere, with the model that they are about.
//!
//! The first file is the document itself (a manifest, a hash file), whose bytes name the source; the others lay beside
//! it. All of them are adopted by their bytes. The first becomes `model.registered` if the model was there, nothing
//! refutes it, and a name and a version are known; else it is adopted as `import.adopted`, like the others. A document
//! that was adopted without its model and comes again with it gets that record alone.
//!
//! **What is absent**: reading and verifying them, which this crate cannot, and the model's own bytes.

use sealog_core::config::digest_text;
use sealog_core::finding::Weight;
use sealog_core::hash::Hash;
use sealog_core::json::Object;
use sealog_core::kinds::is_id;
use sealog_core::time::Timestamp;

use super::adopt::{MODEL, ORIGINAL};
use super::llm_kinds::fits;
use super::{Findings, Format, ImportError, Original, Reader, Source, Weakness};

/// A file of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// What it is there: `manifest`, `signature`, ...
    pub kind: &'static str,
    /// Media type of its bytes.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A model that a document is about, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFacts {
    /// SHA-256 of its canonical manifest.
    pub digest: Hash,
    /// Its name; none: nobody says it.
    pub name: Option<String>,
    /// Its version; none: nobody says it.
    pub version: Option<String>,
    /// The key whose signature holds.
    pub signer: Option<String>,
}

/// A document about a model that was verified under its own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDocument {
    /// Which older format it is of: one of models.
    pub format: Format,
    /// Its form, where the format has several.
    pub version: Option<String>,
    /// The document, and behind it what lay beside it and was verified with it.
    pub files: Vec<DocumentFile>,
    /// What was found, each with what was found in particular.
    pub findings: Vec<(Weakness, Option<String>)>,
    /// What of that which was pinned the verdict stands on.
    pub verified_with: Option<String>,
    /// When it claims to have been made.
    pub made_at: Option<Timestamp>,
    /// The model; none: it was not there, or is not what the document says.
    pub model: Option<ModelFacts>,
}

impl Source {
    /// Takes a document that was verified, to be adopted as any source is.
    ///
    /// # Errors
    /// `model_document`: it is of a format of logs, or has no file.
    pub fn of_model(document: ModelDocument) -> Result<Self, ImportError> {
        let first = document.files.first();
        let first = first.filter(|_| document.format.is_of_models());
        let first = first.ok_or_else(|| {
            let why = "it is no document about a model";
            ImportError::source("model_document", why)
        })?;
        let digest = Hash::of(&[&first.bytes]);
        let mut findings = Findings::default();
        for (weakness, detail) in &document.findings {
            findings.add_detail(*weakness, detail.as_deref());
        }
        // What is refuted names nothing.
        let model = document.model.as_ref();
        let model = model.filter(|_| findings.weight() != Weight::Refutes);
        let body = model.map(|model| registered(model, &digest));
        if body == Some(None) {
            findings.add(Weakness::ModelNotNamed, None);
        }
        Ok(Self {
            format: document.format,
            digest,
            records: u64::try_from(document.files.len()).unwrap_or(u64::MAX),
            findings,
            verified_with: document.verified_with.clone(),
            reader: Box::new(Document {
                body: body.flatten(),
                document,
            }),
        })
    }
}

/// The body of `model.registered`; none where a name or version is missing or none that the log takes.
fn registered(model: &ModelFacts, envelope: &Hash) -> Option<Object> {
    let mut body = Object::new();
    body.insert("envelope_digest", digest_text(envelope));
    body.insert("model_digest", digest_text(&model.digest));
    body.insert("model_id", model.name.as_deref()?);
    body.insert("model_version", model.version.as_deref()?);
    body.insert("signature_ref", ORIGINAL);
    if let Some(signer) = model
        .signer
        .as_deref()
        .filter(|text| is_id(text.as_bytes()))
    {
        body.insert("signer", signer);
    }
    fits(MODEL, &body).then_some(body)
}

/// The files of a document, one record each.
#[derive(Debug)]
struct Document {
    document: ModelDocument,
    body: Option<Object>,
}

impl Reader for Document {
    fn review(&mut self, _: &mut Findings) -> Result<u64, ImportError> {
        Ok(u64::try_from(self.document.files.len()).unwrap_or(u64::MAX))
    }

    fn version(&self) -> Option<String> {
        self.document.version.clone()
    }

    fn registers_model(&self) -> bool {
        self.body.is_some()
    }

    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        for (position, file) in (0_u64..).zip(&self.document.files) {
            let body = self.body.as_ref().filter(|_| position == 0);
            take(Original {
                position,
                kind: file.kind.into(),
                id: None,
                time: self.document.made_at.filter(|_| position == 0),
                media_type: file.media_type,
                bytes: file.bytes.clone(),
                entry: body.map(|body| (MODEL, body.clone())),
            })?;
        }
        Ok(())
    }
}
