//! `sealog init`: a ledger, its key, its entry 0.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::tlog::checkpoint;
use sealog_core::tlog::sign::Signer;
use sealog_ledger::keys::{
    LOG_KEY_FILE, known_logs, read_log_key, secrets_of, user_config_dir, user_state_dir,
};
use sealog_ledger::{Access, Continues, Creation, Ledger, Options, forget_path};
use sealog_store::disk::OsDisk;
use sealog_store::{HeadCopy, HeadSlot};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};
use crate::{pins, production};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Directory to make, such as audit.sealog
    #[arg(value_name = "LEDGER")]
    path: Option<PathBuf>,
    /// Organisation that runs the log
    #[arg(long)]
    operator: Option<String>,
    /// What the log is for
    #[arg(long)]
    purpose: Option<String>,
    /// Why it is made now
    #[arg(long)]
    reason: Option<String>,
    /// Name of the log, without spaces [default: one with 16 random digits]
    #[arg(long)]
    origin: Option<String>,
    /// Verifier key, or a file that holds it, of the key that may revoke a stolen log key; needs --origin
    #[arg(long, value_name = "VKEY|FILE", requires = "origin")]
    recovery_key: Option<String>,
    /// Go on from a ledger that may not be continued itself
    #[arg(long, value_name = "OLD", requires = "because")]
    continues: Option<PathBuf>,
    /// What happened to it
    #[arg(long, value_name = "TEXT", requires = "continues")]
    because: Option<String>,
    /// Forget that this path held a ledger which is gone
    #[arg(long)]
    forget: bool,
}

/// Makes a ledger.
pub fn init(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let path = context
        .ledger_path(args.path.as_deref())
        .map_err(|error| match error {
            Error::NoLedger { .. } | Error::SeveralLedgers { .. } => Error::Argument {
                argument: "LEDGER",
                problem: "name the directory to make, such as audit.sealog".into(),
            },
            error => error,
        })?;
    let creation = creation(args, context)?;
    let mut options = context.options(Access::Append)?;
    production::check_append(&context.settings, &path)?;
    let (operator, purpose) = (creation.operator.as_deref(), creation.purpose.as_deref());
    production::check_creation(&context.settings, operator, purpose)?;
    let creation = take_key(&path, creation, &mut options, context)?;
    check_origin(&creation, &options)?;
    if args.forget {
        forget_path(&path, &options)?;
    }
    let ledger = make(&path, &creation, options)?;
    ledger.close()?;
    show(&ledger, &path, context)
}

fn creation(args: &Args, context: &Context) -> Result<Creation, Error> {
    let settings = &context.settings;
    let set = |flag: &Option<String>, name: &str| match flag {
        Some(text) => Ok(Some(text.clone())),
        None => settings.text(name).map(|text| text.map(ToOwned::to_owned)),
    };
    let continues = match (&args.continues, &args.because) {
        (Some(old), Some(because)) => {
            let old = settings.environment().directory().join(old);
            Some(held(&old, because, context)?)
        }
        _ => None,
    };
    let recovery = args.recovery_key.as_deref();
    let recovery = recovery.map(|text| pins::read(text, context)).transpose()?;
    Ok(Creation {
        origin: args.origin.clone(),
        operator: set(&args.operator, "operator")?,
        purpose: set(&args.purpose, "purpose")?,
        reason: args.reason.clone(),
        recovery_vkey: recovery.map(|key| key.to_string()),
        continues,
    })
}

/// What is still held of a ledger that may not be continued itself, and what this machine saw of it last.
fn held(old: &Path, because: &str, context: &Context) -> Result<Continues, Error> {
    let ledger = Ledger::open(old, context.options(Access::Read)?)?;
    let checkpoint = pins::checkpoint(ledger.checkpoint()?.as_bytes(), old)?;
    Ok(Continues {
        origin: checkpoint.origin().to_owned(),
        held_size: checkpoint.size(),
        held_root: checkpoint.root().to_hex(),
        known: seen(&ledger, context)?.filter(|(size, _)| *size > checkpoint.size()),
        because: because.to_owned(),
    })
}

/// Size and root of the newest head copy that the old log's key signed.
fn seen(ledger: &Ledger, context: &Context) -> Result<Option<(u64, String)>, Error> {
    let directory = context.settings.path("state_dir").or_else(user_state_dir);
    let Some(directory) = directory else {
        return Ok(None);
    };
    let key = pins::parse(&ledger.vkey(), "the log's key")?;
    let copy = HeadCopy::new(Arc::new(OsDisk::new()), &directory, ledger.origin());
    let slots = copy.read().map_err(sealog_ledger::Error::from)?;
    let notes = slots.iter().filter_map(|slot| match slot {
        HeadSlot::Note { note, .. } => checkpoint::verify(note, ledger.origin(), [&key]).ok(),
        _ => None,
    });
    Ok(notes.map(|seen| (seen.size(), seen.root().to_hex())).max())
}

/// Takes a key that was made before by `sealog key new`; its name is the origin.
fn take_key(
    path: &Path,
    mut creation: Creation,
    options: &mut Options,
    context: &Context,
) -> Result<Creation, Error> {
    let secrets = options.secrets.clone().unwrap_or_else(|| secrets_of(path));
    let file = secrets.join(LOG_KEY_FILE);
    production::check_key(&context.settings, &file)?;
    if file.exists() {
        let signer = read_log_key(&file)?;
        let name = Signer::verifier_key(&signer).name().to_owned();
        if creation
            .origin
            .as_ref()
            .is_some_and(|origin| *origin != name)
        {
            return Err(Error::Argument {
                argument: "--origin",
                problem: format!("the key at {} is of the origin {name}", file.display()),
            });
        }
        creation.origin = Some(name);
        options.signer = Some(Arc::new(signer));
    }
    Ok(creation)
}

/// Refuses an origin that this user knows another log by.
fn check_origin(creation: &Creation, options: &Options) -> Result<(), Error> {
    let directory = options.config_dir.clone().or_else(user_config_dir);
    let (Some(origin), Some(directory)) = (&creation.origin, directory) else {
        return Ok(());
    };
    let own = options.signer.as_ref().map(|signer| signer.verifier_key());
    let known = known_logs(&directory)?;
    if known
        .iter()
        .any(|log| log.vkey.name() == origin && own != Some(&log.vkey))
    {
        return Err(Error::OriginTaken {
            origin: origin.clone(),
        });
    }
    Ok(())
}

fn make(path: &Path, creation: &Creation, options: Options) -> Result<Ledger, Error> {
    let empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    if empty {
        // Not `create`: this one also refuses a path where this machine knew a ledger.
        return Ok(Ledger::open_or_create(path, creation, options)?);
    }
    Ok(Ledger::create(path, creation, options)?)
}

fn show(ledger: &Ledger, path: &Path, context: &mut Context) -> Result<u8, Error> {
    let secrets = ledger.secrets().unwrap_or_default();
    let (vkey, fingerprint) = (ledger.vkey(), ledger.fingerprint());
    if context.json() {
        context.out.json(&object([
            ("fingerprint", fingerprint.into()),
            ("format_version", number(sealog_core::state::FORMAT_VERSION)),
            ("ledger", path.display().to_string().into()),
            ("origin", ledger.origin().into()),
            ("secrets", secrets.display().to_string().into()),
            ("vkey", vkey.into()),
        ]))?;
        return Ok(exit::HOLDS);
    }
    let lines = [
        ("ledger", path.display().to_string()),
        ("origin", ledger.origin().to_owned()),
        ("verifier key", vkey),
        ("fingerprint", fingerprint),
        ("secrets", secrets.display().to_string()),
        ("format", sealog_core::state::FORMAT_VERSION.to_string()),
    ];
    for (name, value) in lines {
        context.out.line(&format!("{name:<14}{}", plain(&value)))?;
    }
    for line in [
        "",
        "Give the verifier key to whoever is to verify this log, and have them compare the whole",
        "fingerprint with you by another way. Back up the secrets: who holds them can sign for the log,",
        "and without them it cannot be continued.",
    ] {
        context.out.line(line)?;
    }
    Ok(exit::HOLDS)
}
