"""Values that hide: each way to write one so that a reader still reads it, or a program decodes it."""

from __future__ import annotations

import base64
import html
import json
import random
import urllib.parse

from faker import Faker

EACH = 6
CONFUSABLES = str.maketrans({"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "x": "х", "i": "і", "s": "ѕ"})
WIDTHLESS = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202a", "\ufe0f"]
HYPHENS = ["\u2010", "\u2011", "\u2012", "\u2013", "\u2212", "\ufe63", "\uff0d"]
SPACES = ["\u00a0", "\u2009", "\u202f", "\u2007", "\u3000"]
ZEROS = [0xFF10, 0x0660, 0x06F0, 0x0966, 0x1D7CE, 0x1D7EC]


def _digits(text: str, zero: int) -> str:
    return "".join(chr(zero + int(sign)) if sign.isdecimal() and sign.isascii() else sign for sign in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def _bold(text: str) -> str:
    out = []
    for sign in text:
        if "a" <= sign <= "z":
            out.append(chr(0x1D41A + ord(sign) - ord("a")))
        elif "A" <= sign <= "Z":
            out.append(chr(0x1D400 + ord(sign) - ord("A")))
        else:
            out.append(sign)
    return _digits("".join(out), 0x1D7CE)


def _circled(text: str) -> str:
    return "".join("⓪" if sign == "0" else chr(0x2460 + int(sign) - 1) if sign in "123456789" else sign for sign in text)


def _quoted(text: str) -> str:
    return "".join(f"={byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in text.encode())


def _at_dot(rng: random.Random, text: str) -> str:
    at = rng.choice([" [at] ", "[at]", " (at) ", "(at)", " {at} ", "[@]"])
    dot = rng.choice([" [dot] ", "[dot]", " (dot) ", "(dot)", "[.]"])
    local, domain = text.split("@")
    return local + at + domain.replace(".", dot)


def _ways(rng: random.Random, kind: str, value: str) -> list[tuple[str, str, str]]:
    """Each with what stands before and behind it."""
    middle = len(value) // 2
    inside = value[middle - 1].isdigit() and value[middle].isdigit()
    padding = f"{kind.lower()}:   "
    padding = padding[: len(padding) // 3 * 3]
    coded = base64.b64encode(f"{padding}{value}".encode()).decode().rstrip("=")
    around = [
        ("**", f"{value[:middle]}**{value[middle:]}", "") if inside else ("**", value, "**"),
        ("␛[31m", f"{value[:middle]}␛[0m{value[middle:]}", ""),
    ]
    if kind in ("EMAIL", "CREDIT_CARD", "IBAN", "GITHUB_TOKEN"):
        at = len(padding) // 3 * 4
        around.append((coded[:at], coded[at:], ""))
    ways = [
        "".join(sign + (rng.choice(WIDTHLESS) if at % 3 == 1 and at + 1 < len(value) else "") for at, sign in enumerate(value)),
        _wide(value.replace(" ", "-") if kind == "CREDIT_CARD" else value) if kind != "IPV6" else value[:3] + "\u200b" + value[3:],
        _bold(value),
        "".join(f"%{byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in value.encode()),
        urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
        "".join(f"&#{ord(sign)};" for sign in value),
        "".join(f"&#x{ord(sign):x};" if not sign.isalnum() else sign for sign in value),
        html.escape(value).replace("@", "&commat;").replace(".", "&period;").replace("-", "&hyphen;"),
        _quoted(value),
        "".join(f"\\u{ord(sign):04x}" if not sign.isalnum() or rng.random() < 0.3 else sign for sign in value),
        json.dumps(value)[1:-1].replace("@", "\\u0040").replace(":", "\\u003a"),
    ]
    if kind == "EMAIL":
        ways += [value.translate(CONFUSABLES), _at_dot(rng, value), value.replace("@", "\uff20").replace(".", "\uff0e"), _at_dot(rng, value)]
    if any(sign.isdigit() for sign in value) and kind != "EMAIL":
        ways += [_digits(value, rng.choice(ZEROS)) for _ in range(2)]
        ways.append(_circled(value))
        ways.append("\u0336".join(value))
    if "-" in value:
        ways += [value.replace("-", rng.choice(HYPHENS)) for _ in range(2)]
    if " " in value:
        ways += [value.replace(" ", rng.choice(SPACES)) for _ in range(2)]
    return around + [("", way, "") for way in ways]


def evasions(seed: int) -> list[str]:
    """Each way for values of several types."""
    rng, faker = random.Random(seed), Faker("en_US")
    faker.seed_instance(f"{seed} evasions")

    def card(sign: str) -> str:
        value = faker.credit_card_number("visa16")
        return sign.join(value[at : at + 4] for at in range(0, 16, 4))

    def iban() -> str:
        value = Faker("de_DE")
        value.seed_instance(rng.random())
        value = value.iban()
        return " ".join(value[at : at + 4] for at in range(0, len(value), 4))

    def token() -> str:
        return "gh¦p_FAKE" + "".join(rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=32))

    makers = [
        ("EMAIL", faker.email, "write to"), ("CREDIT_CARD", lambda: card(" "), "card"), ("CREDIT_CARD", lambda: card("-"), "card"),
        ("IBAN", iban, "IBAN"), ("US_SSN", faker.ssn, "SSN"), ("IPV4", faker.ipv4_public, "from"), ("IPV6", faker.ipv6, "from"),
        ("GITHUB_TOKEN", token, "use"), ("PHONE", lambda: f"+1 212 555 {rng.randrange(1000, 9999)}", "call"),
    ]
    lines = []
    for kind, make, label in makers:
        for _ in range(EACH):
            value = make().replace("¦", "")
            for before, way, after in _ways(rng, kind, value):
                broken = way[:2] + "¦" + way[2:] if kind == "GITHUB_TOKEN" else way
                lines.append(f"{faker.sentence()} {label} {before}⟦{kind}:{broken}⟧{after} {faker.word()}")
    return lines
