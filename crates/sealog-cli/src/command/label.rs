//! `sealog label`: ids that never change, names that can.

use sealog_ledger::{Access, LabelView};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};

/// Commands over labels.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a label
    Add {
        /// Its name for people
        name: String,
        /// Its id [default: the next of the form L001]
        #[arg(long)]
        id: Option<String>,
        /// Who adds it
        #[arg(long, value_name = "ID")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Give a label another name; decisions keep its id
    Rename {
        /// The label
        id: String,
        /// Its new name for people
        name: String,
        /// Who renames it
        #[arg(long, value_name = "ID")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List all labels
    List,
}

/// Runs one of them.
pub fn label(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Add {
            name,
            id,
            by,
            reason,
        } => {
            let ledger = context.open(Access::Append)?;
            let (id, appended) = ledger.add_label(id.as_deref(), &name, &by, &reason)?;
            ledger.close()?;
            show(
                &LabelView {
                    label_id: id,
                    display: name,
                    index: appended.index(),
                },
                context,
            )?;
        }
        Command::Rename {
            id,
            name,
            by,
            reason,
        } => {
            let ledger = context.open(Access::Append)?;
            let appended = ledger.rename_label(&id, &name, &by, &reason)?;
            ledger.close()?;
            show(
                &LabelView {
                    label_id: id,
                    display: name,
                    index: appended.index(),
                },
                context,
            )?;
        }
        Command::List => {
            for label in context.open(Access::Read)?.labels()? {
                show(&label, context)?;
            }
        }
    }
    Ok(exit::HOLDS)
}

fn show(label: &LabelView, context: &mut Context) -> Result<(), Error> {
    if context.json() {
        return context.out.json(&object([
            ("display", label.display.as_str().into()),
            ("index", number(label.index)),
            ("label_id", label.label_id.as_str().into()),
        ]));
    }
    let (id, name) = (plain(&label.label_id), plain(&label.display));
    context
        .out
        .line(&format!("{id}  {name}  (entry {})", label.index))
}
