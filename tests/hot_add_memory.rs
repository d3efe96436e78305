//! Claim: memory that arrives while a driver runs can be used, and no more arrives than the machine
//! can have.

mod support;

use netadapter_host::machine::MachineError;
use support::{dhpnic, generated_traffic};

const GIB: u64 = 1 << 30;

#[test]
fn memory_arrives_under_a_running_driver() {
    let builder = dhpnic().memory(GIB).maximum_memory(3 * GIB);
    let mut machine = builder.wire(generated_traffic(1)).boot().unwrap();
    let free = machine.system().memory().free_bytes();
    machine.hot_add_memory(2 * GIB).unwrap();
    let memory = machine.system().memory();
    assert_eq!(memory.bytes(), 3 * GIB);
    assert_eq!(memory.ranges(), [(0, GIB), (GIB, 2 * GIB)]);
    assert!(memory.free_bytes() > free + GIB);
    machine.shut_down().unwrap();
}

#[test]
fn a_machine_refuses_more_memory_than_it_can_have() {
    let builder = dhpnic().memory(GIB).maximum_memory(2 * GIB);
    let mut machine = builder.wire(generated_traffic(1)).boot().unwrap();
    for bytes in [2 * GIB, 0, 4097] {
        let refused = machine.hot_add_memory(bytes);
        assert!(
            matches!(refused, Err(MachineError::Configuration(_))),
            "{bytes}: {refused:?}"
        );
    }
    machine.hot_add_memory(GIB).unwrap();
    machine.shut_down().unwrap();
}
