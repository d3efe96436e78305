//! Descriptions and payloads, against bytes that are known.

use super::*;
use crate::event::{Event, EventDescriptor};
use crate::items::{self, Item, ItemType};
use crate::record::{FLAG_EXTENDED_INFO, RecordHeader};
use uuid::Uuid;

/// A record of one event, 182 bytes and two to fill.
#[rustfmt::skip]
const RECORD: [u8; 184] = [
    0xB6, 0x00, 0x13, 0xC0, 0x01, 0x00, 0x00, 0x00, 0x34, 0x12, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x54, 0xF5, 0x29, 0x42, 0xDE, 0x37, 0x2D, 0x52,
    0xBF, 0x9B, 0x25, 0x51, 0x07, 0x90, 0x76, 0x94, 0x00, 0x00, 0x00, 0x0B, 0x04, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x20, 0x00, 0x0C, 0x00, 0x01, 0x00, 0x15, 0x00, 0x15, 0x00, 0x43, 0x6F, 0x6E, 0x74, 0x6F, 0x73,
    0x6F, 0x2E, 0x4E, 0x65, 0x74, 0x2E, 0x44, 0x72, 0x69, 0x76, 0x65, 0x72, 0x00, 0x00, 0x00, 0x00,
    0x30, 0x00, 0x0B, 0x00, 0x00, 0x00, 0x26, 0x00, 0x26, 0x00, 0x00, 0x52, 0x78, 0x50, 0x6F, 0x6C,
    0x6C, 0x00, 0x51, 0x75, 0x65, 0x75, 0x65, 0x00, 0x08, 0x43, 0x70, 0x75, 0x00, 0x08, 0x50, 0x61,
    0x63, 0x6B, 0x65, 0x74, 0x73, 0x00, 0x0A, 0x4E, 0x61, 0x6D, 0x65, 0x00, 0x97, 0x23, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x04, 0x00, 0x72, 0x78, 0x71, 0x30, 0x00, 0x00,
];

fn built() -> EventBuilder {
    EventBuilder::new("RxPoll")
        .field("Queue", FieldValue::U32(3))
        .field("Cpu", FieldValue::U32(5))
        .field("Packets", FieldValue::U64(64))
        .field("Name", FieldValue::Text("rxq0"))
}

#[test]
fn a_record_is_written_as_windows_writes_it() {
    let provider = provider_metadata("Contoso.Net.Driver");
    let (schema, payload) = built().finish();
    let items = [
        Item {
            item_type: ItemType::PROVIDER_TRAITS,
            data: &provider,
        },
        Item {
            item_type: ItemType::EVENT_SCHEMA,
            data: &schema,
        },
    ];
    let mut rest = items::encode(&items).expect("they are short");
    rest.extend_from_slice(&payload);
    let header = RecordHeader::Event {
        flags: FLAG_EXTENDED_INFO,
        property: 0,
        thread_id: 0x1234,
        process_id: 4,
        time_stamp: 0x1122_3344_5566_7788,
        provider: crate::provider_guid("Contoso.Net.Driver"),
        descriptor: EventDescriptor {
            channel: crate::CHANNEL_TRACELOGGING,
            level: 4,
            keyword: 1,
            ..EventDescriptor::default()
        },
        times: (0, 0),
        activity: Uuid::nil(),
        pointer_size: 8,
    };
    assert_eq!(header.encode(&rest).as_deref(), Some(&RECORD[..]));
}

#[test]
fn a_record_of_windows_describes_itself() {
    let event = Event::parse(&RECORD[..182], 2, 1, 0);
    assert_eq!(event.provider_name(), Some("Contoso.Net.Driver"));
    let (metadata, payload) = event.trace_logging().expect("it is TraceLogging");
    assert_eq!(metadata.name(), "RxPoll");
    let decoded = decode(&metadata, payload, 8);
    assert!(!decoded.is_truncated);
    let names: Vec<_> = decoded.fields.iter().map(|field| &field.name[..]).collect();
    assert_eq!(names, ["Queue", "Cpu", "Packets", "Name"]);
    assert_eq!(decoded.get("Packets"), Some(&Value::Unsigned(64)));
    assert_eq!(decoded.get("Name").and_then(Value::as_str), Some("rxq0"));
}

#[test]
fn before_windows_10_both_descriptions_stand_in_the_payload() {
    let (schema, payload) = built().finish();
    let mut rest = provider_metadata("Contoso.Net.Driver");
    rest.extend_from_slice(&schema);
    rest.extend_from_slice(&payload);
    let mut record = RECORD[..0x50].to_vec();
    record[4] = 0;
    record.extend_from_slice(&rest);
    let event = Event::parse(&record, 0, 0, 0);
    assert_eq!(event.provider_name(), Some("Contoso.Net.Driver"));
    let (metadata, payload) = event.trace_logging().expect("it is TraceLogging");
    assert_eq!(decode(&metadata, payload, 8).fields.len(), 4);
}

#[test]
fn arrays_and_structures_are_values_too() {
    let (schema, payload) = EventBuilder::new("Spread")
        .field("Targets", FieldValue::U16Array(&[0, 2, 4]))
        .structure("Inner", 2)
        .field("A", FieldValue::I64(-2))
        .field("B", FieldValue::WideText("wide"))
        .field("Ok", FieldValue::Bool(true))
        .finish();
    let metadata = EventMetadata::parse(&schema).expect("it is whole");
    let decoded = decode(&metadata, &payload, 8);
    assert!(!decoded.is_truncated);
    let targets = [0, 2, 4].map(Value::Unsigned).to_vec();
    assert_eq!(decoded.get("Targets"), Some(&Value::Array(targets)));
    let Some(Value::Struct(inner)) = decoded.get("Inner") else {
        panic!("no structure in {decoded:?}");
    };
    assert_eq!(inner[0].value, Value::Signed(-2));
    assert_eq!(inner[1].value, Value::Text("wide".into()));
    assert_eq!(decoded.get("Ok"), Some(&Value::Boolean(true)));
}

#[test]
fn tags_are_read_from_the_top() {
    let blob = [8, 0, 0x81, 0x02, b'e', 0, 0, 0];
    let metadata = EventMetadata::parse(&blob).expect("it is whole");
    assert_eq!(metadata.tags(), 1 << 21 | 2 << 14);
    assert_eq!(metadata.name(), "e");
}

#[test]
fn a_payload_that_is_cut_is_decoded_as_far_as_it_goes() {
    let (schema, payload) = built().finish();
    let metadata = EventMetadata::parse(&schema).expect("it is whole");
    let decoded = decode(&metadata, &payload[..9], 8);
    assert!(decoded.is_truncated);
    assert_eq!(decoded.fields.len(), 2);
}

/// A structure array whose structures are empty, within each other: few bytes, many values.
#[test]
fn empty_structures_within_each_other_come_to_an_end() {
    let mut schema = vec![0, 0, 0, b'e', 0];
    for _ in 0..6 {
        let variable_structure_of_one = [b'x', 0, 24 | 0x40 | 0x80, 1];
        schema.extend_from_slice(&variable_structure_of_one);
    }
    schema.extend_from_slice(&[b'y', 0, 24 | 0x80, 0]);
    let size = (schema.len() as u16).to_le_bytes();
    schema[..2].copy_from_slice(&size);
    let metadata = EventMetadata::parse(&schema).expect("it is whole");
    let decoded = decode(&metadata, &[0xFF; 4096], 8);
    assert!(decoded.is_truncated);
}

#[test]
fn structures_deeper_than_any_provider_makes_them_are_left_out() {
    let mut schema = vec![0, 0, 0, b'e', 0];
    for _ in 0..10_000 {
        schema.extend_from_slice(&[b'x', 0, 24 | 0x80, 1]);
    }
    let size = (schema.len() as u16).to_le_bytes();
    schema[..2].copy_from_slice(&size);
    let metadata = EventMetadata::parse(&schema).expect("it is whole");
    assert!(decode(&metadata, &[], 8).is_truncated);
}
