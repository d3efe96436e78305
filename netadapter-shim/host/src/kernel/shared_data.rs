//! `KUSER_SHARED_DATA`: the page of times and facts that headers let drivers read without a call.

use super::rules;
use crate::executive::{PAGE_SIZE, system, violation};
use crate::inf::Target;
use crate::trap::{RegisterFile, SHARED_DATA_ADDRESS};

/// From one clock tick to the next, in units of 100 ns: what Windows boots with.
const TICK_100NS: u64 = 156_250;
/// `TickCountMultiplier`: milliseconds a tick, in units of 2⁻²⁴.
const TICK_MULTIPLIER: u32 = 0x0FA0_0000;
/// `IMAGE_FILE_MACHINE_AMD64`.
const MACHINE: u16 = 0x8664;
/// `PROCESSOR_ARCHITECTURE_AMD64`.
const ARCHITECTURE: u16 = 9;
/// `ProcessorFeatures` that every processor has which Windows runs on: `PF_COMPARE_EXCHANGE_DOUBLE`,
/// `PF_MMX_INSTRUCTIONS_AVAILABLE`, `PF_XMMI_INSTRUCTIONS_AVAILABLE`, `PF_RDTSC_INSTRUCTION_AVAILABLE`,
/// `PF_PAE_ENABLED`, `PF_XMMI64_INSTRUCTIONS_AVAILABLE`, `PF_NX_ENABLED`,
/// `PF_SSE3_INSTRUCTIONS_AVAILABLE`, `PF_COMPARE_EXCHANGE128`, `PF_FASTFAIL_AVAILABLE`.
const FEATURES: [usize; 10] = [2, 3, 6, 8, 9, 10, 12, 13, 14, 23];
const SYSTEM_ROOT: &str = "C:\\Windows";

/// The page, for the code of a driver on a simulated processor.
#[derive(Debug)]
pub(crate) struct SharedData;

/// A field: where it begins, and the bytes it has now.
type Field = (u64, Vec<u8>);

impl RegisterFile for SharedData {
    fn read(&self, offset: u64, size: u8) -> u64 {
        let found = fields().into_iter().find_map(|(start, bytes)| {
            let skipped = offset.checked_sub(start)? as usize;
            bytes.get(skipped..)?.get(..size.into()).map(<[u8]>::to_vec)
        });
        let Some(bytes) = found else {
            violation(
                &rules::UNKNOWN_SHARED_DATA,
                format!(
                    "{size} bytes at {:#x}, offset {offset:#x}",
                    SHARED_DATA_ADDRESS + offset
                ),
            )
        };
        bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    fn write(&self, offset: u64, size: u8, _value: u64) {
        unreachable!("a store of {size} bytes at {offset:#x} is a fault before it comes here");
    }
}

/// The fields that the host keeps. *KUSER_SHARED_DATA structure* gives their order and types. Times
/// go on at each clock tick (*KeQueryInterruptTime function*, remarks).
fn fields() -> Vec<Field> {
    let ticks = system().clock().now_ns() / 100 / TICK_100NS;
    let interrupt_time = ticks * TICK_100NS;
    let boot_time = super::time::BOOT_TIME_NS / 100;
    let target = Target::windows_server_2025();
    let pages = system().memory().bytes() / PAGE_SIZE as u64;
    let active = system().topology().active_count();
    let mut features = vec![0; 64];
    for feature in FEATURES {
        features[feature] = 1;
    }
    vec![
        (0x004, TICK_MULTIPLIER.to_le_bytes().to_vec()),
        (0x008, system_time(interrupt_time)),
        (0x014, system_time(boot_time + interrupt_time)),
        // TimeZoneBias: the machine's clock shows UTC.
        (0x020, system_time(0)),
        (
            0x02C,
            [MACHINE.to_le_bytes(), MACHINE.to_le_bytes()].concat(),
        ),
        (0x030, text(SYSTEM_ROOT, 260)),
        (0x260, target.version.build.to_le_bytes().to_vec()),
        (0x264, (target.product_type as u32).to_le_bytes().to_vec()),
        (0x268, vec![1]),
        (0x26A, ARCHITECTURE.to_le_bytes().to_vec()),
        (0x26C, target.version.major.to_le_bytes().to_vec()),
        (0x270, target.version.minor.to_le_bytes().to_vec()),
        (0x274, features),
        // KdDebuggerEnabled: no debugger is there.
        (0x2D4, vec![0]),
        (0x2E8, (pages as u32).to_le_bytes().to_vec()),
        // SafeBootMode.
        (0x2EC, vec![0]),
        (
            0x300,
            super::time::PERFORMANCE_FREQUENCY.to_le_bytes().to_vec(),
        ),
        (0x320, system_time(ticks)),
        (0x3C0, active.to_le_bytes().to_vec()),
    ]
}

/// `KSYSTEM_TIME`: low part, high part, and the high part again.
fn system_time(value: u64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    [&bytes, &bytes[4..]].concat()
}

fn text(text: &str, units: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.resize(2 * units, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executive::TestMachine;

    #[test]
    fn times_in_the_shared_page_are_those_that_functions_tell() {
        let machine = TestMachine::new(1);
        machine.run(|system| {
            let before = system.clock().now_ns() / 100;
            let interrupt_time = SharedData.read(0x08, 8);
            let system_time = SharedData.read(0x14, 8);
            let ticks = SharedData.read(0x320, 8);
            let after = system.clock().now_ns() / 100;
            assert!(interrupt_time <= after && interrupt_time + TICK_100NS > before);
            assert!((interrupt_time / TICK_100NS..=after / TICK_100NS).contains(&ticks));
            assert_eq!(
                (ticks * SharedData.read(0x4, 4)) >> 24,
                ticks * 15_625 / 1_000
            );
            let precise = super::super::time::system_time_ns() / 100;
            assert!(system_time <= precise);
        });
    }

    #[test]
    fn fields_are_read_in_parts_and_with_their_high_words() {
        let machine = TestMachine::new(2);
        machine.run(|_| {
            let time = SharedData.read(0x14, 8);
            assert_eq!(SharedData.read(0x18, 4), time >> 32);
            assert_eq!(SharedData.read(0x1C, 4), time >> 32);
            assert_eq!(SharedData.read(0x16, 1), time >> 16 & 0xff);
            assert_eq!(SharedData.read(0x30, 2), u64::from(b'C'));
            assert_eq!(SharedData.read(0x26C, 4), 10);
            assert_eq!(SharedData.read(0x274 + 23, 1), 1);
            assert_eq!(SharedData.read(0x3C0, 4), 2);
        });
    }

    #[test]
    fn a_field_that_is_not_kept_stops_the_machine() {
        let finding = TestMachine::new(1).finding_of(|_| {
            SharedData.read(0x330, 4);
        });
        assert_eq!(finding.rule, "UNKNOWN_SHARED_DATA");
        assert!(finding.detail.contains("0x330"), "{finding}");
    }
}
