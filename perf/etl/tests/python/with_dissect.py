"""Prints each event that dissect.etl finds in a file, one JSON object a line."""

import json
import sys

from dissect.etl import ETL


def event(header):
    result = {
        "time": header.time_delta,
        "header": type(header).__name__,
        "data": bytes(header.payload).hex(),
    }
    for name in ("thread_id", "process_id", "hook_id"):
        value = getattr(header, name, None)
        if value is not None:
            result[name] = int(value)
    if hasattr(header, "header_extensions"):
        result["items"] = [
            [int(item.ext_type), bytes(item.raw_data).hex()] for item in header.header_extensions
        ]
        # It takes the three little-endian groups for big-endian ones.
        result["provider"] = header.provider_id.bytes.hex()
    return result


with open(sys.argv[1], "rb") as file:
    for record in ETL(file):
        print(json.dumps(event(record.header)))
