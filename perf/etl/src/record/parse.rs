//! Reading headers.

use super::{Hook, RecordHeader};
use crate::bytes::Bytes;
use crate::event::EventDescriptor;

/// The version word of a PERFINFO header: a PEBS index follows.
const PERFINFO_PEBS: u16 = 0x8000;
/// The version word of a PERFINFO header: how many counters follow.
const PERFINFO_COUNTERS: u16 = 0x0700;

/// The event of a SYSTEM or PERFINFO header, and its version word with the flags in it.
fn hook(bytes: &mut Bytes<'_>, kind: u8) -> Option<(Hook, u16)> {
    let word = bytes.u16()?;
    bytes.skip(4)?;
    let (opcode, group) = (bytes.u8()?, bytes.u8()?);
    let hook = Hook {
        group,
        opcode,
        version: word as u8,
        pointer_size: if matches!(kind, 1 | 3 | 16) { 4 } else { 8 },
    };
    Some((hook, word))
}

fn times(bytes: &mut Bytes<'_>) -> Option<(u32, u32)> {
    Some((bytes.u32()?, bytes.u32()?))
}

pub(super) fn system(bytes: &mut Bytes<'_>, kind: u8) -> Option<RecordHeader> {
    let (hook, _) = hook(bytes, kind)?;
    Some(RecordHeader::System {
        hook,
        thread_id: bytes.u32()?,
        process_id: bytes.u32()?,
        time_stamp: bytes.i64()?,
        times: if kind <= 2 { Some(times(bytes)?) } else { None },
    })
}

pub(super) fn perf_info(bytes: &mut Bytes<'_>, kind: u8) -> Option<RecordHeader> {
    let (hook, word) = hook(bytes, kind)?;
    let time_stamp = bytes.i64()?;
    let counters = usize::from((word & PERFINFO_COUNTERS) >> 8);
    let pebs = usize::from(word & PERFINFO_PEBS != 0);
    bytes.skip((counters + pebs) * 8)?;
    Some(RecordHeader::PerfInfo { hook, time_stamp })
}

pub(super) fn full(bytes: &mut Bytes<'_>, kind: u8) -> Option<RecordHeader> {
    bytes.skip(4)?;
    let (opcode, level, version) = (bytes.u8()?, bytes.u8()?, bytes.u16()?);
    let (thread_id, process_id) = (bytes.u32()?, bytes.u32()?);
    Some(RecordHeader::Full {
        opcode,
        level,
        version,
        thread_id,
        process_id,
        time_stamp: bytes.i64()?,
        class: bytes.guid()?,
        times: times(bytes)?,
        instance: if matches!(kind, 11 | 21) {
            Some((bytes.u32()?, bytes.u32()?, bytes.guid()?))
        } else {
            None
        },
        pointer_size: if kind < 20 { 4 } else { 8 },
    })
}

pub(super) fn event(bytes: &mut Bytes<'_>, kind: u8) -> Option<RecordHeader> {
    bytes.skip(4)?;
    Some(RecordHeader::Event {
        flags: bytes.u16()?,
        property: bytes.u16()?,
        thread_id: bytes.u32()?,
        process_id: bytes.u32()?,
        time_stamp: bytes.i64()?,
        provider: bytes.guid()?,
        descriptor: EventDescriptor::parse(bytes)?,
        times: times(bytes)?,
        activity: bytes.guid()?,
        pointer_size: if kind == 18 { 4 } else { 8 },
    })
}

/// *TraceMessage function*, MessageFlags: the order of what follows is that of the flags.
pub(super) fn message(bytes: &mut Bytes<'_>) -> Option<RecordHeader> {
    const SEQUENCE: u16 = 0x01;
    const GUID: u16 = 0x02;
    const COMPONENT_ID: u16 = 0x04;
    const TIMESTAMP: u16 = 0x08;
    const SYSTEM_INFO: u16 = 0x20;
    bytes.skip(4)?;
    let (number, options) = (bytes.u16()?, bytes.u16()?);
    let has = |flag: u16| options & flag != 0;
    let length = |flag: u16, length: usize| if has(flag) { length } else { 0 };
    let component = if has(GUID) {
        16
    } else {
        length(COMPONENT_ID, 4)
    };
    bytes.skip(length(SEQUENCE, 4) + component)?;
    let time_stamp = if has(TIMESTAMP) {
        Some(bytes.i64()?)
    } else {
        None
    };
    let thread_and_process = if has(SYSTEM_INFO) {
        Some((bytes.u32()?, bytes.u32()?))
    } else {
        None
    };
    Some(RecordHeader::Message {
        number,
        options,
        time_stamp,
        thread_and_process,
    })
}
