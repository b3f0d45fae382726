//! The password of a key, asked for on a terminal without showing what is typed.
//!
//! **What is absent**: asking where standard input is no terminal: a program in a pipe must not wait for a person.

use std::io::{self, IsTerminal, Read, Write};

use zeroize::Zeroizing;

/// Bytes of a password at most.
const PASSWORD_BYTES_MAX: usize = 1024;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// This was typed.
    Password(Zeroizing<Vec<u8>>),
    /// Standard input is no terminal.
    NoTerminal,
    /// The person gave up, or typed nothing that a password could be.
    Nothing,
}

/// Asks on standard error, and reads from standard input.
pub(super) fn ask(question: &str) -> io::Result<Asked> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Ok(Asked::NoTerminal);
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question}: ")?;
    stderr.flush()?;
    let typed = {
        let _quiet = Quiet::begin(&stdin)?;
        line(&mut stdin.lock())
    };
    writeln!(stderr)?;
    Ok(typed?.map_or(Asked::Nothing, Asked::Password))
}

/// A line, byte by byte, with what a person corrects; none if it is empty, too long, cut off or given up.
fn line(input: &mut impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    const GIVEN_UP: u8 = 0x03;
    const END: u8 = 0x04;
    const BACKSPACE: [u8; 2] = [0x08, 0x7f];
    const ALL_BACK: u8 = 0x15;
    let mut typed = Zeroizing::new(Vec::with_capacity(PASSWORD_BYTES_MAX));
    let mut byte = Zeroizing::new([0; 1]);
    loop {
        if input.read(&mut *byte)? == 0 {
            return Ok(None);
        }
        match byte.first().copied().unwrap_or(END) {
            b'\n' | b'\r' => return Ok((!typed.is_empty()).then_some(typed)),
            GIVEN_UP | END => return Ok(None),
            ALL_BACK => typed.clear(),
            back if BACKSPACE.contains(&back) => {
                // A character is all of its bytes.
                while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            _ if typed.len() >= PASSWORD_BYTES_MAX => return Ok(None),
            byte => typed.push(byte),
        }
    }
}

#[cfg(unix)]
use terminal::Quiet;

#[cfg(unix)]
mod terminal {
    use std::io::{self, Stdin};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The terminal shows nothing and hands over each byte, until this is dropped. Interrupts come as bytes: a signal
    /// would leave the terminal mute.
    pub(super) struct Quiet<'s> {
        stdin: &'s Stdin,
        before: Termios,
    }

    impl<'s> Quiet<'s> {
        pub(super) fn begin(stdin: &'s Stdin) -> io::Result<Self> {
            let before = tcgetattr(stdin)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            tcsetattr(stdin, OptionalActions::Flush, &quiet)?;
            Ok(Self { stdin, before })
        }
    }

    impl Drop for Quiet<'_> {
        fn drop(&mut self) {
            // There is nobody to tell; the shell sets its terminal itself.
            let _ = tcsetattr(self.stdin, OptionalActions::Now, &self.before);
        }
    }
}

/// Without a way to keep a terminal from showing what is typed, nothing is asked.
#[cfg(not(unix))]
struct Quiet;

#[cfg(not(unix))]
impl Quiet {
    fn begin(_: &io::Stdin) -> io::Result<Self> {
        Err(io::Error::other(
            "this system's terminals are not asked for passwords; use --password-file",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> Option<Vec<u8>> {
        line(&mut &*bytes).unwrap().map(|typed| typed.to_vec())
    }

    #[test]
    fn what_is_corrected_is_not_in_the_password() {
        assert_eq!(typed(b"secret\n").as_deref(), Some(&b"secret"[..]));
        assert_eq!(typed(b"sex\x7fcret\r").as_deref(), Some(&b"secret"[..]));
        assert_eq!(typed(b"wrong\x15secret\n").as_deref(), Some(&b"secret"[..]));
        let two_bytes = "se\u{e9}\x08cret\n";
        assert_eq!(typed(two_bytes.as_bytes()).as_deref(), Some(&b"secret"[..]));
        assert_eq!(typed(b"\x7f\x7fa\n").as_deref(), Some(&b"a"[..]));
    }

    #[test]
    fn nothing_and_giving_up_are_no_password() {
        for bytes in [
            &b"\n"[..],
            b"secret",
            b"",
            b"secret\x03\n",
            b"secret\x04",
            b"a\x7f\n",
        ] {
            assert_eq!(typed(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_password_has_so_many_bytes() {
        let of = |length: usize| typed(&[vec![b'x'; length], b"\n".to_vec()].concat());
        assert_eq!(of(PASSWORD_BYTES_MAX).map(|typed| typed.len()), Some(1024));
        assert_eq!(of(PASSWORD_BYTES_MAX + 1), None);
    }
}
