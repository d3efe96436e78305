//! Expanding, in pieces of any size.

use super::{DISTANCE_MAX, ExpandError, MATCH_MIN, NIBBLE_LENGTHS, SHORT_LENGTHS};
use crate::bytes::Bytes;

/// The most input that one step takes: a word of flags, then a match's word, half byte, byte, word
/// and double word.
const STEP_BYTES_MAX: usize = 4 + 2 + 1 + 1 + 2 + 4;

/// An expansion that can stop between any two bytes of output and go on later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expander {
    flags: u32,
    flags_left: u32,
    /// The high half of a byte whose low half has been used.
    nibble: Option<u8>,
    /// What is left of the match at hand.
    match_distance: usize,
    match_left: usize,
    /// Bytes that have been made, in all.
    made: u64,
}

impl Expander {
    /// Expands until `out` has `target` bytes or the input is used up. The last [`DISTANCE_MAX`]
    /// bytes that were made must be the end of `out`. Unless `is_final`, a rest of the input may be
    /// left that is too short to go on with.
    pub(crate) fn expand(
        &mut self,
        input: &mut &[u8],
        is_final: bool,
        out: &mut Vec<u8>,
        target: usize,
    ) -> Result<(), ExpandError> {
        while out.len() < target {
            if self.match_left > 0 {
                self.copy(out, target);
                continue;
            }
            if input.is_empty() || !is_final && input.len() < STEP_BYTES_MAX {
                return Ok(());
            }
            let mut bytes = Bytes::new(input);
            let step = self.step(&mut bytes, out)?;
            if step.is_none() {
                // The input ends within a step: nothing more can come of it.
                *input = &[];
                return Ok(());
            }
            *input = bytes.rest();
        }
        Ok(())
    }

    /// One literal or the start of one match; `None` if the input ends within.
    fn step(
        &mut self,
        bytes: &mut Bytes<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<()>, ExpandError> {
        if self.flags_left == 0 {
            let Some(flags) = bytes.u32() else {
                return Ok(None);
            };
            self.flags = flags;
            self.flags_left = 32;
        }
        // A word of flags may be the last of the input.
        if bytes.is_empty() {
            return Ok(Some(()));
        }
        self.flags_left -= 1;
        let is_match = self.flags >> self.flags_left & 1 == 1;
        if is_match {
            return self.start_match(bytes);
        }
        let Some(literal) = bytes.u8() else {
            return Ok(None);
        };
        out.push(literal);
        self.made += 1;
        Ok(Some(()))
    }

    fn start_match(&mut self, bytes: &mut Bytes<'_>) -> Result<Option<()>, ExpandError> {
        let Some(word) = bytes.u16() else {
            return Ok(None);
        };
        let distance = usize::from(word >> 3) + 1;
        if distance as u64 > self.made {
            return Err(ExpandError::DistanceTooFar);
        }
        let mut length = usize::from(word & 7);
        if length == SHORT_LENGTHS {
            let Some(longer) = self.long_length(bytes)? else {
                return Ok(None);
            };
            length = longer;
        }
        debug_assert!(distance <= DISTANCE_MAX);
        self.match_distance = distance;
        self.match_left = length.saturating_add(MATCH_MIN);
        Ok(Some(()))
    }

    fn long_length(&mut self, bytes: &mut Bytes<'_>) -> Result<Option<usize>, ExpandError> {
        let nibble = match self.nibble.take() {
            Some(high) => high,
            None => {
                let Some(byte) = bytes.u8() else {
                    return Ok(None);
                };
                self.nibble = Some(byte >> 4);
                byte & 0x0F
            }
        };
        if nibble < 15 {
            return Ok(Some(SHORT_LENGTHS + usize::from(nibble)));
        }
        let length = match bytes.u8() {
            None => return Ok(None),
            Some(255) => match bytes.u16() {
                None => return Ok(None),
                Some(0) => match bytes.u32() {
                    None => return Ok(None),
                    Some(length) => length as usize,
                },
                Some(length) => usize::from(length),
            },
            Some(byte) => return Ok(Some(NIBBLE_LENGTHS + usize::from(byte))),
        };
        if length < NIBBLE_LENGTHS {
            return Err(ExpandError::BadLength);
        }
        Ok(Some(length))
    }

    /// Copies as much of the match as `target` allows; source and destination may overlap.
    fn copy(&mut self, out: &mut Vec<u8>, target: usize) {
        let mut left = self.match_left.min(target - out.len());
        self.match_left -= left;
        self.made += left as u64;
        while left > 0 {
            let from = out.len() - self.match_distance;
            let piece = left.min(self.match_distance);
            out.extend_from_within(from..from + piece);
            left -= piece;
        }
    }
}
