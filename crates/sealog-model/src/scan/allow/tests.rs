use std::collections::BTreeSet;

use super::*;

#[test]
fn every_line_is_understood_and_stands_once() {
    let mut seen = BTreeSet::new();
    for list in LISTS {
        for text in list.lines() {
            let (pair, _) = line(text).unwrap_or_else(|| panic!("not understood: {text}"));
            assert!(seen.insert(pair), "twice: {text}");
        }
    }
    assert_eq!(seen.len(), ALLOWED.len());
    for line in include_str!("dangerous.txt").lines() {
        assert_eq!(line.split(' ').count(), 2, "{line}");
    }
    for line in include_str!("renamed.txt").lines() {
        assert!(matches!(line.split(' ').count(), 2 | 4), "{line}");
    }
}

#[test]
fn nothing_is_allowed_and_dangerous() {
    for (module, name) in ALLOWED.keys() {
        let exempt = HARMLESS_OF_DANGEROUS.contains(&(module, name));
        assert_eq!(dangerous(module, name), exempt, "{module}.{name}");
        assert_ne!(*name, "*");
    }
    for pair in HARMLESS_OF_DANGEROUS {
        assert!(ALLOWED.contains_key(pair), "{pair:?}");
        // Only by the wildcard of its module.
        assert!(!DANGEROUS.contains(pair), "{pair:?}");
    }
}

/// Names that hold data and no more, of modules of which everything else is dangerous.
const HARMLESS_OF_DANGEROUS: &[(&str, &str)] = &[
    ("operator", "itemgetter"),
    ("pathlib", "PosixPath"),
    ("pathlib", "PurePosixPath"),
    ("pathlib", "PureWindowsPath"),
    ("pathlib", "WindowsPath"),
    ("pathlib._local", "PosixPath"),
    ("pathlib._local", "PurePosixPath"),
    ("pathlib._local", "PureWindowsPath"),
    ("pathlib._local", "WindowsPath"),
    ("torch.serialization", "_get_layout"),
    ("types", "SimpleNamespace"),
];

#[test]
fn only_exact_pairs_are_allowed() {
    assert!(allowed("collections", "OrderedDict").is_some());
    assert!(allowed("collections", "OrderedDict.fromkeys").is_none());
    assert!(allowed("collections.abc", "OrderedDict").is_none());
    assert!(allowed("Collections", "OrderedDict").is_none());
}

#[test]
fn a_module_inside_a_dangerous_one_is_dangerous() {
    assert!(dangerous("os", "system"));
    assert!(dangerous("asyncio.unix_events", "anything"));
    assert!(!dangerous("osmium", "system"));
    assert!(dangerous("builtins", "eval"));
    assert!(!dangerous("builtins", "list"));
}

#[test]
fn dotted_names_are_followed() {
    for (module, name) in [
        ("random", "_os.system"),
        ("collections", "_sys.modules.get"),
        ("numpy", "ndarray.__class__"),
        ("anything", "x.eval"),
    ] {
        assert!(dangerous_path(module, name), "{module} {name}");
    }
    assert!(!dangerous_path("mymodel", "Outer.Inner"));
}

#[test]
fn old_names_are_renamed_as_python_does() {
    assert_eq!(renamed("__builtin__", "eval"), ("builtins", "eval"));
    assert_eq!(renamed("__builtin__", "xrange"), ("builtins", "range"));
    assert_eq!(renamed("copy_reg", "x"), ("copyreg", "x"));
    assert_eq!(
        renamed("commands", "getoutput"),
        ("subprocess", "getoutput")
    );
    assert_eq!(renamed("os", "system"), ("os", "system"));
}
