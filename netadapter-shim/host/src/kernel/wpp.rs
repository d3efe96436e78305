//! Software tracing by the preprocessor (WPP): what its generated code calls. No session is ever
//! started here, so a driver registers and unregisters, and its messages go nowhere.
//!
//! Sources: *WPP Software Tracing*, and what images with it import.

use super::exports;
use super::rules;
use crate::executive::{require_irql, system, violation};
use core::ffi::c_void;
use netadapter_abi::nt::{
    APC_LEVEL, NTSTATUS, PVOID, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashSet;

/// `WMIREG_ACTION_REGISTER`, `WMIREG_ACTION_DEREGISTER` and `WMIREG_ACTION_REREGISTER`; WPP adds a
/// flag that says the object is no device.
const REGISTER: u32 = 1;
const DEREGISTER: u32 = 2;
const REREGISTER: u32 = 3;
const CALLBACK_FLAG: u32 = 0x8000_0000;

/// What has been registered and not deregistered, by address of the object.
#[derive(Default)]
struct Registrations(Mutex<HashSet<usize>>);

nt_export! {
    unsafe fn IoWMIRegistrationControl(object: PVOID, action: u32) -> NTSTATUS {
        require_irql("IoWMIRegistrationControl", APC_LEVEL);
        let registrations = system().subsystem::<Registrations>();
        match action & !CALLBACK_FLAG & 0xffff {
            REGISTER | REREGISTER => {
                registrations.0.lock().insert(object as usize);
                STATUS_SUCCESS
            }
            DEREGISTER => {
                if !registrations.0.lock().remove(&(object as usize)) {
                    violation(
                        &rules::NOT_A_WMI_REGISTRATION,
                        format!("{object:p} was not registered"),
                    );
                }
                STATUS_SUCCESS
            }
            _ => STATUS_INVALID_PARAMETER,
        }
    }

    /// Nobody listens. The message's arguments, which follow, are not looked at.
    unsafe fn WmiTraceMessage(
        _session: u64,
        _flags: u32,
        _message_guid: *const c_void,
        _message_number: u16
    ) -> NTSTATUS {
        STATUS_SUCCESS
    }

    /// There is no session to tell anything of.
    unsafe fn WmiQueryTraceInformation(
        _class: i32,
        _information: PVOID,
        _bytes: u32,
        _required: *mut u32,
        _buffer: PVOID
    ) -> NTSTATUS {
        STATUS_NOT_SUPPORTED
    }

    /// The in-flight recorder keeps nothing.
    unsafe fn WppAutoLogStart(_control: PVOID, _driver: PVOID, _registry_path: PVOID) {}
    unsafe fn WppAutoLogStop(_control: PVOID, _driver: PVOID) {}

    /// The message's arguments, which follow, are not looked at.
    unsafe fn WppAutoLogTrace(
        _control: PVOID,
        _level: u8,
        _flags: u32,
        _message_guid: *const c_void,
        _message_number: u16
    ) -> NTSTATUS {
        STATUS_SUCCESS
    }

    unsafe fn imp_WppRecorderReplay(
        _control: PVOID,
        _session: u64,
        _flags: u32,
        _level: u8
    ) {}
}

exports! { IoWMIRegistrationControl, WmiTraceMessage, WmiQueryTraceInformation }

/// The address of an export of WPPRECORDER.SYS.
pub fn resolve_recorder(name: &str) -> Option<*const c_void> {
    Some(match name {
        "WppAutoLogStart" => WppAutoLogStart as *const c_void,
        "WppAutoLogStop" => WppAutoLogStop as *const c_void,
        "WppAutoLogTrace" => WppAutoLogTrace as *const c_void,
        "imp_WppRecorderReplay" => imp_WppRecorderReplay as *const c_void,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executive::TestMachine;

    fn control(object: usize, action: u32) -> NTSTATUS {
        // SAFETY: the object is never followed.
        unsafe { IoWMIRegistrationControl(object as PVOID, action) }
    }

    #[test]
    fn a_registration_ends_once() {
        let machine = TestMachine::new(1);
        let statuses = machine.run(|_| {
            [REGISTER, REREGISTER, DEREGISTER, 9]
                .map(|action| control(0x10, CALLBACK_FLAG | action))
        });
        let [first @ .., unknown] = statuses;
        assert_eq!(first, [STATUS_SUCCESS; 3]);
        assert_eq!(unknown, STATUS_INVALID_PARAMETER);
        let finding = TestMachine::new(1).finding_of(|_| {
            control(0x10, DEREGISTER);
        });
        assert_eq!(finding.rule, "NOT_A_WMI_REGISTRATION");
    }

    #[test]
    fn the_recorder_has_what_generated_code_imports_and_nothing_else() {
        let names = [
            "WppAutoLogStart",
            "WppAutoLogStop",
            "WppAutoLogTrace",
            "imp_WppRecorderReplay",
        ];
        assert!(names.iter().all(|name| resolve_recorder(name).is_some()));
        assert!(resolve_recorder("WppAutoLogPaint").is_none());
    }
}
