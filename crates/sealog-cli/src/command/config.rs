//! `sealog config`: configurations as bands of a score, each version with an author and a reason.

use sealog_core::config::{Band, Bands, digest_text};
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_ledger::{Access, ConfigSet, ConfigView};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, plain};

/// Commands over configurations.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a configuration or replace its active version
    Set(Box<SetArgs>),
    /// Show the active version of a configuration, or of all
    Show {
        /// The configuration
        id: Option<String>,
    },
    /// Show every version of a configuration, newest first
    History {
        /// The configuration
        id: String,
    },
}

/// Arguments of `config set`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sealog config set credit --threshold 0.5 --below L001 --above L002 --by jo --reason 'first limits'
  sealog config set risk --band L001=..0.2 --band L002=0.2..0.7 --band L003=0.7.. --by jo --reason x

A band holds its lower end and not its upper one; together the bands cover every score. Without
bands no label is derived.")]
pub struct SetArgs {
    /// The configuration; the same over all its versions
    id: String,
    /// Scores from this one on get the label of --above, all others that of --below
    #[arg(long, value_name = "SCORE", requires_all = ["below", "above"], conflicts_with = "band", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Label below the threshold
    #[arg(long, value_name = "LABEL", requires = "threshold")]
    below: Option<String>,
    /// Label from the threshold on
    #[arg(long, value_name = "LABEL", requires = "threshold")]
    above: Option<String>,
    /// A band of the score, in order; an end that is left out is open
    #[arg(long, value_name = "LABEL=FROM..TO")]
    band: Vec<String>,
    /// Who changes it
    #[arg(long, value_name = "ID")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Model that it is valid for
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// System that it belongs to
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// Tenant that it belongs to
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Approval of the change
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// From when it is meant to apply
    #[arg(long, value_name = "TIME")]
    effective_at: Option<String>,
}

/// Runs one of them.
pub fn config(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Set(args) => set(*args, context),
        Command::Show { id: None } => {
            let configs = context.open(Access::Read)?.configs()?;
            show(&configs, context)
        }
        Command::Show { id: Some(id) } => {
            let config = context.open(Access::Read)?.active_config(&id)?;
            show(&[config.ok_or_else(|| unknown(&id))?], context)
        }
        Command::History { id } => {
            let history = context.open(Access::Read)?.config_history(&id)?;
            if history.is_empty() {
                return Err(unknown(&id));
            }
            show(&history, context)
        }
    }
}

fn unknown(id: &str) -> Error {
    Error::Argument {
        argument: "ID",
        problem: format!("there is no configuration {id}"),
    }
}

fn set(args: SetArgs, context: &mut Context) -> Result<u8, Error> {
    let bands = bands(&args)?;
    let time = args
        .effective_at
        .as_deref()
        .map(|text| Timestamp::parse(text.as_bytes()));
    let effective_at = time.transpose().map_err(|error| Error::Argument {
        argument: "--effective-at",
        problem: error.to_string(),
    })?;
    let system = context.settings.text("system")?.map(ToOwned::to_owned);
    let tenant = context.settings.text("tenant")?.map(ToOwned::to_owned);
    let ledger = context.open(Access::Append)?;
    let id = args.id.clone();
    let appended = ledger.set_config(ConfigSet {
        config_id: args.id,
        system_id: args.system.or(system),
        tenant_id: args.tenant.or(tenant),
        model_id: args.model,
        bands,
        changed_by: args.by,
        reason: args.reason,
        approval_id: args.approval,
        effective_at,
    })?;
    let config = ledger.active_config(&id)?.ok_or_else(|| unknown(&id))?;
    ledger.close()?;
    if !context.json() {
        context
            .out
            .line(&format!("recorded at {}", appended.index()))?;
    }
    show(&[config], context)
}

fn bands(args: &SetArgs) -> Result<Option<Bands>, Error> {
    let refused = |problem: String| Error::Argument {
        argument: "--band",
        problem,
    };
    if let (Some(threshold), Some(below), Some(above)) = (args.threshold, &args.below, &args.above)
    {
        if !threshold.is_finite() {
            let problem = "it is not a finite number".into();
            return Err(Error::Argument {
                argument: "--threshold",
                problem,
            });
        }
        return Ok(Some(Bands::threshold(threshold, below, above)));
    }
    if args.band.is_empty() {
        return Ok(None);
    }
    let bands: Option<Vec<Band>> = args.band.iter().map(|text| band(text)).collect();
    let bands =
        bands.ok_or_else(|| refused("expected LABEL=FROM..TO with finite numbers".into()))?;
    Bands::new(bands)
        .map(Some)
        .map_err(|error| refused(error.to_string()))
}

fn band(text: &str) -> Option<Band> {
    let (label, range) = text.split_once('=')?;
    let (from, to) = range.split_once("..")?;
    let end = |text: &str| match text {
        "" => Some(None),
        text => text
            .parse::<f64>()
            .ok()
            .filter(|end| end.is_finite())
            .map(Some),
    };
    Some(Band {
        label_id: label.into(),
        from: end(from)?,
        to: end(to)?,
    })
}

fn show(configs: &[ConfigView], context: &mut Context) -> Result<u8, Error> {
    for config in configs {
        if context.json() {
            context.out.json(&to_value(config))?;
            continue;
        }
        let state = match config.superseded_at {
            Some(index) => format!("replaced by entry {index}"),
            None => "active".into(),
        };
        let id = plain(&config.config_id).into_owned();
        context
            .out
            .line(&format!("{id}  entry {}  {state}", config.index))?;
        context
            .out
            .line(&format!("  digest  {}", digest_text(&config.digest)))?;
        if let Some(model) = &config.model_id {
            context.out.line(&format!("  model   {}", plain(model)))?;
        }
        for band in config.bands.iter().flat_map(Bands::as_slice) {
            let end = |end: Option<f64>| end.map_or_else(String::new, |end| end.to_string());
            let range = format!("{}..{}", end(band.from), end(band.to));
            context
                .out
                .line(&format!("  {range:<16}{}", plain(&band.label_id)))?;
        }
    }
    Ok(exit::HOLDS)
}

fn to_value(config: &ConfigView) -> Value {
    let mut object = Object::new();
    object.insert("config_id", config.config_id.as_str());
    object.insert("digest", digest_text(&config.digest));
    object.insert("index", number(config.index));
    object.insert("model_id", config.model_id.clone());
    object.insert(
        "bands",
        config.bands.as_ref().map_or(Value::Null, Bands::to_value),
    );
    object.insert(
        "superseded_at",
        config.superseded_at.map_or(Value::Null, number),
    );
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_read_as_they_are_written() {
        assert_eq!(
            band("L1=..0.5"),
            Some(Band {
                label_id: "L1".into(),
                from: None,
                to: Some(0.5)
            })
        );
        let all = Band {
            label_id: "a".into(),
            from: Some(-1.0),
            to: Some(2e3),
        };
        assert_eq!(band("a=-1..2e3"), Some(all));
        for text in [
            "",
            "L1",
            "L1=",
            "L1=0.5",
            "L1=a..b",
            "L1=..inf",
            "L1=NaN..",
            "L1=0..1..2",
        ] {
            assert_eq!(band(text), None, "{text}");
        }
    }
}
