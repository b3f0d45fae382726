//! Each limit of the search, at its border and one beyond.

use super::*;

/// Whether a span of a text was found as this type.
fn is_found(text: &str, id: &str, span: Range<usize>) -> bool {
    let scanner = Scanner::usual().unwrap();
    let found = scanner.session().scan(text.as_bytes()).unwrap();
    found
        .iter()
        .any(|found| found.span == span && scanner.id(found.kind) == id)
}

pub(super) fn base64(text: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.as_bytes().chunks(3).map(|group| {
        let bits = group
            .iter()
            .fold(0, |bits, byte| (bits << 8) | usize::from(*byte));
        assert_eq!(group.len(), 3);
        [18, 12, 6, 0].map(|shift| char::from(SIGNS[(bits >> shift) & 63]))
    });
    groups.flatten().collect()
}

#[test]
fn levels_of_escapes() {
    let escaped = |times: usize| format!("john%{}40example.com", "25".repeat(times - 1));
    let at_limit = escaped(LAYERS_MAX);
    assert!(is_found(&at_limit, "EMAIL", 0..at_limit.len()));
    let beyond = escaped(LAYERS_MAX + 1);
    assert!(!is_found(&beyond, "EMAIL", 0..beyond.len()));
}

#[test]
fn words_behind_a_candidate() {
    let far = |bytes: usize| format!("111222333{}bsn", " ".repeat(bytes - 3));
    assert!(is_found(&far(CONTEXT_AFTER_BYTES), "NL_BSN", 0..9));
    assert!(!is_found(&far(CONTEXT_AFTER_BYTES + 1), "NL_BSN", 0..9));
}

#[test]
fn words_behind_much_that_is_hidden() {
    // Rows of characters without a width: many bytes of the original, few of the view.
    let row = format!(" {}", "\u{200b}".repeat(21));
    let rows = row.repeat(CONTEXT_SOURCE_BYTES / row.len() - 1);
    let text = |bytes: usize| {
        let rest = bytes - 3 - rows.len();
        let hidden = "\u{200b}".repeat(rest / 3 - 1);
        format!(
            "bsn{rows}{}{hidden}111222333",
            " ".repeat(rest - hidden.len())
        )
    };
    let at_limit = text(CONTEXT_SOURCE_BYTES);
    assert_eq!(at_limit.len(), CONTEXT_SOURCE_BYTES + 9);
    let number = |text: &str| text.len() - 9..text.len();
    assert!(is_found(&at_limit, "NL_BSN", number(&at_limit)));
    let beyond = text(CONTEXT_SOURCE_BYTES + 1);
    assert!(!is_found(&beyond, "NL_BSN", number(&beyond)));
}

#[test]
fn tokens() {
    let token = |bytes: usize| {
        let start = "eyJhbGciOiJIUzI1NiJ9.eyJz.";
        format!("{start}{}", "a".repeat(bytes - start.len()))
    };
    for bytes in [TOKEN_BYTES_MAX, TOKEN_BYTES_MAX + 1] {
        // What is too long is found up to the limit.
        assert!(
            is_found(&token(bytes), "JWT", 0..TOKEN_BYTES_MAX),
            "{bytes}"
        );
    }
    let secret = |bytes: usize| {
        format!(
            "password={}",
            "a1".repeat(bytes / 2) + &"b".repeat(bytes % 2)
        )
    };
    for bytes in [TOKEN_BYTES_MAX, TOKEN_BYTES_MAX + 1] {
        assert!(
            is_found(&secret(bytes), "SECRET", 9..9 + TOKEN_BYTES_MAX),
            "{bytes}"
        );
    }
}

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "\n-----END PRIVATE KEY-----";

#[test]
fn private_keys() {
    let key = |bytes: usize| {
        format!(
            "{BEGIN}{}{END}",
            "A".repeat(bytes - BEGIN.len() - END.len())
        )
    };
    for bytes in [PRIVATE_KEY_BYTES_MAX, PRIVATE_KEY_BYTES_MAX + 1] {
        assert!(
            is_found(&key(bytes), "PRIVATE_KEY", 0..PRIVATE_KEY_BYTES_MAX),
            "{bytes}"
        );
    }
}

#[test]
fn bytes_of_the_original() {
    let key = |bytes: usize| {
        let hidden = "%41".repeat(10_000);
        let rest = bytes - BEGIN.len() - END.len() - hidden.len();
        format!("{BEGIN}{hidden}{}{END}", "A".repeat(rest))
    };
    let at_limit = key(CANDIDATE_SOURCE_BYTES_MAX);
    assert!(is_found(&at_limit, "PRIVATE_KEY", 0..at_limit.len()));
    let beyond = key(CANDIDATE_SOURCE_BYTES_MAX + 1);
    assert!(!is_found(&beyond, "PRIVATE_KEY", 0..beyond.len()));
}

#[test]
fn signs_of_emphasis() {
    let card = |signs: usize| format!("4111{}111111111111", "*".repeat(signs));
    let at_limit = card(EMPHASIS_RUN_MAX);
    assert!(is_found(&at_limit, "CREDIT_CARD", 0..at_limit.len()));
    let beyond = card(EMPHASIS_RUN_MAX + 1);
    assert!(!is_found(&beyond, "CREDIT_CARD", 0..beyond.len()));
}

#[test]
fn lines_of_base64() {
    let text = format!("{} john.doe@example.com", "a".repeat(33));
    let coded = base64(&text);
    let email = |line: usize| {
        let broken = format!("{}\n{}", &coded[..line], &coded[line..]);
        let scanner = Scanner::usual().unwrap();
        scanner.session().scan(broken.as_bytes()).unwrap().len()
    };
    assert_eq!(email(BASE64_LINE_MIN), 1);
    assert_eq!(email(BASE64_LINE_MIN - 4), 0);
}

/// Whether the last of a text is the value of a secret, of so many bytes.
fn is_secret(text: &str, bytes: usize) -> bool {
    is_found(text, "SECRET", text.len() - bytes..text.len())
}

#[test]
fn values_of_secrets() {
    // Of a password that is mixed, of one that is not, of another secret, and of one of digits alone.
    for (name, value) in [
        ("password", "a1b2"),
        ("password", "abcdefgh"),
        ("token", "a1b2c3d4"),
        ("token", "12345678901234567890"),
    ] {
        assert!(is_secret(&format!("{name}={value}"), value.len()));
        let short = &value[1..];
        assert!(!is_secret(&format!("{name}={short}"), short.len()));
    }
}

#[test]
fn signs_between_a_name_and_its_value() {
    let value = "hunter2!";
    let spaces = |count: usize| " ".repeat(count);
    for (before, after, found) in [(4, 4, true), (5, 0, false), (0, 5, false)] {
        let text = format!("password{}={}{value}", spaces(before), spaces(after));
        assert_eq!(is_secret(&text, value.len()), found, "{before} {after}");
    }
    assert!(is_secret(&format!("x['password'] = {value}"), value.len()));
    assert!(!is_secret(&format!("x['password'']= {value}"), value.len()));
}

#[test]
fn parts_of_an_address() {
    let address = |local: usize| format!("{}@example.com", "a".repeat(local));
    assert!(is_found(&address(64), "EMAIL", 0..76));
    assert!(!is_found(&address(65), "EMAIL", 0..77));
    let domain = |bytes: usize| format!("a@{}{}", "aaa.".repeat(60), "b".repeat(bytes - 240));
    assert!(is_found(&domain(253), "EMAIL", 0..255));
    assert!(!is_found(&domain(254), "EMAIL", 0..256));
}

#[test]
fn memory_of_states() {
    let scanner = Scanner::usual().unwrap();
    let mut session = scanner.session();
    let mut state = 1_u64;
    // Starts of every kind, so that there are many states.
    let noise: String = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b"0123456789ABCDEFabcdef -./:_+"[usize::try_from(state >> 33).unwrap() % 29])
    })
    .take(300_000)
    .collect();
    let before = session.scan(b"card 4111111111111111").unwrap();
    session.scan(noise.as_bytes()).unwrap();
    assert!(session.state_cache_bytes() <= STATE_CACHE_BYTES_MAX);
    assert_eq!(session.scan(b"card 4111111111111111").unwrap(), before);
}

#[test]
fn a_long_text_gives_what_its_parts_give() {
    const TEXT_BYTES: usize = 10 * 1024 * 1024;
    let scanner = Scanner::usual().unwrap();
    let unit = sample() + &"Nothing to be found in this sentence. ".repeat(40);
    let text = unit.repeat(TEXT_BYTES / unit.len() + 1);
    let one = scanner.session().scan(unit.as_bytes()).unwrap();
    let all = scanner.session().scan(text.as_bytes()).unwrap();
    assert_eq!(all.len(), one.len() * (text.len() / unit.len()));
    for (place, found) in all.iter().enumerate() {
        let (round, same) = (place / one.len(), &one[place % one.len()]);
        assert_eq!(found.span.start, same.span.start + round * unit.len());
        assert_eq!((found.kind, &found.value), (same.kind, &same.value));
    }
}
