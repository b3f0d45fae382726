//! `sealog hold`: what must stay, whatever a retention policy or a request says.

use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_ledger::{Access, Hold, HoldPlacing, HoldScope};

use super::filter;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, number, object, plain};

/// Commands over legal holds.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Place a hold: nothing that it covers is disposed of until it ends
    Place(PlaceArgs),
    /// End a hold
    Release {
        /// The hold
        id: String,
        /// Who ends it
        #[arg(long, value_name = "ID")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List the holds in force
    List {
        /// Those that ended too
        #[arg(long)]
        all: bool,
    },
}

/// Arguments of `hold place`.
#[derive(Debug, clap::Args)]
pub struct PlaceArgs {
    /// all, tenant:ID, class:ID, stream:TENANT/ID, subject:REF or entries:FROM-TO
    scope: String,
    /// Who places it
    #[arg(long, value_name = "ID")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Its id [default: the next of the form H001]
    #[arg(long)]
    id: Option<String>,
    /// The incident whose evidence it protects
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// When it ends by itself: a day, or a time with its zone
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Runs one of them.
pub fn hold(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Place(args) => {
            let until = filter::time(args.until.as_deref(), "--until")?;
            let placing = HoldPlacing {
                hold_id: args.id,
                scope: HoldScope::parse(&args.scope)?,
                reason: args.reason,
                placed_by: args.by,
                incident_id: args.incident,
                until,
            };
            let ledger = context.open(Access::Append)?;
            let (id, appended) = ledger.place_hold(&placing)?;
            ledger.close()?;
            told(&id, appended.index(), "placed", context)?;
        }
        Command::Release { id, by, reason } => {
            let ledger = context.open(Access::Append)?;
            let appended = ledger.release_hold(&id, &by, &reason)?;
            ledger.close()?;
            told(&id, appended.index(), "released", context)?;
        }
        Command::List { all } => {
            let ledger = context.open(Access::Read)?;
            let holds = ledger.holds()?;
            let at = holds.at().unwrap_or(Timestamp::MIN);
            let shown = holds.all().iter().filter(|hold| all || hold.is_active(at));
            for hold in shown {
                if context.json() {
                    context.out.json(&to_value(hold))?;
                } else {
                    line(hold, at, context)?;
                }
            }
        }
    }
    Ok(exit::HOLDS)
}

fn told(id: &str, index: u64, what: &str, context: &mut Context) -> Result<(), Error> {
    if context.json() {
        return context
            .out
            .json(&object([("hold_id", id.into()), ("index", number(index))]));
    }
    let id = plain(id);
    context.out.line(&format!("{id}  {what}  (entry {index})"))
}

/// A hold in one line, as of a time.
pub(super) fn line(hold: &Hold, at: Timestamp, context: &mut Context) -> Result<(), Error> {
    let (tone, word) = if hold.is_active(at) {
        (Tone::Open, "hold")
    } else {
        (Tone::Good, "over")
    };
    let lead = format!("{}  ", context.out.paint(tone, word));
    let until = hold.released_at.map(Timestamp::format_micros);
    let until = until.map_or_else(String::new, |until| format!(", until {until}"));
    let since = hold.placed_at.map(Timestamp::format_micros);
    let text = format!(
        "{}  {}, since {}{until}: {} ({}, entry {})",
        plain(&hold.hold_id),
        plain(&hold.scope.to_string()),
        since.unwrap_or_default(),
        plain(&hold.reason),
        plain(&hold.placed_by),
        hold.index
    );
    context.out.wrapped(&lead, 6, &text)
}

pub(super) fn to_value(hold: &Hold) -> Value {
    let time = |time: Option<Timestamp>| {
        let text = time.map(Timestamp::format_micros);
        text.map_or(Value::Null, Value::String)
    };
    let text = |text: Option<&str>| text.map_or(Value::Null, Into::into);
    object([
        ("hold_id", hold.hold_id.as_str().into()),
        ("incident_id", text(hold.incident_id.as_deref())),
        ("index", number(hold.index)),
        ("placed_at", time(hold.placed_at)),
        ("placed_by", hold.placed_by.as_str().into()),
        ("reason", hold.reason.as_str().into()),
        ("released_at", time(hold.released_at)),
        ("scope", hold.scope.to_string().as_str().into()),
    ])
}
