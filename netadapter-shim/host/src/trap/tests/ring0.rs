//! What only ring 0 has, as driver code uses it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::{
    Access, Fault, FaultKind, FaultSink, ProcessorBlock, RegisterFile, Registers, Resumption,
    Ring0, SHARED_DATA_ADDRESS, TimeStamp, prepare_thread, register_image,
};
use super::Code;

/// A processor of ring 0, and the end of the line for faults of its code.
struct Processor {
    priority: AtomicU8,
    interrupts: AtomicBool,
    counter: AtomicU64,
    /// What code does when its priority falls, as a DPC does.
    on_lowering: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    replaced: Vec<(u64, Vec<u8>)>,
    faults: Mutex<Sender<Fault>>,
}

impl Ring0 for Processor {
    fn task_priority(&self) -> u8 {
        self.priority.load(Ordering::Relaxed)
    }

    fn set_task_priority(&self, priority: u8) {
        self.priority.store(priority, Ordering::Relaxed);
        let work = self.on_lowering.lock().expect("no panics").take();
        if let Some(work) = work {
            work();
        }
    }

    fn are_interrupts_enabled(&self) -> bool {
        self.interrupts.load(Ordering::Relaxed)
    }

    fn enable_interrupts(&self, enabled: bool) {
        self.interrupts.store(enabled, Ordering::Relaxed);
    }

    fn time_stamp(&self) -> TimeStamp {
        TimeStamp {
            counter: self.counter.fetch_add(1, Ordering::Relaxed),
            processor: 5,
        }
    }

    fn shared_data(&self) -> &dyn RegisterFile {
        &Page
    }
}

/// A page in which every byte is its offset, plus one.
struct Page;

impl RegisterFile for Page {
    fn read(&self, offset: u64, size: u8) -> u64 {
        (0..u64::from(size)).fold(0, |value, byte| {
            value | ((offset + byte + 1) & 0xff) << (8 * byte)
        })
    }

    fn write(&self, _offset: u64, _size: u8, _value: u64) {
        unreachable!("the page is never written");
    }
}

impl FaultSink for Processor {
    fn ring0(&self) -> Option<&dyn Ring0> {
        Some(self)
    }

    fn replaced_instruction(&self, address: u64) -> Option<&[u8]> {
        let found = self.replaced.iter().find(|(place, _)| *place == address);
        found.map(|(_, bytes)| bytes.as_slice())
    }

    fn fault(&self, fault: Fault) -> ! {
        let sender = self.faults.lock().expect("one fault");
        sender.send(fault).expect("the test waits");
        drop(sender);
        loop {
            thread::park();
        }
    }
}

/// Code on a processor.
struct Run {
    code: Code,
    processor: Arc<Processor>,
    faults: std::sync::mpsc::Receiver<Fault>,
}

const COUNTER: u64 = 0x1234_5678_9abc_def0;

/// Prepares code; `replaced` names by offset the instructions that the loader would have replaced.
fn prepare(instructions: &[u8], replaced: &[(usize, usize)]) -> Run {
    let mut bytes = instructions.to_vec();
    for &(offset, len) in replaced {
        bytes[offset..][..len].fill(0x90);
        bytes[offset] = 0xf4;
    }
    let code = Code::of(&bytes);
    let base = code.base();
    let (sender, faults) = channel();
    let processor = Arc::new(Processor {
        priority: AtomicU8::new(0),
        interrupts: AtomicBool::new(true),
        counter: AtomicU64::new(COUNTER),
        on_lowering: Mutex::default(),
        replaced: replaced
            .iter()
            .map(|&(offset, len)| (base + offset as u64, instructions[offset..][..len].to_vec()))
            .collect(),
        faults: Mutex::new(sender),
    });
    Run {
        code,
        processor,
        faults,
    }
}

impl Run {
    /// Calls the code, which returns.
    fn call(&self, argument: u64) -> u64 {
        let sink = Arc::clone(&self.processor);
        let _image = register_image(self.code.base(), Code::LEN as u64, sink).expect("registered");
        // SAFETY: the code follows the convention.
        unsafe { self.code.call(argument) }
    }

    /// Calls the code, which faults.
    fn fault(self, argument: u64) -> FaultKind {
        let Self {
            code,
            processor,
            faults,
        } = self;
        let image = register_image(code.base(), Code::LEN as u64, processor).expect("registered");
        thread::spawn(move || {
            let _prepared = prepare_thread().expect("stacks can be mapped");
            // SAFETY: the code follows the convention until it faults, and never returns.
            unsafe { code.call(argument) };
            unreachable!("the code faults");
        });
        let fault = faults.recv().expect("the code faults");
        drop(image);
        fault.kind
    }
}

/// Shorthand for code that nothing has to be replaced in.
fn run(instructions: &[u8]) -> Run {
    prepare(instructions, &[])
}

/// The numbers of all registers but the stack pointer.
fn registers() -> impl Iterator<Item = u8> {
    (0..16).filter(|&number| number != 4)
}

/// `push` and `pop` of a register.
fn push(register: u8) -> Vec<u8> {
    vec![0x40 | register >> 3, 0x50 | register & 7]
}

fn pop(register: u8) -> Vec<u8> {
    vec![0x40 | register >> 3, 0x58 | register & 7]
}

#[test]
fn the_priority_is_read_into_every_register() {
    for register in registers() {
        let low = register & 7;
        let extension = register >> 3;
        let code = [
            push(register),
            // mov r, cr8
            vec![0x44 | extension, 0x0f, 0x20, 0xc0 | low],
            // mov rax, r
            vec![0x48 | extension << 2, 0x89, 0xc0 | low << 3],
            match register {
                0 => vec![0x48, 0x83, 0xc4, 8], // add rsp, 8
                register => pop(register),
            },
            vec![0xc3],
        ]
        .concat();
        let run = run(&code);
        run.processor.priority.store(13, Ordering::Relaxed);
        assert_eq!(run.call(u64::MAX), 13, "register {register}");
    }
}

#[test]
fn the_priority_is_written_from_every_register() {
    for register in registers() {
        let low = register & 7;
        let extension = register >> 3;
        let code = [
            push(register),
            // mov r, rcx
            vec![0x48 | extension, 0x89, 0xc8 | low],
            // mov cr8, r
            vec![0x44 | extension, 0x0f, 0x22, 0xc0 | low],
            pop(register),
            vec![0xc3],
        ]
        .concat();
        let run = run(&code);
        run.call(11);
        assert_eq!(run.processor.task_priority(), 11, "register {register}");
    }
}

#[test]
fn a_priority_above_fifteen_is_refused_as_by_a_processor() {
    // mov cr8, rcx
    let code = [0x44, 0x0f, 0x22, 0xc1];
    for priority in [16, 258, u64::MAX] {
        let name = "mov".into();
        let kind = run(&code).fault(priority);
        assert_eq!(kind, FaultKind::PrivilegedInstruction { name });
    }
}

#[test]
fn lowering_the_priority_may_run_driver_code_that_does_the_same() {
    // mov cr8, rcx; mov rax, cr8; ret
    let code = [0x44, 0x0f, 0x22, 0xc1, 0x44, 0x0f, 0x20, 0xc0, 0xc3];
    let outer = run(&code);
    let inner = run(&code);
    let seen = Arc::new(AtomicU64::new(0));
    let note = Arc::clone(&seen);
    *outer.processor.on_lowering.lock().expect("no panics") = Some(Box::new(move || {
        note.store(inner.call(2), Ordering::Relaxed);
    }));
    assert_eq!(outer.call(1), 1);
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[test]
fn interrupts_are_disabled_and_enabled() {
    let disabling = run(&[0xfa, 0xc3]);
    disabling.call(0);
    assert!(!disabling.processor.are_interrupts_enabled());
    let enabling = run(&[0xfb, 0xc3]);
    enabling.processor.enable_interrupts(false);
    enabling.call(0);
    assert!(enabling.processor.are_interrupts_enabled());
}

#[test]
fn saved_flags_hold_the_interrupt_flag_of_the_simulated_processor() {
    const INTERRUPT_FLAG: u64 = 1 << 9;
    // pushfq; pop rax; ret
    for enabled in [true, false] {
        let run = prepare(&[0x9c, 0x58, 0xc3], &[(0, 1)]);
        run.processor.enable_interrupts(enabled);
        let flags = run.call(0);
        assert_eq!(flags & INTERRUPT_FLAG != 0, enabled);
        assert_eq!(flags & 2, 2, "the flag that is always set");
    }
    // push rcx; popfq; ret
    for enabled in [true, false] {
        let run = prepare(&[0x51, 0x9d, 0xc3], &[(1, 1)]);
        run.processor.enable_interrupts(!enabled);
        run.call(if enabled { INTERRUPT_FLAG } else { 0 } | 2);
        assert_eq!(run.processor.are_interrupts_enabled(), enabled);
    }
}

#[test]
fn restored_flags_are_those_that_were_saved() {
    // push rcx; popfq (real); pushfq; clc (changes); add al, 1; popfq; pushfq (real); pop rax; ret
    let code = [0x51, 0x9d, 0x9c, 0xf8, 0x04, 1, 0x9d, 0x9c, 0x58, 0xc3];
    let run = prepare(&code, &[(2, 1), (6, 1)]);
    for flags in [0x202, 0x202 | 0x8d5, 0x203, 0x242, 0xa82] {
        assert_eq!(run.call(flags) & 0xcd5, flags & 0xcd5, "{flags:#x}");
    }
}

#[test]
fn the_stack_is_the_same_behind_saved_and_restored_flags() {
    // push rcx; pushfq; pushfq; popfq; pop rdx; pop rax; ret
    let code = [0x51, 0x9c, 0x9c, 0x9d, 0x5a, 0x58, 0xc3];
    let run = prepare(&code, &[(1, 1), (2, 1), (3, 1)]);
    assert_eq!(run.call(0x5555_aaaa_5555_aaaa), 0x5555_aaaa_5555_aaaa);
}

#[test]
fn the_time_stamp_is_that_of_the_machine() {
    // rdtsc; shl rdx, 32; or rax, rdx; ret
    let code = [0x0f, 0x31, 0x48, 0xc1, 0xe2, 32, 0x48, 0x09, 0xd0, 0xc3];
    let run = prepare(&code, &[(0, 2)]);
    assert_eq!((run.call(0), run.call(0)), (COUNTER, COUNTER + 1));
    // rdtscp; shl rdx, 32; or rax, rdx; ret
    let code = [
        0x0f, 0x01, 0xf9, 0x48, 0xc1, 0xe2, 32, 0x48, 0x09, 0xd0, 0xc3,
    ];
    let run = prepare(&code, &[(0, 3)]);
    assert_eq!(run.call(0), COUNTER);
    // rdtscp; mov rax, rcx; ret
    let run = prepare(&[0x0f, 0x01, 0xf9, 0x48, 0x89, 0xc8, 0xc3], &[(0, 3)]);
    assert_eq!(run.call(u64::MAX), 5);
}

#[test]
fn a_halt_of_the_driver_itself_is_refused_by_name() {
    let name = "hlt".into();
    let kind = run(&[0xf4]).fault(0);
    assert_eq!(kind, FaultKind::PrivilegedInstruction { name });
}

/// `mov rcx, SHARED_DATA_ADDRESS + offset`, then an instruction, then `ret`.
fn on_shared_data(offset: u64, instruction: &[u8]) -> Vec<u8> {
    let address = (SHARED_DATA_ADDRESS + offset).to_le_bytes();
    [&[0x48, 0xb9], &address[..], instruction, &[0xc3]].concat()
}

#[test]
fn the_shared_page_is_read_at_its_kernel_address() {
    // The offsets of the interrupt time, the system time and the tick count.
    let cases: [(u64, &[u8], u64); 9] = [
        (0x08, &[0x48, 0x8b, 0x01], 0x100f_0e0d_0c0b_0a09), // mov rax, [rcx]
        (0x14, &[0x48, 0x8b, 0x01], 0x1c1b_1a19_1817_1615),
        (0x320, &[0x8b, 0x01], 0x2423_2221),  // mov eax, [rcx]
        (0x26c, &[0x0f, 0xb6, 0x01], 0x6d),   // movzx eax, byte ptr [rcx]
        (0x2d4, &[0x0f, 0xb7, 0x01], 0xd6d5), // movzx eax, word ptr [rcx]
        (0xff0, &[0x48, 0x63, 0x01], 0xffff_ffff_f4f3_f2f1), // movsxd rax, dword ptr [rcx]
        (0, &[0x31, 0xc0, 0x03, 0x01], 0x0403_0201), // xor eax, eax; add eax, [rcx]
        (4, &[0x31, 0xc0, 0x38, 0x41, 2, 0x0f, 0x92, 0xc0], 0), // cmp [rcx + 2], al; setb al
        (0xffc, &[0x8b, 0x01], 0x00ff_fefd),
    ];
    for (offset, instruction, expected) in cases {
        let code = on_shared_data(offset, instruction);
        assert_eq!(
            run(&code).call(0),
            expected,
            "{instruction:x?} at {offset:#x}"
        );
    }
}

#[test]
fn the_shared_page_is_read_by_absolute_address_too() {
    let absolute = |prefix: &[u8], offset: u64| {
        let address = (SHARED_DATA_ADDRESS + offset).to_le_bytes();
        [&[0x31, 0xc0], prefix, &address[..], &[0xc3]].concat()
    };
    // mov al, eax and rax from an absolute address.
    assert_eq!(run(&absolute(&[0xa0], 0x26c)).call(0), 0x6d);
    assert_eq!(run(&absolute(&[0xa1], 0x320)).call(0), 0x2423_2221);
    let time = run(&absolute(&[0x48, 0xa1], 0x14)).call(0);
    assert_eq!(time, 0x1c1b_1a19_1817_1615);
}

#[test]
fn the_shared_page_cannot_be_written_nor_read_beyond_its_end() {
    let violation = |offset: u64, access| FaultKind::AccessViolation {
        address: SHARED_DATA_ADDRESS + offset,
        access,
    };
    // mov [rcx], eax
    let store = run(&on_shared_data(8, &[0x89, 0x01])).fault(0);
    assert_eq!(store, violation(8, Access::Write));
    // add dword ptr [rcx], 1
    let addition = run(&on_shared_data(8, &[0x83, 0x01, 1])).fault(0);
    assert_eq!(addition, violation(8, Access::Write));
    // mov rax, [rcx], four bytes before the end
    let beyond = run(&on_shared_data(4092, &[0x48, 0x8b, 0x01])).fault(0);
    assert!(matches!(
        beyond,
        FaultKind::AccessViolation {
            access: Access::Read,
            ..
        }
    ));
    // mov eax, [rcx] behind the page, where nothing is
    let behind = run(&on_shared_data(4096, &[0x8b, 0x01])).fault(0);
    assert_eq!(behind, violation(4096, Access::Read));
}

#[test]
fn a_vector_load_of_the_shared_page_is_refused_by_name() {
    // movups xmm0, [rcx]
    let kind = run(&on_shared_data(16, &[0x0f, 0x10, 0x01])).fault(0);
    let expected = FaultKind::UnknownInstruction {
        address: SHARED_DATA_ADDRESS + 16,
        name: "movups".into(),
    };
    assert_eq!(kind, expected);
}

/// `mov rax, gs:[offset]; ret`.
fn processor_field(offset: u32) -> Vec<u8> {
    let mut code = vec![0x65, 0x48, 0x8b, 0x04, 0x25];
    code.extend(offset.to_le_bytes());
    code.push(0xc3);
    code
}

/// Current thread, and number in the group and index of the processor, as code reads them.
fn processor_fields() -> (u64, u64) {
    // mov eax, gs:[0x1a4]; movzx ecx, byte ptr gs:[0x184]; shl rcx, 32; or rax, rcx; ret
    let numbers = [
        0x65, 0x8b, 0x04, 0x25, 0xa4, 1, 0, 0, 0x65, 0x0f, 0xb6, 0x0c, 0x25, 0x84, 1, 0, 0, 0x48,
        0xc1, 0xe1, 32, 0x48, 0x09, 0xc8, 0xc3,
    ];
    (run(&processor_field(0x188)).call(0), run(&numbers).call(0))
}

#[test]
fn the_processor_block_is_that_of_the_processor_selected_last_on_the_thread() {
    let first = ProcessorBlock::new(70, 6).expect("memory");
    let second = ProcessorBlock::new(1, 1).expect("memory");
    first.select(0x1000);
    assert_eq!(processor_fields(), (0x1000, 6 << 32 | 70));
    let elsewhere = thread::scope(|scope| {
        let other = scope.spawn(|| {
            second.select(0x2000);
            processor_fields()
        });
        other.join().expect("no panic")
    });
    assert_eq!(elsewhere, (0x2000, 1 << 32 | 1));
    assert_eq!(processor_fields(), (0x1000, 6 << 32 | 70));
    let itself = run(&processor_field(0x18));
    let block = itself.call(0);
    assert_eq!(run(&processor_field(0x20)).call(0), block + 0x180);
    second.select(0x3000);
    assert_eq!(processor_fields(), (0x3000, 1 << 32 | 1));
    assert_ne!(itself.call(0), block);
}

#[test]
fn a_field_without_a_fixed_place_is_refused_by_its_offset() {
    let run = prepare(&processor_field(0x1234), &[(0, 9)]);
    assert_eq!(
        run.fault(0),
        FaultKind::UnknownProcessorField { offset: 0x1234 }
    );
}

#[test]
fn code_that_handles_its_fault_goes_on_with_the_registers_it_chooses() {
    // mov r8, rsp; sub rsp, 40; mov rax, [rcx]; ud2; mov rsp, r8; movq rcx, xmm6; add rax, rcx; ret
    let code = [
        0x49, 0x89, 0xe0, 0x48, 0x83, 0xec, 40, 0x48, 0x8b, 0x01, 0x0f, 0x0b, 0x4c, 0x89, 0xc4,
        0x66, 0x48, 0x0f, 0x7e, 0xf1, 0x48, 0x01, 0xc8, 0xc3,
    ];
    let run = run(&code);
    let handling = Handling {
        base: run.code.base(),
        runs: Arc::clone(&run.processor),
    };
    let _image =
        register_image(run.code.base(), Code::LEN as u64, Arc::new(handling)).expect("registered");
    // SAFETY: the code follows the convention, but for xmm6, which no one here keeps.
    let answer = unsafe { run.code.call(0) };
    assert_eq!(answer, 40 + 2);
}

/// Lets code go on behind its fault, with 40 in `rax` and 2 in `xmm6`.
struct Handling {
    base: u64,
    runs: Arc<Processor>,
}

impl FaultSink for Handling {
    fn handle(&self, fault: &Fault) -> Option<Resumption> {
        let mut registers = fault.registers;
        registers.rip = self.base + 12;
        registers.general[Registers::RAX] = 40;
        Some(Resumption {
            registers,
            vectors: vec![(6, [2, 0])],
        })
    }

    fn fault(&self, fault: Fault) -> ! {
        self.runs.fault(fault)
    }
}
