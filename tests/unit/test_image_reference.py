"""Image names are read as Docker's tools read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid
from tuicont.core.image.reference import Reference, is_digest, parse

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("demo", "demo:latest"),
        ("demo:1.2", "demo:1.2"),
        ("team/demo", "team/demo:latest"),
        ("docker.io/library/demo", "demo:latest"),
        ("docker.io/team/demo:x", "team/demo:x"),
        ("library/demo", "demo:latest"),
        ("library/a/b", "library/a/b:latest"),
        ("docker.io/library/host.io", "host.io:latest"),
        # Here the domain is not left out: what follows it would be read as one.
        ("index.docker.io/host.io/demo", "docker.io/host.io/demo:latest"),
        ("docker.io/localhost/demo", "docker.io/localhost/demo:latest"),
        ("localhost/demo", "localhost/demo:latest"),
        ("localhost:5000/a/b:tag", "localhost:5000/a/b:tag"),
        ("[::1]:5000/demo", "[::1]:5000/demo:latest"),
        ("registry.example.org/a/b_c/d-e:T", "registry.example.org/a/b_c/d-e:T"),
        (f"demo@{DIGEST}", f"demo@{DIGEST}"),
        (f"localhost:5000/a:t@{DIGEST}", f"localhost:5000/a:t@{DIGEST}"),
    ],
)
def test_a_name_has_one_full_form(text, full):
    assert str(parse(text)) == full
    assert str(parse(full)) == full


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("Demo", "upper-case"),
        ("de mo", "' '"),
        ("demo:", "form"),
        ("demo:-x", "form"),
        ("/demo", "form"),
        ("demo/", "form"),
        ("a//b", "form"),
        ("../etc", "form"),
        ("demo@sha256:12", "form"),
        ("demo:" + "x" * 129, "form"),
        ("a/" * 200 + "b", "longer"),
        ("démo", "'é'"),
        ("demo\n", "'\\n'"),
        ("Team/demo", "upper-case"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(text, why):
    with pytest.raises(Invalid) as caught:
        parse(text)
    assert why in caught.value.cause


part = st.sampled_from(["library", "localhost", "docker.io"]) | st.from_regex(
    r"[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?", fullmatch=True
)


@given(
    domain=st.sampled_from(["", "docker.io/", "index.docker.io/", "localhost/", "host:5000/", "a.example/"]),
    path=st.lists(part, min_size=1, max_size=4),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    digest=st.sampled_from(["", DIGEST]),
)
def test_writing_a_parsed_name_and_parsing_it_again_changes_nothing(domain, path, tag, digest):
    text = domain + "/".join(path) + f":{tag}" + (f"@{digest}" if digest else "")
    first = parse(text)
    assert (first.tag, first.digest) == (tag, digest)
    assert parse(str(first)) == first


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text):
    try:
        assert isinstance(parse(text), Reference)
    except Invalid as error:
        assert error.cause


@given(st.text(alphabet="0123456789abcdefx:sha", max_size=75))
def test_only_sha256_and_64_digits_are_a_digest(text):
    assert is_digest(text) == (
        text.startswith("sha256:") and len(text) == 71 and not set(text[7:]) - set("0123456789abcdef")
    )
