"""Image names: `demo`, `demo:1.2`, `localhost:5000/team/app:tag@sha256:…` (the grammar of the distribution
project's reference package).

Pure. Knows no store: whether an image of that name exists is asked elsewhere.
"""

from __future__ import annotations

import re

import msgspec

from tuicont.core.errors import Invalid

DEFAULT_TAG = "latest"

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_DOMAIN_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST = 255
_DOCKER = ("docker.io", "index.docker.io")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed name. `repository` holds the registry's domain if it has one other than Docker's; `tag` is "" only
    when the name has a digest and no tag."""

    repository: str
    tag: str = DEFAULT_TAG
    digest: str = ""

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """The reference that `text` is. Docker's own registry and its `library/` are left out, as its tools do, so
    `docker.io/library/demo` and `demo` are the same; the text of a reference is read back as that reference.
    Raises `Invalid`."""
    operation = f"read the image name {text!r}"
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise Invalid(operation, _fault(text), hint="a name looks like demo, demo:1.2 or host:5000/team/demo:1.2")
    domain, path, tag, digest = match["domain"] or "", match["path"], match["tag"] or "", match["digest"] or ""
    if domain and not _is_domain(domain):
        # "team/demo": what stands before the slash is a part of the path.
        if domain != domain.lower():
            raise Invalid(operation, "the repository has upper-case letters", hint=f"did you mean {text.lower()}?")
        domain, path = "", f"{domain}/{path}"
    if domain in ("", *_DOCKER):
        first, _, rest = path.partition("/")
        if first == "library" and rest and "/" not in rest:
            path = rest
        # "docker.io/host.io/demo" keeps its domain: without it, host.io would be read as one.
        domain = _DOCKER[0] if rest and _is_domain(first) else ""
    repository = f"{domain}/{path}" if domain else path
    if len(repository) > _LONGEST:
        raise Invalid(operation, f"the repository is longer than {_LONGEST} characters")
    return Reference(repository=repository, tag=tag or ("" if digest else DEFAULT_TAG), digest=digest)


def is_digest(text: str) -> bool:
    """Whether `text` is `sha256:` and 64 lower-case hexadecimal digits."""
    return bool(_DIGEST.fullmatch(text))


def _is_domain(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"


def _fault(text: str) -> str:
    if not text:
        return "it is empty"
    if text != text.lower() and _REFERENCE.fullmatch(text.lower()):
        return "the repository has upper-case letters"
    if strange := re.search(r"[^\w.:/@\[\]-]", text, re.ASCII):
        return f"it has the character {strange[0]!r}"
    return "it does not follow the form [host[:port]/]name[:tag][@digest]"
