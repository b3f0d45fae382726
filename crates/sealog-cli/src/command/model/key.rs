//! `sealog model key`: keys that sign models, and those that this user trusts.

use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_ledger::{Access, Random, SystemRandom, keys};
use sealog_model::keys::{
    KeyKind, PublicKey, TRUSTED_KEYS_FILE, TrustedKeys, new_ecdsa_key, new_private_key, new_rsa_key,
};
use zeroize::Zeroizing;

use super::files::place;
use super::sign::PasswordArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{object, plain};

/// Commands over keys of models.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key
    New {
        /// Its kind: ed25519 for our own signatures; p256, p384 or p521 for OMS bundles; rsa for `HashTraceAI`
        #[arg(long, default_value = "ed25519")]
        kind: String,
        /// Write the private key to this file, which may not exist, and the public one beside it as FILE.pub
        #[arg(value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Trust a public key from now on, under a name
    Trust {
        /// The name by which `sealog model verify --trusted` calls it
        name: String,
        /// The public key: PEM
        #[arg(value_name = "FILE")]
        key: PathBuf,
    },
    /// Trust all keys of a `trusted_keys.json` of `HashTraceAI`, under their names, or none if one clashes
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs one of them.
pub(super) fn key(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::New {
            kind,
            out,
            password,
        } => {
            let kind = KeyKind::from_name(&kind).ok_or_else(|| Error::Argument {
                argument: "--kind",
                problem: "it is ed25519, p256, p384, p521 or rsa".into(),
            })?;
            let path = place(&out, context);
            let mut beside = path.clone().into_os_string();
            beside.push(".pub");
            let beside = PathBuf::from(beside);
            if beside.exists() {
                return Err(sealog_model::Error::Exists { path: beside }.into());
            }
            let password = password.read(context)?;
            let password = password.as_deref().map(Vec::as_slice);
            let key = match kind {
                KeyKind::Ed25519 => {
                    let mut seed = Zeroizing::new([0; 32]);
                    SystemRandom.fill(&mut *seed)?;
                    new_private_key(&path, &seed, password)?
                }
                KeyKind::Rsa => new_rsa_key(&path, password)?,
                _ => new_ecdsa_key(&path, kind, password)?,
            };
            key.public().create(&beside)?;
            show(None, key.public(), &path, context)
        }
        Command::Trust { name, key } => {
            let public = PublicKey::read(&place(&key, context))?;
            let list = trusted_list(context)?;
            TrustedKeys::add(&list, &name, &public)?;
            show(Some(&name), &public, &list, context)
        }
        Command::Import { file } => import(&place(&file, context), context),
    }
}

/// Trusts every key of another tool's list.
fn import(file: &Path, context: &mut Context) -> Result<u8, Error> {
    let keys = TrustedKeys::read_hashtrace(file)?;
    let list = trusted_list(context)?;
    TrustedKeys::add_all(&list, &keys)?;
    if context.json() {
        let value = keys.iter().map(|found| {
            object([
                ("key_id", found.key.key_id().into()),
                ("kind", found.key.kind().name().into()),
                ("name", found.name.as_str().into()),
            ])
        });
        let value = Value::Array(value.collect());
        let file = list.display().to_string().into();
        context
            .out
            .json(&object([("file", file), ("keys", value)]))?;
        return Ok(exit::HOLDS);
    }
    for found in keys.iter() {
        let (name, id) = (plain(&found.name), found.key.key_id());
        context.out.line(&format!("trusted       {name} {id}"))?;
    }
    let shown = list.display().to_string();
    context
        .out
        .line(&format!("file          {}", plain(&shown)))?;
    Ok(exit::HOLDS)
}

/// The list of trusted keys, in a directory that is there.
fn trusted_list(context: &Context) -> Result<PathBuf, Error> {
    let list = trusted_file(context)?;
    if let Some(directory) = list.parent() {
        std::fs::create_dir_all(directory).map_err(|source| Error::Io {
            action: "make",
            path: directory.to_owned(),
            source,
        })?;
    }
    Ok(list)
}

/// Where the trusted keys of this user are: in the configuration, never in the working directory.
pub(super) fn trusted_file(context: &Context) -> Result<PathBuf, Error> {
    let options = context.options(Access::Read)?;
    let directory = options.config_dir.or_else(keys::user_config_dir);
    let directory = directory.ok_or_else(|| Error::Argument {
        argument: "config_dir",
        problem: "there is no configuration directory: neither HOME nor XDG_CONFIG_HOME is set"
            .into(),
    })?;
    Ok(directory.join(TRUSTED_KEYS_FILE))
}

fn show(
    name: Option<&str>,
    key: &PublicKey,
    file: &Path,
    context: &mut Context,
) -> Result<u8, Error> {
    let shown = file.display().to_string();
    if context.json() {
        context.out.json(&object([
            ("file", shown.into()),
            ("key_id", key.key_id().into()),
            ("kind", key.kind().name().into()),
        ]))?;
        return Ok(exit::HOLDS);
    }
    if let Some(name) = name {
        context
            .out
            .line(&format!("trusted       {}", plain(name)))?;
    }
    context
        .out
        .line(&format!("key           {}", key.key_id()))?;
    context
        .out
        .line(&format!("file          {}", plain(&shown)))?;
    Ok(exit::HOLDS)
}
