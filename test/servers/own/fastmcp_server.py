# A server of ours on FastMCP for Python: `fastmcp_server.py http PORT` or `fastmcp_server.py stdio 0`.
import sys

from fastmcp import FastMCP

server = FastMCP("calculator", version="1.0.0")


@server.tool
def add(a: int, b: int) -> int:
    """Adds"""
    return a + b


if sys.argv[1] == "http":
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[2]), show_banner=False)
else:
    server.run(transport="stdio", show_banner=False)
