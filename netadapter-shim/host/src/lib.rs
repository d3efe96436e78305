//! Loads a NetAdapterCx driver image on Linux and behaves like Windows towards it.

pub mod exception;
pub mod executive;
pub mod fault_injection;
pub mod image;
pub mod inf;
pub mod kernel;
pub mod machine;
pub mod netcx;
pub mod pnp;
pub mod trap;
pub mod upper_edge;
pub mod verifier;
pub mod wdf;
