//! `sealog record`: JSON in, receipts out.
//!
//! One call is one run of a producer: its numbers start at 0 and its last record closes it, so that a verifier can
//! tell a whole run from one that broke off. A record that was refused, or that stood in the log already, takes no
//! number.

mod commit;
mod input;
mod receipts;
mod stream;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sealog_core::json::{Number, Object, Value};
use sealog_ledger::{Access, CaptureMode, Draft, Ledger, Payload, Producer};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use receipts::Receipts;

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sealog record < record.json
  sealog record --kind decision --field decision_id=d1 --field model_state=hosted \\
      --field model_reason='runs elsewhere' --field score=0.83
  producer | sealog record --ndjson

A record is an object with `kind` and `body`; docs/formats/kinds.md lists the kinds. With --kind
the input is the body alone. Of a decision with a score and a configuration the label is derived.")]
pub struct Args {
    /// Kind of the record; the input then holds the body alone
    #[arg(long)]
    kind: Option<String>,
    /// File that holds the input; `-` is standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A member of the body; VALUE is JSON if it parses as JSON, else a string
    #[arg(long, short, value_name = "NAME=VALUE", requires = "kind", conflicts_with_all = ["body", "ndjson"])]
    field: Vec<String>,
    /// Read one record a line and print one receipt line for each
    #[arg(long)]
    ndjson: bool,
    /// Write each receipt as a file `INDEX.proof` into this directory too
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// AI system that the record is about
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// Stream that it goes to [default: the system]
    #[arg(long, value_name = "ID")]
    stream: Option<String>,
    /// Tenant that it belongs to
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Person that it is about, by any name: the record says a pseudonym, and payloads and commitments are under a key
    /// of that person's own, which `sealog erase` destroys
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Id of the record, a UUID of version 7, to be able to retry
    #[arg(long, value_name = "UUID", conflicts_with = "ndjson")]
    record_id: Option<String>,
    /// When it happened [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "ndjson")]
    occurred_at: Option<String>,
    /// Retention class of the record
    #[arg(long, value_name = "ID")]
    retention_class: Option<String>,
    /// automatic, manual or imported [default: manual; of a stream automatic]
    #[arg(long, value_name = "MODE")]
    capture: Option<String>,
    /// Compute the decision under the active version of this configuration
    #[arg(long, value_name = "ID")]
    config_id: Option<String>,
    /// Put a commitment to a file's bytes into this field, in place of the bytes
    #[arg(long, value_name = "NAME=FILE", conflicts_with = "ndjson")]
    commit: Vec<String>,
    /// Keep a file as evidence with the record
    #[arg(long, value_name = "NAME=FILE", conflicts_with = "ndjson")]
    payload: Vec<String>,
    /// Media type of the payloads
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
    payload_type: String,
}

/// Appends what the arguments and standard input say.
pub fn record(args: &Args, context: &mut Context) -> Result<u8, Error> {
    if args.ndjson {
        return stream::run(args, context);
    }
    // The input first: what is wrong with it needs no ledger to be told.
    let mut draft = one_draft(args, context)?;
    let directory = context.settings.environment().directory();
    commit::commit(&mut draft, &args.commit, directory)?;
    let ledger = context.open(Access::Append)?;
    let mut session = Session::start(&ledger, args, context)?;
    let result = session.append_one(draft, context);
    let closed = session.finish();
    result?;
    closed?;
    Ok(exit::HOLDS)
}

fn one_draft(args: &Args, context: &Context) -> Result<Draft, Error> {
    let (value, place) = if args.field.is_empty() {
        read_input(args.body.as_deref(), context)?
    } else {
        (Value::Object(fields(&args.field)?), "--field".to_owned())
    };
    let mut draft = shape(value, args.kind.as_deref(), &place)?;
    if let Some(id) = &args.record_id {
        draft.record_id = Some(id.clone());
    }
    if let Some(time) = &args.occurred_at {
        draft.occurred_at = Some(input::time(time, "the time", "--occurred-at")?);
    }
    draft.capture_mode = draft.capture_mode.or(Some(CaptureMode::Manual));
    for payload in &args.payload {
        draft
            .payloads
            .push(read_payload(payload, &args.payload_type, context)?);
    }
    defaults(&mut draft, args, context)?;
    Ok(draft)
}

fn read_input(body: Option<&Path>, context: &Context) -> Result<(Value, String), Error> {
    let file = body.filter(|path| path.as_os_str() != "-");
    let (bytes, place) = match file {
        None => (
            input::read_all(io::stdin().lock(), "standard input")?,
            "standard input".into(),
        ),
        Some(path) => {
            let path = context.settings.environment().directory().join(path);
            let place = path.display().to_string();
            let io = |source| Error::Io {
                action: "read",
                path: path.clone(),
                source,
            };
            (
                input::read_all(File::open(&path).map_err(io)?, &place)?,
                place,
            )
        }
    };
    if bytes.trim_ascii().is_empty() {
        return Err(Error::EmptyBatch);
    }
    Ok((input::parse(&bytes, &place)?, place))
}

/// Takes a value as a record, or, where the kind is given, as its body.
fn shape(value: Value, kind: Option<&str>, place: &str) -> Result<Draft, Error> {
    let Some(kind) = kind else {
        return input::draft_of(value, place);
    };
    match value {
        Value::Object(body) => Ok(Draft::new(kind, body)),
        _ => Err(Error::Input {
            place: place.into(),
            problem: "the body is not an object".into(),
        }),
    }
}

/// Fills in what flags and settings say and the record does not; flags of the command line win over the record.
fn defaults(draft: &mut Draft, args: &Args, context: &Context) -> Result<(), Error> {
    let settings = &context.settings;
    let set = |member: &mut Option<String>, flag: &Option<String>, name: &str| {
        if flag.is_some() {
            member.clone_from(flag);
        } else if member.is_none() {
            *member = settings.text(name)?.map(ToOwned::to_owned);
        }
        Ok::<_, Error>(())
    };
    set(&mut draft.tenant_id, &args.tenant, "tenant")?;
    if args.subject.is_some() {
        draft.subject.clone_from(&args.subject);
    }
    set(&mut draft.system_id, &args.system, "system")?;
    set(&mut draft.stream_id, &args.stream, "stream")?;
    set(
        &mut draft.retention_class,
        &args.retention_class,
        "retention_class",
    )?;
    if let Some(mode) = &args.capture {
        draft.capture_mode = Some(input::capture_mode(mode, "--capture")?);
    }
    Ok(())
}

fn fields(fields: &[String]) -> Result<Object, Error> {
    let mut body = Object::new();
    for field in fields {
        let refused = |problem: &str| Error::Argument {
            argument: "--field",
            problem: problem.into(),
        };
        let (name, text) = field
            .split_once('=')
            .ok_or_else(|| refused("expected NAME=VALUE"))?;
        let value = Value::parse(text.as_bytes()).unwrap_or_else(|_| Value::String(text.into()));
        if body.insert(name, value).is_some() {
            return Err(refused("one name is given twice"));
        }
    }
    Ok(body)
}

fn read_payload(text: &str, media_type: &str, context: &Context) -> Result<Payload, Error> {
    let problem = || Error::Argument {
        argument: "--payload",
        problem: "expected NAME=FILE".into(),
    };
    let (name, file) = text.split_once('=').ok_or_else(problem)?;
    let path = context.settings.environment().directory().join(file);
    let bytes = std::fs::read(&path);
    let bytes = bytes.map_err(|source| Error::Io {
        action: "read",
        path,
        source,
    })?;
    Ok(Payload {
        name: name.into(),
        media_type: media_type.into(),
        bytes,
        key_id: None,
    })
}

/// One run of appends.
struct Session<'a> {
    ledger: &'a Ledger,
    producer: Producer,
    /// The next number of the run.
    next: u64,
    receipts: Receipts,
    config_id: Option<String>,
}

impl<'a> Session<'a> {
    fn start(ledger: &'a Ledger, args: &Args, context: &Context) -> Result<Self, Error> {
        let directory = args.receipts.as_ref();
        let directory = directory.map(|path| context.settings.environment().directory().join(path));
        Ok(Self {
            ledger,
            producer: ledger.producer()?,
            next: 0,
            receipts: Receipts::new(directory)?,
            config_id: args.config_id.clone(),
        })
    }

    /// Appends one draft and prints its receipt.
    fn append_one(&mut self, mut draft: Draft, context: &mut Context) -> Result<(), Error> {
        self.decide(&mut draft)?;
        draft.producer_seq = Some(self.next);
        let appended = self.producer.append(draft)?;
        if !appended.is_repeat() {
            self.next += 1;
        }
        self.receipts.hand_out(&appended, context)
    }

    /// Gives a decision the configuration that was asked for, and the label that it gives the score.
    fn decide(&self, draft: &mut Draft) -> Result<(), Error> {
        if draft.kind != "decision" {
            return Ok(());
        }
        if let Some(config_id) = &self.config_id
            && !draft.body.contains_key("config_digest")
        {
            let config = self.ledger.active_config(config_id)?;
            let config = config.ok_or_else(|| Error::Argument {
                argument: "--config-id",
                problem: format!("no configuration {config_id} is active"),
            })?;
            draft.body.insert(
                "config_digest",
                format!("sha256:{}", config.digest.to_hex()),
            );
        }
        let digest = draft.body.text("config_digest");
        let digest = digest.and_then(|digest| sealog_core::config::parse_digest(&digest));
        let score = draft.body.get("score").and_then(|score| score.as_f64());
        let (Some(digest), Some(score)) = (digest, score) else {
            return Ok(());
        };
        // A configuration that was never active is the ledger's to refuse, with all that is to be said about it.
        let Ok(Some(derived)) = self.ledger.derive_label(&digest, score) else {
            return Ok(());
        };
        let own = draft.body.text("label_id");
        let source = if own.is_none_or(|own| own == derived) {
            "derived"
        } else {
            "host"
        };
        if !draft.body.contains_key("label_id") {
            draft.body.insert("label_id", derived);
        }
        if !draft.body.contains_key("label_source") {
            draft.body.insert("label_source", source);
        }
        Ok(())
    }

    /// Closes the run, if it has begun.
    fn finish(self) -> Result<(), Error> {
        if self.next > 0 {
            let mut body = Object::new();
            let count = Number::unsigned(self.next + 1).map_or(Value::Null, Value::Number);
            body.insert("at", self.ledger.options().clock.now().format_micros());
            body.insert("count", count);
            body.insert("state", "stopped");
            let mut draft = Draft::new("log.state", body);
            draft.producer_seq = Some(self.next);
            self.producer.append(draft)?;
        }
        Ok(self.ledger.close()?)
    }
}
