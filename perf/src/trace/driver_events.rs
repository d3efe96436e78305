//! The events that the driver writes: the contract between `driver/` (TraceLogging, crate
//! `tracelogging`) and this analysis.
//!
//! Provider `Dhpnic`; its GUID follows from the name ([`etl::provider_guid`]). Every event has a
//! stable id, so that regions of interest in WPA can select it, and the field `Cpu` (u32): the index
//! of the processor that writes it, because a session without per-processor buffers does not say.
//! Processors are indices over all groups throughout. Fields that this table does not name are
//! allowed anywhere; fields may come in any order.
//!
//! | id | event | keyword | level | fields besides `Cpu` |
//! | --- | --- | --- | --- | --- |
//! | 1 | `ProcessorStart` | hot add | 4 | `Processor` u32, `Group` u16, `Number` u8: KeProcessorAddStartNotify |
//! | 2 | `ProcessorComplete` | hot add | 4 | `Processor` u32: KeProcessorAddCompleteNotify |
//! | 3 | `ProcessorFailure` | hot add | 2 | `Processor` u32, `Status` hex32: KeProcessorAddFailureNotify |
//! | 4 | `InterfaceArrival` | hot add | 4 | `Class` text: `processor` or `memory` |
//! | 5 | `QueryStop` | rebalance | 4 | `DurationNs` u64, written on return |
//! | 6 | `Stop` | rebalance | 4 | `DurationNs` u64, written on return |
//! | 7 | `Start` | rebalance | 4 | `DurationNs` u64, written on return |
//! | 8 | `Spread` | spread | 4 | `Processors` u32 active, `Queues` u32, `Vectors` u32, `Entries` u32, `Targets` u32 array: the processor of each queue |
//! | 9 | `Indirection` | spread | 4 | `Before` u16 array, `After` u16 array: the queue of each entry; `Moved` u32 |
//! | 10 | `VectorTarget` | spread | 4 | `Queue` u32, `Processor` u32: an interrupt message has a new target |
//! | 11 | `BufferPool` | buffers | 4 | `Queue` u32, `Before` u32, `After` u32 buffers, `Reason` text |
//! | 12 | `Reset` | errors | 2 | `Reason` text |
//! | 13 | `Link` | link | 4 | `Up` bool32, `BitsPerSecond` u64 |
//! | 14 | `QueueStatistics` | statistics | 4 | `Queue` u32, `Transmit` bool32, `Processor` u32 that runs its DPC, `Packets`, `Bytes`, `Notifications`, `Polls`, `EmptyPolls`, `Dpcs` u64, counted since the queue was created; on a timer, at stop, and when a session asks for the state |
//! | 15 | `Poll` | data path | 5 | `Queue` u32, `Packets` u32, `DurationNs` u32, `OneOf` u32: one poll in so many is written |
//!
//! Keywords (bits): hot add 0x1, spread 0x2, rebalance 0x4, buffers 0x8, errors 0x10, link 0x20,
//! statistics 0x40, data path 0x80. Only the last needs level 5. When a session asks for the state
//! (control code 2) the driver writes `Spread`, `Indirection` with `Moved` 0, `Link` and
//! `QueueStatistics`.

use etl::tracelogging::{Decoded, Value};

/// The provider's name.
pub const PROVIDER: &str = "Dhpnic";

/// The driver's image.
pub const MODULE: &str = "dhpnic.sys";

/// An event of the driver, as far as the analysis needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverEvent {
    /// A processor is about to start.
    ProcessorStart {
        /// Its index.
        processor: u32,
    },
    /// A processor has started.
    ProcessorComplete {
        /// Its index.
        processor: u32,
    },
    /// A processor did not start.
    ProcessorFailure {
        /// Its index.
        processor: u32,
        /// Why.
        status: u32,
    },
    /// A processor or memory interface has arrived.
    InterfaceArrival {
        /// `processor` or `memory`.
        class: String,
    },
    /// A callback of the rebalance has returned.
    Rebalance {
        /// Which.
        step: RebalanceStep,
        /// How long it took.
        duration_ns: u64,
    },
    /// How queues are spread.
    Spread(Spread),
    /// What the indirection table was, and is.
    Indirection {
        /// Entries of the table.
        entries: usize,
        /// Entries that have another queue than before.
        moved: u32,
    },
    /// An interrupt message has a new target.
    VectorTarget {
        /// The queue.
        queue: u32,
        /// The processor.
        processor: u32,
    },
    /// A queue's pool of buffers has changed.
    BufferPool {
        /// The queue.
        queue: u32,
        /// Buffers before.
        before: u32,
        /// Buffers after.
        after: u32,
        /// Why.
        reason: String,
    },
    /// The adapter was reset.
    Reset {
        /// Why.
        reason: String,
    },
    /// The link came or went.
    Link {
        /// Whether it is up.
        up: bool,
    },
    /// Counters of a queue.
    QueueStatistics(QueueCounters),
    /// A poll, one of several.
    Poll {
        /// The queue.
        queue: u32,
        /// The processor that polled.
        cpu: u32,
        /// Packets that it moved.
        packets: u32,
    },
}

/// The callbacks of a rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebalanceStep {
    /// EvtDeviceQueryStop.
    QueryStop,
    /// The way down.
    Stop,
    /// The way up.
    Start,
}

/// How queues are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Active processors.
    pub processors: u32,
    /// Receive queues.
    pub queues: u32,
    /// Interrupt messages.
    pub vectors: u32,
    /// Entries of the indirection table.
    pub entries: u32,
    /// The processor of each queue.
    pub targets: Vec<u32>,
}

/// Counters of a queue since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    /// The queue.
    pub queue: u32,
    /// Whether it sends.
    pub transmit: bool,
    /// The processor that runs its DPC.
    pub processor: u32,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Interrupts that said something is to do.
    pub notifications: u64,
    /// Polls.
    pub polls: u64,
    /// Polls that found nothing.
    pub empty_polls: u64,
    /// DPCs.
    pub dpcs: u64,
}

impl DriverEvent {
    /// The event behind a name and fields; `None` if the name is not in the table, or a field that
    /// the analysis needs is missing.
    pub fn parse(name: &str, fields: &Decoded<'_>) -> Option<Self> {
        let number = |field: &str| fields.get(field).and_then(Value::as_u64);
        let short = |field: &str| number(field).and_then(|value| u32::try_from(value).ok());
        let text = |field: &str| {
            let text = fields.get(field).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let rebalance = |step| {
            Some(Self::Rebalance {
                step,
                duration_ns: number("DurationNs")?,
            })
        };
        Some(match name {
            "ProcessorStart" => Self::ProcessorStart {
                processor: short("Processor")?,
            },
            "ProcessorComplete" => Self::ProcessorComplete {
                processor: short("Processor")?,
            },
            "ProcessorFailure" => Self::ProcessorFailure {
                processor: short("Processor")?,
                status: short("Status").unwrap_or_default(),
            },
            "InterfaceArrival" => Self::InterfaceArrival {
                class: text("Class"),
            },
            "QueryStop" => return rebalance(RebalanceStep::QueryStop),
            "Stop" => return rebalance(RebalanceStep::Stop),
            "Start" => return rebalance(RebalanceStep::Start),
            "Spread" => Self::Spread(spread(fields)?),
            "Indirection" => Self::Indirection {
                entries: fields.get("After").and_then(Value::as_array)?.len(),
                moved: short("Moved")?,
            },
            "VectorTarget" => Self::VectorTarget {
                queue: short("Queue")?,
                processor: short("Processor")?,
            },
            "BufferPool" => Self::BufferPool {
                queue: short("Queue")?,
                before: short("Before")?,
                after: short("After")?,
                reason: text("Reason"),
            },
            "Reset" => Self::Reset {
                reason: text("Reason"),
            },
            "Link" => Self::Link {
                up: number("Up")? != 0,
            },
            "QueueStatistics" => Self::QueueStatistics(counters(fields)?),
            "Poll" => Self::Poll {
                queue: short("Queue")?,
                cpu: short("Cpu")?,
                packets: short("Packets")?,
            },
            _ => return None,
        })
    }

    /// The event in words.
    pub fn text(&self) -> String {
        let step = |step: &RebalanceStep| match step {
            RebalanceStep::QueryStop => "query stop",
            RebalanceStep::Stop => "stop",
            RebalanceStep::Start => "start",
        };
        match self {
            Self::ProcessorStart { processor } => {
                format!("start notification, processor {processor}")
            }
            Self::ProcessorComplete { processor } => {
                format!("complete notification, processor {processor}")
            }
            Self::ProcessorFailure { processor, status } => {
                format!("failure notification, processor {processor}, status {status:#010x}")
            }
            Self::InterfaceArrival { class } => format!("interface arrival, {class}"),
            Self::Rebalance {
                step: which,
                duration_ns,
            } => format!("{} (took {:.3} ms)", step(which), *duration_ns as f64 / 1e6),
            Self::Spread(spread) => format!(
                "spread: {} queues on processors {}, {} vectors, {} entries",
                spread.queues,
                list(&spread.targets),
                spread.vectors,
                spread.entries
            ),
            Self::Indirection { entries, moved } => {
                format!("indirection table set: {moved} of {entries} entries moved")
            }
            Self::VectorTarget { queue, processor } => {
                format!("interrupt of queue {queue} goes to processor {processor}")
            }
            Self::BufferPool {
                queue,
                before,
                after,
                reason,
            } => format!("buffers of queue {queue}: {before} to {after}, {reason}"),
            Self::Reset { reason } => format!("reset: {reason}"),
            Self::Link { up } => format!("link {}", if *up { "up" } else { "down" }),
            Self::QueueStatistics(counters) => {
                format!("{} packets in queue {}", counters.packets, counters.queue)
            }
            Self::Poll { queue, packets, .. } => format!("{packets} packets, queue {queue}"),
        }
    }
}

/// Numbers with commas between them.
pub fn list(numbers: &[u32]) -> String {
    let texts: Vec<_> = numbers.iter().map(u32::to_string).collect();
    texts.join(", ")
}

fn spread(fields: &Decoded<'_>) -> Option<Spread> {
    let short = |field: &str| {
        let number = fields.get(field).and_then(Value::as_u64)?;
        u32::try_from(number).ok()
    };
    let targets = fields.get("Targets").and_then(Value::as_array)?;
    let target = |value: &Value<'_>| value.as_u64().and_then(|value| u32::try_from(value).ok());
    Some(Spread {
        processors: short("Processors")?,
        queues: short("Queues")?,
        vectors: short("Vectors")?,
        entries: short("Entries")?,
        targets: targets.iter().map(target).collect::<Option<_>>()?,
    })
}

fn counters(fields: &Decoded<'_>) -> Option<QueueCounters> {
    let number = |field: &str| fields.get(field).and_then(Value::as_u64);
    Some(QueueCounters {
        queue: u32::try_from(number("Queue")?).ok()?,
        transmit: number("Transmit")? != 0,
        processor: u32::try_from(number("Processor")?).ok()?,
        packets: number("Packets")?,
        bytes: number("Bytes").unwrap_or_default(),
        notifications: number("Notifications").unwrap_or_default(),
        polls: number("Polls").unwrap_or_default(),
        empty_polls: number("EmptyPolls").unwrap_or_default(),
        dpcs: number("Dpcs").unwrap_or_default(),
    })
}
