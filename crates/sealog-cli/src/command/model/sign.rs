//! `sealog model sign`: a manifest and, beside it, its signature.

use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use sealog_core::json::{Object, Value};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::digest::Taken;
use sealog_model::document::{read, signature_path, write_new};
use sealog_model::keys::PrivateKey;
use sealog_model::manifest::{Manifest, Previous};
use sealog_model::sign::{
    Names, OmsOptions, SigningChain, oms_hash, registered_body, sign_hashtrace, sign_oms,
    sign_statement,
};
use sealog_model::walk::FileSet;
use zeroize::Zeroizing;

use super::files::{append, place, show_not_read, taken_value};
use super::manifest::{
    Stated, StatementArgs, UNSTATED, show_summary, state, state_hashtrace, summary,
};
use super::password::{self, Asked};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::plain;

/// Arguments of `sign`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) statement: StatementArgs,
    /// Write our own manifest and signature (sealog), one OMS bundle (oms), or `HashTraceAI`'s first form (hashtrace)
    #[arg(long, value_enum, default_value_t = Wanted::Sealog)]
    format: Wanted,
    /// The private key: PEM of PKCS#8; Ed25519, for oms P-256, P-384 or P-521, for hashtrace RSA
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    password: PasswordArgs,
    /// With --format oms: the certificate of the key, PEM; whoever verifies then needs its root, not the key
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// With --certificate: what stands above it, in order, PEM; may be repeated
    #[arg(long, value_name = "FILE", requires = "certificate")]
    chain: Vec<PathBuf>,
    /// With --format oms: sign files in shards of so many bytes; files without content are not covered then
    #[arg(long, value_name = "BYTES")]
    shard_size: Option<NonZeroU64>,
    /// With --format oms: name shards and the file of a one-file model as `model-signing` up to 1.1.1 does and demands
    #[arg(long)]
    reference_names: bool,
    /// Append a model.registered record to the ledger once the files are written; needs --version
    #[arg(long)]
    record: bool,
    /// Do not read files that have not changed since this manifest, which is of the same directory and signed by the
    /// same key; only with --format sealog
    #[arg(long, value_name = "PREVIOUS")]
    reuse: Option<PathBuf>,
}

/// The formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Wanted {
    /// Our own: a manifest and a signature beside it
    Sealog,
    /// A bundle of `OpenSSF` Model Signing 1.0
    Oms,
    /// `HashTraceAI`'s first form: a manifest and a signature beside it, by RSA-PSS
    Hashtrace,
}

/// Where the password of a key comes from.
#[derive(Debug, clap::Args)]
pub struct PasswordArgs {
    /// Read the key's password from this file [default: the variable `SEALOG_MODEL_PASSWORD`]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password: the first line of the file, else the variable, else none.
    pub(super) fn read(&self, context: &Context) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if let Some(path) = &self.password_file {
            let path = place(path, context);
            let text = fs::read(&path).map_err(|source| Error::Io {
                action: "read the password from",
                path,
                source,
            })?;
            let text = Zeroizing::new(text);
            let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Ok(Some(Zeroizing::new(line.to_vec())));
        }
        let variable = context
            .settings
            .environment()
            .variable("SEALOG_MODEL_PASSWORD");
        Ok(variable.map(|text| Zeroizing::new(text.to_string_lossy().into_owned().into_bytes())))
    }
}

/// What a person types; nothing where nobody can be asked, which the reader of the key then says.
fn asked(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let question = format!("password of {}", plain(&name));
    let answer = password::ask(&question).map_err(|source| Error::Io {
        action: "ask for the password of",
        path: path.to_owned(),
        source,
    })?;
    Ok(match answer {
        Asked::Password(password) => Some(password),
        Asked::NoTerminal | Asked::Nothing => None,
    })
}

/// Reads a key. A password that is not needed is refused: its owner is wrong about how the key is kept.
fn read_key(path: &Path, args: &PasswordArgs, context: &Context) -> Result<PrivateKey, Error> {
    let mut password = args.read(context)?;
    if password.is_none() && PrivateKey::is_encrypted(path)? {
        password = asked(path)?;
    }
    let password = password.as_deref().map(Vec::as_slice);
    Ok(PrivateKey::read(path, password)?)
}

/// The manifest whose digests may be taken, verified by the key that is to sign them again.
fn previous(args: &Args, key: &PrivateKey, context: &Context) -> Result<Option<Previous>, Error> {
    let Some(path) = &args.reuse else {
        return Ok(None);
    };
    if args.format != Wanted::Sealog {
        return Err(Error::Argument {
            argument: "--reuse",
            problem: "a bundle does not say when it was begun; use it with --format sealog".into(),
        });
    }
    let path = place(path, context);
    let signature = read(&signature_path(&path))?;
    let name = args.statement.name(context);
    let previous = Previous::read(&read(&path)?, &signature, key.public(), &name)?;
    Ok(Some(previous))
}

/// The certificates that go into a bundle, if any do. Read before the model is.
fn signing_chain(
    args: &Args,
    key: &PrivateKey,
    context: &Context,
) -> Result<Option<SigningChain>, Error> {
    let Some(leaf) = &args.certificate else {
        return Ok(None);
    };
    if args.format != Wanted::Oms {
        return Err(Error::Argument {
            argument: "--certificate",
            problem: "only bundles hold certificates: add --format oms".into(),
        });
    }
    let above: Vec<PathBuf> = args.chain.iter().map(|path| place(path, context)).collect();
    let leaf = place(leaf, context);
    let chain = SigningChain::read(&leaf, &above, key.public(), SystemClock.now())?;
    Ok(Some(chain))
}

/// Fails where something was asked for that bundles alone have.
fn hold_bundled(args: &Args) -> Result<(), Error> {
    let only = [
        ("--shard-size", args.shard_size.is_some()),
        ("--reference-names", args.reference_names),
    ];
    match only.into_iter().find(|(_, asked)| *asked) {
        Some((argument, _)) if args.format != Wanted::Oms => Err(Error::Argument {
            argument,
            problem: "only bundles have it: add --format oms".into(),
        }),
        _ => Ok(()),
    }
}

/// What was signed and written.
struct Signed {
    manifest: Manifest,
    set: FileSet,
    /// Where the signature lies.
    beside: PathBuf,
    /// What was not read, where that was allowed.
    taken: Option<Taken>,
    /// What a ledger may register.
    body: Option<Object>,
}

/// Signs a model.
pub(super) fn sign(args: &Args, context: &mut Context) -> Result<u8, Error> {
    // The key first: nobody waits for the hashing of a large model to learn that the password is wrong.
    let key = read_key(&place(&args.key, context), &args.password, context)?;
    hold_recordable(args)?;
    hold_bundled(args)?;
    let previous = previous(args, &key, context)?;
    let chain = signing_chain(args, &key, context)?;
    let signed = match args.format {
        Wanted::Hashtrace => write_hashtrace(args, &key, context)?,
        Wanted::Sealog | Wanted::Oms => {
            write_stated(args, &key, chain.as_ref(), previous.as_ref(), context)?
        }
    };
    let key_id = key.public().key_id();
    if let (true, Some(body)) = (args.record, signed.body.clone()) {
        append("model.registered", body, context)?;
    }
    show(args, &signed, &key_id, context)
}

/// Fails where a record was asked for that could not say what it has to.
fn hold_recordable(args: &Args) -> Result<(), Error> {
    let refused = |problem: &str| Error::Argument {
        argument: "--record",
        problem: problem.into(),
    };
    if args.record && args.format == Wanted::Hashtrace {
        return Err(refused(
            "this format states no name and no version; use --format sealog or oms",
        ));
    }
    if args.record && args.statement.version == UNSTATED {
        return Err(refused(
            "a ledger registers a version of a model: state --version",
        ));
    }
    Ok(())
}

/// Our own manifest and signature, or a bundle.
fn write_stated(
    args: &Args,
    key: &PrivateKey,
    chain: Option<&SigningChain>,
    previous: Option<&Previous>,
    context: &Context,
) -> Result<Signed, Error> {
    let Stated {
        statement,
        set,
        walk,
        taken,
    } = state(&args.statement, previous, context)?;
    let out = place(&args.statement.out, context);
    let manifest = statement.manifest().clone();
    let (beside, envelope) = if args.format == Wanted::Oms {
        let options = OmsOptions {
            chain,
            shard_size: args.shard_size,
            names: if args.reference_names {
                Names::Reference
            } else {
                Names::Specification
            },
            ..OmsOptions::new(oms_hash(&manifest))
        };
        let bundle = sign_oms(&manifest, &set, &walk.ignore, key, &options)?;
        write_new(&out, &bundle)?;
        (out, bundle)
    } else {
        let beside = signature_path(&out);
        let text = statement.to_canonical();
        write_new(&beside, &sign_statement(&statement, key)?)?;
        write_new(&out, &text)?;
        (beside, text)
    };
    let body = registered_body(&statement, &envelope, Some(&key.public().key_id()));
    Ok(Signed {
        manifest,
        set,
        beside,
        taken,
        body: Some(body),
    })
}

/// The manifest and signature of an older tool.
fn write_hashtrace(args: &Args, key: &PrivateKey, context: &Context) -> Result<Signed, Error> {
    let (text, listed) = state_hashtrace(&args.statement, context)?;
    let out = place(&args.statement.out, context);
    let beside = signature_path(&out);
    write_new(&beside, &sign_hashtrace(&text, key)?)?;
    write_new(&out, &text)?;
    Ok(Signed {
        manifest: listed.manifest,
        set: listed.set,
        beside,
        taken: None,
        body: None,
    })
}

fn show(args: &Args, signed: &Signed, key_id: &str, context: &mut Context) -> Result<u8, Error> {
    let (out, beside) = (place(&args.statement.out, context), &signed.beside);
    if context.json() {
        let mut value = summary(&signed.manifest, &signed.set);
        value.insert("file", out.display().to_string());
        if let Some(taken) = signed.taken {
            value.insert("reused", Value::Object(taken_value(taken)));
        }
        value.insert("key_id", key_id);
        value.insert("signature_file", beside.display().to_string());
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    show_summary(&signed.manifest, &signed.set, context)?;
    if let Some(taken) = signed.taken {
        show_not_read(taken, "the previous manifest", context)?;
    }
    for line in [
        format!("key           {key_id}"),
        format!("written       {}", out.display()),
        format!("signature     {}", beside.display()),
    ] {
        context.out.line(&plain(&line))?;
    }
    Ok(exit::HOLDS)
}
