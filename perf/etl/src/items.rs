//! Extended data items: what stands between an `EVENT_HEADER` and its payload.

use crate::bytes::{Bytes, align8};

/// Bytes before an item's data.
const ITEM_HEADER_BYTES: usize = 8;
/// Another item follows.
const LINKAGE: u16 = 1;

/// What an item holds: `EVENT_HEADER_EXT_TYPE_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemType(pub u16);

impl ItemType {
    /// The related activity.
    pub const RELATED_ACTIVITY: Self = Self(1);
    /// A stack of 32-bit addresses.
    pub const STACK_TRACE32: Self = Self(5);
    /// A stack of 64-bit addresses.
    pub const STACK_TRACE64: Self = Self(6);
    /// The description of a TraceLogging event.
    pub const EVENT_SCHEMA: Self = Self(11);
    /// The provider's name and traits.
    pub const PROVIDER_TRAITS: Self = Self(12);
}

/// One item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it holds.
    pub item_type: ItemType,
    /// What it holds, raw.
    pub data: &'a [u8],
}

/// The items of one event, in order; ends early where they are damaged.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    more: bool,
}

impl<'a> Items<'a> {
    /// The items at the start of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            more: !bytes.is_empty(),
        }
    }

    /// The data of the first item of this type.
    pub fn find(mut self, item_type: ItemType) -> Option<&'a [u8]> {
        self.find_map(|item| (item.item_type == item_type).then_some(item.data))
    }

    /// How many bytes all items take.
    pub(crate) fn bytes(mut self) -> usize {
        while self.next().is_some() {}
        self.at
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if !std::mem::take(&mut self.more) {
            return None;
        }
        let rest = self.bytes.get(self.at..)?;
        let mut bytes = Bytes::new(rest);
        let size = usize::from(bytes.u16()?);
        let item_type = ItemType(bytes.u16()?);
        let linkage = bytes.u16()?;
        let data_size = usize::from(bytes.u16()?);
        if size < ITEM_HEADER_BYTES + data_size {
            return None;
        }
        let item = rest.get(..size)?;
        self.at += size;
        self.more = linkage & LINKAGE != 0;
        Some(Item {
            item_type,
            data: &item[ITEM_HEADER_BYTES..ITEM_HEADER_BYTES + data_size],
        })
    }
}

/// The items as they stand in a record; `None` if one is too long.
pub(crate) fn encode(items: &[Item<'_>]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let size = u16::try_from(align8(ITEM_HEADER_BYTES + item.data.len())).ok()?;
        let data_size = u16::try_from(item.data.len()).ok()?;
        let linkage = if position + 1 < items.len() {
            LINKAGE
        } else {
            0
        };
        for word in [size, item.item_type.0, linkage, data_size] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(item.data);
        out.resize(align8(out.len()), 0);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_as_they_were_written() {
        let items = [
            Item {
                item_type: ItemType::PROVIDER_TRAITS,
                data: b"name",
            },
            Item {
                item_type: ItemType::EVENT_SCHEMA,
                data: &[7; 17],
            },
        ];
        let mut bytes = encode(&items).expect("they are short");
        let length = bytes.len();
        bytes.extend_from_slice(b"payload");
        let read = Items::new(&bytes);
        assert_eq!(read.bytes(), length);
        assert_eq!(read.collect::<Vec<_>>(), items);
        assert_eq!(read.find(ItemType::EVENT_SCHEMA), Some(&[7; 17][..]));
    }

    #[test]
    fn an_item_without_size_or_beyond_the_record_ends_the_items() {
        let zero = [0, 0, 11, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(Items::new(&zero).count(), 0);
        let beyond = [32, 0, 11, 0, 1, 0, 4, 0, 1, 2, 3, 4];
        assert_eq!(Items::new(&beyond).count(), 0);
    }
}
