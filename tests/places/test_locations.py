"""Names of places and of files in them: what leaves a place is refused, whatever its spelling."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.places.locations import Location, WrongLocation, parse_location, split_places

PART = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\%;"), min_size=1
).filter(lambda part: part not in (".", ".."))
PATHS = st.lists(PART, min_size=1, max_size=4).map("/".join)
ROOT = parse_location("https://rec.example/calls")


@given(PATHS, st.sampled_from(["sftp", "https"]))
def test_a_path_is_the_same_written_out_and_read_again(path: str, scheme: str) -> None:
    place = parse_location(f"{scheme}://rec.example:1234/calls")
    file = place.below(path)
    assert place.holds(file)
    assert parse_location(str(file)) == file
    assert unquote(urlsplit(str(file)).path) == f"/calls/{path}"


@given(PATHS)
def test_a_key_of_s3_is_taken_as_it_is_written(path: str) -> None:
    file = parse_location(f"s3://calls/{path}")
    assert (file.host, file.path) == ("calls", f"/{path}")
    assert str(file) == f"s3://calls/{path}"


@given(st.text("./%2eEfF\\;cC5 ab", max_size=20))
def test_whatever_is_accepted_below_a_place_stays_below_it(path: str) -> None:
    """By an independent reading: decode as often as anything may, then resolve the dots."""
    try:
        file = parse_location(f"https://rec.example/calls/{path}")
    except WrongLocation:
        return
    if not ROOT.holds(file):
        return
    decoded = file.path
    for _ in range(4):
        decoded = unquote(decoded).replace("\\", "/")
        depth = 0
        for part in decoded.split("/")[2:]:
            depth += {"..": -1, ".": 0, "": 0}.get(part.split(";")[0], 1)
            assert depth >= 0, decoded


@pytest.mark.parametrize(
    "text",
    [
        "https://rec.example/calls/../secret",
        "https://rec.example/calls/%2e%2e/secret",
        "https://rec.example/calls/%252e%252e/secret",
        "https://rec.example/calls/..%2fsecret",
        "https://rec.example/calls/..;/secret",
        "https://rec.example/calls/a\\..\\secret",
        "https://rec.example/calls/a%00.wav",
        "https://rec.example/calls/a\n.wav",
        "https://rec.example/calls//a.wav",
        "https://rec.example/calls/%ff",
        "https://user:password@rec.example/calls/a.wav",
        "https://rec.example@evil.example/calls/a.wav",
        "https://rec.example#@evil.example/calls/a.wav",
        "https://rec.example\\@evil.example/calls/a.wav",
        "https://rec.example:443:22/calls/a.wav",
        "https://rec.example:x/calls/a.wav",
        "https://rec.example:70000/calls/a.wav",
        "https:///calls/a.wav",
        "https://réc.example/calls/a.wav",
        "https://rec..example/a",
        "https://rec.example/calls/a.wav?x=1 HTTP/1.1",
        "https://rec.example/calls/a.wav?x=@evil.example/",
        "sftp://pbx.example/a?x=1",
        "sftp://pbx.example/a#b",
        "s3://calls:80/a",
        "s3://../a",
        "s3://calls/a/../b",
        "http://rec.example/calls/a.wav",
        "ftp://rec.example/a",
        "file:///etc/passwd",
        "gopher://rec.example/a",
        "s3a://calls/a",
        "ssh://pbx.example/a",
        "chain::https://rec.example/a",
    ],
)
def test_what_could_lead_elsewhere_names_nothing(text: str) -> None:
    with pytest.raises(WrongLocation) as caught:
        parse_location(text)
    assert "secret" not in str(caught.value)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [
        "https://rec.example/callsign/a.wav",
        "https://rec.example/a.wav",
        "https://rec.example:8443/calls/a.wav",
        "https://rec.example.evil.example/calls/a.wav",
        "https://rec.example./calls/a.wav",
        "https://evil.example/calls/a.wav",
        "sftp://rec.example/calls/a.wav",
    ],
)
def test_a_place_holds_nothing_beside_it(other: str) -> None:
    try:
        location = parse_location(other)
    except WrongLocation:
        return
    assert not ROOT.holds(location)


def test_hosts_and_schemes_are_the_same_in_capitals_and_with_their_usual_port() -> None:
    assert parse_location("HTTPS://Rec.Example:443/calls/") == ROOT
    assert ROOT.holds(parse_location("https://REC.example/calls/a%20b.wav"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/srv/a", ["/srv/a"]),
        ("/srv/a::/srv/b c", ["/srv/a", "/srv/b c"]),
        ("/srv/a,/srv/b", ["/srv/a", "/srv/b"]),
        ("/srv/a s3://calls/x", ["/srv/a", "s3://calls/x"]),
        (
            "s3://calls,sftp://h:2222/out:https://r.example:8443/c:/srv",
            ["s3://calls", "sftp://h:2222/out", "https://r.example:8443/c", "/srv"],
        ),
        ("\nsftp://[::1]:22/a\n  /srv/b c\n", ["sftp://[::1]/a", "/srv/b c"]),
        ("sftp://h:/srv", ["sftp://h", "/srv"]),
        ("", []),
    ],
)
def test_directories_and_places_stand_in_one_list(text: str, found: list[str]) -> None:
    assert [str(each) for each in split_places(text)] == found


DIRECTORIES = st.from_regex(r"/[a-z ]{1,8}(/[a-zà-ü .-]{1,8})?", fullmatch=True)


@given(st.lists(DIRECTORIES, min_size=1))
def test_a_list_of_directories_is_read_as_it_always_was(directories: list[str]) -> None:
    assert split_places(":".join(directories)) == [Path(each) for each in directories]


@given(
    st.lists(
        DIRECTORIES.map(Path)
        | st.sampled_from(["calls", "out"]).map(
            lambda name: Location("s3", name, None, f"/{quote(name)}")
        ),
        min_size=1,
    )
)
def test_a_list_that_is_written_out_reads_the_same(places: list[Path | Location]) -> None:
    assert split_places(":".join(map(str, places))) == places


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/srv/a ftp://h/x", "place 1 of the list: only s3://"),
        ("/srv/a:http://h/x", "place 2 of the list: only s3://"),
        ("/srv/a sftp://user:pw@h/x", "place 2 of the list: it holds a user or a password"),
        ("https://h/x?a=1", "it has '?' in it"),
    ],
)
def test_a_list_that_is_wrong_says_where(text: str, says: str) -> None:
    with pytest.raises(WrongLocation) as caught:
        split_places(text)
    assert says in str(caught.value)
    assert "pw" not in str(caught.value)
