//! The tree of commands, and the grouped help of its root.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command::{
    checkpoint, config, doctor, epoch, erase, export, hold, import, init, key, label, model,
    producers, publish, read, receipt, record, redact, retention, reveal, search, shell, stats,
    verify,
};

/// A tamper-evident flight recorder for AI decisions
#[derive(Debug, Parser)]
#[command(
    name = "sealog",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
#[command(after_help = "\
Exit status: 0 holds; 1 refuted; 2 could not be decided or done (usage, keys, disk, unpinned).
The ledger: --ledger, else SEALOG_LEDGER, else the only `*.sealog` in the working directory.
Every option, its variable and its place in a configuration file: docs/configuration.md")]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Directory of the ledger
    #[arg(long, global = true, value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Read this configuration file and no other
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the key files [default: <ledger>.secrets]
    #[arg(long, global = true, value_name = "DIR")]
    pub secrets: Option<PathBuf>,
    /// Set any option of docs/configuration.md
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, OsString)>,
    /// Colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<OsString>,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// The flags that were given, as options of the table; a flag of its own wins over `--set`.
    pub fn flags(&self) -> Vec<(String, OsString)> {
        let mut flags = self.set.clone();
        let mut push = |name: &str, value: Option<OsString>| {
            flags.extend(value.map(|value| (name.to_owned(), value)));
        };
        push("ledger", self.ledger.clone().map(PathBuf::into_os_string));
        push("secrets", self.secrets.clone().map(PathBuf::into_os_string));
        push("color", self.color.clone());
        push("json", self.json.then(|| "true".into()));
        flags
    }
}

fn pair(text: &str) -> Result<(String, OsString), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.into()))
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a ledger, its key and its first entry
    Init(init::Args),
    /// Append records and print their receipts
    Record(record::Args),
    /// Verify a log of an older system and adopt its records
    Import(import::Args),
    /// List entries in the order of the log
    Log(read::LogArgs),
    /// Show one entry
    Show(read::ShowArgs),
    /// Find entries by kind, system, model, label, time and more
    Search(Box<search::Args>),
    /// Count: kinds, labels, actions, rates, scores, gaps
    Stats(Box<stats::Args>),
    /// Show the newest entries, and follow new ones
    Tail(read::TailArgs),
    /// Verify a ledger, a receipt or an extract, offline, with one pinned key
    Verify(Box<verify::Args>),
    /// Print the receipt of an entry, or verify one
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Print the newest signed checkpoint, to be kept elsewhere
    Checkpoint(checkpoint::Args),
    /// Write entries as JSON Lines, each with its proof
    Export(Box<export::Args>),
    /// Write the log as tiles that stock log clients read
    Publish(publish::Args),
    /// Models: digest, sign, verify, compare, scan
    #[command(subcommand)]
    Model(model::Command),
    /// Take personal data out of standard input
    Redact(redact::Args),
    /// Privacy policies: check one, list what it looks for
    #[command(subcommand)]
    Policy(redact::Command),
    /// Show a sealed value of an entry; the log records who looked
    Reveal(reveal::Args),
    /// Erase a person or a tenant: destroy their keys, keep every proof
    Erase(erase::Args),
    /// How long entries are kept, and disposing of them
    #[command(subcommand)]
    Retention(retention::Command),
    /// Legal holds: what stays, whatever a policy says
    #[command(subcommand)]
    Hold(hold::Command),
    /// Configurations: bands of a score, who set them and why
    #[command(subcommand)]
    Config(config::Command),
    /// Labels: stable ids, names that can change
    #[command(subcommand)]
    Label(label::Command),
    /// The log's key: make, show, trust, rotate
    #[command(subcommand)]
    Key(key::Command),
    /// Epochs: seal the state map, or list those sealed
    #[command(subcommand)]
    Epoch(epoch::Command),
    /// List runs of producers: whole, with holes, or open
    Producers(producers::Args),
    /// Say what this machine guarantees and where each setting comes from
    Doctor(doctor::Args),
    /// Print completions for a shell
    Completions(shell::CompletionsArgs),
    /// Write the manual pages into a directory
    Man(shell::ManArgs),
}

/// The groups of the help, in order.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Record", &["init", "record", "import"]),
    ("Read", &["log", "show", "search", "stats", "tail"]),
    (
        "Prove",
        &["verify", "receipt", "checkpoint", "export", "publish"],
    ),
    ("Models", &["model"]),
    (
        "Privacy",
        &["redact", "policy", "reveal", "erase", "retention", "hold"],
    ),
    (
        "Run",
        &[
            "config",
            "label",
            "key",
            "epoch",
            "producers",
            "doctor",
            "completions",
            "man",
        ],
    ),
];

/// How clap writes headings; taken out again where no terminal reads.
const HEADING: &str = "\u{1b}[1m\u{1b}[4m";
const PLAIN: &str = "\u{1b}[0m";

/// The root command with its help in groups.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let mut template = String::from("{about}\n\n{usage-heading} {usage}\n");
    for (group, names) in GROUPS {
        let _ = write!(template, "\n{HEADING}{group}:{PLAIN}\n");
        for name in *names {
            let about = command
                .find_subcommand(name)
                .and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(template, "  {name:<13}{about}");
        }
    }
    let _ = write!(template, "\n{HEADING}Options of every command:{PLAIN}\n");
    template.push_str("{options}{after-help}");
    command.help_template(template)
}

/// Parses a command line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_help_shows_every_command_once_and_fits_100_columns() {
        let grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let mut sorted = grouped.clone();
        sorted.sort_unstable();
        let mut all: Vec<String> = command()
            .get_subcommands()
            .map(|sub| sub.get_name().to_owned())
            .collect();
        all.sort_unstable();
        assert_eq!(sorted, all);
        let mut tree = command();
        tree.build();
        check_width(&mut tree);
    }

    fn check_width(command: &mut clap::Command) {
        for line in command.render_long_help().to_string().lines() {
            assert!(
                line.chars().count() <= 100,
                "{}: {line}",
                command.get_name()
            );
        }
        for sub in command.get_subcommands_mut() {
            check_width(sub);
        }
    }

    #[test]
    fn a_flag_of_its_own_wins_over_set() {
        let line = [
            "sealog", "--set", "ledger=a", "--ledger", "b", "label", "list",
        ];
        let cli = parse(line.map(Into::into)).unwrap();
        let flags = cli.global.flags();
        assert_eq!(flags.last(), Some(&("ledger".to_owned(), "b".into())));
        assert!(parse(["sealog", "--set", "ledger", "label", "list"].map(Into::into)).is_err());
    }
}
