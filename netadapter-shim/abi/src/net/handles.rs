//! Handles and constants of NetAdapterCx.

use crate::declare::{constants, handles, opaque};

handles! {
    NETADAPTER = NETADAPTER__;
    NETCONFIGURATION = NETCONFIGURATION__;
    NETEXECUTIONCONTEXT = NETEXECUTIONCONTEXT__;
    NETEXECUTIONCONTEXTTASK = NETEXECUTIONCONTEXTTASK__;
    NETOFFLOAD = NETOFFLOAD__;
    NETPACKETQUEUE = NETPACKETQUEUE__;
    NETRECEIVEFILTER = NETRECEIVEFILTER__;
    NET_FRAGMENT_RETURN_CONTEXT_HANDLE = NET_FRAGMENT_RETURN_CONTEXT_HANDLE__;
}

opaque! {
    NETADAPTER_INIT;
    NETRXQUEUE_INIT;
    NETTXQUEUE_INIT;
}

/// The value of the C union: the locally unique identifier of a network interface.
pub type NET_LUID = u64;

constants! {
    u64 {
        NET_ADAPTER_LINK_SPEED_UNKNOWN = u64::MAX,
    }
    usize {
        NET_ADAPTER_FRAGMENT_DEFAULT_ALIGNMENT = 1,
    }
}
