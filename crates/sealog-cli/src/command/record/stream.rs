//! `record --ndjson`: a stream of records, one receipt line for each input line.
//!
//! Lines that have arrived together are appended as one group with one flush; a group that is refused is appended
//! line by line, so that one bad line stops no other. Lines that bring their own `record_id` go one by one, because
//! a retry takes no number of the run. Output is always JSON, one line for each line of input, in its order.

use std::fs::File;
use std::io::{self, BufReader, Read};

use sealog_core::ErrorKind;
use sealog_ledger::{Access, CaptureMode, Draft};

use super::input::{self, Line};
use super::{Args, Session, defaults, shape};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Format, number};

/// Lines of one group, at most.
const GROUP_LINES_MAX: usize = 1_024;
/// Bytes that are read ahead; what is in there has arrived together.
const READ_AHEAD_BYTES: usize = 256 * 1024;

/// What is known of one input line.
type Read1 = (u64, Result<Draft, Error>);

/// Tally of the lines.
#[derive(Default)]
struct Tally {
    lines: u64,
    failed: u64,
    refuted: bool,
}

/// Appends every line of the input.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let body = args.body.as_ref().filter(|path| path.as_os_str() != "-");
    let source: Box<dyn Read> = match body {
        None => Box::new(io::stdin()),
        Some(path) => {
            let path = context.settings.environment().directory().join(path);
            let file = File::open(&path);
            Box::new(file.map_err(|source| Error::Io {
                action: "read",
                path,
                source,
            })?)
        }
    };
    let mut reader = BufReader::with_capacity(READ_AHEAD_BYTES, source);
    context.out.set_format(Format::Json);
    let ledger = context.open(Access::Append)?;
    let mut session = Session::start(&ledger, args, context)?;
    let mut tally = Tally::default();
    let result = pump(&mut reader, &mut session, &mut tally, args, context);
    match &result {
        // The run stays open: how it ended is unknown, and the log must not say otherwise.
        Err(error) if !error.record_ids().is_empty() => {}
        _ => session.finish()?,
    }
    result?;
    if tally.lines == 0 {
        return Err(Error::EmptyBatch);
    }
    if tally.failed > 0 {
        let kind = if tally.refuted {
            ErrorKind::Refuted
        } else {
            ErrorKind::Malformed
        };
        return Err(Error::Lines {
            failed: tally.failed,
            lines: tally.lines,
            kind,
        });
    }
    Ok(exit::HOLDS)
}

fn pump(
    reader: &mut BufReader<Box<dyn Read>>,
    session: &mut Session<'_>,
    tally: &mut Tally,
    args: &Args,
    context: &mut Context,
) -> Result<(), Error> {
    loop {
        let batch = read_batch(reader, tally, args, context)?;
        if batch.is_empty() {
            return Ok(());
        }
        append(batch, session, tally, context)?;
        context.out.flush()?;
    }
}

/// Reads one line, waiting for it, and those that are there already behind it.
fn read_batch(
    reader: &mut BufReader<Box<dyn Read>>,
    tally: &mut Tally,
    args: &Args,
    context: &Context,
) -> Result<Vec<Read1>, Error> {
    let mut batch = Vec::new();
    while batch.is_empty() || (reader.buffer().contains(&b'\n') && batch.len() < GROUP_LINES_MAX) {
        let line = input::next_line(reader);
        let path = || "standard input".into();
        let line = line.map_err(|source| Error::Io {
            action: "read",
            path: path(),
            source,
        })?;
        let number = tally.lines + 1;
        let place = format!("line {number}");
        let draft = match line {
            Line::End => break,
            Line::TooLong => Err(input::line_too_long(&place)),
            // An empty line is no record, and no error either: many tools end with one.
            Line::Bytes(bytes) if bytes.trim_ascii().is_empty() => {
                tally.lines += 1;
                continue;
            }
            Line::Bytes(bytes) => draft_of(&bytes, &place, args, context),
        };
        tally.lines += 1;
        batch.push((number, draft));
    }
    Ok(batch)
}

fn draft_of(bytes: &[u8], place: &str, args: &Args, context: &Context) -> Result<Draft, Error> {
    let mut draft = shape(input::parse(bytes, place)?, args.kind.as_deref(), place)?;
    draft.capture_mode = draft.capture_mode.or(Some(CaptureMode::Automatic));
    defaults(&mut draft, args, context)?;
    Ok(draft)
}

fn append(
    batch: Vec<Read1>,
    session: &mut Session<'_>,
    tally: &mut Tally,
    context: &mut Context,
) -> Result<(), Error> {
    let together = batch.len() > 1
        && batch
            .iter()
            .all(|(_, draft)| draft.as_ref().is_ok_and(|draft| draft.record_id.is_none()));
    if together && session.append_group(&batch, context)? {
        return Ok(());
    }
    for (line, draft) in batch {
        match draft.and_then(|draft| session.append_one(draft, context)) {
            Ok(()) => {}
            Err(error) if error.is_of_one_record() => {
                tally.failed += 1;
                tally.refuted |= error.kind() == ErrorKind::Refuted;
                let mut value = crate::failure_of(&error);
                if let Some(object) = value.as_object_mut() {
                    object.insert("line", number(line));
                }
                context.out.json(&value)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Session<'_> {
    /// Appends drafts as one group; false if one of them was refused, and so all.
    fn append_group(&mut self, batch: &[Read1], context: &mut Context) -> Result<bool, Error> {
        let mut drafts = Vec::with_capacity(batch.len());
        for ((_, draft), seq) in batch.iter().zip(self.next..) {
            let Ok(draft) = draft else {
                return Ok(false);
            };
            let mut draft = draft.clone();
            if self.decide(&mut draft).is_err() {
                return Ok(false);
            }
            draft.producer_seq = Some(seq);
            drafts.push(draft);
        }
        match self.producer.append_many(drafts).map_err(Error::from) {
            Ok(appended) => {
                self.next += u64::try_from(appended.len()).unwrap_or(u64::MAX);
                for appended in &appended {
                    self.receipts.hand_out(appended, context)?;
                }
                Ok(true)
            }
            Err(error) if error.is_of_one_record() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
