//! The repository keeps its own rules: short files and functions, arrows between crates that run
//! one way, the calling convention in one place, and nothing of the machine it was written on.

#[path = "repository/source.rs"]
mod source;

use serde_json::Value;
use source::{Function, Source, files, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// Lines of a source file without what is compiled for its unit tests only.
const FILE_LIMIT: usize = 400;

/// Lines of a function from its signature to its closing brace.
const FUNCTION_LIMIT: usize = 70;

/// Files and functions (`file::function`) that may be longer, and why.
const LONGER: &[(&str, &str)] = &[
    (
        "netadapter-shim/abi/tests/layouts.rs::bit_fields",
        "a table with one entry a bit field",
    ),
    (
        "netadapter-shim/host/src/trap/tests/accesses.rs::forms",
        "a table with one line a form of instruction",
    ),
];

/// Files that may name a directory of the machine that made them, and why.
const MACHINE_MADE: &[(&str, &str)] = &[(
    "netadapter-shim/host/src/image/fixtures/probe.pdb",
    "lld writes its command line into a PDB",
)];

/// What each crate of the workspace may depend on inside the workspace.
const ARROWS: &[(&str, &[&str])] = &[
    ("dhpnic", &["etl", "netadapter-host", "netadapter-nic"]),
    ("dhpnic-driver", &["netadapter"]),
    ("etl", &[]),
    ("netadapter", &["netadapter-abi"]),
    ("netadapter-abi", &[]),
    ("netadapter-host", &["netadapter-abi", "netadapter-nic"]),
    ("netadapter-nic", &[]),
    ("rulebreaker", &["netadapter-abi"]),
];

/// Where a calling convention is spelled, which, and why there.
const CONVENTIONS: &[(&str, &[&str], &str)] = &[
    (
        "netadapter-shim/abi/src/calling.rs",
        &["C", "win64"],
        "the macros that everybody else uses",
    ),
    (
        "netadapter-shim/abi/src/declare.rs",
        &["C"],
        "imports of Windows targets, where C is the convention",
    ),
    (
        "netadapter-shim/abi/src/nt/imports.rs",
        &["C"],
        "imports of Windows targets, where C is the convention",
    ),
    (
        "netadapter-shim/host/src/",
        &["C"],
        "what Linux calls and what it offers: signal handlers, the unwinder, assembly",
    ),
    (
        "netadapter-shim/host/src/image/fixtures/",
        &["C", "system"],
        "the source of an image that is checked in and stands alone",
    ),
];

#[test]
fn files_have_one_subject_and_fewer_than_400_lines() {
    let sources = sources();
    let test_files: BTreeSet<_> = sources.iter().flat_map(Source::test_modules).collect();
    let offenders = sources
        .iter()
        .filter(|source| !source.is_test() && !test_files.contains(&source.path))
        .map(|source| {
            (
                source.path.clone(),
                source.lines() - source.lines_of_tests(),
            )
        })
        .filter(|(path, lines)| *lines > FILE_LIMIT && !may_be_longer(path))
        .map(|(path, lines)| format!("{path} has {lines} lines"));
    expect_none(offenders, &format!("files above {FILE_LIMIT} lines"));
}

#[test]
fn functions_have_fewer_than_70_lines() {
    let sources = sources();
    let offenders = sources
        .iter()
        .flat_map(|source| {
            source
                .functions()
                .into_iter()
                .map(move |function| (source, function))
        })
        .filter(|(_, function)| function.lines > FUNCTION_LIMIT)
        .filter(|(source, function)| !may_be_longer(&format!("{}::{}", source.path, function.name)))
        .map(|(source, Function { name, line, lines })| {
            format!("{}:{line}: {name} has {lines} lines", source.path)
        });
    expect_none(
        offenders,
        &format!("functions above {FUNCTION_LIMIT} lines"),
    );
}

#[test]
fn every_exception_from_the_length_rules_is_needed() {
    let sources = sources();
    let long: BTreeSet<_> = sources
        .iter()
        .flat_map(|source| {
            let functions = source
                .functions()
                .into_iter()
                .filter(|f| f.lines > FUNCTION_LIMIT);
            let functions = functions.map(|function| format!("{}::{}", source.path, function.name));
            let lines = source.lines() - source.lines_of_tests();
            functions.chain((lines > FILE_LIMIT).then(|| source.path.clone()))
        })
        .collect();
    let offenders = LONGER
        .iter()
        .filter(|(name, reason)| !long.contains(*name) || reason.is_empty())
        .map(|(name, _)| {
            format!("{name} is short or does not exist, or its exception has no reason")
        });
    expect_none(offenders, "exceptions without need");
}

#[test]
fn the_calling_convention_is_spelled_in_one_place() {
    let sources = sources();
    let offenders = sources.iter().flat_map(|source| {
        let found = source.conventions().into_iter();
        let wrong = found.filter(|(_, convention)| !may_spell(&source.path, convention));
        wrong.map(|(line, convention)| format!("{}:{line}: extern \"{convention}\"", source.path))
    });
    expect_none(
        offenders,
        "calling conventions spelled outside of the macros of abi's calling.rs",
    );
}

#[test]
fn arrows_between_crates_run_one_way() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let metadata = workspace_metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo lists packages");
    let mut offenders = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        let dependencies = package["dependencies"]
            .as_array()
            .expect("cargo lists dependencies");
        // Only those in the workspace have a path.
        for dependency in dependencies
            .iter()
            .filter(|dependency| dependency["path"].is_string())
        {
            let dependency = dependency["name"]
                .as_str()
                .expect("a dependency has a name");
            if !allowed
                .get(name)
                .is_some_and(|allowed| allowed.contains(&dependency))
            {
                offenders.push(format!("{name} -> {dependency}"));
            }
        }
    }
    expect_none(offenders, "arrows against the design");
}

#[test]
fn no_file_names_a_directory_of_its_author() {
    let is_checked = |path: &String| !MACHINE_MADE.iter().any(|(made, _)| made == path);
    let offenders = files().into_iter().filter(is_checked).flat_map(|path| {
        let bytes = fs::read(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = text.lines().enumerate();
        let found = lines.filter_map(|(index, line)| {
            let found = private_directory(line)?;
            Some(format!("{path}:{}: {found}", index + 1))
        });
        found.collect::<Vec<_>>()
    });
    expect_none(offenders, "absolute paths of one machine");
}

#[test]
fn the_checks_see_what_they_look_for() {
    // In two parts, or this file would be an offender itself.
    let private = [
        ("see /home/", "ann/x"),
        ("(/tmp/", "a)"),
        (r"C:\Users\", "ann"),
        ("'/root/", ".cargo'"),
    ];
    for (directory, rest) in private {
        let line = format!("{directory}{rest}");
        assert!(private_directory(&line).is_some(), "{line}");
    }
    for line in [
        "target/tmp/x",
        "https://example.org/home/x",
        "a/work/b",
        "/tmp",
        "\"/home/\"",
    ] {
        assert_eq!(private_directory(line), None);
    }

    let text = "fn a() {\n}\nextern \"C\" fn b() {}\nm! { extern \"win64\" }\nextern crate x;\n\
        // extern \"C\"\nconst S: &str = \"extern \\\"C\\\"\";\n\
        #[cfg(test)]\nmod tests {\n    fn long() {\n    }\n}\n";
    let source = Source::new("src/x.rs".to_owned(), text.to_owned());
    let conventions = [(3, "C".to_owned()), (4, "win64".to_owned())];
    assert_eq!(source.conventions(), conventions);
    assert_eq!((source.lines(), source.lines_of_tests()), (12, 5));
    let names: Vec<_> = source
        .functions()
        .into_iter()
        .map(|f| (f.name, f.lines))
        .collect();
    let expected = [("a", 2), ("b", 1), ("long", 2)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(names, expected);

    let source = Source::new(
        "src/y.rs".to_owned(),
        "#[cfg(test)]\nmod checks;\n".to_owned(),
    );
    assert_eq!(source.test_modules(), ["src/checks.rs", "src/y/checks.rs"]);
}

/// The first part of `line` that names a directory which exists on one machine only.
fn private_directory(line: &str) -> Option<&str> {
    const DIRECTORIES: [&str; 6] = [
        "/home/",
        "/root/",
        "/tmp/",
        "/work/",
        "/Users/",
        r":\Users\",
    ];
    DIRECTORIES.into_iter().find_map(|directory| {
        line.match_indices(directory).find_map(|(at, _)| {
            let before = line[..at].chars().next_back();
            let rest = &line[at + directory.len()..];
            // A relative path or an address of the web goes on to the left.
            let starts = directory.starts_with(':')
                || !before.is_some_and(|c| c.is_alphanumeric() || "/.-_~}$)>*".contains(c));
            let name = rest.find(|c: char| !c.is_alphanumeric() && !"._-".contains(c));
            let name = name.unwrap_or(rest.len());
            (starts && name > 0).then(|| &line[at..at + directory.len() + name])
        })
    })
}

fn may_spell(path: &str, convention: &str) -> bool {
    CONVENTIONS
        .iter()
        .any(|(place, conventions, _)| path.starts_with(place) && conventions.contains(&convention))
}

fn may_be_longer(name: &str) -> bool {
    LONGER.iter().any(|(longer, _)| *longer == name)
}

fn expect_none(offenders: impl IntoIterator<Item = String>, what: &str) {
    let offenders: Vec<_> = offenders.into_iter().collect();
    assert!(
        offenders.is_empty(),
        "{what}:\n  {}",
        offenders.join("\n  ")
    );
}

fn workspace_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata failed: {errors}");
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}
