// The link between two adapters: what one sends, the other receives. A system thread carries it.

#pragma once

#include "inlined.h"

typedef struct END END;

// A packet queue. Elements from `Next` up to `Limit` are the thread's, those before `Next` go back
// to the system when the queue advances; receive queues have fragments, with buffers, in the same
// way. The link's lock guards all of it.
typedef struct {
    NETPACKETQUEUE Handle;
    NET_RING *Packets;
    NET_RING *Fragments;
    NET_EXTENSION Address;
    END *End;
    BOOLEAN IsReceive;
    BOOLEAN Started;
    BOOLEAN Armed;
    UINT32 Next;
    UINT32 Limit;
    UINT32 NextFragment;
    UINT32 FragmentLimit;
} QUEUE;

// One end of the link: an adapter with a queue each way.
struct END {
    NETADAPTER Adapter;
    ULONG Station;
    QUEUE *Tx;
    QUEUE *Rx;
    ULONG64 Sent;
    ULONG64 Dropped;
};

NTSTATUS LinkStart(void);
void LinkStop(void);
NTSTATUS LinkAttach(END *end);
void LinkDetach(END *end);

void LinkQueueStart(QUEUE *queue);
void LinkQueueAdvance(QUEUE *queue);
void LinkQueueCancel(QUEUE *queue);
void LinkQueueStop(QUEUE *queue);
void LinkQueueArm(QUEUE *queue, BOOLEAN armed);
