"""The environment of user code in a worker: what was granted, what any program needs, nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from holdfast_server.given import is_ours

EVERYTHING = "*"
# What programs need to find files, certificates, proxies and libraries, and to speak a person's language.
_NEEDED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LANGUAGE", "LC_*",
    "TMPDIR", "TMP", "TEMP", "XDG_*", "PYTHON*", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LD_PRELOAD",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
)  # fmt: skip
# The serialiser reads it once; nobody switches it off for a worker by a value in `env`.
_ALWAYS = {"LANGGRAPH_STRICT_MSGPACK": "true"}
# What graphs read without a word of it in their own code: model providers, search tools, tracing.
_KEYS = ("*_API_KEY", "*_API_TOKEN", "AWS_*", "AZURE_*", "GOOGLE_APPLICATION_CREDENTIALS", "HF_TOKEN")


def clean(given: Mapping[str, str], env: Mapping[str, str], granted: Iterable[str]) -> dict[str, str]:
    """The environment of user code.

    Args:
        given: what the operator started the process with.
        env: values of langgraph.json; they win, whatever their names.
        granted: names and patterns of variables that are passed from `given`.
    """
    patterns = (*_NEEDED, *granted)
    passed = {name: value for name, value in given.items() if _is_any(name, patterns) and not is_ours(name)}
    return {**passed, **env, **_ALWAYS}


def dropped(given: Iterable[str], environment: Iterable[str]) -> tuple[str, ...]:
    """The variables that the operator had and user code has not; ours are not counted."""
    return tuple(sorted(name for name in set(given) - set(environment) if not is_ours(name)))


def keys_among(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names by which models and tools of third parties find their credentials."""
    return tuple(name for name in names if _is_any(name, _KEYS))


def how_to_grant(names: Iterable[str]) -> str:
    """What to write into langgraph.json, so that user code sees these variables."""
    listed = ", ".join(f'"{name}"' for name in names)
    return f'grant with "holdfast": {{"workers": {{"pass_env": [{listed}]}}}} in langgraph.json'


def with_advice(error: str, missing: Iterable[str]) -> str:
    """An error of user code; if it speaks of a missing variable, it ends with how to grant it."""
    named = [name for name in missing if re.search(rf"\b{re.escape(name)}\b", error)]
    if not named:
        return error
    return f"{error}; {', '.join(named)} is set here and not passed to graphs: {how_to_grant(named)}"


def _is_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
