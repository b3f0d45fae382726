//! What is pinned for a source: its key, its secret, and where it ended.
//!
//! A secret stands in a file or in a variable, never on the command line, which every process of the machine can read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sealog_core::hash::decode_hex;
use sealog_ledger::import::{ANCHOR_BYTES_MAX, Anchor, HMAC_KEY_BYTES_MAX, HmacKey, Pins};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::Error;

/// Bytes of a file that holds a key, at most.
const KEY_FILE_BYTES_MAX: usize = 4 * 1024;

/// Arguments of `import` that pin something.
#[derive(Debug, clap::Args)]
pub(super) struct PinArgs {
    /// Key that signed it: Ed25519 in hex or a file of it, of a manifest RSA in PEM; never taken from the source itself
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// File of the secret that it is chained with by HMAC, without a line break at its end
    #[arg(long, value_name = "FILE")]
    hmac_key_file: Option<PathBuf>,
    /// Variable of the environment that holds this secret
    #[arg(long, value_name = "NAME", conflicts_with = "hmac_key_file")]
    hmac_key_env: Option<String>,
    /// File that says where it ended at some time, kept apart from it
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

impl PinArgs {
    /// The key as a file of the kind that signs models.
    pub(super) fn model_key(&self) -> Option<&Path> {
        self.key.as_deref().map(Path::new)
    }

    pub(super) fn read(&self, context: &Context) -> Result<Pins, Error> {
        let key = self.key.as_deref();
        Ok(Pins {
            key: key.map(|text| read_key(text, context)).transpose()?,
            ..self.read_beside_key(context)?
        })
    }

    /// The same without the key.
    pub(super) fn read_beside_key(&self, context: &Context) -> Result<Pins, Error> {
        let anchor = self.anchor.as_deref().map(|path| {
            let bytes = read("read the anchor", path, ANCHOR_BYTES_MAX, context)?;
            Anchor::parse(&bytes).map_err(Error::from)
        });
        Ok(Pins {
            key: None,
            secret: self.secret(context)?,
            anchor: anchor.transpose()?,
        })
    }

    fn secret(&self, context: &Context) -> Result<Option<HmacKey>, Error> {
        if let Some(path) = &self.hmac_key_file {
            // Two more bytes: the line break that editors leave.
            let held = read("read the secret", path, HMAC_KEY_BYTES_MAX + 2, context)?;
            let held = held.strip_suffix(b"\n").unwrap_or(&held);
            let held = held.strip_suffix(b"\r").unwrap_or(held);
            return Ok(Some(HmacKey::new(held)?));
        }
        let Some(name) = &self.hmac_key_env else {
            return Ok(None);
        };
        let value = context.settings.environment().variable(name);
        let value = value.and_then(|value| value.to_str());
        let value = value.ok_or_else(|| Error::Argument {
            argument: "--hmac-key-env",
            problem: format!("the variable {name} is not set, or is no text"),
        })?;
        Ok(Some(HmacKey::new(value.as_bytes())?))
    }
}

/// The bytes of a file, and no more than one beyond the limit: the parser refuses it then.
fn read(
    action: &'static str,
    path: &Path,
    limit: usize,
    context: &Context,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = context.settings.environment().directory().join(path);
    let io = |source| Error::Io {
        action,
        path: path.clone(),
        source,
    };
    // All of it at once, so that no piece of a secret stays where it grew.
    let mut held = Zeroizing::new(Vec::with_capacity(limit + 1));
    let file = File::open(&path).map_err(io)?;
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1))
        .read_to_end(&mut held)
        .map_err(io)?;
    Ok(held)
}

fn read_key(text: &str, context: &Context) -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    if decode_hex(text.as_bytes(), &mut key).is_some() {
        return Ok(key);
    }
    let held = read("read the key", Path::new(text), KEY_FILE_BYTES_MAX, context)?;
    // A file that goes on behind what was read is none of a key, whatever its begin is.
    let whole = Some(held.trim_ascii()).filter(|_| held.len() <= KEY_FILE_BYTES_MAX);
    whole
        .and_then(|text| decode_hex(text, &mut key))
        .map(|()| key)
        .ok_or_else(|| Error::Argument {
            argument: "--key",
            problem: "it is neither 64 lowercase hex digits nor a file of them, of 4 KiB at most"
                .into(),
        })
}
