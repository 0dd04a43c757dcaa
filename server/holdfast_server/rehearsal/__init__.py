"""A model to rehearse with: a local endpoint that speaks the OpenAI protocol and answers from a script.

The real client code runs (sockets, streaming, retries, token usage); only the thinking is scripted:

    from holdfast_server.rehearsal import CallTools, Reply, Request, Say, ToolCall

    def play(request: Request) -> Reply:
        if request.messages[-1].role == "tool":
            return Say(f"It is {request.messages[-1].text}.")
        return CallTools([ToolCall("get_weather", {"city": "Paris"})])
"""

from holdfast_server.rehearsal.endpoint import endpoint
from holdfast_server.rehearsal.errors import AddressTaken, RehearsalError, ScriptError
from holdfast_server.rehearsal.reply import BrokenJson, CallTools, Fault, Hang, Reply, Say, ToolCall
from holdfast_server.rehearsal.request import Message, OfferedTool, Request
from holdfast_server.rehearsal.script import Script, load_script
from holdfast_server.rehearsal.serve import rehearsing, serve

__all__ = [
    "AddressTaken",
    "BrokenJson",
    "CallTools",
    "Fault",
    "Hang",
    "Message",
    "OfferedTool",
    "RehearsalError",
    "Reply",
    "Request",
    "Say",
    "Script",
    "ScriptError",
    "ToolCall",
    "endpoint",
    "load_script",
    "rehearsing",
    "serve",
]
