//! Recorded traffic, frame by frame as it was.

use crate::capture::{self, CaptureError};
use crate::headers::Headers;
use crate::wire::Frames;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// A recorded frame.
struct Recorded {
    start: usize,
    length: usize,
    flow: u32,
}

/// What makes frames one flow: addresses and ports, or MAC addresses and type where there is no
/// IP packet.
#[derive(PartialEq, Eq, Hash)]
enum FlowKey {
    Ip(Headers),
    Ethernet([u8; 14]),
}

impl FlowKey {
    fn of(frame: &[u8]) -> Self {
        match Headers::parse(frame) {
            Some(headers) => Self::Ip(headers),
            None => Self::Ethernet(std::array::from_fn(|at| frame[at])),
        }
    }
}

/// Frames of a capture, once or over and over.
pub struct Replay {
    bytes: Vec<u8>,
    frames: Vec<Recorded>,
    flow_count: u32,
    destinations: Vec<[u8; 6]>,
    looped: bool,
}

impl Replay {
    /// Loads the capture at `path`, pcap or pcapng, for an adapter with this MTU.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or [`Replay::from_bytes`] refuses it.
    pub fn open(path: &Path, mtu: u16, looped: bool) -> Result<Self, CaptureError> {
        Self::from_bytes(&fs::read(path)?, mtu, looped)
    }

    /// Loads a capture from memory.
    ///
    /// # Errors
    ///
    /// The whole capture is checked: it must be complete, Ethernet, not empty, and each frame
    /// whole and within the MTU.
    pub fn from_bytes(capture: &[u8], mtu: u16, looped: bool) -> Result<Self, CaptureError> {
        let mut bytes = Vec::with_capacity(capture.len());
        let mut frames = Vec::new();
        let mut flows = HashMap::new();
        let mut destinations = BTreeMap::<[u8; 6], u64>::new();
        capture::read(capture, mtu, |frame| {
            let next_flow = flows.len() as u32;
            frames.push(Recorded {
                start: bytes.len(),
                length: frame.len(),
                flow: *flows.entry(FlowKey::of(frame)).or_insert(next_flow),
            });
            bytes.extend_from_slice(frame);
            if let Some(destination) = frame.first_chunk() {
                *destinations.entry(*destination).or_default() += 1;
            }
        })?;
        let mut destinations: Vec<_> = destinations.into_iter().collect();
        destinations.sort_by_key(|(_, frames)| std::cmp::Reverse(*frames));
        Ok(Self {
            bytes,
            frames,
            flow_count: flows.len() as u32,
            destinations: destinations.into_iter().map(|(mac, _)| mac).collect(),
            looped,
        })
    }

    /// Frames of the capture, without repetition.
    pub fn recorded_count(&self) -> u64 {
        self.frames.len() as u64
    }

    /// The MAC addresses that the frames are for, the most frequent first. An adapter receives
    /// them all only if its filter lets them pass.
    pub fn destinations(&self) -> &[[u8; 6]] {
        &self.destinations
    }

    fn recorded(&self, id: u64) -> (&Recorded, &[u8]) {
        let recorded = &self.frames[(id % self.frames.len() as u64) as usize];
        let frame = &self.bytes[recorded.start..recorded.start + recorded.length];
        (recorded, frame)
    }
}

impl Frames for Replay {
    fn flow_count(&self) -> u32 {
        self.flow_count
    }

    fn frame_count(&self) -> Option<u64> {
        (!self.looped).then_some(self.recorded_count())
    }

    fn flow(&self, id: u64) -> u32 {
        self.recorded(id).0.flow
    }

    fn append(&self, id: u64, frame: &mut Vec<u8>) {
        frame.extend_from_slice(self.recorded(id).1);
    }

    fn matches(&self, id: u64, frame: &[u8]) -> bool {
        self.recorded(id).1 == frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &[u8] = include_bytes!("../tests/data/mixed-traffic-small.pcap");
    const HEADER: usize = 24;

    fn refused(capture: &[u8]) -> String {
        Replay::from_bytes(capture, 1500, false)
            .err()
            .expect("the capture is not usable")
            .to_string()
    }

    fn pcap(link_type: u32, packets: &[(&[u8], u32)]) -> Vec<u8> {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, link_type] {
            file.extend(u32::to_le_bytes(word));
        }
        for (data, length) in packets {
            for word in [1, 2, data.len() as u32, *length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(*data);
        }
        file
    }

    fn pcapng(packets: &[&[u8]]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut block = |kind: u32, body: Vec<u8>| {
            let length = (12 + body.len()) as u32;
            for part in [
                kind.to_le_bytes().to_vec(),
                length.to_le_bytes().to_vec(),
                body,
            ] {
                file.extend(part);
            }
            file.extend(length.to_le_bytes());
        };
        let section = [
            &0x1a2b_3c4d_u32.to_le_bytes()[..],
            &[1, 0, 0, 0],
            &[0xff; 8],
        ]
        .concat();
        block(0x0a0d_0d0a, section);
        block(1, [&[1, 0, 0, 0][..], &65_535u32.to_le_bytes()].concat());
        for packet in packets {
            let length = (packet.len() as u32).to_le_bytes();
            let mut body = [&[0; 12][..], &length, &length, packet].concat();
            body.resize(body.len().next_multiple_of(4), 0);
            block(6, body);
        }
        file
    }

    #[test]
    fn a_capture_plays_its_frames_and_starts_again_when_looped() {
        let once = Replay::from_bytes(SMALL, 1500, false).unwrap();
        let looped = Replay::from_bytes(SMALL, 1500, true).unwrap();
        let count = once.recorded_count();
        assert_eq!(count, 99);
        assert_eq!((once.frame_count(), looped.frame_count()), (Some(99), None));
        assert!(once.flow_count() > 1);
        let mut first = Vec::new();
        once.append(0, &mut first);
        assert_eq!(first, SMALL[HEADER + 16..][..first.len()]);
        assert!(looped.matches(count, &first) && looped.flow(count) == once.flow(0));
        first[20] ^= 1;
        assert!(!looped.matches(0, &first));
        assert_eq!(once.destinations(), [[0x36, 0x6d, 0xb0, 0xd9, 0x33, 0x3f]]);
    }

    #[test]
    fn the_small_capture_begins_the_reference_capture() {
        let reference =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mixed-traffic.pcap");
        if let Ok(whole) = fs::read(&reference) {
            assert_eq!(whole[..SMALL.len()], *SMALL);
            let replay = Replay::open(&reference, 1500, false).unwrap();
            assert_eq!(replay.recorded_count(), 19_407);
        }
    }

    #[test]
    fn frames_without_ip_are_flows_by_their_ethernet_header() {
        let (mut arp, mut other) = ([2; 60], [2; 60]);
        arp[12..14].copy_from_slice(&[0x08, 0x06]);
        other[12..14].copy_from_slice(&[0x88, 0xcc]);
        let file = pcap(1, &[(&arp, 60), (&other, 60), (&arp, 60)]);
        let replay = Replay::from_bytes(&file, 1500, false).unwrap();
        let flows: Vec<u32> = (0..3).map(|id| replay.flow(id)).collect();
        assert_eq!(flows, [0, 1, 0]);
    }

    #[test]
    fn pcapng_gives_the_same_frames() {
        let frames: [&[u8]; 2] = [&[2; 61], &[4; 64]];
        let replay = Replay::from_bytes(&pcapng(&frames), 1500, false).unwrap();
        assert_eq!(replay.recorded_count(), 2);
        assert!(replay.matches(0, frames[0]) && replay.matches(1, frames[1]));
    }

    #[test]
    fn a_cut_capture_names_the_packet() {
        for length in (1..SMALL.len()).step_by(37) {
            let result = Replay::from_bytes(&SMALL[..length], 1500, false);
            if let Err(error) = result {
                let text = error.to_string();
                let expected = length < 4 || length == HEADER || text.contains("cut off in packet");
                assert!(expected, "{length}: {text}");
            }
        }
        let text = refused(&SMALL[..SMALL.len() - 1]);
        assert!(text.contains("packet 99"), "{text}");
    }

    #[test]
    fn what_cannot_be_replayed_is_refused_with_its_reason() {
        assert!(refused(b"").contains("no capture"));
        assert!(refused(b"GIF89a, not a capture at all").contains("no capture"));
        assert!(refused(&pcap(1, &[])).contains("empty"));
        assert!(refused(&pcap(101, &[(&[0; 60], 60)])).contains("only Ethernet"));
        let long = pcap(1, &[(&[2; 60], 60), (&[2; 1519], 1519)]);
        assert!(refused(&long).contains("packet 2 has 1519 bytes"));
        let short = refused(&pcap(1, &[(&[2; 13], 13)]));
        assert!(short.contains("packet 1 has 13 bytes"), "{short}");
        let shortened = refused(&pcap(1, &[(&[2; 60], 1000)]));
        assert!(shortened.contains("60 of its 1000"), "{shortened}");
        let missing = Replay::open(Path::new("/nonexistent.pcap"), 1500, false);
        assert!(
            missing
                .err()
                .unwrap()
                .to_string()
                .contains("cannot be read")
        );
    }

    #[test]
    fn a_frame_with_a_vlan_tag_may_be_four_bytes_longer() {
        let file = pcap(1, &[(&[2; 1518], 1518)]);
        assert!(Replay::from_bytes(&file, 1500, false).is_ok());
    }

    #[test]
    fn damaged_captures_end_in_an_error_or_in_frames_but_never_in_a_panic() {
        let mut random = fastrand::Rng::with_seed(1);
        let originals = [
            SMALL[..2000].to_vec(),
            pcapng(&[&[2; 61], &[4; 64], &[6; 90]]),
        ];
        for _ in 0..20_000 {
            let mut capture = originals[random.usize(..2)].clone();
            for _ in 0..random.usize(1..6) {
                let position = random.usize(..capture.len());
                let any = random.u8(..);
                capture[position] = random.choice([0, 1, 0x7f, 0xff, any]).unwrap();
            }
            capture.truncate(random.usize(..=capture.len()));
            let _ = Replay::from_bytes(&capture, 1500, false);
        }
    }
}
