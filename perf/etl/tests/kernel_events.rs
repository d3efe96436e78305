//! Claim: every event of the kernel is read as it was written.

#[path = "support/events.rs"]
mod events;

use etl::kernel::{KernelEvent, Malformed};
use etl::{Hook, RecordHeader, Session, Trace, Writer};
use events::one_of_each;
use std::io::Cursor;

fn writer(pointer_size: u8) -> Writer<Cursor<Vec<u8>>> {
    let session = Session {
        pointer_size,
        ..Session::default()
    };
    Writer::new(Cursor::new(Vec::new()), session).expect("memory can be written")
}

/// What a reader makes of the events that were written.
fn read(
    writer: Writer<Cursor<Vec<u8>>>,
    mut each: impl FnMut(Result<Option<KernelEvent<'_>>, Malformed>),
) {
    let file = writer.finish().expect("memory can be written").into_inner();
    let mut trace = Trace::new(Cursor::new(file)).expect("it is an event trace log");
    // The first describes the file.
    trace.next_event().expect("memory can be read");
    while let Some(event) = trace.next_event().expect("memory can be read") {
        each(event.kernel());
    }
}

#[test]
fn with_long_and_with_short_pointers() {
    for pointer_size in [4, 8] {
        let mut writer = writer(pointer_size);
        let mut events = one_of_each();
        // The addresses of a stack are as long as they were given.
        events.retain(|event| pointer_size == 8 || !matches!(event, KernelEvent::Stack(_)));
        for event in &events {
            writer.kernel(1, 5, event).expect("it fits");
        }
        let mut expected = events.iter();
        read(writer, |event| {
            assert_eq!(event, Ok(expected.next().cloned()));
        });
        assert_eq!(expected.next(), None);
    }
}

#[test]
fn one_that_is_cut_is_shorter_or_too_short_but_not_unknown() {
    for event in one_of_each() {
        let (class, opcode, version) = event.code();
        let Some(group) = class.group(opcode) else {
            continue;
        };
        let hook = Hook {
            group,
            opcode,
            version,
            pointer_size: 8,
        };
        let header = RecordHeader::PerfInfo {
            hook,
            time_stamp: 5,
        };
        let payload = event.payload(8);
        let mut writer = writer(8);
        for length in 0..payload.len() {
            let cut = &payload[..length];
            writer.record(0, &header, cut).expect("it fits");
        }
        read(writer, |cut| assert!(cut != Ok(None), "{event:?}: {cut:?}"));
    }
}
