//! Registry keys and values as an installation leaves them.

use std::collections::BTreeMap;

use super::document::fold;

/// A registry value with its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryValue {
    /// `REG_DWORD`.
    Dword(u32),
    /// `REG_SZ`.
    String(String),
    /// `REG_EXPAND_SZ`; environment variables are still unexpanded.
    ExpandString(String),
    /// `REG_MULTI_SZ`.
    MultiString(Vec<String>),
    /// `REG_BINARY`.
    Binary(Vec<u8>),
    /// Any other type: `REG_NONE` (0), or a number of the INF writer's choice.
    Typed {
        /// The registry type number.
        type_code: u32,
        /// The bytes as stored.
        data: Vec<u8>,
    },
}

impl RegistryValue {
    /// The registry type number, for instance 4 for `REG_DWORD`.
    pub fn type_code(&self) -> u32 {
        match self {
            Self::String(_) => 1,
            Self::ExpandString(_) => 2,
            Self::Binary(_) => 3,
            Self::Dword(_) => 4,
            Self::MultiString(_) => 7,
            Self::Typed { type_code, .. } => *type_code,
        }
    }

    /// The bytes as the registry stores them: little endian, strings in UTF-16 with their
    /// terminating NUL, a list of strings with a second one.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Dword(value) => value.to_le_bytes().to_vec(),
            Self::String(text) | Self::ExpandString(text) => utf16_bytes(text).collect(),
            Self::MultiString(list) => multi_string_bytes(list),
            Self::Binary(data) | Self::Typed { data, .. } => data.clone(),
        }
    }
}

/// UTF-16, little endian, with a terminating NUL.
pub(super) fn utf16_bytes(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes)
}

/// Each string with its NUL, and one more NUL for the list.
pub(super) fn multi_string_bytes(list: &[String]) -> Vec<u8> {
    list.iter()
        .flat_map(|text| utf16_bytes(text))
        .chain([0, 0])
        .collect()
}

/// A registry key: values and subkeys. Names are compared without regard to case and keep the case
/// in which they were first written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    values: BTreeMap<String, (String, RegistryValue)>,
    subkeys: BTreeMap<String, (String, Key)>,
}

impl Key {
    /// The value of this name; the empty name is the key's unnamed value.
    pub fn value(&self, name: &str) -> Option<&RegistryValue> {
        self.values.get(&fold(name)).map(|(_, value)| value)
    }

    /// All values with their names, in the order of the folded names.
    pub fn values(&self) -> impl Iterator<Item = (&str, &RegistryValue)> {
        self.values
            .values()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// All subkeys with their names, in the order of the folded names.
    pub fn subkeys(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.subkeys
            .values()
            .map(|(name, key)| (name.as_str(), key))
    }

    /// The key at a path of names separated by backslashes; the empty path is this key.
    pub fn subkey(&self, path: &str) -> Option<&Key> {
        components(path).try_fold(self, |key, name| {
            key.subkeys.get(&fold(name)).map(|(_, subkey)| subkey)
        })
    }

    /// The key at a path, or `None` if it does not exist; for changes.
    pub fn subkey_mut(&mut self, path: &str) -> Option<&mut Key> {
        components(path).try_fold(self, |key, name| {
            key.subkeys.get_mut(&fold(name)).map(|(_, subkey)| subkey)
        })
    }

    /// The key at a path, created with all keys above it where it does not exist.
    pub fn create_subkey(&mut self, path: &str) -> &mut Key {
        components(path).fold(self, |key, name| {
            let (_, subkey) = key
                .subkeys
                .entry(fold(name))
                .or_insert_with(|| (name.to_owned(), Key::default()));
            subkey
        })
    }

    /// Writes a value, whatever was there before.
    pub fn set_value(&mut self, name: &str, value: RegistryValue) {
        self.values
            .entry(fold(name))
            .or_insert_with(|| (name.to_owned(), RegistryValue::Dword(0)))
            .1 = value;
    }

    /// Removes a value; true if it was there.
    pub fn remove_value(&mut self, name: &str) -> bool {
        self.values.remove(&fold(name)).is_some()
    }

    /// Removes the key at a path with everything below it; true if it was there. The empty path
    /// names this key itself, which stays.
    pub fn remove_subkey(&mut self, path: &str) -> bool {
        let mut parents: Vec<&str> = components(path).collect();
        let Some(last) = parents.pop() else {
            return false;
        };
        self.subkey_mut(&parents.join(r"\"))
            .is_some_and(|parent| parent.subkeys.remove(&fold(last)).is_some())
    }
}

/// The names of a registry path; a leading, trailing or doubled backslash names nothing.
pub(super) fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('\\').filter(|name| !name.is_empty())
}
