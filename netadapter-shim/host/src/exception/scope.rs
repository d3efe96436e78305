//! The handler of C: `__C_specific_handler`, which every function with `__try` names.

use super::record::{
    ANY_UNWIND, Context, DispatcherContext, ExceptionPointers, ExceptionRecord, TARGET_UNWIND,
};
use core::ffi::c_void;
use netadapter_abi::{nt_export, nt_fn};

/// `EXCEPTION_DISPOSITION`: what a handler answers.
pub(super) const CONTINUE_EXECUTION: i32 = 0;
pub(super) const CONTINUE_SEARCH: i32 = 1;
/// The filter's address of `__except (EXCEPTION_EXECUTE_HANDLER)`.
const ALWAYS: u32 = 1;

/// One `__try`: where it is, its filter or `__finally` block, and its `__except` block.
struct Scope {
    begin: u32,
    end: u32,
    handler: u32,
    /// Zero for `__finally`.
    jump_target: u32,
}

impl Scope {
    /// Scope `number` of the table at `data`.
    ///
    /// # Safety
    /// The table has that many scopes.
    unsafe fn at(data: u64, number: u32) -> Self {
        let table = (data as *const u32).wrapping_add(1 + 4 * number as usize);
        let field = |index: usize| {
            let field = table.wrapping_add(index);
            // SAFETY: the caller's promise.
            unsafe { field.read_unaligned() }
        };
        Self {
            begin: field(0),
            end: field(1),
            handler: field(2),
            jump_target: field(3),
        }
    }

    fn holds(&self, rva: u64) -> bool {
        (u64::from(self.begin)..self.end.into()).contains(&rva)
    }
}

/// The export's address.
pub fn c_specific_handler() -> *const c_void {
    handle as *const c_void
}

nt_export! {
    unsafe fn handle(
        record: *mut ExceptionRecord,
        establisher: u64,
        context: *mut Context,
        dispatcher: *mut DispatcherContext
    ) -> i32 {
        // SAFETY: handlers are called by `dispatch` only, possibly through a wrapper of the driver,
        // with structures that live during the call.
        let dispatcher = unsafe { &mut *dispatcher };
        // SAFETY: as above.
        let flags = unsafe { (*record).flags };
        if flags & ANY_UNWIND == 0 {
            // SAFETY: as above.
            unsafe { search(record, establisher, context, dispatcher) }
        } else {
            // SAFETY: as above.
            unsafe { unwind(establisher, dispatcher, flags & TARGET_UNWIND != 0) };
            CONTINUE_SEARCH
        }
    }
}

/// # Safety
/// As for `handle`.
unsafe fn scopes(dispatcher: &DispatcherContext) -> u32 {
    // SAFETY: the data of this handler begins with the number of scopes.
    unsafe { (dispatcher.handler_data as *const u32).read_unaligned() }
}

/// Asks the filters of the scopes that hold the place, innermost first.
///
/// # Safety
/// As for `handle`.
unsafe fn search(
    record: *mut ExceptionRecord,
    establisher: u64,
    context: *mut Context,
    dispatcher: &mut DispatcherContext,
) -> i32 {
    let place = dispatcher.control_pc - dispatcher.image_base;
    // SAFETY: the caller's promise.
    let count = unsafe { scopes(dispatcher) };
    for number in dispatcher.scope_index..count {
        // SAFETY: below the number of scopes.
        let scope = unsafe { Scope::at(dispatcher.handler_data, number) };
        if !scope.holds(place) || scope.jump_target == 0 {
            continue;
        }
        let answer = if scope.handler == ALWAYS {
            1
        } else {
            let mut pointers = ExceptionPointers { record, context };
            let address = dispatcher.image_base + u64::from(scope.handler);
            // SAFETY: the scope's filter, which has this type.
            let filter: nt_fn!(fn(*mut ExceptionPointers, u64) -> i32) =
                unsafe { std::mem::transmute(address as *const c_void) };
            // SAFETY: the driver's code, called as the compiler that made it expects.
            unsafe { filter(&mut pointers, establisher) }
        };
        if answer < 0 {
            return CONTINUE_EXECUTION;
        }
        if answer > 0 {
            dispatcher.decided_ip = dispatcher.image_base + u64::from(scope.jump_target);
            return CONTINUE_SEARCH;
        }
    }
    CONTINUE_SEARCH
}

/// Runs the `__finally` blocks of the scopes that are left.
///
/// # Safety
/// As for `handle`.
unsafe fn unwind(establisher: u64, dispatcher: &mut DispatcherContext, is_target: bool) {
    let place = dispatcher.control_pc - dispatcher.image_base;
    let target = dispatcher.target_ip.wrapping_sub(dispatcher.image_base);
    // SAFETY: the caller's promise.
    let count = unsafe { scopes(dispatcher) };
    for number in dispatcher.scope_index..count {
        // SAFETY: below the number of scopes.
        let scope = unsafe { Scope::at(dispatcher.handler_data, number) };
        if !scope.holds(place) {
            continue;
        }
        // The scopes that also hold the place where execution goes on are not left.
        if is_target && (scope.holds(target) || u64::from(scope.jump_target) == target) {
            return;
        }
        if scope.jump_target == 0 {
            dispatcher.scope_index = number + 1;
            let address = dispatcher.image_base + u64::from(scope.handler);
            // SAFETY: the scope's `__finally` block, which has this type.
            let block: nt_fn!(fn(u8, u64)) =
                unsafe { std::mem::transmute(address as *const c_void) };
            // SAFETY: the driver's code, called as the compiler that made it expects.
            unsafe { block(1, establisher) };
        }
    }
}
