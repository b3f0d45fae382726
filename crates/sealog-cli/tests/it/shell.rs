//! Completions and manual pages are made from the tree of commands, and name every one.

use std::fs;

use crate::golden::World;

/// Names of the commands, as the help lists them.
fn commands(world: &World) -> Vec<String> {
    let help = world.command().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = listed.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| !name.starts_with('-'))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn completions_name_every_command() {
    let world = World::new();
    let commands = commands(&world);
    assert!(commands.len() >= 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = world
            .command()
            .args(["completions", shell])
            .output()
            .unwrap();
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).unwrap();
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let output = world
        .command()
        .args(["completions", "csh"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let world = World::new();
    let output = world.command().args(["man", "pages"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let root = fs::read_to_string(world.here().join("pages/sealog.1")).unwrap();
    for command in commands(&world) {
        assert!(
            root.contains(&format!("sealog\\-{command}(1)")),
            "{command}"
        );
        let page = world.here().join(format!("pages/sealog-{command}.1"));
        assert!(
            fs::read_to_string(page).unwrap().starts_with(".ie"),
            "{command}"
        );
    }
}
