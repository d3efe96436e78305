//! Requirements, properties, the bus interface, DMA memory.

use super::fake_driver::interrupt_config;
use super::fake_driver::{add_device, call, create_enabler, create_interrupt, driver};
use crate::executive::TestMachine;
use crate::pnp::ResourceRequirements;
use netadapter_abi::nt::*;
use netadapter_abi::wdf::*;
use std::ptr::null_mut;

/// The token that stands for a message in a requirement.
const MESSAGE_TOKEN: u32 = 0xFFFF_FFFE;

fn message_requirement() -> IO_RESOURCE_DESCRIPTOR {
    let mut descriptor = IO_RESOURCE_DESCRIPTOR {
        Type: CmResourceTypeInterrupt,
        Flags: CM_RESOURCE_INTERRUPT_MESSAGE | CM_RESOURCE_INTERRUPT_LATCHED,
        ..IO_RESOURCE_DESCRIPTOR::zeroed()
    };
    descriptor.u.Interrupt.MinimumVector = MESSAGE_TOKEN;
    descriptor.u.Interrupt.MaximumVector = MESSAGE_TOKEN;
    descriptor
}

fn memory_requirement() -> IO_RESOURCE_DESCRIPTOR {
    IO_RESOURCE_DESCRIPTOR {
        Type: CmResourceTypeMemory,
        ..IO_RESOURCE_DESCRIPTOR::zeroed()
    }
}

fn first_list(list: WDFIORESREQLIST) -> WDFIORESLIST {
    let name = list;
    call!(WdfIoResourceRequirementsListGetIoResList:
        PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST(name, 0))
}

#[test]
fn the_driver_appends_messages_to_what_the_bus_found() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        *driver().in_filter.lock() = Some(|list| {
            let list = first_list(list);
            let mut descriptor = message_requirement();
            for _ in 0..2 {
                let status = call!(WdfIoResourceListAppendDescriptor:
                    PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR(list, &mut descriptor));
                assert_eq!(status, STATUS_SUCCESS);
            }
            let count = call!(WdfIoResourceListGetCount: PFN_WDFIORESOURCELISTGETCOUNT(list));
            assert_eq!(count, 4);
            let past_the_end = call!(WdfIoResourceListGetDescriptor:
                PFN_WDFIORESOURCELISTGETDESCRIPTOR(list, count));
            assert!(past_the_end.is_null());
            call!(WdfIoResourceListRemove: PFN_WDFIORESOURCELISTREMOVE(list, 0));
        });
        let (_driver, device, _node) = add_device(system);
        driver().take_log();
        let bus = vec![memory_requirement(), message_requirement()];
        let wanted = ResourceRequirements {
            configurations: vec![bus],
        };
        let filtered = device.filter_requirements(wanted).unwrap();
        assert_eq!(driver().take_log(), ["FilterRemove", "FilterAdd"]);
        let types: Vec<_> = filtered.configurations[0]
            .iter()
            .map(|descriptor| descriptor.Type)
            .collect();
        assert_eq!(types, [CmResourceTypeInterrupt; 3]);
    });
}

#[test]
fn a_failing_filter_fails_the_requirements() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        driver().fail("FilterRemove");
        let refused = device
            .filter_requirements(ResourceRequirements::default())
            .err();
        assert_eq!(refused, Some(STATUS_UNSUCCESSFUL));
    });
}

#[test]
fn policies_are_written_before_the_driver_adds_its_own_descriptors() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        for _ in 0..3 {
            create_interrupt(device.handle(), &interrupt_config());
        }
        let interrupts = driver().interrupts.lock().clone();
        for (&interrupt, mask) in interrupts.iter().zip([1, 2, 4]) {
            let mut policy = WDF_INTERRUPT_EXTENDED_POLICY::init();
            policy.Policy = WdfIrqPolicySpecifiedProcessors;
            policy.Priority = WdfIrqPriorityHigh;
            policy.TargetProcessorSetAndGroup = GROUP_AFFINITY {
                Mask: mask,
                Group: 1,
                Reserved: [0; 3],
            };
            call!(WdfInterruptSetExtendedPolicy: PFN_WDFINTERRUPTSETEXTENDEDPOLICY(
                interrupt as WDFINTERRUPT, &mut policy,
            ));
        }
        let mut alternative = message_requirement();
        alternative.Option = IO_RESOURCE_ALTERNATIVE;
        let mut decided = message_requirement();
        decided.Flags |= CM_RESOURCE_INTERRUPT_POLICY_INCLUDED;
        let bus = vec![
            message_requirement(),
            alternative,
            decided,
            message_requirement(),
        ];
        let wanted = ResourceRequirements {
            configurations: vec![bus],
        };
        let filtered = device.filter_requirements(wanted).unwrap();
        let targets: Vec<_> = filtered.configurations[0]
            .iter()
            // SAFETY: all descriptors are interrupts.
            .map(|descriptor| unsafe { descriptor.u.Interrupt }.TargetedProcessors)
            .collect();
        assert_eq!(
            targets,
            [1, 1, 0, 4],
            "alternatives share, and a policy of the bus stays"
        );
        // SAFETY: as above.
        let first = unsafe { filtered.configurations[0][0].u.Interrupt };
        assert_eq!((first.Group, first.PriorityPolicy), (1, IrqPriorityHigh));
    });
}

#[test]
fn a_list_handle_is_stale_after_the_callback() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        *driver().in_filter.lock() = Some(|list| {
            driver().interrupts.lock().push(first_list(list) as usize);
        });
        let (_driver, device, _node) = add_device(system);
        let wanted = ResourceRequirements {
            configurations: vec![vec![memory_requirement()]],
        };
        device.filter_requirements(wanted).unwrap();
        let kept = driver().interrupts.lock()[0] as WDFIORESLIST;
        call!(WdfIoResourceListGetCount: PFN_WDFIORESOURCELISTGETCOUNT(kept));
    });
    assert_eq!(finding.rule, "WDF_INVALID_HANDLE");
}

#[test]
fn a_property_tells_its_length_when_the_buffer_is_too_small() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let query = |key: &'static DEVPROPKEY, length: u32| {
            let mut data = WDF_DEVICE_PROPERTY_DATA::init(key);
            let (mut value, mut required, mut kind) = (0_u32, 0, 0);
            let status = call!(WdfDeviceQueryPropertyEx: PFN_WDFDEVICEQUERYPROPERTYEX(
                device.handle(),
                &mut data,
                length,
                (&raw mut value).cast(),
                &mut required,
                &mut kind,
            ));
            (status, value, required, kind)
        };
        const NODE: &DEVPROPKEY = &DEVPKEY_Device_Numa_Node;
        assert_eq!(query(NODE, 4), (STATUS_SUCCESS, 7, 4, DEVPROP_TYPE_UINT32));
        assert_eq!(
            query(NODE, 2),
            (STATUS_BUFFER_TOO_SMALL, 0, 4, DEVPROP_TYPE_UINT32)
        );
        const ADDRESS: &DEVPROPKEY = &DEVPKEY_Device_Address;
        assert_eq!(query(ADDRESS, 4).0, STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

fn bus_interface(device: WDFDEVICE) -> BUS_INTERFACE_STANDARD {
    let mut interface = BUS_INTERFACE_STANDARD::zeroed();
    let status = call!(WdfFdoQueryForInterface: PFN_WDFFDOQUERYFORINTERFACE(
        device,
        &GUID_BUS_INTERFACE_STANDARD,
        (&raw mut interface).cast(),
        size_of::<BUS_INTERFACE_STANDARD>() as USHORT,
        1,
        null_mut(),
    ));
    assert_eq!(status, STATUS_SUCCESS);
    interface
}

#[test]
fn the_bus_interface_reaches_configuration_space() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let interface = bus_interface(device.handle());
        let mut bytes = [0_u8; 4];
        let (get, set) = (interface.GetBusData.unwrap(), interface.SetBusData.unwrap());
        let buffer = bytes.as_mut_ptr().cast();
        // SAFETY: the buffer has 4 bytes.
        let read = unsafe { get(interface.Context, PCI_WHICHSPACE_CONFIG, buffer, 16, 4) };
        assert_eq!((read, bytes), (4, [16, 17, 18, 19]));
        let mut value = [0xAA_u8; 4];
        let buffer = value.as_mut_ptr().cast();
        // SAFETY: as above.
        let written = unsafe { set(interface.Context, PCI_WHICHSPACE_CONFIG, buffer, 16, 4) };
        assert_eq!(written, 4);
        let past_the_end =
            // SAFETY: as above.
            unsafe { get(interface.Context, PCI_WHICHSPACE_CONFIG, buffer, 62, 4) };
        assert_eq!(past_the_end, 2);
        let mut unknown = INTERFACE::zeroed();
        let status = call!(WdfFdoQueryForInterface: PFN_WDFFDOQUERYFORINTERFACE(
            device.handle(), &GUID_DEVICE_MEMORY, &mut unknown, 64, 1, null_mut(),
        ));
        assert_eq!(status, STATUS_NOT_SUPPORTED);
    });
}

#[test]
fn a_bus_interface_is_not_used_after_its_last_dereference() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        let interface = bus_interface(device.handle());
        let dereference = interface.InterfaceDereference.unwrap();
        // SAFETY: the context is that of the interface.
        unsafe { dereference(interface.Context) };
        // SAFETY: as above.
        unsafe { dereference(interface.Context) };
    });
    assert_eq!(finding.rule, "BUS_INTERFACE_RELEASED");
}

#[test]
fn common_buffers_are_aligned_and_give_their_memory_back() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let enabler = create_enabler(device.handle());
        let free = system.memory().free_bytes();
        let create = |length: usize, mask: u32| {
            let mut config = WDF_COMMON_BUFFER_CONFIG::init(mask);
            let mut buffer = null_mut();
            let status = call!(WdfCommonBufferCreateWithConfig:
            PFN_WDFCOMMONBUFFERCREATEWITHCONFIG(
                enabler, length, &mut config, null_mut(), &mut buffer,
            ));
            (status, buffer)
        };
        assert_eq!(create(0, 0).0, STATUS_INVALID_PARAMETER);
        let (status, buffer) = create(5000, 0xFFFF);
        assert_eq!(status, STATUS_SUCCESS);
        let logical = call!(WdfCommonBufferGetAlignedLogicalAddress:
            PFN_WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS(buffer));
        assert_eq!(logical & 0xFFFF, 0);
        let length = call!(WdfCommonBufferGetLength: PFN_WDFCOMMONBUFFERGETLENGTH(buffer));
        assert_eq!(length, 5000);
        let address = call!(WdfCommonBufferGetAlignedVirtualAddress:
            PFN_WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS(buffer));
        // SAFETY: the buffer has 5000 bytes, which nobody else uses.
        unsafe { address.cast::<u8>().write_bytes(1, 5000) };
        assert_eq!(create(1 << 40, 0).0, STATUS_INSUFFICIENT_RESOURCES);
        call!(WdfObjectDelete: PFN_WDFOBJECTDELETE(buffer.cast()));
        assert_eq!(system.memory().free_bytes(), free);
        create(4096, 0);
        device.remove();
        assert_eq!(
            system.memory().free_bytes(),
            free,
            "buffers go with their enabler"
        );
    });
}

#[test]
fn enabler_configurations_that_break_a_rule_give_the_documented_status() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let refused = |mut config: WDF_DMA_ENABLER_CONFIG| {
            let mut enabler = null_mut();
            call!(WdfDmaEnablerCreate: PFN_WDFDMAENABLERCREATE(
                device.handle(), &mut config, null_mut(), &mut enabler,
            ))
        };
        let valid = WDF_DMA_ENABLER_CONFIG::init(WdfDmaProfileScatterGather64Duplex, 4096);
        let short = WDF_DMA_ENABLER_CONFIG { Size: 72, ..valid };
        assert_eq!(refused(short), STATUS_INFO_LENGTH_MISMATCH);
        let empty = WDF_DMA_ENABLER_CONFIG {
            MaximumLength: 0,
            ..valid
        };
        assert_eq!(refused(empty), STATUS_INVALID_PARAMETER);
        let unknown = WDF_DMA_ENABLER_CONFIG {
            Profile: 77,
            ..valid
        };
        assert_eq!(refused(unknown), STATUS_INVALID_PARAMETER);
        let old = WDF_DMA_ENABLER_CONFIG {
            WdmDmaVersionOverride: 1,
            ..valid
        };
        assert_eq!(refused(old), STATUS_INVALID_PARAMETER);
        assert_eq!(refused(valid), STATUS_SUCCESS);
    });
}
