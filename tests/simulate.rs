//! Claim: `dhpnic simulate` runs whole machines by seed, the same in every process, and a fixed
//! scenario with every seed.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dhpnic"))
        .arg("simulate")
        .args(arguments)
        .output()
        .expect("the command runs")
}

/// Runs the command, which must succeed; what it says for programs.
fn results(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("results.json");
    let path = path.to_str().expect("the path is UTF-8");
    let output = simulate(&[arguments, &["--json", path]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}");
    let json = std::fs::read_to_string(path).expect("the results are there");
    serde_json::from_str(&json).expect("the results are JSON")
}

#[test]
fn two_processes_give_the_same_runs_however_many_they_run_at_a_time() {
    let seeds = ["--seeds", "0..12", "--faults", "none"];
    let one = results(&[&seeds[..], &["--jobs", "1", "--twice"]].concat());
    let two = results(&[&seeds[..], &["--jobs", "2"]].concat());
    assert_eq!(one["schema"], "dhpnic.simulate/1");
    for member in [
        "runs", "packets", "hot_adds", "events", "digest", "failures",
    ] {
        assert_eq!(one[member], two[member], "{member}");
    }
    assert_eq!(one["runs"], 12);
}

#[test]
fn a_scenario_is_run_with_every_seed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scenario.toml");
    let text = "[[step]]\ndo = \"traffic\"\npackets = 50\n[[step]]\ndo = \"add-processor\"\n\
                [[step]]\ndo = \"surprise-remove\"\n";
    std::fs::write(&path, text).expect("the folder is writable");
    let path = path.to_str().expect("the path is UTF-8");
    let results = results(&["--seeds", "5..9", "--faults", "none", "--scenario", path]);
    assert_eq!(
        (&results["runs"], &results["hot_adds"]),
        (&4.into(), &4.into())
    );
}

#[test]
fn the_event_trace_is_written_as_text() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("trace.txt");
    let text = path.to_str().expect("the path is UTF-8");
    results(&["--seeds", "3", "--faults", "none", "--trace", text]);
    let trace = std::fs::read_to_string(Path::new(text)).expect("the trace is there");
    for part in [
        "EvtDeviceD0Entry",
        "calls NetAdapterStart",
        "milestone start",
    ] {
        assert!(trace.contains(part), "no {part} in the trace");
    }
}

#[test]
fn a_scenario_that_cannot_be_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, "processors = 1\n[[step]]\ndo = \"link-up\"\n").unwrap();
    let output = simulate(&["--scenario", path.to_str().expect("the path is UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("line 2") && text.contains("it is up"),
        "{text}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn faults_and_seeds_that_make_no_sense_are_refused() {
    for arguments in [
        ["--faults", "no-such-fault"],
        ["--faults", "late-interrupt=2"],
        ["--seeds", "7..7"],
    ] {
        let output = simulate(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?} printed results");
    }
}
