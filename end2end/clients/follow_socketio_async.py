"""Follows prices with the package python-socketio[asyncio_client], as its own documentation shows.

python3 follow_socketio_async.py http://127.0.0.1:3000 [transport, …]
"""

import asyncio
import sys

import socketio

sio = socketio.AsyncClient()


@sio.event
async def connect():
    print("connect", flush=True)
    await sio.emit("subscribe", {"symbols": ["BTCUSDT", "ETHUSDT", "NOPEUSDT"]})


@sio.event
async def connected(data):
    print(f"connected {data['message']}", flush=True)


@sio.event
async def subscribed(data):
    print(f"subscribed {' '.join(data['symbols'])}: {data['message']}", flush=True)


@sio.event
async def subscribe_error(data):
    print(f"subscribe_error {' '.join(data['symbols'])}: {data['message']}", flush=True)


@sio.event
async def price_update(data):
    print(f"price_update {data['symbol']} {data['price']} {data['changePercent']} {data['freshness']}", flush=True)


@sio.event
async def stream_error(data):
    print(f"stream_error {data['code']}: {data['message']}", flush=True)


@sio.event
async def disconnect(reason):
    print(f"disconnect {reason}", flush=True)


async def main():
    await sio.connect(sys.argv[1], transports=sys.argv[2:] or None)
    print(f"transport {sio.transport()}", flush=True)
    await sio.wait()


asyncio.run(main())
