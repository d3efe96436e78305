//! Any records in a buffer whose header is sound.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use etl::{BUFFER_HEADER_BYTES, BufferFlags, BufferHeader, STATE_FLUSH, buffer_type};

libfuzzer_sys::fuzz_target!(|records: &[u8]| {
    let size = (BUFFER_HEADER_BYTES + records.len()) as u32;
    let header = BufferHeader {
        size,
        saved_offset: size,
        time_stamp: 0,
        sequence_number: 0,
        processor: 0,
        logger_id: 1,
        state: STATE_FLUSH,
        offset: size,
        flags: BufferFlags::PROCESSOR_INDEX,
        buffer_type: buffer_type::GENERIC,
    };
    let mut file = header.encode().to_vec();
    file.extend_from_slice(records);
    support::read_all(&file);
});
