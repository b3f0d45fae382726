use std::cell::RefCell;
use std::rc::Rc;

use super::*;

#[test]
fn nothing_printed_acts_on_a_terminal_or_hides() {
    for (text, shown) in [
        ("plain", "plain"),
        ("Größe 模型 🙂", "Größe 模型 🙂"),
        ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
        ("a\nb\tc\rd", "a\\nb\\tc\\u{d}d"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
        ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
        ("ad\u{200b}min", "ad\\u{200b}min"),
        ("\u{feff}x\u{ad}y\u{2028}z", "\\u{feff}x\\u{ad}y\\u{2028}z"),
        ("tag\u{e0041}", "tag\\u{e0041}"),
    ] {
        assert_eq!(plain(text), shown);
    }
}

#[test]
fn json_keeps_its_values_and_hides_nothing() {
    let value = object([("text", "a\u{202e}b\u{7f}\u{e0041}\u{200d}ü".into())]);
    let mut text = String::from_utf8(value.to_canonical()).unwrap();
    text = json_plain(&text).into_owned();
    assert_eq!(
        text,
        "{\"text\":\"a\\u202eb\\u007f\\udb40\\udc41\\u200dü\"}"
    );
    assert_eq!(Value::parse(text.as_bytes()).unwrap(), value);
}

/// A reader that goes away after some bytes.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_no_error_and_is_told() {
    let mut out = Output::new(Box::new(Pipe(3)), Format::Text, Colour::Off);
    out.line("four").unwrap();
    assert!(!out.closed());
    out.flush().unwrap();
    assert!(out.closed());
    out.line("more").unwrap();
    out.flush().unwrap();
}

/// Keeps what is written.
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn wrapped_text_stands_under_its_first_line_and_breaks_no_word() {
    let shared = Rc::new(RefCell::new(Vec::new()));
    let mut out = Output::new(Box::new(Shared(shared.clone())), Format::Text, Colour::Off);
    let long = "x".repeat(COLUMNS);
    out.wrapped(
        "ab  ",
        4,
        &format!("{} {long} end\u{1b}", "word ".repeat(30).trim_end()),
    )
    .unwrap();
    out.wrapped("cd  ", 4, "").unwrap();
    out.flush().unwrap();
    let text = String::from_utf8(shared.borrow().clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("ab  word word") && lines[0].len() <= COLUMNS,
        "{text}"
    );
    assert!(lines[1].starts_with("    word"), "{text}");
    assert_eq!(lines[2], format!("    {long}"));
    assert_eq!(lines[3..], ["    end\\u{1b}", "cd"]);
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let mut out = Output::new(Box::new(Full), Format::Text, Colour::Off);
    out.line("x").unwrap();
    assert!(matches!(out.flush(), Err(Error::Output { .. })));
}

#[test]
fn colour_is_written_only_where_it_is_wanted() {
    let out = |colour| Output::new(Box::new(io::sink()), Format::Text, colour);
    assert_eq!(out(Colour::Off).paint(Tone::Bad, "refuted"), "refuted");
    assert_eq!(
        out(Colour::On).paint(Tone::Bad, "refuted"),
        "\u{1b}[31;1mrefuted\u{1b}[0m"
    );
    assert_eq!(colour(Some(Some(Colour::On)), true), Colour::On);
    assert_eq!(colour(Some(Some(Colour::Off)), false), Colour::Off);
    assert_eq!(colour(None, true), Colour::Off);
}

#[test]
fn integers_that_json_cannot_hold_are_strings() {
    assert_eq!(number((1 << 53) - 1).to_canonical(), b"9007199254740991");
    assert_eq!(number(1 << 53).to_canonical(), b"\"9007199254740992\"");
}
