"""Uses OGC API Processes with OWSLib.

    owslib_processes.py ROOT KEY INPUTS

INPUTS are those of the process drift, as JSON. Prints what the client understood as JSON: the processes, an echo, a drift that was
waited for and one that was followed as a job.
"""

import json
import sys
import time

from owslib.ogcapi.processes import Processes
from owslib.util import http_get

root, key, inputs = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client = Processes(root, headers={"Authorization": f"Bearer {key}"})
echo = client.execute("echo", {"echo": "hello"})
outputs = {"datums": {"transmissionMode": "value"}, "summary": {"transmissionMode": "value"}}
waited = client.execute("drift", inputs, outputs)
created = client.execute("drift", inputs, outputs, async_=True)
location = client.response_headers["Location"]


def read(address):
    return http_get(address, headers={"Authorization": f"Bearer {key}"}).json()


deadline = time.monotonic() + 60
status = read(location)
while status["status"] in ("accepted", "running") and time.monotonic() < deadline:
    time.sleep(0.2)
    status = read(location)
results = [link["href"] for link in status["links"] if link["rel"].endswith("/results")]
print(
    json.dumps(
        {
            "processes": [process["id"] for process in client.processes()],
            "inputs": sorted(client.process("drift")["inputs"]),
            "echo": echo,
            "waited": waited,
            "created": created,
            "location": location,
            "status": status,
            "results": read(results[0]) if results else None,
        }
    )
)
