//! The worked examples of the format pages, so that the tests run what the reader sees.

use alloc::vec::Vec;

use crate::json::Value;

/// The array in a page's one fenced block that is tagged `json` and the name.
pub(crate) fn examples(page: &str, name: &str) -> Vec<Value> {
    let start = alloc::format!("\n```json {name}\n");
    let mut blocks = page.split(&start).skip(1);
    let block = blocks
        .next()
        .and_then(|block| block.split_once("\n```"))
        .expect(name)
        .0;
    assert!(blocks.next().is_none(), "two blocks {name}");
    let examples = Value::parse(block.as_bytes()).expect(name);
    let examples = examples.as_array().expect(name).to_vec();
    assert!(!examples.is_empty(), "{name} has no examples");
    examples
}

/// A member of an example that is a string.
pub(crate) fn text<'a>(example: &'a Value, member: &str) -> &'a str {
    example
        .member(member)
        .and_then(Value::as_str)
        .expect(member)
}
