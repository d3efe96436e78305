//! The kinds of framework objects and what the framework allows for each.

/// What a framework object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ObjectKind {
    /// WDFDRIVER.
    Driver = 1,
    /// WDFDEVICE.
    Device,
    /// WDFINTERRUPT.
    Interrupt,
    /// WDFDMAENABLER.
    DmaEnabler,
    /// WDFCOMMONBUFFER.
    CommonBuffer,
    /// WDFWORKITEM.
    WorkItem,
    /// WDFTIMER.
    Timer,
    /// WDFDPC.
    Dpc,
    /// WDFSPINLOCK.
    SpinLock,
    /// WDFWAITLOCK.
    WaitLock,
    /// WDFMEMORY.
    Memory,
    /// WDFQUEUE.
    IoQueue,
    /// WDFREQUEST.
    Request,
    /// WDFFILEOBJECT.
    FileObject,
    /// WDFSTRING.
    String,
    /// WDFCOLLECTION.
    Collection,
    /// WDFLOOKASIDE.
    Lookaside,
    /// WDFKEY.
    Key,
    /// WDFCMRESLIST: assigned resources.
    ResourceList,
    /// WDFIORESREQLIST: all logical configurations that a device could use.
    RequirementsList,
    /// WDFIORESLIST: one logical configuration.
    RequirementList,
    /// The object of `WdfObjectCreate`, which has no functions of its own.
    General,
    /// NETADAPTER.
    NetAdapter,
    /// NETPACKETQUEUE.
    NetPacketQueue,
    /// NETCONFIGURATION.
    NetConfiguration,
    /// NETEXECUTIONCONTEXT.
    NetExecutionContext,
    /// NETEXECUTIONCONTEXTTASK.
    NetExecutionContextTask,
}

/// Whether the attributes of an object may name a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParentRule {
    /// Never: the framework knows the parent.
    Forbidden,
    /// They may; without one the framework takes its own choice.
    Optional,
    /// They must.
    Required,
}

/// What the framework allows for objects of one kind
/// (*WDF_OBJECT_ATTRIBUTES structure*, and the page of each create function).
#[derive(Clone, Copy, Debug)]
pub(super) struct KindRules {
    pub(super) parent: ParentRule,
    /// Whether an execution level and a synchronization scope may be set.
    pub(super) levels: bool,
    /// Whether cleanup and destruction run at PASSIVE_LEVEL whatever the caller's IRQL is.
    pub(super) passive_dispose: bool,
    /// Whether the driver may call `WdfObjectDelete`.
    pub(super) driver_deletes: bool,
}

impl ObjectKind {
    pub(super) const ALL: [Self; 27] = [
        Self::Driver,
        Self::Device,
        Self::Interrupt,
        Self::DmaEnabler,
        Self::CommonBuffer,
        Self::WorkItem,
        Self::Timer,
        Self::Dpc,
        Self::SpinLock,
        Self::WaitLock,
        Self::Memory,
        Self::IoQueue,
        Self::Request,
        Self::FileObject,
        Self::String,
        Self::Collection,
        Self::Lookaside,
        Self::Key,
        Self::ResourceList,
        Self::RequirementsList,
        Self::RequirementList,
        Self::General,
        Self::NetAdapter,
        Self::NetPacketQueue,
        Self::NetConfiguration,
        Self::NetExecutionContext,
        Self::NetExecutionContextTask,
    ];

    /// The name of the handle type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Driver => "WDFDRIVER",
            Self::Device => "WDFDEVICE",
            Self::Interrupt => "WDFINTERRUPT",
            Self::DmaEnabler => "WDFDMAENABLER",
            Self::CommonBuffer => "WDFCOMMONBUFFER",
            Self::WorkItem => "WDFWORKITEM",
            Self::Timer => "WDFTIMER",
            Self::Dpc => "WDFDPC",
            Self::SpinLock => "WDFSPINLOCK",
            Self::WaitLock => "WDFWAITLOCK",
            Self::Memory => "WDFMEMORY",
            Self::IoQueue => "WDFQUEUE",
            Self::Request => "WDFREQUEST",
            Self::FileObject => "WDFFILEOBJECT",
            Self::String => "WDFSTRING",
            Self::Collection => "WDFCOLLECTION",
            Self::Lookaside => "WDFLOOKASIDE",
            Self::Key => "WDFKEY",
            Self::ResourceList => "WDFCMRESLIST",
            Self::RequirementsList => "WDFIORESREQLIST",
            Self::RequirementList => "WDFIORESLIST",
            Self::General => "WDFOBJECT",
            Self::NetAdapter => "NETADAPTER",
            Self::NetPacketQueue => "NETPACKETQUEUE",
            Self::NetConfiguration => "NETCONFIGURATION",
            Self::NetExecutionContext => "NETEXECUTIONCONTEXT",
            Self::NetExecutionContextTask => "NETEXECUTIONCONTEXTTASK",
        }
    }

    pub(super) fn rules(self) -> KindRules {
        use ParentRule::{Forbidden, Optional, Required};
        let (parent, levels, passive_dispose, driver_deletes) = match self {
            Self::Driver | Self::Device => (Forbidden, true, true, false),
            Self::Interrupt => (Optional, false, true, true),
            Self::DmaEnabler => (Optional, false, true, true),
            Self::CommonBuffer => (Forbidden, false, true, true),
            Self::WorkItem | Self::Timer => (Required, true, true, true),
            Self::Dpc => (Required, false, true, true),
            Self::SpinLock | Self::WaitLock | Self::Memory => (Optional, false, false, true),
            Self::General => (Optional, true, false, true),
            Self::IoQueue => (Optional, true, true, true),
            Self::Request => (Forbidden, true, false, false),
            Self::FileObject => (Forbidden, true, true, false),
            Self::String | Self::Key => (Optional, false, true, true),
            Self::Collection | Self::Lookaside => (Optional, false, false, true),
            Self::ResourceList | Self::RequirementsList | Self::RequirementList => {
                (Forbidden, false, false, false)
            }
            Self::NetAdapter => (Forbidden, false, true, true),
            Self::NetPacketQueue => (Forbidden, false, true, false),
            Self::NetConfiguration => (Optional, false, true, true),
            Self::NetExecutionContext | Self::NetExecutionContextTask => {
                (Forbidden, false, true, true)
            }
        };
        KindRules {
            parent,
            levels,
            passive_dispose,
            driver_deletes,
        }
    }
}
