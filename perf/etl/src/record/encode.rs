//! Writing headers.

use super::{Hook, MARKER_EVENT, RecordHeader};
use crate::bytes::align8;
use uuid::Uuid;

impl RecordHeader {
    /// The record with this header and `rest` behind it, filled up to a multiple of 8; `None` if
    /// it would be longer than its size can say, or if it is of a kind that is not written.
    pub fn encode(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; 8];
        match self {
            Self::System { .. } | Self::PerfInfo { .. } => self.encode_hook(&mut out),
            Self::Full { .. } => self.encode_full(&mut out),
            Self::Event { .. } => self.encode_event(&mut out),
            Self::Message { .. } | Self::Other { .. } => return None,
        }
        out.extend_from_slice(rest);
        let size = u16::try_from(out.len()).ok()?.to_le_bytes();
        let at = match self {
            Self::System { .. } | Self::PerfInfo { .. } => 4,
            _ => 0,
        };
        out[at..at + 2].copy_from_slice(&size);
        out[3] = MARKER_EVENT;
        out.resize(align8(out.len()), 0);
        Some(out)
    }

    fn encode_hook(&self, out: &mut Vec<u8>) {
        let mut put = |hook: &Hook, kind: u8| {
            out[0] = hook.version;
            out[2] = if hook.pointer_size == 4 {
                kind
            } else {
                kind + 1
            };
            out[6] = hook.opcode;
            out[7] = hook.group;
        };
        match self {
            Self::System {
                hook,
                thread_id,
                process_id,
                time_stamp,
                times,
            } => {
                put(hook, if times.is_some() { 1 } else { 3 });
                out.extend_from_slice(&thread_id.to_le_bytes());
                out.extend_from_slice(&process_id.to_le_bytes());
                out.extend_from_slice(&time_stamp.to_le_bytes());
                if let Some(times) = times {
                    put_times(out, *times);
                }
            }
            Self::PerfInfo { hook, time_stamp } => {
                put(hook, 16);
                out.extend_from_slice(&time_stamp.to_le_bytes());
            }
            _ => {}
        }
    }

    fn encode_full(&self, out: &mut Vec<u8>) {
        let Self::Full {
            class,
            opcode,
            level,
            version,
            thread_id,
            process_id,
            time_stamp,
            times,
            instance,
            pointer_size,
        } = self
        else {
            return;
        };
        let kind = if instance.is_some() { 11 } else { 10 };
        out[2] = if *pointer_size == 4 { kind } else { kind + 10 };
        out[4] = *opcode;
        out[5] = *level;
        out[6..8].copy_from_slice(&version.to_le_bytes());
        put_identity(out, *thread_id, *process_id, *time_stamp, *class);
        put_times(out, *times);
        if let Some((own, parent, parent_class)) = instance {
            out.extend_from_slice(&own.to_le_bytes());
            out.extend_from_slice(&parent.to_le_bytes());
            out.extend_from_slice(&parent_class.to_bytes_le());
        }
    }

    fn encode_event(&self, out: &mut Vec<u8>) {
        let Self::Event {
            flags,
            property,
            thread_id,
            process_id,
            time_stamp,
            provider,
            descriptor,
            times,
            activity,
            pointer_size,
        } = self
        else {
            return;
        };
        out[2] = if *pointer_size == 4 { 18 } else { 19 };
        out[4..6].copy_from_slice(&flags.to_le_bytes());
        out[6..8].copy_from_slice(&property.to_le_bytes());
        put_identity(out, *thread_id, *process_id, *time_stamp, *provider);
        out.extend_from_slice(&descriptor.encode());
        put_times(out, *times);
        out.extend_from_slice(&activity.to_bytes_le());
    }
}

fn put_identity(out: &mut Vec<u8>, thread: u32, process: u32, time_stamp: i64, guid: Uuid) {
    out.extend_from_slice(&thread.to_le_bytes());
    out.extend_from_slice(&process.to_le_bytes());
    out.extend_from_slice(&time_stamp.to_le_bytes());
    out.extend_from_slice(&guid.to_bytes_le());
}

fn put_times(out: &mut Vec<u8>, (kernel, user): (u32, u32)) {
    out.extend_from_slice(&kernel.to_le_bytes());
    out.extend_from_slice(&user.to_le_bytes());
}
