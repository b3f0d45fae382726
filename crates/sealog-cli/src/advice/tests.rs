use std::collections::BTreeSet;

use super::*;

#[test]
fn each_code_has_one_advice_in_one_line() {
    let codes: BTreeSet<&str> = TABLE.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), TABLE.len());
    for (code, advice) in TABLE {
        assert!(
            !advice.contains('\n') && !advice.ends_with('.') && !advice.is_empty(),
            "{code}"
        );
    }
}

#[test]
fn each_finding_that_is_no_note_says_what_to_do() {
    for code in Code::ALL {
        let advice = of_finding(*code);
        assert!(code.weight() == Weight::Note || advice.is_some(), "{code}");
        assert!(
            !advice.is_some_and(|advice| advice.contains('\n') || advice.ends_with('.')),
            "{code}"
        );
    }
}
