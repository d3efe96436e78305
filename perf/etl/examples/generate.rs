//! Writes a long trace of a busy machine: `cargo run --release --example generate -- FILE MIB`.

use etl::kernel::{
    Action, ContextSwitch, Dpc, DpcKind, Image, Isr, IsrKind, KernelEvent, ReadyThread,
};
use etl::{Session, Writer};
use std::error::Error;

const PROCESSORS: u16 = 16;
const KERNEL_BASE: u64 = 0xFFFF_F800_0000_0000;
const MODULES: [&str; 6] = [
    "ntoskrnl.exe",
    "hal.dll",
    "ndis.sys",
    "tcpip.sys",
    "storport.sys",
    "dhpnic.sys",
];
const MODULE_BYTES: u64 = 0x10_0000;
/// Bytes of the events that one round writes.
const ROUND_BYTES: u64 = 40 + 32 + 40 + 24 + 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(mib)) = (arguments.next(), arguments.next()) else {
        return Err("usage: generate FILE MIB".into());
    };
    let rounds = (mib.parse::<u64>()? << 20) / ROUND_BYTES / u64::from(PROCESSORS);
    let session = Session {
        buffer_size: 1 << 18,
        ..Session::default()
    };
    let mut writer = Writer::create(path, session)?;
    let mut time = 0;
    for round in 0..rounds {
        for processor in 0..PROCESSORS {
            time += 9;
            write_round(&mut writer, processor, time, round)?;
        }
    }
    for (number, module) in (0..).zip(MODULES) {
        let image = Image {
            base: KERNEL_BASE + number * MODULE_BYTES,
            size: MODULE_BYTES,
            file_name: format!("\\SystemRoot\\System32\\drivers\\{module}"),
            ..Image::default()
        };
        let image = KernelEvent::Image(Action::RundownEnd, image);
        writer.kernel(0, time + 100, &image)?;
    }
    writer.finish()?.persist()?;
    Ok(())
}

/// An interrupt, its DPC, and the thread that the DPC wakes.
fn write_round<W: std::io::Write + std::io::Seek>(
    writer: &mut Writer<W>,
    processor: u16,
    time: i64,
    round: u64,
) -> Result<(), etl::WriteError> {
    let mix = round.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let routine = KERNEL_BASE + mix % 6 * MODULE_BYTES + mix % 40 * 64;
    let thread_id = 1000 + (mix % 50) as u32;
    let length = 2 + (mix % 30) as i64;
    let isr = Isr {
        kind: IsrKind::Message,
        initial_time: time,
        routine,
        claimed: true,
        vector: 0x90,
        message: Some(0),
    };
    writer.kernel(processor, time + 1, &KernelEvent::Isr(isr))?;
    let dpc = Dpc {
        kind: DpcKind::Normal,
        initial_time: time + 2,
        routine: routine + 32,
    };
    writer.kernel(processor, time + 2 + length, &KernelEvent::Dpc(dpc))?;
    let ready = ReadyThread {
        thread_id,
        flags: 1,
        ..ReadyThread::default()
    };
    writer.kernel(
        processor,
        time + 2 + length,
        &KernelEvent::ReadyThread(ready),
    )?;
    let switch = |new, old| {
        KernelEvent::ContextSwitch(ContextSwitch {
            new_thread_id: new,
            old_thread_id: old,
            new_priority: 8,
            old_state: 5,
            ..ContextSwitch::default()
        })
    };
    writer.kernel(processor, time + 3 + length, &switch(thread_id, 0))?;
    writer.kernel(processor, time + 60, &switch(0, thread_id))
}
