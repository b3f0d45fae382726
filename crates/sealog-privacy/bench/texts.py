"""The texts that detection is measured over: the same bytes each time, from Faker and a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from faker import Faker

SEED = 20261129


def clean(size: int, every: int) -> tuple[str, int]:
    """Text of so many bytes without personal data, and how much is in it: nothing."""
    del every
    return _fill(size, _lines(*_makers()), None, 0)


def dense(size: int, every: int) -> tuple[str, int]:
    """The same with an identifier for each `every` bytes, and how many are in it."""
    faker, rng = _makers()
    return _fill(size, _lines(faker, rng), _identifiers(faker, rng), every)


TEXTS: dict[str, Callable[[int, int], tuple[str, int]]] = {"clean": clean, "dense": dense}


def _makers() -> tuple[Faker, random.Random]:
    faker = Faker("en_US")
    faker.seed_instance(SEED)
    return faker, random.Random(SEED)


def _fill(size: int, lines: Iterator[str], identifiers: Iterator[str] | None, every: int) -> tuple[str, int]:
    out: list[str] = []
    length = put = 0
    while True:
        line = next(lines)
        due = identifiers is not None and (put + 1) * every <= length + len(line)
        if due and identifiers is not None:
            line = f"{line} {next(identifiers)}"
        if length + len(line) + 1 > size:
            # Filled up with what nothing can be found in.
            out.append("." * (size - length))
            return "".join(out), put
        out.append(line + "\n")
        length += len(line) + 1
        put += due


def _lines(faker: Faker, rng: random.Random) -> Iterator[str]:
    """Prose, lines of a log, rows of JSON and of a table."""
    while True:
        kind = rng.randrange(8)
        if kind < 5:
            yield faker.paragraph(nb_sentences=4)
        elif kind == 5:
            at = f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{rng.randrange(24):02}:15:{rng.randrange(60):02}Z"
            yield f"{at} INFO worker-{rng.randrange(16)} request done status=200 took={rng.randrange(1, 900)}ms bytes={rng.randrange(9999)}"
        elif kind == 6:
            yield f'{{"step": {rng.randrange(500)}, "loss": {rng.random():.6f}, "digest": "{rng.randbytes(16).hex()}", "note": "{faker.word()}"}}'
        else:
            yield f"{faker.word()}, {rng.randrange(100)}, {rng.uniform(0, 100):.2f} EUR, {faker.word()} {faker.word()}"


def _identifiers(faker: Faker, rng: random.Random) -> Iterator[str]:
    """With the words that stand before them."""
    makers: list[Callable[[], str]] = [
        lambda: f"write to {faker.email()} about it",
        lambda: f"phone +1 212 555 {rng.randrange(1000, 9999)}",
        lambda: f"paid by card {faker.credit_card_number('visa16')}",
        lambda: f"account {faker.iban()}",
        lambda: f"from {faker.ipv4_public()} again",
        lambda: f"ssn {faker.ssn()}",
        lambda: f"with {'ghp_' + ''.join(rng.choices('abcdefghijkmnopqrstuvwxyz0123456789', k=36))} as it is",
        lambda: f"host {faker.ipv6()} answered",
    ]
    while True:
        yield from (make() for make in makers)
