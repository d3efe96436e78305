//! Any bytes as a compressed block, and any bytes through the compressor.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (size, bytes) = input;
    if let Ok(out) = etl::xpress::expand(bytes, usize::from(size)) {
        assert_eq!(out.len(), usize::from(size));
    }
    let packed = etl::xpress::compress(bytes);
    assert_eq!(
        etl::xpress::expand(&packed, bytes.len()).as_deref(),
        Ok(bytes)
    );
});
