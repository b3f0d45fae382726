use super::*;
use crate::manifest::ChangeKind;

/// Names and messages that would end a line, an attribute or a command.
const HOSTILE: &str = "a\n::error::x,y=\"<&>%0A\r\u{1b}[2J]]>\u{fffe}'";

fn change(path: &str) -> Change {
    Change {
        path: path.into(),
        kind: ChangeKind::Added,
    }
}

fn refused(changes: &[Change], status: u8) -> Table {
    let files = ["m/a".to_owned()];
    let mut table = Table::of_model("verify", "m.json", files);
    let rule = ("model_differs", "the model differs from what was signed");
    table.refuse(rule, "it differs", changes, status, |path| {
        format!("m/{path}")
    });
    table
}

#[test]
fn what_holds_has_cases_and_no_fault() {
    let table = Table::of_model("verify", "m.json", ["m/a".to_owned()]);
    let text = junit(&table);
    assert!(text.contains("tests=\"2\" failures=\"0\""), "{text}");
    assert_eq!(github(&table), "");
    let log = sarif(&table).to_canonical();
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("\"results\":[]"), "{log}");
    assert!(log.contains("\"exitCode\":0"), "{log}");
}

#[test]
fn a_difference_is_a_fault_of_its_path_and_else_of_what_vouches() {
    let table = refused(&[change("x"), change("a")], 1);
    let at = |path: &str| table.cases.iter().find(|case| case.path == path).unwrap();
    assert_eq!(at("m/x").faults[0].message, "added x");
    assert_eq!(at("m/a").faults.len(), 1);
    assert_eq!(at("m.json").faults, []);
    let table = refused(&[], 2);
    assert_eq!(table.cases[0].faults[0].message, "it differs");
    assert_eq!(table.cases[0].faults[0].level, Level::Warning);
    assert!(!table.executed);
}

#[test]
fn no_text_of_a_model_ends_a_line_an_attribute_or_a_command() {
    let table = refused(&[change(HOSTILE)], 1);
    let text = github(&table);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(text.matches("::error file=").count(), 1);
    let (head, _) = text[2..].split_once("::").unwrap();
    assert_eq!(head.matches(',').count(), 1, "{head}");
    assert!(!text.contains('\r') && !text.trim_end().contains('\n'));
    let text = junit(&table);
    // Nothing but our own elements and references.
    assert_eq!(text.matches('<').count(), text.matches('>').count());
    assert_eq!(text.matches("<testcase ").count(), 3, "{text}");
    for bad in ["\u{1b}", "\u{fffe}", "]]>", "\r"] {
        assert!(!text.contains(bad), "{text}");
    }
    let log = String::from_utf8(sarif(&table).to_canonical()).unwrap();
    assert!(log.contains("m/a%0A%3A%3Aerror"), "{log}");
    // A path with a colon in front is no scheme, and one from the root says so.
    let mut table = refused(&[], 1);
    table.cases[0].path = "javascript:x".into();
    let log = String::from_utf8(sarif(&table).to_canonical()).unwrap();
    assert!(log.contains("\"uri\":\"javascript%3Ax\""), "{log}");
    table.cases[0].path = "/tmp/x".into();
    let log = String::from_utf8(sarif(&table).to_canonical()).unwrap();
    assert!(log.contains("\"uri\":\"file:///tmp/x\""), "{log}");
}
