//! The cached indirection table and the binding of queues to processors: pure state.

/// Entries that the table has for the upper layer, and what each names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// Queue id of every entry up to the capability; only the first `entries` count.
    queues: Vec<u32>,
    entries: u32,
    /// By queue id: the processor to which the queue is bound.
    bound: Vec<Option<u32>>,
}

impl Table {
    /// Fits the table to an adapter's capabilities. Entries that are new repeat the old ones, and
    /// entries of queues that are no more go to others.
    pub(super) fn fit(&mut self, size: u32, queues: u32) {
        self.replicate(size);
        self.entries = self.entries.min(size);
        self.bound.resize(queues as usize, None);
        for queue in &mut self.queues {
            *queue %= queues.max(1);
        }
    }

    fn replicate(&mut self, size: u32) {
        let known = self.entries.max(1).min(self.queues.len() as u32);
        if known == 0 {
            self.queues.resize(size as usize, 0);
            return;
        }
        let period = self.queues[..known as usize].to_vec();
        self.queues = period.into_iter().cycle().take(size as usize).collect();
    }

    /// Number of entries that count.
    pub(super) fn entries(&self) -> u32 {
        self.entries
    }

    /// Changes the number of entries: if it grows from *n*, entry *i* becomes entry *i* mod *n*
    /// over the whole cached table.
    pub(super) fn set_entries(&mut self, entries: u32) {
        let size = self.queues.len() as u32;
        if entries > self.entries {
            self.replicate(size);
        }
        self.entries = entries.min(size);
    }

    /// The whole cached table: index and queue id.
    pub(super) fn whole(&self) -> Vec<(u32, u32)> {
        self.prefix(self.queues.len() as u32)
    }

    /// The first entries: index and queue id.
    pub(super) fn prefix(&self, entries: u32) -> Vec<(u32, u32)> {
        (0..)
            .zip(self.queues.iter().copied())
            .take(entries as usize)
            .collect()
    }

    /// The queue that an entry names.
    pub(super) fn queue(&self, entry: u32) -> Option<u32> {
        self.queues
            .get(entry as usize)
            .copied()
            .filter(|_| entry < self.entries)
    }

    pub(super) fn set_queue(&mut self, entry: u32, queue: u32) {
        if let Some(slot) = self.queues.get_mut(entry as usize) {
            *slot = queue;
        }
    }

    /// The processor of each queue.
    pub(super) fn bindings(&self) -> &[Option<u32>] {
        &self.bound
    }

    /// The processor of a queue.
    pub(super) fn processor(&self, queue: u32) -> Option<u32> {
        self.bound.get(queue as usize).copied().flatten()
    }

    /// The queue that is bound to a processor.
    pub(super) fn queue_of(&self, processor: u32) -> Option<u32> {
        let position = self
            .bound
            .iter()
            .position(|&bound| bound == Some(processor));
        position.map(|queue| queue as u32)
    }

    /// Binds the first free queue to a processor, unless one is bound to it.
    pub(super) fn bind_base(&mut self, processor: u32) {
        if self.queue_of(processor).is_none()
            && let Some(free) = self.bound.iter_mut().find(|bound| bound.is_none())
        {
            *free = Some(processor);
        }
    }

    /// The queue for an entry that moves to processor `target`: the one bound there; else the
    /// first free one, now bound there; else the one of the entry's current processor, which
    /// leaves that.
    pub(super) fn queue_for_move(&mut self, entry: u32, target: u32) -> Option<u32> {
        let current = self.queue(entry)?;
        if let Some(queue) = self.queue_of(target) {
            return Some(queue);
        }
        let free = self.bound.iter().position(Option::is_none);
        let queue = free.map_or(current, |queue| queue as u32);
        *self.bound.get_mut(queue as usize)? = Some(target);
        Some(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(size: u32, queues: u32, entries: u32) -> Table {
        let mut table = Table::default();
        table.fit(size, queues);
        table.set_entries(entries);
        table.bind_base(0);
        table
    }

    fn ids(table: &Table) -> Vec<u32> {
        table
            .prefix(table.entries())
            .into_iter()
            .map(|(_, queue)| queue)
            .collect()
    }

    #[test]
    fn doubling_the_entries_copies_the_lower_half_up() {
        let mut table = table(128, 4, 4);
        for (entry, queue) in [(0, 0), (1, 1), (2, 2), (3, 3)] {
            table.set_queue(entry, queue);
        }
        table.set_entries(8);
        assert_eq!(ids(&table), [0, 1, 2, 3, 0, 1, 2, 3]);
        assert_eq!(table.whole()[127], (127, 3));
    }

    #[test]
    fn shrinking_the_entries_cuts_the_table_off() {
        let mut table = table(128, 2, 8);
        table.set_queue(1, 1);
        table.set_entries(4);
        assert_eq!(ids(&table), [0, 1, 0, 0]);
        assert_eq!(table.queue(4), None);
    }

    #[test]
    fn moves_bind_free_queues_first_and_rebind_the_current_one_last() {
        let mut table = table(128, 2, 4);
        assert_eq!(table.queue_for_move(0, 5), Some(1));
        assert_eq!(table.queue_for_move(1, 5), Some(1));
        assert_eq!(table.queue_for_move(2, 7), Some(0));
        assert_eq!(table.bindings(), [Some(7), Some(5)]);
        assert_eq!(table.queue_for_move(4, 5), None);
    }

    #[test]
    fn a_table_that_is_fitted_to_more_queues_keeps_its_entries_and_bindings() {
        let mut table = table(128, 2, 4);
        let queue = table.queue_for_move(1, 1).unwrap();
        table.set_queue(1, queue);
        let before = ids(&table);
        table.fit(256, 8);
        assert_eq!(ids(&table), before);
        assert_eq!(table.whole().len(), 256);
        assert_eq!(table.processor(1), Some(1));
        assert_eq!(table.processor(7), None);
    }

    #[test]
    fn a_table_that_is_fitted_to_fewer_queues_names_none_that_is_gone() {
        let mut table = table(128, 4, 4);
        table.set_queue(3, 3);
        table.fit(128, 2);
        assert!(table.whole().iter().all(|&(_, queue)| queue < 2));
        assert_eq!(table.bindings().len(), 2);
    }
}
