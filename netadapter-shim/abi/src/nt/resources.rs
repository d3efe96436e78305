//! Hardware resources: what a device asks for and what it is given.
//!
//! `windows-sys` gives the descriptors without their packing and without processor groups, so these are our own.

use super::*;

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_RESOURCE_LIST {
    pub Count: ULONG,
    pub List: [CM_FULL_RESOURCE_DESCRIPTOR; 1],
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_FULL_RESOURCE_DESCRIPTOR {
    pub InterfaceType: INTERFACE_TYPE,
    pub BusNumber: ULONG,
    pub PartialResourceList: CM_PARTIAL_RESOURCE_LIST,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_LIST {
    pub Version: USHORT,
    pub Revision: USHORT,
    pub Count: ULONG,
    pub PartialDescriptors: [CM_PARTIAL_RESOURCE_DESCRIPTOR; 1],
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR {
    pub Type: UCHAR,
    pub ShareDisposition: UCHAR,
    pub Flags: USHORT,
    pub u: CM_PARTIAL_RESOURCE_DESCRIPTOR_u,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub union CM_PARTIAL_RESOURCE_DESCRIPTOR_u {
    pub Generic: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Generic,
    pub Port: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Port,
    pub Interrupt: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Interrupt,
    pub MessageInterrupt: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt,
    pub Memory: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory,
    pub Dma: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Dma,
    pub DmaV3: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DmaV3,
    pub DevicePrivate: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DevicePrivate,
    pub BusNumber: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_BusNumber,
    pub DeviceSpecificData: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DeviceSpecificData,
    pub Memory40: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory40,
    pub Memory48: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory48,
    pub Memory64: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory64,
    pub Connection: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Connection,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Connection {
    pub Class: UCHAR,
    pub Type: UCHAR,
    pub Reserved1: UCHAR,
    pub Reserved2: UCHAR,
    pub IdLowPart: ULONG,
    pub IdHighPart: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory64 {
    pub Start: PHYSICAL_ADDRESS,
    pub Length64: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory48 {
    pub Start: PHYSICAL_ADDRESS,
    pub Length48: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory40 {
    pub Start: PHYSICAL_ADDRESS,
    pub Length40: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DeviceSpecificData {
    pub DataSize: ULONG,
    pub Reserved1: ULONG,
    pub Reserved2: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_BusNumber {
    pub Start: ULONG,
    pub Length: ULONG,
    pub Reserved: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DevicePrivate {
    pub Data: [ULONG; 3],
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DmaV3 {
    pub Channel: ULONG,
    pub RequestLine: ULONG,
    pub TransferWidth: UCHAR,
    pub Reserved1: UCHAR,
    pub Reserved2: UCHAR,
    pub Reserved3: UCHAR,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Dma {
    pub Channel: ULONG,
    pub Port: ULONG,
    pub Reserved1: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory {
    pub Start: PHYSICAL_ADDRESS,
    pub Length: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub union CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt {
    pub Raw: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Raw,
    pub Translated: CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Translated,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Translated {
    pub Level: USHORT,
    pub Group: USHORT,
    pub Vector: ULONG,
    pub Affinity: KAFFINITY,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Raw {
    pub Group: USHORT,
    pub MessageCount: USHORT,
    pub Vector: ULONG,
    pub Affinity: KAFFINITY,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Interrupt {
    pub Level: USHORT,
    pub Group: USHORT,
    pub Vector: ULONG,
    pub Affinity: KAFFINITY,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Port {
    pub Start: PHYSICAL_ADDRESS,
    pub Length: ULONG,
}

#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Generic {
    pub Start: PHYSICAL_ADDRESS,
    pub Length: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR {
    pub Option: UCHAR,
    pub Type: UCHAR,
    pub ShareDisposition: UCHAR,
    pub Spare1: UCHAR,
    pub Flags: USHORT,
    pub Spare2: USHORT,
    pub u: IO_RESOURCE_DESCRIPTOR_u,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IO_RESOURCE_DESCRIPTOR_u {
    pub Port: IO_RESOURCE_DESCRIPTOR_u_Port,
    pub Memory: IO_RESOURCE_DESCRIPTOR_u_Memory,
    pub Interrupt: IO_RESOURCE_DESCRIPTOR_u_Interrupt,
    pub Dma: IO_RESOURCE_DESCRIPTOR_u_Dma,
    pub DmaV3: IO_RESOURCE_DESCRIPTOR_u_DmaV3,
    pub Generic: IO_RESOURCE_DESCRIPTOR_u_Generic,
    pub DevicePrivate: IO_RESOURCE_DESCRIPTOR_u_DevicePrivate,
    pub BusNumber: IO_RESOURCE_DESCRIPTOR_u_BusNumber,
    pub ConfigData: IO_RESOURCE_DESCRIPTOR_u_ConfigData,
    pub Memory40: IO_RESOURCE_DESCRIPTOR_u_Memory40,
    pub Memory48: IO_RESOURCE_DESCRIPTOR_u_Memory48,
    pub Memory64: IO_RESOURCE_DESCRIPTOR_u_Memory64,
    pub Connection: IO_RESOURCE_DESCRIPTOR_u_Connection,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Connection {
    pub Class: UCHAR,
    pub Type: UCHAR,
    pub Reserved1: UCHAR,
    pub Reserved2: UCHAR,
    pub IdLowPart: ULONG,
    pub IdHighPart: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Memory64 {
    pub Length64: ULONG,
    pub Alignment64: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Memory48 {
    pub Length48: ULONG,
    pub Alignment48: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Memory40 {
    pub Length40: ULONG,
    pub Alignment40: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_ConfigData {
    pub Priority: ULONG,
    pub Reserved1: ULONG,
    pub Reserved2: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_BusNumber {
    pub Length: ULONG,
    pub MinBusNumber: ULONG,
    pub MaxBusNumber: ULONG,
    pub Reserved: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_DevicePrivate {
    pub Data: [ULONG; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Generic {
    pub Length: ULONG,
    pub Alignment: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_DmaV3 {
    pub RequestLine: ULONG,
    pub Reserved: ULONG,
    pub Channel: ULONG,
    pub TransferWidth: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Dma {
    pub MinimumChannel: ULONG,
    pub MaximumChannel: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Interrupt {
    pub MinimumVector: ULONG,
    pub MaximumVector: ULONG,
    pub AffinityPolicy: IRQ_DEVICE_POLICY,
    pub Group: USHORT,
    pub PriorityPolicy: IRQ_PRIORITY,
    pub TargetedProcessors: KAFFINITY,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Memory {
    pub Length: ULONG,
    pub Alignment: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_DESCRIPTOR_u_Port {
    pub Length: ULONG,
    pub Alignment: ULONG,
    pub MinimumAddress: PHYSICAL_ADDRESS,
    pub MaximumAddress: PHYSICAL_ADDRESS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_LIST {
    pub Version: USHORT,
    pub Revision: USHORT,
    pub Count: ULONG,
    pub Descriptors: [IO_RESOURCE_DESCRIPTOR; 1],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_RESOURCE_REQUIREMENTS_LIST {
    pub ListSize: ULONG,
    pub InterfaceType: INTERFACE_TYPE,
    pub BusNumber: ULONG,
    pub SlotNumber: ULONG,
    pub Reserved: [ULONG; 3],
    pub AlternativeLists: ULONG,
    pub List: [IO_RESOURCE_LIST; 1],
}

zeroed! {
    CM_RESOURCE_LIST, CM_FULL_RESOURCE_DESCRIPTOR, CM_PARTIAL_RESOURCE_LIST, CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_PARTIAL_RESOURCE_DESCRIPTOR_u, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Connection, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory64, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory48, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory40, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DeviceSpecificData, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_BusNumber, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DevicePrivate, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_DmaV3, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Dma, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Memory, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Translated, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Raw, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Interrupt, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Port, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_Generic, IO_RESOURCE_DESCRIPTOR, IO_RESOURCE_DESCRIPTOR_u, IO_RESOURCE_DESCRIPTOR_u_Connection, IO_RESOURCE_DESCRIPTOR_u_Memory64, IO_RESOURCE_DESCRIPTOR_u_Memory48, IO_RESOURCE_DESCRIPTOR_u_Memory40, IO_RESOURCE_DESCRIPTOR_u_ConfigData, IO_RESOURCE_DESCRIPTOR_u_BusNumber, IO_RESOURCE_DESCRIPTOR_u_DevicePrivate, IO_RESOURCE_DESCRIPTOR_u_Generic, IO_RESOURCE_DESCRIPTOR_u_DmaV3, IO_RESOURCE_DESCRIPTOR_u_Dma, IO_RESOURCE_DESCRIPTOR_u_Interrupt, IO_RESOURCE_DESCRIPTOR_u_Memory, IO_RESOURCE_DESCRIPTOR_u_Port, IO_RESOURCE_LIST, IO_RESOURCE_REQUIREMENTS_LIST,
}
