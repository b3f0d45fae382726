//! `sealog doctor`: what this machine guarantees, how the ledger is, and where each setting comes from.
//!
//! Without `--repair` nothing is changed but one probe file, which is written to measure a flush and removed again.
//! With it, a log that was closed for writing after a failed flush is opened again once it verifies, and payload
//! files that no entry names are removed.

mod ledger;
mod machine;
mod repair;

use std::path::Path;

use sealog_core::json::{Object, Value};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, plain};
use crate::settings::{OPTIONS, Settings};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Open a poisoned log again if it verifies, and remove payload files that no entry names
    #[arg(long)]
    repair: bool,
    /// The file system was unmounted and mounted again since the flush failed
    #[arg(long, requires = "repair")]
    remounted: bool,
}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// To be known.
    Note,
    /// It limits what the log can show or do.
    Warn,
    /// It stops the log.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Check {
    state: State,
    name: &'static str,
    text: String,
    advice: Option<String>,
}

impl Check {
    pub(super) fn new(state: State, name: &'static str, text: impl Into<String>) -> Self {
        Self {
            state,
            name,
            text: text.into(),
            advice: None,
        }
    }

    /// The same, with what to do.
    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// An error as a check.
    pub(super) fn failed(name: &'static str, error: &Error) -> Self {
        let text = format!("{error} [{}]", error.code());
        Self {
            state: State::Bad,
            name,
            text,
            advice: error.advice().map(Into::into),
        }
    }
}

/// Looks at everything.
pub fn doctor(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let mut checks = settings_checks(&context.settings);
    let path = match context.ledger_path(None) {
        Ok(path) => Some(path),
        Err(error) => {
            checks.push(Check::failed("ledger", &error));
            None
        }
    };
    let place = path
        .as_deref()
        .unwrap_or_else(|| context.settings.environment().directory());
    checks.extend(machine::checks(place));
    if let Some(path) = &path {
        if args.repair {
            checks.extend(repair::checks(path, args.remounted, context)?);
        }
        checks.extend(ledger::checks(path, context)?);
    }
    let bad = checks.iter().any(|check| check.state == State::Bad);
    if context.json() {
        context
            .out
            .json(&to_value(&checks, path.as_deref(), context))?;
    } else {
        show_settings(context)?;
        show(&checks, context)?;
    }
    Ok(if bad { exit::UNDECIDED } else { exit::HOLDS })
}

/// What is odd about the settings themselves.
fn settings_checks(settings: &Settings) -> Vec<Check> {
    let known: Vec<String> = OPTIONS
        .iter()
        .map(crate::settings::Setting::variable)
        .collect();
    let names = settings.environment().names("SEALOG_");
    let unknown =
        names.filter(|name| *name != "SEALOG_CONFIG" && !known.iter().any(|one| one == name));
    let checks = unknown.map(|name| {
        Check::new(
            State::Warn,
            "settings",
            format!("no option has the variable {name}"),
        )
        .advise("docs/configuration.md lists every option")
    });
    checks.collect()
}

fn show_settings(context: &mut Context) -> Result<(), Error> {
    let heading = context.out.paint(Tone::Head, "settings");
    context.out.line(&heading)?;
    let file = context
        .settings
        .file()
        .map(|path| path.display().to_string());
    let file = file.unwrap_or_else(|| "none".into());
    context
        .out
        .line(&format!("  {:<18}{}", "file", plain(&file)))?;
    for option in OPTIONS {
        let (value, source) = match context.settings.raw(option.name) {
            Some((value, source)) => (value.display().to_string(), source.to_string()),
            None => continue,
        };
        let line = format!(
            "  {:<18}{}  ({})",
            option.name,
            plain(&value),
            plain(&source)
        );
        context.out.line(&line)?;
    }
    context
        .out
        .line("  all others have their defaults: docs/configuration.md")
}

fn show(checks: &[Check], context: &mut Context) -> Result<(), Error> {
    context.out.line("")?;
    for check in checks {
        let (tone, word) = match check.state {
            State::Ok => (Tone::Good, "ok"),
            State::Note => (Tone::Head, "note"),
            State::Warn => (Tone::Open, "warn"),
            State::Bad => (Tone::Bad, "BAD"),
        };
        let word = context.out.paint(tone, &format!("{word:<6}"));
        context
            .out
            .wrapped(&format!("{word}{:<16}", check.name), 22, &check.text)?;
        if let Some(advice) = &check.advice {
            context.out.wrapped(&format!("{:22}-> ", ""), 25, advice)?;
        }
    }
    Ok(())
}

fn to_value(checks: &[Check], ledger: Option<&Path>, context: &Context) -> Value {
    let checks = checks.iter().map(|check| {
        let mut object = Object::new();
        object.insert("advice", check.advice.clone());
        object.insert("name", check.name);
        object.insert(
            "state",
            match check.state {
                State::Ok => "ok",
                State::Note => "note",
                State::Warn => "warn",
                State::Bad => "bad",
            },
        );
        object.insert("text", check.text.as_str());
        Value::Object(object)
    });
    let settings = OPTIONS.iter().map(|option| {
        let mut object = Object::new();
        let raw = context.settings.raw(option.name);
        object.insert("name", option.name);
        object.insert(
            "source",
            raw.map_or_else(|| "default".into(), |(_, source)| source.to_string()),
        );
        object.insert("value", raw.map(|(value, _)| value.display().to_string()));
        Value::Object(object)
    });
    let mut object = Object::new();
    object.insert("checks", Value::Array(checks.collect()));
    object.insert(
        "file",
        context
            .settings
            .file()
            .map(|path| path.display().to_string()),
    );
    object.insert("ledger", ledger.map(|path| path.display().to_string()));
    object.insert("settings", Value::Array(settings.collect()));
    Value::Object(object)
}
