//! Claim: damaged and truncated files are read as far as they go, with an account of what was lost.

mod support;

use etl::kernel::{Dpc, DpcKind, KernelEvent};
use etl::tracelogging::{EventBuilder, FieldValue};
use etl::{
    BufferFlags, ClockType, EventDescriptor, Health, OpenError, Problem, Provider, Session, Trace,
    Writer, Writing,
};
use std::io::Cursor;
use support::read_all;

const BUFFER: usize = 4096;
/// Where a buffer's header says how long the buffer is, where its events end, and its flags.
const SIZE_AT: usize = 0x00;
const OFFSET_AT: usize = 0x30;
const FLAGS_AT: usize = 0x34;
const RECORDS_AT: usize = 0x48;

/// DPCs in a buffer that is full.
const DPCS: u64 = 125;
/// DPCs in the last buffer.
const LAST_DPCS: u64 = 50;

/// A file of the first buffer and four others, full of DPCs but for the last.
fn file(is_compressed: bool) -> Vec<u8> {
    let session = Session {
        buffer_size: BUFFER as u32,
        is_compressed,
        ..Session::default()
    };
    let mut writer = Writer::new(Cursor::new(Vec::new()), session).expect("memory can be written");
    for time in 0..(DPCS * 3 + LAST_DPCS) as i64 {
        let dpc = KernelEvent::Dpc(Dpc {
            kind: DpcKind::Normal,
            initial_time: time,
            routine: 7,
        });
        writer.kernel(0, time, &dpc).expect("it fits");
    }
    writer.finish().expect("memory can be written").into_inner()
}

const EVENTS: u64 = 1 + DPCS * 3 + LAST_DPCS;

fn health(file: &[u8]) -> Health {
    read_all(file).expect("something can be read")
}

fn problems(health: &Health) -> Vec<Problem> {
    health.damages.iter().map(|damage| damage.problem).collect()
}

fn put(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn a_sound_file_has_no_damage() {
    for is_compressed in [false, true] {
        let health = health(&file(is_compressed));
        assert_eq!((health.events, health.damage_count), (EVENTS, 0));
        assert_eq!(health.compressed_buffers, if is_compressed { 4 } else { 0 });
        assert!(!health.is_lossy());
    }
}

#[test]
fn a_file_that_ends_within_a_buffer_gives_what_is_there() {
    let file = file(false);
    let health = health(&file[..BUFFER * 2 + RECORDS_AT + 32 * 10 + 5]);
    assert_eq!(health.events, 1 + DPCS + 10);
    assert_eq!(problems(&health), [Problem::Truncated]);
    assert!(health.is_lossy());
}

#[test]
fn a_file_that_ends_within_a_header_says_so() {
    let file = file(false);
    let health = health(&file[..BUFFER * 3 + 20]);
    assert_eq!(health.events, 1 + DPCS * 2);
    assert_eq!(problems(&health), [Problem::NoBuffer]);
    assert_eq!(health.bytes_lost, 20);
}

#[test]
fn after_a_wrong_size_the_next_buffer_is_found() {
    for size in [0, 1, 71, 0xFFFF_FFFF, 17 << 20] {
        let mut file = file(false);
        put(&mut file, BUFFER * 2 + SIZE_AT, size);
        let health = health(&file);
        assert_eq!(health.events, EVENTS - DPCS, "{size}");
        assert_eq!(problems(&health), [Problem::NoBuffer]);
        assert_eq!(health.bytes_lost, BUFFER as u64);
    }
}

#[test]
fn bytes_between_buffers_are_skipped() {
    let mut file = file(false);
    let noise: Vec<u8> = (0..1000_u32).map(|n| (n * 7 % 251) as u8).collect();
    file.splice(BUFFER * 2..BUFFER * 2, noise);
    let health = health(&file);
    assert_eq!(health.events, EVENTS);
    assert_eq!((health.damage_count, health.bytes_lost), (1, 1000));
}

#[test]
fn an_end_beyond_the_buffer_is_cut() {
    let mut file = file(false);
    put(&mut file, BUFFER + OFFSET_AT, 0x0010_0000);
    let health = health(&file);
    assert_eq!(health.events, EVENTS);
    assert!(problems(&health).contains(&Problem::BufferEnd));
}

#[test]
fn a_record_that_is_none_costs_the_rest_of_its_buffer() {
    let mut file = file(false);
    let marker = BUFFER + RECORDS_AT + 32 * 100 + 3;
    file[marker] = 0x55;
    let health = health(&file);
    assert_eq!(health.events, EVENTS - 25);
    assert_eq!(problems(&health), [Problem::Record]);
    assert_eq!(health.bytes_lost, 25 * 32);
}

#[test]
fn a_record_longer_than_its_buffer_costs_the_rest() {
    let mut file = file(false);
    let size = BUFFER + RECORDS_AT + 32 * 100 + 4;
    file[size..size + 2].copy_from_slice(&0xFFF8_u16.to_le_bytes());
    let health = health(&file);
    assert_eq!(health.events, EVENTS - 25);
    assert_eq!(problems(&health), [Problem::Record]);
}

#[test]
fn a_compressed_buffer_that_lies_about_its_length_is_read_as_far_as_it_expands() {
    let mut file = file(true);
    put(&mut file, BUFFER + OFFSET_AT, 0x00F0_0000);
    let health = health(&file);
    assert_eq!(health.events, EVENTS);
    assert!(matches!(problems(&health)[..], [Problem::Compression(_)]));
}

#[test]
fn a_buffer_that_is_compressed_but_does_not_say_so_costs_itself() {
    let mut file = file(true);
    let flags = BufferFlags::PROCESSOR_INDEX.bits();
    file[BUFFER + FLAGS_AT..BUFFER + FLAGS_AT + 2].copy_from_slice(&flags.to_le_bytes());
    let health = health(&file);
    assert_eq!(health.events, EVENTS - DPCS);
    assert!(health.damage_count > 0);
}

#[test]
fn without_the_first_record_the_rest_is_read() {
    let mut file = file(false);
    file[RECORDS_AT + 3] = 0;
    let mut trace = Trace::new(Cursor::new(&file)).expect("there are buffers");
    assert!(trace.header().is_none() && trace.clock().is_assumed);
    while trace.next_event().expect("memory can be read").is_some() {}
    assert_eq!(trace.health().events, EVENTS - 1);
    let without = health(&file[BUFFER..]);
    assert_eq!(without.events, EVENTS - 1);
    assert_eq!(problems(&without), [Problem::NoHeaderRecord]);
}

#[test]
fn an_unknown_clock_is_read_as_ticks_of_the_performance_counter() {
    let session = Session {
        clock_type: ClockType::Unknown(9),
        ..Session::default()
    };
    let writer = Writer::new(Cursor::new(Vec::new()), session).expect("memory can be written");
    let file = writer.finish().expect("memory can be written").into_inner();
    let trace = Trace::new(Cursor::new(&file)).expect("it is an event trace log");
    assert_eq!(trace.clock().clock_type, ClockType::Unknown(9));
    assert!(trace.clock().is_assumed);
    assert_eq!(trace.clock().nanoseconds(1), 100);
}

#[test]
fn what_is_no_event_trace_log_is_refused() {
    let refused = |bytes: &[u8]| Trace::new(Cursor::new(bytes)).expect_err("it is none");
    assert!(matches!(refused(&[]), OpenError::Empty));
    let text = b"This is a text, and no event trace log at all. ".repeat(5000);
    assert!(matches!(refused(&text), OpenError::NotEtl { bytes } if bytes == text.len() as u64));
    assert!(matches!(refused(&[0; 100_000]), OpenError::NotEtl { .. }));
    assert!(matches!(refused(&[0xFF; 10]), OpenError::NotEtl { .. }));
}

#[test]
fn losses_that_the_session_noticed_are_told() {
    let mut writer =
        Writer::new(Cursor::new(Vec::new()), Session::default()).expect("memory can be written");
    writer.set_lost(5, 2);
    let file = writer.finish().expect("memory can be written").into_inner();
    let health = health(&file);
    assert_eq!((health.events_lost, health.buffers_lost), (5, 2));
    assert!(health.is_lossy());
}

#[test]
fn buffers_of_a_circular_file_are_put_in_order() {
    let mut file = file(false);
    // The last two buffers are written over where the oldest stood.
    let (front, back) = file[BUFFER..].split_at_mut(BUFFER * 2);
    front.swap_with_slice(back);
    let health = health(&file);
    assert_eq!((health.events, health.events_out_of_order), (EVENTS, 0));
    assert_eq!((health.unsorted_processors, health.damage_count), (1, 0));
}

/// A small file with every kind of record.
fn rich_file(is_compressed: bool) -> Vec<u8> {
    let session = Session {
        buffer_size: 1024,
        is_compressed,
        ..Session::default()
    };
    let mut writer = Writer::new(Cursor::new(Vec::new()), session).expect("memory can be written");
    let provider = Provider::new("P");
    let from = Writing {
        thread_id: 1,
        process_id: 4,
    };
    for time in 0..40 {
        let dpc = KernelEvent::Dpc(Dpc {
            kind: DpcKind::Timer,
            initial_time: time,
            routine: 9,
        });
        let processor = (time % 3) as u16;
        writer.kernel(processor, time, &dpc).expect("it fits");
        let mark = KernelEvent::Mark(format!("mark {time}"));
        writer.kernel(processor, time, &mark).expect("it fits");
        let event = EventBuilder::new("E")
            .field("List", FieldValue::U32Array(&[1, 2, 3]))
            .structure("S", 1)
            .field("T", FieldValue::WideText("text"));
        let descriptor = EventDescriptor::default();
        writer
            .trace_logging(processor, time, from, &provider, descriptor, event)
            .expect("it fits");
        writer
            .kernel(processor, time, &KernelEvent::ProcessorGroups(vec![1, 2]))
            .expect("it fits");
    }
    writer.finish().expect("memory can be written").into_inner()
}

/// What a fuzzer does, a bounded number of times and always the same.
#[test]
fn files_with_any_bytes_changed_are_read_to_their_end() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    const INTERESTING: [u8; 8] = [0, 1, 0x7F, 0x80, 0xC0, 0xFF, 0x40, 0x48];
    for is_compressed in [false, true] {
        let sound = rich_file(is_compressed);
        for _ in 0..3000 {
            let mut file = sound.clone();
            for _ in 0..=next(6) {
                let at = next(file.len());
                match next(5) {
                    0 => file[at] = next(256) as u8,
                    1 => file[at] = INTERESTING[next(INTERESTING.len())],
                    2 => file[at] ^= 1 << next(8),
                    3 => file.truncate(at.max(1)),
                    _ => {
                        let from = next(file.len());
                        let count = next(file.len() - from.max(at)).min(200);
                        file.copy_within(from..from + count, at);
                    }
                }
            }
            // `None` is right too: nothing may be left that can be read.
            if let Some(health) = read_all(&file) {
                assert_eq!(health.file_bytes, file.len() as u64);
            }
        }
    }
}
