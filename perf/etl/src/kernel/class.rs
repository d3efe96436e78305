//! The kernel's event classes.

use uuid::{Uuid, uuid};

/// A class of kernel events. Old and new headers name it in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KernelClass {
    /// What a session says of itself.
    EventTrace,
    /// Disk transfers.
    DiskIo,
    /// Page faults and memory.
    Memory,
    /// Processes.
    Process,
    /// Files.
    FileIo,
    /// Threads, context switches, the dispatcher.
    Thread,
    /// TCP.
    TcpIp,
    /// Jobs.
    Job,
    /// UDP.
    UdpIp,
    /// The registry.
    Registry,
    /// The machine's configuration.
    SystemConfig,
    /// Interrupts, DPCs, samples, system calls.
    PerfInfo,
    /// Loaded images.
    Image,
    /// Stacks.
    StackWalk,
    /// Losses that a real-time session noticed.
    LostEvents,
    /// What tools add about images when they merge files (*KernelTraceControl*).
    ImageId,
    /// A group that has no name here.
    Other(u8),
}

/// Groups of SYSTEM and PERFINFO headers, and the GUIDs of the same classes in others
/// (*Event Tracing for Windows: MOF Classes*).
const CLASSES: [(Option<u8>, KernelClass, Uuid); 16] = [
    (
        Some(0x00),
        KernelClass::EventTrace,
        uuid!("68fdd900-4a3e-11d1-84f4-0000f80464e3"),
    ),
    (
        Some(0x01),
        KernelClass::DiskIo,
        uuid!("3d6fa8d4-fe05-11d0-9dda-00c04fd7ba7c"),
    ),
    (
        Some(0x02),
        KernelClass::Memory,
        uuid!("3d6fa8d3-fe05-11d0-9dda-00c04fd7ba7c"),
    ),
    (
        Some(0x03),
        KernelClass::Process,
        uuid!("3d6fa8d0-fe05-11d0-9dda-00c04fd7ba7c"),
    ),
    (
        Some(0x04),
        KernelClass::FileIo,
        uuid!("90cbdc39-4a3e-11d1-84f4-0000f80464e3"),
    ),
    (
        Some(0x05),
        KernelClass::Thread,
        uuid!("3d6fa8d1-fe05-11d0-9dda-00c04fd7ba7c"),
    ),
    (
        Some(0x06),
        KernelClass::TcpIp,
        uuid!("9a280ac0-c8e0-11d1-84e2-00c04fb998a2"),
    ),
    (
        Some(0x07),
        KernelClass::Job,
        uuid!("3282fc76-feed-498e-8aa7-e70f459d430e"),
    ),
    (
        Some(0x08),
        KernelClass::UdpIp,
        uuid!("bf3a50c5-a9c9-4988-a005-2df0b7c80f80"),
    ),
    (
        Some(0x09),
        KernelClass::Registry,
        uuid!("ae53722e-c863-11d2-8659-00c04fa321a1"),
    ),
    (
        Some(0x0B),
        KernelClass::SystemConfig,
        uuid!("01853a65-418f-4f36-aefc-dc0f1d2fd235"),
    ),
    (
        Some(0x0F),
        KernelClass::PerfInfo,
        uuid!("ce1dbfb4-137e-4da6-87b0-3f59aa102cbc"),
    ),
    (
        Some(0x14),
        KernelClass::Image,
        uuid!("2cb15d1d-5fc1-11d2-abe1-00a0c911f518"),
    ),
    (
        Some(0x18),
        KernelClass::StackWalk,
        uuid!("def2fe46-7bd6-4b80-bd94-f57fe20d0ce3"),
    ),
    (
        None,
        KernelClass::LostEvents,
        uuid!("6a399ae0-4bc6-4de9-870b-3657f8947e7e"),
    ),
    (
        None,
        KernelClass::ImageId,
        uuid!("b3e675d7-2554-4f18-830b-2762732560de"),
    ),
];

/// The one event of a class that is logged in another's group.
pub(super) const IMAGE_LOAD_OPCODE: u8 = 10;

impl KernelClass {
    /// The class and opcode behind a group and opcode of a SYSTEM or PERFINFO header.
    pub fn from_hook(group: u8, opcode: u8) -> (Self, u8) {
        let class = match group {
            // The load of an image is logged among the events of processes.
            0x03 if opcode == IMAGE_LOAD_OPCODE => Self::Image,
            0x00 => Self::EventTrace,
            0x01 => Self::DiskIo,
            0x02 => Self::Memory,
            0x03 => Self::Process,
            0x04 => Self::FileIo,
            0x05 => Self::Thread,
            0x06 => Self::TcpIp,
            0x07 => Self::Job,
            0x08 => Self::UdpIp,
            0x09 => Self::Registry,
            0x0B => Self::SystemConfig,
            0x0F => Self::PerfInfo,
            0x14 => Self::Image,
            0x18 => Self::StackWalk,
            other => Self::Other(other),
        };
        (class, opcode)
    }

    /// The class behind a GUID; `None` if it is not the kernel's.
    pub fn from_guid(guid: Uuid) -> Option<Self> {
        let found = CLASSES.iter().find(|(_, _, known)| *known == guid);
        found.map(|(_, class, _)| *class)
    }

    /// The class's GUID, if it has a name here.
    pub fn guid(self) -> Option<Uuid> {
        let found = CLASSES.iter().find(|(_, class, _)| *class == self);
        found.map(|(_, _, guid)| *guid)
    }

    /// The group that stands for the class and opcode in a SYSTEM or PERFINFO header; `None` if
    /// such events have other headers.
    pub fn group(self, opcode: u8) -> Option<u8> {
        match self {
            Self::Other(group) => Some(group),
            Self::Image if opcode == IMAGE_LOAD_OPCODE => Some(0x03),
            _ => CLASSES.iter().find(|(_, class, _)| *class == self)?.0,
        }
    }

    /// The class's name.
    pub fn name(self) -> String {
        match self {
            Self::Other(group) => format!("group {group:#04x}"),
            named => format!("{named:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_guids_name_the_same_classes() {
        for (group, class, guid) in CLASSES {
            assert_eq!(KernelClass::from_guid(guid), Some(class));
            assert_eq!(class.guid(), Some(guid));
            assert_eq!(class.group(1), group);
            if let Some(group) = group {
                assert_eq!(KernelClass::from_hook(group, 1), (class, 1));
            }
        }
        assert_eq!(KernelClass::from_hook(3, 10), (KernelClass::Image, 10));
        assert_eq!(KernelClass::Image.group(10), Some(3));
    }
}
