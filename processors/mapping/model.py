"""What a mapping file may say: data, never code.

A mapping names the event that each row becomes and, field by field, where its value comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Names
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from processors.mapping.conversions import TIME_FORMATS, zone_of
from schemas.errors import AscoltoError
from schemas.events import (
    CallEnded,
    ContractCancelled,
    PaymentReceived,
    PaymentReturned,
    SurveyAnswered,
)
from schemas.topics import TOPICS, Topic

EventKind = Literal[
    "call-ended",
    "payment-received",
    "contract-cancelled",
    "payment-returned",
    "survey-answered",
]
ValueKind = Literal["text", "phone", "time", "amount", "seconds", "integer", "boolean"]
DATA_OF: Final[Names[str, type[BaseModel]]] = {
    "call-ended": CallEnded,
    "payment-received": PaymentReceived,
    "contract-cancelled": ContractCancelled,
    "payment-returned": PaymentReturned,
    "survey-answered": SurveyAnswered,
}
CUSTOMER: Final = "customer_id"


class WrongField(AscoltoError, ValueError):
    """A field of `data` that does not fit the event; `path` is where it stands in the mapping."""

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class Part(BaseModel):
    """Part of a mapping: a name that it does not know is an error, not a comment."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, frozen=True, coerce_numbers_to_str=True
    )


_GROUPS: Final = ("any_of", "all_of", "none_of")
"""What a condition has in place of a column."""


class Condition(Part):
    """Something that must hold of a row; everything that is given must."""

    column: str | None = Field(None, description="column name, or JMESPath of JSON")
    is_: list[str] | None = Field(None, alias="is", description="one of these, in any case")
    is_not: list[str] | None = Field(None, description="none of these, in any case")
    starts_with: list[str] | None = Field(None, description="begins with one of these")
    at_least: float | None = Field(None, description="a number, this or more")
    at_most: float | None = Field(None, description="a number, this or less")
    ends_with: list[str] | None = Field(None, description="ends with one of these")
    longer_than: int | None = Field(None, description="has more characters than this")
    shorter_than: int | None = Field(None, description="has fewer characters than this")
    same_as: str | None = Field(None, description="holds the same text as this other column")
    empty: bool | None = Field(None, description="true: holds nothing; false: holds something")
    any_of: list[Condition] | None = Field(
        None, description="in place of a column: conditions of which one must hold", min_length=1
    )
    all_of: list[Condition] | None = Field(
        None, description="in place of a column: conditions that must all hold", min_length=1
    )
    none_of: list[Condition] | None = Field(
        None, description="in place of a column: conditions of which none may hold", min_length=1
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        given = [name for name in (*_GROUPS, "column") if name in self.model_fields_set]
        if not given:
            raise ValueError(f"say of what it must hold: one of column, {', '.join(_GROUPS)}")
        if given != ["column"] and len(self.model_fields_set) > 1:
            raise ValueError(f"{given[0]} stands alone: put what must hold into its conditions")
        if self.model_fields_set == {"column"}:
            asked = [field.alias or name for name, field in Condition.model_fields.items()]
            known = [name for name in asked if name not in ("column", *_GROUPS)]
            raise ValueError(f"say what must hold: {', '.join(known)}")
        return self


class Value(Part):
    """Where a value comes from and what it is.

    One of `column`, `value`, `join` and `cases` gives a text; then `map` or `lookup` replaces it
    by another one, and `as` says what it is.
    """

    column: list[str] | str | None = Field(
        None,
        description="column name, or JMESPath of JSON; of several the first not empty, with a "
        "lookup the first that the table knows",
    )
    value: str | None = Field(None, description="the same for every row")
    join: list[Value] | None = Field(None, description="texts put together")
    cases: list[Case] | None = Field(None, description="the first whose condition holds")
    where: Condition | None = Field(
        None,
        description="of grouped rows, one for which this holds (cases ask of it, too); "
        "default: the first row",
    )
    take: Literal["first", "last"] = Field("first", description="of grouped rows, which")
    strip_prefix: list[str] = Field(
        default_factory=list, description="taken off the beginning, such as the 0 for a line"
    )
    after: str | None = Field(
        None,
        min_length=1,
        description="only what follows this, such as the / of PJSIP/201-0000000a",
    )
    before: list[str] = Field(
        default_factory=list,
        description="cut off with all behind them, one after the other, each at its last place",
    )
    map: dict[str, str] | None = Field(None, description="texts and what replaces them")
    lookup: str | None = Field(None, description="a table, whose value replaces the key")
    otherwise: str | None = Field(
        None, description="for what neither map nor lookup knows; default: the row is refused"
    )
    as_: ValueKind = Field("text", alias="as", description="what it is")
    formats: list[str] = Field(
        default_factory=list,
        description="of times: iso, rfc2822, unix, unix_ms, excel (days since 1900), or as "
        "Python's strptime writes them; months by name in English or Italian",
    )
    time_zone: str | None = Field(None, description="of times without offset; default: the file's")
    near: Value | None = Field(
        None, description="a time that decides which of two hours is meant as clocks go back"
    )
    plus_seconds: Value | None = Field(None, description="added to a time")
    write: str | None = Field(None, description="writes a time as text, as strftime does")
    negate: bool = Field(False, description="of amounts: what is written as -12 is 12")
    optional: bool = Field(False, description="absent where nothing is found")

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        given = [self.column, self.value, self.join, self.cases]
        if sum(source is not None for source in given) != 1:
            raise ValueError("say where it comes from: one of column, value, join, cases")
        if self.as_ != "time" and (self.formats or self.near or self.plus_seconds or self.write):
            raise ValueError("formats, near, plus_seconds and write are for as: time")
        if self.as_ != "amount" and self.negate:
            raise ValueError("negate is for as: amount")
        for form in self.formats:
            if form not in TIME_FORMATS and "%" not in form:
                raise ValueError(
                    f"formats: {form!r} is none; there are {', '.join(TIME_FORMATS)}, and such as "
                    "%d/%m/%Y %H:%M:%S"
                )
        return self


class Case(Part):
    """A value for rows of which something holds."""

    when: Condition | None = Field(None, description="not given: always")
    use: Value


def _kind_of_field(given: Any) -> str:
    names = {field.alias or name for name, field in Value.model_fields.items()}
    if isinstance(given, dict) and given and not names & given.keys():
        return "fields" if all(isinstance(each, dict) for each in given.values()) else "value"
    return "value"


FieldOf = Annotated[
    Annotated[Value, Tag("value")] | Annotated[dict[str, Value], Tag("fields")],
    Discriminator(_kind_of_field),
]
"""A field of an event: a value, or fields of its own."""


class Input(Part):
    """How a file is written."""

    format: Literal["csv", "json", "jsonl"] = "csv"
    encodings: list[str] = Field(
        default=["utf-8-sig", "cp1252"], description="the first that fits is taken", min_length=1
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="of CSV; default: what the first line has most of , ; tab and |"
    )
    columns: list[str] | None = Field(
        None, description="names of the columns, for CSV whose first line does not name them"
    )
    skip_lines: int = Field(0, ge=0, description="of CSV: titles above the names of the columns")
    records: str | None = Field(None, description="JMESPath of the list of records in JSON")


class Table(Part):
    """A file of keys and values: telephone numbers to customers, accounts to agencies."""

    file: str = Field(description="CSV, relative to the mapping file")
    key: str = Field(description="column of the keys")
    value: str = Field(description="column of the values")
    as_: Literal["text", "phone"] = Field("text", alias="as", description="what the keys are")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encodings: list[str] = Field(default=["utf-8-sig", "cp1252"], min_length=1)
    skip_lines: int = Field(0, ge=0, description="of CSV: titles above the names of the columns")
    separators: list[str] = Field(
        default_factory=list, description="between several keys in one cell, such as ;"
    )
    strip_prefix: list[str] = Field(
        default_factory=list,
        description="what is dialled before the number, such as 0 for an outside line: taken off "
        "where the table does not know the whole",
    )
    ambiguous: Literal["refuse", "unknown"] = Field(
        "refuse", description="unknown: a key that stands there with two values is as if not there"
    )

    def keys_in(self, cell: str) -> list[str]:
        """The keys in a cell, without blanks around them."""
        for separator in filter(None, self.separators):
            cell = cell.replace(separator, "\n")
        return [
            key.strip() for key in (cell.split("\n") if self.separators else [cell]) if key.strip()
        ]


class Legs(Part):
    """Which rows are legs of one call, and which of them speaks for it.

    Legs with the same customer that overlap or are minutes apart make one event, of the leg that
    was answered; of several that one of the longest talk, where nobody answered the earliest.
    """

    of: list[str] | str = Field(
        description="column, or JMESPath of JSON, that all legs of a call share; of several the "
        "first that is not empty. A row without any is a call of its own"
    )
    longest: list[str] | str | None = Field(
        None, description="column of the seconds talked: of several answered legs the longest"
    )
    answered_by: list[Condition] = Field(
        default_factory=list,
        description="legs of which these hold say whether somebody answered, and who, of the call "
        "that another leg speaks for",
    )
    every: list[Condition] = Field(
        default_factory=list,
        description="have to hold of every leg; else the call is passed over until a later file",
    )
    some: list[Condition] = Field(
        default_factory=list,
        description="each has to hold of at least one leg; else the call is passed over",
    )


class Mapping(Part):
    """How the rows of one kind of export become events."""

    title: str = Field("", description="what it is for")
    event: EventKind
    input: Input = Field(default_factory=Input)
    time_zone: str = Field("Europe/Rome", description="of times without offset")
    country: str = Field("IT", description="of telephone numbers without a country's code")
    decimal: Literal[".", ","] = Field(".", description="what separates the decimals of amounts")
    source: Value = Field(
        description="CloudEvents source: names the system; two systems that number alike differ"
    )
    id: Value | None = Field(
        None, description="CloudEvents id: unique in the source; default: made of the row's content"
    )
    group_by: str | None = Field(None, description="rows with the same value make one event")
    legs: Legs | None = Field(None, description="rows that are legs of one call")
    filters: list[Condition] = Field(
        default_factory=list, description="a row for which one does not hold is passed over"
    )
    tables: dict[str, Table] = Field(default_factory=dict)
    data: dict[str, FieldOf] = Field(description="the event's fields")

    @property
    def topic(self) -> Topic:
        """The topic of its events."""
        return next(topic for topic in TOPICS if topic.name == self.event)

    @model_validator(mode="after")
    def _fits_its_event(self) -> Self:
        zone_of(self.time_zone)
        if self.legs is not None and self.group_by is not None:
            raise ValueError("of group_by and legs only one: group_by makes one row of several")
        if self.legs is not None and self.event != "call-ended":
            raise ValueError("legs are of calls: event has to be call-ended")
        for name, field in self.data.items():
            check_field(DATA_OF[self.event], name, field)
        for path, value in self._values():
            if value.lookup is not None and value.lookup not in self.tables:
                raise WrongField(
                    path,
                    f"the table {value.lookup} has no file: add it under tables, as "
                    f"{value.lookup}: {{file: {value.lookup}.csv, key: COLUMN, value: COLUMN}}",
                )
        return self

    def _values(self) -> Iterator[tuple[tuple[str, ...], Value]]:
        """Every value, those inside others too, with the field that it is for."""
        waiting: list[tuple[tuple[str, ...], Value]] = [(("source",), self.source)]
        waiting += [(("id",), self.id)] if self.id else []
        for name, field in self.data.items():
            parts = {"": field} if isinstance(field, Value) else field
            waiting += [(("data", name, each), value) for each, value in parts.items()]
        while waiting:
            path, value = waiting.pop()
            yield path, value
            inner = [case.use for case in value.cases or []] + list(value.join or [])
            inner += [part for part in (value.near, value.plus_seconds) if part is not None]
            waiting += [(path, part) for part in inner]


def check_field(model: type[BaseModel], name: str, field: Value | dict[str, Value]) -> None:
    """Raise WrongField for a field that the event does not have."""
    known = model.model_fields
    path = ("data", name)
    if name not in known:
        raise WrongField(path, f"the event has no {name}; it has {', '.join(known)}")
    if isinstance(field, dict):
        inner = _model_in(known[name].annotation)
        if inner is None:
            raise WrongField(path, f"{name} has no fields of its own")
        for each in field:
            if each not in inner.model_fields:
                there = ", ".join(inner.model_fields)
                raise WrongField((*path, each), f"{name} has no {each}; it has {there}")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as `Annotated[Recording | None, ...]`."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
