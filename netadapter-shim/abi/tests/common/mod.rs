//! The recorded facts, and the names that the crate declares.
#![allow(dead_code, reason = "each test program uses its own part")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The files of facts: short name and file name.
pub const FACTS: [(&str, &str); 4] = [
    ("nt", "ntddk-subset.json"),
    ("wdf", "kmdf-1.33.json"),
    ("net", "netadaptercx-2.3.json"),
    ("binding", "wdf-binding.json"),
];

/// Items that the copied files lack, in the same form: short name of the module and file name.
const ADDITIONS: [(&str, &str); 1] = [("nt", "ntddk-additions.json")];

pub fn facts_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("facts")
}

fn read(file: &str) -> Value {
    let path = facts_directory().join(file);
    let text = std::fs::read_to_string(path).expect("the facts are readable");
    serde_json::from_str(&text).expect("the facts are JSON")
}

/// The facts about one module, with what the copied file lacks.
pub fn facts(module: &str) -> &'static Value {
    static READ: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
        let mut all: BTreeMap<&str, Value> = FACTS
            .iter()
            .map(|(module, file)| (*module, read(file)))
            .collect();
        for (module, file) in ADDITIONS {
            let facts = all.get_mut(module).expect("additions are to a module");
            for (list, items) in read(file).as_object_mut().expect("lists by name") {
                let known = facts[list].as_array_mut().expect("the list exists");
                known.append(items.as_array_mut().expect("a list"));
            }
        }
        all
    });
    &READ[module]
}

/// The items of a list of facts, by name.
pub fn by_name(facts: &Value, list: &str) -> BTreeMap<String, Value> {
    facts[list]
        .as_array()
        .unwrap_or_else(|| panic!("the facts hold the list {list}"))
        .iter()
        .map(|item| (text(&item["name"]).to_owned(), item.clone()))
        .collect()
}

pub fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is a string"))
}

pub fn number(value: &Value) -> i128 {
    match value.as_i64() {
        Some(signed) => signed.into(),
        None => value
            .as_u64()
            .unwrap_or_else(|| panic!("{value} is an integer"))
            .into(),
    }
}

/// Fails with every difference found, not the first one.
pub fn assert_none(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// The text of every source file of the crate.
pub fn sources() -> Vec<String> {
    fn collect(directory: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).expect("the sources are readable") {
            let path = entry.expect("the sources are readable").path();
            if path.is_dir() {
                collect(&path, into);
            } else {
                into.push(std::fs::read_to_string(&path).expect("a source file is text"));
            }
        }
    }
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    files
}

/// The public structures and unions that the sources declare one by one.
pub fn declared_structures() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources() {
        for line in source.lines() {
            let declaration = line
                .strip_prefix("pub struct ")
                .or_else(|| line.strip_prefix("pub union "));
            if let Some(rest) = declaration {
                let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
                names.insert(rest[..end.unwrap_or(rest.len())].to_owned());
            }
        }
    }
    names
}

/// The words inside the blocks of a declaring macro, such as `opaque! { … }`.
pub fn words_in_blocks(macro_call: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for source in sources() {
        let mut rest = source.as_str();
        while let Some(start) = rest.find(macro_call) {
            rest = &rest[start + macro_call.len()..];
            let end = rest.find('}').expect("the block ends");
            words.extend(
                rest[..end]
                    .split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned),
            );
        }
    }
    words
}
