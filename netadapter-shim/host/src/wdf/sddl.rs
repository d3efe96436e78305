//! Security descriptors in their written form, and who may open a device
//! (*SDDL for Device Objects*, *Security Descriptor String Format*, *How AccessCheck Works*).

use netadapter_abi::nt::{FILE_READ_ACCESS, FILE_WRITE_ACCESS};

/// Who opens a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A service that runs as LocalSystem.
    System,
    /// A member of the administrators, elevated.
    Administrator,
    /// A user without privileges, at the machine.
    User,
    /// A user who came over the network without a name.
    Anonymous,
}

impl Principal {
    /// The identifiers in the principal's token, in their written form.
    fn identifiers(self) -> &'static [&'static str] {
        const WORLD: &str = "S-1-1-0";
        const AUTHENTICATED: &str = "S-1-5-11";
        const INTERACTIVE: &str = "S-1-5-4";
        const USERS: &str = "S-1-5-32-545";
        const ADMINISTRATORS: &str = "S-1-5-32-544";
        match self {
            Self::System => &["S-1-5-18", ADMINISTRATORS, WORLD, AUTHENTICATED],
            Self::Administrator => &[ADMINISTRATORS, USERS, WORLD, AUTHENTICATED, INTERACTIVE],
            Self::User => &[USERS, WORLD, AUTHENTICATED, INTERACTIVE],
            Self::Anonymous => &["S-1-5-7", "S-1-5-2"],
        }
    }
}

/// What an open asks for: bits of an access mask for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access(u32);

impl Access {
    /// `GENERIC_READ`.
    pub const READ: Self = Self(file::READ);
    /// `GENERIC_WRITE`.
    pub const WRITE: Self = Self(file::WRITE);
    /// `GENERIC_READ | GENERIC_WRITE`.
    pub const READ_WRITE: Self = Self(file::READ | file::WRITE);

    /// None: what another driver sends is not checked.
    pub(super) const NONE: Self = Self(0);

    /// What a control code asks for of the file: data access, not the whole generic right.
    pub(super) fn of_control_code(code: u32) -> Self {
        let asked = code >> 14 & 3;
        let read = if asked & FILE_READ_ACCESS != 0 { 1 } else { 0 };
        let write = if asked & FILE_WRITE_ACCESS != 0 { 2 } else { 0 };
        Self(read | write)
    }

    pub(super) fn allows(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

/// The generic mapping of files.
mod file {
    pub const READ: u32 = 0x12_0089;
    pub const WRITE: u32 = 0x12_0116;
    pub const EXECUTE: u32 = 0x12_00A0;
    pub const ALL: u32 = 0x1F_01FF;
}

/// Two letters that stand for an identifier.
const ALIASES: [(&str, &str); 17] = [
    ("AN", "S-1-5-7"),
    ("AU", "S-1-5-11"),
    ("BA", "S-1-5-32-544"),
    ("BG", "S-1-5-32-546"),
    ("BU", "S-1-5-32-545"),
    ("CO", "S-1-3-0"),
    ("IU", "S-1-5-4"),
    ("LS", "S-1-5-19"),
    ("NO", "S-1-5-32-556"),
    ("NS", "S-1-5-20"),
    ("NU", "S-1-5-2"),
    ("PU", "S-1-5-32-547"),
    ("RC", "S-1-5-12"),
    ("SU", "S-1-5-6"),
    ("SY", "S-1-5-18"),
    ("UD", "S-1-5-84-0-0-0-0-0"),
    ("WD", "S-1-1-0"),
];

/// Two letters that stand for rights.
const RIGHTS: [(&str, u32); 26] = [
    ("GA", file::ALL),
    ("GR", file::READ),
    ("GW", file::WRITE),
    ("GX", file::EXECUTE),
    ("FA", file::ALL),
    ("FR", file::READ),
    ("FW", file::WRITE),
    ("FX", file::EXECUTE),
    ("SD", 1 << 16),
    ("RC", 1 << 17),
    ("WD", 1 << 18),
    ("WO", 1 << 19),
    ("CC", 1),
    ("DC", 1 << 1),
    ("LC", 1 << 2),
    ("SW", 1 << 3),
    ("RP", 1 << 4),
    ("WP", 1 << 5),
    ("DT", 1 << 6),
    ("LO", 1 << 7),
    ("CR", 1 << 8),
    ("KA", 0xF_003F),
    ("KR", 0x2_0019),
    ("KW", 0x2_0006),
    ("KX", 0x2_0019),
    ("NR", 0),
];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    denies: bool,
    /// The entry is only for objects below.
    inherit_only: bool,
    mask: u32,
    identifier: String,
}

/// A discretionary access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sddl {
    /// Nothing: no list, and everybody may do everything.
    entries: Option<Vec<Entry>>,
}

/// A security descriptor string that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Sddl {
    /// What the I/O manager gives a device whose driver and INF say nothing: everyone may open it
    /// for reading and writing (*Securing Device Objects*).
    pub(super) fn default_for_devices() -> Self {
        Self::parse("D:(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGWGX;;;WD)")
            .unwrap_or_else(|_| unreachable!("the default is well formed"))
    }

    /// Reads a string: `D:` with its entries; owner, group and system list are skipped.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut rest = text.trim();
        let mut entries = None;
        while !rest.is_empty() {
            let (kind, value) = rest.split_once(':').ok_or(Malformed)?;
            let end = component_end(value);
            match kind {
                "D" => entries = Some(parse_entries(&value[..end])?),
                "O" | "G" => {
                    identifier(&value[..end])?;
                }
                "S" => {
                    parse_entries(&value[..end])?;
                }
                _ => return Err(Malformed),
            }
            rest = &value[end..];
        }
        Ok(Self { entries })
    }

    /// Whether a principal gets this access: entries count in their order, and the first that
    /// speaks of a right decides.
    pub(super) fn grants(&self, principal: Principal, wanted: Access) -> bool {
        let Some(entries) = &self.entries else {
            return true;
        };
        let mut missing = wanted.0;
        let own = principal.identifiers();
        let applicable = entries
            .iter()
            .filter(|entry| !entry.inherit_only && own.contains(&entry.identifier.as_str()));
        for entry in applicable {
            if entry.denies && entry.mask & missing != 0 {
                return false;
            }
            if !entry.denies {
                missing &= !entry.mask;
            }
            if missing == 0 {
                return true;
            }
        }
        missing == 0
    }
}

/// Where a component ends: before the letter of the next one.
fn component_end(value: &str) -> usize {
    let colon = value.find(':');
    colon.map_or(value.len(), |colon| colon.saturating_sub(1))
}

fn parse_entries(text: &str) -> Result<Vec<Entry>, Malformed> {
    let list = text.find('(').map_or("", |start| &text[start..]);
    let flags = &text[..text.len() - list.len()];
    if !flags
        .replace("AR", "")
        .replace("AI", "")
        .replace('P', "")
        .is_empty()
    {
        return Err(Malformed);
    }
    let mut entries = Vec::new();
    let mut rest = list;
    while let Some(inner) = rest.strip_prefix('(') {
        let (entry, after) = inner.split_once(')').ok_or(Malformed)?;
        entries.extend(parse_entry(entry)?);
        rest = after;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(Malformed)
    }
}

/// Reads one entry; nothing if it neither allows nor denies.
fn parse_entry(text: &str) -> Result<Option<Entry>, Malformed> {
    let fields: Vec<&str> = text.split(';').collect();
    let [kind, flags, rights, object, inherited, sid] = fields[..] else {
        return Err(Malformed);
    };
    if !object.is_empty() || !inherited.is_empty() || flags.len() % 2 != 0 {
        return Err(Malformed);
    }
    let denies = match kind {
        "A" => false,
        "D" => true,
        "AU" | "AL" | "ML" => return Ok(None),
        _ => return Err(Malformed),
    };
    let inherit_only = flags.as_bytes().chunks(2).any(|flag| flag == b"IO");
    Ok(Some(Entry {
        denies,
        inherit_only,
        mask: mask(rights)?,
        identifier: identifier(sid)?,
    }))
}

fn mask(rights: &str) -> Result<u32, Malformed> {
    if let Some(digits) = rights.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).map_err(|_| Malformed);
    }
    let mut mask = 0;
    let mut rest = rights;
    while !rest.is_empty() {
        let (name, after) = rest.split_at_checked(2).ok_or(Malformed)?;
        let (_, bits) = RIGHTS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or(Malformed)?;
        mask |= bits;
        rest = after;
    }
    Ok(mask)
}

fn identifier(text: &str) -> Result<String, Malformed> {
    if let Some(numbers) = text.strip_prefix("S-1-") {
        let well_formed = numbers.split('-').all(|part| part.parse::<u64>().is_ok());
        return if well_formed {
            Ok(text.to_owned())
        } else {
            Err(Malformed)
        };
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == text);
    alias
        .map(|(_, identifier)| (*identifier).to_owned())
        .ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(sddl: &str, principal: Principal, access: Access) -> bool {
        Sddl::parse(sddl).unwrap().grants(principal, access)
    }

    #[test]
    fn administrators_only_keeps_users_out() {
        let admins = "D:P(A;;GA;;;SY)(A;;GA;;;BA)";
        assert!(may(admins, Principal::System, Access::READ_WRITE));
        assert!(may(admins, Principal::Administrator, Access::READ_WRITE));
        assert!(!may(admins, Principal::User, Access::READ));
        assert!(!may(admins, Principal::Anonymous, Access::READ));
    }

    #[test]
    fn the_default_lets_everyone_read_and_write() {
        let default = Sddl::default_for_devices();
        assert!(default.grants(Principal::User, Access::READ_WRITE));
        assert!(!default.grants(Principal::Anonymous, Access::READ));
    }

    #[test]
    fn the_first_entry_that_speaks_of_a_right_decides() {
        let denied_first = "D:(D;;GW;;;BU)(A;;GA;;;WD)";
        assert!(!may(denied_first, Principal::User, Access::READ_WRITE));
        let allowed_first = "D:(A;;GA;;;WD)(D;;GW;;;BU)";
        assert!(may(allowed_first, Principal::User, Access::READ_WRITE));
    }

    #[test]
    fn rights_of_several_entries_add_up() {
        let split = "D:(A;;GR;;;WD)(A;;GW;;;IU)";
        assert!(may(split, Principal::User, Access::READ_WRITE));
        assert!(!may(split, Principal::System, Access::READ_WRITE));
    }

    #[test]
    fn an_empty_list_lets_nobody_in_and_no_list_everybody() {
        assert!(!may("D:P", Principal::System, Access::READ));
        assert!(may("O:BAG:SY", Principal::Anonymous, Access::READ_WRITE));
    }

    #[test]
    fn numbers_and_long_identifiers_are_understood() {
        let long = "O:S-1-5-18G:BAD:PAI(A;;0x1200a9;;;S-1-5-32-545)S:(AU;SAFA;GA;;;WD)";
        assert!(!may(long, Principal::User, Access::WRITE));
        assert!(may(long, Principal::User, Access::READ));
        assert!(!may("D:(A;OICIIO;GA;;;WD)", Principal::User, Access::READ));
    }

    #[test]
    fn nonsense_is_refused() {
        let nonsense = [
            "nonsense",
            "X:(A;;GA;;;WD)",
            "D:(A;;GA;;;XX)",
            "D:(A;;QQ;;;WD)",
            "D:(A;;GA;;WD)",
            "D:(A;;GA;;;WD",
            "D:(Q;;GA;;;WD)",
            "D:(A;;GAG;;;WD)",
            "D:Q(A;;GA;;;WD)",
            "D:(A;;0xZZ;;;WD)",
            "D:(A;;GA;;;S-1-x)",
            "O:",
            "D:(A;;GA;;;WD)rest",
        ];
        for text in nonsense {
            assert_eq!(Sddl::parse(text), Err(Malformed), "{text}");
        }
    }
}
