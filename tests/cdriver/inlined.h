// What the kits' headers compile into drivers instead of calls: IRQL through cr8, fields of the
// processor block through gs, times in the shared data page, assertions and fast fails.

#pragma once

#include "contract.h"

static inline UCHAR KeGetCurrentIrql(void) {
    ULONG64 irql;
    __asm__ volatile("mov %%cr8, %0" : "=r"(irql));
    return (UCHAR)irql;
}

static inline void WriteIrql(UCHAR irql) {
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG64)irql) : "memory");
}

static inline UCHAR KeRaiseIrqlToDpcLevel(void) {
    UCHAR before = KeGetCurrentIrql();
    WriteIrql(DISPATCH_LEVEL);
    return before;
}

static inline ULONG KeGetCurrentProcessorIndex(void) {
    ULONG index;
    __asm__ volatile("movl %%gs:0x1a4, %0" : "=r"(index));
    return index;
}

static inline PVOID KeGetCurrentThread(void) {
    PVOID thread;
    __asm__ volatile("movq %%gs:0x188, %0" : "=r"(thread));
    return thread;
}

#define SHARED_DATA 0xFFFFF78000000000ull

static inline ULONG64 KeQueryInterruptTime(void) {
    return *(volatile ULONG64 *)(SHARED_DATA + 0x08);
}

static inline ULONG64 KeQuerySystemTime(void) {
    return *(volatile ULONG64 *)(SHARED_DATA + 0x14);
}

static inline ULONG NtMajorVersion(void) {
    return *(volatile ULONG *)(SHARED_DATA + 0x26c);
}

static inline ULONG64 ReadTimeStampCounter(void) {
    ULONG low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (ULONG64)high << 32 | low;
}

// Masks interrupts and says whether they were masked before.
static inline ULONG64 DisableInterrupts(void) {
    ULONG64 flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void RestoreInterrupts(ULONG64 flags) {
    __asm__ volatile("pushq %0\n\tpopfq" : : "r"(flags) : "memory", "cc");
}

static inline void RaiseAssertionFailure(void) {
    __asm__ volatile("int $0x2c");
}

#define NT_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) RaiseAssertionFailure();                                                 \
    } while (0)

#define FAST_FAIL_CORRUPT_LIST_ENTRY 3
#define FAST_FAIL_GS_COOKIE_INIT 6

static inline void FastFail(ULONG code) {
    __asm__ volatile("int $0x29" : : "c"(code) : "memory");
    __builtin_unreachable();
}
