//! Claim: bad input gets one clear sentence, exit code 2, and leaves nothing behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn dhpnic(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dhpnic"))
        .args(arguments)
        .output()
        .expect("the command runs")
}

/// The one line on standard error, after checking the exit code and that nothing was printed.
fn refusal(arguments: &[&str]) -> String {
    let output = dhpnic(arguments);
    let text = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed results");
    text
}

fn sentence(arguments: &[&str], parts: &[&str]) {
    let text = refusal(arguments);
    assert_eq!(
        text.trim_end().lines().count(),
        1,
        "{arguments:?}: not one line: {text}"
    );
    for part in parts {
        assert!(text.contains(part), "{arguments:?}: no {part:?} in: {text}");
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        path.into_os_string()
            .into_string()
            .expect("the path is UTF-8")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

#[test]
fn numbers_that_make_no_machine_are_refused() {
    sentence(
        &["hot-add", "--processors", "0"],
        &["--processors 0", "at least one"],
    );
    sentence(&["hot-add", "--add", "0"], &["--add 0"]);
    sentence(
        &[
            "hot-add",
            "--processors",
            "4",
            "--add",
            "8",
            "--maximum-processors",
            "8",
        ],
        &["4 processors", "8 added", "--maximum-processors 8"],
    );
    sentence(
        &["hot-add", "--maximum-processors", "5000"],
        &["5000", "2048"],
    );
    sentence(&["hot-add", "--packets", "0"], &["--packets 0"]);
    sentence(&["hot-add", "--flows", "0"], &["--flows 0"]);
    sentence(
        &["hot-add", "--frame-size", "9000"],
        &["--frame-size 9000", "1514", "MTU is 1500"],
    );
    sentence(&["hot-add", "--frame-size", "20"], &["--frame-size 20"]);
}

#[test]
fn images_that_are_no_driver_are_refused() {
    let folder = Folder::new();
    let image = dhpnic::bundled::IMAGE;
    sentence(
        &["hot-add", "--image", "no/such.sys"],
        &["no/such.sys", "cannot be read"],
    );
    let empty = folder.file("empty.sys", b"");
    sentence(&["hot-add", "--image", &empty], &["driver image"]);
    let half = folder.file("half.sys", &image[..image.len() / 2]);
    sentence(&["hot-add", "--image", &half], &["driver image"]);
    let text = folder.file("text.sys", b"this is not a driver");
    sentence(&["hot-add", "--image", &text], &["driver image"]);
    let mut arm = image.to_vec();
    let pe = u32::from_le_bytes(arm[0x3c..0x40].try_into().unwrap()) as usize;
    arm[pe + 4..pe + 6].copy_from_slice(&0xAA64_u16.to_le_bytes());
    let arm = folder.file("arm.sys", &arm);
    sentence(&["hot-add", "--image", &arm], &["driver image", "ARM64"]);
}

#[test]
fn an_image_with_an_unknown_import_is_refused_by_the_name_of_the_import() {
    let folder = Folder::new();
    let mut image = dhpnic::bundled::IMAGE.to_vec();
    let name = b"KeRegisterProcessorChangeCallback";
    let at = image
        .windows(name.len())
        .position(|window| window == name)
        .expect("it is imported");
    image[at..at + name.len()].copy_from_slice(b"KeRegisterProcessorChangeCollbeck");
    let path = folder.file("unknown.sys", &image);
    let text = refusal(&["hot-add", "--image", &path]);
    let known = text.contains("KeRegisterProcessorChangeCollbeck") || text.contains("checksum");
    assert!(known, "{text}");
}

#[test]
fn infs_that_cannot_be_installed_are_refused_with_their_place() {
    let folder = Folder::new();
    let inf = String::from_utf8(dhpnic::bundled::INF.to_vec()).expect("the INF is UTF-8");
    let other = folder.file("other.inf", inf.replace("DEV_1041", "DEV_9999").as_bytes());
    sentence(&["hot-add", "--inf", &other], &["INF", "DEV_1041"]);
    let broken = folder.file(
        "broken.inf",
        inf.replacen("[Version]", "[Version", 1).as_bytes(),
    );
    sentence(&["hot-add", "--inf", &broken], &["INF", "line", "column"]);
    let empty = folder.file("empty.inf", b"");
    sentence(&["hot-add", "--inf", &empty], &["INF"]);
}

#[test]
fn captures_that_cannot_be_replayed_are_refused() {
    let folder = Folder::new();
    let capture = include_bytes!("../netadapter-shim/nic/tests/data/mixed-traffic-small.pcap");
    sentence(
        &["hot-add", "--pcap", "no/such.pcap"],
        &["--pcap", "no/such.pcap"],
    );
    let cut = folder.file("cut.pcap", &capture[..capture.len() - 7]);
    sentence(&["hot-add", "--pcap", &cut], &["--pcap"]);
    let mut wireless = capture.to_vec();
    wireless[20..24].copy_from_slice(&105_u32.to_le_bytes());
    let wireless = folder.file("wireless.pcap", &wireless);
    sentence(&["hot-add", "--pcap", &wireless], &["--pcap", "Ethernet"]);
    let text = folder.file(
        "text.pcap",
        b"this is not a capture, however long it may be",
    );
    sentence(&["hot-add", "--pcap", &text], &["--pcap"]);
}

#[test]
fn a_result_file_is_written_whole_or_not_at_all() {
    let folder = Folder::new();
    let path = folder.path("result.json");
    refusal(&["hot-add", "--processors", "0", "--json", text(&path)]);
    assert!(!path.exists());
    let nowhere = folder.path("no/such/folder/result.json");
    let output = dhpnic(&["hot-add", "--packets", "2000", "--json", text(&nowhere)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--json"));
}

#[test]
fn results_for_programs_have_the_members_of_their_schema() {
    let folder = Folder::new();
    let path = folder.path("result.json");
    let output = dhpnic(&["hot-add", "--packets", "5000", "--json", text(&path)]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let file = std::fs::read(&path).expect("the result was written");
    let value: serde_json::Value = serde_json::from_slice(&file).expect("it is JSON");
    assert_eq!(value["schema"], "dhpnic.hot-add/1");
    assert_eq!(value["image"]["sha256"].as_str().map(str::len), Some(64));
    for phase in ["before", "after"] {
        let phase = &value[phase];
        for member in ["processors", "rx_queues", "indirection_entries", "packets"] {
            assert!(phase[member].is_u64(), "{member}: {phase}");
        }
        assert!(phase["packets_per_second"].is_f64() && phase["packets_per_second_wall"].is_f64());
        assert_eq!(phase["projected"], true);
        for processor in phase["per_processor"].as_array().expect("a list") {
            for member in ["group", "number", "packets", "busy_ns", "dpcs"] {
                assert!(processor[member].is_u64(), "{member}: {processor}");
            }
        }
    }
    assert_eq!(
        (
            &value["before"]["processors"],
            &value["after"]["processors"]
        ),
        (&1.into(), &2.into())
    );
    for member in ["accepted", "delivered", "lost", "dropped_by_device"] {
        assert!(value["loss"][member].is_u64(), "{member}");
    }
    assert_eq!(value["loss"]["lost"], 0);
    assert!(value["blackout_ns"].is_u64() && value["entries_moved"].is_u64());
    assert!(value["seed"].is_u64() && value["policy"].is_string());
    assert!(value["buffers"]["before"].is_u64() && value["buffers"]["after"].is_u64());
    assert_eq!(value["violations"], serde_json::json!([]));
    let events = value["events"].as_array().expect("a list");
    for name in [
        "start_notification",
        "complete_notification",
        "interface_arrival",
        "query_stop",
        "stop",
        "start",
        "rss_set",
        "first_packet",
    ] {
        assert!(
            events
                .iter()
                .any(|event| event["name"] == name && event["at_ns"].is_u64()),
            "{name}"
        );
    }
}

#[test]
fn rules_lists_every_rule_with_level_and_page() {
    let folder = Folder::new();
    let path = folder.path("rules.json");
    let output = dhpnic(&["rules", "--json", text(&path)]);
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).expect("text is UTF-8");
    let file = std::fs::read(&path).expect("the rules were written");
    let value: serde_json::Value = serde_json::from_slice(&file).expect("it is JSON");
    assert_eq!(value["schema"], "dhpnic.rules/1");
    let rules = value["rules"].as_array().expect("a list");
    assert_eq!(
        rules.len(),
        netadapter_host::verifier::registry().count(),
        "rules in the file"
    );
    for rule in rules {
        for member in ["name", "level", "page", "demand"] {
            let member = rule[member].as_str().expect("text");
            assert!(!member.is_empty() && listed.contains(member), "{member}");
        }
    }
    assert!(listed.contains(&format!("{} rules", rules.len())));
}
