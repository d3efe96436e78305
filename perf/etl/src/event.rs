//! An event, as a reader gives it.

use crate::bytes::Bytes;
use crate::items::{ItemType, Items};
use crate::kernel::KernelClass;
use crate::record::{FLAG_EXTENDED_INFO, RecordHeader};
use crate::tracelogging::{EventMetadata, provider_name, split_inline};
use uuid::Uuid;

/// The channel of TraceLogging events (`WINEVENT_CHANNEL_TRACELOGGING`).
pub const CHANNEL_TRACELOGGING: u8 = 11;

/// Which event of its provider: `EVENT_DESCRIPTOR`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventDescriptor {
    /// The event's number.
    pub id: u16,
    /// The version of its layout.
    pub version: u8,
    /// Where it is meant to be seen; 11 for TraceLogging.
    pub channel: u8,
    /// How serious: 1 critical to 5 verbose, 0 always.
    pub level: u8,
    /// Start, stop and the like.
    pub opcode: u8,
    /// What it is part of.
    pub task: u16,
    /// The categories that it belongs to.
    pub keyword: u64,
}

impl EventDescriptor {
    pub(crate) fn parse(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            id: bytes.u16()?,
            version: bytes.u8()?,
            channel: bytes.u8()?,
            level: bytes.u8()?,
            opcode: bytes.u8()?,
            task: bytes.u16()?,
            keyword: bytes.u64()?,
        })
    }

    pub(crate) fn encode(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out[..2].copy_from_slice(&self.id.to_le_bytes());
        out[2] = self.version;
        out[3] = self.channel;
        out[4] = self.level;
        out[5] = self.opcode;
        out[6..8].copy_from_slice(&self.task.to_le_bytes());
        out[8..].copy_from_slice(&self.keyword.to_le_bytes());
        out
    }
}

/// One record of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When, in ticks of the trace's clock.
    pub time_stamp: i64,
    /// The processor, as an index over all groups.
    pub processor: u16,
    /// The session.
    pub logger_id: u16,
    /// The record's header.
    pub header: RecordHeader,
    items: &'a [u8],
    payload: &'a [u8],
}

/// What kind of event this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An event of one of the kernel's classes, whatever the header.
    Kernel {
        /// The class.
        class: KernelClass,
        /// The event's type in its class.
        opcode: u8,
        /// The version of its layout.
        version: u8,
    },
    /// An event of a class that is not the kernel's.
    Classic {
        /// The class.
        class: Uuid,
        /// The event's type in its class.
        opcode: u8,
        /// The version of its layout.
        version: u16,
    },
    /// An event of a provider with manifest or TraceLogging.
    Provider {
        /// The provider.
        provider: Uuid,
        /// Which event.
        descriptor: EventDescriptor,
    },
    /// A WPP message.
    Message {
        /// The message's number in its file.
        number: u16,
    },
    /// A kind that is not known.
    Other {
        /// The header's type.
        header_type: u8,
    },
}

impl<'a> Event<'a> {
    /// An event from a whole record. `time_stamp` is for records that have none. A header that is
    /// cut is one of an unknown kind.
    pub(crate) fn parse(record: &'a [u8], processor: u16, logger_id: u16, time_stamp: i64) -> Self {
        let (header, rest) = RecordHeader::parse(record).unwrap_or((
            RecordHeader::Other {
                header_type: record.get(2).copied().unwrap_or_default(),
            },
            &[],
        ));
        let (items, payload) = match header {
            RecordHeader::Event { flags, .. } if flags & FLAG_EXTENDED_INFO != 0 => {
                rest.split_at(Items::new(rest).bytes())
            }
            _ => rest.split_at(0),
        };
        Self {
            time_stamp: header.time_stamp().unwrap_or(time_stamp),
            processor,
            logger_id,
            header,
            items,
            payload,
        }
    }

    /// What kind of event this is.
    pub fn identity(&self) -> Identity {
        match self.header {
            RecordHeader::System { hook, .. } | RecordHeader::PerfInfo { hook, .. } => {
                let (class, opcode) = KernelClass::from_hook(hook.group, hook.opcode);
                Identity::Kernel {
                    class,
                    opcode,
                    version: hook.version,
                }
            }
            RecordHeader::Full {
                class,
                opcode,
                version,
                ..
            } => match KernelClass::from_guid(class) {
                Some(class) => Identity::Kernel {
                    class,
                    opcode,
                    version: version as u8,
                },
                None => Identity::Classic {
                    class,
                    opcode,
                    version,
                },
            },
            RecordHeader::Event {
                provider,
                descriptor,
                ..
            } => Identity::Provider {
                provider,
                descriptor,
            },
            RecordHeader::Message { number, .. } => Identity::Message { number },
            RecordHeader::Other { header_type } => Identity::Other { header_type },
        }
    }

    /// The thread that wrote it, if it says so.
    pub fn thread_id(&self) -> Option<u32> {
        self.thread_and_process().map(|(thread, _)| thread)
    }

    /// The process that wrote it, if it says so.
    pub fn process_id(&self) -> Option<u32> {
        self.thread_and_process().map(|(_, process)| process)
    }

    fn thread_and_process(&self) -> Option<(u32, u32)> {
        match self.header {
            RecordHeader::System {
                thread_id,
                process_id,
                ..
            }
            | RecordHeader::Full {
                thread_id,
                process_id,
                ..
            }
            | RecordHeader::Event {
                thread_id,
                process_id,
                ..
            } => Some((thread_id, process_id)),
            RecordHeader::Message {
                thread_and_process, ..
            } => thread_and_process,
            RecordHeader::PerfInfo { .. } | RecordHeader::Other { .. } => None,
        }
    }

    /// Bytes of a pointer where the event was written.
    pub fn pointer_size(&self) -> u8 {
        match self.header {
            RecordHeader::System { hook, .. } | RecordHeader::PerfInfo { hook, .. } => {
                hook.pointer_size
            }
            RecordHeader::Full { pointer_size, .. } | RecordHeader::Event { pointer_size, .. } => {
                pointer_size
            }
            RecordHeader::Message { .. } | RecordHeader::Other { .. } => 8,
        }
    }

    /// The extended data items between header and payload.
    pub fn items(&self) -> Items<'a> {
        Items::new(self.items)
    }

    /// What the writer of the event gave, raw.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The event's own description and the payload that it describes, if it is a TraceLogging
    /// event.
    pub fn trace_logging(&self) -> Option<(EventMetadata<'a>, &'a [u8])> {
        let RecordHeader::Event { descriptor, .. } = self.header else {
            return None;
        };
        if let Some(blob) = self.items().find(ItemType::EVENT_SCHEMA) {
            return Some((EventMetadata::parse(blob)?, self.payload));
        }
        if descriptor.channel != CHANNEL_TRACELOGGING {
            return None;
        }
        // Before Windows 10 both descriptions stand at the start of the payload.
        let (_, event, payload) = split_inline(self.payload)?;
        Some((EventMetadata::parse(event)?, payload))
    }

    /// The name of the provider, if it is a TraceLogging event.
    pub fn provider_name(&self) -> Option<&'a str> {
        let RecordHeader::Event { descriptor, .. } = self.header else {
            return None;
        };
        if let Some(traits) = self.items().find(ItemType::PROVIDER_TRAITS) {
            return provider_name(traits);
        }
        if descriptor.channel != CHANNEL_TRACELOGGING {
            return None;
        }
        provider_name(split_inline(self.payload)?.0)
    }
}
