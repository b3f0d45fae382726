//! The examples of the format page, for the tests that run them.

const PAGE: &str = include_str!("../../../docs/formats/store.md");

/// The content of the fenced block with this label.
pub(crate) fn block(label: &str) -> &'static str {
    let fence = format!("\n```{label}\n");
    let (_, rest) = PAGE.split_once(&fence).expect("a block with this label");
    let (content, _) = rest.split_once("```").expect("the end of the block");
    content
}

/// Whether the page says this, wherever its lines break.
pub(crate) fn says(text: &str) -> bool {
    let words: Vec<&str> = PAGE.split_whitespace().collect();
    words.join(" ").contains(text)
}
