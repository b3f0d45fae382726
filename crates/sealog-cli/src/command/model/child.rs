//! A command that a gate runs to its end, whatever signals come meanwhile, so that the gate can clear up after it.

use std::io;
use std::process::{Command, ExitStatus};

/// Runs a command. On Unix a request to end that reaches this process (SIGTERM, SIGHUP) is handed on to the command,
/// and one from the keyboard (SIGINT, SIGQUIT) reached it already; either way this process waits for it.
#[cfg(unix)]
pub(super) fn run(command: &mut Command) -> io::Result<ExitStatus> {
    use std::sync::{Mutex, PoisonError};
    use std::thread;

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Before the command is there: a signal in between must not end this process and leave it alone.
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    let handle = signals.handle();
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the command has no process id"))?;
    // Its id is its own until it is waited for, and that is done with the lock held.
    let running = Mutex::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            for signal in signals.forever() {
                let handed = match signal {
                    SIGTERM => Signal::TERM,
                    SIGHUP => Signal::HUP,
                    _ => continue,
                };
                let running = running.lock().unwrap_or_else(PoisonError::into_inner);
                if *running {
                    // A command that ended meanwhile needs none.
                    let _ = kill_process(pid, handed);
                }
            }
        });
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let waited = loop {
            match waitid(WaitId::Pid(pid), options) {
                Err(rustix::io::Errno::INTR) => {}
                waited => break waited,
            }
        };
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = child.wait();
        *running = false;
        drop(running);
        handle.close();
        waited?;
        ended
    })
}

/// Elsewhere a request to end ends both.
#[cfg(not(unix))]
pub(super) fn run(command: &mut Command) -> io::Result<ExitStatus> {
    command.status()
}
