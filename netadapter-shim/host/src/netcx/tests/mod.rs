//! The class extension and the upper edge, with a driver made of Rust functions between a wire
//! that is a list and the rest of the host.

mod fake_driver;
mod life_cycle;
mod offload;
mod offloads;
mod queues;
mod receive_modes;
mod rings;
mod scaling;
mod traffic;
mod transmit_mapping;
mod violations;
