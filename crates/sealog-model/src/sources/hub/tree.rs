//! Pages of the listing of a commit.

use sealog_core::json::Value;

use crate::Error;
use crate::digest::Algorithm;
use crate::limits::FILES_MAX;
use crate::sources::http::Reply;
use crate::sources::listing::{RemoteFile, path, within};
use crate::sources::trouble::Trouble;
use crate::sources::url::Url;

/// Reads a page and adds its files.
pub(super) fn read(page: &Value, place: &str, files: &mut Vec<RemoteFile>) -> Result<(), Error> {
    let bad = |why: &str| Trouble::Reply { why: why.into() }.at(place);
    let items = page
        .as_array()
        .ok_or_else(|| bad("a page of the listing is no array"))?;
    for item in items {
        match item.member("type").and_then(Value::as_str) {
            Some("directory") => {}
            Some("file") => {
                within("files of the model", files.len() + 1, FILES_MAX)?;
                files.push(file(item, place)?);
            }
            _ => {
                return Err(bad(
                    "the listing holds something that is no file and no directory",
                ));
            }
        }
    }
    Ok(())
}

fn file(item: &Value, place: &str) -> Result<RemoteFile, Error> {
    let text = item.member("path").and_then(Value::as_str);
    let bad = |why: String| Trouble::Reply { why }.at(place);
    let text = text.ok_or_else(|| bad("the listing has a file without a path".into()))?;
    let path = path(text)?;
    let size = |value: &Value| value.member("size").and_then(Value::as_u64);
    let stated = size(item).ok_or_else(|| bad(format!("`{path}` is listed without a size")))?;
    let digest = |algorithm: Algorithm, value: Option<&Value>| {
        let hex = value.and_then(Value::as_str).unwrap_or_default();
        let value = algorithm.parse_hex(hex);
        let value =
            value.ok_or_else(|| bad(format!("`{path}` is listed without a usable digest")))?;
        Ok::<_, Error>(Some((algorithm, value)))
    };
    // What git keeps of a large file is a pointer: its digest says nothing of the content.
    let digest = match item.member("lfs").filter(|lfs| !lfs.is_null()) {
        Some(lfs) => {
            if size(lfs).is_some_and(|size| size != stated) {
                return Err(bad(format!("`{path}` is listed with two sizes")));
            }
            let oid = lfs.member("oid").or_else(|| lfs.member("sha256"));
            digest(Algorithm::Sha256, oid)?
        }
        None => digest(Algorithm::GitSha1, item.member("oid"))?,
    };
    Ok(RemoteFile {
        path,
        size: stated,
        digest,
    })
}

/// The page after this one: on the same server, of the same listing.
pub(super) fn next_page(reply: &Reply, first: &Url) -> Result<Option<Url>, Error> {
    let Some(link) = reply.header("link").and_then(next_link) else {
        return Ok(None);
    };
    let bad = |why: &str| Trouble::Reply { why: why.into() }.at(reply.url().to_string());
    let next = reply.url().join(link).map_err(bad)?;
    if next.same_server(first) && next.path() == first.path() {
        return Ok(Some(next));
    }
    Err(bad("the next page of the listing lies elsewhere"))
}

/// The target of `rel="next"` in a header `Link` (RFC 8288).
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let mut parameters = parameters.split(';').map(str::trim);
        let next = |parameter: &str| {
            let value = parameter.strip_prefix("rel=");
            value.is_some_and(|value| value.trim_matches('"') == "next")
        };
        parameters.any(next).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<RemoteFile>, Error> {
        let mut files = Vec::new();
        read(&Value::parse(text.as_bytes()).unwrap(), "test", &mut files)?;
        Ok(files)
    }

    #[test]
    fn large_files_are_known_by_sha256_and_others_by_git() {
        let (large, small) = ("ab".repeat(32), "cd".repeat(20));
        let text = format!(
            r#"[{{"type":"directory","path":"d","oid":"x","size":0}},
            {{"type":"file","path":"d/m","size":9,"oid":"{small}","lfs":{{"oid":"{large}","size":9,"pointerSize":3}}}},
            {{"type":"file","path":"c","size":2,"oid":"{small}","lfs":null}}]"#
        );
        let files = read_text(&text).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(
            (files[0].digest().unwrap().0, files[0].size()),
            (Algorithm::Sha256, 9)
        );
        assert_eq!(
            (files[1].digest().unwrap().0, files[1].size()),
            (Algorithm::GitSha1, 2)
        );
    }

    #[test]
    fn a_page_that_is_not_understood_is_refused() {
        let (large, small) = ("ab".repeat(32), "cd".repeat(20));
        for (item, code) in [
            ("1".to_owned(), "source_reply"),
            (
                r#"{"type":"link","path":"a","size":1}"#.into(),
                "source_reply",
            ),
            (r#"{"type":"file","size":1}"#.into(), "source_reply"),
            (r#"{"type":"file","path":"a"}"#.into(), "source_reply"),
            (
                format!(r#"{{"type":"file","path":"a","size":-1,"oid":"{small}"}}"#),
                "source_reply",
            ),
            (
                format!(r#"{{"type":"file","path":"a","size":1.5,"oid":"{small}"}}"#),
                "source_reply",
            ),
            (
                r#"{"type":"file","path":"a","size":1,"oid":"ab"}"#.into(),
                "source_reply",
            ),
            (
                format!(
                    r#"{{"type":"file","path":"a","size":1,"oid":"{small}","lfs":{{"oid":"{small}"}}}}"#
                ),
                "source_reply",
            ),
            (
                format!(
                    r#"{{"type":"file","path":"a","size":1,"oid":"{small}","lfs":{{"oid":"{large}","size":2}}}}"#
                ),
                "source_reply",
            ),
            (
                format!(r#"{{"type":"file","path":"a","size":1,"oid":"{small}","lfs":{{}}}}"#),
                "source_reply",
            ),
            (
                format!(r#"{{"type":"file","path":"../a","size":1,"oid":"{small}"}}"#),
                "model_unfit",
            ),
            (
                format!(r#"{{"type":"file","path":"/a","size":1,"oid":"{small}"}}"#),
                "model_unfit",
            ),
        ] {
            let refused = read_text(&format!("[{item}]")).unwrap_err();
            assert_eq!(refused.code(), code, "{item}");
        }
        assert_eq!(read_text("{}").unwrap_err().code(), "source_reply");
    }

    #[test]
    fn the_next_page_is_the_link_of_that_relation() {
        for (header, target) in [
            (r#"<https://h/a?c=1>; rel="next""#, Some("https://h/a?c=1")),
            (r#"</b>; rel="prev", </c>; title=x; rel=next"#, Some("/c")),
            (r#"</b>; rel="prev""#, None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(next_link(header), target, "{header}");
        }
    }
}
