import asyncio
import os
import aiohttp  # pip install aiohttp

server = os.environ.get("MARKET_PULSE_URL", "http://127.0.0.1:3000")


async def follow():
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{server}/api/ws", protocols=["market-pulse.v1"]) as socket:
            await socket.send_json({"op": "subscribe", "channels": ["ticker:BTC", "news"]})
            async for message in socket:
                frame = message.json()
                data = frame["data"]
                if frame["type"] == "subscribed":
                    print("subscribed", *data["channels"], flush=True)
                elif frame["type"] == "ticker":
                    print("ticker", data["symbol"], data["price"], data["freshness"], flush=True)
                elif frame["type"] == "news":
                    print("news", data["source"], data["title"], flush=True)
            print("closed", socket.close_code, flush=True)


asyncio.run(follow())
