//! `sealog model verify`: 0 holds, 1 refuted, 2 undecided.

use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::json::{Object, Value};
use sealog_model::Error as Below;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::keys::{PublicKey, TrustedKeys};
use sealog_model::manifest::Statement;
use sealog_model::sign::{
    Uncovered, VerifiedManifest, Vouched, Voucher, is_oms_claimed, pin_statement, verify_oms,
    verify_statement,
};
use sealog_model::walk::ModelPath;

use super::files::{WalkArgs, changes_value, inside, place, read, show_changes};
use super::key::trusted_file;
use super::manifest::{show_summary, signature_path, summary};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, plain};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a directory or a file
    model: PathBuf,
    /// Its manifest, or its OMS bundle
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Its signature [default: the manifest's file with .sig behind its whole name]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The public key that you trust: PEM
    #[arg(long, value_name = "FILE", group = "pin")]
    key: Option<PathBuf>,
    /// The trusted key of this name: see `sealog model key trust`
    #[arg(long, value_name = "NAME", group = "pin")]
    trusted: Option<String>,
    /// Accept the manifest without a signature if its digest is this one
    #[arg(long, value_name = "SHA256", group = "pin")]
    manifest_digest: Option<String>,
    /// Demand that this name is signed
    #[arg(long)]
    name: Option<String>,
    /// Demand that this version is signed
    #[arg(long, id = "model_version", value_name = "VERSION")]
    version: Option<String>,
    /// Refuse a model with files under paths that are not covered
    #[arg(long)]
    strict: bool,
    /// With --manifest-digest: how the model is walked, which a pinned digest does not say
    #[command(flatten)]
    walk: WalkArgs,
}

/// Verifies a model.
pub(super) fn verify(args: &Args, context: &mut Context) -> Result<u8, Error> {
    match decide(args, context) {
        Ok(verified) => holds(&verified, context),
        Err(Error::Model(error)) if error.kind() == sealog_core::ErrorKind::Refuted => {
            not_verified("REFUTED", &error, exit::REFUTED, context)
        }
        Err(Error::Model(error @ Below::Unsigned { .. })) => {
            not_verified("UNSIGNED", &error, exit::UNDECIDED, context)
        }
        Err(error) => Err(error),
    }
}

fn decide(args: &Args, context: &Context) -> Result<VerifiedManifest, Error> {
    let model = place(&args.model, context);
    let file = place(&args.manifest, context);
    let signature = match &args.signature {
        Some(path) => place(path, context),
        None => signature_path(&file),
    };
    let text = read(&file)?;
    let own: Vec<ModelPath> = [&file, &signature]
        .into_iter()
        .filter_map(|path| inside(&model, path))
        .collect();
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let vouched = match vouch(args, &text, &signature, context) {
        Err(Error::Model(error @ Below::Unsigned { .. })) => {
            // Nobody vouches: what differs is still said, and is worse than that nobody does.
            let set = Statement::parse(&text)?.closed_set();
            set.check(&model, &own, &options)?;
            return Err(error.into());
        }
        vouched => vouched?,
    };
    vouched.expect(args.name.as_deref(), args.version.as_deref())?;
    let uncovered = if args.strict {
        Uncovered::Refuse
    } else {
        Uncovered::Report
    };
    Ok(vouched.check(&model, &own, uncovered, &options)?)
}

fn vouch(args: &Args, text: &[u8], signature: &Path, context: &Context) -> Result<Vouched, Error> {
    let key = match (&args.key, &args.trusted) {
        (Some(path), _) => Some(PublicKey::read(&place(path, context))?),
        (None, Some(name)) => {
            let keys = TrustedKeys::read(&trusted_file(context)?)?;
            Some(keys.find(name)?.key.clone())
        }
        (None, None) => None,
    };
    let walk = args.walk.options()?;
    let claims = Value::parse(text).is_ok_and(|value| is_oms_claimed(&value));
    if claims {
        let key = key.ok_or_else(|| Error::Argument {
            argument: "--key",
            problem: "an OMS bundle is verified by a key that you bring".into(),
        })?;
        return Ok(verify_oms(text, &key)?);
    }
    if let Some(key) = key {
        if args.signature.is_none() && !signature.exists() {
            return Ok(pin_statement(text, None, walk)?);
        }
        return Ok(verify_statement(text, &read(signature)?, &key)?);
    }
    let pinned = args.manifest_digest.as_deref().map(|text| {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        Hash::from_hex(hex).ok_or_else(|| Error::Argument {
            argument: "--manifest-digest",
            problem: "it is not 64 lowercase hex digits".into(),
        })
    });
    Ok(pin_statement(text, pinned.transpose()?, walk)?)
}

fn holds(verified: &VerifiedManifest, context: &mut Context) -> Result<u8, Error> {
    let vouched = verified.vouched();
    let by = match vouched.voucher() {
        Voucher::Key { key_id, scheme } => format!("{scheme} {key_id}"),
        _ => "the pinned digest".to_owned(),
    };
    if context.json() {
        let mut value = summary(verified.manifest(), verified.files());
        value.insert("exit", u32::from(exit::HOLDS));
        value.insert("verdict", "holds");
        value.insert("vouched_by", by);
        if let Some(signed) = vouched.authorship() {
            let mut signed_value = Object::new();
            signed_value.insert("created_at", signed.created_at.as_str());
            signed_value.insert("created_by", signed.created_by.as_str());
            signed_value.insert("name", signed.name.as_str());
            signed_value.insert("version", signed.version.as_str());
            value.insert("signed", signed_value);
        }
        let notes = vouched
            .notes()
            .iter()
            .map(|note| Value::from(note.as_str()));
        value.insert("notes", Value::Array(notes.collect()));
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    let word = context.out.paint(Tone::Good, "HOLDS");
    context.out.line(&format!("{word}         by {by}"))?;
    show_summary(verified.manifest(), verified.files(), context)?;
    if let Some(signed) = vouched.authorship() {
        for (head, text) in [
            ("name          ", &signed.name),
            ("version       ", &signed.version),
            ("created by    ", &signed.created_by),
            ("created at    ", &signed.created_at),
        ] {
            context.out.line(&format!("{head}{}", plain(text)))?;
        }
    }
    for note in vouched.notes() {
        context
            .out
            .line(&format!("note          {}", plain(note)))?;
    }
    Ok(exit::HOLDS)
}

fn not_verified(word: &str, error: &Below, status: u8, context: &mut Context) -> Result<u8, Error> {
    let message = error.to_string();
    let pin = match error {
        Below::Unsigned { model_digest } => Some(model_digest),
        _ => None,
    };
    if context.json() {
        let mut value = Object::new();
        value.insert("changes", changes_value(error.changes()));
        value.insert("exit", u32::from(status));
        value.insert("message", message);
        if let Some(digest) = pin {
            value.insert("model_digest", format!("sha256:{digest}"));
        }
        value.insert("reason", error.code());
        value.insert("verdict", word.to_lowercase());
        context.out.json(&Value::Object(value))?;
        return Ok(status);
    }
    let tone = if status == exit::REFUTED {
        Tone::Bad
    } else {
        Tone::Open
    };
    let painted = context.out.paint(tone, word);
    context.out.line(&format!(
        "{painted}  {} [{}]",
        plain(&message),
        error.code()
    ))?;
    if let Some(digest) = pin {
        context
            .out
            .line(&format!("model digest  sha256:{digest}"))?;
    }
    show_changes(error.changes(), context)?;
    Ok(status)
}
