//! Bounce buffers: frames that the device cannot take as they lie are copied into one fragment.

use super::mapping::Mapping;
use crate::executive::System;
use crate::netcx::buffer_pool::{BufferPool, PoolRules, PoolShape};
use crate::netcx::ring::Rings;
use crate::netcx::rules;
use crate::netcx::sends::Part;
use crate::netcx::settings::TransmitCapabilities;
use crate::netcx::verifier::Broken;
use netadapter_abi::nt::NTSTATUS;

/// Bounce buffers of a queue, unless its ring has fewer elements. Windows chooses by link speed
/// and frame size; drivers must get along with any number.
const BOUNCE_BUFFERS: u32 = 64;

const RULES: PoolRules = PoolRules {
    idle: &rules::TRANSMIT_BUFFER_WRITTEN_AFTER_COMPLETION,
    behind: &rules::TRANSMIT_BUFFER_OVERRUN,
};

/// The bounce buffers of one queue.
pub(super) struct BouncePool {
    pool: BufferPool,
}

impl BouncePool {
    pub(super) fn new(
        system: &'static System,
        capabilities: &TransmitCapabilities,
        longest: usize,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let shape = PoolShape {
            rules: RULES,
            count: BOUNCE_BUFFERS.min(rings.fragments.count()),
            capacity: longest,
            alignment: capabilities.alignment,
            maximum_address: capabilities.maximum_physical_address,
        };
        let pool = BufferPool::new(system, &shape)?;
        Ok(Self { pool })
    }

    /// Copies a frame into a buffer and writes its fragment behind the ring's end; nothing if
    /// there is no buffer or no fragment now.
    ///
    /// # Errors
    /// The rule that the buffer shows broken.
    pub(super) fn bounce(
        &mut self,
        rings: &Rings,
        mapping: &Mapping,
        parts: impl Iterator<Item = Part>,
    ) -> Result<Option<u32>, Broken> {
        if Mapping::room(rings) == 0 {
            return Ok(None);
        }
        let Some(buffer) = self.pool.take()? else {
            return Ok(None);
        };
        let start = self.pool.virtual_address(buffer);
        let mut bytes = mapping.backfill();
        for part in parts {
            let target = start.wrapping_add(bytes);
            // SAFETY: the longest frame fits behind the backfill, and nobody else has the buffer.
            unsafe { target.copy_from_nonoverlapping(part.virtual_address, part.bytes) };
            bytes += part.bytes;
        }
        let piece = Part {
            virtual_address: start,
            logical_address: self.pool.logical_address(buffer),
            bytes,
            capacity: self.pool.capacity(),
            headroom: 0,
        };
        mapping.write(rings, rings.fragments.end(), &piece, true);
        Ok(Some(buffer))
    }

    /// The packet that used a buffer is completed.
    ///
    /// # Errors
    /// The rule that the buffer shows broken.
    pub(super) fn give_back(&mut self, buffer: u32) -> Result<(), Broken> {
        self.pool.give(buffer)
    }
}
