//! One ledger through forks: each process has a stage of its own, which opens when it is first used.

use std::sync::{Arc, Mutex, OnceLock};

use sealog_ledger::Error;

use crate::live::{Live, Settings, lock};
use crate::process::Process;

/// A ledger in one process. A forked child adds the next; a stage of another process is never touched, for its
/// locks may be held by threads that do not exist here.
#[derive(Debug)]
pub(crate) struct Stage {
    process: Process,
    live: OnceLock<Arc<Live>>,
    /// Held by the thread that opens.
    opening: Mutex<()>,
    next: OnceLock<Box<Stage>>,
}

impl Stage {
    fn new() -> Self {
        Self {
            process: Process::current(),
            live: OnceLock::new(),
            opening: Mutex::new(()),
            next: OnceLock::new(),
        }
    }

    /// The first stage, open.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Error> {
        let stage = Self::new();
        let live = Live::open(settings)?;
        stage.live.get_or_init(|| live);
        Ok(stage)
    }

    /// The stage of the process that runs now.
    pub(crate) fn current(&self) -> (&Self, Process) {
        let process = Process::current();
        let mut stage = self;
        while stage.process != process {
            stage = stage.next.get_or_init(|| Box::new(Self::new()));
        }
        (stage, process)
    }

    /// What is open, if this stage was used.
    pub(crate) fn peek(&self) -> Option<&Arc<Live>> {
        self.live.get()
    }

    /// What is open, opening it first. May wait.
    pub(crate) fn live(&self, settings: &Settings) -> Result<&Arc<Live>, Error> {
        if let Some(live) = self.live.get() {
            return Ok(live);
        }
        let opening = lock(&self.opening);
        if self.live.get().is_none() {
            let live = Live::open(settings)?;
            self.live.get_or_init(|| live);
        }
        drop(opening);
        self.live.get().ok_or(Error::Closed)
    }

    /// Leaks what belongs to other processes: to drop it would wait for threads that are not here.
    pub(crate) fn forget_others(&mut self) {
        let process = Process::current();
        let mut stage = Some(self);
        while let Some(own) = stage {
            if own.process != process {
                std::mem::forget(own.live.take());
            }
            stage = own.next.get_mut().map(Box::as_mut);
        }
    }
}
