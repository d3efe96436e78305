//! Finds the part of a list that still makes a run fail.

/// A part of `items` with which `fails` still holds, and of which no single item can be left out:
/// delta debugging (Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*).
///
/// `fails` holds for all of `items`. It is asked `attempts` times at most; then what was found so
/// far is the answer.
pub fn shrink<T: Clone>(
    items: &[T],
    attempts: usize,
    mut fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut left = items.to_vec();
    let mut attempts_left = attempts;
    let mut try_part = |part: &[T]| {
        attempts_left = attempts_left.checked_sub(1)?;
        Some(fails(part))
    };
    let mut parts = 1;
    while !left.is_empty() {
        let length = left.len().div_ceil(parts);
        let mut start = 0;
        let mut shorter = None;
        while start < left.len() && shorter.is_none() {
            let end = (start + length).min(left.len());
            let without: Vec<T> = [&left[..start], &left[end..]].concat();
            match try_part(&without) {
                None => return left,
                Some(true) => shorter = Some(without),
                Some(false) => start = end,
            }
        }
        match shorter {
            // Parts of the same length as before.
            Some(without) => {
                parts = parts.saturating_sub(1).max(1);
                left = without;
            }
            None if length == 1 => break,
            None => parts = (2 * parts).min(left.len()),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_left_are_the_items_that_matter(
            wanted in prop::collection::btree_set(0usize..60, 0..6),
        ) {
            let items: Vec<usize> = (0..60).collect();
            let left = shrink(&items, 10_000, |part| wanted.iter().all(|w| part.contains(w)));
            prop_assert_eq!(left, wanted.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn what_is_left_fails_whatever_the_failure_depends_on(seed in 0u64..) {
            // Fails for lists with an even sum of some items: no single item decides.
            let items: Vec<u64> = (0..20).map(|i| seed.rotate_left(i) % 7).collect();
            let fails = |part: &[u64]| part.iter().sum::<u64>() % 2 == items.iter().sum::<u64>() % 2;
            let left = shrink(&items, 10_000, fails);
            prop_assert!(fails(&left));
        }
    }

    #[test]
    fn the_number_of_attempts_is_bounded() {
        let items: Vec<u32> = (0..1000).collect();
        let mut asked = 0;
        let left = shrink(&items, 5, |_| {
            asked += 1;
            false
        });
        assert_eq!((asked, left.len()), (5, 1000));
    }
}
