"""Follows prices with the package python-socketio[client], as its own documentation shows.

python3 follow_socketio.py http://127.0.0.1:3000 [transport, …]
"""

import sys

import socketio

sio = socketio.Client()


@sio.event
def connect():
    print("connect", flush=True)
    sio.emit("subscribe", {"symbols": ["BTCUSDT", "ETHUSDT", "NOPEUSDT"]})


@sio.event
def connected(data):
    print(f"connected {data['message']}", flush=True)


@sio.event
def subscribed(data):
    print(f"subscribed {' '.join(data['symbols'])}: {data['message']}", flush=True)


@sio.event
def subscribe_error(data):
    print(f"subscribe_error {' '.join(data['symbols'])}: {data['message']}", flush=True)


@sio.event
def price_update(data):
    print(f"price_update {data['symbol']} {data['price']} {data['changePercent']} {data['freshness']}", flush=True)


@sio.event
def stream_error(data):
    print(f"stream_error {data['code']}: {data['message']}", flush=True)


@sio.event
def disconnect(reason):
    print(f"disconnect {reason}", flush=True)


sio.connect(sys.argv[1], transports=sys.argv[2:] or None)
print(f"transport {sio.transport()}", flush=True)
sio.wait()
