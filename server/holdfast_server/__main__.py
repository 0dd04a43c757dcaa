"""`python -m holdfast_server` is the `holdfast` command."""

from holdfast_server.cli import main

main()
