use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

/// A working directory, a user's configuration directory, and the variables that name it.
struct Place {
    root: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Place {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir_all(root.path().join("home/sealog")).unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let mut place = Self {
            root,
            variables: Vec::new(),
        };
        let home = place.root.path().join("home");
        place.set("XDG_CONFIG_HOME", home.to_str().unwrap());
        place
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    fn here(&self, text: &str) {
        fs::write(self.root.path().join("work/.sealog.toml"), text).unwrap();
    }

    fn user(&self, text: &str) {
        fs::write(self.root.path().join("home/sealog/config.toml"), text).unwrap();
    }

    fn settings(&self, flags: &[(&str, &str)]) -> Result<Settings, Error> {
        let environment = Environment::new(self.variables.clone(), self.root.path().join("work"));
        let flags = flags
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Settings::discover(environment, None, flags.collect())
    }
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_a_file() {
    let mut place = Place::new();
    place.here("tenant = 'file'\nsystem = 'file'\nstream = 'file'\n");
    place.set("SEALOG_TENANT", "variable");
    place.set("SEALOG_SYSTEM", "variable");
    let settings = place.settings(&[("tenant", "flag")]).unwrap();
    assert_eq!(settings.text("tenant").unwrap(), Some("flag"));
    assert_eq!(settings.text("system").unwrap(), Some("variable"));
    assert_eq!(settings.text("stream").unwrap(), Some("file"));
    assert_eq!(settings.text("producer").unwrap(), None);
    assert_eq!(settings.raw("tenant").unwrap().1, &Source::Flag);
    assert_eq!(
        settings.raw("system").unwrap().1,
        &Source::Variable("SEALOG_SYSTEM".into())
    );
    assert!(matches!(settings.raw("stream").unwrap().1, Source::File(_)));
}

#[test]
fn an_empty_variable_is_not_set() {
    let mut place = Place::new();
    place.here("tenant = 'file'\n");
    place.set("SEALOG_TENANT", "");
    assert_eq!(
        place.settings(&[]).unwrap().text("tenant").unwrap(),
        Some("file")
    );
}

#[test]
fn the_first_file_that_is_there_is_read_and_no_other() {
    let mut place = Place::new();
    place.user("tenant = 'user'\nsystem = 'user'\n");
    assert_eq!(
        place.settings(&[]).unwrap().text("tenant").unwrap(),
        Some("user")
    );
    place.here("tenant = 'here'\n");
    let settings = place.settings(&[]).unwrap();
    assert_eq!(settings.text("tenant").unwrap(), Some("here"));
    assert_eq!(settings.text("system").unwrap(), None);
    let named = place.root.path().join("named.toml");
    fs::write(&named, "tenant = 'named'\n").unwrap();
    place.set("SEALOG_CONFIG", named.to_str().unwrap());
    assert_eq!(
        place.settings(&[]).unwrap().text("tenant").unwrap(),
        Some("named")
    );
}

#[test]
fn a_named_file_that_is_absent_is_an_error() {
    let mut place = Place::new();
    place.set("SEALOG_CONFIG", "absent.toml");
    assert!(matches!(place.settings(&[]), Err(Error::Io { .. })));
}

#[test]
fn what_comes_with_the_data_sets_no_trust() {
    let place = Place::new();
    for name in ["key", "policy", "max_age", "state_dir", "config_dir", "env"] {
        place.here(&format!("{name} = 'x'\n"));
        let error = place.settings(&[]).unwrap_err();
        assert!(matches!(error, Error::ConfigFile { .. }), "{name}: {error}");
        fs::remove_file(place.root.path().join("work/.sealog.toml")).unwrap();
        place.user(&format!("{name} = 'x'\n"));
        assert!(place.settings(&[]).unwrap().raw(name).is_some(), "{name}");
    }
}

#[test]
fn refused_files() {
    let place = Place::new();
    for (text, expected) in [
        ("tennant = 'x'\n", "no option is called `tennant`"),
        ("config = 'x'\n", "no option is called `config`"),
        ("tenant = ['a', 1]\n", "not a string"),
        ("tenant = 1.5\n", "not a string"),
        ("[tenant]\nid = 'x'\n", "not a string"),
        ("tenant = 'a'\ntenant = 'b'\n", "not TOML in line 2"),
        ("tenant = 'PRIVATE+KEY+a+b+c'\n", "holds a private key"),
    ] {
        place.here(text);
        let message = place.settings(&[]).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
    place.here("# a secret\nsecret hunter2\n");
    let message = place.settings(&[]).unwrap_err().to_string();
    assert!(
        message.contains("line 2") && !message.contains("hunter2"),
        "{message}"
    );
}

#[test]
fn a_file_that_is_no_text_is_refused_and_says_where() {
    let place = Place::new();
    place.here("");
    let file = place.root.path().join("work/.sealog.toml");
    fs::write(file, b"tenant = '\xff'\n").unwrap();
    let error = place.settings(&[]).unwrap_err();
    assert!(matches!(error, Error::ConfigFile { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("not UTF-8 at byte 10"), "{message}");
}

#[test]
fn a_file_may_be_64_kib_long_and_no_byte_longer() {
    let place = Place::new();
    let text = format!("tenant = 'a'\n#{}", "x".repeat(64 * 1024 - 14));
    assert_eq!(text.len(), 64 * 1024);
    place.here(&text);
    assert!(place.settings(&[]).is_ok());
    place.here(&format!("{text}x"));
    assert!(
        place
            .settings(&[])
            .unwrap_err()
            .to_string()
            .contains("longer than 65536 bytes")
    );
}

#[test]
fn a_flag_that_names_no_option_is_refused() {
    let error = Place::new().settings(&[("ledgr", "x")]).unwrap_err();
    assert!(matches!(error, Error::UnknownOption { .. }));
}

#[test]
fn values_of_each_form() {
    let place = Place::new();
    place.here("turn_wait = '15m'\nsegment_bytes = '64 MiB'\nepoch_entries = 7\njson = true\nfile_systems = ['nfs', 'cifs']\n");
    let settings = place.settings(&[]).unwrap();
    assert_eq!(
        settings.duration("turn_wait").unwrap(),
        Some(Duration::from_mins(15))
    );
    assert_eq!(settings.number("segment_bytes").unwrap(), Some(64 << 20));
    assert_eq!(settings.number("epoch_entries").unwrap(), Some(7));
    assert!(settings.truth("json").unwrap());
    assert_eq!(settings.list("file_systems").unwrap(), ["nfs", "cifs"]);
    assert_eq!(settings.duration("queue_wait").unwrap(), None);
}

#[test]
fn values_of_the_wrong_form_name_the_option_its_source_and_what_is_expected() {
    for (name, value) in [
        ("turn_wait", "10"),
        ("turn_wait", "-1s"),
        ("turn_wait", "99999999999999999999s"),
        ("turn_wait", "213503982334602d"),
        ("segment_bytes", "1 MB"),
        ("segment_bytes", "17179869184GiB"),
        ("json", "maybe"),
    ] {
        let settings = Place::new().settings(&[(name, value)]).unwrap();
        let error = match name {
            "turn_wait" => settings.duration(name).unwrap_err(),
            "segment_bytes" => settings.number(name).unwrap_err(),
            _ => settings.truth(name).unwrap_err(),
        };
        let message = error.to_string();
        assert!(
            message.contains(name) && message.contains("command line"),
            "{message}"
        );
    }
}

#[test]
fn paths_of_a_file_are_meant_from_where_the_file_stands() {
    let mut place = Place::new();
    place.user("ledger = 'a.sealog'\n");
    place.set("SEALOG_SECRETS", "b.secrets");
    let settings = place.settings(&[]).unwrap();
    let root = place.root.path();
    assert_eq!(
        settings.path("ledger").unwrap(),
        root.join("home/sealog/a.sealog")
    );
    assert_eq!(
        settings.path("secrets").unwrap(),
        root.join("work/b.secrets")
    );
}

#[test]
fn the_document_lists_every_option_as_the_code_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = OPTIONS
        .iter()
        .map(|option| {
            let (name, variable) = (option.name, option.variable());
            let here = match option.files {
                options::Files::Any => "yes",
                options::Files::Trusted => "no",
            };
            format!(
                "| `{name}` | `{variable}` | {} | {here} | {} |",
                option.default, option.meaning
            )
        })
        .collect();
    assert_eq!(rows, expected);
}
