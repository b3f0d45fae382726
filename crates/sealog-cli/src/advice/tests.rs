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
