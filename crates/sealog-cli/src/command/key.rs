//! `sealog key`: the log's own key, and the keys that a user or a log trusts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::json::Value;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::keys::{self, LOG_KEY_FILE};
use sealog_ledger::{Access, KeyRing, SystemRandom};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};
use crate::{over, pins};

/// The successor's file, until the log has taken it.
const NEXT_KEY_FILE: &str = "log.key.next";

/// Commands over keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a log key before its ledger is made
    New {
        /// Name of the log that is to be, without spaces; it cannot be changed
        #[arg(long)]
        origin: String,
        /// Write it to this file instead of where the ledger looks for it, as for a recovery key kept offline
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write the verifier key to this file
        #[arg(long, value_name = "FILE")]
        vkey: Option<PathBuf>,
    },
    /// Show the log's verifier key and its fingerprint
    Show {
        /// Write the verifier key to this file, to be given to those who verify
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Show also earlier keys, the recovery key, and the keys of actors
        #[arg(long)]
        all: bool,
    },
    /// Trust a log's key from now on, or have the log trust an actor's
    Trust {
        /// The verifier key, or a file that holds it
        #[arg(value_name = "VKEY|FILE")]
        key: String,
        /// Have this log take records that are signed by the key under this id
        #[arg(long, value_name = "KEY_ID")]
        actor: Option<String>,
        /// Who keeps the actor's key
        #[arg(long, value_name = "ID", requires = "actor")]
        custodian: Option<String>,
    },
    /// Have the log take no more records that are signed by an actor's key
    Revoke {
        /// The id under which its holder signs
        #[arg(value_name = "KEY_ID")]
        actor: String,
    },
    /// Hand the log over to a new key
    Rotate {
        /// Revoke the log's key, lost or stolen, by the recovery key in this file
        #[arg(long, value_name = "FILE")]
        recovery_key: Option<PathBuf>,
    },
}

/// Runs one of them.
pub fn key(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::New { origin, out, vkey } => {
            new(&origin, out.as_deref(), vkey.as_deref(), context)
        }
        Command::Show { out, all: false } => show(out.as_deref(), context),
        Command::Show { out, all: true } => ring(out.as_deref(), context),
        Command::Revoke { actor } => revoke_actor(&actor, context),
        Command::Trust {
            key, actor: None, ..
        } => trust(&key, context),
        Command::Trust {
            key,
            actor: Some(actor),
            custodian,
        } => trust_actor(&key, &actor, custodian.as_deref(), context),
        Command::Rotate { recovery_key } => rotate(recovery_key.as_deref(), context),
    }
}

fn new(
    origin: &str,
    out: Option<&Path>,
    vkey_file: Option<&Path>,
    context: &mut Context,
) -> Result<u8, Error> {
    let file = match (out, context.settings.path("secrets")) {
        (Some(out), _) => context.settings.environment().directory().join(out),
        (None, Some(directory)) => directory.join(LOG_KEY_FILE),
        (None, None) => keys::secrets_of(&context.ledger_path(None)?).join(LOG_KEY_FILE),
    };
    if file.exists() {
        return Err(Error::KeyExists { path: file });
    }
    let directory = context.settings.environment().directory();
    if vkey_file.is_some_and(|path| directory.join(path) == file) {
        return Err(Error::Argument {
            argument: "--vkey",
            problem: "it names the file of the private key".into(),
        });
    }
    let signer = keys::create_log_key(&file, origin, &SystemRandom)?;
    let vkey = Signer::verifier_key(&signer).clone();
    if let Some(path) = vkey_file {
        write_vkey(path, &vkey, context)?;
    }
    print_key(&vkey, Some(&file), context)
}

fn write_vkey(path: &Path, vkey: &VerifierKey, context: &Context) -> Result<PathBuf, Error> {
    let path = context.settings.environment().directory().join(path);
    over::write(&path, &format!("{vkey}\n"), is_verifier_key)?;
    Ok(path)
}

/// Whether a file is one of a verifier key, which holds nothing that is not elsewhere.
fn is_verifier_key(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    VerifierKey::parse(line).is_ok()
}

fn show(out: Option<&Path>, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Read)?;
    let vkey = pins::parse(&ledger.vkey(), "the log's key")?;
    let file = out
        .map(|path| write_vkey(path, &vkey, context))
        .transpose()?;
    print_key(&vkey, file.as_ref(), context)
}

/// All keys that the log knows.
fn ring(out: Option<&Path>, context: &mut Context) -> Result<u8, Error> {
    let ring = context.open(Access::Read)?.key_ring()?;
    if let (Some(path), Some((key, _))) = (out, &ring.active) {
        write_vkey(path, key, context)?;
    }
    if context.json() {
        context.out.json(&ring_value(&ring))?;
        return Ok(exit::HOLDS);
    }
    let mut lines = Vec::new();
    for earlier in &ring.earlier {
        let end = if earlier.revoked {
            "revoked"
        } else {
            "handed over"
        };
        lines.push((format!("{end} at size {}", earlier.size), &earlier.key));
    }
    if let Some((key, index)) = &ring.active {
        lines.push((format!("active since entry {index}"), key));
    }
    lines.extend(ring.recovery.iter().map(|key| ("recovery key".into(), key)));
    for actor in &ring.actors {
        let text = format!("signs as {} since entry {}", actor.key_id, actor.index);
        lines.push((text, &actor.key));
    }
    for (what, key) in lines {
        let key = key.to_string();
        context
            .out
            .line(&format!("{}  {}", plain(&key), plain(&what)))?;
    }
    Ok(exit::HOLDS)
}

fn ring_value(ring: &KeyRing) -> Value {
    let text = |key: &VerifierKey| Value::from(key.to_string());
    let active = ring.active.as_ref();
    let earlier = ring.earlier.iter().map(|earlier| {
        object([
            ("revoked", earlier.revoked.into()),
            ("size", number(earlier.size)),
            ("vkey", text(&earlier.key)),
        ])
    });
    let actors = ring.actors.iter().map(|actor| {
        object([
            ("index", number(actor.index)),
            ("key_id", actor.key_id.as_str().into()),
            ("vkey", text(&actor.key)),
        ])
    });
    object([
        ("actors", Value::Array(actors.collect())),
        ("earlier", Value::Array(earlier.collect())),
        (
            "index",
            active.map_or(Value::Null, |(_, index)| number(*index)),
        ),
        ("recovery", ring.recovery.as_ref().map_or(Value::Null, text)),
        ("vkey", active.map_or(Value::Null, |(key, _)| text(key))),
    ])
}

fn revoke_actor(actor: &str, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Append)?;
    let appended = ledger.revoke_actor_key(actor)?;
    ledger.close()?;
    if context.json() {
        let index = number(appended.index());
        let line = object([("index", index), ("key_id", actor.into())]);
        context.out.json(&line)?;
        return Ok(exit::HOLDS);
    }
    let line = format!("recorded at {}: nobody signs as {actor}", appended.index());
    context.out.line(&plain(&line))?;
    Ok(exit::HOLDS)
}

fn trust(text: &str, context: &mut Context) -> Result<u8, Error> {
    let vkey = pins::read(text, context)?;
    let options = context.options(Access::Read)?;
    let directory = options.config_dir.or_else(keys::user_config_dir);
    let directory = directory.ok_or_else(|| Error::Argument {
        argument: "config_dir",
        problem: "there is no configuration directory: neither HOME nor XDG_CONFIG_HOME is set"
            .into(),
    })?;
    keys::trust_log(&directory, &vkey)?;
    print_key(&vkey, Some(&directory.join(keys::KNOWN_LOGS_FILE)), context)
}

fn trust_actor(
    text: &str,
    actor: &str,
    custodian: Option<&str>,
    context: &mut Context,
) -> Result<u8, Error> {
    let vkey = pins::read(text, context)?;
    let ledger = context.open(Access::Append)?;
    let appended = ledger.trust_actor_key(actor, &vkey.to_string(), custodian)?;
    ledger.close()?;
    if context.json() {
        context.out.json(&object([
            ("fingerprint", keys::fingerprint(&vkey).into()),
            ("index", number(appended.index())),
            ("key_id", actor.into()),
            ("vkey", vkey.to_string().into()),
        ]))?;
        return Ok(exit::HOLDS);
    }
    let line = format!(
        "recorded at {}: {} signs as {actor}",
        appended.index(),
        vkey
    );
    context.out.line(&plain(&line))?;
    Ok(exit::HOLDS)
}

fn rotate(recovery_key: Option<&Path>, context: &mut Context) -> Result<u8, Error> {
    let recovery = recovery_key
        .map(|path| context.settings.environment().directory().join(path))
        .map(|path| keys::read_log_key(&path))
        .transpose()?;
    let ledger_path = context.ledger_path(None)?;
    let directory = context.settings.path("secrets");
    let directory = directory.unwrap_or_else(|| keys::secrets_of(&ledger_path));
    let (current, next) = (directory.join(LOG_KEY_FILE), directory.join(NEXT_KEY_FILE));
    let reading = context.open(Access::Read)?;
    let origin = reading.origin().to_owned();
    // A file that is there already is of a hand-over that broke off: go on with it, whether or not the log took it.
    let signer = if next.exists() {
        keys::read_log_key(&next)?
    } else {
        keys::create_log_key(&next, &origin, &SystemRandom)?
    };
    let vkey = Signer::verifier_key(&signer).clone();
    let active = pins::parse(&reading.vkey(), "the log's key")?;
    drop(reading);
    let revokes = recovery.is_some();
    if active != vkey {
        hand_over(Arc::new(signer), recovery.map(Arc::new), context)?;
    }
    if current.exists() {
        let old = keys::read_log_key(&current)?;
        let mut name = keys::fingerprint(Signer::verifier_key(&old));
        name.truncate(16);
        let state = if revokes { "revoked" } else { "retired" };
        rename(&current, &directory.join(format!("log.key.{state}-{name}")))?;
    }
    rename(&next, &current)?;
    let options = context.options(Access::Read)?;
    if let Some(directory) = options.config_dir.or_else(keys::user_config_dir) {
        keys::trust_log(&directory, &vkey)?;
        if revokes {
            keys::distrust_others(&directory, &vkey)?;
        }
    }
    print_key(&vkey, Some(&current), context)
}

/// Has the log say that the successor signs from now on.
fn hand_over(
    successor: Arc<dyn Signer>,
    recovery: Option<Arc<Ed25519Signer>>,
    context: &Context,
) -> Result<(), Error> {
    let ledger = match recovery {
        None => {
            let ledger = context.open(Access::Append)?;
            ledger.rotate_key(successor)?;
            ledger
        }
        Some(recovery) => {
            let ledger = context.open_by(Access::Append, Some(recovery))?;
            ledger.revoke_key(successor)?;
            ledger
        }
    };
    Ok(ledger.close()?)
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    let renamed = fs::rename(from, to);
    renamed.map_err(|source| Error::Io {
        action: "rename",
        path: from.to_owned(),
        source,
    })
}

fn print_key(
    vkey: &VerifierKey,
    file: Option<&PathBuf>,
    context: &mut Context,
) -> Result<u8, Error> {
    let file = file.map(|file| file.display().to_string());
    if context.json() {
        context.out.json(&object([
            ("file", file.into()),
            ("fingerprint", keys::fingerprint(vkey).into()),
            ("origin", vkey.name().into()),
            ("vkey", vkey.to_string().into()),
        ]))?;
        return Ok(exit::HOLDS);
    }
    let mut lines = vec![
        ("origin", vkey.name().to_owned()),
        ("verifier key", vkey.to_string()),
        ("fingerprint", keys::fingerprint(vkey)),
    ];
    lines.extend(file.map(|file| ("file", file)));
    for (name, value) in lines {
        context.out.line(&format!("{name:<14}{}", plain(&value)))?;
    }
    Ok(exit::HOLDS)
}
