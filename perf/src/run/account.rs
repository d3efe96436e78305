//! What was sent in one direction against what arrived.

use netadapter_host::upper_edge::FrameSink;
use netadapter_nic::Frames;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// Numbers of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Frames that arrived as they were sent.
    pub intact: u64,
    /// Frames that arrived a second time.
    pub repeated: u64,
    /// Frames that arrived and nobody had sent: damaged ones, and the driver's own.
    pub unknown: u64,
    /// Frames that were overtaken by a later one of their flow.
    pub misordered: u64,
    /// Frames that came while the adapter was being paused, and were thrown away.
    pub discarded: u64,
}

#[derive(Default)]
struct Book {
    /// Hashes of what is under way, with its number.
    under_way: HashMap<u64, u64>,
    arrived: Vec<bool>,
    /// The next number of each flow that is not out of order.
    next: Vec<u64>,
    arrivals: Arrivals,
}

/// The account of one direction. It takes what the receiving adapter hands up.
pub struct Account {
    frames: Arc<dyn Frames>,
    hasher: RandomState,
    book: Mutex<Book>,
}

impl Account {
    /// An account of frames that are sent in their order.
    pub fn new(frames: Arc<dyn Frames>) -> Self {
        let book = Book {
            next: vec![0; frames.flow_count() as usize],
            ..Book::default()
        };
        Self {
            frames,
            hasher: RandomState::new(),
            book: Mutex::new(book),
        }
    }

    /// The frame with this number.
    pub fn frame(&self, id: u64) -> Vec<u8> {
        let mut frame = Vec::new();
        self.frames.append(id, &mut frame);
        frame
    }

    /// The next frame is about to be sent.
    pub fn sending(&self, id: u64, frame: &[u8]) {
        let mut book = self.book();
        book.under_way.insert(self.hasher.hash_one(frame), id);
        book.arrived.push(false);
    }

    /// The frame was not taken after all.
    pub fn refused(&self, frame: &[u8]) {
        let mut book = self.book();
        book.under_way.remove(&self.hasher.hash_one(frame));
        book.arrived.pop();
    }

    /// What has arrived so far.
    pub fn arrivals(&self) -> Arrivals {
        self.book().arrivals
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FrameSink for Account {
    fn delivered(&self, _queue: u32, frame: &[u8]) {
        let hash = self.hasher.hash_one(frame);
        let mut book = self.book();
        let id = book.under_way.get(&hash).copied();
        let Some(id) = id.filter(|&id| self.frames.matches(id, frame)) else {
            book.arrivals.unknown += 1;
            return;
        };
        if std::mem::replace(&mut book.arrived[id as usize], true) {
            book.arrivals.repeated += 1;
            return;
        }
        book.arrivals.intact += 1;
        let flow = self.frames.flow(id) as usize;
        if id < book.next[flow] {
            book.arrivals.misordered += 1;
        } else {
            book.next[flow] = id + 1;
        }
    }

    fn discarded(&self, _queue: u32, _frame: &[u8]) {
        self.book().arrivals.discarded += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netadapter_nic::{Generator, GeneratorConfig};

    fn account() -> Account {
        let config = GeneratorConfig {
            seed: 1,
            flows: 2,
            frame_size: 100,
            packets: None,
            destination: [2, 0, 0, 0, 0, 9],
            mtu: 1500,
        };
        let account = Account::new(Arc::new(Generator::new(&config).unwrap()));
        for id in 0..4 {
            account.sending(id, &account.frame(id));
        }
        account
    }

    #[test]
    fn frames_that_arrive_once_and_in_the_order_of_their_flow_are_intact() {
        let account = account();
        for id in [1, 0, 3, 2] {
            account.delivered(0, &account.frame(id));
        }
        let expected = Arrivals {
            intact: 4,
            ..Arrivals::default()
        };
        assert_eq!(account.arrivals(), expected);
    }

    #[test]
    fn repeated_damaged_unsent_and_overtaken_frames_are_told_apart() {
        let account = account();
        let mut damaged = account.frame(1);
        damaged[70] ^= 1;
        let unsent = account.frame(9);
        for frame in [
            &account.frame(2),
            &account.frame(2),
            &account.frame(0),
            &damaged,
            &unsent,
        ] {
            account.delivered(0, frame);
        }
        account.discarded(0, &account.frame(3));
        let expected = Arrivals {
            intact: 2,
            repeated: 1,
            unknown: 2,
            misordered: 1,
            discarded: 1,
        };
        assert_eq!(account.arrivals(), expected);
    }

    #[test]
    fn a_frame_that_was_refused_can_be_sent_again() {
        let account = account();
        let frame = account.frame(4);
        account.sending(4, &frame);
        account.refused(&frame);
        account.delivered(0, &frame);
        account.sending(4, &frame);
        account.delivered(0, &frame);
        let arrivals = account.arrivals();
        assert_eq!((arrivals.unknown, arrivals.intact), (1, 1));
    }
}
