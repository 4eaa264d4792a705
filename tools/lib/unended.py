"""Names the tests of an event stream of swift-testing that began and did not end, but for suites."""

import json
import sys

suites, running = set(), {}
with open(sys.argv[1]) as lines:
    for line in lines:
        if not line.endswith("\n"):
            break
        record = json.loads(line)
        payload = record["payload"]
        if record["kind"] == "test":
            if payload["kind"] == "suite":
                suites.add(payload["id"])
        elif payload["kind"] == "testStarted":
            running[payload["testID"]] = True
        elif payload["kind"] in ("testEnded", "testSkipped"):
            running.pop(payload["testID"], None)
for test in running:
    if test not in suites:
        print("  " + test)
