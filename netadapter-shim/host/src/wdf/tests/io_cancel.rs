//! Cancellation: who ends a request, and whether the driver hears of it.

use super::fake_driver::call;
use super::io_driver::*;
use crate::executive::TestMachine;
use netadapter_abi::nt::{STATUS_CANCELLED, STATUS_SUCCESS};
use netadapter_abi::wdf::*;

#[test]
fn a_request_that_waits_is_canceled_without_the_driver() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, sequential);
        let file = open();
        let _held = begin(&file, KEEP);
        let waiting = begin(&file, KEEP);
        io_log();
        waiting.cancel();
        assert_eq!(waiting.wait().status, STATUS_CANCELLED);
        assert!(io_log().is_empty());
    });
}

#[test]
fn a_request_marked_cancelable_ends_in_its_cancel_routine() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let held = begin(&file, KEEP_CANCELABLE);
        io_log();
        held.cancel();
        assert_eq!(held.wait().status, STATUS_CANCELLED);
        assert_eq!(io_log(), ["Cancel"]);
        held.cancel();
        assert!(io_log().is_empty(), "what has ended is not canceled again");
    });
}

#[test]
fn the_driver_keeps_a_request_that_it_has_not_marked() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let held = begin(&file, KEEP);
        held.cancel();
        assert!(held.completion().is_none());
        let request = io().take_kept();
        let canceled = call!(WdfRequestIsCanceled: PFN_WDFREQUESTISCANCELED(request));
        assert_eq!(canceled, 1);
        let marked = call!(WdfRequestMarkCancelableEx: PFN_WDFREQUESTMARKCANCELABLEEX(
            request, Some(never),
        ));
        assert_eq!(marked, STATUS_CANCELLED, "and the routine is not called");
        complete(request, STATUS_SUCCESS, 0);
        assert_eq!(held.wait().status, STATUS_SUCCESS);
    });
}

netadapter_abi::nt_export! {
    unsafe fn never(_request: WDFREQUEST) {
        super::fake_driver::driver().note("Cancel");
    }
}

#[test]
fn unmarking_wins_or_loses_against_the_cancel_routine() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let held = begin(&file, KEEP_CANCELABLE);
        let request = io().take_kept();
        let unmarked = call!(WdfRequestUnmarkCancelable: PFN_WDFREQUESTUNMARKCANCELABLE(request));
        assert_eq!(unmarked, STATUS_SUCCESS);
        held.cancel();
        assert!(held.completion().is_none(), "the driver has it for itself");
        call!(WdfRequestMarkCancelable: PFN_WDFREQUESTMARKCANCELABLE(request, Some(never)));
        assert_eq!(
            io_log().last().map(String::as_str),
            Some("Cancel"),
            "called at once"
        );
        let late = call!(WdfRequestUnmarkCancelable: PFN_WDFREQUESTUNMARKCANCELABLE(request));
        assert_eq!(late, STATUS_CANCELLED);
        complete(request, STATUS_CANCELLED, 0);
    });
}

#[test]
fn closing_a_file_cancels_its_waiting_requests_and_no_others() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, manual);
        let (one, other) = (open(), open());
        let (first, second) = (begin(&one, KEEP), begin(&other, KEEP));
        one.close();
        assert_eq!(first.wait().status, STATUS_CANCELLED);
        assert!(second.completion().is_none());
        assert!(!one.is_open() && other.is_open());
    });
}
