//! The small frame that answers a received one.

/// The shortest Ethernet frame without its check sequence, in bytes.
const SHORTEST_FRAME: usize = 60;

/// Bytes of a link-layer address.
const ADDRESS_BYTES: usize = 6;

/// Builds the answer: as short as a frame may be, from the received frame's station to its sender,
/// with the first bytes of what was received.
pub(super) fn reply(frame: &[u8]) -> Option<[u8; SHORTEST_FRAME]> {
    let destination = frame.get(..ADDRESS_BYTES)?;
    let source = frame.get(ADDRESS_BYTES..2 * ADDRESS_BYTES)?;
    let mut reply = [0; SHORTEST_FRAME];
    reply[..ADDRESS_BYTES].copy_from_slice(source);
    reply[ADDRESS_BYTES..2 * ADDRESS_BYTES].copy_from_slice(destination);
    let rest = &frame[2 * ADDRESS_BYTES..frame.len().min(SHORTEST_FRAME)];
    reply[2 * ADDRESS_BYTES..][..rest.len()].copy_from_slice(rest);
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_goes_back_to_the_sender_and_is_as_short_as_a_frame_may_be() {
        let frame: Vec<u8> = (0..100).collect();
        let reply = reply(&frame).unwrap();
        assert_eq!(reply[..12], [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
        assert_eq!(reply[12..], frame[12..60]);
    }

    #[test]
    fn a_frame_without_addresses_is_not_answered() {
        assert!(reply(&[0; 11]).is_none());
        assert!(reply(&[0; 12]).is_some());
    }
}
