//! Says what is in an event trace log: `cargo run --example summary -- FILE`.

use etl::kernel::KernelClass;
use etl::{Identity, ReadError, Trace};
use std::collections::BTreeMap;

fn main() -> Result<(), ReadError> {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: summary FILE");
        return Ok(());
    };
    let mut trace = Trace::open(path)?;
    println!("{:#?}\n{:?}", trace.header(), trace.clock());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(event) = trace.next_event()? {
        let mut name = match event.identity() {
            Identity::Kernel {
                class,
                opcode,
                version,
            } => format!("{} {opcode} v{version}", KernelClass::name(class)),
            Identity::Classic { class, opcode, .. } => format!("{class} {opcode}"),
            Identity::Provider {
                provider,
                descriptor,
            } => match event.trace_logging() {
                Some((metadata, _)) => format!("{provider} {}", metadata.name()),
                None => format!("{provider} {}", descriptor.id),
            },
            Identity::Message { .. } => "WPP".into(),
            Identity::Other { header_type } => format!("header type {header_type}"),
        };
        match event.kernel() {
            Err(_) => name.push_str(", too short"),
            Ok(Some(_)) => name.push_str(", decoded"),
            Ok(None) => {}
        }
        *counts.entry(name).or_default() += 1;
    }
    println!("{:#?}", trace.health());
    for (name, count) in counts {
        println!("{count:>9}  {name}");
    }
    Ok(())
}
