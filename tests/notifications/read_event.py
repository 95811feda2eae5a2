"""Reads a CloudEvent from an HTTP request by the official SDK, and writes what that makes of it.

Standard input is `{"headers": {…}, "body": "…"}`, standard output the attributes and the data, as JSON.
"""

import json
import sys

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

request = json.load(sys.stdin)
message = HTTPMessage(headers=request["headers"], body=request["body"].encode())
event: BaseCloudEvent = from_http(message, JSONFormat(), CloudEvent)
attributes = {name: value if isinstance(value, str) else value.isoformat() for name, value in event.get_attributes().items()}
json.dump({"attributes": attributes, "data": event.get_data()}, sys.stdout)
