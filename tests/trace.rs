//! Claim: `dhpnic trace` says what a trace tells, with the numbers that are in it, whatever is
//! missing or damaged.

#[path = "trace/driver.rs"]
mod driver;
#[path = "trace/scene.rs"]
mod scene;

use scene::Scene;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn dhpnic(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dhpnic"))
        .args(arguments)
        .output()
        .expect("the command runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// A folder with a trace in it.
struct Traced {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Traced {
    fn new(scene: Scene) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("trace.etl");
        scene.write(&file);
        Self { folder, file }
    }

    /// What is printed, and what is written for programs.
    fn analyse(&self, more: &[&str]) -> (String, Value) {
        let json = self.folder.path().join("trace.json");
        let mut arguments = vec!["trace", text(&self.file), "--json", text(&json)];
        arguments.extend(more);
        let output = dhpnic(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        let value = fs::read(&json).expect("it was written");
        let value = serde_json::from_slice(&value).expect("it is JSON");
        let printed = String::from_utf8(output.stdout).expect("it is UTF-8");
        (printed, value)
    }
}

fn find<'a>(list: &'a Value, key: &str, wanted: &str) -> &'a Value {
    let list = list.as_array().expect("it is a list");
    let found = list.iter().find(|item| item[key] == wanted);
    found.unwrap_or_else(|| panic!("no {key} {wanted} in {list:#?}"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn warnings(value: &Value) -> Vec<&str> {
    let list = value["warnings"].as_array().expect("it is a list");
    list.iter()
        .filter_map(|warning| warning["text"].as_str())
        .collect()
}

#[test]
fn processors_that_are_added_appear_in_the_timeline_and_the_comparison() {
    let (printed, value) = Traced::new(Scene::default()).analyse(&[]);
    assert_eq!(value["schema"], "dhpnic.trace/1");
    assert_eq!(value["focus"], "dhpnic.sys");
    let change = &value["changes"][0];
    assert_eq!(change["name"], "processors 2, 3 added");
    assert_eq!(change["source"], "driver");
    let figure = |what: &str| number(&find(&change["figures"], "what", what)["value"]);
    assert!((figure("until the complete notification") - 1.5).abs() < 1e-6);
    // The first interrupts come with the queues, 6 ms after the start of the first processor.
    assert!((figure("until the first DPC of the module there") - 6.125).abs() < 1e-6);
    assert!((figure("until its share is steady") - 6.125).abs() < 1e-6);
    assert!((figure("stop took") - 0.9).abs() < 1e-6);
    assert!((figure("indirection entries moved") - 8.0).abs() < 1e-6);
    let steps = change["timeline"].as_array().expect("it is a list");
    assert!(steps.is_sorted_by_key(|step| step["offset_ns"].as_i64()));
    let offset = |what: &str| number(&find(&change["timeline"], "what", what)["offset_ns"]);
    assert_eq!(offset("start notification, processor 2") as i64, 0);
    let comparison = &value["comparison"];
    let working = find(comparison, "what", "dhpnic.sys: processors with its DPCs");
    assert_eq!(
        (number(&working["before"]), number(&working["after"])),
        (2.0, 4.0)
    );
    for part in [
        "Before and after: processors 2, 3 added",
        // The first event that is measured comes 1 ms after the start.
        "Timeline: processors 2, 3 added, at 1.999 s",
        "interface arrival, processor",
        "first DPC of dhpnic.sys on processor 3",
    ] {
        assert!(printed.contains(part), "no {part:?} in {printed}");
    }
}

#[test]
fn dpc_and_isr_times_are_those_in_the_trace() {
    let traced = Traced::new(Scene::default());
    let (_, value) = traced.analyse(&[]);
    let mut trace = etl::Trace::open(&traced.file).expect("it was written");
    let mut dpcs = 0;
    let mut longest = 0;
    while let Some(event) = trace.next_event().expect("it can be read") {
        if let Ok(Some(etl::kernel::KernelEvent::Dpc(dpc))) = event.kernel()
            && dpc.kind == etl::kernel::DpcKind::Normal
        {
            dpcs += 1;
            longest = longest.max(event.time_stamp - dpc.initial_time);
        }
    }
    let functions = value["functions"].as_array().expect("it is a list");
    let dpc = functions
        .iter()
        .find(|row| row["type"] == "DPC")
        .expect("there are DPCs");
    assert_eq!(dpc["count"].as_u64(), Some(dpcs));
    assert_eq!(dpc["max_ns"].as_i64(), Some(longest * 100));
    assert_eq!(dpc["module"], "dhpnic.sys");
    assert_eq!(dpc["function"], "+0x1800");
    let over = dpc["over"].as_u64().expect("it is a number");
    assert!(over > 0 && over < dpcs / 100);
    // All time is somebody's: processors, modules and phases agree.
    let sum = |list: &Value, key: &str| -> u64 {
        let list = list.as_array().expect("it is a list");
        list.iter().filter_map(|row| row[key].as_u64()).sum()
    };
    let by_processor = sum(&value["processors"], "dpc_ns");
    assert_eq!(by_processor, sum(&value["modules"], "dpc_ns"));
    assert_eq!(by_processor, sum(&value["phases"], "dpc_ns"));
    // An ISR here never interrupts a DPC, so exclusive and inclusive times agree too.
    assert_eq!(
        by_processor,
        sum(&value["functions"], "total_ns") - sum(&value["processors"], "isr_ns")
    );
    let counts = |list: &Value| sum(list, "count");
    assert_eq!(
        counts(&value["dpc_histogram"]),
        sum(&value["processors"], "dpc_count")
    );
}

#[test]
fn queues_have_a_row_and_their_shares_are_compared() {
    let (_, value) = Traced::new(Scene::default()).analyse(&[]);
    let queues = value["queues"].as_array().expect("it is a list");
    assert_eq!(queues.len(), 4);
    assert!((number(&queues[0]["packets_per_poll"]) - 10.0).abs() < 0.1);
    let phases: Vec<_> = value["imbalance"]
        .as_array()
        .expect("it is a list")
        .iter()
        .collect();
    let after = phases
        .iter()
        .find(|row| row["phase"] == "after" && row["what"] == "packets");
    let after = after.expect("packets were counted");
    assert_eq!(after["cpus"], serde_json::json!([0, 1, 2, 3]));
    assert!(number(&after["max_to_mean"]) < 1.1);
}

#[test]
fn the_driver_s_thread_has_its_switches_and_ready_times() {
    let (_, value) = Traced::new(Scene::default()).analyse(&[]);
    let threads = value["threads"].as_array().expect("it is a list");
    assert_eq!(threads.len(), 1);
    let thread = &threads[0];
    assert_eq!(
        thread["thread_id"].as_u64(),
        Some(scene::DRIVER_THREAD.into())
    );
    assert_eq!(thread["reason"], "started in the module");
    assert_eq!(thread["process"], "System");
    let count = number(&thread["count"]);
    assert!((number(&thread["ready_ns"]) / count - 20_000.0).abs() < 1.0);
    assert_eq!(thread["waits"], thread["count"]);
    // 2 ms each, less what DPCs and ISRs took of it.
    let run = number(&thread["run_ns"]) / count;
    assert!((1_000_000.0..2_000_000.0).contains(&run), "{run}");
}

#[test]
fn a_compressed_trace_says_the_same() {
    let (_, plain) = Traced::new(Scene::default()).analyse(&[]);
    let scene = Scene {
        is_compressed: true,
        ..Scene::default()
    };
    let (_, packed) = Traced::new(scene).analyse(&[]);
    assert!(packed["file"]["compressed_buffers"].as_u64() > Some(0));
    for part in ["processors", "functions", "queues", "comparison", "threads"] {
        assert_eq!(plain[part], packed[part], "{part}");
    }
}

#[test]
fn without_events_of_the_driver_a_processor_s_first_record_is_the_change() {
    let scene = Scene {
        has_driver_events: false,
        module: "mlx5.sys",
        ..Scene::default()
    };
    let (_, value) = Traced::new(scene).analyse(&["--module", "mlx5.sys"]);
    let change = &value["changes"][0];
    assert_eq!(change["source"], "first_record");
    assert_eq!(change["processors"], serde_json::json!([2, 3]));
    let warnings = warnings(&value);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("no events of the provider Dhpnic"))
    );
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("first record of processor 2, 3"))
    );
    assert_eq!(value["modules"][0]["module"], "mlx5.sys");
    let working = find(
        &value["comparison"],
        "what",
        "mlx5.sys: processors with its DPCs",
    );
    assert_eq!(
        (number(&working["before"]), number(&working["after"])),
        (2.0, 4.0)
    );
}

#[test]
fn without_events_of_the_kernel_the_driver_s_are_analysed() {
    let scene = Scene {
        has_kernel_events: false,
        ..Scene::default()
    };
    let (printed, value) = Traced::new(scene).analyse(&[]);
    let warnings = warnings(&value);
    for part in [
        "no DPC events (it was not recorded)",
        "no ISR events",
        "no context switches",
    ] {
        assert!(
            warnings.iter().any(|text| text.contains(part)),
            "{warnings:#?}"
        );
    }
    assert_eq!(value["queues"].as_array().map(Vec::len), Some(4));
    assert_eq!(value["changes"][0]["name"], "processors 2, 3 added");
    assert!(printed.contains("start notification, processor 2"));
}

#[test]
fn without_images_routines_are_addresses() {
    let scene = Scene {
        has_images: false,
        ..Scene::default()
    };
    let (_, value) = Traced::new(scene).analyse(&[]);
    assert!(
        warnings(&value)
            .iter()
            .any(|text| text.contains("no image events"))
    );
    let dpc = format!("{:#x}", scene::DRIVER_BASE + 0x1800);
    let function = find(&value["functions"], "function", &dpc);
    assert_eq!(function["module"], "unknown");
}

#[test]
fn a_time_on_the_command_line_divides_the_trace() {
    let traced = Traced::new(Scene::default());
    let (_, value) = traced.analyse(&["--at", "1.5"]);
    assert_eq!(value["changes"][0]["source"], "command_line");
    let phases = value["phases"].as_array().expect("it is a list");
    assert_eq!(phases.len(), 3);
    assert!((number(&phases[2]["from_ns"]) / 1e9 - 1.5).abs() < 1e-6);
}

#[test]
fn a_trace_that_is_cut_is_analysed_as_far_as_it_goes() {
    let traced = Traced::new(Scene::default());
    let whole = fs::read(&traced.file).expect("it was written");
    fs::write(&traced.file, &whole[..whole.len() / 2 + 1234]).expect("the folder is writable");
    let (printed, value) = traced.analyse(&[]);
    assert!(
        printed.starts_with("problem: "),
        "warnings come first: {printed}"
    );
    assert_eq!(value["file"]["lossy"], true);
    let warnings = warnings(&value);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("the file ends within a buffer"))
    );
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("it may have been cut"))
    );
    assert!(number(&value["file"]["dpcs"]) > 1000.0);
}

#[test]
fn a_trace_without_its_first_record_is_analysed_with_a_clock_that_is_assumed() {
    let traced = Traced::new(Scene::default());
    let mut bytes = fs::read(&traced.file).expect("it was written");
    bytes[0x48 + 3] = 0;
    fs::write(&traced.file, bytes).expect("the folder is writable");
    let (_, value) = traced.analyse(&[]);
    assert!(
        warnings(&value)
            .iter()
            .any(|text| text.contains("the clock's type or frequency"))
    );
    assert!((number(&value["file"]["span_ns"]) / 1e9 - 5.0).abs() < 0.1);
}

#[test]
fn what_is_no_trace_is_refused_with_one_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty.etl");
    fs::write(&empty, "").expect("the folder is writable");
    let other = folder.path().join("other.etl");
    fs::write(&other, "no trace ".repeat(1000)).expect("the folder is writable");
    let missing = folder.path().join("missing.etl");
    for (file, part) in [
        (&empty, "the file is empty"),
        (&other, "not an event trace log"),
        (&missing, "No such file"),
        (&folder.path().to_owned(), "directory"),
    ] {
        let output = dhpnic(&["trace", text(file)]);
        let errors = String::from_utf8(output.stderr).expect("it is UTF-8");
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        assert!(errors.contains(part), "no {part:?} in {errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn tables_are_written_as_comma_separated_values() {
    let traced = Traced::new(Scene::default());
    let folder = traced.folder.path().join("tables");
    let (_, value) = traced.analyse(&["--csv", text(&folder)]);
    let functions = fs::read_to_string(folder.join("functions.csv")).expect("it was written");
    let mut lines = functions.lines();
    let columns = lines.next().expect("it has columns");
    assert!(columns.starts_with("Module,Function,Type,Count,Total usec"));
    let rows = value["functions"].as_array().expect("it is a list");
    assert_eq!(lines.count(), rows.len());
    for table in [
        "processors",
        "modules",
        "matrix",
        "dpc-histogram",
        "queues",
        "timeline-1",
    ] {
        assert!(folder.join(format!("{table}.csv")).is_file(), "{table}");
    }
}

#[test]
fn two_traces_are_compared() {
    let a = Traced::new(Scene::default());
    let b = Traced::new(Scene {
        dpc_scale: 3,
        ..Scene::default()
    });
    let json = a.folder.path().join("diff.json");
    let output = dhpnic(&[
        "trace",
        "diff",
        text(&a.file),
        text(&b.file),
        "--json",
        text(&json),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let value: Value =
        serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("it is JSON");
    assert_eq!(value["schema"], "dhpnic.trace-diff/1");
    let mean = find(&value["totals"], "what", "DPC duration, mean");
    let ratio = number(&mean["b"]) / number(&mean["a"]);
    assert!((2.0..3.5).contains(&ratio), "{ratio}");
    let printed = String::from_utf8(output.stdout).expect("it is UTF-8");
    assert!(
        printed.contains("dhpnic.sys!+0x1800, DPC, P99"),
        "{printed}"
    );
}
