//! The machine: one pickle from its first opcode to `STOP`.

use std::rc::Rc;

use super::super::context::Scan;
use super::super::rule::{
    PICKLE_BROKEN, PICKLE_COMPUTED_GLOBAL, PICKLE_EXTENSION, PICKLE_FRAME, PICKLE_LIMIT,
    PICKLE_PERSISTENT_ID, PICKLE_PROTOCOL, Rule,
};
use super::calls::{Import, Imports};
use super::memo::Memo;
use super::value::{Fields, TUPLE_ITEMS_MAX, Value};
use crate::formats::stream::Stream;

/// Bytes that are kept of a line that a text opcode reads, its end among them; the rest is passed over.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// The newest protocol.
const PROTOCOL_MAX: u8 = 5;

/// Which persistent ids are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Flavour {
    /// None.
    Plain,
    /// Those of torch: tensor storages.
    Torch,
}

/// How a pickle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Outcome {
    /// At `STOP`.
    Stopped,
    /// At something that no loader gets past; it was reported.
    Broken,
    /// At a limit of this machine, which no loader has; it was reported.
    GaveUp,
}

/// A line that a text opcode reads.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Whether these are all.
    pub(super) whole: bool,
}

/// Why the machine stops before `STOP`.
pub(super) struct Halt {
    rule: &'static Rule,
    why: &'static str,
}

impl Halt {
    pub(super) const fn new(rule: &'static Rule, why: &'static str) -> Self {
        Self { rule, why }
    }
}

pub(super) const fn broken(why: &'static str) -> Halt {
    Halt::new(&PICKLE_BROKEN, why)
}

pub(super) const fn limit(why: &'static str) -> Halt {
    Halt::new(&PICKLE_LIMIT, why)
}

/// A tensor storage that was named by a persistent id.
#[derive(Debug, Clone)]
pub(in super::super) struct Storage {
    pub(in super::super) class: String,
    pub(in super::super) key: String,
    pub(in super::super) count: u64,
}

pub(super) struct Machine<'m, 's, 'o> {
    pub(super) stream: &'m mut Stream<'s>,
    pub(super) scan: &'m mut Scan<'o>,
    pub(super) flavour: Flavour,
    pub(super) imports: Imports,
    pub(super) storages: Vec<Storage>,
    pub(super) depth: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    pub(super) memo: Memo,
    protocol: u8,
    frame_end: u64,
    /// Whether anything was imported, of whatever name.
    pub(super) imported: bool,
    /// Whether something was called or changed that a loader could find, or of which nothing is known.
    pub(super) acted: bool,
    /// Where the opcode that is being run begins.
    pub(super) at: u64,
}

impl<'m, 's, 'o> Machine<'m, 's, 'o> {
    pub(super) fn new(
        stream: &'m mut Stream<'s>,
        scan: &'m mut Scan<'o>,
        flavour: Flavour,
        depth: usize,
    ) -> Self {
        Self {
            stream,
            scan,
            flavour,
            imports: Imports::default(),
            storages: Vec::new(),
            depth,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
            protocol: 0,
            frame_end: 0,
            imported: false,
            acted: false,
            at: 0,
        }
    }

    /// Runs to the end of this pickle.
    pub(super) fn run(&mut self) -> Outcome {
        let outcome = loop {
            self.at = self.stream.offset();
            self.scan.opcodes += 1;
            let step = if self.scan.opcodes > self.scan.limits.opcodes {
                Err(limit("too many opcodes"))
            } else {
                self.step()
            };
            match step {
                Ok(true) => {}
                Ok(false) => break Outcome::Stopped,
                Err(halt) => {
                    self.scan.report(halt.rule, self.at, halt.why);
                    break if halt.rule == &PICKLE_LIMIT {
                        Outcome::GaveUp
                    } else {
                        Outcome::Broken
                    };
                }
            }
        };
        self.imports.settle(self.scan);
        outcome
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), Halt> {
        if self.stack.len() >= self.scan.limits.stack {
            return Err(limit("the stack is too high"));
        }
        if let Value::Import(number) = value {
            self.imports.mention(number);
        }
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Value, Halt> {
        let fence = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= fence {
            return Err(broken("takes from an empty stack"));
        }
        self.stack.pop().ok_or(broken("takes from an empty stack"))
    }

    pub(super) fn top(&mut self) -> Result<Value, Halt> {
        let value = self.pop()?;
        self.stack.push(value.clone());
        Ok(value)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, Halt> {
        let mark = self.marks.pop().ok_or(broken("has no mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// The line that follows. A last one without an end is given as Python's own loader takes it: less its last byte.
    pub(super) fn line(&mut self) -> Result<Line, Halt> {
        if let Some(bytes) = self.stream.line(LINE_BYTES_MAX) {
            return Ok(Line { bytes, whole: true });
        }
        let ahead = self.stream.peek(LINE_BYTES_MAX);
        let mut bytes = ahead.to_vec();
        let whole = bytes.len() < LINE_BYTES_MAX;
        if bytes.is_empty() {
            return Err(broken("has a line without an end"));
        }
        self.stream.skip_line();
        if whole {
            bytes.pop();
        }
        Ok(Line { bytes, whole })
    }

    pub(super) fn number<const N: usize>(&mut self) -> Result<u64, Halt> {
        let bytes: [u8; N] = self.stream.array().ok_or(broken("ends in an argument"))?;
        let mut wide = [0; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = from;
        }
        Ok(u64::from_le_bytes(wide))
    }

    /// One opcode; false at `STOP`.
    fn step(&mut self) -> Result<bool, Halt> {
        let opcode = self.stream.byte().ok_or(broken("ends without STOP"))?;
        match opcode {
            b'.' => {
                let value = self.pop()?;
                self.see_root(&value);
                return Ok(false);
            }
            b'(' => self.marks.push(self.stack.len()),
            b'0' => self.discard()?,
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let value = self.top()?;
                self.push(value)?;
            }
            0x80 | 0x95 => self.framing(opcode)?,
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.memo_step(opcode)?,
            b'c' | 0x93 | 0x82 | 0x83 | 0x84 | b'i' => self.import_step(opcode)?,
            b'R' | b'b' | b'o' | 0x81 | 0x92 => self.call_step(opcode)?,
            b'P' | b'Q' => self.persistent(opcode)?,
            b')' | b'l' | b']' | b'd' | b'}' | b't' | 0x85 | 0x86 | 0x87 | 0x8f | 0x91 => {
                self.container(opcode)?;
            }
            b'a' | b'e' | b's' | b'u' | 0x90 => self.fill(opcode)?,
            0x97 => self.push(Value::Data)?,
            0x98 => drop(self.top()?),
            _ => self.constant(opcode)?,
        }
        if self.marks.len() > self.scan.limits.stack {
            return Err(limit("too many marks"));
        }
        Ok(true)
    }

    /// `POP` takes a mark where nothing stands above it.
    fn discard(&mut self) -> Result<(), Halt> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn framing(&mut self, opcode: u8) -> Result<(), Halt> {
        if opcode == 0x80 {
            self.protocol = self.stream.byte().ok_or(broken("ends in an argument"))?;
            if self.protocol > PROTOCOL_MAX {
                return Err(Halt::new(&PICKLE_PROTOCOL, "the protocol is newer than 5"));
            }
            return Ok(());
        }
        let len = self.number::<8>()?;
        // Readers differ in what they do with a frame that lies; the bytes are run in their order in any case.
        let end = self.stream.offset().saturating_add(len);
        if self.at < self.frame_end || end > u64::MAX / 2 {
            self.scan.report(
                &PICKLE_FRAME,
                self.at,
                "a frame inside of a frame, or one without an end",
            );
        }
        self.frame_end = end;
        Ok(())
    }

    /// Called behind `STOP`: a frame must not promise more than there was.
    pub(super) fn check_frame(&mut self) {
        if self.frame_end > self.stream.offset() {
            let detail = "the last frame ends behind STOP";
            self.scan
                .report(&PICKLE_FRAME, self.stream.offset(), detail);
        }
    }

    fn import_step(&mut self, opcode: u8) -> Result<(), Halt> {
        let at = self.at;
        self.imported = true;
        match opcode {
            b'c' | b'i' => {
                // A name that is cut is on no list of allowed ones, and is judged by its beginning.
                let (module, name) = (self.line()?.bytes, self.line()?.bytes);
                let module = String::from_utf8_lossy(&module).into_owned();
                let name = String::from_utf8_lossy(&name).into_owned();
                let value = self.import(&module, &name);
                if opcode == b'c' {
                    return self.push(value);
                }
                let arguments = self.pop_mark()?;
                // It does not come onto the stack, and is called all the same.
                if let Value::Import(number) = value {
                    self.imports.mention(number);
                }
                let made = self.instantiate(&value, arguments);
                self.push(made)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let pair = module.as_text().zip(name.as_text());
                let Some((module, name)) = pair else {
                    let detail = "STACK_GLOBAL takes a name that is no constant text";
                    self.scan.report(&PICKLE_COMPUTED_GLOBAL, at, detail);
                    return self.push(Value::Opaque);
                };
                let value = self.import(module, name);
                self.push(value)
            }
            _ => {
                let code = match opcode {
                    0x82 => self.number::<1>()?,
                    0x83 => self.number::<2>()?,
                    _ => self.number::<4>()?,
                };
                let detail = format!("extension code {code}");
                self.scan.report(&PICKLE_EXTENSION, at, detail);
                self.push(Value::Opaque)
            }
        }
    }

    fn import(&mut self, module: &str, name: &str) -> Value {
        let max = self.scan.limits.imports;
        let import = Import::new(module, name, self.protocol, self.at);
        match self.imports.intern(import, max) {
            Ok(number) => Value::Import(number),
            Err(import) => {
                // It is judged here, for it is not kept; and whatever is done with it is done with something unknown.
                if !self.imports.full {
                    self.imports.full = true;
                    self.scan.report(&PICKLE_LIMIT, self.at, "too many imports");
                }
                import.settle(self.scan);
                Value::Opaque
            }
        }
    }

    fn call_step(&mut self, opcode: u8) -> Result<(), Halt> {
        match opcode {
            b'R' => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                let made = self.call(&callee, arguments);
                self.see_call(&made);
                self.push(made)
            }
            b'o' => {
                let mut arguments = self.pop_mark()?;
                if arguments.is_empty() {
                    return Err(broken("instantiates nothing"));
                }
                let class = arguments.remove(0);
                let made = self.instantiate(&class, arguments);
                self.push(made)
            }
            0x81 => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                let made = self.new_instance(&class, arguments);
                self.push(made)
            }
            0x92 => {
                let (named, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                let both = Value::tuple(vec![arguments, named]);
                let made = self.new_instance(&class, both);
                self.push(made)
            }
            _ => {
                let state = self.pop()?;
                let instance = self.top()?;
                self.build(&instance, &state)
            }
        }
    }

    fn persistent(&mut self, opcode: u8) -> Result<(), Halt> {
        let id = if opcode == b'P' {
            self.line()?;
            Value::Data
        } else {
            self.pop()?
        };
        if let (Flavour::Torch, Some(class)) = (self.flavour, id.module()) {
            return self.push(class);
        }
        let mut number = None;
        match (self.flavour, self.storage(&id)) {
            (Flavour::Torch, Some(storage)) => {
                if self.storages.len() < self.scan.limits.entries {
                    number = Some(self.storages.len());
                    self.storages.push(storage);
                }
            }
            (Flavour::Torch, None) => {
                let detail = "a persistent id that does not name a tensor storage";
                self.scan.report(&PICKLE_PERSISTENT_ID, self.at, detail);
            }
            (Flavour::Plain, _) => {
                let detail = "a persistent id outside of a torch file";
                self.scan.report(&PICKLE_PERSISTENT_ID, self.at, detail);
            }
        }
        self.push(Value::Persistent(number))
    }

    /// `('storage', class, key, device, count)`, as torch writes it; the legacy form has a view behind it.
    fn storage(&self, id: &Value) -> Option<Storage> {
        let [kind, Value::Import(class), key, _device, count, ..] = id.items()? else {
            return None;
        };
        if kind.as_text() != Some("storage") {
            return None;
        }
        Some(Storage {
            class: self.imports.get(*class)?.name().to_owned(),
            key: key.as_text()?.to_owned(),
            count: u64::try_from(count.as_integer()?).ok()?,
        })
    }

    fn container(&mut self, opcode: u8) -> Result<(), Halt> {
        let made = match opcode {
            b')' => Value::tuple(Vec::new()),
            b']' | 0x8f => Value::list(false),
            b'}' => Value::Dict(Rc::new(Fields::default())),
            b'l' | 0x91 => Value::list(self.pop_mark()?.iter().any(Value::holds_import)),
            b't' => Value::tuple(self.pop_mark()?),
            b'd' => {
                let fields = Rc::new(Fields::default());
                let items = self.pop_mark()?;
                self.see_items(&items);
                put_all(&fields, &items);
                Value::Dict(fields)
            }
            0x85 => Value::tuple(vec![self.pop()?]),
            0x86 => {
                let (two, one) = (self.pop()?, self.pop()?);
                Value::tuple(vec![one, two])
            }
            _ => {
                let (three, two, one) = (self.pop()?, self.pop()?, self.pop()?);
                Value::tuple(vec![one, two, three])
            }
        };
        self.push(made)
    }

    /// `APPEND(S)`, `SETITEM(S)` and `ADDITEMS`.
    fn fill(&mut self, opcode: u8) -> Result<(), Halt> {
        let items = match opcode {
            b'a' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.pop_mark()?,
        };
        if matches!(opcode, b's' | b'u') {
            self.see_items(&items);
        }
        match self.top()? {
            Value::Dict(fields) => put_all(&fields, &items),
            Value::List(imports) => {
                imports.set(imports.get() || items.iter().any(Value::holds_import));
            }
            Value::Import(import) => self.changed(import, "items are put into it"),
            Value::Object(_) | Value::Data | Value::Persistent(_) => {}
            value @ Value::Opaque => self.computed(&value, "items are put into it"),
            // Without items C's loader does not ask what they would be put into.
            Value::Integer(_) | Value::Text(_) | Value::Tuple(_) if items.is_empty() => {}
            Value::Integer(_) | Value::Text(_) | Value::Tuple(_) => {
                return Err(broken("puts items into what holds none"));
            }
        }
        Ok(())
    }
}

fn put_all(fields: &Fields, items: &[Value]) {
    for pair in items.chunks(2) {
        if let [key, value] = pair {
            fields.insert(key, value.clone());
        }
    }
}

const _: () = assert!(
    TUPLE_ITEMS_MAX >= 16,
    "arguments of calls are read from tuples"
);
