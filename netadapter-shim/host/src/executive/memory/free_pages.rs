//! Which physical pages nobody uses.

use std::collections::BTreeMap;

/// Free ranges: start to length, both in bytes, page aligned, never adjacent.
#[derive(Default)]
pub(super) struct FreePages(BTreeMap<u64, u64>);

impl FreePages {
    /// Takes a range that begins at a multiple of `alignment` and ends at or below `limit`.
    pub(super) fn take(&mut self, bytes: u64, alignment: u64, limit: u64) -> Option<u64> {
        let (range, length, start) = self.0.iter().find_map(|(&range, &length)| {
            let start = range.checked_next_multiple_of(alignment)?;
            let end = start.checked_add(bytes)?;
            (end <= limit.min(range + length)).then_some((range, length, start))
        })?;
        self.0.remove(&range);
        if start > range {
            self.0.insert(range, start - range);
        }
        let end = start + bytes;
        if end < range + length {
            self.0.insert(end, range + length - end);
        }
        Some(start)
    }

    /// Gives a range back.
    pub(super) fn give(&mut self, mut start: u64, mut bytes: u64) {
        if let Some((&before, &before_bytes)) = self.0.range(..start).next_back()
            && before + before_bytes == start
        {
            self.0.remove(&before);
            start = before;
            bytes += before_bytes;
        }
        if let Some(after_bytes) = self.0.remove(&(start + bytes)) {
            bytes += after_bytes;
        }
        if bytes > 0 {
            self.0.insert(start, bytes);
        }
    }

    /// All of them together.
    pub(super) fn bytes(&self) -> u64 {
        self.0.values().sum()
    }
}
