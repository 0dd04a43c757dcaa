"""The list `holdfast.access.oidc` of langgraph.json: identity providers, and what their claims mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from holdfast_server.access.issuer import ALGORITHMS, Issuer, may_be_asked
from holdfast_server.access.tenant import DEFAULT, tenant_named
from holdfast_server.config.section import Section
from holdfast_server.errors import ConfigError

_KNOWN = (
    "issuer", "audience", "jwks_uri", "algorithms", "claims", "roles", "default_roles", "tenant", "leeway",
)  # fmt: skip
_CLAIMS = ("user", "tenant", "roles")
_HTTPS = 'must be an address like "https://login.example.com/" (http on this machine only)'


def read_issuers(access: Section, roles: Collection[str]) -> tuple[Issuer, ...]:
    """The providers; `roles` are those that there are.

    Raises:
        ConfigError: one of them cannot be used as it stands.
    """
    values = access.values.get("oidc")
    if values is None:
        return ()
    if not isinstance(values, list):
        raise access.wrong("oidc", "must be a list of providers")
    names = (f"{access.name}.oidc[{n}]" for n in range(len(values)))
    sections = [Section.of(access.path, name, value) for name, value in zip(names, values, strict=True)]
    issuers = tuple(_issuer(section, roles) for section in sections)
    urls = [issuer.url for issuer in issuers]
    if twice := next((url for url in urls if urls.count(url) > 1), None):
        raise ConfigError(
            f'{access.path}: "{access.name}.oidc" names {twice!r} twice; list its audiences in one'
        )
    return issuers


def _issuer(section: Section, known_roles: Collection[str]) -> Issuer:
    for inner, known in ((section, _KNOWN), (section.section("claims"), _CLAIMS)):
        if inner is not None and (unknown := inner.unknown(known)):
            raise ConfigError(f'{section.path}: "{unknown[0]}" means nothing; known are {", ".join(known)}')
    claims = section.section("claims") or Section(section.path, f"{section.name}.claims", {})
    leeway = section.whole("leeway", at_least=0, at_most=300)
    roles, default_roles = _roles(section, known_roles), _role_names(section, known_roles)
    roles_claim = _path(claims, "roles")
    if (roles_claim is None) != (not roles):
        raise ConfigError(
            f'{section.path}: "{section.name}" needs "roles" and "claims.roles", or neither of them'
        )
    if not roles and not default_roles:
        raise ConfigError(
            f'{section.path}: "{section.name}" grants nobody anything; '
            'add "claims.roles" with "roles", or "default_roles"'
        )
    return Issuer(
        url=_url(section, "issuer", needed=True) or "",
        audiences=_audiences(section),
        jwks_uri=_url(section, "jwks_uri"),
        algorithms=_algorithms(section),
        user=_path(claims, "user") or "sub",
        tenant_claim=_path(claims, "tenant"),
        tenant=_tenant(section, claims),
        roles_claim=roles_claim,
        roles=roles,
        default_roles=default_roles,
        leeway=30 if leeway is None else leeway,
    )


def _url(section: Section, key: str, *, needed: bool = False) -> str | None:
    value = section.text(key)
    if value is None and not needed:
        return None
    if not may_be_asked(value):
        raise section.wrong(key, _HTTPS)
    return value


def _audiences(section: Section) -> tuple[str, ...]:
    value = section.values.get("audience")
    found = (value,) if isinstance(value, str) else section.names("audience") or ()
    if not found or not all(found):
        raise section.wrong("audience", "must name whom the tokens are for; without it any token would do")
    return found


def _algorithms(section: Section) -> tuple[str, ...]:
    found = section.names("algorithms")
    if found is None:
        return ALGORITHMS
    if not found or set(found) - set(ALGORITHMS):
        raise section.wrong("algorithms", f"must be of {', '.join(ALGORITHMS)}; shared secrets are not taken")
    return found


def _path(claims: Section, key: str) -> str | None:
    value = claims.text(key)
    if value is not None and not value.strip(". "):
        raise claims.wrong(key, 'must be the path of a claim, such as "realm_access.roles"')
    return value


def _tenant(section: Section, claims: Section) -> str:
    value = section.text("tenant")
    if value is None:
        return DEFAULT
    if claims.text("tenant") is not None:
        raise section.wrong("tenant", 'says the same as "claims.tenant"; keep one of them')
    try:
        return tenant_named(value)
    except ValueError:
        raise section.wrong("tenant", "must be 1 to 128 letters, digits and _ . @ : -") from None


def _roles(section: Section, known: Collection[str]) -> Mapping[str, str]:
    given = section.section("roles")
    for value, role in given.values.items() if given else ():
        if not isinstance(role, str) or role not in known:
            assert given is not None
            raise given.wrong(value, f"must be a role: {', '.join(sorted(known))}")
    return dict(given.values) if given else {}


def _role_names(section: Section, known: Collection[str]) -> tuple[str, ...]:
    found = section.names("default_roles") or ()
    if set(found) - set(known):
        raise section.wrong("default_roles", f"must be a list of roles: {', '.join(sorted(known))}")
    return found
