//! The driver's events in a synthetic trace: the table in perf/src/trace/driver_events.rs.

use super::scene::{ADD, AGAIN, END, MS, Records};
use etl::EventDescriptor;
use etl::tracelogging::{EventBuilder, FieldValue};

const HOT_ADD: u64 = 0x1;
const SPREAD: u64 = 0x2;
const REBALANCE: u64 = 0x4;
const LINK: u64 = 0x20;
const STATISTICS: u64 = 0x40;

fn descriptor(id: u16, keyword: u64) -> EventDescriptor {
    EventDescriptor {
        id,
        keyword,
        level: 4,
        ..EventDescriptor::default()
    }
}

fn event(name: &str, cpu: u16) -> EventBuilder {
    EventBuilder::new(name).field("Cpu", FieldValue::U32(cpu.into()))
}

/// All events of the driver in a trace in which processors 2 and 3 are added.
pub fn events(records: &mut Records) {
    spread(records, MS, &[0, 1], 8);
    let link = event("Link", 0)
        .field("Up", FieldValue::Bool(true))
        .field("BitsPerSecond", FieldValue::U64(10_000_000_000));
    records.driver(MS, 0, link, descriptor(13, LINK));
    add(records);
    spread(records, AGAIN - MS, &[0, 1, 2, 3], 16);
    let before: Vec<u16> = (0..16).map(|entry| entry % 2).collect();
    let after: Vec<u16> = (0..16).map(|entry| entry % 4).collect();
    let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    let indirection = event("Indirection", 0)
        .field("Before", FieldValue::U16Array(&before))
        .field("After", FieldValue::U16Array(&after))
        .field("Moved", FieldValue::U32(moved as u32));
    records.driver(AGAIN, 0, indirection, descriptor(9, SPREAD));
    statistics(records);
}

fn spread(records: &mut Records, at: i64, targets: &[u32], entries: u32) {
    let count = targets.len() as u32;
    let event = event("Spread", 0)
        .field("Processors", FieldValue::U32(count))
        .field("Queues", FieldValue::U32(count))
        .field("Vectors", FieldValue::U32(count + 1))
        .field("Entries", FieldValue::U32(entries))
        .field("Targets", FieldValue::U32Array(targets));
    records.driver(at, 0, event, descriptor(8, SPREAD));
}

fn add(records: &mut Records) {
    for (processor, at) in [(2, ADD), (3, ADD + MS)] {
        let start = event("ProcessorStart", 0)
            .field("Processor", FieldValue::U32(processor))
            .field("Group", FieldValue::U16(0))
            .field("Number", FieldValue::U8(processor as u8));
        records.driver(at, 0, start, descriptor(1, HOT_ADD));
        let complete = event("ProcessorComplete", 0).field("Processor", FieldValue::U32(processor));
        records.driver(at + MS / 2, 0, complete, descriptor(2, HOT_ADD));
    }
    let arrival = event("InterfaceArrival", 0).field("Class", FieldValue::Text("processor"));
    records.driver(ADD + MS + MS / 2, 0, arrival, descriptor(4, HOT_ADD));
    for (id, name, at, duration) in [
        (5, "QueryStop", ADD + 2 * MS, 20_000),
        (6, "Stop", ADD + 3 * MS, 900_000),
        (7, "Start", AGAIN - MS / 2, 2_400_000),
    ] {
        let step = event(name, 1).field("DurationNs", FieldValue::U64(duration));
        records.driver(at, 1, step, descriptor(id, REBALANCE));
    }
}

/// Counters every 100 ms: 1,000 packets a queue before, 900 after.
fn statistics(records: &mut Records) {
    for queue in 0..4_u32 {
        let begin = if queue < 2 { 100 * MS } else { AGAIN };
        let mut at = begin + i64::from(queue);
        let mut packets = 0_u64;
        while at < END - MS {
            let cpu = queue as u16;
            let event = event("QueueStatistics", cpu)
                .field("Queue", FieldValue::U32(queue))
                .field("Transmit", FieldValue::Bool(false))
                .field("Processor", FieldValue::U32(queue))
                .field("Packets", FieldValue::U64(packets))
                .field("Bytes", FieldValue::U64(packets * 256))
                .field("Notifications", FieldValue::U64(packets / 2))
                .field("Polls", FieldValue::U64(packets / 10))
                .field("EmptyPolls", FieldValue::U64(packets / 100))
                .field("Dpcs", FieldValue::U64(packets / 2));
            records.driver(at, cpu, event, descriptor(14, STATISTICS));
            packets += if at < ADD { 1000 } else { 900 };
            at += 100 * MS;
        }
    }
}
