//! Faults that are reported, each on a thread of its own that never comes back.

use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::{
    Access, Fault, FaultKind, FaultSink, Region, RegisterFile, prepare_thread, register_image,
};
use super::{Code, Memory};

/// Sends the fault to the test and keeps the thread, for there is no way back.
struct Messenger {
    to: Mutex<Sender<Report>>,
}

struct Report {
    fault: Fault,
    stack_address: u64,
}

impl FaultSink for Messenger {
    fn fault(&self, fault: Fault) -> ! {
        let local = 0_u8;
        let report = Report {
            fault,
            stack_address: &raw const local as u64,
        };
        self.to
            .lock()
            .expect("one fault")
            .send(report)
            .expect("the test waits");
        loop {
            thread::park();
        }
    }
}

/// Runs machine code as an image of its own and answers its fault and the code's base.
fn fault_of(instructions: &[u8], argument: u64) -> (Fault, u64) {
    let (report, base) = report_of(instructions, argument);
    (report.fault, base)
}

fn report_of(instructions: &[u8], argument: u64) -> (Report, u64) {
    let code = Code::of(instructions);
    let base = code.base();
    let (sender, receiver) = channel();
    let sink = Arc::new(Messenger {
        to: Mutex::new(sender),
    });
    let registration =
        register_image(base, Code::LEN as u64, sink).expect("an image can be registered");
    thread::spawn(move || {
        let _prepared = prepare_thread().expect("stacks can be mapped");
        // SAFETY: the code follows the convention until it faults, and never returns.
        unsafe { code.call(argument) };
        unreachable!("the code faults");
    });
    let report = receiver.recv().expect("the code faults");
    drop(registration);
    (report, base)
}

#[test]
fn a_store_through_null_is_an_access_violation_at_null() {
    // xor eax, eax; mov dword ptr [rax + 0x10], ecx
    let (fault, base) = fault_of(&[0x31, 0xc0, 0x89, 0x48, 0x10], 0xabcd);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: 0x10,
            access: Access::Write
        }
    );
    assert_eq!(fault.registers.rip, base + 2);
    assert_eq!(fault.registers.general[1], 0xabcd);
    assert_eq!(fault.code[..3], [0x89, 0x48, 0x10]);
    let expected = format!(
        "access violation: write at address 0x10 at rip {:#x}",
        base + 2
    );
    assert_eq!(fault.to_string(), expected);
}

#[test]
fn a_load_through_null_is_an_access_violation_at_null() {
    // mov rax, [rcx]
    let (fault, _) = fault_of(&[0x48, 0x8b, 0x01], 0);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: 0,
            access: Access::Read
        }
    );
}

#[test]
fn a_write_to_code_is_an_access_violation() {
    // lea rax, [rip - 7]; mov [rax], al
    let (fault, base) = fault_of(&[0x48, 0x8d, 0x05, 0xf9, 0xff, 0xff, 0xff, 0x88, 0x00], 0);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: base,
            access: Access::Write
        }
    );
}

#[test]
fn a_call_through_a_wild_pointer_names_its_caller() {
    // sub rsp, 40; call rcx
    let (fault, base) = fault_of(&[0x48, 0x83, 0xec, 0x28, 0xff, 0xd1], 0x1000);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: 0x1000,
            access: Access::Execute
        }
    );
    assert_eq!(fault.registers.rip, 0x1000);
    assert_eq!(fault.caller, Some(base + 6));
    assert!(fault.code.is_empty());
}

#[test]
fn processor_exceptions_have_their_names() {
    let cases: [(&[u8], FaultKind); 11] = [
        (&[0x0f, 0x0b], FaultKind::IllegalInstruction),
        (&[0xcc], FaultKind::Breakpoint),
        // mov ecx, 3; int 0x29
        (
            &[0xb9, 3, 0, 0, 0, 0xcd, 0x29],
            FaultKind::FastFail { code: 3 },
        ),
        (&[0xcd, 0x2c], FaultKind::AssertionFailure),
        (&[0xcd, 0x2d], FaultKind::SoftwareInterrupt { vector: 0x2d }),
        // xor edx, edx; xor ecx, ecx; div ecx
        (
            &[0x31, 0xd2, 0x31, 0xc9, 0xf7, 0xf1],
            FaultKind::DivideError,
        ),
        (
            &[0xfa],
            FaultKind::PrivilegedInstruction { name: "cli".into() },
        ),
        // mov cr8, rcx
        (
            &[0x44, 0x0f, 0x22, 0xc1],
            FaultKind::PrivilegedInstruction { name: "mov".into() },
        ),
        (
            &[0x0f, 0x30],
            FaultKind::PrivilegedInstruction {
                name: "wrmsr".into(),
            },
        ),
        // mov rax, [rcx]
        (
            &[0x48, 0x8b, 0x01],
            FaultKind::NonCanonicalAddress {
                address: Some(0x8000_0000_0000_0000),
            },
        ),
        (
            // and rsp, -16; lea rcx, [rsp - 63]; movaps xmm0, [rcx]: the address is checked below
            &[
                0x48, 0x83, 0xe4, 0xf0, 0x48, 0x8d, 0x4c, 0x24, 0xc1, 0x0f, 0x28, 0x01,
            ],
            FaultKind::MisalignedAddress { address: None },
        ),
    ];
    for (instructions, expected) in cases {
        let (fault, _) = fault_of(instructions, 0x8000_0000_0000_0000);
        match (&fault.kind, &expected) {
            (
                FaultKind::MisalignedAddress { address },
                FaultKind::MisalignedAddress { address: None },
            ) => assert_eq!(*address, Some(fault.registers.general[1])),
            (kind, expected) => assert_eq!(kind, expected),
        }
    }
}

#[test]
fn a_breakpoint_is_reported_at_its_instruction() {
    let (fault, base) = fault_of(&[0x90, 0xcc], 0);
    assert_eq!(fault.registers.rip, base + 1);
}

#[test]
fn instructions_that_are_not_completed_are_refused_by_name() {
    let cases: [(&[u8], &str); 6] = [
        // mov rdi, rcx; mov ecx, 4; rep stosd
        (
            &[0x48, 0x89, 0xcf, 0xb9, 4, 0, 0, 0, 0xf3, 0xab],
            "rep stosd",
        ),
        // mov rsi, rcx; lea rdi, [rsp - 64]; mov ecx, 4; rep movsb
        (
            &[
                0x48, 0x89, 0xce, 0x48, 0x8d, 0x7c, 0x24, 0xc0, 0xb9, 4, 0, 0, 0, 0xf3, 0xa4,
            ],
            "rep movsb",
        ),
        // xchg [rcx], eax
        (&[0x87, 0x01], "xchg"),
        // lock add dword ptr [rcx], 1
        (&[0xf0, 0x83, 0x01, 0x01], "lock add"),
        // movups xmm0, [rcx]
        (&[0x0f, 0x10, 0x01], "movups"),
        // mov rsp, [rcx]
        (&[0x48, 0x8b, 0x21], "mov"),
    ];
    for (instructions, expected) in cases {
        let region = Region::map(4096, Arc::new(Memory::of(&[0; 4096]))).expect("mapped");
        let address = region.base().as_ptr() as u64;
        let (fault, _) = fault_of(instructions, address);
        assert_eq!(
            fault.kind,
            FaultKind::UnknownInstruction {
                address,
                name: expected.into()
            }
        );
    }
}

#[test]
fn an_access_that_ends_behind_the_registers_is_reported() {
    let file: Arc<dyn RegisterFile> = Arc::new(Memory::of(&[0; 16]));
    let region = Region::map(16, file).expect("mapped");
    let address = region.base().as_ptr() as u64 + 14;
    // mov eax, [rcx]
    let (fault, _) = fault_of(&[0x8b, 0x01], address);
    assert_eq!(
        fault.kind,
        FaultKind::AccessBeyondRegion { address, size: 4 }
    );
}

#[test]
fn an_access_behind_a_dropped_region_is_an_access_violation() {
    let region = Region::map(4096, Arc::new(Memory::of(&[0; 4096]))).expect("mapped");
    let address = region.base().as_ptr() as u64;
    // Keeps the addresses from being mapped again by another thread of this test.
    let reserved = region_replaced_by_nothing(region);
    let (fault, _) = fault_of(&[0x8b, 0x01], address);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address,
            access: Access::Read
        }
    );
    // SAFETY: mapped by `region_replaced_by_nothing` for this purpose.
    unsafe { libc::munmap(reserved as *mut _, 4096) };
}

/// Drops a region of one page and maps its addresses again, without access.
fn region_replaced_by_nothing(region: Region) -> u64 {
    let base = region.base().as_ptr();
    drop(region);
    // SAFETY: without MAP_FIXED the kernel takes another address where this one is in use.
    let again = unsafe {
        libc::mmap(
            base.cast(),
            4096,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    again as u64
}

#[test]
fn endless_recursion_is_a_stack_overflow_reported_on_another_stack() {
    // sub rsp, 2040; call -12 (to the start)
    let recursion = [
        0x48, 0x81, 0xec, 0xf8, 0x07, 0x00, 0x00, 0xe8, 0xf4, 0xff, 0xff, 0xff,
    ];
    let (report, _) = report_of(&recursion, 0);
    let FaultKind::StackOverflow { address } = report.fault.kind else {
        panic!("a stack overflow, not {:?}", report.fault.kind);
    };
    assert!(address.abs_diff(report.fault.registers.rsp()) < 4096);
    assert!(address.abs_diff(report.stack_address) > 4096);
}

#[test]
fn a_fault_is_reported_on_the_drivers_stack_where_that_has_room() {
    let (report, _) = report_of(&[0x0f, 0x0b], 0);
    let distance = report.fault.registers.rsp() - report.stack_address;
    assert!(
        distance < 64 * 1024,
        "the sink runs {distance} bytes below the fault"
    );
}

/// Runs one ignored test of this binary in a process of its own.
fn status_of_death(test: &str) -> ExitStatus {
    let binary = std::env::current_exe().expect("the test binary has a path");
    let path = module_path!()
        .split_once("::")
        .expect("a module of the crate")
        .1;
    Command::new(binary)
        .args([
            "--exact",
            &format!("{path}::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .output()
        .expect("the test binary runs")
        .status
}

fn leave_no_core_file() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is valid, and concerns this process only, which is about to die.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
}

#[test]
fn a_fault_of_the_host_ends_the_process_with_its_signal() {
    use std::os::unix::process::ExitStatusExt;
    let deaths = [
        ("dies_of_a_null_store_in_the_host", libc::SIGSEGV),
        ("dies_of_a_breakpoint_in_the_host", libc::SIGTRAP),
        ("dies_of_a_signal_that_was_sent", libc::SIGFPE),
        (
            "dies_of_an_unknown_register_access_in_the_host",
            libc::SIGABRT,
        ),
    ];
    for (test, signal) in deaths {
        assert_eq!(status_of_death(test).signal(), Some(signal), "{test}");
    }
}

#[test]
#[ignore = "run by a_fault_of_the_host_ends_the_process_with_its_signal"]
fn dies_of_a_null_store_in_the_host() {
    leave_no_core_file();
    let _region = Region::map(8, Arc::new(Memory::of(&[0; 8]))).expect("mapped");
    // SAFETY: none; this is the bug that the test is about.
    unsafe { std::arch::asm!("mov [{null}], {null}", null = in(reg) 0_u64) };
}

#[test]
#[ignore = "run by a_fault_of_the_host_ends_the_process_with_its_signal"]
fn dies_of_a_breakpoint_in_the_host() {
    leave_no_core_file();
    let _region = Region::map(8, Arc::new(Memory::of(&[0; 8]))).expect("mapped");
    // SAFETY: traps and does nothing else.
    unsafe { std::arch::asm!("int3") };
}

#[test]
#[ignore = "run by a_fault_of_the_host_ends_the_process_with_its_signal"]
fn dies_of_a_signal_that_was_sent() {
    leave_no_core_file();
    let _region = Region::map(8, Arc::new(Memory::of(&[0; 8]))).expect("mapped");
    // SAFETY: raise has no preconditions.
    unsafe { libc::raise(libc::SIGFPE) };
}

#[test]
#[ignore = "run by a_fault_of_the_host_ends_the_process_with_its_signal"]
fn dies_of_an_unknown_register_access_in_the_host() {
    leave_no_core_file();
    let region = Region::map(8, Arc::new(Memory::of(&[0; 8]))).expect("mapped");
    let base = region.base().as_ptr();
    // SAFETY: an exchange with a register of the region, which the host refuses.
    unsafe { std::arch::asm!("xchg [{base}], eax", base = in(reg) base, inout("eax") 1 => _) };
}
