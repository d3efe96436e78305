//! Layouts of the kernel's events, against bytes that are known.

use super::*;
use crate::record::{Hook, RecordHeader};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(u8::is_ascii_hexdigit)
        .map(|digit| (digit as char).to_digit(16).expect("a digit") as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The record reads as `event`, and `event` is written as the record.
fn same(hex: &str, time_stamp: i64, event: &KernelEvent<'_>) {
    let record = bytes(hex);
    let read = Event::parse(&record, 3, 0, 0);
    assert_eq!(read.time_stamp, time_stamp);
    // What lies behind a payload that is no multiple of 8 long is no part of it.
    assert_eq!(read.kernel(), Ok(Some(event.clone())));
    let (class, opcode, version) = event.code();
    let header = RecordHeader::PerfInfo {
        hook: Hook {
            group: class.group(opcode).expect("it has a group"),
            opcode,
            version,
            pointer_size: 8,
        },
        time_stamp,
    };
    assert_eq!(header.encode(&event.payload(8)), Some(record));
}

#[test]
fn a_dpc_is_logged_at_its_exit() {
    same(
        "02 00 11 C0 20 00 44 0F 00 20 00 00 00 00 00 00 \
         00 1F 00 00 00 00 00 00 00 20 00 10 00 F8 FF FF",
        0x2000,
        &KernelEvent::Dpc(Dpc {
            kind: DpcKind::Normal,
            initial_time: 0x1F00,
            routine: 0xFFFF_F800_1000_2000,
        }),
    );
}

#[test]
fn the_vector_of_an_isr_is_not_aligned() {
    same(
        "02 00 11 C0 24 00 43 0F 00 20 00 00 00 00 00 00 \
         00 1F 00 00 00 00 00 00 00 10 00 10 00 F8 FF FF 01 91 00 00 00 00 00 00",
        0x2000,
        &KernelEvent::Isr(Isr {
            kind: IsrKind::Line,
            initial_time: 0x1F00,
            routine: 0xFFFF_F800_1000_1000,
            claimed: true,
            vector: 0x91,
            message: None,
        }),
    );
}

#[test]
fn a_context_switch_names_the_new_thread_first() {
    same(
        "04 00 11 C0 28 00 24 05 00 20 00 00 00 00 00 00 \
         D2 04 00 00 00 00 00 00 08 00 00 00 00 00 02 00 07 00 00 00 00 00 00 00",
        0x2000,
        &KernelEvent::ContextSwitch(ContextSwitch {
            new_thread_id: 1234,
            new_priority: 8,
            old_state: 2,
            new_wait_time: 7,
            ..ContextSwitch::default()
        }),
    );
}

#[test]
fn fixed_structures_have_the_published_sizes() {
    let sizes = [
        (KernelEvent::Cpu(Cpu::default()), 828),
        (KernelEvent::Processor(Processor::default()), 428),
        (KernelEvent::Thread(Action::Start, Thread::default()), 72),
        (KernelEvent::Image(Action::Start, Image::default()), 56 + 2),
        (KernelEvent::ContextSwitch(ContextSwitch::default()), 24),
        (KernelEvent::ReadyThread(ReadyThread::default()), 8),
        (KernelEvent::DpcEnqueue(DpcEnqueue::default()), 24),
        (KernelEvent::DpcExecution(DpcExecution::default()), 16),
        (KernelEvent::SampledProfile(SampledProfile::default()), 16),
    ];
    for (event, size) in sizes {
        assert_eq!(event.payload(8).len(), size, "{event:?}");
    }
}

#[test]
fn a_group_is_found_in_its_word() {
    let groups = EnabledGroups::default().with(group_mask::CONTEXT_SWITCH);
    assert_eq!(groups.masks, [0, 4, 0, 0, 0, 0, 0, 0]);
    assert!(groups.contains(group_mask::CONTEXT_SWITCH) && !groups.contains(group_mask::DPC));
}

#[test]
fn the_module_is_the_last_part_of_the_path() {
    let image = Image {
        file_name: "\\SystemRoot\\System32\\drivers\\x.sys".into(),
        ..Image::default()
    };
    assert_eq!(image.module(), "x.sys");
}
