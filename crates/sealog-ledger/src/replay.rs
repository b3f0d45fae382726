//! Taking a log's lines into a state: the same for opening, for catching up with other writers, and for verifying.

use sealog_core::entry::{EntryError, Line, LineReader};
use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::state::{LogState, Mark, SignatureCheck, Step};
use sealog_store::{Place, Store};

use crate::Error;
use crate::chunk::{self, Chunks};

/// What one line of the log's files gave.
#[derive(Debug)]
pub(crate) enum Taken {
    /// A leaf or a checkpoint.
    Line(Step),
    /// The copy of the last checkpoint line with which a segment begins.
    Head,
    /// It cannot be taken in.
    Refused(Finding),
}

/// Takes parsed lines in, and knows where segments begin.
#[derive(Debug)]
pub(crate) struct Applier {
    pub(crate) state: LogState,
}

impl Applier {
    /// Takes in one line that was read. `head` says that it is the first of a segment after the first.
    pub(crate) fn take(
        &mut self,
        line: Result<&Line, &EntryError>,
        text: &[u8],
        head: bool,
    ) -> Taken {
        if head {
            let copy = match line {
                Ok(Line::Checkpoint(facts)) => Some(facts.line_hash),
                _ => None,
            };
            let expected = self.state.last_checkpoint().map(|last| last.line_hash);
            if copy.is_some() && copy == expected && self.state.uncovered() == 0 {
                return Taken::Head;
            }
            return Taken::Refused(Finding::new(Code::SegmentHead));
        }
        match line {
            Ok(line) => Taken::Line(self.state.push(line, text)),
            Err(error) => Taken::Refused(error.finding()),
        }
    }
}

/// Where a replay ended.
#[derive(Debug)]
pub(crate) struct End {
    /// After the last existing group.
    pub(crate) place: Place,
    /// Whether bytes other than filler follow.
    pub(crate) tail: bool,
    /// Groups that were taken in.
    pub(crate) groups: u64,
    /// Why the first line of the tail could not be taken in, if one could not.
    pub(crate) finding: Option<Finding>,
}

/// Told of each leaf of each existing group as it is taken in.
pub(crate) trait Observer {
    /// A leaf line; `place` is where it begins.
    fn leaf(&mut self, line: &Line, text: &[u8], place: Place);
    /// The leaves since the last call exist (`true`) or were taken back.
    fn group(&mut self, exists: bool);
}

/// Observes nothing.
#[derive(Debug)]
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn leaf(&mut self, _: &Line, _: &[u8], _: Place) {}
    fn group(&mut self, _: bool) {}
}

/// Takes every existing group from `from` on into the state. The signature of the newest checkpoint is checked;
/// through `prev_checkpoint` it binds all before it. After an error the state is that of an empty log: it has to be
/// read from the beginning.
pub(crate) fn replay(
    state: &mut LogState,
    store: &dyn Store,
    from: Place,
    observer: &mut dyn Observer,
) -> Result<End, Error> {
    let mut run = Replay {
        reader: LineReader::new(),
        end: End {
            place: from,
            tail: false,
            groups: 0,
            finding: None,
        },
        newest: None,
        filler_in: None,
    };
    let empty = state.restarted();
    let mut applier = Applier {
        state: std::mem::replace(state, empty),
    };
    let mut mark = Some(applier.state.mark());
    let mut chunks = Chunks::new(store, from.segment(), from.offset())?;
    'reading: while let Some(chunk) = chunks.next_chunk()? {
        for line in chunk::lines(&chunk.bytes) {
            let start = chunk.offset + u64::try_from(line.start).unwrap_or(u64::MAX);
            let place = Place::new(chunk.segment, start);
            let head = start == 0 && chunk.segment > 0;
            if !run.line(&mut applier, &mut mark, line, place, head, observer) {
                break 'reading;
            }
        }
    }
    // A checkpoint line that was refused has been taken in by the state, and covers nothing.
    let covered = applier.state.uncovered() == 0 && run.end.finding.is_none();
    if !covered {
        run.end.tail = true;
    }
    if let Some(mark) = mark.take() {
        if covered {
            applier.state.keep(mark);
        } else {
            applier.state.take_back(mark);
        }
    }
    observer.group(false);
    run.check_newest()?;
    *state = applier.state;
    Ok(run.end)
}

/// A replay under way.
struct Replay {
    reader: LineReader,
    end: End,
    /// Checks of the newest checkpoint's own signatures.
    newest: Option<Vec<SignatureCheck>>,
    /// The segment in which filler began; nothing may follow it.
    filler_in: Option<u64>,
}

impl Replay {
    /// Takes one line in; false ends the replay.
    fn line(
        &mut self,
        applier: &mut Applier,
        mark: &mut Option<Mark>,
        line: chunk::ChunkLine<'_>,
        place: Place,
        head: bool,
        observer: &mut dyn Observer,
    ) -> bool {
        if line.text.iter().all(|byte| matches!(byte, 0 | b'\n')) {
            // Filler, or zeroes where pages never reached the disk.
            self.filler_in = Some(place.segment());
            return true;
        }
        if self.filler_in.is_some() {
            return self.stop(Finding::new(Code::Filler));
        }
        if !line.complete {
            self.end.tail = true;
            return false;
        }
        let read = self.reader.read(line.text);
        let taken = applier.take(read.as_ref(), line.text, head);
        let step = match taken {
            Taken::Head => {
                self.end.place = place.after(line.text.len());
                return true;
            }
            Taken::Refused(finding) => return self.stop(finding),
            Taken::Line(step) => step,
        };
        if let Some(finding) = step
            .findings
            .into_iter()
            .find(|f| f.weight() == Weight::Refutes)
        {
            return self.stop(finding);
        }
        for check in &step.checks {
            if let Err(finding) = check.run() {
                return self.stop(finding);
            }
        }
        match read {
            Ok(Line::Checkpoint(_)) => {
                self.newest = Some(step.optional_checks);
                self.end.groups += 1;
                self.end.place = place.after(line.text.len());
                if let Some(done) = mark.take() {
                    applier.state.keep(done);
                }
                *mark = Some(applier.state.mark());
                observer.group(true);
            }
            Ok(leaf) => observer.leaf(&leaf, line.text, place),
            Err(_) => {}
        }
        true
    }

    fn stop(&mut self, finding: Finding) -> bool {
        self.end.tail = true;
        self.end.finding = Some(finding);
        false
    }

    /// The newest checkpoint's signature vouches for everything; without it the log is damaged.
    fn check_newest(&self) -> Result<(), Error> {
        for check in self.newest.iter().flatten() {
            check.run().map_err(|finding| Error::Damaged {
                findings: vec![finding],
            })?;
        }
        Ok(())
    }
}
