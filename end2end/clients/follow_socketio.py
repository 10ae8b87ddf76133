"""Follows prices with the package python-socketio[client], as its own documentation shows.

python3 follow_socketio.py http://127.0.0.1:3000 [transport, …]
"""

import sys

import socketio

sio = socketio.Client()


def say(line):
    """In one piece: handlers run in threads of their own."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@sio.event
def connect():
    say("connect")
    sio.emit("subscribe", {"symbols": ["BTCUSDT", "ETHUSDT", "NOPEUSDT"]})


@sio.event
def connected(data):
    say(f"connected {data['message']}")


@sio.event
def subscribed(data):
    say(f"subscribed {' '.join(data['symbols'])}: {data['message']}")


@sio.event
def subscribe_error(data):
    say(f"subscribe_error {' '.join(data['symbols'])}: {data['message']}")


@sio.event
def price_update(data):
    say(f"price_update {data['symbol']} {data['price']} {data['changePercent']} {data['freshness']}")


@sio.event
def stream_error(data):
    say(f"stream_error {data['code']}: {data['message']}")


@sio.event
def disconnect(reason):
    say(f"disconnect {reason}")


sio.connect(sys.argv[1], transports=sys.argv[2:] or None)
say(f"transport {sio.transport()}")
sio.wait()
