//! One seeded run: a schedule of what processes do and of what goes wrong, and the checks after each crash.

use std::collections::BTreeMap;

use sealog_core::config::Bands;
use sealog_core::json::Object;
use sealog_core::receipt::Receipt;
use sealog_core::state::format_uuid;
use sealog_ledger::{Appended, ConfigSet, Draft, Error, Ledger, Payload};
use sealog_store::disk::Disk;
use sealog_store::disk::sim::{Fault, FaultRates, Random, SimSnapshot};

use crate::machine::{Machine, Process, Without, ledger_path};
use crate::model::{Broken, Model, last_note};

const STEPS: u32 = 40;
/// The rates of a storm. Names change seldom, so more of their changes fail.
const STORM: FaultRates = FaultRates {
    read_failed: 60,
    write_failed: 150,
    write_failed_but_applied: 150,
    flush_failed: 150,
    name_failed: 800,
    name_failed_but_applied: 800,
    disk_full: 100,
    power_loss: 20,
};

/// What a run came across, counted.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) faults: BTreeMap<Fault, u64>,
    pub(crate) events: BTreeMap<&'static str, u64>,
}

/// A run that broke a promise: what it was, and what happened before.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) broken: Broken,
    pub(crate) trace: Vec<String>,
}

struct Run {
    random: Random,
    machine: Machine,
    model: Model,
    processes: Vec<Process>,
    backup: Option<SimSnapshot>,
    without: Without,
    /// Whether faults strike by themselves now.
    storm: bool,
    labels: u32,
    events: BTreeMap<&'static str, u64>,
    trace: Vec<String>,
}

/// Runs the schedule of a seed.
pub(crate) fn run(seed: u64, without: Without) -> Result<(Seen, Vec<String>), Failure> {
    let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x5ea1_0605);
    let machine = Machine::new(seed, without);
    let mut run = Run {
        model: machine.model(),
        processes: (0..2 + random.index(2))
            .map(|_| Process {
                disk: machine.disk.process(),
                open: None,
            })
            .collect(),
        random,
        machine,
        backup: None,
        without,
        storm: false,
        labels: 0,
        events: BTreeMap::new(),
        trace: Vec::new(),
    };
    match run.all() {
        Ok(()) => Ok((
            Seen {
                faults: run.machine.disk.faults_struck(),
                events: run.events,
            },
            run.trace,
        )),
        Err(broken) => Err(Failure {
            broken,
            trace: run.trace,
        }),
    }
}

impl Run {
    fn all(&mut self) -> Result<(), Broken> {
        let first = self.processes[0].disk.clone();
        let made = self.machine.create(&first);
        let ledger = made.map_err(|error| format!("cannot create: {error}"))?;
        self.model.checkpoint(&ledger.checkpoint().unwrap())?;
        drop(ledger);
        self.reopen_all()?;
        for step in 0..STEPS {
            if step % 10 == 3 {
                self.storm = self.random.below(5) < 2;
                let rates = if self.storm { STORM } else { FaultRates::CALM };
                self.machine.disk.set_rates(rates);
                self.note(&format!("storm: {}", self.storm));
            }
            self.step()?;
            if self.machine.disk.is_down() {
                self.reboot()?;
            }
        }
        self.reboot()
    }

    fn step(&mut self) -> Result<(), Broken> {
        self.machine.clock.advance(self.random.below(2_000));
        let who = self.random.index(self.processes.len());
        if self.processes[who].open.is_none() {
            return self.reopen(who);
        }
        match self.random.below(if self.storm { 16 } else { 25 }) {
            0..=4 => self.append(who, 1),
            5..=6 => {
                let count = 2 + self.random.index(4);
                self.append(who, count)
            }
            7 => self.retry(who, true),
            8 => self.retry(who, false),
            9 => self.append_refused(who),
            10 => self.configure(who),
            11 => self.seal(who),
            12 => self.close(who),
            13 => self.read(),
            14 => self.kill(who),
            15 | 18 => self.crash_soon(who),
            16 => self.fill_up(who),
            17 | 19 | 20 => self.fail_flush(who),
            21 => self.rot(),
            22 => {
                self.note("backup");
                self.backup = Some(self.machine.disk.snapshot(ledger_path()));
                Ok(())
            }
            23 => self.restore(who),
            _ => self.clean_crash(),
        }
    }

    fn note(&mut self, what: &str) {
        let at = self.machine.disk.operations();
        self.trace.push(format!("{at:>6} {what}"));
    }

    fn count(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    /// A record with an id of its own, of any size up to that of a payload file.
    fn draft(&mut self) -> Draft {
        let mut body = Object::new();
        let length = match self.random.below(8) {
            0 => self.random.index(6_000),
            _ => self.random.index(700),
        };
        body.insert("text", "x".repeat(length));
        let mut draft = Draft::new("org.example.note", body);
        let mut id = [0; 16];
        for part in id.chunks_mut(8) {
            part.copy_from_slice(&self.random.bits().to_be_bytes());
        }
        id[6] = 0x70 | id[6] & 0x0f;
        id[8] = 0x80 | id[8] & 0x3f;
        draft.record_id = Some(format_uuid(&id));
        draft.stream_id = Some(format!("s{}", self.random.below(3)));
        if self.random.below(16) == 0 {
            draft.payloads = vec![self.payload()];
        }
        draft
    }

    /// Evidence of a size that gets a file of its own.
    fn payload(&mut self) -> Payload {
        Payload {
            name: "input".into(),
            media_type: "text/plain".into(),
            bytes: self.random.bits().to_le_bytes().repeat(5_000),
            key_id: None,
        }
    }

    fn append(&mut self, who: usize, count: usize) -> Result<(), Broken> {
        let drafts: Vec<Draft> = (0..count).map(|_| self.draft()).collect();
        self.send(who, &drafts, "append")
    }

    fn retry(&mut self, who: usize, doubtful: bool) -> Result<(), Broken> {
        let choice = self.random.index(1 << 20);
        let draft = if doubtful {
            self.model.doubtful(choice)
        } else {
            self.model.settled(choice)
        };
        match draft.cloned() {
            Some(draft) => self.send(who, &[draft], "retry"),
            None => Ok(()),
        }
    }

    /// Sends records and settles them with the model.
    fn send(&mut self, who: usize, drafts: &[Draft], what: &'static str) -> Result<(), Broken> {
        let Some((_, producer)) = &self.processes[who].open else {
            return Ok(());
        };
        let result = producer.append_many(drafts.to_vec());
        self.note(&format!(
            "{what} {} by {who}: {}",
            drafts.len(),
            outcome(&result)
        ));
        match result {
            Ok(appended) => {
                for (draft, appended) in drafts.iter().zip(&appended) {
                    self.model.acknowledge(Some(draft), appended)?;
                    self.count(if appended.is_repeat() {
                        "repeated"
                    } else {
                        "appended"
                    });
                }
                Ok(())
            }
            Err(error) => {
                for draft in drafts {
                    self.unsettled(who, draft, &error);
                }
                self.failed(who, &error)
            }
        }
    }

    /// A call that failed: the record is certainly not there, or nobody knows.
    fn unsettled(&mut self, who: usize, draft: &Draft, error: &Error) {
        if error.outcome_unknown().is_some() || !self.processes[who].runs() {
            self.model.doubt(draft);
            self.count("doubtful");
        } else {
            self.model.refuse(draft);
            self.count("refused");
        }
    }

    /// A call failed; that has to have a cause.
    fn failed(&mut self, who: usize, error: &Error) -> Result<(), Broken> {
        if self.machine.disk.is_down() {
            return Ok(());
        }
        if !self.processes[who].runs() {
            self.end(who);
            return Ok(());
        }
        if error.code() == "id_unknowable" {
            // It went on from a snapshot and has no index: it cannot tell a retry. From the log alone it can.
            self.count("id_unknowable");
            return self.forget_snapshots(who);
        }
        let storm = self.storm;
        self.machine.calm();
        let process = self.machine.disk.process();
        let poisoned = Machine::is_poisoned(&process);
        if self.machine.disk.is_down() {
            return Ok(());
        }
        let poisoned = poisoned.map_err(|error| format!("cannot look for poison: {error}"))?;
        if poisoned || error.outcome_unknown().is_some() {
            self.count("poisoned");
            return self.reboot();
        }
        if storm {
            self.machine.disk.set_rates(STORM);
            return Ok(());
        }
        Err(format!("refused without cause: {error} ({})", error.code()))
    }

    /// Deletes what is derived, as anybody may, and opens the ledger again.
    fn forget_snapshots(&mut self, who: usize) -> Result<(), Broken> {
        let storm = self.storm;
        self.machine.calm();
        self.processes[who].open = None;
        let process = &self.processes[who].disk;
        let directory = ledger_path().join("derived");
        for name in process.list(&directory).unwrap_or_default() {
            // Whatever is left leaves the ledger as it is.
            let _ = process.remove_file(&directory.join(name));
        }
        if self.machine.disk.is_down() {
            return Ok(());
        }
        self.reopen(who)?;
        if storm && self.storm {
            self.machine.disk.set_rates(STORM);
        }
        Ok(())
    }

    /// A record that breaks the rules, next to one that does not: neither is taken.
    fn append_refused(&mut self, who: usize) -> Result<(), Broken> {
        let good = self.draft();
        let mut bad = self.draft();
        bad.kind = "decision".into();
        let mut body = Object::new();
        body.insert("config_digest", format!("sha256:{}", "ab".repeat(32)));
        body.insert("decision_id", "d1");
        body.insert("model_reason", "a test");
        body.insert("model_state", "unverified");
        bad.body = body.into();
        bad.system_id = Some("credit".into());
        let Some((_, producer)) = &self.processes[who].open else {
            return Ok(());
        };
        let result = producer.append_many(vec![good.clone(), bad.clone()]);
        self.note(&format!("bad record by {who}: {}", outcome(&result)));
        let Err(error) = result else {
            return Err("a decision under no configuration was taken".into());
        };
        self.unsettled(who, &good, &error);
        // Whatever happened to the call: this one can never be there.
        self.model.refuse(&bad);
        if error.code() == "config_never_active" {
            return Ok(());
        }
        self.failed(who, &error)
    }

    fn configure(&mut self, who: usize) -> Result<(), Broken> {
        let Some((ledger, _)) = &self.processes[who].open else {
            return Ok(());
        };
        self.labels += 1;
        let id = format!("X{:03}", self.labels);
        let result = if self.random.coin() {
            ledger
                .add_label(Some(&id), "a label", "ann", "a test")
                .map(|(_, appended)| appended)
        } else {
            ledger.set_config(ConfigSet {
                config_id: "threshold".into(),
                system_id: Some("credit".into()),
                tenant_id: None,
                model_id: None,
                bands: Some(Bands::threshold(0.5, "L001", "L002")),
                changed_by: "ann".into(),
                reason: id,
                approval_id: None,
                effective_at: None,
            })
        };
        self.own(who, "configure", result)
    }

    fn seal(&mut self, who: usize) -> Result<(), Broken> {
        self.machine.clock.advance(self.random.below(1_200_000));
        let Some((ledger, _)) = &self.processes[who].open else {
            return Ok(());
        };
        let result = ledger.seal_epoch();
        if matches!(&result, Err(error) if error.code() == "argument") {
            // The log had a recovery to tell first; the epoch can be asked for again.
            return Ok(());
        }
        self.own(who, "seal", result)
    }

    /// The outcome of one of the log's own records.
    fn own(
        &mut self,
        who: usize,
        what: &'static str,
        result: Result<Appended, Error>,
    ) -> Result<(), Broken> {
        self.note(&format!("{what} by {who}: {}", outcome(&result)));
        match result {
            Ok(appended) => {
                self.count(what);
                self.model.acknowledge(None, &appended)
            }
            Err(error) => self.failed(who, &error),
        }
    }

    fn close(&mut self, who: usize) -> Result<(), Broken> {
        let Some((ledger, producer)) = self.processes[who].open.take() else {
            return Ok(());
        };
        let result = ledger.close();
        self.note(&format!("close by {who}: {}", outcome(&result)));
        drop((ledger, producer));
        self.count("closed");
        match result {
            Ok(()) => Ok(()),
            Err(error) => self.failed(who, &error),
        }
    }

    /// A reader lets a checkpoint and a receipt leave.
    fn read(&mut self) -> Result<(), Broken> {
        let process = self.machine.disk.process();
        let result = self.machine.open_reader(&process).and_then(|ledger| {
            let note = ledger.checkpoint()?;
            let index = self.random.below(ledger.size());
            Ok((note, ledger.receipt(index)?))
        });
        self.note(&format!("read: {}", outcome(&result)));
        self.machine.disk.kill(&process);
        if let Ok((note, receipt)) = result {
            let receipt: Receipt = receipt;
            self.count("read");
            self.model.checkpoint(&note)?;
            self.model.receipt(&receipt)?;
        }
        Ok(())
    }

    /// A process is killed in the middle of an append; the others go on.
    fn kill(&mut self, who: usize) -> Result<(), Broken> {
        let process = self.processes[who].disk.clone();
        self.machine
            .disk
            .kill_after(&process, 1 + self.random.below(14));
        self.note(&format!("kill {who}"));
        self.append(who, 2)?;
        if self.machine.disk.is_down() {
            return Ok(());
        }
        self.machine.disk.kill(&process);
        self.end(who);
        self.count("killed");
        let other = (who + 1) % self.processes.len();
        if self.processes[other].open.is_some() && self.random.coin() {
            return self.append(other, 1);
        }
        Ok(())
    }

    /// A process that ended is followed by a new one.
    fn end(&mut self, who: usize) {
        self.processes[who] = Process {
            disk: self.machine.disk.process(),
            open: None,
        };
    }

    /// The power goes within the next operations: those of one append, its payload's perhaps, and a few more.
    fn crash_soon(&mut self, who: usize) -> Result<(), Broken> {
        let operation = self.machine.disk.operations() + 1 + self.random.below(26);
        self.machine.disk.lose_power_at(operation);
        self.note(&format!("crash at {operation}"));
        let mut next = who;
        // A failure that ends in a restart takes the crash with it.
        while !self.machine.disk.is_down() && self.machine.disk.operations() < operation {
            let count = 1 + self.random.index(3);
            let mut drafts: Vec<Draft> = (0..count).map(|_| self.draft()).collect();
            if self.random.below(4) > 0 {
                drafts[0].payloads = vec![self.payload()];
            }
            match self.processes[next].open {
                Some(_) => self.send(next, &drafts, "append")?,
                None => self.reopen(next)?,
            }
            next = (next + 1) % self.processes.len();
        }
        Ok(())
    }

    fn clean_crash(&mut self) -> Result<(), Broken> {
        self.note("crash between operations");
        self.reboot()
    }

    /// A full disk refuses, changes nothing, and is forgiven as soon as there is room.
    fn fill_up(&mut self, who: usize) -> Result<(), Broken> {
        self.append(who, 1)?;
        self.close(who)?;
        self.reopen(who)?;
        self.machine.disk.fill_up();
        let draft = self.draft();
        let Some((_, producer)) = &self.processes[who].open else {
            return Ok(());
        };
        let refused = producer.append(draft.clone());
        self.note(&format!("full: {}", outcome(&refused)));
        self.machine.disk.free_up();
        match refused {
            // It went where filler was: another process wrote last, so nobody cut that.
            Ok(appended) => return self.model.acknowledge(Some(&draft), &appended),
            Err(error) if error.outcome_unknown().is_some() => {
                return Err(format!("a full disk left it unknown: {error}"));
            }
            Err(error) => self.unsettled(who, &draft, &error),
        }
        self.count("full");
        self.append(who, 1)
    }

    /// A flush fails: nobody knows, and nobody writes until the machine was started anew.
    fn fail_flush(&mut self, who: usize) -> Result<(), Broken> {
        if self.without == Without::FileFlushes {
            return Ok(());
        }
        // What a closing process cut is not flushed yet when the next one writes.
        let other = (who + 1) % self.processes.len();
        let who = if self.processes[other].open.is_some() && self.random.below(4) > 0 {
            self.close(who)?;
            other
        } else {
            who
        };
        self.machine.disk.set_rates(FaultRates {
            flush_failed: 10_000,
            ..FaultRates::CALM
        });
        let count = 3 + self.random.index(5);
        let mut drafts: Vec<Draft> = (0..count).map(|_| self.draft()).collect();
        // A payload's own flush would fail before the log's.
        for draft in &mut drafts {
            draft.payloads.clear();
        }
        let Some((_, producer)) = &self.processes[who].open else {
            return Ok(());
        };
        let result = producer.append_many(drafts.clone());
        self.machine.calm();
        self.note(&format!("flush fails: {}", outcome(&result)));
        let Err(error) = result else {
            return Err("a record was acknowledged without a flush".into());
        };
        for draft in &drafts {
            self.unsettled(who, draft, &error);
        }
        if error.outcome_unknown().is_none() {
            // It failed before the group was written: what others wrote could not be flushed, or a name.
            let process = self.machine.disk.process();
            let poisoned = Machine::is_poisoned(&process);
            if poisoned.map_err(|error| error.to_string())? {
                return self.reboot();
            }
            return Ok(());
        }
        self.count("flush_failed");
        for who in 0..self.processes.len() {
            let draft = self.draft();
            if let Some((_, producer)) = &self.processes[who].open {
                let result = producer.append(draft.clone());
                if result.is_ok() || matches!(&result, Err(e) if e.outcome_unknown().is_some()) {
                    return Err(format!("a poisoned log was written: {}", outcome(&result)));
                }
                self.model.refuse(&draft);
            }
        }
        let late = self.machine.open(&self.machine.disk.process());
        if late.is_ok() {
            return Err("a poisoned log was opened for writing".into());
        }
        if self.random.coin() {
            self.read()?;
        }
        self.reboot()
    }

    /// A bit changes by itself: verification sees it, and no writer builds on it.
    fn rot(&mut self) -> Result<(), Broken> {
        self.end_all();
        let directory = ledger_path().join("log");
        let before = self.machine.disk.snapshot(ledger_path());
        // What the model knows may be less: of a call with an unknown outcome the group may stand.
        let Some(newest) = last_note(&self.machine.disk.process(), ledger_path()) else {
            return self.reopen_all();
        };
        let Some((path, byte)) = self.machine.disk.rot(&directory) else {
            return Ok(());
        };
        self.note(&format!("bit rot in {} at {byte}", path.display()));
        self.count("rotten");
        let process = self.machine.disk.process();
        let line = path
            .extension()
            .is_some_and(|extension| extension == "jsonl");
        let report = self
            .model
            .verify(std::sync::Arc::new(process.clone()), ledger_path());
        if line && report.exit() == 0 {
            return Err(format!(
                "a flipped bit at {byte} of {} holds",
                path.display()
            ));
        }
        let opened = self.machine.open(&process);
        self.note(&format!("opened: {}", outcome(&opened)));
        let wrote = |ledger: &Ledger| ledger.checkpoint().is_ok_and(|note| note != newest);
        if opened.as_ref().is_ok_and(wrote) {
            // It took the bit for a part of a torn tail, and said so.
            Machine::check(&mut self.model, &process)?;
        } else {
            // A writer does not read again what a snapshot vouches for; but it adds nothing of its own accord.
            self.count(match &opened {
                Ok(_) => "rot_unseen_by_writer",
                Err(_) => "damage_refused",
            });
            drop(opened);
            self.machine.disk.kill(&process);
            self.machine.disk.restore(&before);
        }
        self.reopen_all()
    }

    /// A backup is put back: the head copy tells, and nothing is written.
    fn restore(&mut self, who: usize) -> Result<(), Broken> {
        let Some(backup) = self.backup.take() else {
            return Ok(());
        };
        self.append(who, 1)?;
        self.end_all();
        let now = self.machine.disk.snapshot(ledger_path());
        let process = self.machine.disk.process();
        let newest = last_note(&process, ledger_path());
        self.machine.disk.restore(&backup);
        if newest.is_none() || last_note(&process, ledger_path()) == newest {
            // Nothing was appended since, however often it was tried: there is nothing to notice.
            self.note("the backup holds all of the log");
            self.machine.disk.kill(&process);
            self.machine.disk.restore(&now);
            return self.reopen_all();
        }
        let opened = self.machine.open(&process);
        self.note(&format!("backup put back: {}", outcome(&opened)));
        self.count("restored");
        match opened {
            Ok(ledger) => {
                // Nobody noticed. What follows from that, the model has to notice.
                self.processes[0].disk = process.clone();
                self.processes[0].open = open_producer(&ledger);
                self.append(0, 1)?;
                Machine::check(&mut self.model, &process)?;
                return Err("a backup was put back unnoticed, and the model saw nothing".into());
            }
            Err(error) if error.code() == "behind_head_copy" => self.count("backup_refused"),
            Err(error) => return Err(format!("a backup was refused for another cause: {error}")),
        }
        self.machine.disk.kill(&process);
        self.machine.disk.restore(&now);
        self.reopen_all()
    }

    fn end_all(&mut self) {
        for who in 0..self.processes.len() {
            let process = self.processes[who].disk.clone();
            self.machine.disk.kill(&process);
            self.end(who);
        }
    }

    fn reopen_all(&mut self) -> Result<(), Broken> {
        (0..self.processes.len()).try_for_each(|who| self.reopen(who))
    }

    fn reopen(&mut self, who: usize) -> Result<(), Broken> {
        let result = self.machine.open(&self.processes[who].disk);
        self.note(&format!("open by {who}: {}", outcome(&result)));
        match result {
            Ok(ledger) => {
                self.processes[who].open = open_producer(&ledger);
                Ok(())
            }
            Err(error) => self.failed(who, &error),
        }
    }

    /// Starts the machine anew, with crashes in the recovery now and then, and checks every promise.
    fn reboot(&mut self) -> Result<(), Broken> {
        self.storm = false;
        let mut crashes = self.random.below(4).saturating_sub(1);
        loop {
            for process in &mut self.processes {
                process.open = None;
            }
            self.machine.disk.restart();
            self.machine.calm();
            self.machine.disk.free_up();
            self.note("restart");
            self.count("restarted");
            let process = self.machine.disk.process();
            if crashes > 0 {
                crashes -= 1;
                let operation = self.machine.disk.operations() + 1 + self.random.below(60);
                self.machine.disk.lose_power_at(operation);
            }
            let recovered = self.recover(&process);
            // Not any more.
            self.machine.disk.lose_power_at(0);
            if self.machine.disk.is_down() {
                self.count("crashed_in_recovery");
                continue;
            }
            let ledger = recovered?;
            Machine::check(&mut self.model, &process)?;
            drop(ledger);
            self.machine.disk.kill(&process);
            break;
        }
        for who in 0..self.processes.len() {
            self.end(who);
        }
        self.reopen_all()
    }

    fn recover(&mut self, process: &sealog_store::disk::sim::SimProcess) -> Result<Ledger, Broken> {
        let report = self
            .model
            .verify(std::sync::Arc::new(process.clone()), ledger_path());
        self.count(match report.exit() {
            0 => "held_before_recovery",
            1 => "refuted_before_recovery",
            _ => "undecided_before_recovery",
        });
        if report.exit() == 1 && self.without == Without::Nothing {
            let (reason, findings) = (report.reason(), report.findings());
            return Err(format!(
                "a crash is taken for an attack: {reason}: {findings:?}"
            ));
        }
        match Machine::doctor(process) {
            Ok(true) => self.count("poison_cleared"),
            Ok(false) => {}
            Err(error) => return Err(format!("the poison cannot be cleared: {error}")),
        }
        let opened = self.machine.open(process);
        self.note(&format!("recovery: {}", outcome(&opened)));
        let ledger = opened.map_err(|error| format!("cannot open after a crash: {error}"))?;
        let recovered = process.list(&ledger_path().join("recovered"));
        if recovered.is_ok_and(|names| !names.is_empty()) {
            self.count("tail_cut");
        }
        Ok(ledger)
    }
}

fn open_producer(ledger: &Ledger) -> Option<(Ledger, sealog_ledger::Producer)> {
    let producer = ledger.producer().ok()?;
    Some((ledger.clone(), producer))
}

fn outcome<T>(result: &Result<T, Error>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}
