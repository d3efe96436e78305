//! Events of the kernel, in the layouts of Windows 7 to 11 (*Event Tracing for Windows: MOF
//! Classes*; the public headers name what the pages leave out).

mod class;
mod image;
mod perf_info;
mod process;
mod session;
mod stack;
mod switch;
mod system_config;

pub use class::KernelClass;
pub use image::{DebugId, Image};
pub use perf_info::{
    Dpc, DpcEnqueue, DpcExecution, DpcKind, Isr, IsrKind, SampledProfile, WdfKind,
};
pub use process::{Action, Process, Thread, ThreadName};
pub use session::{EnabledGroups, Loss, group_mask};
pub use stack::{Addresses, Stack};
pub use switch::{ContextSwitch, ReadyThread};
pub use system_config::{Cpu, Nic, Processor, ProcessorNumber};

use crate::bytes::{Bytes, put_pointer};
use crate::event::{Event, Identity};

/// An event of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelEvent<'a> {
    /// A process came, went, or was there.
    Process(Action, Process),
    /// A thread came, went, or was there.
    Thread(Action, Thread),
    /// A thread was named.
    ThreadName(ThreadName),
    /// An image came, went, or was there.
    Image(Action, Image),
    /// Which PDB belongs to an image.
    DebugId(DebugId),
    /// A processor goes on with another thread.
    ContextSwitch(ContextSwitch),
    /// A thread can run.
    ReadyThread(ReadyThread),
    /// Several context switches in one record, which is not decoded.
    CompactSwitches,
    /// A DPC has run.
    Dpc(Dpc),
    /// An interrupt service routine has run.
    Isr(Isr),
    /// A DPC was queued.
    DpcEnqueue(DpcEnqueue),
    /// A DPC is about to run.
    DpcExecution(DpcExecution),
    /// The framework called a driver's callback at this address.
    Wdf(WdfKind, u64),
    /// Where a processor was.
    SampledProfile(SampledProfile),
    /// Text that somebody put into the trace.
    Mark(String),
    /// A stack.
    Stack(Stack<'a>),
    /// The machine.
    Cpu(Cpu),
    /// A network adapter.
    Nic(Nic),
    /// Affinity of each processor group.
    ProcessorGroups(Vec<u64>),
    /// Group and number of each processor.
    ProcessorNumbers(Vec<ProcessorNumber>),
    /// One processor.
    Processor(Processor),
    /// Which kernel events the session asked for.
    EnabledGroups(EnabledGroups),
    /// The rundown is complete.
    RundownComplete,
    /// A real-time session lost something.
    Lost(Loss),
}

/// A known event whose payload is shorter than its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event's payload is shorter than its layout")]
pub struct Malformed;

/// What a kernel event is called in headers: class, opcode and version.
pub type Code = (KernelClass, u8, u8);

impl<'a> Event<'a> {
    /// The event as one of the kernel's, if it is one that is known here.
    ///
    /// # Errors
    /// If it is known, but too short.
    pub fn kernel(&self) -> Result<Option<KernelEvent<'a>>, Malformed> {
        match self.identity() {
            Identity::Kernel {
                class,
                opcode,
                version,
            } => {
                let bytes = Bytes::new(self.payload());
                decode((class, opcode, version), bytes, self.pointer_size())
            }
            _ => Ok(None),
        }
    }
}

fn decode<'a>(
    code: Code,
    bytes: Bytes<'a>,
    pointer: u8,
) -> Result<Option<KernelEvent<'a>>, Malformed> {
    let (class, opcode, version) = code;
    match class {
        KernelClass::PerfInfo => decode_perf_info(opcode, bytes, pointer),
        KernelClass::Thread => decode_thread(opcode, version, bytes, pointer),
        KernelClass::Process => decode_process(opcode, version, bytes, pointer),
        KernelClass::Image => decode_image(opcode, version, bytes, pointer),
        KernelClass::SystemConfig => decode_system_config(opcode, bytes),
        KernelClass::StackWalk => decode_stack(opcode, bytes, pointer),
        KernelClass::EventTrace => decode_session(opcode, bytes),
        KernelClass::LostEvents => Ok(Loss::from_opcode(opcode).map(KernelEvent::Lost)),
        KernelClass::ImageId => decode_image_id(opcode, bytes, pointer),
        _ => Ok(None),
    }
}

/// What one of the functions below found.
type Found<'a> = Result<Option<KernelEvent<'a>>, Malformed>;

fn whole(event: Option<KernelEvent<'_>>) -> Found<'_> {
    event.map(Some).ok_or(Malformed)
}

fn decode_perf_info(opcode: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    let bytes = &mut bytes;
    if let Some(kind) = DpcKind::from_opcode(opcode) {
        return whole(Dpc::decode(bytes, pointer, kind).map(KernelEvent::Dpc));
    }
    if let Some(kind) = IsrKind::from_opcode(opcode) {
        return whole(Isr::decode(bytes, pointer, kind).map(KernelEvent::Isr));
    }
    if let Some(kind) = WdfKind::from_opcode(opcode) {
        let routine = bytes.pointer(pointer);
        return whole(routine.map(|routine| KernelEvent::Wdf(kind, routine)));
    }
    match opcode {
        opcodes::MARK => Ok(Some(KernelEvent::Mark(bytes.utf8()))),
        opcodes::SAMPLED_PROFILE => {
            whole(SampledProfile::decode(bytes, pointer).map(KernelEvent::SampledProfile))
        }
        opcodes::DPC_ENQUEUE => {
            whole(DpcEnqueue::decode(bytes, pointer).map(KernelEvent::DpcEnqueue))
        }
        opcodes::DPC_EXECUTION => {
            whole(DpcExecution::decode(bytes, pointer).map(KernelEvent::DpcExecution))
        }
        _ => Ok(None),
    }
}

fn decode_thread(opcode: u8, version: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    let bytes = &mut bytes;
    if let Some(action) = Action::from_opcode(opcode) {
        let thread = Thread::decode(bytes, pointer, version);
        return whole(thread.map(|thread| KernelEvent::Thread(action, thread)));
    }
    match opcode {
        opcodes::CSWITCH => whole(ContextSwitch::decode(bytes).map(KernelEvent::ContextSwitch)),
        opcodes::READY_THREAD => whole(ReadyThread::decode(bytes).map(KernelEvent::ReadyThread)),
        opcodes::COMPACT_CSWITCH => Ok(Some(KernelEvent::CompactSwitches)),
        opcodes::THREAD_NAME => whole(ThreadName::decode(bytes).map(KernelEvent::ThreadName)),
        _ => Ok(None),
    }
}

fn decode_process(opcode: u8, version: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    let Some(action) = Action::from_opcode(opcode) else {
        return Ok(None);
    };
    let process = Process::decode(&mut bytes, pointer, version);
    whole(process.map(|process| KernelEvent::Process(action, process)))
}

fn decode_image(opcode: u8, version: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    let action = match opcode {
        class::IMAGE_LOAD_OPCODE => Action::Start,
        2 => Action::End,
        3 => Action::RundownStart,
        4 => Action::RundownEnd,
        _ => return Ok(None),
    };
    let image = Image::decode(&mut bytes, pointer, version);
    whole(image.map(|image| KernelEvent::Image(action, image)))
}

fn decode_image_id(opcode: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    match opcode {
        opcodes::DEBUG_ID_RSDS => {
            whole(DebugId::decode(&mut bytes, pointer).map(KernelEvent::DebugId))
        }
        _ => Ok(None),
    }
}

fn decode_system_config(opcode: u8, mut bytes: Bytes<'_>) -> Found<'_> {
    let bytes = &mut bytes;
    match opcode {
        opcodes::CPU => whole(Cpu::decode(bytes).map(KernelEvent::Cpu)),
        opcodes::NIC => whole(Nic::decode(bytes).map(KernelEvent::Nic)),
        opcodes::GROUPS => {
            whole(system_config::decode_groups(bytes).map(KernelEvent::ProcessorGroups))
        }
        opcodes::NUMBERS => {
            whole(system_config::decode_numbers(bytes).map(KernelEvent::ProcessorNumbers))
        }
        opcodes::PROCESSOR => whole(Processor::decode(bytes).map(KernelEvent::Processor)),
        _ => Ok(None),
    }
}

fn decode_stack(opcode: u8, mut bytes: Bytes<'_>, pointer: u8) -> Found<'_> {
    match opcode {
        opcodes::STACK => whole(Stack::decode(&mut bytes, pointer).map(KernelEvent::Stack)),
        _ => Ok(None),
    }
}

fn decode_session(opcode: u8, mut bytes: Bytes<'_>) -> Found<'_> {
    match opcode {
        opcodes::EXTENSION | opcodes::END_EXTENSION => {
            whole(EnabledGroups::decode(&mut bytes).map(KernelEvent::EnabledGroups))
        }
        opcodes::RUNDOWN_COMPLETE => Ok(Some(KernelEvent::RundownComplete)),
        _ => Ok(None),
    }
}

/// Opcodes that are not those of a kind.
mod opcodes {
    pub(super) const EXTENSION: u8 = 5;
    pub(super) const END_EXTENSION: u8 = 32;
    pub(super) const RUNDOWN_COMPLETE: u8 = 8;

    pub(super) const CSWITCH: u8 = 36;
    pub(super) const COMPACT_CSWITCH: u8 = 37;
    pub(super) const READY_THREAD: u8 = 50;
    pub(super) const THREAD_NAME: u8 = 72;

    pub(super) const MARK: u8 = 34;
    pub(super) const SAMPLED_PROFILE: u8 = 46;
    pub(super) const DPC_ENQUEUE: u8 = 100;
    pub(super) const DPC_EXECUTION: u8 = 101;

    pub(super) const CPU: u8 = 10;
    pub(super) const NIC: u8 = 13;
    pub(super) const GROUPS: u8 = 26;
    pub(super) const NUMBERS: u8 = 27;
    pub(super) const PROCESSOR: u8 = 35;

    pub(super) const STACK: u8 = 32;
    pub(super) const DEBUG_ID_RSDS: u8 = 36;
}

impl KernelEvent<'_> {
    /// What the event is called in headers, in the version that is written here.
    pub fn code(&self) -> Code {
        use KernelClass as Class;
        match self {
            Self::Process(action, _) => (Class::Process, action.opcode(), 4),
            Self::Thread(action, _) => (Class::Thread, action.opcode(), 3),
            Self::ThreadName(_) => (Class::Thread, opcodes::THREAD_NAME, 2),
            Self::Image(Action::Start, _) => (Class::Image, class::IMAGE_LOAD_OPCODE, 3),
            Self::Image(action, _) => (Class::Image, action.opcode(), 3),
            Self::DebugId(_) => (Class::ImageId, opcodes::DEBUG_ID_RSDS, 2),
            Self::ContextSwitch(_) => (Class::Thread, opcodes::CSWITCH, 4),
            Self::ReadyThread(_) => (Class::Thread, opcodes::READY_THREAD, 2),
            Self::CompactSwitches => (Class::Thread, opcodes::COMPACT_CSWITCH, 2),
            Self::Dpc(dpc) => (Class::PerfInfo, dpc.kind.opcode(), 2),
            Self::Isr(isr) => (Class::PerfInfo, isr.kind.opcode(), 2),
            Self::DpcEnqueue(_) => (Class::PerfInfo, opcodes::DPC_ENQUEUE, 2),
            Self::DpcExecution(_) => (Class::PerfInfo, opcodes::DPC_EXECUTION, 2),
            Self::Wdf(kind, _) => (Class::PerfInfo, kind.opcode(), 2),
            Self::SampledProfile(_) => (Class::PerfInfo, opcodes::SAMPLED_PROFILE, 2),
            Self::Mark(_) => (Class::PerfInfo, opcodes::MARK, 2),
            Self::Stack(_) => (Class::StackWalk, opcodes::STACK, 2),
            Self::Cpu(_) => (Class::SystemConfig, opcodes::CPU, 3),
            Self::Nic(_) => (Class::SystemConfig, opcodes::NIC, 2),
            Self::ProcessorGroups(_) => (Class::SystemConfig, opcodes::GROUPS, 2),
            Self::ProcessorNumbers(_) => (Class::SystemConfig, opcodes::NUMBERS, 2),
            Self::Processor(_) => (Class::SystemConfig, opcodes::PROCESSOR, 2),
            Self::EnabledGroups(_) => (Class::EventTrace, opcodes::EXTENSION, 2),
            Self::RundownComplete => (Class::EventTrace, opcodes::RUNDOWN_COMPLETE, 2),
            Self::Lost(loss) => (Class::LostEvents, loss.opcode(), 1),
        }
    }

    /// The event's payload, for a producer with pointers of `pointer` bytes.
    pub fn payload(&self, pointer: u8) -> Vec<u8> {
        let mut payload = Vec::new();
        let out = &mut payload;
        match self {
            Self::Process(_, process) => process.encode(out, pointer),
            Self::Thread(_, thread) => thread.encode(out, pointer),
            Self::ThreadName(name) => name.encode(out),
            Self::Image(_, image) => image.encode(out, pointer),
            Self::DebugId(id) => id.encode(out, pointer),
            Self::ContextSwitch(switch) => switch.encode(out),
            Self::ReadyThread(ready) => ready.encode(out),
            Self::Dpc(dpc) => dpc.encode(out, pointer),
            Self::Isr(isr) => isr.encode(out, pointer),
            Self::DpcEnqueue(enqueue) => enqueue.encode(out, pointer),
            Self::DpcExecution(execution) => execution.encode(out, pointer),
            Self::Wdf(_, routine) => put_pointer(out, *routine, pointer),
            Self::SampledProfile(sample) => sample.encode(out, pointer),
            Self::Mark(text) => crate::bytes::put_utf8(out, text),
            Self::Stack(stack) => stack.encode(out, pointer),
            Self::Cpu(cpu) => cpu.encode(out, pointer),
            Self::Nic(nic) => nic.encode(out),
            Self::ProcessorGroups(groups) => system_config::encode_groups(groups, out),
            Self::ProcessorNumbers(numbers) => system_config::encode_numbers(numbers, out),
            Self::Processor(processor) => processor.encode(out),
            Self::EnabledGroups(groups) => groups.encode(out),
            Self::CompactSwitches | Self::RundownComplete | Self::Lost(_) => {}
        }
        payload
    }
}

#[cfg(test)]
mod tests;
