//! `sealog redact`: text from standard input to standard output, without the personal data in it; and `sealog policy`.

mod table;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_privacy::policy::{Counts, Policy};
use sealog_privacy::scan::Found;

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{count, number, object};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Arguments of `redact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Say what is looked for, and what is done with it, by this file [default: everything usual, `[TYPE]`]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print where something was found and of which type, in place of the text; --json does so too
    #[arg(long, conflicts_with = "column")]
    explain: bool,
    /// Read CSV with a header, and redact this column alone; may be given again
    #[arg(long, value_name = "NAME")]
    column: Vec<String>,
}

/// Commands over privacy policies.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say whether a policy can be used, and print its digest
    Check {
        /// The policy
        file: PathBuf,
    },
    /// List what is looked for and what is done with it
    Show {
        /// The policy [default: the usual one]
        file: Option<PathBuf>,
    },
}

/// Redacts standard input.
pub fn redact(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let policy = read_policy(args.policy.as_deref(), context)?;
    if let Some(mode) = policy.needs_keys() {
        let mode = mode.name().to_owned();
        return Err(sealog_privacy::Error::NeedsKeys { mode }.into());
    }
    if !args.column.is_empty() {
        return table::redact(&policy, &args.column, context);
    }
    // Machines are told where and what, never the text.
    if args.explain || context.json() {
        return explain(&policy, context);
    }
    let mut stream = policy.stream();
    let mut input = io::stdin().lock();
    let mut piece = vec![0; PIECE_BYTES];
    let mut out = Vec::new();
    let write = |out: &mut Vec<u8>, text: &[u8], found: Option<&Found>| match found {
        Some(found) => out.extend_from_slice(policy.replacement(found).as_bytes()),
        None => out.extend_from_slice(text),
    };
    loop {
        let read = input.read(&mut piece).map_err(input_failed)?;
        if read == 0 {
            break;
        }
        let text = piece.get(..read).unwrap_or_default();
        stream.push(text, &mut |text, found| write(&mut out, text, found))?;
        context.out.bytes(&out)?;
        out.clear();
    }
    stream.finish(&mut |text, found| write(&mut out, text, found))?;
    context.out.bytes(&out)?;
    Ok(exit::HOLDS)
}

/// Prints the spans of standard input and the types found there, never the values.
fn explain(policy: &Policy, context: &mut Context) -> Result<u8, Error> {
    let mut stream = policy.stream();
    let mut input = io::stdin().lock();
    let mut piece = vec![0; PIECE_BYTES];
    let mut spans = Vec::new();
    let mut note = |_: &[u8], found: Option<&Found>| {
        if let Some(found) = found {
            spans.push((found.span.clone(), policy.id(found).to_owned()));
        }
    };
    loop {
        let read = input.read(&mut piece).map_err(input_failed)?;
        if read == 0 {
            break;
        }
        stream.push(piece.get(..read).unwrap_or_default(), &mut note)?;
    }
    stream.finish(&mut note)?;
    let mut counts = Counts::new();
    for (_, id) in &spans {
        *counts.entry(id.clone()).or_default() += 1;
    }
    if context.json() {
        let wide = |at: usize| number(u64::try_from(at).unwrap_or(u64::MAX));
        let spans = spans.iter().map(|(span, id)| {
            object([
                ("end", wide(span.end)),
                ("start", wide(span.start)),
                ("type", Value::from(id.as_str())),
            ])
        });
        let spans = Value::Array(spans.collect());
        context.out.json(&object([
            ("counts", counted(&counts)),
            ("policy_digest", Value::from(policy.digest().to_hex())),
            ("spans", spans),
        ]))?;
        return Ok(exit::HOLDS);
    }
    for (span, id) in &spans {
        context
            .out
            .line(&format!("{}..{} {id}", span.start, span.end))?;
    }
    let found = u64::try_from(spans.len()).unwrap_or(u64::MAX);
    context
        .out
        .line(&count(found, "identifier", "identifiers"))?;
    Ok(exit::HOLDS)
}

fn counted(counts: &Counts) -> Value {
    let mut out = sealog_core::json::Object::new();
    for (id, count) in counts {
        out.insert(id.as_str(), number(*count));
    }
    Value::Object(out)
}

/// Checks or shows a policy.
pub fn policy(command: &Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Check { file } => {
            let policy = read_policy(Some(file), context)?;
            let looked_for = u64::try_from(policy.types().count()).unwrap_or(u64::MAX);
            if context.json() {
                context.out.json(&object([
                    ("policy_digest", Value::from(policy.digest().to_hex())),
                    ("types", number(looked_for)),
                ]))?;
                return Ok(exit::HOLDS);
            }
            let types = count(looked_for, "type is looked for", "types are looked for");
            context
                .out
                .line(&format!("digest {}", policy.digest().to_hex()))?;
            context.out.line(&types)?;
        }
        Command::Show { file } => {
            let policy = read_policy(file.as_deref(), context)?;
            if context.json() {
                let mut types = sealog_core::json::Object::new();
                for (id, mode) in policy.types() {
                    types.insert(id, Value::from(mode.name()));
                }
                context.out.json(&object([
                    ("policy_digest", Value::from(policy.digest().to_hex())),
                    ("types", Value::Object(types)),
                ]))?;
                return Ok(exit::HOLDS);
            }
            context
                .out
                .line(&format!("digest {}", policy.digest().to_hex()))?;
            for (id, mode) in policy.types() {
                let name = sealog_privacy::catalogue::identifier_type(id)
                    .map_or("", |identifier| identifier.name());
                context
                    .out
                    .line(format!("{:<6} {id:<22} {name}", mode.name()).trim_end())?;
            }
        }
    }
    Ok(exit::HOLDS)
}

fn read_policy(file: Option<&Path>, context: &Context) -> Result<Policy, Error> {
    let Some(file) = file else {
        return Ok(Policy::usual()?);
    };
    crate::context::read_policy(&context.settings.environment().directory().join(file))
}

fn input_failed(source: io::Error) -> Error {
    Error::Io {
        action: "read",
        path: PathBuf::from("standard input"),
        source,
    }
}
