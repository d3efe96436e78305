//! A whole file of any bytes.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    support::read_all(file);
});
