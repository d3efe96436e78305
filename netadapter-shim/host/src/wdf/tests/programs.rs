//! What programs outside the machine's threads do with a device.

use super::fake_driver::driver;
use super::io_driver::*;
use super::io_files::with_files;
use crate::executive::TestMachine;
use crate::machine::{DeviceFile, MachineError};
use crate::wdf::{Access, Principal, Transfer};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_CANCELLED, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS,
};

fn open(machine: &TestMachine, reference: &str) -> Result<DeviceFile, MachineError> {
    let (principal, access) = (Principal::User, Access::READ_WRITE);
    DeviceFile::open_interface(machine.system(), &CLASS, reference, principal, access)
}

fn status<T>(result: Result<T, MachineError>) -> NTSTATUS {
    match result {
        Ok(_) => STATUS_SUCCESS,
        Err(MachineError::Driver { status, .. }) => status,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_program_sends_waits_cancels_and_closes() {
    let machine = TestMachine::new(1);
    let _device = machine.run(|system| start(system, parallel));
    assert_eq!(
        status(open(&machine, "nobody")),
        STATUS_OBJECT_NAME_NOT_FOUND
    );
    let file = open(&machine, REFERENCE).unwrap();
    assert_eq!(file.device_io_control(ECHO, b"hello", 8).unwrap(), b"hello");
    assert_ne!(status(file.device_io_control(ECHO, b"", 0)), STATUS_SUCCESS);
    let kept = Transfer::DeviceControl {
        code: KEEP_CANCELABLE,
        input: b"x".to_vec(),
        output: vec![0; 1],
    };
    let kept = file.begin(kept).unwrap();
    assert_eq!(kept.completion(), None);
    kept.cancel().unwrap();
    assert_eq!(kept.wait().unwrap().status, STATUS_CANCELLED);
    file.close().unwrap();
}

#[test]
fn the_end_of_a_program_closes_its_files() {
    let machine = TestMachine::new(1);
    let _device = machine.run(|system| {
        *driver().in_device_init.lock() = Some(with_files);
        start(system, parallel)
    });
    drop(open(&machine, REFERENCE).unwrap());
    let file = open(&machine, REFERENCE).unwrap();
    assert_eq!(status(file.read(1)), STATUS_SUCCESS);
    drop(file);
    let log = machine.run(|_| driver().take_log());
    let closed = log.iter().filter(|entry| *entry == "FileClose").count();
    assert_eq!(closed, 2, "{log:?}");
}

#[test]
fn a_program_without_the_right_to_write_only_reads() {
    let machine = TestMachine::new(1);
    let _device = machine.run(|system| start(system, parallel));
    let file = DeviceFile::open_interface(
        machine.system(),
        &CLASS,
        REFERENCE,
        Principal::User,
        Access::READ,
    );
    let file = file.unwrap();
    assert_eq!(status(file.write(b"x")), STATUS_ACCESS_DENIED);
    assert_eq!(file.read(2).unwrap(), [0x5A; 2]);
}
