"""Asks an MCP server by the official client, and prints what came of it.

Standard input holds one JSON object: `stdio` (command, args, env) or `http` (url, headers), `mode` of the client, and `calls`, each
a tool and its arguments. Standard output gets one: what the server says of itself, its tools, and an answer for each call. The client
holds every answer against the tool's schema; one that does not fit is no answer, but a fault.
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

# Whatever takes longer has failed.
PATIENCE = 60


def transport(plan):
    if "stdio" in plan:
        return StdioServerParameters(**plan["stdio"])
    http = plan["http"]
    client = httpx2.AsyncClient(headers=http["headers"], timeout=PATIENCE)
    return streamable_http_client(http["url"], http_client=client)


async def call(client, tool, arguments):
    try:
        answer = await client.call_tool(tool, arguments)
    except MCPError as refused:
        return {"refused": str(refused)}
    return {
        "error": bool(answer.is_error),
        "text": "".join(block.text for block in answer.content),
        "structured": answer.structured_content,
    }


async def ask(plan):
    async with Client(transport(plan), mode=plan["mode"]) as client:
        listed = await client.list_tools()
        tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed.tools]
        # Side by side, as agents do it.
        asked = [call(client, each["tool"], each["arguments"]) for each in plan["calls"]]
        return {
            "protocol": client.protocol_version,
            "instructions": client.instructions,
            "tools": tools,
            "answers": await asyncio.gather(*asked),
        }


async def main():
    plan = json.load(sys.stdin)
    try:
        result = await asyncio.wait_for(ask(plan), PATIENCE)
    except BaseException as fault:
        faults = [fault]
        while isinstance(faults[-1], BaseExceptionGroup):
            faults.append(faults[-1].exceptions[0])
        result = {"fault": f"{type(faults[-1]).__name__}: {faults[-1]}"}
    json.dump(result, sys.stdout)


asyncio.run(main())
