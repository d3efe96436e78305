//! Processes and threads (*Process class*, *Thread class*).

use crate::bytes::{Bytes, put_pointer, put_utf8, put_utf16};

/// What happened to a process, thread or image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was created or loaded.
    Start,
    /// It ended or was unloaded.
    End,
    /// It was there when the session began.
    RundownStart,
    /// It was there when the session ended.
    RundownEnd,
}

impl Action {
    pub(super) fn from_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            1 => Self::Start,
            2 => Self::End,
            3 => Self::RundownStart,
            4 => Self::RundownEnd,
            _ => return None,
        })
    }

    pub(super) fn opcode(self) -> u8 {
        match self {
            Self::Start => 1,
            Self::End => 2,
            Self::RundownStart => 3,
            Self::RundownEnd => 4,
        }
    }
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Address of its object.
    pub unique_process_key: u64,
    /// Its identifier.
    pub process_id: u32,
    /// Who made it.
    pub parent_id: u32,
    /// Its terminal session.
    pub session_id: u32,
    /// What it ended with.
    pub exit_status: i32,
    /// Its page tables.
    pub directory_table_base: u64,
    /// Bits: 2 is a 32-bit process, 4 protected, 8 packaged.
    pub flags: u32,
    /// Whose it is: a security identifier, raw; empty if none.
    pub user_sid: Vec<u8>,
    /// The file it was started from.
    pub image_file_name: String,
    /// How it was started.
    pub command_line: String,
}

impl Process {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8, version: u8) -> Option<Self> {
        let unique_process_key = bytes.pointer(pointer)?;
        let process_id = bytes.u32()?;
        let parent_id = bytes.u32()?;
        let session_id = bytes.u32()?;
        let exit_status = bytes.i32()?;
        let directory_table_base = if version >= 3 {
            bytes.pointer(pointer)?
        } else {
            0
        };
        let flags = if version >= 4 { bytes.u32()? } else { 0 };
        Some(Self {
            unique_process_key,
            process_id,
            parent_id,
            session_id,
            exit_status,
            directory_table_base,
            flags,
            user_sid: token_user(bytes, pointer)?.to_vec(),
            image_file_name: bytes.utf8(),
            command_line: bytes.utf16(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.unique_process_key, pointer);
        for value in [self.process_id, self.parent_id, self.session_id] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&self.exit_status.to_le_bytes());
        put_pointer(out, self.directory_table_base, pointer);
        out.extend_from_slice(&self.flags.to_le_bytes());
        if self.user_sid.is_empty() {
            out.extend_from_slice(&[0; 4]);
        } else {
            // TOKEN_USER points at the identifier behind it; any pointer but 0 will do.
            put_pointer(out, 1, pointer);
            put_pointer(out, 0, pointer);
            out.extend_from_slice(&self.user_sid);
        }
        put_utf8(out, &self.image_file_name);
        put_utf16(out, &self.command_line);
        // PackageFullName and ApplicationId.
        put_utf16(out, "");
        put_utf16(out, "");
    }
}

/// A `TOKEN_USER` and the identifier behind it, or four bytes of 0.
fn token_user<'a>(bytes: &mut Bytes<'a>, pointer: u8) -> Option<&'a [u8]> {
    let mut ahead = *bytes;
    if ahead.u32()? == 0 {
        *bytes = ahead;
        return Some(&[]);
    }
    bytes.skip(2 * usize::from(pointer))?;
    let mut ahead = *bytes;
    ahead.skip(1)?;
    let authorities = usize::from(ahead.u8()?);
    bytes.take(8 + 4 * authorities)
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The process it belongs to.
    pub process_id: u32,
    /// Its identifier.
    pub thread_id: u32,
    /// Where its kernel stack begins.
    pub stack_base: u64,
    /// Where its kernel stack ends.
    pub stack_limit: u64,
    /// The processors that it may run on.
    pub affinity: u64,
    /// Where it started.
    pub start_address: u64,
    /// Its environment block.
    pub teb: u64,
    /// The service that it works for.
    pub sub_process_tag: u32,
    /// Its priority.
    pub base_priority: u8,
    /// Its name; empty if it has none.
    pub name: String,
}

impl Thread {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8, version: u8) -> Option<Self> {
        let process_id = bytes.u32()?;
        let thread_id = bytes.u32()?;
        if version < 2 {
            return Some(Self {
                process_id,
                thread_id,
                ..Self::default()
            });
        }
        let stack_base = bytes.pointer(pointer)?;
        let stack_limit = bytes.pointer(pointer)?;
        // UserStackBase and UserStackLimit.
        bytes.skip(2 * usize::from(pointer))?;
        // Version 2 has the start address here, which is the one below for threads of the kernel.
        let affinity = bytes.pointer(pointer)?;
        Some(Self {
            process_id,
            thread_id,
            stack_base,
            stack_limit,
            affinity: if version >= 3 { affinity } else { 0 },
            start_address: bytes.pointer(pointer)?,
            teb: bytes.pointer(pointer)?,
            sub_process_tag: bytes.u32()?,
            base_priority: bytes.u8().unwrap_or_default(),
            name: {
                // PagePriority, IoPriority and Flags; older layouts end before.
                let _ = bytes.skip(3);
                bytes.utf16()
            },
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        out.extend_from_slice(&self.process_id.to_le_bytes());
        out.extend_from_slice(&self.thread_id.to_le_bytes());
        for value in [
            self.stack_base,
            self.stack_limit,
            0,
            0,
            self.affinity,
            self.start_address,
            self.teb,
        ] {
            put_pointer(out, value, pointer);
        }
        out.extend_from_slice(&self.sub_process_tag.to_le_bytes());
        let (page_priority, io_priority, flags) = (5, 2, 0);
        out.extend_from_slice(&[self.base_priority, page_priority, io_priority, flags]);
        if !self.name.is_empty() {
            put_utf16(out, &self.name);
        }
    }
}

/// A name that a thread was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadName {
    /// The process it belongs to.
    pub process_id: u32,
    /// The thread.
    pub thread_id: u32,
    /// The name.
    pub name: String,
}

impl ThreadName {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            process_id: bytes.u32()?,
            thread_id: bytes.u32()?,
            name: bytes.utf16(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.process_id.to_le_bytes());
        out.extend_from_slice(&self.thread_id.to_le_bytes());
        put_utf16(out, &self.name);
    }
}
