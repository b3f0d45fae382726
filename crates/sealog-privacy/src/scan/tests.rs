//! What is found, what is not, and that pieces give what the whole gives.

use std::fmt::Write as _;

use super::engine::Window;
use super::*;
use crate::limits::*;

mod borders;
mod quick;

fn found(text: &str) -> Vec<(String, String)> {
    let scanner = Scanner::usual().unwrap();
    let found = scanner.session().scan(text.as_bytes()).unwrap();
    found
        .iter()
        .map(|found| {
            let value = text[found.span.clone()].to_owned();
            (scanner.id(found.kind).to_owned(), value)
        })
        .collect()
}

#[track_caller]
fn finds(text: &str, id: &str, value: &str) {
    assert_eq!(found(text), [(id.to_owned(), value.to_owned())], "{text}");
}

#[track_caller]
fn clean(text: &str) {
    assert_eq!(found(text), [], "{text}");
}

#[test]
fn each_kind_is_found_where_it_stands() {
    finds(
        "write to john.doe+x@example.co.uk.",
        "EMAIL",
        "john.doe+x@example.co.uk",
    );
    finds(
        "<\"john doe\"@example.com>",
        "EMAIL",
        "\"john doe\"@example.com",
    );
    finds("почта@пример.рф", "EMAIL", "почта@пример.рф");
    finds("call +44 20 7946 0958 now", "PHONE", "+44 20 7946 0958");
    finds("call (212) 555-0123 now", "PHONE", "(212) 555-0123");
    finds("from 203.0.113.7:443", "IPV4", "203.0.113.7");
    finds("at 2001:db8::7334 today", "IPV6", "2001:db8::7334");
    finds("mac 00:1a:2b:3c:4d:5e", "MAC_ADDRESS", "00:1a:2b:3c:4d:5e");
    finds(
        "postgres://admin:S3=cr3t@db.example.com/x",
        "URL_CREDENTIALS",
        "admin:S3=cr3t@db.example.com",
    );
    finds(
        "card 4111 1111 1111 1111 exp",
        "CREDIT_CARD",
        "4111 1111 1111 1111",
    );
    finds(
        "DE89 3704 0044 0532 0130 00",
        "IBAN",
        "DE89 3704 0044 0532 0130 00",
    );
    finds("swift DEUTDEFF500", "BIC", "DEUTDEFF500");
    finds("ssn 078-05-1121", "US_SSN", "078-05-1121");
    finds("my BSN is 111222333", "NL_BSN", "111222333");
    finds(
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "ETHEREUM_ADDRESS",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    );
    finds(
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "BITCOIN_ADDRESS",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    );
    finds(
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "BITCOIN_ADDRESS",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    );
    finds("DE136695976", "DE_VAT", "DE136695976");
    finds("born 1980-02-29 in", "DATE_OF_BIRTH", "1980-02-29");
    finds("password = hunter2!", "SECRET", "hunter2!");
    finds(
        "\"apiKey\": \"a8f5f167f44f4964\"",
        "SECRET",
        "a8f5f167f44f4964",
    );
    let token = format!("ghp_{}", "a1B2".repeat(9));
    finds(&format!("use {token}."), "GITHUB_TOKEN", &token);
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    finds(&format!("Bearer {jwt}"), "JWT", jwt);
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----";
    finds(&format!("x\n{key}\ny"), "PRIVATE_KEY", key);
}

#[test]
fn what_only_looks_like_an_identifier_is_left_alone() {
    clean("order 4111111111111112, order-4111111111111111, ORD_x");
    clean("version 1.2.3, 10.4.1-rc1, 2024.11.30.1234 x, 1.2.3.4567");
    clean("at 2024-01-15T10:20:30.123456Z, 1700000000000, 1700000000, 12:34:56");
    clean("id 123e4567-e89b-12d3-a456-426614174000");
    clean("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    clean("commit 31262aa9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3");
    clean("ISBN 978-3-16-148410-0, EAN 4006381333931");
    clean("std::fmt::Display for a::b, dead::beef, ::1");
    clean("image@2x.png, npm i react@18.2.0, @dataclass, git@github.com:a/b.git");
    clean("pi = 3.14159265358979 and 0.123456789012345");
    clean("max_tokens: 4096, token: the, password: null, secret = os.environ[\"X\"], pwd: $PWD");
    clean("duplicate 111222333 lic 111222333");
    clean("127.0.0.1 0.0.0.0 255.255.255.255 256.1.1.1");
    clean("internationalization of ABCDEFGH and telephones 12345678");
}

#[test]
fn words_are_found_in_capitals_of_any_script_and_joined_by_signs() {
    finds("ИНН 300837309138", "RU_INN", "300837309138");
    finds("Инн: 300837309138", "RU_INN", "300837309138");
    finds("ΑΦΜ 090837945", "GR_AFM", "090837945");
    finds("r.č.: 7008073237", "CZ_RODNE_CISLO", "7008073237");
    finds(
        "\"fecha_de_nacimiento\": \"31/08/1944\"",
        "DATE_OF_BIRTH",
        "31/08/1944",
    );
    finds("tax-file-number 305517169", "AU_TFN", "305517169");
    finds("mot de passe = GwdGGPkwl1B5", "SECRET", "GwdGGPkwl1B5");
    clean("mot de lapasse = GwdGGPkwl1B5");
}

#[test]
fn the_number_that_is_named_counts_of_two_that_hold() {
    finds("SIRET 66344995729236", "FR_SIRET", "66344995729236");
    finds("66344995729236", "CREDIT_CARD", "66344995729236");
    finds(
        "card 66344995729236 or siret",
        "CREDIT_CARD",
        "66344995729236",
    );
    finds("kennitala: 240877-6359", "IS_KENNITALA", "240877-6359");
    finds("240877-6359", "FI_HETU", "240877-6359");
}

#[test]
fn what_is_right_behind_the_name_of_something_else_is_that() {
    clean("release 4.13.4.7, pkg==2.1.4.3, version: 8.8.8.8, v 1.2.3.4");
    finds("newrelease 4.13.4.7", "IPV4", "4.13.4.7");
    finds("release of 4.13.4.7", "IPV4", "4.13.4.7");
    clean("EAN 6544962324902, ISBN: 6544962324902");
    finds("6544962324902", "CREDIT_CARD", "6544962324902");
}

#[test]
fn words_of_capitals_and_months_begin_a_candidate_before_any_sign() {
    finds("<td>BIC</td><td>EEIJPLWA</td>", "BIC", "EEIJPLWA");
    finds("BIC: RTNBDEHMPSS.", "BIC", "RTNBDEHMPSS");
    finds(
        "born November 17, 1986",
        "DATE_OF_BIRTH",
        "November 17, 1986",
    );
    finds("call (+30) 6948 534676 now", "PHONE", "(+30) 6948 534676");
    finds("tel 8 (301) 123-45-67", "PHONE", "8 (301) 123-45-67");
    finds("tel (02870) 53893 730", "PHONE", "(02870) 53893 730");
    finds("Mobil: 36/993 0238", "PHONE", "36/993 0238");
    clean("call 12/31/2024");
}

#[test]
fn words_count_only_whole() {
    finds("BSN: 111222333", "NL_BSN", "111222333");
    clean("absn: 111222333");
    finds("bsn-111222333", "NL_BSN", "111222333");
    let far = " ".repeat(CONTEXT_BEFORE_BYTES);
    clean(&format!("bsn{far}111222333"));
    let near = " ".repeat(CONTEXT_BEFORE_BYTES - 3);
    finds(&format!("bsn{near}111222333"), "NL_BSN", "111222333");
    let scanner = Scanner::usual().unwrap();
    let by_field = scanner.session().scan_field(b"111222333", b"bsn").unwrap();
    assert_eq!(by_field.len(), 1);
}

#[test]
fn what_hides_is_found_and_covered_whole() {
    for hidden in [
        "jo\u{200b}hn@exam\u{ad}ple.com",
        "john\u{ff20}example\u{ff0e}com",
        "john [at] example [dot] com",
        "john%40example.com",
        "john&#64;example&#46;com",
        "john\\u0040example.com",
        "john=40example.com",
        "j\u{43e}hn@ex\u{430}mple.com",
        "jo\u{301}hn@example.com",
        "john%2540example.com",
        "\u{1b}[1mjohn\u{1b}[0m@example.com",
    ] {
        let all = found(&format!("mail {hidden} end"));
        assert_eq!(all.len(), 1, "{hidden:?} {all:?}");
        assert_eq!(all[0].0, "EMAIL");
        let start = hidden.trim_start_matches("\u{1b}[1m");
        assert_eq!(all[0].1, start, "{hidden:?}");
    }
    for hidden in [
        "4111\u{2011}1111\u{2011}1111\u{2011}1111",
        "4111\u{a0}1111\u{2009}1111\u{202f}1111",
        "\u{664}\u{661}\u{661}\u{661}1111\u{ff11}\u{ff11}\u{ff11}\u{ff11}1111",
        "41\u{200b}11\u{200d}1111\u{2060}1111\u{feff}1111",
        "\u{2463}\u{2460}\u{2460}\u{2460}1111 1111 1111",
        "4111 **1111** 1111 1111",
        "4\u{336}1\u{336}1\u{336}1 1111 1111 1111",
    ] {
        let all = found(&format!("pay {hidden} end"));
        assert_eq!(all.len(), 1, "{hidden:?}");
        assert_eq!(all[0].0, "CREDIT_CARD", "{hidden:?}");
    }
    finds(
        "x am9obkBleGFtcGxlLmNvbQ== y",
        "EMAIL",
        "am9obkBleGFtcGxlLmNvbQ",
    );
}

#[test]
fn of_two_that_overlap_the_longest_counts_then_the_most_specific() {
    finds(
        "mail http://u:p4ss@x.example.com/",
        "URL_CREDENTIALS",
        "u:p4ss@x.example.com",
    );
    // Both are 16 digits: a card is more specific than an account.
    finds(
        "account number 4111111111111111",
        "CREDIT_CARD",
        "4111111111111111",
    );
}

#[test]
fn bytes_that_are_no_text_hide_nothing() {
    let scanner = Scanner::usual().unwrap();
    let text = b"\xff\xfe john@example.com \xc0 4111111111111111\x80";
    let found = scanner.session().scan(text).unwrap();
    let ids: Vec<&str> = found.iter().map(|found| scanner.id(found.kind)).collect();
    assert_eq!(ids, ["EMAIL", "CREDIT_CARD"]);
    let wide: Vec<u8> = "card 4111111111111111 x"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    assert_eq!(scanner.session().scan(&wide).unwrap().len(), 1);
}

#[test]
fn ten_thousand_are_found() {
    let scanner = Scanner::usual().unwrap();
    let mut text = String::new();
    for number in 0..10_000 {
        let _ = write!(text, "u{number}@example.com ");
    }
    let found = scanner.session().scan(text.as_bytes()).unwrap();
    assert_eq!(found.len(), 10_000);
    assert!(
        found
            .windows(2)
            .all(|pair| pair[0].span.end <= pair[1].span.start)
    );
}

/// Views are written into the memory of those before them.
#[test]
fn what_was_searched_before_changes_nothing() {
    let scanner = Scanner::usual().unwrap();
    let mut used = scanner.session();
    for times in [3, 1, 200, 2, 50, 1] {
        for text in [
            sample(),
            sample().replace('1', "%31"),
            sample().to_uppercase(),
        ] {
            let text = text.repeat(times);
            let found = used.scan(text.as_bytes()).unwrap();
            assert!(!found.is_empty());
            assert!(found == scanner.session().scan(text.as_bytes()).unwrap());
        }
    }
}

/// A text with something of everything, hidden and not, near every edge.
fn sample() -> String {
    "a john@example.com b 4111 1111 1111 1111 c jo\u{200b}hn%40example.com d bsn: 111222333 e \
     am9obkBleGFtcGxlLmNvbQ== \u{ff14}111-1111-1111-1111 DE89 3704 0044 0532 0130 00, \
     -----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY----- +44 20 7946 0958 "
        .to_owned()
}

fn streamed<'t>(
    scanner: &Scanner,
    pieces: impl Iterator<Item = &'t [u8]>,
    window: usize,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut stream = Stream::with_window(scanner, window);
    let mut write = |text: &[u8], found: Option<&Found>| match found {
        Some(found) => out.extend_from_slice(format!("[{}]", scanner.id(found.kind)).as_bytes()),
        None => out.extend_from_slice(text),
    };
    for piece in pieces {
        stream.push(piece, &mut write).unwrap();
    }
    stream.finish(&mut write).unwrap();
    out
}

fn whole(scanner: &Scanner, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    for found in scanner
        .session()
        .scan_windows(text, b"", usize::MAX / 4)
        .unwrap()
    {
        out.extend_from_slice(&text[at..found.span.start]);
        out.extend_from_slice(format!("[{}]", scanner.id(found.kind)).as_bytes());
        at = found.span.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

#[test]
fn every_split_gives_what_the_whole_gives() {
    let scanner = Scanner::usual().unwrap();
    let text = sample();
    let expected = whole(&scanner, text.as_bytes());
    assert!(
        !String::from_utf8_lossy(&expected).contains("john"),
        "{}",
        String::from_utf8_lossy(&expected)
    );
    for split in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(split);
        assert_eq!(
            streamed(&scanner, [left, right].into_iter(), 1 << 16),
            expected,
            "{split}"
        );
    }
    assert_eq!(
        streamed(&scanner, text.as_bytes().chunks(1), 1 << 16),
        expected
    );
}

#[test]
fn windows_of_any_size_give_what_the_whole_gives() {
    let scanner = Scanner::usual().unwrap();
    let text = sample().repeat(1 + 2 * (LOOK_AHEAD_BYTES + LOOK_BEHIND_BYTES) / sample().len());
    let expected = whole(&scanner, text.as_bytes());
    for (window, piece) in [(4096, 1009), (10_007, 50_000), (32_768, 4099)] {
        let pieces = text.as_bytes().chunks(piece);
        assert!(
            streamed(&scanner, pieces, window) == expected,
            "{window} {piece}"
        );
    }
    let windows = scanner
        .session()
        .scan_windows(text.as_bytes(), b"", 5003)
        .unwrap();
    let one = scanner
        .session()
        .scan_windows(text.as_bytes(), b"", usize::MAX / 4)
        .unwrap();
    assert!(windows == one);
}

#[test]
fn a_stream_keeps_no_more_than_its_bounds() {
    let scanner = Scanner::usual().unwrap();
    let mut stream = Stream::new(&scanner);
    let text = sample().repeat(1000);
    let mut most = 0;
    for piece in text.as_bytes().chunks(1 << 16).cycle().take(20) {
        stream.push(piece, &mut |_, _| {}).unwrap();
        most = most.max(stream.kept());
    }
    assert!(
        most <= LOOK_BEHIND_BYTES + LOOK_AHEAD_BYTES + 2 * WINDOW_BYTES,
        "{most}"
    );
}

#[test]
fn overlapping_rows_are_cut_at_the_length_of_a_cluster() {
    let scanner = Scanner::usual().unwrap();
    // Every group begins a candidate that overlaps the next.
    let text = "4111 1111 1111 1111 ".repeat(2 * CLUSTER_BYTES_MAX / 20);
    let one = whole(&scanner, text.as_bytes());
    assert!(streamed(&scanner, text.as_bytes().chunks(97), 501) == one);
}

#[test]
fn a_candidate_counts_only_where_its_window_does() {
    let scanner = Scanner::usual().unwrap();
    let text = b"a@example.com b@example.com";
    let window = Window {
        bytes: text,
        offset: 100,
        counts: 110..200,
        field: b"",
    };
    let found = scanner.session().candidates(&window).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0.span, 114..127);
}
