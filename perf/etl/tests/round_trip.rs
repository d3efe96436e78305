//! Claim: what is written is read again, in the order of time, whatever the session is like.

use etl::kernel::{Dpc, DpcKind, KernelEvent};
use etl::tracelogging::{EventBuilder, FieldValue, Value, decode};
use etl::{
    ClockType, EventDescriptor, Hook, Provider, RecordHeader, Session, Trace, Uuid, WriteError,
    Writer, Writing,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Cursor;

const FROM: Writing = Writing {
    thread_id: 12,
    process_id: 4,
};

fn writer(session: Session) -> Writer<Cursor<Vec<u8>>> {
    Writer::new(Cursor::new(Vec::new()), session).expect("memory can be written")
}

fn finish(writer: Writer<Cursor<Vec<u8>>>) -> Vec<u8> {
    writer.finish().expect("memory can be written").into_inner()
}

fn header(form: u8, time_stamp: i64) -> RecordHeader {
    let pointer_size = if form & 1 == 0 { 8 } else { 4 };
    let hook = Hook {
        group: 0x0E,
        opcode: 33,
        version: 2,
        pointer_size,
    };
    let times = (3, 4);
    match form / 2 {
        0 | 1 => RecordHeader::System {
            hook,
            thread_id: 1,
            process_id: 2,
            time_stamp,
            times: (form / 2 == 0).then_some(times),
        },
        2 => RecordHeader::PerfInfo { hook, time_stamp },
        3 | 4 => RecordHeader::Full {
            class: Uuid::from_u128(9),
            opcode: 1,
            level: 5,
            version: 3,
            thread_id: 1,
            process_id: 2,
            time_stamp,
            times,
            instance: (form / 2 == 4).then_some((1, 2, Uuid::from_u128(3))),
            pointer_size,
        },
        _ => RecordHeader::Event {
            flags: 0,
            property: 1,
            thread_id: 1,
            process_id: 2,
            time_stamp,
            provider: Uuid::from_u128(11),
            descriptor: EventDescriptor {
                id: 5,
                keyword: 1 << 40,
                ..EventDescriptor::default()
            },
            times,
            activity: Uuid::from_u128(12),
            pointer_size,
        },
    }
}

/// A record: processor, ticks after the last one of that processor, form of the header, payload.
fn records() -> impl Strategy<Value = Vec<(u16, i64, u8, Vec<u8>)>> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::collection::vec(any::<u8>(), 0..64),
        prop::collection::vec(0..4_u8, 600..800),
    ];
    let processor = prop_oneof![0..4_u16, 0..2048_u16];
    prop::collection::vec((processor, 0..50_i64, 0..12_u8, payload), 0..200)
}

fn sessions() -> impl Strategy<Value = Session> {
    let clock = prop_oneof![
        Just(ClockType::PerformanceCounter),
        Just(ClockType::SystemTime),
        Just(ClockType::CpuCycle),
    ];
    let sizes = prop_oneof![Just(1024_u32), Just(4096), Just(65536)];
    (clock, sizes, any::<bool>(), any::<bool>(), "[a-z ]{0,12}").prop_map(
        |(clock_type, buffer_size, is_compressed, is_short, session_name)| Session {
            clock_type,
            buffer_size,
            is_compressed,
            pointer_size: if is_short { 4 } else { 8 },
            session_name,
            start_ticks: 1000,
            ..Session::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn records_of_all_forms_come_back_in_the_order_of_time(
        session in sessions(), records in records(),
    ) {
        let mut writer = writer(session.clone());
        let mut times: BTreeMap<u16, i64> = BTreeMap::new();
        let mut expected = Vec::new();
        for (processor, after, form, payload) in &records {
            let time = times.entry(*processor).or_insert(session.start_ticks);
            *time += after;
            let header = header(*form, *time);
            writer.record(*processor, &header, payload).expect("it fits");
            expected.push((*time, *processor, header, payload.clone()));
        }
        let file = finish(writer);
        let mut trace = Trace::new(Cursor::new(&file)).expect("it is an event trace log");
        let mut read = Vec::new();
        while let Some(event) = trace.next_event().expect("memory can be read") {
            read.push((event.time_stamp, event.processor, event.header, event.payload().to_vec()));
        }
        // The first is the file's own.
        prop_assert_eq!(read.remove(0).0, session.start_ticks);
        prop_assert!(read.is_sorted_by_key(|record| record.0));
        for processor in times.keys() {
            let of = |list: &[(i64, u16, RecordHeader, Vec<u8>)]| -> Vec<_> {
                list.iter().filter(|record| record.1 == *processor).cloned().collect()
            };
            prop_assert_eq!(of(&read), of(&expected));
        }
        prop_assert_eq!(read.len(), expected.len());

        let health = trace.health();
        prop_assert_eq!(health.damage_count, 0);
        prop_assert_eq!(health.events_out_of_order, 0);
        prop_assert_eq!(health.buffers_written.map(u64::from), Some(health.buffers));
        let header = trace.header().expect("the first record describes the file");
        prop_assert_eq!(&header.session_name, &session.session_name);
        prop_assert_eq!(header.pointer_size, session.pointer_size);
        let processors = times.keys().max().map_or(1, |last| u32::from(*last) + 1);
        prop_assert_eq!(header.number_of_processors, processors);
    }

    #[test]
    fn texts_and_numbers_of_tracelogging_come_back(
        name in "[A-Za-z]{1,20}", text in ".{0,40}", number in any::<u64>(),
        list in prop::collection::vec(any::<u32>(), 0..20),
    ) {
        let provider = Provider::new("Some.Provider");
        let mut writer = writer(Session::default());
        let event = EventBuilder::new(&name)
            .field("Text", FieldValue::Text(&text))
            .field("Number", FieldValue::U64(number))
            .field("List", FieldValue::U32Array(&list));
        let descriptor = EventDescriptor { level: 4, keyword: 2, ..EventDescriptor::default() };
        writer.trace_logging(1, 5, FROM, &provider, descriptor, event).expect("it fits");
        let file = finish(writer);
        let mut trace = Trace::new(Cursor::new(&file)).expect("it is an event trace log");
        trace.next_event().expect("memory can be read");
        let event = trace.next_event().expect("memory can be read").expect("it was written");
        prop_assert_eq!(event.provider_name(), Some("Some.Provider"));
        prop_assert_eq!((event.thread_id(), event.process_id()), (Some(12), Some(4)));
        let (metadata, payload) = event.trace_logging().expect("it is TraceLogging");
        prop_assert_eq!(metadata.name(), name);
        let fields = decode(&metadata, payload, 8);
        prop_assert_eq!(fields.get("Text").and_then(Value::as_str), Some(&text[..]));
        prop_assert_eq!(fields.get("Number").and_then(Value::as_u64), Some(number));
        let values = list.iter().map(|value| Value::Unsigned(u64::from(*value))).collect();
        prop_assert_eq!(fields.get("List"), Some(&Value::Array(values)));
    }
}

#[test]
fn a_compressed_file_is_shorter_and_reads_the_same() {
    let file = |is_compressed| {
        let mut writer = writer(Session {
            is_compressed,
            ..Session::default()
        });
        for time in 0..20_000 {
            let dpc = KernelEvent::Dpc(Dpc {
                kind: DpcKind::Normal,
                initial_time: time,
                routine: 0xFFFF_F800_1234_5678,
            });
            writer.kernel(0, time, &dpc).expect("it fits");
        }
        finish(writer)
    };
    let read = |file: &[u8]| {
        let mut trace = Trace::new(Cursor::new(file)).expect("it is an event trace log");
        let mut events = Vec::new();
        while let Some(event) = trace.next_event().expect("memory can be read") {
            events.push((event.time_stamp, event.payload().to_vec()));
        }
        assert_eq!(trace.health().damage_count, 0);
        // The first describes the file, and there the two differ.
        events.split_off(1)
    };
    let (plain, packed) = (file(false), file(true));
    assert!(packed.len() * 2 < plain.len());
    assert_eq!(read(&packed), read(&plain));
}

#[test]
fn an_event_before_the_last_one_of_its_processor_is_refused() {
    let mut writer = writer(Session::default());
    writer
        .kernel(0, 10, &KernelEvent::RundownComplete)
        .expect("it is the first");
    writer
        .kernel(1, 5, &KernelEvent::RundownComplete)
        .expect("it is another processor's first");
    let error = writer.kernel(0, 9, &KernelEvent::RundownComplete);
    assert!(matches!(
        error,
        Err(WriteError::BackInTime {
            processor: 0,
            ticks: 1
        })
    ));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut writer = writer(Session {
        buffer_size: 1024,
        ..Session::default()
    });
    let long = KernelEvent::Mark("x".repeat(1000));
    assert!(matches!(
        writer.kernel(0, 0, &long),
        Err(WriteError::TooLong { .. })
    ));
    let mark = KernelEvent::Mark("x".into());
    assert!(matches!(
        writer.kernel(2048, 0, &mark),
        Err(WriteError::Processor(2048))
    ));
    for buffer_size in [0, 512, 1025, 32 << 20] {
        let session = Session {
            buffer_size,
            ..Session::default()
        };
        let error = Writer::new(Cursor::new(Vec::new()), session).expect_err("no such buffers");
        assert!(matches!(error, WriteError::BufferSize(_)));
    }
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.etl");
    let writer = Writer::create(&path, Session::default()).expect("the folder is writable");
    assert!(!path.exists());
    let file = writer.finish().expect("the folder is writable");
    file.persist().expect("the folder is writable");
    let trace = Trace::open(&path).expect("it is an event trace log");
    assert_eq!(trace.health().buffers, 1);
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("it is there")
            .count(),
        1
    );
}
