//! `sealog search`: entries by what stands in the clear in them, found through the index, read from the log.

use sealog_core::json::Value;
use sealog_ledger::{Access, Order};

use super::filter::Filter;
use super::read::line;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{complain, number, object};

/// Arguments of `search`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The index only finds; every entry shown is read from the log itself. What the index does not hold
yet is said; with --json in a last line {\"page\":...}. For a claim that nothing is missing, use
`sealog verify` and `sealog export`.")]
pub struct Args {
    #[command(flatten)]
    filter: Filter,
    /// Entries to show, at most
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Where to go on: the cursor that the page before ended with
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<u64>,
    /// From the oldest entry on, not from the newest back
    #[arg(long)]
    oldest_first: bool,
    /// Only say how many there are
    #[arg(long, conflicts_with_all = ["limit", "cursor", "oldest_first"])]
    count: bool,
}

/// Searches.
pub fn search(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let mut query = args.filter.query(args.limit)?;
    query.cursor = args.cursor;
    query.order = if args.oldest_first {
        Order::OldestFirst
    } else {
        Order::NewestFirst
    };
    let ledger = context.open(Access::Read)?;
    if args.count {
        let count = ledger.count(&query)?;
        if context.json() {
            context.out.json(&object([("count", number(count))]))?;
        } else {
            context.out.line(&count.to_string())?;
        }
        return Ok(exit::HOLDS);
    }
    let page = ledger.search(&query)?;
    for entry in page.hits() {
        line(entry, context)?;
    }
    if context.json() {
        let next = page.next().map_or(Value::Null, number);
        let (to, size) = (number(page.indexed_to()), number(page.size()));
        let members = object([("indexed_to", to), ("next", next), ("size", size)]);
        return context
            .out
            .json(&object([("page", members)]))
            .map(|()| exit::HOLDS);
    }
    context.out.flush()?;
    if page.indexed_to() < page.size() {
        let lag = page.size() - page.indexed_to();
        complain(&format!(
            "the index does not hold the newest {lag} entries yet"
        ));
    }
    if let Some(cursor) = page.next() {
        complain(&format!("there are more: --cursor {cursor}"));
    }
    Ok(exit::HOLDS)
}
