//! Functions that are refused, that fail, and what the others leave.

use std::sync::Mutex;

use sealog_core::ErrorKind;
use sealog_core::limits::JSON_DEPTH_MAX;

use super::*;
use crate::policy::{Everything, FORMAT, Plugins, Policy, Reported, Search, Vault, VaultError};
use crate::scan::Recogniser;

type Apply = dyn Fn(&Value) -> Result<Option<Value>, FunctionError> + Send + Sync;

/// A function of these tests.
struct Own {
    name: String,
    version: String,
    apply: Box<Apply>,
}

impl FieldFunction for Own {
    fn name(&self) -> &str {
        &self.name
    }
    fn version(&self) -> &str {
        &self.version
    }
    fn apply(&self, value: &Value) -> Result<Option<Value>, FunctionError> {
        (self.apply)(value)
    }
}

fn own(
    name: &str,
    version: &str,
    apply: impl Fn(&Value) -> Result<Option<Value>, FunctionError> + Send + Sync + 'static,
) -> Arc<dyn FieldFunction> {
    Arc::new(Own {
        name: name.into(),
        version: version.into(),
        apply: Box::new(apply),
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it has the form of every function"
)]
fn same(value: &Value) -> Result<Option<Value>, FunctionError> {
    Ok(Some(value.clone()))
}

/// Looks for little: the automaton of the whole catalogue takes long to build.
const LITTLE: &str = r#","default":"keep","types":{"EMAIL":"redact"}"#;

fn policy(members: &str, functions: Vec<Arc<dyn FieldFunction>>) -> Result<Policy, Error> {
    let text = format!(r#"{{"format":"{FORMAT}"{LITTLE}{members}}}"#);
    let plugins = Plugins {
        functions,
        ..Plugins::default()
    };
    Policy::parse_with(text.as_bytes(), plugins)
}

const NOTE: &str = r#","fields":[{"path":"/note","call":"shorten"}]"#;

fn of(function: Arc<dyn FieldFunction>) -> Policy {
    policy(NOTE, vec![function]).unwrap()
}

fn value(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_function_that_was_not_brought_is_refused_by_its_name() {
    for (members, functions) in [
        (NOTE, vec![]),
        (
            NOTE,
            vec![own("Shorten", "1", same), own("shorten2", "1", same)],
        ),
    ] {
        let error = policy(members, functions).unwrap_err();
        assert_eq!(error.code(), "privacy_needs_function");
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("`shorten`"), "{error}");
    }
    let text = format!(r#"{{"format":"{FORMAT}"{NOTE}}}"#);
    let error = Policy::parse(text.as_bytes(), Vec::new()).unwrap_err();
    assert_eq!(error.code(), "privacy_needs_function");
}

#[test]
fn a_rule_names_either_a_mode_or_a_function() {
    for (rule, part) in [
        (
            r#"{"path":"/a","mode":"drop","call":"shorten"}"#,
            "exclude each other",
        ),
        (r#"{"path":"/a"}"#, "`mode` is missing, or `call`"),
        (
            r#"{"path":"/a","call":["shorten"]}"#,
            "`call` is missing or no string",
        ),
        (
            r#"{"path":"/a","call":"shorten","version":"1"}"#,
            "`version` is unknown",
        ),
        (r#"{"path":"/a","mode":"call:shorten"}"#, "a mode is one of"),
        (r#"{"call":"shorten"}"#, "`path` is missing"),
    ] {
        let members = format!(r#","fields":[{rule}]"#);
        let error = policy(&members, vec![own("shorten", "1", same)]).unwrap_err();
        assert_eq!(error.code(), "privacy_policy", "{rule}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let pattern = r#","patterns":[{"id":"A","pattern":"a","call":"shorten"}]"#;
    let error = policy(pattern, vec![own("shorten", "1", same)]).unwrap_err();
    assert!(error.to_string().contains("`call` is unknown"), "{error}");
}

#[test]
fn names_and_versions_have_a_form_and_no_name_stands_for_two() {
    let with = |name: &str, version: &str| policy("", vec![own(name, version, same)]);
    let most = "n".repeat(FUNCTION_NAME_BYTES_MAX);
    assert!(with(&most, "1").is_ok());
    assert!(with("Iban.last-4_v2", "a b~").is_ok());
    let longest = "1".repeat(FUNCTION_VERSION_BYTES_MAX);
    assert!(with("n", &longest).is_ok());
    let (over, longer) = (format!("{most}n"), format!("{longest}1"));
    for (name, version) in [
        ("", "1"),
        (&*over, "1"),
        ("a b", "1"),
        ("\u{e9}", "1"),
        ("n", ""),
        ("n", &longer),
        ("n", "1\n"),
        ("n", "\u{e9}"),
    ] {
        let error = with(name, version).unwrap_err();
        assert_eq!(error.code(), "privacy_policy", "{name:?} {version:?}");
    }
    let twice = vec![own("n", "1", same), own("n", "2", same)];
    let error = policy("", twice).unwrap_err();
    assert!(error.to_string().contains("two functions are called `n`"));
}

#[test]
fn a_function_that_fails_or_panics_fails_the_whole_value() {
    let failing = of(own("shorten", "1", |_| Err("no such customer".into())));
    let panicking = of(own("shorten", "1", |value| panic!("{value:?}")));
    let record = value(r#"{"note":"call john@example.com"}"#);
    for (policy, said) in [(failing, "no such customer"), (panicking, "it panicked")] {
        let error = policy.redactor().value(&record).unwrap_err();
        assert_eq!(error.code(), "field_function");
        assert_eq!(error.kind(), ErrorKind::Refused);
        let text = error.to_string();
        assert!(text.contains("`shorten`") && text.contains(said), "{text}");
        assert!(!text.contains("john"), "{text}");
    }
}

#[test]
fn what_a_function_makes_stands_as_it_is_and_counts_as_a_field() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let policy = of(own("shorten", "1", move |value| {
        seen.lock().unwrap().push(value.clone());
        Ok(Some(Value::from("ask b@example.com")))
    }));
    let record = value(r#"{"note":{"to":["a@example.com",7]},"text":"a@example.com"}"#);
    let (made, reported) = policy.redactor().value(&record).unwrap();
    // Not searched: it is as the function returned it.
    let expected = br#"{"note":"ask b@example.com","text":"[EMAIL]"}"#;
    assert_eq!(made.to_canonical(), expected);
    let expected = Reported {
        counts: [("EMAIL".to_owned(), 1)].into(),
        fields: 1,
        ..Reported::default()
    };
    assert_eq!(reported, expected);
    let asked = asked.lock().unwrap();
    assert_eq!(*asked, [value(r#"{"to":["a@example.com",7]}"#)]);
}

#[test]
fn a_function_that_gives_nothing_drops_the_field() {
    let members = r#","fields":[{"path":"/list/*","call":"none"},{"path":"/gone","call":"none"}]"#;
    let policy = policy(members, vec![own("none", "1", |_| Ok(None))]).unwrap();
    let (made, reported) = policy
        .redactor()
        .value(&value(r#"{"gone":1,"list":[1,2],"n":3}"#))
        .unwrap();
    assert_eq!(made.to_canonical(), br#"{"list":[null,null],"n":3}"#);
    assert_eq!(reported.fields, 3);
}

#[test]
fn the_first_rule_that_fits_counts() {
    let members = r#","fields":[{"path":"/a","mode":"keep"},{"path":"/*","call":"none"}]"#;
    let policy = policy(members, vec![own("none", "1", |_| Ok(None))]).unwrap();
    let (made, _) = policy.redactor().value(&value(r#"{"a":1,"b":2}"#)).unwrap();
    assert_eq!(made.to_canonical(), br#"{"a":1}"#);
}

#[test]
fn where_rules_do_not_hold_no_function_is_called() {
    struct Numbers;
    impl Search for Numbers {
        fn searches(&self, _: &[String]) -> bool {
            true
        }
        fn rules(&self, _: &[String], value: &Value) -> bool {
            value.as_str().is_none()
        }
    }
    struct NoKeys;
    impl Vault for NoKeys {
        fn token(&mut self, _: &str, _: &[u8]) -> Result<String, VaultError> {
            Err("asked".into())
        }
        fn commit(&mut self, _: &str, _: &Value) -> Result<String, VaultError> {
            Err("asked".into())
        }
        fn seal(&mut self, _: &str, _: &Value) -> Result<(), VaultError> {
            Err("asked".into())
        }
    }
    let policy = of(own("shorten", "1", |_| Err("called".into())));
    let with = |search: &dyn Search| {
        let value = value(r#"{"note":"text"}"#);
        policy
            .redactor()
            .value_with(&value, &[], search, &mut NoKeys)
    };
    assert!(with(&Numbers).is_ok());
    assert_eq!(with(&Everything).unwrap_err().code(), "field_function");
}

#[test]
fn what_nests_too_deeply_is_refused_whoever_made_it() {
    let nested =
        |levels: usize| (0..levels).fold(Value::Null, |value, _| Value::Array(vec![value]));
    let record = value(r#"{"note":1}"#);
    let making = |levels: usize| {
        let policy = of(own("shorten", "1", move |_| Ok(Some(nested(levels)))));
        policy.redactor().value(&record).map(drop)
    };
    // The field is one level down itself.
    assert!(making(JSON_DEPTH_MAX - 1).is_ok());
    assert_eq!(making(JSON_DEPTH_MAX).unwrap_err().code(), "privacy_limit");
}

#[test]
fn names_and_versions_of_what_is_named_enter_the_digest() {
    let digest = |members: &str, functions| *policy(members, functions).unwrap().digest();
    let first = digest(NOTE, vec![own("shorten", "1", same)]);
    assert_eq!(first, digest(NOTE, vec![own("shorten", "1", same)]));
    assert_ne!(first, digest(NOTE, vec![own("shorten", "2", same)]));
    let other = r#","fields":[{"path":"/note","call":"cut"}]"#;
    assert_ne!(first, digest(other, vec![own("cut", "1", same)]));
    // What is brought and not named decides nothing, and neither does the order.
    let both = || vec![own("cut", "9", same), own("shorten", "1", same)];
    assert_eq!(first, digest(NOTE, both()));
    assert_eq!(digest("", both()), digest("", vec![]));
    let two = r#","fields":[{"path":"/a","call":"shorten"},{"path":"/b","call":"cut"},{"path":"/c","call":"cut"}]"#;
    let turned = both().into_iter().rev().collect();
    assert_eq!(digest(two, both()), digest(two, turned));
    let policy = policy(two, both()).unwrap();
    let named: Vec<_> = policy.functions().collect();
    assert_eq!(named, [("cut", "9"), ("shorten", "1")]);
    // Frozen: it may change only with the version of the catalogue or the format.
    assert_eq!(
        first.to_hex(),
        "8755a8433d60ef795aed06d475b77a631e1fbf22e365c1748ebe555bf9637c80"
    );
}

#[test]
fn a_function_is_no_recogniser_of_the_same_name() {
    struct Finds;
    impl Recogniser for Finds {
        fn name(&self) -> &'static str {
            "X"
        }
        fn version(&self) -> &'static str {
            "1"
        }
        fn find(&self, _: &str, _: &mut Vec<std::ops::Range<usize>>) {}
    }
    let text = format!(r#"{{"format":"{FORMAT}","fields":[{{"path":"/note","call":"X"}}]}}"#);
    let with = |recognisers| {
        let functions = vec![own("X", "1", same)];
        let plugins = Plugins {
            recognisers,
            functions,
        };
        *Policy::parse_with(text.as_bytes(), plugins)
            .unwrap()
            .digest()
    };
    assert_ne!(with(vec![]), with(vec![Arc::new(Finds)]));
}

#[test]
fn a_policy_tells_whether_it_looks_into_a_field() {
    let members = r#","fields":[{"path":"/a/b","mode":"drop"},{"path":"/k/b","mode":"keep"},
        {"path":"/f/*/c","call":"none"},{"path":"/whole","mode":"redact"}]"#;
    let policy = policy(members, vec![own("none", "1", |_| Ok(None))]).unwrap();
    for (path, below) in [
        (&["a"][..], true),
        (&[], true),
        (&["a", "b"], false),
        (&["k"], false),
        (&["f"], true),
        (&["f", "x"], true),
        (&["f", "x", "c"], false),
        (&["whole"], false),
        (&["x"], false),
    ] {
        assert_eq!(policy.rules_below(path), below, "{path:?}");
    }
}
