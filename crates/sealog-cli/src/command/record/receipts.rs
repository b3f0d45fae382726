//! Receipts on their way out: files in a directory, a line on standard output.

use std::fs;
use std::path::PathBuf;

use sealog_core::json::{Object, Value};
use sealog_ledger::Appended;

use crate::context::Context;
use crate::error::Error;
use crate::output::{number, plain};
use crate::over;
use crate::pins::receipt_text;

/// Where receipts go.
#[derive(Debug)]
pub(super) struct Receipts {
    directory: Option<PathBuf>,
}

impl Receipts {
    /// Receipts that go to this directory too, which is made if it is not there.
    pub(super) fn new(directory: Option<PathBuf>) -> Result<Self, Error> {
        if let Some(path) = &directory {
            let made = fs::create_dir_all(path);
            made.map_err(|source| Error::Io {
                action: "make",
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self { directory })
    }

    /// Writes the receipt of an appended record, over none of another entry. The record is in the log whatever becomes
    /// of this.
    pub(super) fn hand_out(&self, appended: &Appended, context: &mut Context) -> Result<(), Error> {
        let receipt = receipt_text(&appended.receipt()?)?;
        let mut file = None;
        if let Some(directory) = &self.directory {
            let path = directory.join(format!("{}.proof", appended.index()));
            // One of the same entry may be older; one of another log may be all that its holder has.
            over::write(&path, &receipt, |there| over::same_entry(there, &receipt))?;
            file = Some(path);
        }
        if context.json() {
            let mut line = Object::new();
            line.insert("index", number(appended.index()));
            line.insert("record_id", appended.record_id());
            line.insert("repeat", appended.is_repeat());
            if !appended.findings().is_empty() {
                let findings = appended
                    .findings()
                    .iter()
                    .map(crate::findings::to_value)
                    .collect();
                line.insert("findings", Value::Array(findings));
            }
            line.insert("receipt", receipt);
            return context.out.json(&Value::Object(line));
        }
        let repeat = if appended.is_repeat() {
            "  (was recorded before)"
        } else {
            ""
        };
        let place = file.map_or_else(String::new, |path| format!("  {}", path.display()));
        let id = plain(appended.record_id()).into_owned();
        let line = format!("{}  {id}{repeat}{}", appended.index(), plain(&place));
        context.out.line(&line)?;
        for finding in appended.findings() {
            crate::findings::print(finding, context)?;
        }
        if self.directory.is_none() {
            for line in receipt.lines() {
                context.out.line(&plain(line))?;
            }
        }
        Ok(())
    }
}
