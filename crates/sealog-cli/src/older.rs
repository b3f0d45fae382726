//! From a document of an older tool about a model to a source that a ledger adopts: the values that pass between the
//! two crates, which do not know each other. The command and the Python package both come through here.

use std::path::{Path, PathBuf};

use sealog_core::kinds::is_id;
use sealog_core::time::Timestamp;
use sealog_ledger::import::{
    DocumentFile, Format, ImportError, ModelDocument, ModelFacts, Source, Weakness,
};
use sealog_model::sign::{
    Era, Examined, OlderAsked, OlderForm, OlderProblem, Pin, Voucher, examine_older,
};

use crate::error::Error;

/// Members of the older formats that say when a document was made.
const TIMES: [&str; 4] = ["created", "timestamp", "timestamp_utc", "created_at"];

/// A document about a model, and what is brought for it.
#[derive(Debug, Clone)]
pub struct OlderModel {
    /// Where it is, and where its model and signature are.
    pub asked: OlderAsked,
    /// What is trusted.
    pub pin: Pin,
    /// The name of the model, where the document states none that can be one.
    pub name: Option<String>,
    /// Its version, likewise.
    pub version: Option<String>,
}

fn format_of(form: OlderForm) -> Format {
    match form {
        OlderForm::HashTrace => Format::HashTraceAi,
        OlderForm::Triple => Format::MlsecopsIntegrity,
    }
}

fn refused(code: &'static str, why: String) -> Error {
    Error::from(ImportError::Source { code, why })
}

/// The document that a path names: a file that claims to be one or is said to be, or the only one in a directory. None:
/// it is of another format.
///
/// # Errors
/// `unknown_format` and `several_documents` of a directory in which not exactly one lies; it cannot be read.
pub fn find(path: &Path, format: Option<Format>) -> Result<Option<(PathBuf, OlderForm)>, Error> {
    if format.is_some_and(|format| !format.is_of_models()) {
        return Ok(None);
    }
    if !path.is_dir() {
        let form = match format {
            None => OlderForm::of_file(path)?,
            Some(Format::MlsecopsIntegrity) => Some(OlderForm::Triple),
            Some(_) => Some(OlderForm::HashTrace),
        };
        return Ok(form.map(|form| (path.to_owned(), form)));
    }
    let mut found = OlderForm::in_directory(path)?;
    found.retain(|(_, form)| format.is_none_or(|format| format == format_of(*form)));
    match &*found {
        [] => {
            let why = "the directory holds no manifest of HashTraceAI and no model_hash.txt";
            Err(refused("unknown_format", why.into()))
        }
        [(path, form)] => Ok(Some((path.clone(), *form))),
        several => {
            let names = several.iter().filter_map(|(path, _)| path.file_name());
            let names: Vec<_> = names.take(5).map(|name| name.to_string_lossy()).collect();
            let why = format!("the directory holds several: {}", names.join(", "));
            Err(refused("several_documents", why))
        }
    }
}

/// Examines a document whole, and gives it as a source to adopt.
///
/// # Errors
/// What keeps anything from being decided; and `pin_unused` for a name or version that the document states otherwise.
pub fn source(model: &OlderModel) -> Result<Source, Error> {
    let examined = examine_older(&model.asked, &model.pin)?;
    let name = stated(&examined, "model_name", model.name.as_deref())?;
    let version = stated(&examined, "model_version", model.version.as_deref())?;
    let signer = examined.voucher.as_ref().and_then(Voucher::key_id);
    let facts = examined.model_digest.map(|digest| ModelFacts {
        digest,
        name,
        version,
        signer: signer.map(str::to_owned),
    });
    let verified_with = examined.voucher.as_ref().and_then(|voucher| {
        let key = voucher.key_id()?;
        Some(format!("{}:{key}", voucher.scheme()))
    });
    let made_at = TIMES.into_iter().find_map(|name| examined.claim(name));
    let document = ModelDocument {
        format: format_of(model.asked.form),
        version: examined.era.map(|era| letter(era).to_owned()),
        made_at: made_at.and_then(time),
        verified_with,
        findings: examined.problems.iter().flat_map(weaknesses).collect(),
        files: examined
            .files
            .into_iter()
            .map(|file| DocumentFile {
                kind: file.kind,
                media_type: media_type(file.kind),
                bytes: file.bytes,
            })
            .collect(),
        model: facts,
    };
    Ok(Source::of_model(document)?)
}

/// Refuses what is brought for a model where the source is none: an answer must not pass over it. Of each: whether it
/// was given, and its name.
///
/// # Errors
/// `pin_unused`.
pub fn refuse_unused(source: &Source, brought: &[(bool, &str)]) -> Result<(), Error> {
    match brought.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, name)) => {
            let format = source.format().id();
            let why = format!("{name} was given, and {format} has no use for it");
            Err(refused("pin_unused", why))
        }
    }
}

/// What the document states, if that can stand in a register; else what its user says.
fn stated(
    examined: &Examined,
    what: &'static str,
    given: Option<&str>,
) -> Result<Option<String>, Error> {
    let own = examined.claim(what).filter(|text| is_id(text.as_bytes()));
    match (own, given) {
        (Some(own), Some(given)) if own != given => {
            let why = format!("its {what} is {own}, and another was given");
            Err(refused("pin_unused", why))
        }
        (own, given) => Ok(own.or(given).map(str::to_owned)),
    }
}

const fn letter(era: Era) -> &'static str {
    match era {
        Era::A => "A",
        Era::B => "B",
        Era::C => "C",
    }
}

fn media_type(kind: &str) -> &'static str {
    match kind {
        "manifest" | "model_metadata" => "application/json",
        "model_hash" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A time in UTC; one without a zone says nothing that could be compared.
fn time(text: &str) -> Option<Timestamp> {
    let utc = text.strip_suffix("+00:00").map(|text| format!("{text}Z"));
    Timestamp::parse(utc.as_deref().unwrap_or(text).as_bytes()).ok()
}

/// What a problem is called in a ledger.
fn weaknesses(problem: &OlderProblem) -> Vec<(Weakness, Option<String>)> {
    let one = |weakness, why: &String| vec![(weakness, Some(why.clone()))];
    let bare = |weakness| vec![(weakness, None)];
    match problem {
        OlderProblem::NotJson(why) => one(Weakness::NotJson, why),
        OlderProblem::Duplicate(why) => one(Weakness::DuplicateMember, why),
        OlderProblem::Path(why) => one(Weakness::PathEscapes, why),
        OlderProblem::ModelAbsent => bare(Weakness::ModelAbsent),
        OlderProblem::Differs(changes) => changes
            .iter()
            .map(|change| (Weakness::ModelDiffers, Some(change.to_string())))
            .collect(),
        OlderProblem::NotAsStated(why) => one(Weakness::ModelNotAsStated, why),
        OlderProblem::NotDetermined(why) => one(Weakness::ModelNotDetermined, why),
        OlderProblem::Uncovered(files) => one(Weakness::ModelUncovered, &files.to_string()),
        OlderProblem::ShapeNotChecked => bare(Weakness::ShapeNotChecked),
        OlderProblem::Unsigned => bare(Weakness::Unsigned),
        OlderProblem::NotPinned => bare(Weakness::KeyNotPinned),
        OlderProblem::Signature(why) => one(Weakness::Signature, why),
        OlderProblem::SignatureUndecided(why) => one(Weakness::SignatureUndecided, why),
        OlderProblem::SignatureElsewhere => bare(Weakness::SignatureElsewhere),
        OlderProblem::NameNotSigned => bare(Weakness::NameNotSigned),
        OlderProblem::SizeNotStated => bare(Weakness::SizeNotStated),
        OlderProblem::Malformed(why) => one(Weakness::DocumentMalformed, why),
        // A problem that this shell has no name for refutes all the same.
        other => vec![(Weakness::DocumentMalformed, Some(format!("{other:?}")))],
    }
}
