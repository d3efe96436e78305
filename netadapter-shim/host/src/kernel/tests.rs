//! Kernel functions, called as a driver calls them.

use super::processors::{ProcessorCallbacks, ProcessorChange};
use super::resolve;
use crate::executive::{TestMachine, processor, system};
use core::ffi::c_void;
use netadapter_abi::nt::{
    DISPATCH_LEVEL, KDPC, KE_PROCESSOR_CHANGE_ADD_EXISTING, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT,
    KIRQL, NTSTATUS, PHYSICAL_MEMORY_RANGE, PKDEFERRED_ROUTINE, PKSTART_ROUTINE,
    PPROCESSOR_CALLBACK_FUNCTION, PROCESSOR_NUMBER, PVOID, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_SUCCESS,
};
use netadapter_abi::{nt_export, nt_fn};
use std::sync::Mutex;

/// A kernel function by name, with the type that the caller expects.
macro_rules! kernel {
    ($name:ident: fn($($parameter:ty),*) $(-> $result:ty)?) => {{
        let address = resolve(stringify!($name)).expect("the host has the function");
        // SAFETY: the export has this signature; see the function's page.
        unsafe {
            core::mem::transmute::<*const c_void, nt_fn!(fn($($parameter),*) $(-> $result)?)>(
                address,
            )
        }
    }};
}

/// What a processor callback saw, and at which index it refuses.
#[derive(Default)]
struct Witness {
    calls: Mutex<Vec<(i32, u32)>>,
    refuses: Option<u32>,
}

nt_export! {
    unsafe fn witness(
        context: PVOID,
        change: *mut KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT,
        status: *mut NTSTATUS
    ) {
        // SAFETY: the tests register a Witness that lives on.
        let witness = unsafe { &*context.cast::<Witness>() };
        // SAFETY: the kernel gives a valid change context.
        let change = unsafe { &*change };
        witness.calls.lock().unwrap().push((change.State, change.NtNumber));
        if change.State == 0 && witness.refuses == Some(change.NtNumber) {
            // SAFETY: the status may be set in the Start state.
            unsafe { status.write(STATUS_INSUFFICIENT_RESOURCES) };
        }
    }

    unsafe fn note_place(_dpc: *mut KDPC, context: PVOID, _first: PVOID, _second: PVOID) {
        // SAFETY: the test gives a place that outlives the DPC.
        let place = unsafe { &*context.cast::<Mutex<Option<(u32, KIRQL)>>>() };
        *place.lock().unwrap() = Some((processor().index(), processor().irql()));
    }
}

fn register(witness: &'static Witness, flags: u32) -> usize {
    let register = kernel!(
        KeRegisterProcessorChangeCallback: fn(PPROCESSOR_CALLBACK_FUNCTION, PVOID, u32) -> PVOID
    );
    let context = std::ptr::from_ref(witness).cast_mut().cast();
    // SAFETY: callback and context stay valid.
    unsafe { register(Some(self::witness), context, flags) as usize }
}

fn leak(witness: Witness) -> &'static Witness {
    Box::leak(Box::new(witness))
}

const START: i32 = 0;
const COMPLETE: i32 = 1;
const FAILURE: i32 = 2;

#[test]
fn existing_processors_are_all_offered_before_any_completes() {
    let calls = TestMachine::new(3).run(|_| {
        let witness = leak(Witness::default());
        register(witness, KE_PROCESSOR_CHANGE_ADD_EXISTING);
        witness.calls.lock().unwrap().clone()
    });
    let states = [START, COMPLETE];
    let expected: Vec<_> = states
        .into_iter()
        .flat_map(|state| (0..3).map(move |index| (state, index)))
        .collect();
    assert_eq!(calls, expected);
}

#[test]
fn a_refusal_in_the_middle_fails_those_accepted_and_not_itself() {
    let calls = TestMachine::new(3).run(|_| {
        let witness = leak(Witness {
            refuses: Some(1),
            ..Witness::default()
        });
        register(witness, KE_PROCESSOR_CHANGE_ADD_EXISTING);
        witness.calls.lock().unwrap().clone()
    });
    assert_eq!(calls, [(START, 0), (START, 1), (FAILURE, 0)]);
}

#[test]
fn a_veto_reaches_the_callbacks_that_had_agreed() {
    let (result, first, second) = TestMachine::new(1).run(|system| {
        let (first, second) = (
            leak(Witness::default()),
            leak(Witness {
                refuses: Some(1),
                ..Witness::default()
            }),
        );
        register(first, 0);
        register(second, 0);
        let result = system.subsystem::<ProcessorCallbacks>().announce(1);
        (
            result,
            first.calls.lock().unwrap().clone(),
            second.calls.lock().unwrap().clone(),
        )
    });
    assert_eq!(result, Err(STATUS_INSUFFICIENT_RESOURCES));
    assert_eq!(first, [(START, 1), (FAILURE, 1)]);
    assert_eq!(second, [(START, 1)]);
}

#[test]
fn a_removed_callback_hears_nothing() {
    let calls = TestMachine::new(1).run(|system| {
        let witness = leak(Witness::default());
        let handle = register(witness, 0);
        let remove = kernel!(KeDeregisterProcessorChangeCallback: fn(PVOID));
        // SAFETY: the handle came from the registration.
        unsafe { remove(handle as PVOID) };
        system
            .subsystem::<ProcessorCallbacks>()
            .conclude(1, ProcessorChange::Complete);
        witness.calls.lock().unwrap().len()
    });
    assert_eq!(calls, 0);
}

#[test]
fn a_drivers_dpc_runs_on_the_processor_it_was_aimed_at() {
    let place = TestMachine::new(2).run(|_| {
        let initialize = kernel!(KeInitializeDpc: fn(*mut KDPC, PKDEFERRED_ROUTINE, PVOID));
        let aim = kernel!(
            KeSetTargetProcessorDpcEx: fn(*mut KDPC, *const PROCESSOR_NUMBER) -> NTSTATUS
        );
        let queue = kernel!(KeInsertQueueDpc: fn(*mut KDPC, PVOID, PVOID) -> u8);
        let flush = kernel!(KeFlushQueuedDpcs: fn());
        let place = Mutex::new(None);
        let mut dpc = KDPC::zeroed();
        let context = std::ptr::from_ref(&place).cast_mut().cast();
        // SAFETY: the DPC and its context live until it has run.
        unsafe { initialize(&mut dpc, Some(note_place), context) };
        let target = PROCESSOR_NUMBER {
            Group: 0,
            Number: 1,
            Reserved: 0,
        };
        // SAFETY: an initialised DPC.
        assert_eq!(unsafe { aim(&mut dpc, &target) }, STATUS_SUCCESS);
        let absent = PROCESSOR_NUMBER {
            Group: 0,
            Number: 5,
            Reserved: 0,
        };
        // SAFETY: as above; the processor is not active.
        assert_ne!(unsafe { aim(&mut dpc, &absent) }, STATUS_SUCCESS);
        // SAFETY: as above.
        let queued = unsafe { queue(&mut dpc, PVOID::default(), PVOID::default()) };
        assert_eq!(queued, 1);
        // SAFETY: at PASSIVE_LEVEL.
        unsafe { flush() };
        *place.lock().unwrap()
    });
    assert_eq!(place, Some((1, DISPATCH_LEVEL)));
}

#[test]
fn a_spin_lock_taken_twice_by_one_processor_is_a_finding() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|_| {
        let acquire = kernel!(KeAcquireSpinLockRaiseToDpc: fn(*mut usize) -> KIRQL);
        let mut lock = 0;
        for _ in 0..2 {
            // SAFETY: a valid lock; the second time is what is tested.
            unsafe { acquire(&mut lock) };
        }
    });
    assert_eq!(finding.rule, "SPIN_LOCK_ALREADY_OWNED");
}

#[test]
fn pool_memory_is_zeroed_and_its_tag_is_checked() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|_| {
        let allocate = kernel!(ExAllocatePool2: fn(u64, usize, u32) -> PVOID);
        let release = kernel!(ExFreePoolWithTag: fn(PVOID, u32));
        // SAFETY: plain allocation.
        let block = unsafe { allocate(0x40, 100, u32::from_le_bytes(*b"Test")) };
        // SAFETY: the block has 100 bytes.
        let bytes = unsafe { std::slice::from_raw_parts(block.cast::<u8>(), 100) };
        assert!(bytes.iter().all(|&byte| byte == 0));
        assert_eq!(system().pool().in_use(), (1, 100));
        // SAFETY: the tag is wrong, which is what is tested.
        unsafe { release(block, u32::from_le_bytes(*b"Tset")) };
    });
    assert_eq!(finding.rule, "BAD_POOL_CALLER");
    assert!(finding.detail.contains("'Test'") && finding.detail.contains("'Tset'"));
}

#[test]
fn the_ranges_of_physical_memory_are_those_of_the_machine() {
    let machine = TestMachine::new(1);
    let total = machine.run(|_| {
        let ranges = kernel!(MmGetPhysicalMemoryRanges: fn() -> *mut PHYSICAL_MEMORY_RANGE);
        let free = kernel!(ExFreePool: fn(PVOID));
        // SAFETY: the function has no preconditions at PASSIVE_LEVEL.
        let block = unsafe { ranges() };
        let mut total = 0;
        for place in 0.. {
            // SAFETY: the list ends with a range of zeros, and no range before this one was it.
            let range = unsafe { block.add(place) };
            // SAFETY: as above.
            let range = unsafe { range.read() };
            if range.NumberOfBytes == 0 {
                break;
            }
            total += range.NumberOfBytes as u64;
        }
        // SAFETY: the block is the caller's.
        unsafe { free(block.cast()) };
        total
    });
    assert_eq!(total, machine.system().memory().bytes());
}

nt_export! {
    unsafe fn end_with_mutex(context: PVOID) {
        let wait = kernel!(
            KeWaitForSingleObject: fn(PVOID, i32, i8, u8, *const i64) -> NTSTATUS
        );
        // SAFETY: the context is an initialised mutex that lives on.
        unsafe { wait(context, 0, 0, 0, std::ptr::null()) };
    }
}

#[test]
fn a_thread_that_ends_with_a_mutex_is_a_finding() {
    let finding = TestMachine::new(1).finding_of(|_| {
        let initialize = kernel!(KeInitializeMutex: fn(PVOID, u32));
        let create = kernel!(
            PsCreateSystemThread: fn(*mut PVOID, u32, PVOID, PVOID, PVOID, PKSTART_ROUTINE, PVOID)
                -> NTSTATUS
        );
        let mutex: PVOID = std::ptr::from_mut(Box::leak(Box::new([0_u64; 8]))).cast();
        let (mut handle, none) = (PVOID::default(), PVOID::default());
        // SAFETY: memory of a mutex.
        unsafe { initialize(mutex, 0) };
        // SAFETY: the routine waits for the mutex that is its context.
        unsafe {
            create(
                &mut handle,
                0,
                none,
                none,
                none,
                Some(end_with_mutex),
                mutex,
            )
        };
        crate::executive::yield_now();
    });
    assert_eq!(finding.rule, "THREAD_TERMINATE_HELD_MUTEX");
}

#[test]
fn pool_is_not_freed_with_a_timer_set_in_it() {
    let finding = TestMachine::new(1).finding_of(|_| {
        let allocate = kernel!(ExAllocatePool2: fn(u64, usize, u32) -> PVOID);
        let release = kernel!(ExFreePool: fn(PVOID));
        let initialize = kernel!(KeInitializeTimer: fn(PVOID));
        let set = kernel!(KeSetTimer: fn(PVOID, i64, *mut KDPC) -> u8);
        let cancel = kernel!(KeCancelTimer: fn(PVOID) -> u8);
        for cancels in [true, false] {
            // SAFETY: plain allocation, with room for a timer.
            let block = unsafe { allocate(0x40, 100, u32::from_le_bytes(*b"Test")) };
            // SAFETY: memory of a timer.
            unsafe { initialize(block) };
            // SAFETY: an initialised timer, due in an hour.
            unsafe { set(block, -36_000_000_000, std::ptr::null_mut()) };
            if cancels {
                // SAFETY: an initialised timer.
                unsafe { cancel(block) };
            }
            // SAFETY: the block is freed once.
            unsafe { release(block) };
        }
    });
    assert_eq!(finding.rule, "ACTIVE_OBJECT_IN_FREED_POOL");
}
