"""Go's templates: what they are filled with is what Docker's own client makes of the same (28.2.2, `inspect -f`)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.cli.kit.template.template import Template
from tuicont.core.errors import Invalid
from tuicont.core.model.document import OpenMap

CONTAINER = {
    "Name": "/web",
    "Args": ["100"],
    "State": {"Status": "running", "Running": True, "Paused": False, "ExitCode": 0, "Health": None},
    "HostConfig": {"Memory": 67108864, "Binds": None, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}},
    "Config": {
        "Env": ["A=1"],
        "Labels": OpenMap({"x.y": "z", "own": "no", "tier": "img"}),
        "Volumes": OpenMap({"/vol": {}}),
    },
    "Ports": OpenMap(),
    "Mounts": [{"Type": "volume", "Destination": "/vol"}],
}

FILLED = [
    # Fields, and values as they print.
    ("{{.Name}} {{ .State.Status }} {{.State.ExitCode}} {{.State.Running}}", "/web running 0 true"),
    ("{{.Config.Env}} {{.Config.Labels}} {{.Config.Volumes}}", "[A=1] map[own:no tier:img x.y:z] map[/vol:{}]"),
    ("{{.HostConfig.RestartPolicy}} {{.State.Health}} {{.Mounts}}", "{no 0} <nil> [{volume /vol}]"),
    ('{{.Config.Labels.nosuch}}|{{index .Config.Labels "nosuch"}}|{{.Config.Labels.tier}}', "<no value>||img"),
    ("{{.Config.Labels.zz.x}}", "<no value>"),
    ("{{(.State).Status}} {{(index .Mounts 0).Type}} {{$.State.Status}}", "running volume running"),
    # Text, comments, trim markers.
    (r"{{.Name}}\t\n", r"/web\t\n"),
    ('{{- /* c */ -}}  x {{- " y" }}', "x y"),
    ("a {{- /* x */ -}} b", "ab"),
    ('}} {{"}}"}} {{`{{`}}', "}} }} {{"),
    ("{{- .Name -}} .", "/web."),
    # Literals.
    (r'{{1}} {{1.5}} {{"a\tb"}} {{`raw\t`}} {{true}} {{"\x41\101\u0041"}}', "1 1.5 a\tb raw\\t true AAA"),
    ("{{1.0}} {{1e6}} {{'a'}} {{0x10}} {{-3}} {{0b101}} {{017}} {{.5}} {{1_000}}", "1 1e+06 97 16 -3 5 15 0.5 1000"),
    ("{{123456789.0}} {{999999.0}} {{100000.5}} {{0.0001}} {{0.00001}}", "1.23456789e+08 999999 100000.5 0.0001 1e-05"),
    # if, with, range, variables.
    ("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"),
    ('{{if 0}}a{{else if ""}}b{{else if .Config.Env}}c{{end}}', "c"),
    ("{{with .State}}{{.Status}} {{$.Name}}{{end}}", "running /web"),
    ("{{with $x := .HostConfig.Binds}}{{$x}}{{else with .Name}}{{.}}{{end}}", "/web"),
    ("{{range .Config.Env}}{{println .}}{{end}}", "A=1\n"),
    ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}", "own=no,tier=img,x.y=z,"),
    ("{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{else}}none{{end}}", "A=1"),
    ("{{range .HostConfig.Binds}}{{.}}{{else}}none{{end}}{{range $p, $c := .Ports}}{{$p}}{{end}}", "none"),
    ('{{range $k, $v := .Config.Labels}}{{if eq $k "own"}}{{continue}}{{end}}{{$k}}{{break}}{{end}}', "tier"),
    ("{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}{{range 0}}{{else}}none{{end}}", "01201none"),
    ('{{$x := .Name}}{{$x}}{{$x = "z"}}{{$x}}{{if true}}{{$x := 3}}{{$x}}{{end}}{{$x}}', "/webz3z"),
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
    # Pipes and parentheses.
    ('{{.Name | upper | printf "%s!"}} {{(index .Config.Env 0) | len}} {{len "a" | printf "%d%d" 1}}', "/WEB! 3 11"),
    ('{{if and (eq .State.Status "running") (not .State.Paused)}}up{{end}}', "up"),
    # Functions.
    ('{{join .Config.Env ","}} {{split "a,b" ","}} {{title "ab-cd e\'f"}} {{lower "AB"}}', "A=1 [a b] Ab-Cd E'F ab"),
    ('{{pad "x" 2 3}}| {{truncate "hello" 2}} {{pad "" 1 1}}|', "  x   | he |"),
    ('{{len "日本"}} {{slice "hello" 1 3}} {{slice .Config.Env 0 1}} {{index "abc" 1}}', "6 el [A=1] 98"),
    ("{{len .HostConfig.Binds}} {{len .Config.Labels}}", "0 3"),
    (
        '{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 1}} {{gt 2 1}} {{ge 2 1}}',
        "true true true true false true true",
    ),
    ('{{and 1 0}} {{or 0 "x"}} {{not true}} {{and "" (index .Config.Env 99)}}|{{eq nil nil}}', "0 x false |true"),
    ('{{print 1 2 "a" "b" 3}} {{print nil}} {{print .Config.Env "x" 1 2 nil}}', "1 2ab3 <nil> [A=1]x1 2 <nil>"),
    (
        '{{json .State.ExitCode}} {{json .Config.Env}} {{json .HostConfig.Binds}} {{json "a<b>"}}',
        '0 ["A=1"] null "a<b>"',
    ),
    # printf.
    (
        '{{printf "%-10s|%5d|%t|%q|%v|%x|%05.2f" .Name 0 true .Name .Config.Env 255 3.14159}}',
        '/web      |    0|true|"/web"|[A=1]|ff|03.14',
    ),
    (
        '{{printf "%d %s" "x"}}|{{printf "%s" "a" "b"}}|{{printf "%z" 1}}',
        "%!d(string=x) %!s(MISSING)|a%!(EXTRA string=b)|%!z(int=1)",
    ),
    ('{{printf "" 1 "a" nil true}}', "%!(EXTRA int=1, string=a, <nil>, bool=true)"),
    (
        '{{printf "%8.3s|%+d|%c|%U|%o|%b|%e|%g" "abcdef" 5 65 65 8 5 1.5 1.5}}',
        "     abc|+5|A|U+0041|10|101|1.500000e+00|1.5",
    ),
    ('{{printf "%*d|%-*d|%.*f" 5 1 5 1 2 3.14159}} {{printf "%*d" "a" 1}}', "    1|1    |3.14 %!(BADWIDTH)1"),
    ('{{printf "%6v|%-6v|%q %%" true 12 "a\\"b"}} {{printf "abc%"}}', '  true|12    |"a\\"b" % abc%!(NOVERB)'),
    ('{{printf "%T %T %T" 1 "a" .Config.Env}} {{printf "%s %v" nil nil}}', "int string []string %!s(<nil>) <nil>"),
    ('{{printf "%q %q" "é\\x00\\n" 65}} {{printf "%5t|%X|%#x" true 255 255}}', "\"é\\x00\\n\" 'A'  true|FF|0xff"),
    ('{{printf "%d" .Config.Env}} {{printf "%s" .Config.Labels}}', "[%!d(string=A=1)] map[own:no tier:img x.y:z]"),
]


@pytest.mark.parametrize(("template", "text"), FILLED)
def test_a_template_fills_as_dockers_does(template: str, text: str) -> None:
    assert Template(template)(CONTAINER) == text


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{.Name", "a {{ has no }}"),
        ('{{"unclosed}}', "is not understood"),
        ("{{nope 1}}", "there is no function 'nope'\nhint: there are: and, eq, ge"),
        ("{{if .A}}", "{{if}} has no {{end}}"),
        ("{{if true}}a{{else}}b{{else}}c{{end}}", "{{if}} has no {{end}}"),
        ("{{range .A}}{{else if true}}{{end}}", "'if' is left over after else"),
        ("{{end}}", "{{end}} belongs to nothing before it"),
        ("{{if}}x{{end}}", "a value is missing"),
        ("{{.A | }}", "a value is missing"),
        ("{{}}", "a value is missing"),
        ("{{break}}", "{{break}} stands in no range"),
        ("{{if true}}{{$x := 1}}{{end}}{{$x}}", "there is no variable '$x'"),
        ("{{$x, $y := .A}}", "only range gives two variables"),
        ("{{(.A}}", "a ( has no )"),
        ("{{.A)}}", "')' is left over"),
        ('{{"a" "b"}}', "a literal takes no arguments"),
        ("{{nil}}", "nil alone says nothing"),
        (r'{{"\q"}}', "is not understood"),
        ("{{.A..B}}", "is not understood"),
        ("{{.A-}}", "is not understood"),
        ('{{define "x"}}Q{{end}}', "there is no function 'define'"),
        ("{{if true}}" * 41 + "{{end}}" * 41, "more than 40 blocks and parentheses stand in each other"),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "more than 40 blocks and parentheses stand in each other"),
    ],
)
def test_what_go_would_not_parse_is_refused_when_it_is_read(template: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        Template(template)
    assert str(caught.value).startswith("cannot read the template: ") and why in str(caught.value)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{.Nmae}}", "there is no field 'Nmae'\nhint: there are: Name, Args, State,"),
        ("{{.State.Sattus}}", "there is no field 'Sattus'\nhint: there are: Status, Running,"),
        ("{{range .Nope}}{{end}}", "there is no field 'Nope'"),
        ("{{.State.Status.Foo}}", "there is no field 'Foo'\nhint: there are: none"),
        ("{{.State.Health.Status}}", "what has no value has no field 'Status'"),
        ("{{.Name .Args}}", ".Name takes no arguments"),
        ("{{index .Config.Env 9}}", "index: []string of 1 has no 9"),
        ("{{index nil 0}}", "index: <nil> has no 0"),
        ("{{upper}}", "upper takes 1 arguments, not 0"),
        ("{{upper 1}}", "upper: a text is expected, not 1"),
        ("{{len 3}}", "len: 3 has no length"),
        ('{{eq 1 "a"}}', "eq: 1 and a cannot be compared"),
        ('{{lt 1 "a"}}', "lt: 1 and a have no order"),
        ('{{slice "abc" 2 1}}', "slice: 2 to 1 is not within 3"),
        ("{{range .Name}}{{end}}", "range goes through lists, maps and numbers, not /web"),
        ("{{and}}", "and takes arguments"),
    ],
)
def test_what_cannot_be_filled_says_why(template: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        Template(template)(CONTAINER)
    assert f"cannot fill the template: {why}" in str(caught.value)


@pytest.mark.parametrize(
    "template",
    [
        "{{range 1000000000}}{{end}}",
        "{{range 1000}}{{range 1000}}{{range 1000}}{{end}}{{end}}{{end}}",
        '{{$x := "aa"}}{{range 100}}{{$x = print $x $x}}{{end}}',
        '{{range 1000}}{{printf "%1000000d" 1}}{{end}}',
        '{{range 1000000}}{{split (printf "%100000d" 1) " "}}{{end}}',
    ],
)
def test_every_template_ends(template: str) -> None:
    with pytest.raises(Invalid, match=r"steps|too long"):
        Template(template)({})


def test_what_is_asked_of_the_value_is_known_before_it_is_there() -> None:
    assert Template("{{.A.B}} {{len (index $.C 0)}} {{if .D}}{{.E}}{{end}}").fields == ("A", "C", "D", "E")
    assert Template("{{range .A}}{{.B}}{{$.C}}{{else}}{{.D}}{{end}}{{with .E}}{{.F}}{{end}}").fields == (
        "A",
        "C",
        "D",
        "E",
    )
    assert Template("{{json .}}").fields == ("",)


def test_methods_take_arguments() -> None:
    row = {"Label": lambda name: {"tier": "web"}.get(name, "")}
    assert Template('{{.Label "tier"}} {{"tier" | .Label | upper}}')(row) == "web WEB"
    with pytest.raises(Invalid, match="Label takes 1 arguments, not 0"):
        Template("{{.Label}}")(row)


WORDS = "{{ }} {{- -}} | ( ) , := = . $ $x .A .Name `a` ` ' 1 - range if else end with break print printf index len"
ACTIONS = st.lists(st.sampled_from([*WORDS.split(" "), " ", "and", '"%d%s%q%v%z"', "/*"]), max_size=30)


@given(st.one_of(st.text(), ACTIONS.map("".join), ACTIONS.map(lambda parts: f"{{{{{' '.join(parts)}}}}}")))
def test_no_text_is_more_than_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        Template(text)({"A": [1, "a", None, {"B": 1.5}], "Name": "web"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner).map(OpenMap),
    max_leaves=8,
)


@given(st.text(alphabet="%0123456789.*+-# vdsqxXtTcUobeEfFgG[]"), st.lists(JSON, max_size=3))
def test_every_value_is_printed_somehow(form: str, values: list[object]) -> None:
    names = [f"V{number}" for number in range(len(values))]
    arguments = " ".join(f".{name}" for name in names)
    row = dict(zip(names, values, strict=True))
    assert isinstance(Template(f"{{{{printf `{form}` {arguments}}}}}{{{{println {arguments}}}}}")(row), str)


def test_a_record_is_encoded_and_printed_without_its_methods() -> None:
    """As in Go: `Label` of a container can be called, and is no part of it."""
    row = {"Name": "web", "Label": lambda name: f"the label {name}"}
    assert Template('{{json .}} {{.}} {{printf "%v" .}} {{.Label "x"}}')(row) == (
        '{"Name":"web"} {web} {web} the label x'
    )
