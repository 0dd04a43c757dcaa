"""The command line: `holdfast dev | serve | worker | migrate | doctor | keys`."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdfast_server import correlation
from holdfast_server.errors import ConfigError, HoldfastError
from holdfast_server.given import given, hide_ours
from holdfast_server.keys_command import keys
from holdfast_server.options import config_option, database_option, handover_option
from holdfast_server.settings import Settings

if TYPE_CHECKING:
    from holdfast_server.boundary.crossing import Crossing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("holdfast"), prog_name="holdfast")
@click.option("--log-level", default="warning", show_default=True, help="debug, info, warning or error.")
def cli(log_level: str) -> None:
    """Runs LangGraph graphs as a supervised service: durable, bounded, approved, audited.

    `holdfast dev` is all you need on your own machine. In production run as many `holdfast serve` and
    `holdfast worker` as you like against one DATABASE_URL, after one `holdfast migrate`.
    """
    correlation.label_log_records()
    logging.basicConfig(level=log_level.upper(), format=correlation.FORMAT, stream=sys.stderr)
    # The engine tells of every ticket; what happens to a run we tell ourselves.
    logging.getLogger("procrastinate").setLevel(logging.ERROR)


@cli.command()
@config_option
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the API.")
@click.option("--port", default=2024, show_default=True, help="Port of the API.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Data of the embedded PostgreSQL.  [default: .holdfast]",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
def dev(
    config: Path | None, database_url: str | None, host: str, port: int, data_dir: Path | None, workers: int
) -> None:
    """Starts PostgreSQL (unless DATABASE_URL is set), the API and workers; Ctrl-C stops all of it."""
    click.echo("holdfast  starting")
    from holdfast_server.boundary.hardening import undumpable
    from holdfast_server.dev import run_dev

    undumpable()
    settings = Settings.from_environment(config=config, database_url=database_url, data_dir=data_dir)
    run_dev(settings, host=host, port=port, workers=workers)


@cli.command()
@config_option
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=2024, show_default=True, help="Port to listen on.")
@click.option(
    "--tls-cert", type=click.Path(path_type=Path, dir_okay=False), help="Certificate and chain, PEM."
)
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="Its key, PEM.")
@click.option("--trusted-proxy", multiple=True, help="Address or network of a proxy to believe. Repeatable.")
def serve(
    config: Path | None, database_url: str | None, host: str, port: int,
    tls_cert: Path | None, tls_key: Path | None, trusted_proxy: tuple[str, ...],
) -> None:  # fmt: skip
    """Serves the API. It needs the database, and of langgraph.json only `auth`, `http` and `holdfast`."""
    from holdfast_server.boundary.hardening import undumpable
    from holdfast_server.config.app import read_config
    from holdfast_server.listening import Listening
    from holdfast_server.runtime.serving import serve as serve_api

    listening = Listening.of(host, port, tls_cert=tls_cert, tls_key=tls_key, trusted_proxies=trusted_proxy)

    undumpable()
    settings = _with_database(Settings.from_environment(config=config, database_url=database_url))
    # One that was named must be there: without it the house would stand open.
    named = settings.config != Settings().config or config is not None
    found = read_config(settings.config) if named or settings.config.exists() else None
    # Code of the user's runs here too: an auth handler, an application.
    hide_ours()
    serve_api(settings, found, listening)


@cli.command()
@config_option
@database_option
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Runs at the same time.  [default: 10]")
@click.option("--pool", help="Which worker pool of langgraph.json to serve.  [default: default]")
@click.option(
    "--pass-env",
    multiple=True,
    metavar="NAME",
    help="A variable, or a pattern such as AWS_*, that graphs may see beyond what langgraph.json grants.",
)
@handover_option
@click.pass_context
def worker(
    context: click.Context,
    config: Path | None,
    database_url: str | None,
    concurrency: int | None,
    pool: str | None,
    pass_env: tuple[str, ...],
    handover: int | None,
) -> None:
    """Executes runs. SIGTERM drains: running steps finish, other workers go on from there.

    Graphs see no variable of this environment but what programs need (PATH, HOME, LANG …), `env` of
    langgraph.json and what is passed by name.
    """
    from holdfast_server.boundary.hardening import undumpable

    undumpable()
    if handover is not None:
        from holdfast_server.boundary.handover import Handover
        from holdfast_server.runtime.working import work

        return work(Handover.receive(handover))
    settings = Settings.from_environment(
        config=config, database_url=database_url, concurrency=concurrency, pool=pool
    )
    crossing = _crossing(context, _with_database(settings), pass_env)
    crossing.cross()


@cli.command(hidden=True)
@handover_option
def inspect(handover: int) -> None:
    """Loads the graphs of one pool as a worker would, and says how it went (for `holdfast doctor`)."""
    from holdfast_server.boundary.handover import Handover
    from holdfast_server.runtime.working import inspect as looked_at

    click.echo("\n" + json.dumps(looked_at(Handover.receive(handover))))


@cli.command()
@database_option
def migrate(database_url: str | None) -> None:
    """Brings the database to the schema of this release. Safe to run at any time, from anywhere."""
    from holdfast_server.db.migrate import migrate as apply

    settings = _with_database(Settings.from_environment(database_url=database_url))
    names = asyncio.run(apply(settings.database_url))
    click.echo("\n".join(f"applied {name}" for name in names) or "nothing to do")


@cli.command()
@config_option
@database_option
def doctor(config: Path | None, database_url: str | None) -> None:
    """Checks database, migrations, graphs, model keys and clock; says what is wrong and how to mend it."""
    from holdfast_server.doctor import examine

    findings = asyncio.run(examine(Settings.from_environment(config=config, database_url=database_url)))
    for finding in findings:
        click.echo(finding.line())
    sys.exit(0 if all(finding.fine for finding in findings) else 1)


cli.add_command(keys)


@cli.group()
def secrets() -> None:
    """Looks at references like `secret:NAME`; shows no value."""


@secrets.command(name="check")
@config_option
@click.option("--tenant", default="default", show_default=True, help="Whose secrets NAMES are.")
@click.argument("names", nargs=-1)
def check_secrets(config: Path | None, tenant: str, names: tuple[str, ...]) -> None:
    """Says which references of langgraph.json resolve here, and NAMES of a tenant."""
    from holdfast_server.config.app import read_config
    from holdfast_server.secrets.check import check

    settings = Settings.from_environment(config=config)
    found = check(read_config(settings.config), tenant=tenant, names=names)
    click.echo("\n".join(checked.line() for checked in found) or "langgraph.json refers to no secrets")
    sys.exit(0 if all(checked.problem is None for checked in found) else 1)


@cli.group()
def sealing() -> None:
    """Encryption at rest: makes keys, and brings what is stored under the newest one."""


@sealing.command("new-key")
def new_key() -> None:
    """Prints a new key."""
    from holdfast_server.sealing.key import new_key

    click.echo(new_key())


@sealing.command()
@config_option
@database_option
def rotate(config: Path | None, database_url: str | None) -> None:
    """Seals everything with the newest key, while the house runs; may be repeated at any time."""
    _reseal(config, database_url, readable=False)


@sealing.command("open")
@config_option
@database_option
@click.option("--yes", is_flag=True, help="Everything in the database becomes readable.")
def open_all(config: Path | None, database_url: str | None, yes: bool) -> None:
    """Makes everything readable again; holdfast.sealing must name old_keys and no key."""
    if not yes:
        raise ConfigError("everything in the database would become readable; say --yes if you want that")
    _reseal(config, database_url, readable=True)


def _reseal(config: Path | None, database_url: str | None, *, readable: bool) -> None:
    from holdfast_server.rotation.command import run_rotation

    settings = _with_database(Settings.from_environment(config=config, database_url=database_url))
    sys.exit(0 if run_rotation(settings, readable=readable, tell=click.echo) else 1)


def _crossing(context: click.Context, settings: Settings, granted: Sequence[str]) -> Crossing:
    from holdfast_server.boundary.crossing import prepare
    from holdfast_server.config.app import read_config

    config = read_config(settings.config)
    pool = config.pool(settings.pool)
    arguments = ["--log-level", context.find_root().params["log_level"], "worker"]
    return prepare(
        config,
        pool,
        given=given(),
        granted=granted,
        arguments=[*arguments, "-c", str(config.path), "--pool", pool.name],
        options={
            "config": str(config.path),
            "database_url": settings.database_url,
            "concurrency": settings.concurrency,
            "pool": pool.name,
        },
    )


def _with_database(settings: Settings) -> Settings:
    if not settings.database_url:
        raise ConfigError("no database: set DATABASE_URL or --database-url, or use `holdfast dev`")
    return settings


def main() -> None:
    """The entry point: our own errors are one line, everything else is a trace."""
    try:
        cli()
    except HoldfastError as error:
        click.echo(f"holdfast: {error}", err=True)
        sys.exit(2)
