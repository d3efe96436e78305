//! Claim: two independent readers of event trace logs, dissect.etl and etl-parser (PyPI), read what
//! is written here, event by event.
//!
//! They are looked for in `target/python`, where `.ci/run` installs them, or by the interpreter that
//! `ETL_PYTHON` names. Where they are not, the tests say so and pass, unless `ETL_PYTHON_REQUIRED`
//! is set.

#[path = "support/events.rs"]
mod events;

use etl::kernel::KernelEvent;
use etl::tracelogging::{EventBuilder, FieldValue};
use etl::{
    EventDescriptor, Identity, Provider, RecordHeader, Session, Trace, Uuid, Writer, Writing,
};
use events::one_of_each;
use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FROM: Writing = Writing {
    thread_id: 12,
    process_id: 4,
};

/// How often every kind of event is written.
const ROUNDS: u16 = 12;

/// The interpreter that has `module`, or `None` after saying why not.
fn python_with(module: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let installed = root.join("target/python/bin/python");
    let python = env::var_os("ETL_PYTHON").map_or(installed, PathBuf::from);
    let check = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .output();
    let reason = match check {
        Ok(output) if output.status.success() => return Some(python),
        Ok(_) => format!("{} has no module {module}", python.display()),
        Err(error) => format!("{}: {error}", python.display()),
    };
    assert!(env::var_os("ETL_PYTHON_REQUIRED").is_none(), "{reason}");
    // Not by a macro: the test harness keeps what those print.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "not compared with {module}: {reason}").expect("standard error is open");
    None
}

/// What a script prints about a file, by time stamp. The files here have no two events at once.
fn events_by(script: &str, python: &Path, file: &Path) -> BTreeMap<i64, Value> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let output = Command::new(python)
        .arg(scripts.join(script))
        .arg(file)
        .output()
        .expect("the interpreter has run before");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed: {errors}");
    let text = String::from_utf8(output.stdout).expect("it prints UTF-8");
    let mut events = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("it prints JSON");
        let time = event["time"].as_i64().expect("every event has a time");
        assert!(events.insert(time, event).is_none(), "two events at {time}");
    }
    events
}

/// A file with every kind of event on several processors, in many buffers.
fn write(path: &Path, is_compressed: bool, kernel: &[KernelEvent<'_>]) {
    let session = Session {
        buffer_size: 4096,
        is_compressed,
        start_ticks: 1_000_000,
        ..Session::default()
    };
    let mut time = session.start_ticks;
    let mut writer = Writer::create(path, session).expect("the folder is writable");
    let provider = Provider::new("Contoso.Net.Driver");
    for round in 0..ROUNDS {
        let processor = round % 3;
        for event in kernel {
            time += 7;
            writer
                .kernel_from(processor, time, FROM, event)
                .expect("it fits");
        }
        time += 7;
        let event = EventBuilder::new("RxPoll")
            .field("Queue", FieldValue::U32(round.into()))
            .field("Packets", FieldValue::U64(u64::from(round) << 33))
            .field("Delta", FieldValue::I32(-i32::from(round)))
            .field("Name", FieldValue::WideText("rxq"))
            .field("Targets", FieldValue::U16Array(&[round, 1, 2]));
        let descriptor = EventDescriptor {
            level: 4,
            keyword: 1,
            ..EventDescriptor::default()
        };
        writer
            .trace_logging(processor, time, FROM, &provider, descriptor, event)
            .expect("it fits");
        time += 7;
        let manifest = Uuid::from_u128(0x1234_5678_9ABC_DEF0_1122_3344_5566_7788);
        let payload = vec![round as u8; usize::from(round) * 9];
        writer
            .provider_event(processor, time, FROM, manifest, descriptor, &[], &payload)
            .expect("it fits");
    }
    let file = writer.finish().expect("the folder is writable");
    file.persist().expect("the folder is writable");
}

/// What this crate reads: header's name, hook, provider, items and payload.
struct Read {
    header: &'static str,
    hook: Option<u64>,
    provider: Option<Uuid>,
    items: Vec<(u64, String)>,
    payload: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string can grow");
        text
    })
}

fn events_by_us(file: &Path) -> BTreeMap<i64, Read> {
    let mut trace = Trace::open(file).expect("it is an event trace log");
    let mut events = BTreeMap::new();
    while let Some(event) = trace.next_event().expect("the file can be read") {
        let hook = match event.header {
            RecordHeader::System { hook, .. } | RecordHeader::PerfInfo { hook, .. } => {
                Some(u64::from(hook.group) << 8 | u64::from(hook.opcode))
            }
            _ => None,
        };
        let read = Read {
            header: match event.header {
                RecordHeader::System { .. } => "system",
                RecordHeader::PerfInfo { .. } => "perfinfo",
                RecordHeader::Full { .. } => "full",
                _ => "event",
            },
            hook,
            provider: match event.identity() {
                Identity::Provider { provider, .. } => Some(provider),
                _ => None,
            },
            items: event
                .items()
                .map(|item| (u64::from(item.item_type.0), hex(item.data)))
                .collect(),
            payload: hex(event.payload()),
        };
        events.insert(event.time_stamp, read);
    }
    assert_eq!(trace.health().damage_count, 0);
    events
}

fn items(event: &Value) -> Vec<(u64, String)> {
    let items = event["items"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let text = item[1].as_str().expect("data is text").to_owned();
            (item[0].as_u64().expect("a type is a number"), text)
        })
        .collect()
}

#[test]
fn dissect_etl_finds_the_same_events() {
    let Some(python) = python_with("dissect.etl") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for is_compressed in [false, true] {
        let file = folder.path().join(format!("{is_compressed}.etl"));
        write(&file, is_compressed, &one_of_each());
        let theirs = events_by("with_dissect.py", &python, &file);
        let ours = events_by_us(&file);
        assert_eq!(theirs.len(), ours.len());
        for (time, our) in &ours {
            let their = &theirs[time];
            let data = their["data"].as_str().expect("data is text");
            if our.header == "event" {
                // It counts the items to the payload, and looks for more of them in it.
                assert!(data.ends_with(&our.payload), "{time}");
                assert!(items(their).starts_with(&our.items), "{time}");
                let provider = our.provider.map(|provider| hex(&provider.to_bytes_le()));
                assert_eq!(their["provider"].as_str(), provider.as_deref());
            } else {
                assert_eq!(data, our.payload, "{time}");
                assert_eq!(their["hook_id"].as_u64(), our.hook, "{time}");
            }
            if our.header != "perfinfo" && *time != 1_000_000 {
                assert_eq!(their["thread_id"], 12);
                assert_eq!(their["process_id"], 4);
            }
        }
    }
}

#[test]
fn etl_parser_finds_and_decodes_the_same_events() {
    let Some(python) = python_with("etl.etl") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("t.etl");
    // It reads no compressed files.
    write(&file, false, &one_of_each());
    let theirs = events_by("with_etl_parser.py", &python, &file);
    let mut ours = events_by_us(&file);
    // It takes the first buffer for itself.
    ours.pop_first();
    assert_eq!(theirs.len(), ours.len());
    let mut decoded = 0;
    for (time, our) in &ours {
        let their = &theirs[time];
        assert_eq!(their["header"], our.header, "{time}");
        assert_eq!(their["data"].as_str(), Some(&our.payload[..]), "{time}");
        assert_eq!(their["hook_id"].as_u64(), our.hook, "{time}");
        assert_eq!(items(their), our.items, "{time}");
        if their["name"] == "RxPoll" {
            let fields = &their["fields"];
            let queue = fields["Queue"].as_u64().expect("it is decoded");
            assert_eq!(fields["Packets"].as_u64(), Some(queue << 33));
            assert_eq!(fields["Delta"].as_i64(), Some(-(queue as i64)));
            assert_eq!(fields["Name"], "rxq");
            assert_eq!(fields["Targets"], serde_json::json!([queue, 1, 2]));
            decoded += 1;
        }
    }
    assert_eq!(decoded, ROUNDS);
}
