//! `sealog verify`: a ledger, a receipt, an extract or a package, offline, with nothing but what the verifier brought.
//!
//! Which key vouches is never taken from beside the data: it is given, set, or one of this user's `known_logs`.
//! The exit status is the report's own; nothing here softens it.

mod extract;
mod package;
mod receipt;
mod show;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_core::limits::{ENTRY_BYTES_MAX, EXPORT_LINE_BYTES_MAX, PROOF_FILE_BYTES_MAX};
use sealog_core::receipt::Receipt;
use sealog_core::tlog::policy::Policy;
use sealog_ledger::keys::{known_logs, user_config_dir};
use sealog_ledger::verify::{self as verifier, Against, PinnedBy, Request};
use sealog_ledger::{Clock, SystemClock};

use crate::context::Context;
use crate::error::Error;
use crate::pins::{self, Pin};
use crate::settings::duration;

/// Bytes of a policy file, at most.
const POLICY_BYTES_MAX: usize = 1024 * 1024;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 all that was asked holds; 1 refuted; 2 could not be decided, which is no success.

The key: --key, else SEALOG_KEY, else the policy's, else this user's known_logs; never one that
lies beside the data. Compare the whole fingerprint with the operator by another way. It can
stand for the key: a key of this fingerprint is then taken from the data.

Examples:
  sealog verify audit.sealog --key log.vkey
  sealog verify audit.sealog --key log.vkey --against checkpoint-of-may.txt
  sealog verify receipts/17.proof --key log.vkey")]
pub struct Args {
    /// Directory of a ledger, a receipt file, an extract or an evidence package [default: the ledger]
    path: Option<PathBuf>,
    /// Verifier key that vouches for the log, its fingerprint, or a file that holds one of them
    #[arg(long, value_name = "VKEY|FINGERPRINT|FILE")]
    key: Vec<String>,
    /// Policy file with log keys, witnesses and a quorum to be met
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Checkpoint or receipt kept from before, which the log has to extend
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// How old the newest cosignature may be, such as 24h; needs a policy
    #[arg(long, value_name = "DURATION")]
    max_age: Option<String>,
    /// Check every checkpoint's signature, not only the newest
    #[arg(long)]
    all_signatures: bool,
    /// Accept a retired key if the log handed it over properly
    #[arg(long)]
    follow_rotation: bool,
    /// Show every note and every finding, not only the first of each kind
    #[arg(long)]
    full: bool,
}

/// Which keys vouch for a ledger, for commands that stand on a verified one.
#[derive(Debug, clap::Args)]
pub(super) struct PinArgs {
    /// Verifier key that vouches for the log, its fingerprint, or a file that holds one of them
    #[arg(long, value_name = "VKEY|FINGERPRINT|FILE")]
    key: Vec<String>,
    /// Policy file with log keys, witnesses and a quorum to be met
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// The request to verify a ledger by these pins, as `verify` makes it.
pub(super) fn pinned_request(
    pins: &PinArgs,
    path: &Path,
    context: &Context,
) -> Result<Request, Error> {
    let args = Args {
        path: None,
        key: pins.key.clone(),
        policy: pins.policy.clone(),
        against: Vec::new(),
        max_age: None,
        all_signatures: false,
        follow_rotation: false,
        full: false,
    };
    request(&args, || origin_of_ledger(path), context)
}

/// Verifies what the path names.
pub fn verify(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let path = context.ledger_path(args.path.as_deref())?;
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Absent { path });
        }
        Err(source) => {
            return Err(Error::Io {
                action: "look at",
                path,
                source,
            });
        }
    };
    if metadata.is_file() {
        return verify_file(args, &path, context);
    }
    let origin = || origin_of_ledger(&path).or_else(|| origin_of_kept(args, context));
    let request = request(args, origin, context)?;
    let bar = context.progress(0)?;
    let report = verifier::verify_ledger(&path, &request, &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
    });
    bar.finish_and_clear();
    show::ledger(&path, &report, args.full, context)?;
    Ok(report.exit())
}

/// Verifies a receipt.
pub fn verify_receipt(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let Some(path) = &args.path else {
        let problem = "name the receipt file".into();
        return Err(Error::Argument {
            argument: "PATH",
            problem,
        });
    };
    let path = context.settings.environment().directory().join(path);
    verify_file(args, &path, context)
}

fn verify_file(args: &Args, path: &Path, context: &mut Context) -> Result<u8, Error> {
    // What is asked for is checked or refused, never passed over.
    let package = package::is_claimed(path)?;
    let flags = [
        (!args.against.is_empty() && !package, "--against"),
        (args.all_signatures, "--all-signatures"),
        (args.follow_rotation, "--follow-rotation"),
    ];
    if let Some((_, argument)) = flags.iter().find(|(given, _)| *given) {
        let problem = "it is for ledgers, and this is a file".into();
        return Err(Error::Argument { argument, problem });
    }
    if package {
        let request = request(args, || package::origin(path), context)?;
        return package::verify(path, &without_age(request)?, context);
    }
    if let Some(head) = head_of_extract(path)? {
        let origin = || Some(head.member("origin")?.as_str()?.to_owned());
        let request = request(args, origin, context)?;
        return extract::verify(path, &request, context);
    }
    let bytes = read(path, PROOF_FILE_BYTES_MAX)?;
    let origin = || {
        let receipt = Receipt::parse(&bytes).ok()?;
        let checkpoint = pins::checkpoint(receipt.note().as_bytes(), path).ok()?;
        Some(checkpoint.origin().to_owned())
    };
    let request = request(args, origin, context)?;
    let report = verifier::verify_receipt(&bytes, &request);
    receipt::show(path, &report, context)?;
    Ok(report.exit())
}

/// The first line of a file, if it is one of JSON, as an extract's is and a receipt's is not.
fn head_of_extract(path: &Path) -> Result<Option<Value>, Error> {
    let io = |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut line = Vec::new();
    let limit = u64::try_from(EXPORT_LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let file = BufReader::new(File::open(path).map_err(io)?);
    file.take(limit).read_until(b'\n', &mut line).map_err(io)?;
    if line.first() != Some(&b'{') {
        return Ok(None);
    }
    // What is malformed is said by whoever verifies it.
    Ok(Some(
        Value::parse(line.trim_ascii_end()).unwrap_or_default(),
    ))
}

/// The request, which asks for no age: what a package holds of witnesses is as old as the package.
fn without_age(request: Request) -> Result<Request, Error> {
    if request.max_age.is_none() {
        return Ok(request);
    }
    Err(Error::Argument {
        argument: "--max-age",
        problem: "it is for ledgers and receipts; a package says by when its entries existed"
            .into(),
    })
}

/// What is asked. `origin` is what the data says of itself: it only selects among keys that are trusted already.
fn request(
    args: &Args,
    origin: impl FnOnce() -> Option<String>,
    context: &Context,
) -> Result<Request, Error> {
    let settings = &context.settings;
    let mut given = args.key.clone();
    if given.is_empty() {
        given.extend(settings.text("key")?.map(ToOwned::to_owned));
    }
    let (mut keys, mut fingerprints) = (Vec::new(), Vec::new());
    for text in &given {
        match pins::read_pin(text, context)? {
            Pin::Key(key) => keys.push(key),
            Pin::Fingerprint(fingerprint) => fingerprints.push(fingerprint),
        }
    }
    let flag = args.policy.as_ref();
    let policy = flag.map(|path| settings.environment().directory().join(path));
    let policy = policy.or_else(|| settings.path("policy"));
    let policy = policy.map(|path| read_policy(&path)).transpose()?;
    let mut pinned_by = None;
    if given.is_empty()
        && policy
            .as_ref()
            .is_none_or(|policy| policy.logs().is_empty())
    {
        let directory = settings.path("config_dir").or_else(user_config_dir);
        let known = directory
            .map(|directory| known_logs(&directory))
            .transpose()?;
        let origin = origin();
        let known = known.into_iter().flatten().map(|log| log.vkey);
        keys.extend(known.filter(|key| origin.as_deref() == Some(key.name())));
        pinned_by = (!keys.is_empty()).then_some(PinnedBy::ThisMachine);
    }
    let max_age = match &args.max_age {
        Some(text) => Some(duration(text).ok_or_else(|| Error::Argument {
            argument: "--max-age",
            problem: format!("expected {}", crate::settings::DURATION_FORM),
        })?),
        None => settings.duration("max_age")?,
    };
    if max_age.is_some() && policy.is_none() {
        return Err(Error::Argument {
            argument: "--max-age",
            problem: "it needs --policy: only witnesses say when they saw a checkpoint".into(),
        });
    }
    let against = args.against.iter().map(|path| read_against(path, context));
    Ok(Request {
        keys,
        fingerprints,
        pinned_by,
        policy,
        against: against.collect::<Result<_, _>>()?,
        max_age,
        now: Some(SystemClock.now()),
        all_signatures: args.all_signatures,
        follow_rotation: args.follow_rotation,
        threads: None,
    })
}

pub(super) fn read_policy(path: &Path) -> Result<Policy, Error> {
    let bytes = read(path, POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|error| Error::Policy {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

fn read_against(path: &Path, context: &Context) -> Result<Against, Error> {
    let path = context.settings.environment().directory().join(path);
    let bytes = read(&path, PROOF_FILE_BYTES_MAX)?;
    Ok(Against {
        name: path.display().to_string(),
        bytes,
    })
}

/// Reads a file that may have so many bytes.
pub(super) fn read(path: &Path, max: usize) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .map_err(io)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() > max {
        return Err(Error::Argument {
            argument: "the file",
            problem: format!("{} is longer than {max} bytes", path.display()),
        });
    }
    Ok(bytes)
}

/// The origin of what was kept from before: a log that was emptied names none.
fn origin_of_kept(args: &Args, context: &Context) -> Option<String> {
    args.against.iter().find_map(|path| {
        let kept = read_against(path, context).ok()?.bytes;
        let receipt = Receipt::parse(&kept).ok();
        let note = receipt
            .as_ref()
            .map_or(&*kept, |receipt| receipt.note().as_bytes());
        let checkpoint = pins::checkpoint(note, path).ok()?;
        Some(checkpoint.origin().to_owned())
    })
}

/// The origin that a ledger's first line claims.
fn origin_of_ledger(path: &Path) -> Option<String> {
    let file = File::open(path.join("log/0000000000.jsonl")).ok()?;
    let mut line = Vec::new();
    let limit = u64::try_from(ENTRY_BYTES_MAX).unwrap_or(u64::MAX);
    BufReader::new(file)
        .take(limit)
        .read_until(b'\n', &mut line)
        .ok()?;
    let entry = Value::parse(line.trim_ascii_end()).ok()?;
    let body = entry.member("record")?.member("body")?;
    body.member("origin")?.as_str().map(ToOwned::to_owned)
}
