//! Sorting for short lists.

use std::cmp::Ordering;

/// Sorts by insertion; equal items keep their order. The library's sorting is faster on long lists, and a large function
/// for each type in the browser's build. Those of a page have a hundred items at most.
pub fn sorted_by<T>(items: impl IntoIterator<Item = T>, order: &dyn Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut sorted: Vec<T> = Vec::new();
    for item in items {
        let at = sorted.partition_point(|other| order(other, &item) != Ordering::Greater);
        sorted.insert(at, item);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn it_sorts_as_the_library_does(items: Vec<(u8, u16)>) {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            proptest::prop_assert_eq!(sorted_by(items, &|a, b| a.0.cmp(&b.0)), expected);
        }
    }
}
