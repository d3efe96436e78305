#!/usr/bin/env bash
# Builds crosswire.sys with mingw-w64: build.sh FILE.sys [MINOR VERSION OF NETADAPTERCX]
set -euo pipefail
output=$(realpath "$1")
minor=${2:-3}
cd "$(dirname "${BASH_SOURCE[0]}")"
target=x86_64-w64-mingw32
inputs=(contract.h inlined.h link.h guarded.h stub.c link.c guarded.c crosswire.c ntoskrnl.def wdfldr.def build.sh)
libraries=$(mktemp -d)
trap 'rm -rf "$libraries"' EXIT

import_library() {
    $target-dlltool --machine i386:x86-64 --input-def "$1.def" --output-lib "$libraries/$1.a"
}

# The little-endian bytes of a number of 32 bits at a place in the image.
write_word() {
    local number=$2 bytes=
    for _ in 1 2 3 4; do
        bytes+=$(printf '\\x%02x' $((number & 255)))
        number=$((number >> 8))
    done
    printf '%b' "$bytes" | dd of="$output" bs=1 seek=$(($1)) conv=notrunc status=none
}

read_word() {
    od --address-radix=n --format=u4 --endian=little --skip-bytes=$(($1)) --read-bytes=4 "$output"
}

# Enters the section .loadcfg as the image's load configuration. The checksum, which counts for what
# Windows loads at boot only, would no longer be right.
enter_load_configuration() {
    local size address base header
    read -r _ _ size address _ < <($target-objdump --section-headers "$output" | grep -w .loadcfg)
    base=$($target-objdump --private-headers "$output" | awk '/^ImageBase/ { print $2 }')
    header=$(($(read_word 0x3c) + 24))
    write_word $((header + 112 + 8 * 10)) $((0x$address - 0x$base))
    write_word $((header + 112 + 8 * 10 + 4)) $((0x$size))
    write_word $((header + 64)) 0
}

import_library ntoskrnl
import_library wdfldr
sources=$(cat "${inputs[@]}" | sha256sum)
$target-gcc -std=c11 -O2 -ffreestanding -fno-ident -fno-strict-aliasing -mno-sse \
    -Wall -Wextra -Werror "-DCLASS_MINOR=$minor" "-DSOURCES=\"sources ${sources%% *}\"" \
    -nostdlib -shared -s -Wl,--subsystem,native -Wl,--entry,FxDriverEntry -Wl,--dynamicbase \
    -Wl,--nxcompat -Wl,--no-insert-timestamp -Wl,--image-base,0x140000000 -Wl,--exclude-all-symbols \
    -o "$output" stub.c link.c guarded.c crosswire.c "$libraries/ntoskrnl.a" "$libraries/wdfldr.a"
enter_load_configuration
