//! Offloads: which are active, who does the work, and what received packets say.

use super::fake_driver::{nic, started, wait_until};
use super::offloads::{OffloadShape, ReceivedMetadata, SentMetadata};
use crate::executive::{System, TestMachine, yield_now};
use crate::netcx::{Adapter, OffloadParameters, SendRequest, TransmitReceive};
use crate::pnp::{AssignedResources, KeyValue};
use crate::wdf::{DeviceHost, DriverHost};
use etherparse::{PacketBuilder, PacketBuilderStep, SlicedPacket, TcpHeader, TransportSlice};
use netadapter_abi::net::*;
use netadapter_abi::nt::{STATUS_INVALID_DEVICE_REQUEST, STATUS_NOT_SUPPORTED, STATUS_SUCCESS};
use std::sync::Arc;

const IPV4: i32 = NetAdapterOffloadLayer3FlagIPv4NoOptions;
const TCP: i32 = NetAdapterOffloadLayer4FlagTcpNoOptions;
const UDP: i32 = NetAdapterOffloadLayer4FlagUdp;

const EVERYTHING: OffloadShape = OffloadShape {
    tx_checksum: Some((IPV4, TCP | UDP, 0, 0)),
    rx_checksum: true,
    gso: Some((IPV4, TCP | UDP, 64_000, 2)),
    rsc: Some(IPV4),
    tag: NetAdapterOffloadIeee8021PriorityTaggingFlag | NetAdapterOffloadIeee8021VlanTaggingFlag,
};

type Started = (Arc<DriverHost>, Arc<DeviceHost>, Arc<Adapter>);

fn start(system: &'static System, shape: OffloadShape, keywords: &[(&str, &str)]) -> Started {
    *nic().offloads.lock() = shape;
    for &(name, value) in keywords {
        let value = KeyValue::String(value.to_owned());
        nic().keywords.lock().insert(name.to_owned(), value);
    }
    started(system)
}

const ALL_ON: [(&str, &str); 4] = [
    ("*IPChecksumOffloadIPv4", "3"),
    ("*LsoV2IPv4", "1"),
    ("*UsoIPv4", "1"),
    ("*RscIPv4", "1"),
];

/// What the log says of offload callbacks.
fn offload_calls() -> Vec<String> {
    let log = nic().take_log();
    let names = ["TxChecksum", "RxChecksum", "Gso", "Rsc"];
    log.into_iter()
        .filter(|line| names.iter().any(|name| line.starts_with(name)))
        .collect()
}

fn calls_at_start(shape: OffloadShape, keywords: &'static [(&str, &str)]) -> Vec<String> {
    let machine = TestMachine::new(1);
    machine.run(move |system| {
        let (_driver, device, _adapter) = start(system, shape, keywords);
        let calls = offload_calls();
        device.stop();
        calls
    })
}

#[test]
fn the_active_state_comes_at_the_start_in_order_and_before_the_device_has_power() {
    let machine = TestMachine::new(1);
    let log = machine.run(|system| {
        let (_driver, device, _adapter) = start(system, EVERYTHING, &ALL_ON);
        let log = nic().take_log();
        device.stop();
        log
    });
    assert_eq!(
        log[..5],
        [
            "TxChecksum [1, 1, 1]",
            "RxChecksum [1, 1, 1]",
            "Gso [1, 1, 1, 1]",
            "Rsc [1, 1, 1]",
            "D0Entry",
        ]
    );
}

#[test]
fn keywords_decide_what_is_active_and_without_them_sends_are_left_alone() {
    assert_eq!(
        calls_at_start(EVERYTHING, &[]),
        [
            "TxChecksum [0, 0, 0]",
            "RxChecksum [1, 1, 1]",
            "Gso [0, 0, 0, 0]",
            "Rsc [0, 0, 0]"
        ]
    );
    let keywords: &[_] = &[
        ("*IPChecksumOffloadIPv4", "2"),
        ("*TCPChecksumOffloadIPv4", "1"),
        ("*TCPChecksumOffloadIPv6", "1"),
        ("*UDPChecksumOffloadIPv4", "0"),
        ("*UDPChecksumOffloadIPv6", "0"),
        ("*LsoV2IPv4", "0"),
        ("*LsoV2IPv6", "1"),
        ("*RscIPv6", "0"),
    ];
    assert_eq!(
        calls_at_start(EVERYTHING, keywords),
        [
            "TxChecksum [0, 1, 0]",
            "RxChecksum [1, 0, 0]",
            "Gso [0, 1, 0, 0]",
            "Rsc [1, 0, 1]"
        ]
    );
}

#[test]
fn only_offloads_that_the_driver_has_are_told_about() {
    let none = OffloadShape::default();
    assert!(calls_at_start(none, &ALL_ON).is_empty());
    let checksum = OffloadShape {
        rx_checksum: true,
        ..none
    };
    assert_eq!(calls_at_start(checksum, &ALL_ON), ["RxChecksum [1, 1, 1]"]);
}

#[test]
fn later_changes_are_limited_to_hardware_and_keywords() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = start(system, EVERYTHING, &ALL_ON);
        let edge = adapter.upper_edge().clone();
        offload_calls();
        let off = OffloadParameters {
            tcp_ipv4_checksum: Some(TransmitReceive::default()),
            tcp_ipv6_checksum: Some(TransmitReceive::default()),
            lso_ipv4: Some(false),
            rsc_ipv4: Some(false),
            ..OffloadParameters::default()
        };
        assert_eq!(edge.set_offloads(&off), STATUS_SUCCESS);
        assert_eq!(
            offload_calls(),
            [
                "TxChecksum [1, 0, 1]",
                "RxChecksum [1, 0, 1]",
                "Gso [0, 0, 1, 0]",
                "Rsc [0, 0, 0]"
            ]
        );
        device.stop();
        assert_eq!(edge.set_offloads(&off), STATUS_INVALID_DEVICE_REQUEST);
        let keyword = KeyValue::String("0".to_owned());
        nic()
            .keywords
            .lock()
            .insert("*LsoV2IPv4".to_owned(), keyword);
        device.start(AssignedResources::default()).unwrap();
        offload_calls();
        let on = OffloadParameters {
            lso_ipv4: Some(true),
            ..OffloadParameters::default()
        };
        assert_eq!(edge.set_offloads(&on), STATUS_NOT_SUPPORTED);
        assert!(offload_calls().is_empty());
        device.stop();
    });
}

fn addresses() -> PacketBuilderStep<etherparse::IpHeaders> {
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4(
        [10, 0, 0, 1],
        [10, 0, 0, 2],
        64,
    )
}

/// A TCP frame with right checksums.
fn tcp(payload: &[u8]) -> Vec<u8> {
    let header = TcpHeader::new(1, 2, 7, 1024);
    let mut frame = Vec::new();
    addresses()
        .tcp_header(header)
        .write(&mut frame, payload)
        .unwrap();
    frame
}

/// A UDP frame with right checksums.
fn udp(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    addresses().udp(1, 2).write(&mut frame, payload).unwrap();
    frame
}

fn without_checksums(mut frame: Vec<u8>) -> Vec<u8> {
    frame[24..26].fill(0);
    let place = if frame[23] == 6 { 50 } else { 40 };
    frame[place..place + 2].fill(0);
    frame
}

/// What the driver was given for a request.
fn sent(
    shape: OffloadShape,
    keywords: &'static [(&str, &str)],
    frame: Vec<u8>,
    segment_bytes: Option<u32>,
) -> Vec<(Vec<u8>, SentMetadata)> {
    let machine = TestMachine::new(1);
    machine.run(move |system| {
        let (_driver, device, adapter) = start(system, shape, keywords);
        let edge = adapter.upper_edge();
        let request = SendRequest {
            frame: &frame,
            checksums: true,
            segment_bytes,
            ..SendRequest::default()
        };
        edge.send(&request).unwrap();
        let submitted = edge.snapshot().sends.submitted;
        wait_until("completion", || {
            edge.snapshot().sends.completed == submitted
        });
        device.stop();
        let frames = std::mem::take(&mut *nic().sent.lock());
        let metadata = std::mem::take(&mut *nic().sent_metadata.lock());
        frames.into_iter().zip(metadata).collect()
    })
}

const REQUIRED: u8 = NetPacketTxChecksumActionRequired as u8;

#[test]
fn an_adapter_that_can_is_asked_for_checksums_and_finds_the_pseudo_header_summed() {
    let right = tcp(&[1, 2, 3]);
    let found = sent(EVERYTHING, &ALL_ON, without_checksums(right.clone()), None);
    let [(frame, metadata)] = found.try_into().unwrap();
    assert_eq!(
        (metadata.layer3_checksum, metadata.layer4_checksum),
        (REQUIRED, REQUIRED)
    );
    assert_eq!(frame[24..26], [0, 0]);
    // Pseudo-header: addresses, protocol 6, 23 bytes.
    let sum = 0x0A00 + 0x0001 + 0x0A00 + 0x0002 + 6 + 23;
    assert_eq!(frame[50..52], (sum as u16).to_be_bytes());
    assert_eq!(without_checksums(frame), without_checksums(right));
}

#[test]
fn software_fills_checksums_in_where_the_adapter_cannot_or_may_not() {
    let no_udp = OffloadShape {
        tx_checksum: Some((IPV4, TCP, 0, 0)),
        ..OffloadShape::default()
    };
    let near = OffloadShape {
        tx_checksum: Some((IPV4, TCP | UDP, 13, 33)),
        ..OffloadShape::default()
    };
    let nothing = OffloadShape::default();
    let right = udp(&[5; 7]);
    for (shape, layer3) in [(no_udp, REQUIRED), (near, 0), (nothing, 0)] {
        let found = sent(shape, &ALL_ON, without_checksums(right.clone()), None);
        let [(mut frame, metadata)] = found.try_into().unwrap();
        assert_eq!(
            (metadata.layer3_checksum, metadata.layer4_checksum),
            (layer3, 0)
        );
        if layer3 == REQUIRED {
            frame[24..26].copy_from_slice(&right[24..26]);
        }
        assert_eq!(frame, right, "{shape:?}");
    }
    let found = sent(EVERYTHING, &[], without_checksums(right.clone()), None);
    assert_eq!(found[0].0, right, "no keyword, no offload");
}

#[test]
fn a_large_packet_goes_down_whole_or_as_segments_with_right_checksums() {
    let payload: Vec<u8> = (0..=255).cycle().take(4000).collect();
    let whole = tcp(&payload);
    let found = sent(EVERYTHING, &ALL_ON, whole.clone(), Some(1460));
    let [(frame, metadata)] = found.try_into().unwrap();
    assert_eq!((frame.len(), metadata.mss), (whole.len(), 1460));
    assert_eq!(
        (metadata.layer3_checksum, metadata.layer4_checksum),
        (REQUIRED, REQUIRED)
    );

    let few = OffloadShape {
        gso: Some((IPV4, TCP, 64_000, 4)),
        ..OffloadShape::default()
    };
    let small = OffloadShape {
        gso: Some((IPV4, TCP, 3999, 2)),
        ..OffloadShape::default()
    };
    for shape in [OffloadShape::default(), few, small] {
        let found = sent(shape, &ALL_ON, whole.clone(), Some(1460));
        let mut collected = Vec::new();
        for (frame, metadata) in &found {
            assert_eq!(metadata.mss, 0);
            let packet = SlicedPacket::from_ethernet(frame).unwrap();
            let Some(TransportSlice::Tcp(segment)) = packet.transport else {
                panic!("a segment is TCP")
            };
            let header = segment.to_header();
            let checksum =
                header.calc_checksum_ipv4_raw([10, 0, 0, 1], [10, 0, 0, 2], segment.payload());
            assert_eq!(header.checksum, checksum.unwrap());
            collected.extend_from_slice(segment.payload());
        }
        assert_eq!((found.len(), &collected), (3, &payload), "{shape:?}");
    }
}

#[test]
fn tags_are_written_as_far_as_the_adapter_can() {
    for (tag, expected) in [
        (EVERYTHING.tag, (5, 100, 3)),
        (NetAdapterOffloadIeee8021PriorityTaggingFlag, (5, 0, 1)),
        (0, (0, 0, 0)),
    ] {
        let machine = TestMachine::new(1);
        let found = machine.run(move |system| {
            let shape = OffloadShape {
                tag,
                ..OffloadShape::default()
            };
            let (_driver, device, adapter) = start(system, shape, &[]);
            let request = SendRequest {
                frame: &[0; 60],
                priority: 5,
                vlan: 100,
                ..SendRequest::default()
            };
            adapter.upper_edge().send(&request).unwrap();
            wait_until("a frame", || nic().sent.lock().len() == 1);
            device.stop();
            nic().sent_metadata.lock()[0].tag
        });
        assert_eq!(found, expected);
    }
}

/// Receives a frame that says something; the rule that this breaks.
fn rule_of(shape: OffloadShape, said: ReceivedMetadata, frame: Vec<u8>) -> Option<&'static str> {
    let machine = TestMachine::new(1);
    let system = machine.system();
    let done = crate::executive::run_passive(system, "test", move || {
        let (_driver, device, adapter) = start(system, shape, &ALL_ON);
        *nic().received_metadata.lock() = said;
        nic().deliver(0, &frame);
        let edge = adapter.upper_edge();
        wait_until("a frame", || edge.snapshot().queues[0].packets == 1);
        device.stop();
    });
    assert_eq!(done.is_none(), system.finding().is_some());
    system.finding().map(|finding| finding.rule)
}

const RECEIVING: OffloadShape = OffloadShape {
    tx_checksum: None,
    rx_checksum: true,
    gso: None,
    rsc: Some(IPV4),
    tag: 0,
};

fn says(layer3: u8, layer4: u8) -> ReceivedMetadata {
    ReceivedMetadata {
        checksum: Some((layer3, layer4)),
        ..ReceivedMetadata::default()
    }
}

#[test]
fn what_a_driver_says_about_received_checksums_is_compared_with_the_bytes() {
    let right = tcp(&[1, 2, 3]);
    let mut wrong = right.clone();
    wrong[50] ^= 1;
    assert_eq!(rule_of(RECEIVING, says(1, 1), right.clone()), None);
    assert_eq!(rule_of(RECEIVING, says(0, 0), wrong.clone()), None);
    assert_eq!(rule_of(RECEIVING, says(1, 2), wrong.clone()), None);
    let lie = Some("RX_CHECKSUM_EVALUATION_WRONG");
    assert_eq!(rule_of(RECEIVING, says(1, 1), wrong), lie);
    assert_eq!(rule_of(RECEIVING, says(2, 1), right.clone()), lie);
    let impossible = Some("INVALID_RX_CHECKSUM_EVALUATION");
    assert_eq!(rule_of(RECEIVING, says(3, 0), right), impossible);
}

#[test]
fn an_offload_that_was_never_enabled_is_not_used() {
    let only_sends = OffloadShape {
        rx_checksum: false,
        tx_checksum: Some((IPV4, TCP, 0, 0)),
        ..RECEIVING
    };
    let rule = Some("OFFLOAD_NOT_ENABLED");
    assert_eq!(rule_of(only_sends, says(1, 0), tcp(&[])), rule);
}

#[test]
fn coalesced_segments_are_tcp_and_have_no_checksum_to_check() {
    let mut merged = tcp(&[0; 100]);
    merged[60] = 1;
    let said = ReceivedMetadata {
        checksum: Some((1, 1)),
        segments: 2,
        is_tcp: true,
        ..ReceivedMetadata::default()
    };
    assert_eq!(rule_of(RECEIVING, said, merged.clone()), None);
    let other = ReceivedMetadata {
        is_tcp: false,
        ..said
    };
    assert_eq!(
        rule_of(RECEIVING, other, merged),
        Some("RSC_OF_OTHER_THAN_TCP")
    );
}

#[test]
fn a_hash_is_the_one_of_the_key_and_the_headers() {
    // From *Verifying the RSS Hash Calculation*: 66.9.149.187:2794 to 161.142.100.80:1766.
    let header = TcpHeader::new(2794, 1766, 0, 0);
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([66, 9, 149, 187], [161, 142, 100, 80], 64)
        .tcp_header(header)
        .write(&mut frame, &[])
        .unwrap();
    let types = (NetPacketHashProtocolTypeIPv4 | NetPacketHashProtocolTypeTcp) as u16;
    let said = |value| ReceivedMetadata {
        hash: Some((value, types)),
        ..ReceivedMetadata::default()
    };
    let shape = OffloadShape::default();
    assert_eq!(rule_of(shape, said(0x51cc_c178), frame.clone()), None);
    assert_eq!(
        rule_of(shape, said(0x51cc_c179), frame.clone()),
        Some("RECEIVE_HASH_WRONG")
    );
    assert_eq!(
        rule_of(shape, said(1), vec![0; 60]),
        Some("RECEIVE_HASH_WRONG")
    );
}

/// The rule that capabilities break.
fn rule_of_capabilities(shape: OffloadShape) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        start(system, shape, &[]);
    });
    finding.rule
}

#[test]
fn impossible_capabilities_are_refused_by_name() {
    let checksum = |layer3, layer4| OffloadShape {
        tx_checksum: Some((layer3, layer4, 0, 0)),
        ..OffloadShape::default()
    };
    let gso = |layer3, layer4, largest, fewest| OffloadShape {
        gso: Some((layer3, layer4, largest, fewest)),
        ..OffloadShape::default()
    };
    let ipv6 = NetAdapterOffloadLayer3FlagIPv6NoExtensions;
    let with = NetAdapterOffloadLayer3FlagIPv4WithOptions;
    let tcp_with = NetAdapterOffloadLayer4FlagTcpWithOptions;
    for (shape, rule) in [
        (checksum(with, 0), "INVALID_TX_CHECKSUM_CAPABILITIES"),
        (checksum(IPV4, tcp_with), "INVALID_TX_CHECKSUM_CAPABILITIES"),
        (checksum(0, 0), "INVALID_TX_CHECKSUM_HARDWARE_CAPABILITIES"),
        (checksum(0, TCP), "INVALID_TX_CHECKSUM_LAYER4_CAPABILITIES"),
        (checksum(ipv6, 0), "INVALID_TX_CHECKSUM_IPV6_FLAGS"),
        (gso(IPV4, TCP, 0, 2), "INVALID_GSO_CAPABILITIES"),
        (gso(IPV4, TCP, 1000, 0), "INVALID_GSO_CAPABILITIES"),
        (gso(IPV4, tcp_with, 1000, 2), "INVALID_GSO_CAPABILITIES"),
        (gso(0, 0, 0, 0), "INVALID_GSO_HARDWARE_CAPABILITIES"),
    ] {
        assert_eq!(rule_of_capabilities(shape), rule, "{shape:?}");
    }
}

#[test]
fn an_offload_is_looked_at_in_its_callback_only() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _started = start(system, EVERYTHING, &ALL_ON);
        let offload = *nic().kept_offload.lock() as NETOFFLOAD;
        super::fake_driver::net!(
            NetOffloadIsRxChecksumIPv4Enabled: PFN_NETOFFLOADISRXCHECKSUMIPV4ENABLED(offload)
        );
    });
    assert_eq!(finding.rule, "OFFLOAD_USED_OUTSIDE_OF_CALLBACK");
}

#[test]
fn the_combined_checksum_functions_went_with_2_0() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _started = started(system);
        let mut capabilities = NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES::init(1, 1, 1, None);
        super::fake_driver::net!(
            NetAdapterOffloadSetChecksumCapabilities: PFN_NETADAPTEROFFLOADSETCHECKSUMCAPABILITIES(
                nic().adapter(), &mut capabilities,
            )
        );
    });
    assert_eq!(finding.rule, "DEPRECATED_FUNCTION");
}

#[test]
fn filters_carry_the_complete_state_and_never_what_the_adapter_cannot() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        let edge = adapter.upper_edge().clone();
        nic().take_log();
        let multicast = [[1, 0, 0x5E, 0, 0, 1], [1, 0, 0x5E, 0, 0, 2]];
        assert_eq!(edge.set_multicast_list(&multicast), STATUS_SUCCESS);
        assert_eq!(
            edge.set_packet_filter(NetPacketFilterFlagDirected),
            STATUS_SUCCESS
        );
        assert_eq!(
            edge.set_packet_filter(NetPacketFilterFlagPromiscuous),
            STATUS_NOT_SUPPORTED
        );
        assert_eq!(edge.set_multicast_list(&[[1; 6]; 5]), STATUS_NOT_SUPPORTED);
        let expected = [
            "SetReceiveFilter 0xb, 2 addresses",
            "SetReceiveFilter 0x1, 2 addresses",
        ];
        assert_eq!(nic().take_log(), expected);
        device.stop();
        yield_now();
        assert_eq!(edge.set_packet_filter(0), STATUS_INVALID_DEVICE_REQUEST);
    });
}
