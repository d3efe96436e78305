//! Reading everything that a file offers.

use etl::kernel::{KernelEvent, Malformed};
use etl::{Health, Trace, tracelogging};
use std::io::Cursor;

/// Reads a file to its end, decoding all that can be decoded, and gives its account; `None` if
/// nothing can be read. What matters is that it ends, and does not panic.
pub fn read_all(file: &[u8]) -> Option<Health> {
    let mut trace = Trace::new(Cursor::new(file)).ok()?;
    let clock = trace.clock();
    while let Some(event) = trace.next_event().expect("memory can be read") {
        let kernel: Result<Option<KernelEvent<'_>>, Malformed> = event.kernel();
        if let Ok(Some(KernelEvent::Stack(stack))) = kernel {
            assert!(stack.addresses.count() <= event.payload().len() / 4);
        }
        let _ = (event.provider_name(), event.items().count());
        if let Some((metadata, payload)) = event.trace_logging() {
            let fields = tracelogging::decode(&metadata, payload, event.pointer_size());
            assert!(fields.fields.len() <= metadata.fields().count());
        }
        let _ = (
            clock.since_start(event.time_stamp),
            clock.unix_nanoseconds(event.time_stamp),
        );
    }
    Some(trace.health().clone())
}
