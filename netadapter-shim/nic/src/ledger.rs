//! The account of received frames: what the device put into the driver's buffers against what
//! came out at the top of the stack.

use crate::outcome::{Delivered, Mismatch, Totals};
use crate::sync::lock;
use crate::wire::{FrameTag, Frames};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Frames a queue remembers. Far more than buffers exist, unless nobody keeps the account.
const OUTSTANDING_MAX: usize = 1 << 20;
/// How far ahead of the next expected frame a frame is looked for.
const SEARCH_MAX: usize = 1 << 14;

#[derive(Clone, Copy)]
struct Entry {
    id: u64,
    flow: u32,
    epoch: u32,
}

/// What the device side writes. The consumer empties it in one go, so the two seldom meet.
#[derive(Default)]
struct Accepted {
    entries: VecDeque<Entry>,
    total: u64,
    /// Forgotten because nobody took them.
    overflowed: u64,
}

/// What the consumer side works on.
#[derive(Default)]
struct Expected {
    entries: VecDeque<Entry>,
    totals: Totals,
}

/// One queue's account, apart from the others' cache lines.
#[derive(Default)]
#[repr(align(128))]
struct QueueLedger {
    accepted: Mutex<Accepted>,
    expected: Mutex<Expected>,
}

/// Where a flow was last seen.
#[derive(Default)]
struct FlowState {
    /// One more than the largest id delivered.
    next_id: AtomicU64,
    /// Epoch and queue of the last frame delivered, see [`Place`].
    place: AtomicU64,
}

/// Epoch and queue of a frame. Epochs count from 1, so 0 is a flow not seen yet.
#[derive(Clone, Copy)]
struct Place {
    epoch: u32,
    queue: u16,
}

impl Place {
    fn pack(self) -> u64 {
        u64::from(self.epoch) << 16 | u64::from(self.queue)
    }

    fn unpack(packed: u64) -> Self {
        Self {
            epoch: (packed >> 16) as u32,
            queue: packed as u16,
        }
    }
}

enum Fate {
    Delivered,
    Discarded,
}

/// The account. The device enters frames; whoever consumes them at the top of the stack reports
/// each. Queues are independent; the frames of one queue are to be reported by one thread at a
/// time, in their order.
pub struct Ledger {
    frames: Arc<dyn Frames>,
    queues: Vec<QueueLedger>,
    flows: Vec<FlowState>,
    epoch: AtomicU32,
}

impl Ledger {
    /// An empty account for `queues` receive queues fed with `frames`.
    pub fn new(queues: u16, frames: Arc<dyn Frames>) -> Self {
        Self {
            queues: (0..queues).map(|_| QueueLedger::default()).collect(),
            flows: (0..frames.flow_count())
                .map(|_| FlowState::default())
                .collect(),
            frames,
            epoch: AtomicU32::new(1),
        }
    }

    /// Steering changed: flows may go to other queues from now on. The device calls this.
    pub fn rss_changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// How often steering changed, from 1.
    pub fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The device is about to hand `frames` to the driver on `queue`, in this order.
    pub(crate) fn accepted(&self, queue: u16, frames: impl ExactSizeIterator<Item = FrameTag>) {
        let epoch = self.epoch();
        let mut accepted = lock(&self.queues[usize::from(queue)].accepted);
        accepted.total += frames.len() as u64;
        let entry = |tag: FrameTag| Entry {
            id: tag.id,
            flow: tag.flow,
            epoch,
        };
        accepted.entries.extend(frames.map(entry));
        let surplus = accepted.entries.len().saturating_sub(OUTSTANDING_MAX);
        accepted.entries.drain(..surplus);
        accepted.overflowed += surplus as u64;
    }

    /// A frame came out at the top of `queue`.
    ///
    /// # Errors
    ///
    /// The frame is not the next of its queue, byte for byte, or breaks the order of its flow.
    pub fn delivered(&self, queue: u16, frame: &[u8]) -> Result<Delivered, Mismatch> {
        self.came_out(queue, frame, Fate::Delivered)
    }

    /// A frame came out of the driver on `queue`, and Windows threw it away because it paused.
    ///
    /// # Errors
    ///
    /// As [`Ledger::delivered`], but nothing is asked of the order of its flow.
    pub fn discarded(&self, queue: u16, frame: &[u8]) -> Result<Delivered, Mismatch> {
        self.came_out(queue, frame, Fate::Discarded)
    }

    /// Nothing more will come out: what is outstanding is lost.
    pub fn close(&self) {
        self.settle(|totals, outstanding| totals.lost += outstanding);
    }

    /// The device was taken away with its driver's buffers: what is outstanding cannot come out.
    pub fn taken_away(&self) {
        self.settle(|totals, outstanding| totals.gone += outstanding);
    }

    fn settle(&self, count: impl Fn(&mut Totals, u64)) {
        for queue in &self.queues {
            let mut expected = lock(&queue.expected);
            expected.refill(&queue.accepted);
            let outstanding = expected.entries.len() as u64;
            expected.entries.clear();
            count(&mut expected.totals, outstanding);
        }
    }

    /// The numbers of one queue; all zero for a queue that does not exist.
    pub fn queue_totals(&self, queue: u16) -> Totals {
        self.queues
            .get(usize::from(queue))
            .map_or_else(Totals::default, QueueLedger::totals)
    }

    /// The numbers of all queues.
    pub fn totals(&self) -> Totals {
        let mut sum = Totals::default();
        for queue in &self.queues {
            sum.add(&queue.totals());
        }
        sum
    }

    fn came_out(&self, queue: u16, frame: &[u8], fate: Fate) -> Result<Delivered, Mismatch> {
        let no_such_queue = Mismatch::NoSuchQueue {
            queue,
            queues: self.queues.len(),
        };
        let ledger = self.queues.get(usize::from(queue)).ok_or(no_such_queue)?;
        let mut expected = lock(&ledger.expected);
        if expected.entries.is_empty() {
            expected.refill(&ledger.accepted);
        }
        let (skipped, entry) = match expected.entries.front() {
            Some(entry) if self.frames.matches(entry.id, frame) => (0, *entry),
            _ => self.search(queue, frame, &mut expected, &ledger.accepted)?,
        };
        expected.entries.drain(..=skipped);
        expected.totals.lost += skipped as u64;
        let order = match fate {
            Fate::Delivered => {
                expected.totals.delivered += 1;
                self.check_flow(queue, entry, &mut expected.totals)
            }
            Fate::Discarded => {
                expected.totals.discarded += 1;
                Ok(())
            }
        };
        if skipped > 0 {
            return Err(Mismatch::Skipped {
                queue,
                id: entry.id,
                lost: skipped as u64,
            });
        }
        order.map(|()| Delivered {
            flow: entry.flow,
            id: entry.id,
        })
    }

    /// Looks for a frame behind the next expected one.
    fn search(
        &self,
        queue: u16,
        frame: &[u8],
        expected: &mut Expected,
        accepted: &Mutex<Accepted>,
    ) -> Result<(usize, Entry), Mismatch> {
        expected.refill(accepted);
        let ahead = expected.entries.iter().take(SEARCH_MAX).enumerate();
        for (position, entry) in ahead {
            if self.frames.matches(entry.id, frame) {
                return Ok((position, *entry));
            }
        }
        expected.totals.wrong_bytes += 1;
        let length = frame.len();
        let Some(next) = expected.entries.front() else {
            return Err(Mismatch::Unexpected { queue, length });
        };
        let mut wanted = Vec::new();
        self.frames.append(next.id, &mut wanted);
        let equal = frame.iter().zip(&wanted).take_while(|(a, b)| a == b);
        Err(Mismatch::WrongBytes {
            queue,
            length,
            expected_id: next.id,
            expected_length: wanted.len(),
            offset: equal.count(),
        })
    }

    fn check_flow(&self, queue: u16, entry: Entry, totals: &mut Totals) -> Result<(), Mismatch> {
        let flow = &self.flows[entry.flow as usize];
        let place = Place {
            epoch: entry.epoch,
            queue,
        };
        // The later epoch wins, so a straggler does not make the flow look as if it moved back.
        let before = Place::unpack(flow.place.fetch_max(place.pack(), Ordering::AcqRel));
        let latest_id = flow.next_id.fetch_max(entry.id + 1, Ordering::AcqRel);
        if before.epoch == entry.epoch && before.queue != queue {
            totals.flow_changed_queue += 1;
            return Err(Mismatch::FlowChangedQueue {
                flow: entry.flow,
                queue,
                before: before.queue,
            });
        }
        if latest_id <= entry.id {
            return Ok(());
        }
        // Whoever overtook entered its place before its id, so its epoch shows by now.
        if Place::unpack(flow.place.load(Ordering::Acquire)).epoch > entry.epoch {
            totals.overtaken_at_rss_change += 1;
            return Ok(());
        }
        totals.misordered += 1;
        Err(Mismatch::Misordered {
            queue,
            id: entry.id,
            flow: entry.flow,
        })
    }
}

impl Expected {
    fn refill(&mut self, accepted: &Mutex<Accepted>) {
        let mut accepted = lock(accepted);
        if self.entries.is_empty() {
            std::mem::swap(&mut self.entries, &mut accepted.entries);
        } else {
            self.entries.append(&mut accepted.entries);
        }
    }
}

impl QueueLedger {
    fn totals(&self) -> Totals {
        let expected = lock(&self.expected);
        let accepted = lock(&self.accepted);
        let mut totals = expected.totals;
        totals.accepted = accepted.total;
        totals.lost += accepted.overflowed;
        totals.outstanding = (expected.entries.len() + accepted.entries.len()) as u64;
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::Numbered;

    const FRAMES: Numbered = Numbered {
        length: 60,
        flows: 4,
    };

    fn ledger() -> Ledger {
        Ledger::new(2, Arc::new(FRAMES))
    }

    fn frame(id: u64) -> Vec<u8> {
        let mut frame = Vec::new();
        FRAMES.append(id, &mut frame);
        frame
    }

    fn accept(ledger: &Ledger, queue: u16, ids: &[u64]) {
        let tag = |&id: &u64| FrameTag {
            id,
            flow: FRAMES.flow(id),
        };
        ledger.accepted(queue, ids.iter().map(tag));
    }

    #[test]
    fn frames_that_come_out_in_order_leave_a_clean_account() {
        let ledger = ledger();
        accept(&ledger, 0, &[0, 2, 4]);
        accept(&ledger, 1, &[1, 3]);
        for (queue, id) in [(0, 0), (1, 1), (0, 2), (0, 4)] {
            let delivered = ledger.delivered(queue, &frame(id)).unwrap();
            assert_eq!(delivered.id, id);
        }
        assert_eq!(ledger.totals().outstanding, 1);
        ledger.discarded(1, &frame(3)).unwrap();
        let totals = ledger.totals();
        assert!(totals.is_clean());
        assert_eq!(
            (totals.accepted, totals.delivered, totals.discarded),
            (5, 4, 1)
        );
    }

    #[test]
    fn a_skipped_frame_is_lost() {
        let ledger = ledger();
        accept(&ledger, 0, &[0, 1, 2]);
        assert_eq!(
            ledger.delivered(0, &frame(2)),
            Err(Mismatch::Skipped {
                queue: 0,
                id: 2,
                lost: 2
            })
        );
        assert_eq!(ledger.totals().lost, 2);
        assert_eq!(ledger.totals().delivered, 1);
    }

    #[test]
    fn what_never_comes_out_is_lost_at_the_end() {
        let ledger = ledger();
        accept(&ledger, 1, &[0, 1]);
        ledger.close();
        assert_eq!(ledger.queue_totals(1).lost, 2);
        assert_eq!(ledger.queue_totals(0), Totals::default());
    }

    #[test]
    fn a_changed_byte_is_found_and_the_frame_counts_as_lost() {
        let ledger = ledger();
        accept(&ledger, 0, &[0, 1]);
        let mut changed = frame(0);
        changed[30] ^= 1;
        assert_eq!(
            ledger.delivered(0, &changed),
            Err(Mismatch::WrongBytes {
                queue: 0,
                length: 60,
                expected_id: 0,
                expected_length: 60,
                offset: 30
            })
        );
        ledger.delivered(0, &frame(1)).unwrap_err();
        assert_eq!((ledger.totals().wrong_bytes, ledger.totals().lost), (1, 1));
    }

    #[test]
    fn a_frame_that_comes_out_twice_is_found_and_the_next_one_is_not_blamed() {
        let ledger = ledger();
        accept(&ledger, 0, &[0, 1]);
        ledger.delivered(0, &frame(0)).unwrap();
        ledger.delivered(0, &frame(0)).unwrap_err();
        ledger.delivered(0, &frame(1)).unwrap();
        let twice = ledger.delivered(0, &frame(1));
        assert_eq!(
            twice,
            Err(Mismatch::Unexpected {
                queue: 0,
                length: 60
            })
        );
        assert_eq!(ledger.totals().wrong_bytes, 2);
        assert_eq!(ledger.totals().lost, 0);
    }

    #[test]
    fn a_flow_may_change_its_queue_only_when_steering_changed() {
        let ledger = ledger();
        accept(&ledger, 0, &[0]);
        accept(&ledger, 1, &[4]);
        ledger.rss_changed();
        accept(&ledger, 0, &[8]);
        ledger.delivered(0, &frame(0)).unwrap();
        assert!(matches!(
            ledger.delivered(1, &frame(4)),
            Err(Mismatch::FlowChangedQueue { before: 0, .. })
        ));
        ledger.delivered(0, &frame(8)).unwrap();
        assert_eq!(ledger.totals().flow_changed_queue, 1);
    }

    #[test]
    fn overtaking_at_a_change_of_steering_is_told_apart() {
        let ledger = ledger();
        accept(&ledger, 0, &[0]);
        ledger.rss_changed();
        accept(&ledger, 1, &[4]);
        ledger.delivered(1, &frame(4)).unwrap();
        ledger.delivered(0, &frame(0)).unwrap();
        let totals = ledger.totals();
        assert_eq!(totals.overtaken_at_rss_change, 1);
        assert_eq!(totals.misordered, 0);
    }

    #[test]
    fn a_frame_overtaken_within_its_flow_is_misordered() {
        let ledger = ledger();
        accept(&ledger, 0, &[4, 0]);
        ledger.delivered(0, &frame(4)).unwrap();
        assert!(matches!(
            ledger.delivered(0, &frame(0)),
            Err(Mismatch::Misordered { flow: 0, .. })
        ));
        assert_eq!(ledger.totals().misordered, 1);
    }

    #[test]
    fn a_queue_that_does_not_exist_is_named() {
        let error = ledger().delivered(7, &frame(0)).unwrap_err();
        assert_eq!(
            error,
            Mismatch::NoSuchQueue {
                queue: 7,
                queues: 2
            }
        );
    }
}
