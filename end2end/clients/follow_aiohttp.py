"""Follows the news and the prices with the package aiohttp-sse-client, as its own documentation shows.

python3 follow_aiohttp.py http://127.0.0.1:3000/api/sse
"""

import asyncio
import json
import sys

from aiohttp_sse_client import client as sse_client


async def follow(url):
    async with sse_client.EventSource(url) as stream:
        async for event in stream:
            if event.type == "news":
                article = json.loads(event.data)
                print(f"news {article['source']}: {article['title']}", flush=True)
            elif event.type == "price":
                price = json.loads(event.data)
                print(f"price {price['symbol']} {price['price']}", flush=True)


asyncio.run(follow(sys.argv[1]))
