//! System threads of the driver.

use super::dispatcher::{Kind, dispatcher};
use super::exports;
use super::objects::{Target, objects};
use super::rules;
use crate::executive::{
    Topology, current_thread_object, exit_thread, migrate, new_thread_object, processor,
    require_irql, spawn_as, system, violation,
};
use netadapter_abi::nt::{
    DISPATCH_LEVEL, GROUP_AFFINITY, NTSTATUS, PASSIVE_LEVEL, PKSTART_ROUTINE, PVOID,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// The priority with which system threads start.
const DEFAULT_PRIORITY: i32 = 8;

/// The process identifier of the system process.
const SYSTEM_PROCESS: usize = 4;

/// What the object of the system process is called; nothing lies there.
const PROCESS_OBJECT: usize = 0xFFFF_8800_0000_1000;

#[derive(Default)]
struct State {
    /// Threads that the driver made and that have not ended, by object.
    running: HashSet<usize>,
    priorities: HashMap<usize, i32>,
    affinities: HashMap<usize, GROUP_AFFINITY>,
}

/// The driver's threads.
#[derive(Default)]
pub(super) struct Threads(Mutex<State>);

impl Threads {
    /// The number of threads that the driver made and that have not ended.
    pub(super) fn running(&self) -> usize {
        self.0.lock().running.len()
    }
}

fn threads() -> &'static Threads {
    system().subsystem()
}

/// The current thread, which the driver made, ends.
fn end(object: usize) {
    if let Some(mutex) = dispatcher().held_mutex(object) {
        violation(
            &rules::THREAD_TERMINATE_HELD_MUTEX,
            format!("a system thread ends with the mutex at {mutex:#x}"),
        );
    }
    super::push_lock::check_thread_end();
    threads().0.lock().running.remove(&object);
    dispatcher().set(object, true);
}

/// Sets the priority of a thread; the one before.
fn set_priority(thread: PVOID, priority: i32) -> i32 {
    let before = threads()
        .0
        .lock()
        .priorities
        .insert(thread as usize, priority);
    before.unwrap_or(DEFAULT_PRIORITY)
}

/// Moves the current thread to a processor of `affinity`, unless it is on one.
fn follow_affinity(affinity: GROUP_AFFINITY) {
    let is_member = |index: u32| {
        let number = Topology::number(index);
        number.Group == affinity.Group && affinity.Mask >> number.Number & 1 != 0
    };
    if is_member(processor().index()) {
        return;
    }
    let topology = system().topology();
    let target = topology.active().find(|active| is_member(active.index()));
    if let Some(target) = target {
        migrate(target.index());
    }
}

/// Whether an affinity names an active processor.
fn is_active(affinity: GROUP_AFFINITY) -> bool {
    system().topology().active().any(|active| {
        let number = active.number();
        number.Group == affinity.Group && affinity.Mask >> number.Number & 1 != 0
    })
}

const NO_AFFINITY: GROUP_AFFINITY = GROUP_AFFINITY {
    Mask: 0,
    Group: 0,
    Reserved: [0; 3],
};

nt_export! {
    unsafe fn PsCreateSystemThread(
        handle: *mut PVOID,
        _access: u32,
        _attributes: PVOID,
        _process: PVOID,
        _client: PVOID,
        routine: PKSTART_ROUTINE,
        context: PVOID
    ) -> NTSTATUS {
        require_irql("PsCreateSystemThread", PASSIVE_LEVEL);
        let Some(routine) = routine else { return STATUS_INVALID_PARAMETER };
        let object = new_thread_object(system());
        dispatcher().insert(object, Kind::Notification, 0);
        threads().0.lock().running.insert(object);
        // SAFETY: the caller gives room for the handle.
        unsafe { handle.write(objects().open(Target::Dispatcher(object))) };
        let context = context as usize;
        let index = processor().index();
        spawn_as(system(), object, "driver thread", index, move || {
            // SAFETY: the driver made this thread to run this routine with this context.
            unsafe { routine(context as PVOID) };
            end(object);
        });
        STATUS_SUCCESS
    }

    unsafe fn PsTerminateSystemThread(_status: NTSTATUS) -> NTSTATUS {
        require_irql("PsTerminateSystemThread", PASSIVE_LEVEL);
        let object = current_thread_object();
        if !threads().0.lock().running.contains(&object) {
            violation(
                &rules::TERMINATED_FOREIGN_THREAD,
                "PsTerminateSystemThread on a thread that the driver did not make".into(),
            );
        }
        end(object);
        exit_thread()
    }

    unsafe fn KeSetPriorityThread(thread: PVOID, priority: i32) -> i32 {
        require_irql("KeSetPriorityThread", PASSIVE_LEVEL);
        set_priority(thread, priority)
    }

    unsafe fn KeSetBasePriorityThread(thread: PVOID, increment: i32) -> i32 {
        require_irql("KeSetBasePriorityThread", PASSIVE_LEVEL);
        set_priority(thread, DEFAULT_PRIORITY + increment) - DEFAULT_PRIORITY
    }

    unsafe fn KeQueryPriorityThread(thread: PVOID) -> i32 {
        require_irql("KeQueryPriorityThread", PASSIVE_LEVEL);
        let priority = threads().0.lock().priorities.get(&(thread as usize)).copied();
        priority.unwrap_or(DEFAULT_PRIORITY)
    }

    /// At DISPATCH_LEVEL the thread moves when it next may: here it stays where it is.
    unsafe fn KeSetSystemGroupAffinityThread(
        affinity: *const GROUP_AFFINITY,
        previous: *mut GROUP_AFFINITY
    ) {
        require_irql("KeSetSystemGroupAffinityThread", DISPATCH_LEVEL);
        // SAFETY: the caller gives an affinity.
        let affinity = unsafe { affinity.read() };
        let before = if is_active(affinity) {
            let thread = current_thread_object();
            let before = threads().0.lock().affinities.insert(thread, affinity);
            if processor().irql() < DISPATCH_LEVEL {
                follow_affinity(affinity);
            }
            before
        } else {
            // Windows changes nothing then, and says so by an affinity of no processors.
            None
        };
        // SAFETY: null or room for an affinity.
        if let Some(previous) = unsafe { previous.as_mut() } {
            *previous = before.unwrap_or(NO_AFFINITY);
        }
    }

    unsafe fn KeRevertToUserGroupAffinityThread(previous: *const GROUP_AFFINITY) {
        require_irql("KeRevertToUserGroupAffinityThread", DISPATCH_LEVEL);
        // SAFETY: the caller gives the affinity that it got.
        let previous = unsafe { previous.read() };
        let thread = current_thread_object();
        if previous.Mask == 0 {
            threads().0.lock().affinities.remove(&thread);
            return;
        }
        threads().0.lock().affinities.insert(thread, previous);
        if processor().irql() < DISPATCH_LEVEL {
            follow_affinity(previous);
        }
    }

    unsafe fn PsGetCurrentThread() -> PVOID {
        current_thread_object() as PVOID
    }

    unsafe fn PsGetCurrentThreadId() -> PVOID {
        // Identifiers are multiples of four, and so are the distances of thread objects.
        ((current_thread_object() & 0xFFFF_FFFF) / 4 * 4) as PVOID
    }

    unsafe fn PsGetCurrentProcess() -> PVOID {
        PROCESS_OBJECT as PVOID
    }

    unsafe fn PsGetCurrentProcessId() -> PVOID {
        SYSTEM_PROCESS as PVOID
    }

    unsafe fn PsIsSystemThread(_thread: PVOID) -> u8 {
        1
    }

    unsafe fn ExGetPreviousMode() -> i8 {
        // KernelMode: no request of the machine comes from user mode directly.
        0
    }
}

exports! {
    PsCreateSystemThread, PsTerminateSystemThread, KeSetPriorityThread, KeSetBasePriorityThread,
    KeQueryPriorityThread, KeSetSystemGroupAffinityThread, KeRevertToUserGroupAffinityThread,
    PsGetCurrentThread, PsGetCurrentThreadId, PsGetCurrentProcess, PsGetCurrentProcessId,
    PsIsSystemThread, ExGetPreviousMode,
}
