// What WdfDriverEntry.lib and NetAdapterCxStub.lib add to a driver: the entry point, the bind
// records, and the security cookie that the loader initialises.

#include "inlined.h"

#ifndef CLASS_MINOR
#define CLASS_MINOR 3
#endif

#if CLASS_MINOR == 0
#define CLASS_FUNCTIONS 75
#elif CLASS_MINOR == 3
#define CLASS_FUNCTIONS 125
#elif CLASS_MINOR == 5
#define CLASS_FUNCTIONS 132
#else
#error "no table size is known for this version of NetAdapterCx"
#endif

#define KMDF_MINOR 33
#define KMDF_FUNCTIONS 458
#define PATH_UNITS 260

WDF_DRIVER_GLOBALS *WdfDriverGlobals;
const PVOID *WdfFunctions;
NET_DRIVER_GLOBALS *NetDriverGlobals;
PVOID NetFunctions[CLASS_FUNCTIONS];

static WDF_BIND_INFO BindInfo = {
    .Size = sizeof(WDF_BIND_INFO),
    .Component = L"KmdfLibrary",
    .Version = {1, KMDF_MINOR, 0},
    .FuncCount = KMDF_FUNCTIONS,
    .FuncTable = &WdfFunctions,
};

// Class extensions put their records between two markers; the linker sorts what is behind the
// dollar sign.
typedef struct {
    UCHAR Pad[16];
} __attribute__((aligned(16))) MARKER;
#define SECTION(name) __attribute__((section(".kmdfclassbind$" name), used))

static MARKER ClassBindStart SECTION("a");
static MARKER ClassBindEnd SECTION("c");

#define CLASS_RECORD                                                                               \
    .ClassName = L"NetAdapterCx", .Version = {2, CLASS_MINOR, 0}, .FunctionTable = NetFunctions,   \
    .FunctionTableCount = CLASS_FUNCTIONS, .ClassBindInfo = &NetDriverGlobals

#if CLASS_MINOR < 4
static WDF_CLASS_BIND_INFO NetAdapterCxRecord SECTION("b") = {
    .Size = sizeof(WDF_CLASS_BIND_INFO), CLASS_RECORD};
#else
static ULONG NetMinimumVersionRequired = 4;
static BOOLEAN NetClientVersionHigherThanFramework;
static ULONG NetFunctionCount = CLASS_FUNCTIONS;
static ULONG NetStructureCount = 46;
static SIZE_T *NetStructures;
static WDF_CLASS_BIND_INFO2 NetAdapterCxRecord SECTION("b") = {
    .V1 = {.Size = sizeof(WDF_CLASS_BIND_INFO2), CLASS_RECORD},
    .MinimumVersionRequired = &NetMinimumVersionRequired,
    .ClientVersionHigherThanFramework = &NetClientVersionHigherThanFramework,
    .FuncCountPtr = &NetFunctionCount,
    .StructCountPtr = &NetStructureCount,
    .StructTable = &NetStructures,
};
#endif

// The load configuration, as far as the security cookie. The build enters this section into the
// image's data directory, which older linkers do not do.
#define DEFAULT_SECURITY_COOKIE 0x00002B992DDFA232ull
ULONG64 __security_cookie = DEFAULT_SECURITY_COOKIE;
static const struct {
    ULONG Size;
    ULONG Fields[21];
    ULONG64 *SecurityCookie;
} LoadConfig __attribute__((section(".loadcfg"), used)) = {.Size = 96, .SecurityCookie = &__security_cookie};
_Static_assert(__builtin_offsetof(__typeof__(LoadConfig), SecurityCookie) == 88, "cookie");

static WCHAR PathUnits[PATH_UNITS];
static UNICODE_STRING Path = {0, sizeof(PathUnits), PathUnits};
static ULONG BoundClasses;

// The record at a place, or nothing where the linker has padded.
static WDF_CLASS_BIND_INFO *RecordAt(UCHAR *place) {
    ULONG size = *(volatile ULONG *)place;
    if (size != sizeof(WDF_CLASS_BIND_INFO) && size != sizeof(WDF_CLASS_BIND_INFO2)) return 0;
    return (WDF_CLASS_BIND_INFO *)place;
}

static NTSTATUS BindClasses(void) {
    UCHAR *place = (UCHAR *)(&ClassBindStart + 1);
    UCHAR *end = (UCHAR *)&ClassBindEnd;
    while (place + sizeof(WDF_CLASS_BIND_INFO) <= end) {
        WDF_CLASS_BIND_INFO *record = RecordAt(place);
        if (!record) {
            if (*(volatile ULONG64 *)place) return STATUS_INVALID_IMAGE_FORMAT;
            place += sizeof(ULONG64);
            continue;
        }
        NTSTATUS status = WdfVersionBindClass(&BindInfo, WdfDriverGlobals, record);
        if (!NT_SUCCESS(status)) return status;
        BoundClasses++;
        place += record->Size;
    }
    return BoundClasses ? STATUS_SUCCESS : STATUS_INVALID_IMAGE_FORMAT;
}

static void Unbind(void) {
    if (BoundClasses) {
        WdfVersionUnbindClass(&BindInfo, WdfDriverGlobals, (PVOID)&NetAdapterCxRecord);
    }
    WdfVersionUnbind(&Path, &BindInfo, WdfDriverGlobals);
}

// DRIVER_OBJECT, as far as the routine that unloads.
typedef struct {
    UCHAR Before[0x68];
    void (*DriverUnload)(DRIVER_OBJECT *driver);
} UNLOADABLE;

static void (*DisplacedUnload)(DRIVER_OBJECT *driver);

static void StubUnload(DRIVER_OBJECT *driver) {
    if (DisplacedUnload) DisplacedUnload(driver);
    Unbind();
}

static void CopyPath(const UNICODE_STRING *path) {
    ULONG units = path->Length / sizeof(WCHAR);
    if (units > PATH_UNITS - 1) units = PATH_UNITS - 1;
    for (ULONG unit = 0; unit < units; unit++) PathUnits[unit] = path->Buffer[unit];
    Path.Length = units * sizeof(WCHAR);
}

NTSTATUS FxDriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path) {
    if (*(volatile ULONG64 *)&__security_cookie == DEFAULT_SECURITY_COOKIE) {
        FastFail(FAST_FAIL_GS_COOKIE_INIT);
    }
    CopyPath(registry_path);
    NTSTATUS status = WdfVersionBind(driver, &Path, &BindInfo, &WdfDriverGlobals);
    if (!NT_SUCCESS(status)) return status;
    status = BindClasses();
    if (NT_SUCCESS(status)) status = DriverEntry(driver, registry_path);
    if (!NT_SUCCESS(status)) {
        Unbind();
        return status;
    }
    UNLOADABLE *unloadable = (UNLOADABLE *)driver;
    if (WdfDriverGlobals->DisplaceDriverUnload) {
        if (unloadable->DriverUnload != StubUnload) DisplacedUnload = unloadable->DriverUnload;
        unloadable->DriverUnload = StubUnload;
    }
    return STATUS_SUCCESS;
}

// The compiler's own.

PVOID memset(PVOID to, int value, SIZE_T bytes) {
    PVOID start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return start;
}

PVOID memcpy(PVOID to, const void *from, SIZE_T bytes) {
    PVOID start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}
