//! Claim: a driver that was written in C and built elsewhere runs. Two of its adapters pass packets
//! to each other, and what it must not do is found by name.
//!
//! The driver is `tests/cdriver`. Its image is checked in, so that no other compiler is needed;
//! where mingw-w64 is installed, it is built again, for other versions of NetAdapterCx too.

use netadapter_host::executive::{Trace, run_passive};
use netadapter_host::machine::{Machine, SoftwareAdapter};
use netadapter_host::upper_edge::FrameSink;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const IMAGE: &[u8] = include_bytes!("cdriver/crosswire.sys");

/// What the image is made of, in the order of the build script.
const INPUTS: [&[u8]; 11] = [
    include_bytes!("cdriver/contract.h"),
    include_bytes!("cdriver/inlined.h"),
    include_bytes!("cdriver/link.h"),
    include_bytes!("cdriver/guarded.h"),
    include_bytes!("cdriver/stub.c"),
    include_bytes!("cdriver/link.c"),
    include_bytes!("cdriver/guarded.c"),
    include_bytes!("cdriver/crosswire.c"),
    include_bytes!("cdriver/ntoskrnl.def"),
    include_bytes!("cdriver/wdfldr.def"),
    include_bytes!("cdriver/build.sh"),
];

/// What keyword `Fault` makes the driver do, from 1 on, and what the host calls it.
const FAULTS: [(&str, &str); 6] = [
    ("ASSERTION_FAILURE", "int 0x2c"),
    ("KERNEL_SECURITY_CHECK_FAILURE", "LIST_ENTRY is corrupt"),
    ("UNKNOWN_PROCESSOR_FIELD", "gs:[0x7f0]"),
    ("ACCESS_VIOLATION", "write at address 0xfffff78000000014"),
    ("UNKNOWN_INSTRUCTION", "`mov`"),
    // Inside a __try whose filter passes it on.
    ("ASSERTION_FAILURE", "int 0x2c"),
];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cdriver")
        .join(name)
}

fn dhpnic_run(image: &Path, arguments: &[&str]) -> Output {
    let (image, inf) = (image.display().to_string(), source("crosswire.inf"));
    let inf = inf.display().to_string();
    Command::new(env!("CARGO_BIN_EXE_dhpnic"))
        .args(["run", "--image", &image, "--inf", &inf])
        .args(arguments)
        .output()
        .expect("the command runs")
}

/// The exit code and what was written to standard error.
fn failure(arguments: &[&str]) -> (Option<i32>, String) {
    let output = dhpnic_run(&source("crosswire.sys"), arguments);
    let text = String::from_utf8(output.stderr).expect("messages are UTF-8");
    (output.status.code(), text)
}

/// Runs a pair that passes packets, and checks everything that the command tells.
fn pass_packets(image: &Path, packets: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("result.json");
    let (count, file) = (packets.to_string(), json.display().to_string());
    let output = dhpnic_run(
        image,
        &[
            "--pair",
            "--keyword",
            "Station=1",
            "--peer-keyword",
            "Station=2",
            "--packets",
            &count,
            "--json",
            &file,
        ],
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let result: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("it was written")).expect("JSON");
    assert_eq!(result["schema"], "dhpnic.run/1");
    let adapters = result["adapters"].as_array().expect("a list");
    let addresses: Vec<_> = adapters.iter().map(|a| a["address"].as_str()).collect();
    assert_eq!(
        addresses,
        [Some("02:43:72:6f:73:01"), Some("02:43:72:6f:73:02")]
    );
    for adapter in adapters {
        assert_eq!(adapter["sent"]["submitted"], packets);
        assert_eq!(adapter["sent"]["completed"], packets);
        assert_eq!(adapter["receive_queues"][0]["packets"], packets);
        assert_eq!(adapter["arrivals"]["intact"], packets);
        for wrong in ["repeated", "misordered", "unknown", "discarded"] {
            assert_eq!(adapter["arrivals"][wrong], 0, "{wrong}");
        }
    }
    for (name, calls) in [
        ("EvtDriverDeviceAdd", 2),
        ("EvtPacketQueueStop", 4),
        ("EvtDriverUnload", 1),
    ] {
        assert_eq!(result["callbacks"][name], calls, "{name}");
    }
    let printed = result["debug_output"].to_string();
    let carried = format!("station 2 sent {packets} frames, 0 were dropped");
    assert!(printed.contains(&carried), "{printed}");
    assert!(printed.contains("some cycles counted"), "{printed}");
}

#[test]
fn the_checked_in_image_was_built_from_the_sources_beside_it() {
    let mut hash = Sha256::new();
    INPUTS.iter().for_each(|input| hash.update(input));
    let digest: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let stamp = format!("sources {digest}");
    let is_there = IMAGE
        .windows(stamp.len())
        .any(|part| part == stamp.as_bytes());
    assert!(
        is_there,
        "tests/cdriver/crosswire.sys is older than its sources: run tests/cdriver/build.sh \
         tests/cdriver/crosswire.sys"
    );
}

#[test]
fn two_adapters_of_a_driver_written_in_c_pass_packets_to_each_other() {
    pass_packets(&source("crosswire.sys"), 3_000);
}

/// The oldest and the newest version that the host binds, by the two forms of the bind record.
#[test]
fn the_driver_built_here_for_other_versions_of_netadaptercx_does_the_same() {
    let compiler = Command::new("x86_64-w64-mingw32-gcc")
        .arg("--version")
        .output();
    if compiler.is_err() {
        println!("not built again: the build has said that mingw-w64 is not installed");
        return;
    }
    for minor in ["0", "3", "5"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let image = folder.path().join("crosswire.sys");
        let build = Command::new(source("build.sh"))
            .args([&image, Path::new(minor)])
            .output()
            .expect("the build script runs");
        let errors = String::from_utf8_lossy(&build.stderr);
        assert!(build.status.success(), "NetAdapterCx 2.{minor}: {errors}");
        pass_packets(&image, 500);
    }
}

/// Counts what arrives.
#[derive(Default)]
struct Arrivals(AtomicU64);

impl FrameSink for Arrivals {
    fn delivered(&self, _queue: u32, _frame: &[u8]) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn discarded(&self, _queue: u32, _frame: &[u8]) {}
}

/// A pair on a deterministic machine: boots, passes packets both ways, unloads.
fn deterministic_run(seed: u64) -> (Trace, Vec<String>) {
    const FRAMES: u64 = 100;
    let arrivals = Arc::new(Arrivals::default());
    let builder = Machine::builder()
        .processors(2)
        .memory(256 << 20)
        .deterministic(seed)
        .driver(IMAGE, include_bytes!("cdriver/crosswire.inf"));
    let builder = ["1", "2"].into_iter().fold(builder, |builder, station| {
        builder.software_adapter(SoftwareAdapter {
            hardware_id: "Root\\Crosswire".to_owned(),
            keywords: vec![("Station".to_owned(), station.to_owned())],
            sink: arrivals.clone(),
        })
    });
    let machine = builder.boot().expect("the pair boots");
    let (system, edges) = (machine.system(), machine.upper_edges());
    let sent = run_passive(system, "transport", move || {
        (0..FRAMES).all(|number| {
            let frame = [number as u8; 100];
            edges.iter().all(|edge| edge.transmit(&frame).is_ok())
        })
    });
    assert_eq!(sent, Some(true));
    let done = || arrivals.0.load(Ordering::Relaxed) == 2 * FRAMES;
    machine.run_until("packets", done).expect("all arrive");
    let trace = machine.trace().expect("the machine is deterministic");
    machine.shut_down().expect("the driver unloads");
    let printed = system.subsystem::<netadapter_host::kernel::DebugLog>();
    (trace, printed.lines())
}

#[test]
fn a_foreign_driver_runs_the_same_way_again_with_the_same_seed() {
    let digests: std::collections::BTreeSet<u64> = (0..10)
        .map(|seed| {
            let (one, two) = (deterministic_run(seed), deterministic_run(seed));
            assert_eq!(one.0.bytes(), two.0.bytes(), "seed {seed}");
            assert_eq!(one.1, two.1, "seed {seed}");
            one.0.digest()
        })
        .collect();
    assert!(digests.len() > 5, "seeds decide: {digests:?}");
}

#[test]
fn a_keyword_decides_whether_the_device_can_be_added() {
    let (code, text) = failure(&["--packets", "10"]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("STATUS_INVALID_PARAMETER"), "{text}");
    let alone = dhpnic_run(
        &source("crosswire.sys"),
        &["--keyword", "Station=254", "--packets", "10", "--seed", "3"],
    );
    assert!(alone.status.success());
    let text = String::from_utf8_lossy(&alone.stdout);
    assert!(text.contains("10 frames, 10 given back"), "{text}");
    let (code, text) = failure(&["--keyword", "Station=255"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("Station") && text.contains("0 to 254"),
        "{text}"
    );
}

#[test]
fn what_only_ring_0_may_and_the_driver_must_not_do_is_found_by_name() {
    for (number, (rule, detail)) in FAULTS.iter().enumerate() {
        let fault = format!("Fault={}", number + 1);
        let (code, text) = failure(&["--keyword", "Station=1", "--keyword", &fault]);
        assert_eq!(code, Some(3), "{fault}: {text}");
        assert!(
            text.contains(rule) && text.contains(detail),
            "{fault}: {text}"
        );
        assert!(text.contains("driver     image + 0x"), "{fault}: {text}");
    }
}

#[test]
fn options_that_make_no_run_are_refused() {
    let cases: [(&[&str], &str); 4] = [
        (&["--packets", "0"], "--packets 0"),
        (&["--frame-size", "20"], "--frame-size 20"),
        (&["--peer-keyword", "Station=2"], "--pair"),
        (&["--keyword", "Station"], "NAME=VALUE"),
    ];
    for (arguments, part) in cases {
        let (code, text) = failure(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
}

#[test]
fn the_driver_of_this_repository_is_run_with_the_network_function() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        path.display().to_string()
    };
    let image = file("dhpnic.sys", dhpnic::bundled::IMAGE);
    let inf = file("dhpnic.inf", dhpnic::bundled::INF);
    let run = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_dhpnic"))
            .args(["run", "--image", &image, "--inf", &inf])
            .args(more)
            .output()
            .expect("the command runs")
    };
    let output = run(&["--packets", "2000"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("EvtPacketQueueAdvance"), "{text}");
    let pair = run(&["--pair"]);
    assert_eq!(pair.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&pair.stderr).contains("--pair"));
}
