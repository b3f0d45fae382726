//! The files that are made from the tables are what the tables say. `SEALOG_BLESS=1` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use super::super::table::FieldDef;
use super::*;

const MARK_BEGIN: &str = "<!-- made from kinds.json: begin -->\n";
const MARK_END: &str = "<!-- made from kinds.json: end -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[track_caller]
fn same(name: &str, made: &str) {
    let path = root().join(name);
    if env::var_os("SEALOG_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{name} is out of date: run this test with SEALOG_BLESS=1"
    );
}

fn pretty(schema: &Value) -> String {
    let value: serde_json::Value = serde_json::from_slice(&schema.to_canonical()).unwrap();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

#[test]
fn published_schemas_are_those_of_the_tables() {
    same("schemas/record.schema.json", &pretty(&record_schema()));
    same("schemas/entry.schema.json", &pretty(&entry_schema()));
}

#[test]
fn the_format_page_lists_the_tables() {
    let path = "docs/formats/kinds.md";
    let page = fs::read_to_string(root().join(path)).unwrap();
    let (head, rest) = page.split_once(MARK_BEGIN).unwrap();
    let (_, tail) = rest.split_once(MARK_END).unwrap();
    same(
        path,
        &(head.to_owned() + MARK_BEGIN + &tables() + MARK_END + tail),
    );
}

/// Every table as Markdown.
fn tables() -> String {
    let mut page = String::new();
    for (part, fields) in [
        ("record", record_fields()),
        ("log", log_fields()),
        ("signature", signature_fields()),
    ] {
        write!(page, "\n### Member `{part}`\n\n").unwrap();
        table(&mut page, fields);
    }
    for kind in all() {
        write!(page, "\n### `{}`\n\n{}.", kind.name(), kind.description()).unwrap();
        match kind.written_by() {
            WrittenBy::Log => page += " Written by the log only.",
            WrittenBy::Derived => page += " Computed, never written.",
            WrittenBy::Producer => {}
        }
        if let Some(note) = kind.note() {
            write!(page, " {note}").unwrap();
        }
        page += "\n\n";
        table(&mut page, kind.fields());
    }
    page + "\n"
}

fn table(page: &mut String, fields: &[FieldDef]) {
    *page += "| member | type | | meaning |\n|---|---|---|---|\n";
    rows(page, "", fields);
}

fn rows(page: &mut String, outer: &str, fields: &[FieldDef]) {
    for field in fields {
        let required = if field.is_required() { "required" } else { "" };
        let nullable = if field.is_nullable() { "nullable" } else { "" };
        let flags = format!("{required} {nullable}");
        let name = format!("{outer}{}", field.name());
        writeln!(
            page,
            "| `{name}` | {} | {} | {} |",
            type_name(field.of()),
            flags.trim(),
            field.meaning()
        )
        .unwrap();
        if let Type::Object(members) | Type::List(Type::Object(members)) = field.of() {
            rows(page, &format!("{name}."), members);
        }
    }
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Id => "id".into(),
        Type::Digest => "digest".into(),
        Type::Commitment => "commitment".into(),
        Type::Time => "time".into(),
        Type::Number => "number".into(),
        Type::Integer => "integer".into(),
        Type::String => "string".into(),
        Type::Text => "text".into(),
        Type::Boolean => "boolean".into(),
        Type::Enum { values, open } => {
            let open = if *open { ", or your own" } else { "" };
            format!("one of {}{open}", values.join(", "))
        }
        Type::List(item) => format!("list of {}", type_name(item)),
        Type::Object(_) => "object".into(),
        Type::Map => "map".into(),
    }
}

/// The text of the fenced block of the page with this name.
fn block(page: &str, name: &str) -> Value {
    let (_, rest) = page.split_once(&format!("```json {name}\n")).unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    Value::parse(text.as_bytes()).unwrap()
}

#[test]
fn the_examples_of_the_format_page_do_what_it_says() {
    let page = fs::read_to_string(root().join("docs/formats/kinds.md")).unwrap();
    assert!(page.contains(&format!("Version of the schema: {SCHEMA_VERSION}.")));
    let valid = block(&page, "accepted");
    accepted(&valid);
    let refusals = block(&page, "refused");
    let refusals = refusals.as_array().unwrap();
    for case in refusals {
        let text = |name| case.member(name).and_then(Value::as_str).unwrap();
        let mut record = valid.clone();
        if case.member("alone").is_some() {
            examples::remove(&mut record, "/personal_commitments");
        }
        examples::set(&mut record, text("set"), case.member("to").unwrap().clone());
        refused(&record, text("path"), text("code"));
    }
    std::println!("checked: {} worked refusals of records", refusals.len());
}
