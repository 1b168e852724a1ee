"""A peer on Debian's python3-websockets.

`python-peer.py serve` echoes, obeys messages that begin with "!", and prints one JSON object a line: its port, then how each connection ended.
`python-peer.py call URL` is a client that plays its part against a server that echoes, and prints what it saw as one JSON object.
"""
import asyncio
import json
import sys

import websockets

SIZES = [0, 1, 125, 126, 127, 128, 4096, 65535, 65536, 200000]


def say(**event):
    print(json.dumps(event), flush=True)


async def serve():
    async def talk(ws, path):
        try:
            async for message in ws:
                if not isinstance(message, str) or not message.startswith("!"):
                    await ws.send(message)
                elif message == "!ping":
                    waiter = await ws.ping(b"are-you-there")
                    await waiter
                    await ws.send("ponged")
                elif message == "!fragments":
                    await ws.send(["part 1,", "part 2,", "part 3"])
                elif message == "!close":
                    await ws.close(4001, "maintenance")
        except websockets.ConnectionClosed:
            pass
        say(path=path, code=ws.close_code, reason=ws.close_reason)

    async with websockets.serve(talk, "127.0.0.1", 0, max_size=None, subprotocols=["v1.json"]) as server:
        say(port=server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def call(url):
    same = 0
    async with websockets.connect(url, max_size=None, subprotocols=["v2.json", "v1.json"]) as ws:
        for size in SIZES:
            sent = "é" * size if size % 2 else b"n" * size
            await ws.send(sent)
            same += await ws.recv() == sent
        await ws.send(["frag", "ments ", "é"])
        fragments = await ws.recv()
        await asyncio.wait_for(await ws.ping(b"hello"), 10)
        # More than the window holds: the peer must hold us back and lose nothing.
        async def flood():
            for number in range(5000):
                await ws.send(f"count {number} " + "x" * 200)
        sending = asyncio.create_task(flood())
        ordered = 0
        for number in range(5000):
            ordered += (await ws.recv()).startswith(f"count {number} ")
        await sending
        protocol = ws.subprotocol
        extensions = [extension.name for extension in ws.extensions]
        await ws.close(3001, "done")
    say(
        same=same,
        of=len(SIZES),
        fragments=fragments,
        ordered=ordered,
        protocol=protocol,
        extensions=extensions,
        code=ws.close_code,
    )


asyncio.run(serve() if sys.argv[1] == "serve" else call(sys.argv[2]))
