//! Compressing: greedy, with one candidate for each three bytes.

use super::{DISTANCE_MAX, MATCH_MIN, NIBBLE_LENGTHS, SHORT_LENGTHS};

const HASH_BITS: u32 = 13;

/// Compresses `input`, so that [`expand`](super::expand) makes it again.
pub fn compress(input: &[u8]) -> Vec<u8> {
    let mut out = Output::new(input.len());
    // The last position of each hash, counted from 1.
    let mut last = vec![0_u32; 1 << HASH_BITS];
    let mut at = 0;
    while at < input.len() {
        match find(input, at, &mut last) {
            Some((distance, length)) => {
                out.put_match(distance, length);
                for inside in at + 1..at + length {
                    remember(input, inside, &mut last);
                }
                at += length;
            }
            None => {
                out.put_literal(input[at]);
                at += 1;
            }
        }
    }
    out.finish()
}

fn hash(bytes: [u8; MATCH_MIN]) -> usize {
    let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
    (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

fn remember(input: &[u8], at: usize, last: &mut [u32]) -> Option<usize> {
    let key = hash(*input[at..].first_chunk::<MATCH_MIN>()?);
    let before = last[key];
    last[key] = u32::try_from(at + 1).unwrap_or(0);
    (before > 0).then(|| before as usize - 1)
}

fn find(input: &[u8], at: usize, last: &mut [u32]) -> Option<(usize, usize)> {
    let from = remember(input, at, last)?;
    let distance = at - from;
    let same = input[from..]
        .iter()
        .zip(&input[at..])
        .take_while(|(a, b)| a == b);
    let length = same.count();
    (distance <= DISTANCE_MAX && length >= MATCH_MIN).then_some((distance, length))
}

/// What has been written: flags stand before the literals and matches that they describe.
struct Output {
    bytes: Vec<u8>,
    flags: u32,
    flags_used: u32,
    flags_at: usize,
    /// Where the byte stands whose high half is free.
    nibble_at: Option<usize>,
}

impl Output {
    fn new(input_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(input_bytes / 2 + 8);
        bytes.extend_from_slice(&[0; 4]);
        Self {
            bytes,
            flags: 0,
            flags_used: 0,
            flags_at: 0,
            nibble_at: None,
        }
    }

    fn put_flag(&mut self, flag: u32) {
        if self.flags_used == 32 {
            self.close_flags(self.flags);
            self.flags_at = self.bytes.len();
            self.bytes.extend_from_slice(&[0; 4]);
            self.flags = 0;
            self.flags_used = 0;
        }
        self.flags = self.flags << 1 | flag;
        self.flags_used += 1;
    }

    fn close_flags(&mut self, flags: u32) {
        self.bytes[self.flags_at..self.flags_at + 4].copy_from_slice(&flags.to_le_bytes());
    }

    fn put_literal(&mut self, byte: u8) {
        self.put_flag(0);
        self.bytes.push(byte);
    }

    fn put_match(&mut self, distance: usize, length: usize) {
        self.put_flag(1);
        let length = length - MATCH_MIN;
        let word = (distance - 1) << 3 | length.min(SHORT_LENGTHS);
        self.bytes.extend_from_slice(&(word as u16).to_le_bytes());
        if length < SHORT_LENGTHS {
            return;
        }
        self.put_nibble((length - SHORT_LENGTHS).min(15) as u8);
        if length < NIBBLE_LENGTHS {
            return;
        }
        if let Ok(byte @ 0..=254) = u8::try_from(length - NIBBLE_LENGTHS) {
            self.bytes.push(byte);
            return;
        }
        self.bytes.push(255);
        if let Ok(word) = u16::try_from(length) {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        } else {
            self.bytes.extend_from_slice(&[0; 2]);
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            self.bytes.extend_from_slice(&length.to_le_bytes());
        }
    }

    fn put_nibble(&mut self, nibble: u8) {
        match self.nibble_at.take() {
            Some(at) => self.bytes[at] |= nibble << 4,
            None => {
                self.nibble_at = Some(self.bytes.len());
                self.bytes.push(nibble);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // Flags that are not used say match, as the specification's examples do.
        let unused = 32 - self.flags_used;
        let ones = (1_u64 << unused) - 1;
        let flags = ((u64::from(self.flags)) << unused | ones) as u32;
        self.close_flags(flags);
        self.bytes
    }
}
