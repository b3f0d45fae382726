//! `sealog reveal`: a sealed value is shown, after the log has recorded who looks.

use sealog_core::json::Value;
use sealog_ledger::{Access, RevealAccess};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};

/// Arguments of `reveal`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sealog reveal 17
  sealog reveal 17 /text --by auditor-1 --purpose complaint > text.txt

Without a name the sealed values of the entry are listed, and nothing is shown or recorded.")]
pub struct Args {
    /// Index of the entry
    index: u64,
    /// Name of the sealed value
    #[arg(requires = "by")]
    name: Option<String>,
    /// Who looks, under a pseudonym
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// How that person was authenticated
    #[arg(long, value_name = "TEXT")]
    auth_method: Option<String>,
    /// Why: a code
    #[arg(long, value_name = "ID")]
    purpose: Option<String>,
}

/// Lists the sealed values of an entry, or writes one to standard output.
pub fn reveal(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let (Some(name), Some(by)) = (&args.name, &args.by) else {
        return list(args.index, context);
    };
    let ledger = context.open(Access::Append)?;
    let access = RevealAccess {
        actor_id: by.clone(),
        auth_method: args.auth_method.clone(),
        purpose: args.purpose.clone(),
    };
    let shown = ledger.reveal(args.index, name, &access)?;
    ledger.close()?;
    if context.json() {
        let text = std::str::from_utf8(&shown.bytes).ok();
        context.out.json(&object([
            ("access", number(shown.logged.index())),
            (
                "media_type",
                shown.media_type.as_deref().map_or(Value::Null, Value::from),
            ),
            ("name", name.as_str().into()),
            ("text", text.map_or(Value::Null, Value::from)),
        ]))?;
    } else {
        context.out.bytes(&shown.bytes)?;
    }
    Ok(exit::HOLDS)
}

fn list(index: u64, context: &mut Context) -> Result<u8, Error> {
    let sealed = context.open(Access::Read)?.sealed_payloads(index)?;
    for (name, key_id) in &sealed {
        if context.json() {
            context.out.json(&object([
                ("key_id", key_id.to_string().into()),
                ("name", name.as_str().into()),
            ]))?;
        } else {
            context
                .out
                .line(&format!("{}  key {key_id}", plain(name)))?;
        }
    }
    if sealed.is_empty() && !context.json() {
        context
            .out
            .line(&format!("entry {index} has no sealed value"))?;
    }
    Ok(exit::HOLDS)
}
