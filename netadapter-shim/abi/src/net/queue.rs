//! Packet queues, execution contexts, extension queries.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_QUEUE_CONFIG {
    pub Size: ULONG,
    pub EvtStart: PFN_PACKET_QUEUE_START,
    pub EvtStop: PFN_PACKET_QUEUE_STOP,
    pub EvtAdvance: PFN_PACKET_QUEUE_ADVANCE,
    pub EvtSetNotificationEnabled: PFN_PACKET_QUEUE_SET_NOTIFICATION_ENABLED,
    pub EvtCancel: PFN_PACKET_QUEUE_CANCEL,
    pub ExecutionContext: NETEXECUTIONCONTEXT,
}

impl NET_PACKET_QUEUE_CONFIG {
    /// `NET_PACKET_QUEUE_CONFIG_INIT`.
    pub const fn init(
        EvtAdvance: PFN_PACKET_QUEUE_ADVANCE,
        EvtSetNotificationEnabled: PFN_PACKET_QUEUE_SET_NOTIFICATION_ENABLED,
        EvtCancel: PFN_PACKET_QUEUE_CANCEL,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtAdvance,
            EvtSetNotificationEnabled,
            EvtCancel,
            ..Self::zeroed()
        }
    }

    /// `NET_RX_QUEUE_CONFIG_INIT_EXECUTION_CONTEXT`.
    pub const fn init_rx_execution_context(
        ExecutionContext: NETEXECUTIONCONTEXT,
        EvtAdvance: PFN_PACKET_QUEUE_ADVANCE,
        EvtCancel: PFN_PACKET_QUEUE_CANCEL,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtAdvance,
            EvtCancel,
            ExecutionContext,
            ..Self::zeroed()
        }
    }

    /// `NET_TX_QUEUE_CONFIG_INIT_EXECUTION_CONTEXT`.
    pub const fn init_tx_execution_context(
        ExecutionContext: NETEXECUTIONCONTEXT,
        EvtAdvance: PFN_PACKET_QUEUE_ADVANCE,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtAdvance,
            ExecutionContext,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_EXECUTION_CONTEXT_CONFIG {
    pub Size: ULONG,
    pub EvtPreAdvance: PFN_NET_EXECUTION_CONTEXT_PRE_ADVANCE,
    pub EvtPostAdvance: PFN_NET_EXECUTION_CONTEXT_POST_ADVANCE,
    pub EvtSetNotificationEnabled: PFN_NET_EXECUTION_CONTEXT_SET_NOTIFICATION_ENABLED,
}

impl NET_EXECUTION_CONTEXT_CONFIG {
    /// `NET_EXECUTION_CONTEXT_CONFIG_INIT`.
    pub const fn init(
        EvtSetNotificationEnabled: PFN_NET_EXECUTION_CONTEXT_SET_NOTIFICATION_ENABLED,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtSetNotificationEnabled,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_EXECUTION_CONTEXT_TASK_CONFIG {
    pub Size: ULONG,
    pub EvtTask: PFN_NET_EXECUTION_CONTEXT_TASK,
}

impl NET_EXECUTION_CONTEXT_TASK_CONFIG {
    /// `NET_EXECUTION_CONTEXT_TASK_CONFIG_INIT`.
    pub const fn init(EvtTask: PFN_NET_EXECUTION_CONTEXT_TASK) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtTask,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_EXTENSION {
    /// Once the extension is enabled: the address of the data of element 0, and the stride of the elements.
    pub Reserved: [PVOID; 4],
    pub Anonymous: NET_EXTENSION_Anonymous,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union NET_EXTENSION_Anonymous {
    pub Enabled: BOOLEAN,
    pub Reserved1: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_EXTENSION_QUERY {
    pub Size: ULONG,
    pub Name: *const u16,
    pub Version: ULONG,
    pub Type: NET_EXTENSION_TYPE,
}

impl NET_EXTENSION_QUERY {
    /// `NET_EXTENSION_QUERY_INIT`.
    pub const fn init(Name: *const u16, Version: ULONG, Type: NET_EXTENSION_TYPE) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Name,
            Version,
            Type,
        }
    }
}

zeroed! {
    NET_PACKET_QUEUE_CONFIG, NET_EXECUTION_CONTEXT_CONFIG, NET_EXECUTION_CONTEXT_TASK_CONFIG, NET_EXTENSION, NET_EXTENSION_QUERY,
}
