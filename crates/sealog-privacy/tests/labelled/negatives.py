"""What looks like an identifier and is none."""

from __future__ import annotations

import random
from collections.abc import Callable

from faker import Faker

CODE = [
    "for (let i = 0; i < rows.length; i++) { total += rows[i].price * 1.19; }",
    "let value = std::fmt::format(format_args!(\"{:>8.3}\", x));",
    "SELECT id, total FROM orders WHERE created_at > '2024-01-01' AND status IN (1, 2, 3);",
    "assert_eq!(sum(&[1, 2, 3, 4, 5]), 15);",
    "@dataclass(frozen=True, slots=True)",
    "npm install react@18.2.0 left-pad@1.3.0 --save-exact",
    "docker run --rm -p 8080:80 -e TZ=UTC nginx:1.25.3-alpine",
    "password: String, token: Option<Token>, secret: &'static str",
    "if (password === null || token === undefined) return false;",
    "api_key = os.environ['API_KEY']",
    "token = get_token(user_id=user.id)",
    "max_tokens=4096, temperature=0.7, top_p=0.95",
    "git clone git@github.com:example/project.git",
    "background: #1a2b3c; margin: 0 12px 24px 36px;",
    "0x7fff5fbff8c0 in main () at main.c:142",
    "regex: ^[0-9]{3}-[0-9]{2}-[0-9]{4}$",
]


def negatives(faker: Faker, rng: random.Random, count: int) -> list[str]:
    """So many lines, each kind as often as the others."""

    def digits(length: int) -> str:
        return "".join(rng.choices("0123456789", k=length))

    def version() -> str:
        return ".".join(str(rng.randrange(30)) for _ in range(rng.choice([2, 3, 3, 3, 4])))

    makers: list[Callable[[], str]] = [
        lambda: f"Order {digits(10)} was shipped on {faker.date()}.",
        lambda: f"order #{digits(8)}, {rng.randrange(1, 9)} items, {rng.randrange(10, 999)}.{digits(2)} EUR",
        lambda: f"ORD-{rng.randrange(2019, 2027)}-{digits(6)}",
        lambda: f"invoice no. {digits(9)}",
        lambda: f"Ticket {digits(7)}: {faker.sentence()}",
        lambda: f"ref {digits(12)}",
        lambda: f"md5 {faker.md5()}",
        lambda: f"sha1 {faker.sha1()}",
        lambda: f"sha256:{faker.sha256()}",
        lambda: f"commit {faker.sha1()[:8]}",
        lambda: f"release {version()}",
        lambda: f"{faker.word()}=={version()}",
        lambda: f"upgraded from v{version()} to v{version()}",
        lambda: f"{faker.iso8601()}Z started",
        lambda: f"ts={rng.randrange(1_500_000_000, 1_800_000_000)} level=info",
        lambda: f"at {rng.randrange(1_500_000_000_000, 1_800_000_000_000)} ms",
        lambda: f"on {faker.date()} at {faker.time()}",
        lambda: f"id {faker.uuid4()}",
        lambda: f"ISBN {faker.isbn13()}",
        lambda: f"ISBN-10: {faker.isbn10()}",
        lambda: f"EAN {faker.ean13()}",
        lambda: f"barcode {faker.ean8()}",
        lambda: f"{rng.randrange(1, 999)},{digits(3)},{digits(3)} rows in {rng.random():.4f} s",
        lambda: f"total {rng.uniform(1, 99999):.2f} USD",
        lambda: f"pid {rng.randrange(99999)} tid {rng.randrange(99999)} port {rng.randrange(1024, 65535)}",
        lambda: f"size {rng.randrange(10**9)} bytes",
        lambda: f"pi is {rng.random():.15f}",
        lambda: f"loss {rng.random():.6f}, lr {rng.random() / 1000:.2e}, step {rng.randrange(10**6)}",
        lambda: f"{faker.file_path(depth=3)}:{rng.randrange(900)}",
        lambda: f"{faker.url()}{faker.uri_path()}?page={rng.randrange(99)}&id={digits(6)}",
        lambda: f"part no. {digits(4)}-{digits(2)}-{digits(4)}",
        lambda: f"chapter {rng.randrange(9)}.{rng.randrange(20)}.{rng.randrange(20)}",
        lambda: f"the score was {rng.randrange(9)}-{rng.randrange(9)}, pages {rng.randrange(100, 200)}-{rng.randrange(200, 400)}",
        lambda: f"years {rng.randrange(1900, 2000)}-{rng.randrange(2000, 2030)}",
        lambda: f"logo@2x.png and icon@{rng.randrange(2, 4)}x.webp",
        lambda: f"message {rng.randrange(10**17, 10**18)}",
        lambda: f"{faker.paragraph()}",
        lambda: f"{faker.company()}: {faker.catch_phrase()}",
        lambda: f"tracking 1Z{digits(3)}AA{digits(10)}",
        lambda: f"row {digits(5)};{digits(3)};{faker.word()};{digits(4)}",
    ]
    lines = [rng.choice(CODE) for _ in range(count // 10)]
    while len(lines) < count:
        lines += [make() for make in makers]
    return lines[:count]
