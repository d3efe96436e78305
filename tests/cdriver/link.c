#include "link.h"

#define ENDS 2

// Table indices of the notifications.
enum { NetRxQueueNotify = 59, NetTxQueueNotify = 64 };
typedef void NOTIFY(NET_DRIVER_GLOBALS *globals, NETPACKETQUEUE queue);

static struct {
    // Guards the queues; whoever comes or goes has the push lock too.
    KSPIN_LOCK Lock;
    EX_PUSH_LOCK Membership;
    KEVENT Work;
    PVOID Thread;
    volatile BOOLEAN StopRequested;
    END *Ends[ENDS];
    ULONG64 LastActivity;
    ULONG64 Cycles;
    ULONG LastProcessor;
} Link;

static UCHAR Acquire(void) {
    UCHAR before = KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(&Link.Lock);
    return before;
}

static void Release(UCHAR before) {
    KeReleaseSpinLockFromDpcLevel(&Link.Lock);
    WriteIrql(before);
}

static PVOID Element(NET_RING *ring, UINT32 index) {
    return ring->Buffer + (SIZE_T)ring->ElementStride * index;
}

static UINT32 After(NET_RING *ring, UINT32 index, UINT32 distance) {
    return (index + distance) & ring->ElementIndexMask;
}

static UCHAR *BufferOf(QUEUE *queue, UINT32 fragment) {
    return *(UCHAR **)(queue->Address.FirstElement + queue->Address.ElementStride * fragment);
}

// Puts the fragments of a sent packet together in the next receive buffer; its length, or zero if
// it does not fit.
static SIZE_T Gather(QUEUE *tx, const NET_PACKET *packet, UCHAR *to, SIZE_T room) {
    SIZE_T length = 0;
    for (UINT32 number = 0; number < packet->FragmentCount; number++) {
        UINT32 index = After(tx->Fragments, packet->FragmentIndex, number);
        NET_FRAGMENT *fragment = Element(tx->Fragments, index);
        SIZE_T bytes = fragment->ValidLength;
        if (bytes > room - length) return 0;
        memcpy(to + length, BufferOf(tx, index) + fragment->Offset, bytes);
        length += bytes;
    }
    return length;
}

static BOOLEAN HasElements(QUEUE *queue) {
    if (!queue || !queue->Started || queue->Next == queue->Limit) return FALSE;
    return !queue->IsReceive || queue->NextFragment != queue->FragmentLimit;
}

// Hands one packet over. Both queues have elements.
static void Carry(END *from, QUEUE *tx, QUEUE *rx) {
    NET_PACKET *sent = Element(tx->Packets, tx->Next);
    if (!sent->Ignore) {
        NET_FRAGMENT *fragment = Element(rx->Fragments, rx->NextFragment);
        SIZE_T length =
            Gather(tx, sent, BufferOf(rx, rx->NextFragment), (SIZE_T)fragment->Capacity);
        if (length) {
            NET_PACKET *received = Element(rx->Packets, rx->Next);
            fragment->ValidLength = length;
            fragment->Offset = 0;
            received->FragmentIndex = rx->NextFragment;
            received->FragmentCount = 1;
            memcpy(received->Layout, sent->Layout, sizeof(sent->Layout));
            rx->NextFragment = After(rx->Fragments, rx->NextFragment, 1);
            rx->Next = After(rx->Packets, rx->Next, 1);
            from->Sent++;
        } else {
            from->Dropped++;
        }
    }
    tx->Next = After(tx->Packets, tx->Next, 1);
}

static void Notify(QUEUE *queue) {
    if (!queue || !queue->Started || !queue->Armed) return;
    queue->Armed = FALSE;
    ULONG index = queue->IsReceive ? NetRxQueueNotify : NetTxQueueNotify;
    NET_CALL(index, NOTIFY *)(NetDriverGlobals, queue->Handle);
}

// Carries what one end has sent, as far as the other has buffers. Without another end, or while
// that does not receive, it is lost, as on a cable that nobody holds.
static void Pump(END *from, END *to) {
    if (!from || !HasElements(from->Tx)) return;
    QUEUE *rx = to ? to->Rx : 0;
    ULONG64 started = ReadTimeStampCounter();
    UINT32 before = from->Tx->Next;
    while (HasElements(from->Tx) && HasElements(rx)) Carry(from, from->Tx, rx);
    if (!rx || !rx->Started) {
        while (HasElements(from->Tx)) {
            from->Tx->Next = After(from->Tx->Packets, from->Tx->Next, 1);
            from->Dropped++;
        }
    }
    if (from->Tx->Next == before) return;
    Notify(from->Tx);
    Notify(rx);
    // The statistics are also what an interrupt routine would read.
    ULONG64 flags = DisableInterrupts();
    Link.LastActivity = KeQueryInterruptTime();
    Link.LastProcessor = KeGetCurrentProcessorIndex();
    Link.Cycles += ReadTimeStampCounter() - started;
    RestoreInterrupts(flags);
}

static void Worker(PVOID context) {
    (void)context;
    for (;;) {
        KeWaitForSingleObject(&Link.Work, Executive, KernelMode, FALSE, 0);
        if (Link.StopRequested) return;
        NT_ASSERT(KeGetCurrentThread() == *(PVOID volatile *)&Link.Thread);
        UCHAR before = Acquire();
        NT_ASSERT(KeGetCurrentIrql() == DISPATCH_LEVEL);
        Pump(Link.Ends[0], Link.Ends[1]);
        Pump(Link.Ends[1], Link.Ends[0]);
        Release(before);
    }
}

NTSTATUS LinkStart(void) {
    HANDLE handle;
    ExInitializePushLock(&Link.Membership);
    KeInitializeEvent(&Link.Work, SynchronizationEvent, FALSE);
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, 0, 0, 0, Worker, 0);
    if (!NT_SUCCESS(status)) return status;
    status =
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, 0, KernelMode, &Link.Thread, 0);
    ZwClose(handle);
    return status;
}

void LinkStop(void) {
    Link.StopRequested = TRUE;
    KeSetEvent(&Link.Work, 0, FALSE);
    KeWaitForSingleObject(Link.Thread, Executive, KernelMode, FALSE, 0);
    ObfDereferenceObject(Link.Thread);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL,
               "crosswire: last carried on processor %u, %s cycles counted\n", Link.LastProcessor,
               Link.Cycles ? "some" : "no");
}

// Puts `after` where `before` is among the ends.
static BOOLEAN Replace(END *before, END *after) {
    BOOLEAN is_done = FALSE;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusiveEx(&Link.Membership, 0);
    UCHAR irql = Acquire();
    for (ULONG number = 0; number < ENDS && !is_done; number++) {
        if (Link.Ends[number] != before) continue;
        Link.Ends[number] = after;
        is_done = TRUE;
    }
    Release(irql);
    ExReleasePushLockExclusiveEx(&Link.Membership, 0);
    KeLeaveCriticalRegion();
    return is_done;
}

NTSTATUS LinkAttach(END *end) { return Replace(0, end) ? STATUS_SUCCESS : STATUS_DEVICE_BUSY; }

void LinkDetach(END *end) {
    Replace(end, 0);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL,
               "crosswire: station %u sent %u frames, %u were dropped\n", end->Station,
               (ULONG)end->Sent, (ULONG)end->Dropped);
}

void LinkQueueStart(QUEUE *queue) {
    UCHAR before = Acquire();
    queue->Next = queue->Limit = queue->Packets->BeginIndex;
    queue->NextFragment = queue->FragmentLimit = queue->Fragments->BeginIndex;
    queue->Armed = FALSE;
    queue->Started = TRUE;
    Release(before);
}

// Gives back what the thread is done with, and takes what is new.
void LinkQueueAdvance(QUEUE *queue) {
    UCHAR before = Acquire();
    queue->Limit = queue->Packets->EndIndex;
    queue->FragmentLimit = queue->Fragments->EndIndex;
    queue->Packets->BeginIndex = queue->Next;
    if (queue->IsReceive) {
        queue->Fragments->BeginIndex = queue->NextFragment;
    } else if (queue->Next == queue->Limit) {
        queue->Fragments->BeginIndex = queue->Fragments->EndIndex;
    } else {
        NET_PACKET *packet = Element(queue->Packets, queue->Next);
        if (!packet->Ignore) queue->Fragments->BeginIndex = packet->FragmentIndex;
    }
    Release(before);
    KeSetEvent(&Link.Work, 0, FALSE);
}

void LinkQueueCancel(QUEUE *queue) {
    UCHAR before = Acquire();
    queue->Started = FALSE;
    for (UINT32 index = queue->Next; queue->IsReceive && index != queue->Packets->EndIndex;
         index = After(queue->Packets, index, 1)) {
        ((NET_PACKET *)Element(queue->Packets, index))->Ignore = 1;
    }
    queue->Next = queue->Limit = queue->Packets->EndIndex;
    queue->NextFragment = queue->FragmentLimit = queue->Fragments->EndIndex;
    queue->Packets->BeginIndex = queue->Packets->EndIndex;
    queue->Fragments->BeginIndex = queue->Fragments->EndIndex;
    Release(before);
}

void LinkQueueStop(QUEUE *queue) {
    UCHAR before = Acquire();
    queue->Started = FALSE;
    queue->Armed = FALSE;
    Release(before);
}

// What the thread has finished before the notification was armed is noticed here.
void LinkQueueArm(QUEUE *queue, BOOLEAN armed) {
    UCHAR before = Acquire();
    queue->Armed = armed;
    if (armed && queue->Next != queue->Packets->BeginIndex) Notify(queue);
    Release(before);
}
