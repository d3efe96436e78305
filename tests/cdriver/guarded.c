#include "guarded.h"

#include "inlined.h"

#define STATUS_ACCESS_VIOLATION 0xC0000005u
#define STATUS_ILLEGAL_INSTRUCTION 0xC000001Du
#define STATUS_INTEGER_DIVIDE_BY_ZERO 0xC0000094u
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#define CONTEXT_RCX 0x80

typedef struct {
    ULONG ExceptionCode;
    ULONG ExceptionFlags;
    PVOID ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG64 ExceptionInformation[15];
} EXCEPTION_RECORD;
SIZE_IS(EXCEPTION_RECORD, 152);

typedef struct {
    EXCEPTION_RECORD *ExceptionRecord;
    UCHAR *ContextRecord;
} EXCEPTION_POINTERS;

static ULONG Unwound;
static ULONG64 FaultingAddress;
static BOOLEAN RepairDivision;

__attribute__((used)) static LONG GuardFilter(EXCEPTION_POINTERS *pointers, PVOID establisher) {
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    (void)establisher;
    switch (record->ExceptionCode) {
    case STATUS_ACCESS_VIOLATION:
        FaultingAddress = record->ExceptionInformation[1];
        return EXCEPTION_EXECUTE_HANDLER;
    case STATUS_INTEGER_DIVIDE_BY_ZERO:
        if (!RepairDivision) return EXCEPTION_EXECUTE_HANDLER;
        *(ULONG64 *)(pointers->ContextRecord + CONTEXT_RCX) = 5;
        return EXCEPTION_CONTINUE_EXECUTION;
    case STATUS_ILLEGAL_INSTRUCTION:
        return EXCEPTION_EXECUTE_HANDLER;
    default:
        return EXCEPTION_CONTINUE_SEARCH;
    }
}

__attribute__((used)) static void GuardFinally(BOOLEAN is_abnormal, PVOID establisher) {
    (void)establisher;
    if (is_abnormal) Unwound++;
}

__asm__(".text\n"
        ".globl GuardedCall\n"
        ".def GuardedCall; .scl 2; .type 32; .endef\n"
        ".seh_proc GuardedCall\n"
        "GuardedCall:\n"
        "    pushq %rbx\n"
        "    .seh_pushreg %rbx\n"
        "    subq $32, %rsp\n"
        "    .seh_stackalloc 32\n"
        "    .seh_endprologue\n"
        "    .seh_handler __C_specific_handler, @unwind, @except\n"
        "    movq %r8, %rbx\n"
        "    movq %rcx, %rax\n"
        "    movq %rdx, %rcx\n"
        "guarded_begin:\n"
        "    call *%rax\n"
        "    nop\n"
        "guarded_end:\n"
        "    xorl %eax, %eax\n"
        "    jmp guarded_done\n"
        "guarded_except:\n"
        "    incl (%rbx)\n"
        "guarded_done:\n"
        "    addq $32, %rsp\n"
        "    popq %rbx\n"
        "    ret\n"
        "    .seh_handlerdata\n"
        "    .long 2\n"
        "    .rva guarded_begin, guarded_end, GuardFinally\n"
        "    .long 0\n"
        "    .rva guarded_begin, guarded_end, GuardFilter, guarded_except\n"
        "    .text\n"
        "    .seh_endproc\n");

// Saves a register that the guarded caller relies on, and loses it.
static void ReadThrough(PVOID context) {
    __asm__ volatile("xorq %%rbx, %%rbx\n\tmovl (%0), %%eax" : : "r"(context) : "rax", "rbx");
}

static void Divide(PVOID context) {
    ULONG quotient;
    __asm__ volatile("xorl %%edx, %%edx\n\txorl %%ecx, %%ecx\n\tmovl $20, %%eax\n\tdivl %%ecx"
                     : "=a"(quotient)
                     :
                     : "rcx", "rdx");
    *(ULONG *)context = quotient;
}

static void RunInto(PVOID context) {
    (void)context;
    __asm__ volatile("ud2");
}

static void FailAssertion(PVOID context) {
    (void)context;
    RaiseAssertionFailure();
}

BOOLEAN ExceptionsAreHandled(void) {
    ULONG handled = 0, quotient = 0;
    BOOLEAN is_right =
        GuardedCall(ReadThrough, (PVOID)0x18, &handled) == STATUS_ACCESS_VIOLATION &&
        FaultingAddress == 0x18 &&
        GuardedCall(Divide, &quotient, &handled) == STATUS_INTEGER_DIVIDE_BY_ZERO &&
        GuardedCall(RunInto, 0, &handled) == STATUS_ILLEGAL_INSTRUCTION &&
        handled == 3 && Unwound == 3 && quotient == 0;
    RepairDivision = TRUE;
    return is_right && GuardedCall(Divide, &quotient, &handled) == 0 && quotient == 4 &&
           handled == 3 && Unwound == 3;
}

void FailUnhandled(void) {
    ULONG handled = 0;
    GuardedCall(FailAssertion, 0, &handled);
}
