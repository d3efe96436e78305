//! One event of each kind.

use etl::Uuid;
use etl::kernel::{
    Action, Addresses, ContextSwitch, Cpu, DebugId, Dpc, DpcEnqueue, DpcExecution, DpcKind,
    EnabledGroups, Image, Isr, IsrKind, KernelEvent, Loss, Nic, Process, Processor,
    ProcessorNumber, ReadyThread, SampledProfile, Stack, Thread, ThreadName, WdfKind, group_mask,
};

/// Two addresses, as they stand in a stack.
const ADDRESSES: [u8; 16] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0];

const ACTIONS: [Action; 4] = [
    Action::Start,
    Action::End,
    Action::RundownStart,
    Action::RundownEnd,
];

/// One event of each kind of the kernel.
pub fn one_of_each() -> Vec<KernelEvent<'static>> {
    let mut events = of_processes();
    events.extend(of_interrupts());
    events.extend(of_threads());
    events.extend(of_the_machine());
    events
}

fn of_processes() -> Vec<KernelEvent<'static>> {
    let process = |user_sid| Process {
        process_id: 4,
        parent_id: 1,
        session_id: 2,
        user_sid,
        image_file_name: "System".into(),
        command_line: "a b".into(),
        ..Process::default()
    };
    let thread = Thread {
        process_id: 4,
        thread_id: 8,
        start_address: 0xF123,
        base_priority: 8,
        name: "worker".into(),
        ..Thread::default()
    };
    let image = Image {
        base: 0xF000,
        size: 0x1000,
        file_name: "\\SystemRoot\\System32\\drivers\\x.sys".into(),
        ..Image::default()
    };
    let local_system = vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    let mut events = vec![
        KernelEvent::ThreadName(ThreadName {
            process_id: 4,
            thread_id: 8,
            name: "poll".into(),
        }),
        KernelEvent::DebugId(DebugId {
            base: 0xF000,
            process_id: 0,
            guid: Uuid::from_u128(7),
            age: 2,
            pdb_file_name: "x.pdb".into(),
        }),
    ];
    for action in ACTIONS {
        events.push(KernelEvent::Process(action, process(local_system.clone())));
        events.push(KernelEvent::Process(action, process(Vec::new())));
        events.push(KernelEvent::Thread(action, thread.clone()));
        events.push(KernelEvent::Image(action, image.clone()));
    }
    events
}

fn of_interrupts() -> Vec<KernelEvent<'static>> {
    let isr = |kind, message| {
        KernelEvent::Isr(Isr {
            kind,
            initial_time: 5,
            routine: 0xFFFF_F800,
            claimed: true,
            vector: 0x191,
            message,
        })
    };
    let dpc = |kind| {
        KernelEvent::Dpc(Dpc {
            kind,
            initial_time: 4,
            routine: 0xF010,
        })
    };
    vec![
        dpc(DpcKind::Normal),
        dpc(DpcKind::Timer),
        dpc(DpcKind::Threaded),
        dpc(DpcKind::IoTimer),
        isr(IsrKind::Line, None),
        isr(IsrKind::Passive, None),
        isr(IsrKind::Message, Some(3)),
        KernelEvent::DpcEnqueue(DpcEnqueue {
            key: 0xAB,
            target_processor: 3,
            ..DpcEnqueue::default()
        }),
        KernelEvent::DpcExecution(DpcExecution {
            routine: 1,
            key: 0xAB,
        }),
        KernelEvent::Wdf(WdfKind::Isr, 0xF00D),
        KernelEvent::Wdf(WdfKind::Dpc, 0xF00E),
        KernelEvent::Wdf(WdfKind::WorkItem, 0xF00F),
        KernelEvent::SampledProfile(SampledProfile {
            instruction_pointer: 0xF011,
            thread_id: 3,
            count: 1,
            flags: 1,
        }),
    ]
}

fn of_threads() -> Vec<KernelEvent<'static>> {
    vec![
        KernelEvent::ContextSwitch(ContextSwitch {
            new_thread_id: 1,
            old_thread_id: 2,
            new_priority: -1,
            old_state: 5,
            ..ContextSwitch::default()
        }),
        KernelEvent::ReadyThread(ReadyThread {
            thread_id: 9,
            flags: 1,
            ..ReadyThread::default()
        }),
        KernelEvent::CompactSwitches,
        KernelEvent::Stack(Stack {
            event_time_stamp: 77,
            process_id: 1,
            thread_id: 2,
            addresses: Addresses::new(&ADDRESSES),
        }),
        KernelEvent::Mark("before".into()),
    ]
}

fn of_the_machine() -> Vec<KernelEvent<'static>> {
    let number = |group, number| ProcessorNumber { group, number };
    vec![
        KernelEvent::Cpu(Cpu {
            number_of_processors: 3,
            computer_name: "host".into(),
            ..Cpu::default()
        }),
        KernelEvent::Processor(Processor {
            index: 2,
            name: "cpu".into(),
            ..Processor::default()
        }),
        KernelEvent::Nic(Nic {
            description: "virtio".into(),
            physical_address_length: 6,
            ..Nic::default()
        }),
        KernelEvent::ProcessorGroups(vec![3, 1]),
        KernelEvent::ProcessorNumbers(vec![number(0, 0), number(0, 1), number(1, 0)]),
        KernelEvent::EnabledGroups(EnabledGroups::default().with(group_mask::DPC)),
        KernelEvent::RundownComplete,
        KernelEvent::Lost(Loss::Event),
        KernelEvent::Lost(Loss::Buffer),
        KernelEvent::Lost(Loss::File),
    ]
}
