//! DPC and interrupt service routines, one by one.

use super::durations::Durations;
use crate::trace::images::Images;
use etl::kernel::{DpcKind, IsrKind};
use serde::Serialize;
use std::collections::HashMap;

/// Routines that are told apart; the rest counts as one.
const ROUTINES_MAX: usize = 4096;

/// How long a DPC should run at most (*Example 15: Measuring DPC/ISR Time*).
pub const DPC_GUIDANCE_NS: u64 = 100_000;
/// How long an ISR should run at most (*Example 15: Measuring DPC/ISR Time*).
pub const ISR_GUIDANCE_NS: u64 = 25_000;

/// What a routine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// A DPC.
    #[serde(rename = "DPC")]
    Dpc,
    /// A timer's DPC, or a device's I/O timer.
    #[serde(rename = "TimerDPC")]
    TimerDpc,
    /// A DPC that other threads can interrupt.
    #[serde(rename = "ThreadedDPC")]
    ThreadedDpc,
    /// An interrupt service routine.
    #[serde(rename = "ISR")]
    Isr,
}

impl Kind {
    /// The kind of a DPC.
    pub fn of_dpc(kind: DpcKind) -> Self {
        match kind {
            DpcKind::Normal => Self::Dpc,
            DpcKind::Timer | DpcKind::IoTimer => Self::TimerDpc,
            DpcKind::Threaded => Self::ThreadedDpc,
        }
    }

    /// The kind of an interrupt service routine; `None` for one that runs in a thread.
    pub fn of_isr(kind: IsrKind) -> Option<Self> {
        match kind {
            IsrKind::Line | IsrKind::Message => Some(Self::Isr),
            IsrKind::Passive => None,
        }
    }

    /// How long it should run at most.
    pub fn guidance_ns(self) -> u64 {
        match self {
            Self::Isr => ISR_GUIDANCE_NS,
            Self::Dpc | Self::TimerDpc | Self::ThreadedDpc => DPC_GUIDANCE_NS,
        }
    }

    /// As xperf names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dpc => "DPC",
            Self::TimerDpc => "TimerDPC",
            Self::ThreadedDpc => "ThreadedDPC",
            Self::Isr => "ISR",
        }
    }
}

/// A routine of a module, while that module is loaded.
#[derive(Clone, Debug)]
pub struct Routine {
    /// What it is.
    pub kind: Kind,
    /// Its address; `None` for the rest that is not told apart.
    pub address: Option<u64>,
    /// The number of its module.
    pub module: Option<usize>,
    /// How long it ran, ISRs that interrupted it included.
    pub durations: Durations,
    /// How long it ran by itself.
    pub exclusive_ns: u64,
    /// Interrupts that it said were not its device's.
    pub unclaimed: u64,
}

/// The routines of a trace.
#[derive(Clone, Debug, Default)]
pub struct Routines {
    list: Vec<Routine>,
    /// Which routine an address is, and until when.
    known: HashMap<(Kind, u64), Known>,
    rest: HashMap<Kind, usize>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    number: usize,
    from: i64,
    to: i64,
}

impl Routines {
    /// The number of the routine at an address.
    pub fn find(&mut self, kind: Kind, address: u64, at: i64, images: &Images) -> usize {
        if let Some(known) = self.known.get(&(kind, address))
            && (known.from..known.to).contains(&at)
        {
            return known.number;
        }
        if self.list.len() >= ROUTINES_MAX {
            let list = &mut self.list;
            return *self.rest.entry(kind).or_insert_with(|| {
                list.push(routine(kind, None, None));
                list.len() - 1
            });
        }
        let module = images.find(address, at);
        let known = match module.map(|number| &images.modules()[number]) {
            Some(module) => Known {
                number: self.list.len(),
                from: module.from,
                to: module.to,
            },
            None => Known {
                number: self.list.len(),
                from: i64::MIN,
                to: i64::MAX,
            },
        };
        self.known.insert((kind, address), known);
        self.list.push(routine(kind, Some(address), module));
        known.number
    }

    /// A routine by its number.
    pub fn get_mut(&mut self, number: usize) -> &mut Routine {
        &mut self.list[number]
    }

    /// All routines.
    pub fn list(&self) -> &[Routine] {
        &self.list
    }
}

fn routine(kind: Kind, address: Option<u64>, module: Option<usize>) -> Routine {
    Routine {
        kind,
        address,
        module,
        durations: Durations::new(kind.guidance_ns()),
        exclusive_ns: 0,
        unclaimed: 0,
    }
}
