//! Tar archives: names, links, and what each member holds.

use std::collections::HashSet;

use super::content::{Role, examine};
use super::context::Scan;
use super::rule::{
    ARCHIVE_LIMIT, FILE_UNREADABLE, TAR_BROKEN, TAR_DEVICE, TAR_DUPLICATE, TAR_LINK, TAR_TRAVERSAL,
};
use crate::formats::archive::leads_out;
use crate::formats::source::Source;
use crate::formats::stream::Stream;
use crate::formats::tar::{TarMember, TarNext, next, padding};

pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) {
    if !scan.may_enter(0) {
        return;
    }
    let mut reader = source.reader();
    let mut stream = Stream::new(&mut reader);
    let mut names = HashSet::new();
    loop {
        let at = stream.offset();
        let member = match next(&mut stream) {
            TarNext::Member(member) => member,
            TarNext::End => break,
            TarNext::Broken => {
                scan.report(&TAR_BROKEN, at, "there is no member where one should be");
                break;
            }
        };
        if names.len() >= scan.limits.entries {
            scan.report(
                &ARCHIVE_LIMIT,
                at,
                format!("more than {} members", scan.limits.entries),
            );
            break;
        }
        findings(&member, at, scan);
        if member.kind != b'5' && !names.insert(member.name.clone()) {
            scan.report(&TAR_DUPLICATE, at, member.name.clone());
        }
        let window = source.window(stream.offset(), member.size);
        if window.len() < member.size {
            scan.report(&TAR_BROKEN, at, format!("{} breaks off", member.name));
            break;
        }
        if member.size > 0 {
            scan.inside(&member.name, |scan| examine(&window, Role::Whole, scan));
        }
        if !stream.skip(member.size + padding(member.size)) && !stream.at_end() {
            scan.report(&TAR_BROKEN, at, format!("{} breaks off", member.name));
            break;
        }
    }
    rest(&mut stream, scan);
    if let Some(error) = stream.take_error() {
        scan.report(&FILE_UNREADABLE, stream.offset(), error.to_string());
    }
}

fn findings(member: &TarMember, at: u64, scan: &mut Scan<'_>) {
    if leads_out(&member.name) {
        scan.report(&TAR_TRAVERSAL, at, member.name.escape_debug().to_string());
    }
    match member.kind {
        b'1' | b'2' => {
            let detail = format!("{} -> {}", member.name, member.link);
            if leads_out(&member.link) {
                scan.report(&TAR_LINK, at, detail.escape_debug().to_string());
            }
        }
        b'3' | b'4' | b'6' => scan.report(&TAR_DEVICE, at, member.name.clone()),
        _ => {}
    }
}

/// Behind the last member there is nothing but zeros.
fn rest(stream: &mut Stream<'_>, scan: &mut Scan<'_>) {
    loop {
        let at = stream.offset();
        let ahead = stream.peek(crate::formats::stream::BUFFER_BYTES);
        if ahead.is_empty() {
            return;
        }
        if ahead.iter().any(|byte| *byte != 0) {
            return scan.report(&TAR_BROKEN, at, "something stands behind the end");
        }
        let len = u64::try_from(ahead.len()).unwrap_or(0);
        stream.skip(len);
    }
}
