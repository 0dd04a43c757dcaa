"""`python -m holdfast_server.rehearsal SCRIPT`: serve a scripted model on 127.0.0.1."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import suppress

from holdfast_server.rehearsal.errors import RehearsalError
from holdfast_server.rehearsal.script import load_script
from holdfast_server.rehearsal.serve import serve

EXAMPLES = """\
example:
  python -m holdfast_server.rehearsal graphs/invoice_review_script.py --port 8765
  export OPENAI_BASE_URL=http://127.0.0.1:8765/v1 OPENAI_API_KEY=rehearsal

a script:
  from holdfast_server.rehearsal import CallTools, Reply, Request, Say, ToolCall

  def play(request: Request) -> Reply:
      if request.messages[-1].role == "tool":
          return Say(f"It is {request.messages[-1].text}.")
      return CallTools([ToolCall("get_weather", {"city": "Paris"})])

what was asked so far, as JSON: curl http://127.0.0.1:8765/rehearsal/requests
"""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        play = load_script(options.script)
        with suppress(KeyboardInterrupt):
            serve(play, port=options.port, chunk_seconds=options.chunk_seconds, on_listening=_announce)
    except RehearsalError as error:
        sys.exit(f"rehearsal: {error}")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m holdfast_server.rehearsal",
        description="Serve a scripted model that speaks the OpenAI chat completions protocol, on 127.0.0.1.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "script", metavar="SCRIPT", help="path.py:function; the function is `play` if left out"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="0, the default, takes any free port and prints it"
    )
    parser.add_argument(
        "--chunk-seconds",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="pause between the chunks of a stream, so that one can watch it (default 0)",
    )
    return parser


def _announce(base_url: str) -> None:
    print(f"rehearsal model on {base_url}", flush=True)


if __name__ == "__main__":
    main()
