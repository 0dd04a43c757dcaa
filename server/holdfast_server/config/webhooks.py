"""The `webhooks` of langgraph.json: where a webhook may go, and what goes along with each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast_server.errors import ConfigError

_REFERENCE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_REFERENCE_FORM = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# These frame the request or name what it carries; a static value would break every delivery.
_OURS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}
_LONGEST_URL = 65_536
_PREFIX = "LG_WEBHOOK_"


@dataclass(frozen=True, kw_only=True)
class UrlPolicy:
    """Where a webhook may go; link-local, multicast and reserved addresses are never allowed.

    Attributes:
        require_https: refuse `http:`.
        allowed_domains: hosts, or `*.example.com` for what lies below one; empty allows all.
        allowed_ports: empty allows all.
        max_url_length: in characters.
        disable_loopback: refuse this machine and private networks.
    """

    require_https: bool = False
    allowed_domains: tuple[str, ...] = ()
    allowed_ports: tuple[int, ...] = ()
    max_url_length: int = _LONGEST_URL
    disable_loopback: bool = True


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """What langgraph.json says about webhooks.

    Attributes:
        url: where they may go.
        headers: sent along with each; a value may say `${{ env.NAME }}` or `${{ secret:NAME }}`.
        env_prefix: names in the environment that headers may use start with it.
    """

    url: UrlPolicy = field(default_factory=UrlPolicy)
    headers: Mapping[str, str] = field(default_factory=dict)
    env_prefix: str = _PREFIX

    def headers_from(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The headers with their values from the environment.

        Raises:
            ConfigError: a name is not set, or its value cannot be a header; the value is not shown.
        """
        return {name: _filled(name, value, environment) for name, value in self.headers.items()}


def webhooks_of(where: str, raw: object) -> Webhooks:
    """Reads the `webhooks` of langgraph.json; `where` names the file.

    Raises:
        ConfigError: names the key and the mend.
    """
    given = _object(where, "webhooks", raw, {"url", "headers", "env_prefix"})
    prefix = given.get("env_prefix", _PREFIX)
    if not isinstance(prefix, str):
        raise ConfigError(f'{where}: "webhooks.env_prefix" is {prefix!r}; it must be a string')
    headers = _object(where, "webhooks.headers", given.get("headers", {}), None)
    for name, value in headers.items():
        _check_header(where, name, value, prefix)
    url = _policy(where, given["url"]) if given.get("url") is not None else UrlPolicy()
    return Webhooks(url=url, headers=headers, env_prefix=prefix)


def _policy(where: str, raw: object) -> UrlPolicy:
    known = {"require_https", "allowed_domains", "allowed_ports", "max_url_length", "disable_loopback"}
    given = _object(where, "webhooks.url", raw, known)
    # Whoever configures a policy at all wants https, unless it says otherwise.
    policy = {"require_https": True} | given
    key = f'{where}: "webhooks.url'
    for name in ("require_https", "disable_loopback"):
        if not isinstance(policy.get(name, True), bool):
            raise ConfigError(f'{key}.{name}" is {policy[name]!r}; it must be true or false')
    for name, kind, example in (("allowed_domains", str, '["a.example"]'), ("allowed_ports", int, "[443]")):
        listed = policy.get(name) or []
        if not isinstance(listed, list) or not all(type(item) is kind for item in listed):
            raise ConfigError(f'{key}.{name}" is {listed!r}; it must be a list like {example}')
        policy[name] = tuple(item.lower().rstrip(".") if isinstance(item, str) else item for item in listed)
    longest = policy.get("max_url_length", _LONGEST_URL)
    if type(longest) is not int or longest < 1:
        raise ConfigError(f'{key}.max_url_length" is {longest!r}; it must be at least 1')
    return UrlPolicy(**policy)


def _object(where: str, name: str, raw: object, known: set[str] | None) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ConfigError(f'{where}: "{name}" is {raw!r}; it must be an object')
    # A misspelt rule would be a rule that does not hold.
    if known is not None and (unknown := raw.keys() - known):
        raise ConfigError(f'{where}: "{name}" has {sorted(unknown)}; it may have {sorted(known)}')
    return dict(raw)


def _check_header(where: str, name: str, value: object, prefix: str) -> None:
    key = f'{where}: "webhooks.headers.{name}"'
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise ConfigError(f"{key} is no header that can be set here; remove it")
    if not isinstance(value, str):
        raise ConfigError(f"{key} must be a string")
    for reference in _REFERENCE.findall(value):
        if reference.startswith("secret:"):
            continue
        found = _REFERENCE_FORM.fullmatch(reference)
        if found is None:
            form = "${{ env.NAME }} or ${{ secret:NAME }}"
            raise ConfigError(f"{key} says ${{{{ {reference} }}}}; write {form}")
        if not found[1].startswith(prefix):
            raise ConfigError(
                f'{key} uses env.{found[1]}; it may use names that start with {prefix!r} ("env_prefix")'
            )


def _filled(name: str, value: str, environment: Mapping[str, str]) -> str:
    def of(reference: re.Match[str]) -> str:
        variable = reference[1].removeprefix("env.")
        if variable not in environment:
            raise ConfigError(f"webhook header {name!r} needs {variable}, which is not set; set it")
        return environment[variable]

    filled = _REFERENCE.sub(of, value)
    if not _PRINTABLE.fullmatch(filled):
        raise ConfigError(f"webhook header {name!r} has a value with characters that no header may have")
    return filled
