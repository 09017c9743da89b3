"""Asks the service `wordcount` from Python. usage: count.py TEXT [GATEWAY...]"""

import sys

import shoal  # clients/python/shoal.py, on PYTHONPATH or copied here

with shoal.Client(sys.argv[2:] or ["tcp://127.0.0.1:5555"], timeout=5) as client:
    try:
        print(client.call("wordcount", "count", sys.argv[1]).decode())
    except shoal.ShoalError as error:
        sys.exit(f"{error}")
