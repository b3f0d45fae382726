//! What a session does to files, apart from running commands.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use sealog_core::Hash;
use sealog_core::tlog::cosignature::cosign;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;

/// Does one thing: `write FILE`, `fill FILE BYTES`, `append FILE`, `mkdir DIR`, `remove PATH`, `rename FROM TO`, `copy FROM TO`,
/// `chmod MODE PATH`, `replace FILE OLD NEW` (the first one), `cut FILE BYTES` (from its end); of a file's lines,
/// numbered from 1: `drop FILE LINE`, `double FILE LINE`, `swap FILE LINE LINE`; of witnesses with numbers:
/// `cosign NOTE WITNESS SECONDS`, `policy FILE QUORUM WITNESS..`; `fingerprint KEY-FILE FILE`, in capitals; and `wait MILLISECONDS`, where files have to be old.
pub(super) fn act(words: &[String], input: &str, work: &Path) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["write", file] => fs::write(work.join(file), input).unwrap(),
        ["fill", file, bytes] => {
            let bytes = bytes.parse().unwrap();
            let content: Vec<u8> = b"letters ".iter().copied().cycle().take(bytes).collect();
            fs::write(work.join(file), content).unwrap();
        }
        ["append", file] => {
            let old = fs::read_to_string(work.join(file)).unwrap();
            fs::write(work.join(file), old + input).unwrap();
        }
        ["mkdir", directory] => fs::create_dir_all(work.join(directory)).unwrap(),
        ["remove", path] => remove(&work.join(path)),
        ["rename", from, to] => fs::rename(work.join(from), work.join(to)).unwrap(),
        ["copy", from, to] => copy(&work.join(from), &work.join(to)),
        ["chmod", mode, path] => chmod(&work.join(path), u32::from_str_radix(mode, 8).unwrap()),
        ["replace", file, old, new] => {
            let path = work.join(file);
            // Bytes and not text: packages are replaced in too.
            let mut content = fs::read(&path).unwrap();
            let mut places = content.windows(old.len());
            let at = places.position(|bytes| bytes == old.as_bytes());
            let at = at.unwrap_or_else(|| panic!("{file} does not hold {old}"));
            content.splice(at..at + old.len(), new.bytes());
            fs::write(path, content).unwrap();
        }
        ["cut", file, bytes] => {
            let path = work.join(file);
            let mut content = fs::read(&path).unwrap();
            let length = content.len() - bytes.parse::<usize>().unwrap();
            content.truncate(length);
            fs::write(path, content).unwrap();
        }
        ["drop", file, line] => lines(&work.join(file), |lines| {
            lines.remove(position(line));
        }),
        ["double", file, line] => lines(&work.join(file), |lines| {
            lines.insert(position(line), lines[position(line)].clone());
        }),
        ["swap", file, one, two] => lines(&work.join(file), |lines| {
            lines.swap(position(one), position(two));
        }),
        ["cosign", file, seed, time] => {
            let path = work.join(file);
            let note = fs::read_to_string(&path).unwrap();
            let note = cosign(&note, time.parse().unwrap(), &witness(seed)).unwrap();
            fs::write(path, note).unwrap();
        }
        ["policy", file, quorum, ref seeds @ ..] => {
            let names: Vec<String> = seeds.iter().map(|seed| format!("W{seed}")).collect();
            let lines = seeds.iter().zip(&names).map(|(seed, name)| {
                let vkey = witness(seed).verifier_key().to_string();
                format!("witness {name} {vkey}\n")
            });
            let lines: String = lines.collect();
            let group = format!("group G {quorum} {}\nquorum G\n", names.join(" "));
            fs::write(work.join(file), lines + &group).unwrap();
        }
        ["fingerprint", key, file] => {
            let vkey = fs::read_to_string(work.join(key)).unwrap();
            let fingerprint = Hash::of(&[vkey.trim().as_bytes()]).to_hex();
            fs::write(work.join(file), fingerprint.to_uppercase()).unwrap();
        }
        ["wait", milliseconds] => {
            thread::sleep(Duration::from_millis(milliseconds.parse().unwrap()));
        }
        _ => panic!("not understood: {words:?}"),
    }
}

/// A witness of tests, by a number.
fn witness(seed: &str) -> Ed25519Signer {
    let name = format!("w{seed}.example");
    let seed = [seed.parse().unwrap(); 32];
    Ed25519Signer::from_seed(KeyType::CosignatureV1, &name, &seed).unwrap()
}

fn position(line: &str) -> usize {
    line.parse::<usize>().unwrap() - 1
}

fn lines(path: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn remove(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[cfg(unix)]
fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
