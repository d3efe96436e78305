// Structured exception handling, as compilers for Windows make it of __try.

#pragma once

#include "contract.h"

// Calls `callback(context)` in a `__try` with a `__finally` inside. Returns 0, or the code of the
// exception that ended the callback.
ULONG GuardedCall(void (*callback)(PVOID context), PVOID context, ULONG *handled);

// Whether exceptions do what they should.
BOOLEAN ExceptionsAreHandled(void);

// Fails an assertion where the filter passes it on.
void FailUnhandled(void);
