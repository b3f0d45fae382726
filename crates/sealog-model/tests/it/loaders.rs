//! Places where one loader of Python goes on and another stops: the one in C and the one in Python read the same bytes
//! differently, and a scanner that stops with either has not seen what the other runs.

use super::Case;
use super::assemble::text;

/// Harm in protocol 0.
pub(crate) const HARM: &[u8] = b"cos\nsystem\n(S'id'\ntR.";
/// Its twin.
const HARMLESS: &[u8] = b"ccollections\nOrderedDict\n(tR.";

fn before(opening: &[u8]) -> (Vec<u8>, Vec<u8>) {
    ([opening, HARM].concat(), [opening, HARMLESS].concat())
}

/// Entry 1 is remembered far from the others, then among them; who counts it twice takes the next entries for others.
fn miscounted(names: [&str; 4]) -> Vec<u8> {
    let remembered = |name: &str| [text(name), b"\x94".to_vec()].concat();
    let [one, two, three, four] = names.map(remembered);
    let opening = b"\x80\x04Nq\x01q\0q\x010".to_vec();
    let modules = [one, two, b"00".to_vec()].concat();
    let names = [three, four, b"00".to_vec()].concat();
    // The second module and the second name, by their true numbers.
    let called = b"h\x03h\x05\x93)R.".to_vec();
    [opening, modules, names, called].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    let dangerous = &["pickle.dangerous_global"];
    let opened = |name: &str, opening: &[u8]| {
        let (bad, twin) = before(opening);
        Case::new(name, &bad, dangerous, &twin)
    };
    let (long, _) = before(b"Np99999999999999999999\n0");
    vec![
        opened(
            "nothing is set in what holds no items (C's loader)",
            b"I1\n(u",
        ),
        opened(
            "nothing is appended to what holds no items (C's loader)",
            b")(e",
        ),
        opened(
            "nothing is added to what holds no items (C's loader)",
            b")(\x90",
        ),
        opened("a memo index of minus zero", b"Np-0\n0"),
        opened(
            "a memo index that a zero byte ends (C's loader)",
            b"Np0\0x\n0",
        ),
        opened(
            "a line that is longer than is kept",
            &[b"V", &[b'x'; 70_000][..], b"\n0"].concat(),
        ),
        Case::new(
            "a memo index of more than 64 bits (Python's loader)",
            &long,
            &["pickle.limit"],
            b"Np18446744073709551615\n.",
        ),
        Case::new(
            "INST whose last line has no end (Python's loader)",
            b"(S'id'\nios\nsystemX",
            &["pickle.broken", "pickle.dangerous_global"],
            b"(lp0\n.",
        ),
        Case::new(
            "a memo whose entries are counted otherwise than they are",
            &miscounted(["collections", "os", "OrderedDict", "system"]),
            dangerous,
            &miscounted(["os", "collections", "system", "OrderedDict"]),
        ),
        Case::new(
            "a second pickle behind a first of two bytes",
            &[b"N.", HARM].concat(),
            dangerous,
            &[b"N.", HARMLESS].concat(),
        ),
        Case::new(
            "an unknown name that is called before the end of a text",
            b"cmypackage\nstart\n)R\xff",
            &["pickle.broken", "pickle.unknown_global"],
            b"ccollections\nOrderedDict\n)R.",
        ),
        Case::new(
            "a short pickle with a text behind it",
            b"cab\nc\n)R.and words",
            &["pickle.trailing", "pickle.unknown_global"],
            b"N.and words",
        ),
    ]
}
