"""Prints each event that etl-parser finds in a file, one JSON object a line."""

import json
import sys

from etl.etl import IEtlFileObserver, build_from_stream


def show(**values):
    print(json.dumps(values))


def hook(header):
    return (int(header.group) << 8) | int(header.type)


def plain(value):
    return value if isinstance(value, (int, float, str, list)) else str(value)


class Observer(IEtlFileObserver):
    def on_event_record(self, event):
        header = event.source.event_header
        values = {
            "time": header.timestamp,
            "header": "event",
            "thread_id": event.get_thread_id(),
            "process_id": event.get_process_id(),
            "data": event.source.user_data.hex(),
            "items": [
                [item.ext_type, item.data_item.hex()] for item in event.source.extended_data or []
            ],
        }
        if header.event_descriptor.Channel == 11:
            logged = event.parse_tracelogging()
            values["name"] = logged.get_name()
            values["fields"] = {name: plain(value) for name, value in logged.items()}
        show(**values)

    def on_trace_record(self, event):
        source = event.source
        show(time=source.event_header.timestamp, header="full", data=source.user_data.hex())

    def on_perfinfo_trace(self, event):
        source = event.source
        show(
            time=source.timestamp,
            header="perfinfo",
            hook_id=hook(source.header),
            data=source.mof_data.hex(),
        )

    def on_system_trace(self, event):
        source = event.source
        header = source.system_header
        show(
            time=header.system_time,
            header="system",
            thread_id=header.thread_id,
            process_id=header.process_id,
            hook_id=hook(header.header),
            data=source.mof_data.hex(),
        )

    def on_win_trace(self, event):
        show(header="win")


with open(sys.argv[1], "rb") as file:
    build_from_stream(file.read()).parse(Observer())
