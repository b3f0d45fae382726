//! `sealog model verify`: 0 holds, 1 refuted, 2 undecided.

use sealog_core::json::{Object, Value};
use sealog_model::Error as Below;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::manifest::changes_json;
use sealog_model::report::Table;
use sealog_model::sign::{VerifiedManifest, Voucher, claims_json};

use super::envelope::EnvelopeArgs;
use super::files::{Bar, CacheArgs, OpenCache, insert_taken, show_changes, show_taken};
use super::manifest::{show_summary, summary};
use super::report::{ReportArgs, Told, path_of};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, plain};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) envelope: EnvelopeArgs,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

/// Verifies a model.
pub(super) fn verify(args: &Args, context: &mut Context) -> Result<u8, Error> {
    args.report.begin(context)?;
    let opened = args.cache.open(context);
    let (decided, cache) = match opened {
        Ok(mut cache) => (decide(args, cache.as_mut(), context), cache),
        Err(error) => (Err(error), None),
    };
    match decided {
        Ok(verified) => holds(&verified, cache.as_ref(), args, context),
        Err(Error::Model(error)) if error.kind() == sealog_core::ErrorKind::Refuted => {
            not_verified("REFUTED", &error, exit::REFUTED, args, context)
        }
        Err(Error::Model(error @ Below::Unsigned { .. })) => {
            not_verified("UNSIGNED", &error, exit::UNDECIDED, args, context)
        }
        Err(error) => Err(args.report.fail(error, table(args, []), context)),
    }
}

fn table(args: &Args, files: impl IntoIterator<Item = String>) -> Table {
    Table::of_model("verify", &args.envelope.named(), files)
}

fn decide(
    args: &Args,
    cache: Option<&mut OpenCache>,
    context: &Context,
) -> Result<VerifiedManifest, Error> {
    let envelope = args.envelope.read(context)?;
    let algorithms = [Algorithm::Sha256];
    let bar = Bar::new(context)?;
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(&algorithms)
    };
    let expected = &args.envelope;
    let vouched = envelope.vouch_or_compare(&expected.pin(context)?, &expected.walks()?)?;
    vouched.expect(expected.name.as_deref(), expected.version.as_deref())?;
    let (model, own) = (envelope.model().to_owned(), envelope.own().to_owned());
    let uncovered = expected.uncovered();
    // Its text is not needed any more, and of many files it is a large part of what is held.
    drop(envelope);
    let (model, own) = (model.as_path(), own.as_slice());
    let checked = match cache {
        None => vouched.check(model, own, uncovered, &options),
        Some(open) => {
            let (cache, began) = (&mut open.cache, open.began);
            let checked = vouched.check_cached(model, own, uncovered, &options, cache, began);
            open.cache.save()?;
            checked
        }
    };
    Ok(checked?)
}

fn holds(
    verified: &VerifiedManifest,
    cache: Option<&OpenCache>,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    let vouched = verified.vouched();
    let by = match vouched.voucher() {
        Voucher::Key { key_id, scheme } => format!("{scheme} {key_id}"),
        Voucher::Certificate {
            key_id, subject, ..
        } => format!("oms-certificate {key_id} of {subject}"),
        Voucher::Sigstore {
            identity,
            identity_provider,
            ..
        } => format!("oms-sigstore {identity} of {identity_provider}"),
        _ => "the pinned digest".to_owned(),
    };
    if !args.report.is_text(context) {
        let files = verified.manifest().files().iter();
        let files = files.map(|file| path_of(&args.envelope.model, file.path().as_str()));
        let told = Told {
            json: holds_json(verified, &by, cache),
            table: table(args, files),
        };
        if args.report.tell(&told, context)? {
            return Ok(exit::HOLDS);
        }
    }
    let word = context.out.paint(Tone::Good, "HOLDS");
    context
        .out
        .line(&format!("{word}         by {}", plain(&by)))?;
    if let Some(at) = vouched.voucher().verification_time() {
        let line = format!("valid at      {}", at.format_micros());
        context.out.line(&line)?;
    }
    show_summary(verified.manifest(), verified.files(), context)?;
    show_taken(verified.taken(), cache, context)?;
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
    for claim in vouched.claims() {
        let head = if claim.signed {
            "signed        ".to_owned()
        } else {
            context.out.paint(Tone::Open, "not signed    ")
        };
        let text = format!("{} {}", claim.what, claim.value);
        context.out.line(&format!("{head}{}", plain(&text)))?;
    }
    for note in vouched.notes() {
        context
            .out
            .line(&format!("note          {}", plain(note)))?;
    }
    Ok(exit::HOLDS)
}

/// What holds, for machines.
fn holds_json(verified: &VerifiedManifest, by: &str, cache: Option<&OpenCache>) -> Value {
    let vouched = verified.vouched();
    let mut value = summary(verified.manifest(), verified.files());
    insert_taken(verified.taken(), cache, &mut value);
    value.insert("exit", u32::from(exit::HOLDS));
    value.insert("verdict", "holds");
    value.insert("vouched_by", by);
    if let Some(at) = vouched.voucher().verification_time() {
        value.insert("verification_time", at.format_micros());
    }
    if let Some((identity, provider)) = vouched.voucher().identity() {
        value.insert("identity", identity);
        value.insert("identity_provider", provider);
    }
    if let Some(index) = vouched.voucher().log_index() {
        // A string, as in the bundle: it has 64 bits.
        value.insert("log_index", index.to_string());
    }
    if let Some(signed) = vouched.authorship() {
        let mut signed_value = Object::new();
        signed_value.insert("created_at", signed.created_at.as_str());
        signed_value.insert("created_by", signed.created_by.as_str());
        signed_value.insert("name", signed.name.as_str());
        signed_value.insert("version", signed.version.as_str());
        value.insert("signed", signed_value);
    }
    value.insert("claims", claims_json(vouched.claims()));
    let notes = vouched
        .notes()
        .iter()
        .map(|note| Value::from(note.as_str()));
    value.insert("notes", Value::Array(notes.collect()));
    Value::Object(value)
}

fn not_verified(
    word: &str,
    error: &Below,
    status: u8,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    let message = error.to_string();
    let pin = match error {
        Below::Unsigned { model_digest } => Some(model_digest),
        _ => None,
    };
    let mut value = Object::new();
    value.insert("changes", changes_json(error.changes()));
    value.insert("exit", u32::from(status));
    value.insert("message", message.as_str());
    if let Some(digest) = pin {
        value.insert("model_digest", format!("sha256:{digest}"));
    }
    value.insert("reason", error.code());
    value.insert("verdict", word.to_lowercase());
    let mut table = table(args, []);
    let rule = (error.code(), error.title());
    table.refuse(rule, &message, error.changes(), status, |path| {
        path_of(&args.envelope.model, path)
    });
    let told = Told {
        json: Value::Object(value),
        table,
    };
    if args.report.tell(&told, context)? {
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
