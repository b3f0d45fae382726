//! The command line of Sealog, as a library: the binary `sealog` and the Python package both call [`run`].
//!
//! `docs/configuration.md` lists the options. One file per group of commands stands in [`command`]; what a status
//! means in [`exit`]; what to do about an error in [`advice`], because a library cannot know how it is called.
//!
//! **What is absent**: rules of the log. What holds and what does not is decided below; here it is asked for and shown.

pub mod advice;
#[expect(
    rustdoc::invalid_html_tags,
    reason = "the comments there are help texts for a terminal"
)]
pub mod cli;
pub mod command;
pub mod context;
pub mod error;
pub mod exit;
mod findings;
pub mod older;
pub mod output;
mod over;
pub mod pins;
mod production;
pub mod settings;

use std::ffi::OsString;

use sealog_core::json::Value;

use context::Context;
use error::Error;
use output::{Colour, Format, Output, complain, object, plain};
use settings::{Environment, Settings};

/// Runs one command line, program name first, and returns its exit status.
///
/// Reads standard input where the command does, writes results to standard output and everything else to standard
/// error. Never ends the process and never panics on a closed pipe, so that it can run inside another program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let wants_json = args.iter().any(|arg| arg == "--json");
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, wants_json),
    };
    let flags = cli.global.flags();
    let settings = Settings::discover(
        Environment::of_process(),
        cli.global.config.as_deref(),
        flags,
    );
    let mut context = match settings.and_then(prepare) {
        Ok(context) => context,
        Err(error) => {
            let format = if wants_json {
                Format::Json
            } else {
                Format::Text
            };
            return report(&error, &mut Output::standard(format, Colour::Off));
        }
    };
    let result = command::dispatch(cli.command, &mut context);
    let result = result.and_then(|status| context.out.flush().map(|()| status));
    match result {
        Ok(status) => status,
        Err(error) => report(&error, &mut context.out),
    }
}

fn prepare(settings: Settings) -> Result<Context, Error> {
    let words = [
        ("auto", None),
        ("always", Some(Colour::On)),
        ("never", Some(Colour::Off)),
    ];
    let set = settings.choice("color", &words)?;
    let no_color = settings.environment().variable("NO_COLOR").is_some();
    let format = if settings.truth("json")? {
        Format::Json
    } else {
        Format::Text
    };
    production::is_on(&settings)?;
    let colour = output::colour(set, no_color || format == Format::Json);
    Ok(Context {
        settings,
        out: Output::standard(format, colour),
    })
}

/// What clap has to say: help and version are results, all else is an error of usage.
fn usage(error: &clap::Error, json: bool) -> u8 {
    if error.use_stderr() && json {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let value = failure("usage", message, advice::of("usage"), exit::UNDECIDED);
        let mut out = Output::standard(Format::Json, Colour::Off);
        let _ = out.json(&value).and_then(|()| out.flush());
        return exit::UNDECIDED;
    }
    // A closed pipe is no error here either.
    let _ = error.print();
    if error.use_stderr() {
        exit::UNDECIDED
    } else {
        exit::HOLDS
    }
}

/// Says what happened, to what, and what to do; returns the exit status.
fn report(error: &Error, out: &mut Output) -> u8 {
    let status = exit::of_kind(error.kind());
    let (code, message) = (error.code(), error.to_string());
    if out.format() == Format::Json
        && out
            .json(&failure_of(error))
            .and_then(|()| out.flush())
            .is_ok()
    {
        return status;
    }
    complain(&format!("sealog: {} [{code}]", plain(&message)));
    for id in error.record_ids() {
        complain(&format!("  record_id {}", plain(id)));
    }
    if let Some(advice) = error.advice() {
        complain(&format!("  {advice}"));
    }
    status
}

/// An error for machines.
pub(crate) fn failure_of(error: &Error) -> Value {
    let status = exit::of_kind(error.kind());
    let mut value = failure(error.code(), &error.to_string(), error.advice(), status);
    if let Some(object) = value.as_object_mut() {
        if !error.record_ids().is_empty() {
            object.insert("record_ids", error.record_ids().to_vec());
        }
        if !error.findings().is_empty() {
            let findings = error.findings().iter().map(findings::to_value).collect();
            object.insert("findings", Value::Array(findings));
        }
    }
    value
}

fn failure(code: &str, message: &str, advice: Option<&str>, status: u8) -> Value {
    let mut error = vec![("message", Value::from(message))];
    error.extend(advice.map(|advice| ("advice", advice.into())));
    object([
        ("error", Value::Object(error.into_iter().collect())),
        ("exit", u32::from(status).into()),
        ("reason", code.into()),
    ])
}
