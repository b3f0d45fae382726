//! `sealog retention`: how long entries are kept, how each class stands against it, and disposal.

use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_ledger::{Access, ClassRetention, Disposed, Due, PolicyView, RetentionSet, Swept};

use super::hold;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, count, number, object, plain};

/// Commands over retention.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say how long the entries of a class are kept
    Set(SetArgs),
    /// Show each class: its policy, its entries, what is due, what is held
    Status,
    /// Dispose of the entries of a class whose least age has passed
    Dispose(DisposeArgs),
}

/// Arguments of `retention set`.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// The class of entries, as records name it in `retention_class`
    class: String,
    /// Days that an entry is kept at least
    #[arg(long, value_name = "DAYS")]
    min_days: u64,
    /// Days that an entry is kept at most; `retention status` counts those beyond
    #[arg(long, value_name = "DAYS")]
    max_days: Option<u64>,
    /// The duty or purpose that the days come from
    #[arg(long, value_name = "TEXT")]
    basis: String,
    /// Who approved it
    #[arg(long, value_name = "ID")]
    by: String,
    /// Its id [default: the next of the form P001]
    #[arg(long)]
    id: Option<String>,
}

/// Arguments of `retention dispose`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
In place of each entry that goes stays a line with hashes and numbers, so that the log and every
other receipt still verify. What the log's own rules read is never disposed of, and what a hold
covers stays. Copies elsewhere (backups, exports, published tiles) are yours to see to:
docs/retention.md")]
pub struct DisposeArgs {
    /// The class of entries
    class: String,
    /// Who approves it
    #[arg(long, value_name = "ID", required_unless_present = "dry_run")]
    by: Option<String>,
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs one of them.
pub fn retention(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Set(args) => set(args, context),
        Command::Status => status(context),
        Command::Dispose(args) => dispose(&args, context),
    }
}

fn set(args: SetArgs, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Append)?;
    let set = RetentionSet {
        policy_id: args.id,
        class: args.class,
        min_days: args.min_days,
        max_days: args.max_days,
        legal_basis: args.basis,
        approved_by: args.by,
    };
    let (policy_id, appended) = ledger.set_retention(&set)?;
    ledger.close()?;
    let policy = PolicyView {
        policy_id,
        class: set.class,
        min_days: set.min_days,
        max_days: set.max_days,
        legal_basis: set.legal_basis,
        approved_by: set.approved_by,
        index: appended.index(),
    };
    if context.json() {
        context.out.json(&policy_json(&policy))?;
    } else {
        let (id, class) = (plain(&policy.policy_id), plain(&policy.class));
        let line = format!("{id}  {class}  {}  (entry {})", days(&policy), policy.index);
        context.out.line(&line)?;
    }
    Ok(exit::HOLDS)
}

fn status(context: &mut Context) -> Result<u8, Error> {
    let status = context.open(Access::Read)?.retention()?;
    if context.json() {
        let classes = status.classes.iter();
        let classes = classes.map(|(name, class)| class_json(name, class));
        let holds = status.holds.iter().map(hold::to_value);
        context.out.json(&object([
            ("at", status.at.format_micros().as_str().into()),
            ("classes", Value::Array(classes.collect())),
            ("disposal_unfinished", Value::Bool(status.unfinished)),
            ("holds", Value::Array(holds.collect())),
        ]))?;
        return Ok(exit::HOLDS);
    }
    for (name, class) in &status.classes {
        class_text(name, class, context)?;
    }
    for held in &status.holds {
        hold::line(held, status.at, context)?;
    }
    if status.unfinished {
        let word = context.out.paint(Tone::Open, "unfinished");
        let text = "a disposal is under way or broke off; whoever opens the ledger next to write finishes it";
        context.out.wrapped(&format!("{word}  "), 12, text)?;
    }
    Ok(exit::HOLDS)
}

fn class_text(name: &str, class: &ClassRetention, context: &mut Context) -> Result<(), Error> {
    let heading = context.out.paint(Tone::Head, &plain(name));
    context.out.line(&heading)?;
    let policy = match &class.policy {
        Some(policy) => format!(
            "{}, {}: {} (approved by {}, entry {})",
            plain(&policy.policy_id),
            days(policy),
            plain(&policy.legal_basis),
            plain(&policy.approved_by),
            policy.index
        ),
        None => "none: nothing of it is disposed of".into(),
    };
    let oldest = class.oldest.map(Timestamp::format_micros);
    let oldest = oldest.map_or_else(String::new, |oldest| format!(", the oldest of {oldest}"));
    let gone = count(class.disposed, "entry was", "entries were");
    let rows = [
        ("policy", policy),
        ("entries", format!("{}{oldest}", class.entries)),
        ("never go", class.kept.to_string()),
        ("due", class.due.to_string()),
        ("over the most", class.overdue.to_string()),
        ("held", class.held.to_string()),
        ("disposed", format!("{gone} disposed of")),
    ];
    for (name, text) in rows {
        context.out.wrapped(&format!("  {name:<15}"), 17, &text)?;
    }
    Ok(())
}

fn dispose(args: &DisposeArgs, context: &mut Context) -> Result<u8, Error> {
    if args.dry_run {
        let due = context.open(Access::Read)?.due(&args.class)?;
        return show(&due, None, context);
    }
    let ledger = context.open(Access::Append)?;
    let disposed = ledger.dispose(&args.class, args.by.as_deref().unwrap_or_default())?;
    ledger.close()?;
    show(&disposed.due, Some(&disposed), context)
}

fn show(due: &Due, disposed: Option<&Disposed>, context: &mut Context) -> Result<u8, Error> {
    let done = disposed.map_or_else(Swept::default, |disposed| disposed.done);
    let records = disposed.and_then(|disposed| disposed.records);
    if context.json() {
        let runs = due.runs.iter();
        let runs = runs.map(|(from, to)| Value::Array(vec![number(*from), number(*to)]));
        let mut json = Object::new();
        json.insert("dry_run", Value::Bool(disposed.is_none()));
        json.insert("due", number(due.entries));
        json.insert("entries_disposed", number(done.entries));
        json.insert("held", number(due.held));
        json.insert("more", Value::Bool(due.more));
        json.insert("never_disposable", number(due.kept));
        json.insert("payloads", number(due.payloads));
        json.insert("payloads_removed", number(done.payloads));
        json.insert("policy", policy_json(&due.policy));
        json.insert(
            "record_first",
            records.map_or(Value::Null, |(first, _)| number(first)),
        );
        json.insert(
            "record_last",
            records.map_or(Value::Null, |(_, last)| number(last)),
        );
        json.insert("runs", Value::Array(runs.collect()));
        json.insert("segments_rewritten", number(done.segments));
        json.insert("tails_removed", number(done.tails));
        json.insert("too_young", number(due.young));
        context.out.json(&Value::Object(json))?;
        return Ok(exit::HOLDS);
    }
    let class = plain(&due.policy.class);
    let kept = format!(
        "{} too young, {} held, {} never go",
        due.young, due.held, due.kept
    );
    let entries = |n| count(n, "entry", "entries");
    let text = match (disposed, records) {
        (None, _) => format!("{} of {class} would go; {kept}", entries(due.entries)),
        (Some(_), None) => format!("nothing of {class} is due; {kept}"),
        (Some(_), Some((first, last))) => {
            let by = if first == last {
                format!("entry {last}")
            } else {
                format!("entries {first} to {last}")
            };
            format!(
                "{} of {class} disposed of by {by}; {kept}",
                entries(due.entries)
            )
        }
    };
    context.out.wrapped("", 2, &text)?;
    if done != Swept::default() {
        let text = format!(
            "rewrote {}, with {} that went; removed {} and {}",
            count(done.segments, "segment", "segments"),
            entries(done.entries),
            count(done.payloads, "payload file", "payload files"),
            count(done.tails, "torn tail", "torn tails"),
        );
        context.out.wrapped("", 2, &text)?;
    }
    if due.more {
        context
            .out
            .line("more is due than one disposal takes: run it again")?;
    }
    Ok(exit::HOLDS)
}

/// The period of a policy in words.
fn days(policy: &PolicyView) -> String {
    match policy.max_days {
        Some(max_days) => format!("at least {} and at most {max_days} days", policy.min_days),
        None => format!("at least {} days", policy.min_days),
    }
}

fn policy_json(policy: &PolicyView) -> Value {
    object([
        ("approved_by", policy.approved_by.as_str().into()),
        ("class", policy.class.as_str().into()),
        ("index", number(policy.index)),
        ("legal_basis", policy.legal_basis.as_str().into()),
        ("max_days", policy.max_days.map_or(Value::Null, number)),
        ("min_days", number(policy.min_days)),
        ("policy_id", policy.policy_id.as_str().into()),
    ])
}

fn class_json(name: &str, class: &ClassRetention) -> Value {
    let oldest = class.oldest.map(Timestamp::format_micros);
    object([
        ("beyond_max", number(class.overdue)),
        ("class", name.into()),
        ("disposed", number(class.disposed)),
        ("due", number(class.due)),
        ("entries", number(class.entries)),
        ("held", number(class.held)),
        ("never_disposable", number(class.kept)),
        ("oldest", oldest.map_or(Value::Null, Value::String)),
        (
            "policy",
            class.policy.as_ref().map_or(Value::Null, policy_json),
        ),
    ])
}
