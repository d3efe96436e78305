use super::super::register_double::{Manner, RegisterDouble};
use super::*;
use netadapter::dma::DmaMemory;

const FEATURES: Features = Features(Features::VERSION_1.0 | Features::MQ.0 | Features::CTRL_VQ.0);

fn device() -> (RegisterDouble, Shared<Transport>) {
    RegisterDouble::new(FEATURES.0, 4, 256)
}

fn queue(size: u16) -> SplitQueue {
    let memory = DmaMemory::on_build_machine(SplitQueue::memory_bytes(size), 0x12_3456_7000);
    SplitQueue::new(memory, size).unwrap()
}

#[test]
fn a_device_is_brought_up_in_the_order_of_the_specification() {
    let (double, transport) = device();
    transport.negotiate(FEATURES).unwrap();
    assert_eq!(double.state().status, 1 | 2 | 8);
    assert_eq!(double.state().accepted, FEATURES.0);
    let queue = queue(64);
    transport.set_config_message(0).unwrap();
    let doorbell = transport.enable_queue(2, &queue, Some(3)).unwrap();
    transport.set_driver_ok();
    transport.ring(doorbell);
    let state = double.state();
    let registers = state.queues[2];
    assert_eq!(
        (registers.size, registers.vector, registers.enable),
        (64, 3, 1)
    );
    assert_eq!(registers.addresses[0], 0x12_3456_7000);
    assert_eq!(state.status, 1 | 2 | 4 | 8);
    assert_eq!(state.rung, [2]);
}

#[test]
fn a_device_that_does_not_keep_its_word_about_features_is_refused() {
    let (double, transport) = device();
    assert_eq!(
        transport.negotiate(FEATURES | Features::RSS),
        Err(Status::DEVICE_PROTOCOL_ERROR),
        "not offered any more"
    );
    double.behave(Manner::RefusesFeatures);
    assert_eq!(
        transport.negotiate(FEATURES),
        Err(Status::DEVICE_PROTOCOL_ERROR)
    );
}

#[test]
fn a_legacy_device_is_not_supported() {
    let (_, transport) = RegisterDouble::new(Features::MQ.0, 4, 256);
    assert_eq!(transport.identify().err(), Some(Status::NOT_SUPPORTED));
}

#[test]
fn a_reset_that_never_ends_is_given_up() {
    let (double, transport) = device();
    double.behave(Manner::NeverResets);
    assert_eq!(transport.reset(), Err(Fault::ResetTimeout));
    assert_eq!(transport.identify().err(), Some(Status::IO_TIMEOUT));
    double.behave(Manner::KeepsQueues);
    assert_eq!(
        transport.reset_queue(1),
        Err(Fault::QueueResetTimeout { virtqueue: 1 })
    );
}

#[test]
fn a_device_that_is_gone_counts_as_reset() {
    let (double, transport) = device();
    double.behave(Manner::Gone);
    assert_eq!(transport.reset(), Ok(()));
    assert_eq!(transport.reset_queue(1), Ok(()));
    assert_eq!(transport.condition(), Condition::Gone);
    assert_eq!(transport.queue_size(0), 0);
}

#[test]
fn a_queue_that_the_device_cannot_have_is_refused() {
    let (double, transport) = device();
    assert_eq!(
        transport.enable_queue(0, &queue(512), None).err(),
        Some(Status::DEVICE_CONFIGURATION_ERROR),
        "too large"
    );
    assert_eq!(
        transport.enable_queue(9, &queue(64), None).err(),
        Some(Status::DEVICE_CONFIGURATION_ERROR),
        "no such queue"
    );
    for (manner, status) in [
        (Manner::RefusesMessages, Status::INSUFFICIENT_RESOURCES),
        (Manner::FarDoorbells, Status::DEVICE_CONFIGURATION_ERROR),
    ] {
        double.behave(manner);
        let refused = transport.enable_queue(0, &queue(64), Some(1));
        assert_eq!(refused.err(), Some(status));
        assert_eq!(double.state().queues[0].enable, 0);
    }
}

#[test]
fn a_configuration_that_changes_for_ever_is_read_a_bounded_number_of_times() {
    let (double, transport) = device();
    double.state().restless = 1;
    // The test ends; what was read last counts.
    assert!(transport.link(FEATURES).up);
}
