//! A receipt as a page for people: what it holds can be saved and verified, and nothing in it acts.

use std::fs;
use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::golden::World;

fn sealog(world: &World, arguments: &[&str]) -> Output {
    world.command().args(arguments).output().unwrap()
}

/// A ledger with a decision whose texts are hostile, and the page of its receipt.
fn page(world: &World) -> String {
    let hostile = "{\"decision_id\":\"d1\",\"model_state\":\"hosted\",\"model_reason\":\"remote\",\
                   \"reasons\":[\"</pre><script>alert(1)</script>\",\"a\u{202e}b\"]}";
    fs::write(world.here().join("body.json"), hostile).unwrap();
    for arguments in [
        &["init", "audit.sealog"][..],
        &["record", "--kind", "decision", "--body", "body.json"],
        &["key", "show", "--out", "log.vkey"],
        &["receipt", "get", "1", "--html", "one.html"],
    ] {
        let done = sealog(world, arguments);
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    }
    fs::read_to_string(world.here().join("one.html")).unwrap()
}

#[test]
fn the_page_holds_the_receipt_whole_and_a_verifier_accepts_what_is_saved() {
    let world = World::new();
    let page = page(&world);
    let (_, rest) = page
        .split_once("href=\"data:application/octet-stream;base64,")
        .unwrap();
    let (encoded, _) = rest.split_once('"').unwrap();
    let saved = STANDARD.decode(encoded).unwrap();
    fs::write(world.here().join("saved.tlog-proof"), &saved).unwrap();
    let verify = ["verify", "saved.tlog-proof", "--key", "log.vkey"];
    let verified = sealog(&world, &verify);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    // The same text stands in the page to be copied.
    let (_, rest) = page.split_once("<pre id=\"receipt\">").unwrap();
    let (shown, _) = rest.split_once("</pre>").unwrap();
    let shown = shown.replace("&#39;", "'").replace("&quot;", "\"");
    let shown = shown.replace("&gt;", ">").replace("&lt;", "<");
    assert_eq!(shown.replace("&amp;", "&").as_bytes(), saved);
    // The page itself is no receipt.
    let page_as_receipt = sealog(&world, &["verify", "one.html", "--key", "log.vkey"]);
    assert_eq!(
        page_as_receipt.status.code(),
        Some(2),
        "{page_as_receipt:?}"
    );
}

#[test]
fn nothing_that_was_recorded_acts_in_the_page() {
    let world = World::new();
    let page = page(&world);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains('\u{202e}'), "{page}");
    assert!(page.contains("default-src 'none'"), "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    assert!(page.contains("a\\u{202e}b"), "{page}");
    for loads in ["src=", "http://", "https://", "url(", "@import"] {
        assert!(!page.contains(loads), "{loads}");
    }
}
