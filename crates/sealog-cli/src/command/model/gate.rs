//! `sealog model gate`: runs a command on a private copy of a model, only if the model is admitted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use sealog_core::json::{Object, Value};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::gate::{
    Expectations, Means, Outcome, Policy, Refusal, VerifiedModel, admit, verified_body,
};
use sealog_model::manifest::changes_json;
use sealog_model::report::Table;
use sealog_model::scan::Limits;
use sealog_model::scan::baseline::Baseline;
use sealog_model::sign::Envelope;

use super::child;
use super::envelope::{EnvelopeArgs, digest_argument};
use super::expected::ExpectedArgs;
use super::files::{append, place, show_changes};
use super::report::{ReportArgs, Told, path_of};
use super::scan::{read_baseline, show_findings};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, complain, plain};

/// The exit status of a command that a signal ended, as shells give it: this and the signal's number.
const SIGNALLED: u8 = 128;
/// The variable that tells the command where the admitted copy is.
const VARIABLE: &str = "SEALOG_MODEL";

/// Arguments of `model gate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  sealog model gate iris --manifest iris.json --key release.pub -- python predict.py {}

The command is run on a private copy, made before anything is checked: `{}` in its arguments and the
variable SEALOG_MODEL say where. What the envelope does not cover is not in the copy. With --means
held there is no copy: what is written into the original meanwhile reaches it, and is told after.
What the command prints is its own: with a command, a --format goes to a --report FILE, which is
there before the command runs.

Exit status: the command's own if it ran; else 1 refuted or not clean; 2 undecided, or not done.")]
pub struct Args {
    #[command(flatten)]
    pub(super) envelope: EnvelopeArgs,
    /// Demand that the model has this digest
    #[arg(long, value_name = "SHA256")]
    model_digest: Option<String>,
    /// Refuse a model whose files have more bytes than this together
    #[arg(long, value_name = "BYTES")]
    bytes_max: Option<u64>,
    #[command(flatten)]
    expected: ExpectedArgs,
    /// Findings that are accepted: lines of rule, SHA-256, last day and reason
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Where the copy is made [default: the directory for temporary files]
    #[arg(long, value_name = "DIR")]
    copies_in: Option<PathBuf>,
    /// By what the command gets the bytes that were checked: a copy on disk (sealed), one in memory
    /// (sealed-memory), or the original, held open (held: not safe against writes into the files)
    #[arg(long, value_name = "MEANS", default_value = Means::Sealed.name())]
    means: String,
    #[command(flatten)]
    pub(super) report: ReportArgs,
    /// Append what came of it to the ledger; if that fails, nothing is run
    #[arg(long)]
    record: bool,
    /// The command and its arguments; none: only say what came of it
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Admits and runs, or refuses.
pub(super) fn gate(args: &Args, context: &mut Context) -> Result<u8, Error> {
    if args.report.takes_output() && !args.command.is_empty() {
        return Err(Error::Argument {
            argument: "--format",
            problem: "standard output is the command's: name a file for the report with --report"
                .into(),
        });
    }
    args.report.begin(context)?;
    match decide(args, context) {
        Err(error) => Err(args.report.fail(error, table(args, []), context)),
        Ok((Err(refusal), policy)) => refused(&refusal, &policy.baseline, args, context),
        Ok((Ok(model), policy)) => admitted(model, &policy.baseline, args, context),
    }
}

fn table(args: &Args, files: impl IntoIterator<Item = String>) -> Table {
    Table::of_model("gate", &args.envelope.named(), files)
}

fn decide(
    args: &Args,
    context: &Context,
) -> Result<(Result<VerifiedModel, Refusal>, Policy), Error> {
    let policy = policy(args, context)?;
    let envelope = args.envelope.read(context)?;
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let walks = args.envelope.walks()?;
    let pin = args.envelope.pin(context);
    let vouched = pin.and_then(|pin| Ok(envelope.vouch(&pin, &walks)?));
    let admitted = match vouched {
        Ok(vouched) => admit(envelope.model(), envelope.own(), vouched, &policy, &options),
        Err(Error::Model(error)) => Err(Refusal::early(error)),
        Err(error) => return Err(error),
    };
    let outcome = match &admitted {
        Ok(model) => Outcome::Admitted(model),
        Err(refusal) => Outcome::Refused(refusal),
    };
    if args.record {
        record(outcome, &policy, &envelope, context)?;
    }
    Ok((admitted, policy))
}

fn policy(args: &Args, context: &Context) -> Result<Policy, Error> {
    let baseline = match &args.baseline {
        Some(path) => read_baseline(&place(path, context))?,
        None => Baseline::default(),
    };
    let digest = args.model_digest.as_deref();
    let digest = digest.map(|text| digest_argument("--model-digest", text));
    Ok(Policy {
        uncovered: args.envelope.uncovered(),
        baseline,
        limits: Limits::default(),
        expectations: Expectations {
            name: args.envelope.name.clone(),
            version: args.envelope.version.clone(),
            model_digest: digest.transpose()?,
            bytes_max: args.bytes_max,
            bytes: args.expected.bytes,
            structure: args.expected.structure()?,
        },
        copies_in: args.copies_in.as_ref().map(|path| place(path, context)),
        means: Means::from_name(&args.means).ok_or_else(|| Error::Argument {
            argument: "--means",
            problem: "it is sealed, sealed-memory or held".into(),
        })?,
    })
}

fn record(
    outcome: Outcome<'_>,
    policy: &Policy,
    envelope: &Envelope,
    context: &Context,
) -> Result<(), Error> {
    let at = SystemClock.now().format_micros();
    let Some(body) = verified_body(outcome, policy, envelope.text(), &at) else {
        complain("sealog: not recorded: the model was not read, so there is no digest of it");
        return Ok(());
    };
    append("model.verified", body, context)
}

fn admitted_table(model: &VerifiedModel, baseline: &Baseline, args: &Args) -> Table {
    let place = |path: &str| path_of(&args.envelope.model, path);
    let files = model.manifest().files().iter();
    let mut table = table(args, files.map(|file| place(file.path().as_str())));
    // What a baseline accepts is shown.
    table.add_scan(model.scan(), baseline, place);
    table
}

fn admitted(
    model: VerifiedModel,
    baseline: &Baseline,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    let digest = format!("sha256:{}", model.model_digest());
    let mut value = Object::new();
    value.insert("exit", u32::from(exit::HOLDS));
    value.insert("model_digest", digest.as_str());
    value.insert("policy_digest", format!("sha256:{}", model.policy_digest()));
    value.insert("means", model.means().name());
    value.insert("protection", model.means().protection());
    value.insert("verdict", "admitted");
    let told = Told {
        json: Value::Object(value),
        table: admitted_table(&model, baseline, args),
    };
    if !args.command.is_empty() {
        // Before the command: a report that cannot be written opens nothing.
        args.report.tell_file(&told, context)?;
        return run(model, baseline, args, context);
    }
    if !args.report.tell(&told, context)? {
        let word = context.out.paint(Tone::Good, "ADMITTED");
        context.out.line(&format!("{word}  {digest}"))?;
        let means = model.means().name();
        context.out.line(&format!("means     {means}"))?;
    }
    Ok(exit::HOLDS)
}

fn refused(
    refusal: &Refusal,
    baseline: &Baseline,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    let status = exit::of_kind(refusal.kind());
    let error = &refusal.error;
    let mut value = Object::new();
    value.insert("changes", changes_json(error.changes()));
    value.insert("exit", u32::from(status));
    if let Some(scan) = &refusal.scan {
        value.insert("findings", sealog_model::scan::output::json(scan, baseline));
    }
    value.insert("message", error.to_string());
    if let Some(found) = refusal.found {
        value.insert("model_digest", format!("sha256:{found}"));
    }
    value.insert("reason", error.code());
    value.insert("verdict", "refused");
    let place = |path: &str| path_of(&args.envelope.model, path);
    let mut table = table(args, []);
    let rule = (error.code(), error.title());
    table.refuse(rule, &error.to_string(), error.changes(), status, place);
    if let Some(scan) = &refusal.scan {
        table.add_scan(scan, baseline, place);
    }
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
    let word = context.out.paint(tone, "REFUSED");
    let message = plain(&error.to_string()).into_owned();
    context
        .out
        .line(&format!("{word}  {message} [{}]", error.code()))?;
    show_changes(error.changes(), context)?;
    if let Some(scan) = &refusal.scan {
        show_findings(scan, baseline, context)?;
    }
    Ok(status)
}

/// Runs the command to its end, and removes the copy whatever came of it.
fn run(
    model: VerifiedModel,
    baseline: &Baseline,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    // What was printed comes before what the command prints.
    context.out.flush()?;
    let Some((program, arguments)) = args.command.split_first() else {
        return Ok(exit::HOLDS);
    };
    model.keep_with_children()?;
    let path = model.path();
    let arguments = arguments.iter().map(|word| {
        if word == "{}" {
            path.as_os_str()
        } else {
            word.as_os_str()
        }
    });
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(VARIABLE, path)
        .current_dir(context.settings.environment().directory());
    let ended = child::run(&mut command);
    let status = ended.map_err(|source| Error::Io {
        action: "run",
        path: program.into(),
        source,
    });
    let rechecked = model.recheck();
    let mut table = admitted_table(&model, baseline, args);
    let closed = model.close();
    let status = status?;
    if let Err(error) = rechecked {
        // Whatever the command came to, it came to by bytes that nobody checked.
        let status = exit::of_kind(error.kind());
        let rule = (error.code(), error.title());
        table.refuse(rule, &error.to_string(), error.changes(), status, |path| {
            path_of(&args.envelope.model, path)
        });
        let mut value = Object::new();
        value.insert("changes", changes_json(error.changes()));
        value.insert("exit", u32::from(status));
        value.insert("message", error.to_string());
        value.insert("reason", error.code());
        value.insert("verdict", "refused");
        let told = Told {
            json: Value::Object(value),
            table,
        };
        args.report.tell_file(&told, context)?;
        return changed(&error, context);
    }
    closed?;
    Ok(code(status))
}

/// What was held was written to while the command ran.
fn changed(error: &sealog_model::Error, context: &mut Context) -> Result<u8, Error> {
    let message = plain(&error.to_string()).into_owned();
    complain(&format!(
        "sealog: what the command read is not what was checked: {message} [{}]",
        error.code()
    ));
    show_changes(error.changes(), context)?;
    Ok(exit::of_kind(error.kind()))
}

#[cfg(unix)]
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    let signalled = signal.map(|signal| SIGNALLED.saturating_add(signal));
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    signalled.or(code).unwrap_or(exit::UNDECIDED)
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(if status.success() { 0 } else { SIGNALLED })
}
