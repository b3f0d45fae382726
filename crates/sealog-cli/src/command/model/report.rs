//! Where and in which form `scan`, `verify` and `gate` say what they came to.
//!
//! Without `--report` the form takes the place of the text on standard output; with it the text stays there, and the
//! file gets the form.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_model::report::{self, Table};

use super::files::place;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::failure_of;
use crate::output::{Format, complain, json_line, plain};

/// The form of the report.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// The form of the report [default: text, or json with --json]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Wanted>,
    /// Write the report to this file, over what is there, and text to standard output; for every form but text
    #[arg(long, value_name = "FILE", requires = "format")]
    report: Option<PathBuf>,
}

/// Forms of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Wanted {
    /// Text for people
    Text,
    /// JSON
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// `JUnit`'s XML
    Junit,
    /// Annotations of GitHub's runners
    Github,
}

/// What a command came to, for machines.
pub(super) struct Told {
    pub(super) json: Value,
    pub(super) table: Table,
}

impl ReportArgs {
    /// Whether standard output gets something else than text or JSON, or either of them by name.
    pub(super) const fn takes_output(&self) -> bool {
        self.format.is_some() && self.report.is_none()
    }

    /// Sets what standard output gets. Before anything is done.
    pub(super) fn begin(&self, context: &mut Context) -> Result<(), Error> {
        match (self.format, &self.report) {
            (Some(Wanted::Text), Some(_)) => Err(Error::Argument {
                argument: "--report",
                problem: "text goes to standard output: choose json, sarif, junit or github".into(),
            }),
            (Some(Wanted::Json), None) => {
                context.out.set_format(Format::Json);
                Ok(())
            }
            (Some(_), None) => {
                // What else is to be said is said on standard error, in words.
                context.out.set_format(Format::Text);
                Ok(())
            }
            (_, Some(_)) | (None, None) => Ok(()),
        }
    }

    /// Whether text is all that is asked for, so that nothing has to be put together for machines.
    pub(super) fn is_text(&self, context: &Context) -> bool {
        let usual = matches!(self.format, None | Some(Wanted::Text));
        usual && self.report.is_none() && !context.json()
    }

    /// Writes the report to its file, if it has one.
    pub(super) fn tell_file(&self, told: &Told, context: &Context) -> Result<(), Error> {
        match (self.format, &self.report) {
            (Some(form), Some(file)) => {
                let text = render(form, told);
                write(&place(file, context), text.as_bytes())
            }
            _ => Ok(()),
        }
    }

    /// Writes the report where it is asked for; says whether standard output has had it, so that no text follows.
    pub(super) fn tell(&self, told: &Told, context: &mut Context) -> Result<bool, Error> {
        match self.tell_file(told, context) {
            // That the report cannot be written is the lesser trouble, and the status is no 0 either way.
            Err(unwritten) if told.table.status != exit::HOLDS => complain_of(&unwritten),
            written => written?,
        }
        let form = match (self.format, &self.report) {
            (Some(form), None) => form,
            _ if context.json() => Wanted::Json,
            _ => Wanted::Text,
        };
        if form == Wanted::Text {
            return Ok(false);
        }
        match form {
            // With what is added to every object: where a model from elsewhere came from.
            Wanted::Json => context.out.json(&told.json)?,
            form => context.out.bytes(render(form, told).as_bytes())?,
        }
        Ok(true)
    }

    /// Writes an error that ends the command, where another form than the usual one is asked for. The error goes on.
    pub(super) fn fail(&self, error: Error, mut table: Table, context: &mut Context) -> Error {
        let usual = matches!(self.format, None | Some(Wanted::Text | Wanted::Json));
        if self.report.is_none() && usual {
            return error;
        }
        let status = exit::of_kind(error.kind());
        let (title, changes) = match &error {
            Error::Model(error) => (error.title(), error.changes()),
            _ => ("it could not be done", &[][..]),
        };
        let rule = (error.code(), title);
        table.refuse(rule, &error.to_string(), changes, status, str::to_owned);
        let told = Told {
            json: failure_of(&error),
            table,
        };
        // Where the text would be, the error follows by itself.
        let written = self.tell_file(&told, context);
        let told = written.and_then(|()| match self.report {
            Some(_) => Ok(false),
            None => self.tell(&told, context),
        });
        if let Err(unwritten) = told {
            complain_of(&unwritten);
        }
        error
    }
}

fn complain_of(unwritten: &Error) {
    let code = unwritten.code();
    complain(&format!(
        "sealog: {} [{code}]",
        plain(&unwritten.to_string())
    ));
}

/// A table's path of a file of a model: as its user named the model, so that a reader of the report finds it.
pub(super) fn path_of(model: &Path, path: &str) -> String {
    if model.is_absolute() || model.is_file() {
        return path.to_owned();
    }
    let model = model.to_string_lossy();
    match model.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => path.to_owned(),
        model => format!("{model}/{path}"),
    }
}

fn render(form: Wanted, told: &Told) -> String {
    match form {
        Wanted::Text | Wanted::Json => json_line(&told.json),
        Wanted::Sarif => json_line(&report::sarif(&told.table)),
        Wanted::Junit => report::junit(&told.table),
        Wanted::Github => report::github(&told.table),
    }
}

/// Puts a whole report in the place of what was there: a reader finds the old one or the new one, and a link is
/// replaced, not followed.
fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Io {
        action: "write the report to",
        path: path.to_owned(),
        // Without the name of the file in between.
        source: source.kind().into(),
    };
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sealog-report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Others upload it; the mask of the process still counts.
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let file = builder.tempfile_in(parent.unwrap_or_else(|| Path::new(".")));
    let mut file = file.map_err(failed)?;
    file.write_all(text).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
