//! A trace of two processors that are added under traffic, as a driver of this repository would
//! leave it on Windows.

use super::driver;
use etl::kernel::{
    Action, ContextSwitch, Cpu, DebugId, Dpc, DpcKind, EnabledGroups, Image, Isr, IsrKind,
    KernelEvent, Nic, Process, ProcessorNumber, ReadyThread, Thread, group_mask,
};
use etl::tracelogging::EventBuilder;
use etl::{EventDescriptor, Provider, Session, Uuid, Writer, Writing};
use std::path::Path;

/// Ticks of the clock: 100 ns.
pub const MS: i64 = 10_000;
const US: i64 = 10;

/// When the processors come, and when the queues run again.
pub const ADD: i64 = 2000 * MS;
pub const AGAIN: i64 = ADD + 6 * MS;
/// When the trace ends.
pub const END: i64 = 5000 * MS;

/// Where the driver is loaded, and its routines in it.
pub const DRIVER_BASE: u64 = 0xFFFF_F805_4000_0000;
const ISR_OFFSET: u64 = 0x1200;
pub const DPC_OFFSET: u64 = 0x1800;
const KERNEL_BASE: u64 = 0xFFFF_F805_1000_0000;

/// The driver's own thread.
pub const DRIVER_THREAD: u32 = 404;

const SYSTEM: u32 = 4;

/// What a trace holds.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Events of the driver.
    pub has_driver_events: bool,
    /// DPCs, ISRs and context switches.
    pub has_kernel_events: bool,
    /// The list of images, at the end.
    pub has_images: bool,
    /// The driver's image file.
    pub module: &'static str,
    /// How long DPCs take, in parts of their usual time.
    pub dpc_scale: i64,
    pub is_compressed: bool,
    /// Where the driver's DPC routine is in its image.
    pub dpc_offset: u64,
    /// GUID and age of the driver's PDB.
    pub pdb: Option<(Uuid, u32)>,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            has_driver_events: true,
            has_kernel_events: true,
            has_images: true,
            module: "dhpnic.sys",
            dpc_scale: 1,
            is_compressed: false,
            dpc_offset: DPC_OFFSET,
            pdb: None,
        }
    }
}

/// A record of the trace to be.
pub enum Record {
    Kernel(KernelEvent<'static>),
    Driver(EventBuilder, EventDescriptor),
}

/// Records in any order.
#[derive(Default)]
pub struct Records(Vec<(i64, u16, Record)>);

impl Records {
    pub fn kernel(&mut self, at: i64, cpu: u16, event: KernelEvent<'static>) {
        self.0.push((at, cpu, Record::Kernel(event)));
    }

    pub fn driver(&mut self, at: i64, cpu: u16, event: EventBuilder, descriptor: EventDescriptor) {
        self.0.push((at, cpu, Record::Driver(event, descriptor)));
    }
}

impl Scene {
    /// Writes the trace.
    pub fn write(&self, path: &Path) {
        let mut records = Records::default();
        records.kernel(0, 0, KernelEvent::EnabledGroups(self.enabled()));
        if self.has_kernel_events {
            for cpu in 0..4 {
                self.interrupts(&mut records, cpu);
                self.switches(&mut records, cpu);
            }
        }
        if self.has_driver_events {
            driver::events(&mut records);
        }
        self.rundown(&mut records);
        records.0.sort_by_key(|(at, ..)| *at);
        let session = Session {
            session_name: "Relogger".into(),
            is_compressed: self.is_compressed,
            ..Session::default()
        };
        let mut writer = Writer::create(path, session).expect("the folder is writable");
        let provider = Provider::new("Dhpnic");
        let from = Writing {
            thread_id: DRIVER_THREAD,
            process_id: SYSTEM,
        };
        for (at, cpu, record) in records.0 {
            let written = match record {
                Record::Kernel(event) => writer.kernel_from(cpu, at, from, &event),
                Record::Driver(event, descriptor) => {
                    writer.trace_logging(cpu, at, from, &provider, descriptor, event)
                }
            };
            written.expect("it fits");
        }
        let file = writer.finish().expect("the folder is writable");
        file.persist().expect("the folder is writable");
    }

    fn enabled(&self) -> EnabledGroups {
        let groups = EnabledGroups::default().with(group_mask::LOADER);
        if !self.has_kernel_events {
            return groups;
        }
        groups
            .with(group_mask::DPC)
            .with(group_mask::INTERRUPT)
            .with(group_mask::CONTEXT_SWITCH)
            .with(group_mask::DISPATCHER)
    }

    /// An interrupt and its DPC every 200 µs on processors that have a queue.
    fn interrupts(&self, records: &mut Records, cpu: u16) {
        let start = if cpu < 2 { 5 * MS } else { AGAIN };
        let mut at = start + i64::from(cpu) * 40 * US;
        let mut number = 0_i64;
        while at < END - MS {
            number += 1;
            if (ADD + 2 * MS..AGAIN).contains(&at) {
                at = AGAIN + i64::from(cpu) * 40 * US;
                continue;
            }
            records.kernel(at + 3 * US, cpu, isr(at));
            // With twice as many queues there is half as much to do.
            let usual = if at < ADD { 60 } else { 32 };
            let late = if number % 500 == 0 { 110 } else { 0 };
            let length = (usual + number % 9 + late) * US * self.dpc_scale;
            let entry = at + 5 * US;
            records.kernel(
                entry + length,
                cpu,
                dpc(entry, DRIVER_BASE + self.dpc_offset),
            );
            if number % 25 == 0 {
                let entry = entry + length + 2 * US;
                let timer = Dpc {
                    kind: DpcKind::Timer,
                    initial_time: entry,
                    routine: KERNEL_BASE + 0x4400,
                };
                records.kernel(entry + 4 * US, cpu, KernelEvent::Dpc(timer));
            }
            at += 200 * US * self.dpc_scale;
        }
    }

    /// The driver's thread on processor 0, another one elsewhere, every 10 ms.
    fn switches(&self, records: &mut Records, cpu: u16) {
        let start = if cpu < 2 { 10 * MS } else { ADD + MS };
        let thread_id = if cpu == 0 {
            DRIVER_THREAD
        } else {
            500 + u32::from(cpu)
        };
        let mut at = start + 195 * US;
        while at < END - 20 * MS {
            let ready = ReadyThread {
                thread_id,
                ..ReadyThread::default()
            };
            records.kernel(at - 20 * US, cpu, KernelEvent::ReadyThread(ready));
            records.kernel(at, cpu, switch(thread_id, 0));
            records.kernel(at + 2 * MS, cpu, switch(0, thread_id));
            at += 10 * MS;
        }
    }

    /// What WPR writes when it stops.
    fn rundown(&self, records: &mut Records) {
        if self.has_images {
            let images = [
                ("ntoskrnl.exe", KERNEL_BASE),
                (self.module, DRIVER_BASE),
                ("Wdf01000.sys", DRIVER_BASE + 0x100_0000),
            ];
            for (name, base) in images {
                let image = Image {
                    base,
                    size: 0x10_0000,
                    file_name: format!("\\SystemRoot\\System32\\drivers\\{name}"),
                    ..Image::default()
                };
                let image = KernelEvent::Image(Action::RundownEnd, image);
                records.kernel(END + 5, 0, image);
            }
        }
        if let Some((guid, age)) = self.pdb {
            let id = DebugId {
                base: DRIVER_BASE,
                process_id: 0,
                guid,
                age,
                pdb_file_name: "dhpnic.pdb".into(),
            };
            records.kernel(END + 6, 0, KernelEvent::DebugId(id));
        }
        let process = Process {
            process_id: SYSTEM,
            image_file_name: "System".into(),
            ..Process::default()
        };
        let process = KernelEvent::Process(Action::RundownEnd, process);
        records.kernel(END + 6, 0, process);
        let thread = Thread {
            process_id: SYSTEM,
            thread_id: DRIVER_THREAD,
            start_address: DRIVER_BASE + 0x2000,
            ..Thread::default()
        };
        records.kernel(END + 7, 0, KernelEvent::Thread(Action::RundownEnd, thread));
        let machine = Cpu {
            number_of_processors: 4,
            computer_name: "SERVER".into(),
            ..Cpu::default()
        };
        records.kernel(END + 8, 0, KernelEvent::Cpu(machine));
        let number = |number| ProcessorNumber { group: 0, number };
        let numbers = (0..4).map(number).collect();
        records.kernel(END + 9, 0, KernelEvent::ProcessorNumbers(numbers));
        let nic = Nic {
            description: "dhpnic virtio network adapter".into(),
            ..Nic::default()
        };
        records.kernel(END + 9, 0, KernelEvent::Nic(nic));
    }
}

fn isr(entry: i64) -> KernelEvent<'static> {
    KernelEvent::Isr(Isr {
        kind: IsrKind::Message,
        initial_time: entry,
        routine: DRIVER_BASE + ISR_OFFSET,
        claimed: true,
        vector: 0x91,
        message: Some(1),
    })
}

fn dpc(entry: i64, routine: u64) -> KernelEvent<'static> {
    KernelEvent::Dpc(Dpc {
        kind: DpcKind::Normal,
        initial_time: entry,
        routine,
    })
}

fn switch(new: u32, old: u32) -> KernelEvent<'static> {
    KernelEvent::ContextSwitch(ContextSwitch {
        new_thread_id: new,
        old_thread_id: old,
        new_priority: 8,
        old_state: 5,
        ..ContextSwitch::default()
    })
}
