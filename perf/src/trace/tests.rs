//! Claim: no file makes the analysis panic, or run without end.

use super::analysis::{Analysis, analyse};
use super::options::Choices;
use super::output::{html, tables, text::Text};
use etl::kernel::{
    Action, ContextSwitch, Dpc, DpcEnqueue, DpcExecution, DpcKind, Image, Isr, IsrKind,
    KernelEvent, ReadyThread, WdfKind,
};
use etl::tracelogging::{EventBuilder, FieldValue};
use etl::{EventDescriptor, Provider, Session, Writer, Writing};
use std::io::Cursor;
use std::path::Path;

const BASE: u64 = 0xFFFF_F800_0000_0000;
const FROM: Writing = Writing {
    thread_id: 9,
    process_id: 4,
};

type Memory = Writer<Cursor<Vec<u8>>>;

fn kernel(writer: &mut Memory, cpu: u16, at: i64, event: KernelEvent<'static>) {
    writer.kernel(cpu, at, &event).expect("it fits");
}

fn driver(writer: &mut Memory, cpu: u16, at: i64, event: EventBuilder) {
    let provider = Provider::new("Dhpnic");
    let descriptor = EventDescriptor::default();
    writer
        .trace_logging(cpu, at, FROM, &provider, descriptor, event)
        .expect("it fits");
}

fn round(writer: &mut Memory, cpu: u16, at: i64) {
    let routine = BASE + 0x100;
    let isr = Isr {
        kind: IsrKind::Line,
        initial_time: at,
        routine,
        claimed: true,
        vector: 1,
        message: None,
    };
    let dpc = |kind| Dpc {
        kind,
        initial_time: at + 2,
        routine,
    };
    let enqueue = DpcEnqueue {
        key: 5,
        target_processor: cpu.into(),
        ..DpcEnqueue::default()
    };
    let execution = DpcExecution { routine, key: 5 };
    let ready = ReadyThread {
        thread_id: 9,
        ..ReadyThread::default()
    };
    let switch = ContextSwitch {
        new_thread_id: 9,
        ..ContextSwitch::default()
    };
    kernel(writer, cpu, at + 1, KernelEvent::Isr(isr));
    kernel(writer, cpu, at + 1, KernelEvent::DpcEnqueue(enqueue));
    kernel(writer, cpu, at + 2, KernelEvent::DpcExecution(execution));
    kernel(writer, cpu, at + 3, KernelEvent::Wdf(WdfKind::Dpc, routine));
    kernel(writer, cpu, at + 9, KernelEvent::Dpc(dpc(DpcKind::Normal)));
    kernel(
        writer,
        cpu,
        at + 9,
        KernelEvent::Dpc(dpc(DpcKind::Threaded)),
    );
    kernel(writer, cpu, at + 9, KernelEvent::ReadyThread(ready));
    kernel(writer, cpu, at + 10, KernelEvent::ContextSwitch(switch));
}

/// A small trace with everything that the analysis looks at.
fn trace() -> Vec<u8> {
    let session = Session {
        buffer_size: 2048,
        ..Session::default()
    };
    let memory = Cursor::new(Vec::new());
    let mut writer = Writer::new(memory, session).expect("memory can be written");
    for number in 0..30_i64 {
        for cpu in 0..3 {
            let at = number * 400_000;
            if cpu < 2 || number > 10 {
                round(&mut writer, cpu, at);
            }
        }
        let statistics = EventBuilder::new("QueueStatistics")
            .field("Queue", FieldValue::U32(0))
            .field("Transmit", FieldValue::Bool(false))
            .field("Processor", FieldValue::U32((number % 3) as u32))
            .field("Packets", FieldValue::U64(number as u64 * 10));
        driver(&mut writer, 0, number * 400_000 + 20, statistics);
        if number == 10 {
            let at = number * 400_000 + 30;
            for name in ["ProcessorStart", "ProcessorComplete"] {
                let event = EventBuilder::new(name).field("Processor", FieldValue::U32(2));
                driver(&mut writer, 0, at, event);
            }
            let spread = EventBuilder::new("Spread")
                .field("Processors", FieldValue::U32(3))
                .field("Queues", FieldValue::U32(3))
                .field("Vectors", FieldValue::U32(4))
                .field("Entries", FieldValue::U32(8))
                .field("Targets", FieldValue::U32Array(&[0, 1, 2]));
            driver(&mut writer, 0, at, spread);
        }
    }
    let image = Image {
        base: BASE,
        size: 0x1000,
        file_name: "dhpnic.sys".into(),
        ..Image::default()
    };
    let end = 30 * 400_000;
    kernel(
        &mut writer,
        0,
        end,
        KernelEvent::Image(Action::RundownEnd, image),
    );
    writer.finish().expect("memory can be written").into_inner()
}

fn read(bytes: &[u8], folder: &Path) -> Option<Analysis> {
    let file = folder.join("t.etl");
    std::fs::write(&file, bytes).expect("the folder is writable");
    let analysis = analyse(&file, &Choices::default()).ok()?;
    assert!(Text(&analysis).to_string().contains("trace "));
    assert!(html::page(&analysis).ends_with("</html>\n"));
    assert!(
        tables::all(&analysis)
            .iter()
            .all(|table| !table.rows.is_empty())
    );
    let json = serde_json::to_value(&analysis).expect("it can be expressed");
    assert_eq!(json["schema"], "dhpnic.trace/1");
    Some(analysis)
}

#[test]
fn a_sound_trace_is_analysed_as_a_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let analysis = read(&trace(), folder.path()).expect("it is sound");
    assert_eq!(analysis.changes.len(), 1);
    assert_eq!(analysis.file.dpcs, 2 * (30 * 2 + 19));
    assert_eq!(analysis.latency.measured_from, "DPC queue");
}

/// What a fuzzer does, a bounded number of times and always the same.
#[test]
fn traces_with_any_bytes_changed_are_analysed_or_refused() {
    const INTERESTING: [u8; 6] = [0, 1, 0x7F, 0x80, 0xC0, 0xFF];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = trace();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..400 {
        let mut bytes = sound.clone();
        for _ in 0..=random.usize(..12) {
            let at = random.usize(..bytes.len());
            match random.u8(..5) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] = random.choice(INTERESTING).expect("there are some"),
                // A time, a count or an address of any size.
                2 => {
                    let end = (at + 8).min(bytes.len());
                    bytes[at..end].fill(random.choice(INTERESTING).expect("there are some"));
                }
                3 => bytes[at] ^= 1 << random.u8(..8),
                _ => bytes.truncate(at.max(1000)),
            }
        }
        read(&bytes, folder.path());
    }
}
