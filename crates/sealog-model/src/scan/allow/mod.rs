//! Which names a pickle may import, and what it may do with each: exact pairs, one list for each framework.
//!
//! A line of a list is `WHAT MODULE NAME`; `WHAT` is one or more of `name` (may be mentioned), `class` (may be
//! instantiated without being called) and `call:CONDITION` (may be called with such arguments), joined by `+`.
//! There are no wildcards among the allowed names. `dangerous.txt` has them: it only raises the weight of what is not
//! allowed anyway.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What the arguments of a call must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing imported is among them.
    Data,
    /// What is imported among them is itself allowed.
    Allowed,
    /// The first is numpy's array class or a subclass of it that the lists name.
    Array,
    /// The first is itself an allowed name; nothing imported is among the others.
    Named,
    /// The first is an allowed class, the second a builtin one.
    Class,
    /// The first is a builtin class or a collection of the standard library, or there is none.
    Factory,
    /// The first is numpy's class of records or nothing imported; nothing imported is among the others.
    Dtype,
    /// The first is a tensor storage.
    Storage,
    /// A text, and the name of an encoding that maps bytes one to one.
    Latin1,
}

/// What may be done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Entry {
    /// May be instantiated by its `__new__`.
    pub(super) class: bool,
    /// May be called, with these arguments.
    pub(super) call: Option<Condition>,
}

type Table = HashMap<(&'static str, &'static str), Entry>;

static LISTS: &[&str] = &[
    include_str!("python.txt"),
    include_str!("numpy.txt"),
    include_str!("joblib.txt"),
    include_str!("pandas.txt"),
    include_str!("scipy.txt"),
    include_str!("sklearn.txt"),
    include_str!("torch.txt"),
    include_str!("torch_modules.txt"),
    include_str!("xgboost.txt"),
    include_str!("lightgbm.txt"),
    include_str!("imblearn.txt"),
    include_str!("category_encoders.txt"),
];

static ALLOWED: LazyLock<Table> = LazyLock::new(|| {
    let lines = LISTS.iter().flat_map(|list| list.lines());
    lines.filter_map(line).collect()
});

static DANGEROUS: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("dangerous.txt").lines();
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// A module and a name in it.
type Pair = (&'static str, &'static str);

static RENAMED: LazyLock<HashMap<Pair, Pair>> = LazyLock::new(|| {
    let mut map = HashMap::new();
    for line in include_str!("renamed.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match *words.as_slice() {
            [old, new] => map.insert((old, "*"), (new, "*")),
            [module, name, new_module, new_name] => {
                map.insert((module, name), (new_module, new_name))
            }
            _ => None,
        };
    }
    map
});

fn line(line: &'static str) -> Option<((&'static str, &'static str), Entry)> {
    let mut words = line.split(' ');
    let (what, module, name) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let mut entry = Entry::default();
    for part in what.split('+') {
        match part {
            "name" => {}
            "class" => entry.class = true,
            call => entry.call = Some(condition(call.strip_prefix("call:")?)?),
        }
    }
    Some(((module, name), entry))
}

fn condition(word: &str) -> Option<Condition> {
    Some(match word {
        "data" => Condition::Data,
        "allowed" => Condition::Allowed,
        "array" => Condition::Array,
        "named" => Condition::Named,
        "class" => Condition::Class,
        "factory" => Condition::Factory,
        "dtype" => Condition::Dtype,
        "storage" => Condition::Storage,
        "latin1" => Condition::Latin1,
        _ => return None,
    })
}

/// What may be done with a name, if it is allowed.
pub(super) fn allowed(module: &str, name: &str) -> Option<Entry> {
    ALLOWED.get(&(module, name)).copied()
}

/// Whether it, its module or a module around it is known to do harm.
pub(super) fn dangerous(module: &str, name: &str) -> bool {
    DANGEROUS.iter().any(|(known, known_name)| {
        let inside = module == *known
            || module
                .strip_prefix(known)
                .is_some_and(|rest| rest.starts_with('.'));
        match *known_name {
            "*" => inside,
            known_name => module == *known && known_name == name,
        }
    })
}

/// Whether a dotted name leads through something that is known to do harm.
pub(super) fn dangerous_path(module: &str, name: &str) -> bool {
    let mut parts = name.split('.').peekable();
    let mut before = module;
    while let Some(part) = parts.next() {
        let plain = part.trim_start_matches('_');
        let dunder = part.len() > 4 && part.starts_with("__") && part.ends_with("__");
        let leads_on = parts.peek().is_some();
        if dunder
            || (leads_on && (dangerous(plain, "") || dangerous(part, "")))
            || dangerous(before, part)
            || dangerous(before.trim_start_matches('_'), part)
            || dangerous("builtins", part)
        {
            return true;
        }
        before = part;
    }
    false
}

/// The name that `CPython` imports where a pickle of protocol 0, 1 or 2 names this one.
pub(super) fn renamed<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    if let Some((module, name)) = RENAMED.get(&(module, name)) {
        return (module, name);
    }
    match RENAMED.get(&(module, "*")) {
        Some((module, _)) => (module, name),
        None => (module, name),
    }
}

#[cfg(test)]
mod tests;
