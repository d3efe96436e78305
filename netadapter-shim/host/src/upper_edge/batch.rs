//! The frames that one iteration of a receive queue hands up.

use super::counters::QueueTraffic;
use super::edge::UpperEdge;
use super::reply::reply;
use crate::netcx::SendQueues;
use std::sync::Arc;

/// Frames that are handed up together. Counters are written once for all of them.
pub(crate) struct ReceiveBatch<'a> {
    edge: &'a UpperEdge,
    traffic: &'a QueueTraffic,
    processor: u32,
    accepting: bool,
    packets: u64,
    bytes: u64,
    discarded: u64,
    replies: u32,
    /// Looked up for the first answer.
    sends: Option<Arc<SendQueues>>,
}

impl<'a> ReceiveBatch<'a> {
    pub(super) fn new(
        edge: &'a UpperEdge,
        traffic: &'a QueueTraffic,
        processor: u32,
        accepting: bool,
    ) -> Self {
        Self {
            edge,
            traffic,
            processor,
            accepting,
            packets: 0,
            bytes: 0,
            discarded: 0,
            replies: 0,
            sends: None,
        }
    }

    /// Hands a frame up, or discards it if reception is closed; whether it was handed up.
    #[inline]
    pub(crate) fn receive(&mut self, frame: &[u8]) -> bool {
        let options = self.edge.options();
        if !self.accepting {
            self.discarded += 1;
            options.sink.discarded(self.traffic.id(), frame);
            return false;
        }
        if self.packets == 0 {
            self.edge.note_first(self.processor);
        }
        self.packets += 1;
        self.bytes += frame.len() as u64;
        options.sink.delivered(self.traffic.id(), frame);
        if options
            .reply_every
            .is_some_and(|every| self.traffic.wants_reply(every))
        {
            self.answer(frame);
        }
        true
    }

    /// An answer that finds no room is dropped, as a transport's acknowledgement is.
    fn answer(&mut self, frame: &[u8]) {
        if self.sends.is_none() {
            self.sends = self.edge.sends();
        }
        if let (Some(sends), Some(reply)) = (&self.sends, reply(frame))
            && sends.submit_plain(&reply).is_ok()
        {
            self.replies += 1;
        }
    }

    /// The packet breaks a rule of the stack, which drops it.
    #[cold]
    pub(crate) fn refuse(&mut self) {
        self.traffic.count_refused();
    }
}

impl Drop for ReceiveBatch<'_> {
    fn drop(&mut self) {
        if self.packets > 0 {
            self.traffic.count(self.packets, self.bytes);
            self.edge.count(self.processor, self.packets, self.bytes);
        }
        if self.discarded > 0 {
            self.traffic.count_discarded(self.discarded);
        }
        if self.replies > 0 {
            self.edge.signal_sends();
        }
    }
}
