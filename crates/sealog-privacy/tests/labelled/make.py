"""Makes a labelled set of texts: `python labelled/make.py SEED > FILE`, twice, for a set and for one that is held out.

Values come from other hands: Faker's providers in some forty locales, numbers that python-stdnum takes, numbers that
phonenumbers knows of each region. The sentences around them are Faker's, the words before them people's (`context.py`). Keys and
tokens have the documented form of their provider and say FAKE. A line is a text; `⟦TYPE:value⟧` marks a value in it, `⏎` stands
for a line end, `␛` for an escape, `¦` for nothing: it breaks the prefix of a key, so that no scanner of secrets stops here.
"""

from __future__ import annotations

import importlib
import json
import random
import re
import string
import sys
from pathlib import Path

import phonenumbers
from faker import Faker
from freezegun import freeze_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import stdnum_numbers
from context import DOB_LABELS, LABELS, PHONE_LABELS, PHONE_LOCALES, VAT_LABELS
from evasions import evasions
from negatives import negatives

EACH = 8
"""Numbers of each type that python-stdnum knows."""
IBAN_LOCALES = (
    "de_DE fr_FR it_IT es_ES pt_PT nl_NL nl_BE pl_PL cs_CZ sk_SK ro_RO el_GR tr_TR fi_FI da_DK no_NO en_GB en_IE de_AT de_CH".split()
)
FORMATS = [phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL]


def mark(kind: str, value: str) -> str:
    """A value with its type."""
    return f"⟦{kind}:{value}⟧"


class Maker:
    """Texts of one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.fakers: dict[str, Faker] = {}
        self.lines: list[str] = []

    def faker(self, locale: str) -> Faker:
        if locale not in self.fakers:
            self.fakers[locale] = Faker(locale)
            self.fakers[locale].seed_instance(f"{self.seed} {locale}")
        return self.fakers[locale]

    def sentence(self, locale: str) -> str:
        return self.faker(locale).sentence(nb_words=6)

    def put(self, locale: str, label: str, value: str) -> None:
        """A text with a value in it, in one of the forms that people and programs write."""
        name = self.faker(locale).name()
        before, after = self.sentence(locale), self.sentence(locale)
        field = re.sub(r"[ .]+", "_", label.strip(" .").lower())
        forms = [
            f"{before} {label}: {value}. {after}",
            f"{before} {label} {value}, {after}",
            f"{name}, {label} {value}",
            f"{label}: {value}",
            f"{name}; {label}={value}; {after}",
            f'{{"name": "{name}", "{field}": "{value}"}}',
            f"{name}⏎{label}: {value}⏎{after}",
            f"<td>{label}</td><td>{value}</td>",
            f"{before} ({label} {value})",
        ]
        self.lines.append(self.rng.choice(forms))

    def national(self) -> None:
        for identifier, module, template, tail, alphabet in stdnum_numbers.TYPES:
            if identifier == "CREDIT_CARD":
                continue
            referee = importlib.import_module("stdnum." + module)
            made = 0
            while made < EACH:
                value = stdnum_numbers.number(self.rng, identifier, template, tail, alphabet, referee.is_valid)
                if identifier == "SK_VAT" and importlib.import_module("stdnum.cz.rc").is_valid(value[2:]):
                    continue  # a birth number, of which our check is known to differ
                if identifier == "MX_RFC" and not referee.is_valid(value, validate_check_digits=True):
                    continue
                made += 1
                if hasattr(referee, "format") and self.rng.random() < 0.5:
                    formatted = referee.format(value)
                    prefix = identifier.endswith("_VAT") and value[:2].isalpha() and not formatted.startswith(value[:2])
                    value = value[:2] + formatted if prefix else formatted
                if identifier in LABELS:
                    locale, labels = LABELS[identifier]
                else:
                    locale, labels = "en_GB", VAT_LABELS
                self.put(locale, self.rng.choice(labels), mark(identifier, value))

    def faked_numbers(self) -> None:
        """Numbers in the form that Faker gives them, where python-stdnum takes them."""
        kinds = [
            ("US_SSN", "en_US", "us.ssn"), ("CA_SIN", "en_CA", "ca.sin"), ("BR_CPF", "pt_BR", "br.cpf"),
            ("PL_PESEL", "pl_PL", "pl.pesel"), ("FI_HETU", "fi_FI", "fi.hetu"), ("SE_PERSONNUMMER", "sv_SE", "se.personnummer"),
            ("NO_FODSELSNUMMER", "no_NO", "no.fodselsnummer"), ("NL_BSN", "nl_NL", "nl.bsn"), ("BE_NN", "nl_BE", "be.nn"),
            ("CH_AHV", "de_CH", "ch.ssn"), ("IT_CODICE_FISCALE", "it_IT", "it.codicefiscale"), ("RO_CNP", "ro_RO", "ro.cnp"),
            ("HR_OIB", "hr_HR", "hr.oib"), ("TR_TCKN", "tr_TR", "tr.tckimlik"), ("EE_ISIKUKOOD", "et_EE", "ee.ik"),
            ("KR_RRN", "ko_KR", "kr.rrn"), ("CN_RESIDENT_ID", "zh_CN", "cn.ric"), ("FR_NIR", "fr_FR", "fr.nir"),
        ]
        for identifier, locale, module in kinds:
            referee = importlib.import_module("stdnum." + module)
            values = [self.faker(locale).ssn() for _ in range(3 * EACH)]
            for value in [value for value in values if referee.is_valid(value)][:EACH]:
                self.put(locale, self.rng.choice(LABELS[identifier][1]), mark(identifier, value))

    def payment(self) -> None:
        faker = self.faker("en_US")
        for kind in ("visa", "mastercard", "amex", "discover", "jcb", "diners", "maestro", "visa13"):
            for _ in range(EACH):
                value = faker.credit_card_number(kind)
                if self.rng.random() < 0.5 and len(value) == 16:
                    value = self.rng.choice(" -").join(value[at : at + 4] for at in range(0, 16, 4))
                label = self.rng.choice(["card", "paid with", "Karte", "carte bancaire", "cc", "pay"])
                self.put("en_US", label, mark("CREDIT_CARD", value))
        for locale in IBAN_LOCALES:
            for _ in range(4):
                value = self.faker(locale).iban()
                if self.rng.random() < 0.5:
                    value = " ".join(value[at : at + 4] for at in range(0, len(value), 4))
                self.put(locale, self.rng.choice(["IBAN", "Konto", "account", "transfer to"]), mark("IBAN", value))
        for locale in ("de_DE", "fr_FR", "nl_NL", "pl_PL"):
            for _ in range(EACH):
                label = self.rng.choice(["BIC", "SWIFT", "SWIFT code"])
                self.put(locale, label, mark("BIC", self.faker(locale).swift()))

    def contact(self) -> None:
        for locale in PHONE_LOCALES:
            faker = self.faker(locale)
            for _ in range(8):
                value = self.rng.choice([faker.email, faker.company_email, faker.safe_email])()
                if self.rng.random() < 0.2:
                    value = value.replace("@", f"+{faker.random_int(1, 99)}@", 1)
                label = self.rng.choice(["E-mail", "write to", "mailto", "contact", "from", ""])
                self.put(locale, label, mark("EMAIL", value))
            labels = PHONE_LABELS.get(locale[:2], PHONE_LABELS["en"])
            region = locale[3:]
            made = 0
            while made < 8:
                value = faker.phone_number()
                try:
                    is_one = phonenumbers.is_possible_number(phonenumbers.parse(value, region)) and "x" not in value
                except phonenumbers.NumberParseException:
                    is_one = False
                made += 1
                if is_one:
                    self.put(locale, self.rng.choice(labels), mark("PHONE", value))
        for region in sorted(phonenumbers.SUPPORTED_REGIONS):
            kinds = [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
            example = phonenumbers.example_number_for_type(region, self.rng.choice(kinds)) or phonenumbers.example_number(region)
            value = phonenumbers.format_number(example, self.rng.choice(FORMATS))
            label = self.rng.choice(PHONE_LABELS["en"])
            self.put("en_US", label, mark("PHONE", value))

    def network(self) -> None:
        faker = self.faker("en_US")
        for _ in range(60):
            label = self.rng.choice(["from", "client", "ip", "host", "connected to", "X-Forwarded-For"])
            self.put("en_US", label, mark("IPV4", faker.ipv4_public()))
            self.put("en_US", label, mark("IPV6", faker.ipv6()))
        for _ in range(30):
            self.put("en_US", self.rng.choice(["MAC", "device", "eth0"]), mark("MAC_ADDRESS", faker.mac_address()))
            user, password = faker.user_name(), faker.password(length=10, special_chars=False)
            value = mark("URL_CREDENTIALS", f"{user}:{password}@{faker.domain_name()}")
            self.lines.append(f"{faker.sentence()} {self.rng.choice(['https', 'postgres', 'amqp'])}://{value}/{faker.word()}")

    def others(self) -> None:
        faker = self.faker("en_US")
        for _ in range(30):
            self.put("en_US", self.rng.choice(["VIN", "vehicle", "chassis no."]), mark("VIN", faker.vin()))
            latitude, longitude = faker.latitude(), faker.longitude()
            self.put("en_US", self.rng.choice(["location", "GPS", "coordinates"]), mark("COORDINATES", f"{latitude}, {longitude}"))
        for locale, (labels, forms) in DOB_LABELS.items():
            for _ in range(12):
                value = self.faker(locale).date_of_birth(minimum_age=18, maximum_age=90).strftime(self.rng.choice(forms))
                self.put(locale, self.rng.choice(labels), mark("DATE_OF_BIRTH", value))

    def secrets(self) -> None:
        rng, faker = self.rng, self.faker("en_US")
        letters, hexes = string.ascii_letters + string.digits, "0123456789abcdef"

        def fake(length: int, alphabet: str = letters) -> str:
            filler = "FAKE" if "F" in alphabet and "K" in alphabet else "fa4e" if "f" in alphabet else ""
            rest = "".join(rng.choices(alphabet, k=length - 2 * len(filler)))
            return filler + rest + filler

        forms = {
            "AWS_ACCESS_KEY": lambda: "AKIA" + fake(16, string.ascii_uppercase + "234567"),
            "GITHUB_TOKEN": lambda: rng.choice(["ghp_", "gho_", "ghs_"]) + fake(36),
            "GITLAB_TOKEN": lambda: "glpat-" + fake(20),
            "SLACK_TOKEN": lambda: f"xoxb-{rng.randrange(10**11, 10**12)}-{rng.randrange(10**11, 10**12)}-{fake(24)}",
            "STRIPE_KEY": lambda: rng.choice(["sk_live_", "sk_test_", "rk_live_"]) + fake(24),
            "GOOGLE_API_KEY": lambda: "AIza" + fake(35),
            "ANTHROPIC_KEY": lambda: "sk-ant-api03-" + fake(80),
            "OPENAI_KEY": lambda: "sk-proj-" + fake(48),
            "HUGGING_FACE_TOKEN": lambda: "hf_" + fake(34),
            "NPM_TOKEN": lambda: "npm_" + fake(36),
            "PYPI_TOKEN": lambda: "pypi-AgEIcHlwaS5vcmc" + fake(60),
            "SENDGRID_KEY": lambda: f"SG.{fake(22)}.{fake(43)}",
            "TWILIO_KEY": lambda: "SK" + fake(32, hexes),
            "DIGITALOCEAN_TOKEN": lambda: "dop_v1_" + fake(64, hexes),
            "SHOPIFY_TOKEN": lambda: "shpat_" + fake(32, hexes),
            "VAULT_TOKEN": lambda: "hvs." + fake(95),
            "DATABRICKS_TOKEN": lambda: "dapi" + fake(32, hexes),
        }
        for kind, form in forms.items():
            for _ in range(EACH):
                value = form()
                label = rng.choice(["use", "key", "export", "found in the log:", "-H", "config"])
                self.put("en_US", label, mark(kind, f"{value[:2]}¦{value[2:]}"))
        for _ in range(20):
            import base64

            parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": faker.uuid4(), "fake": True}), faker.sha256()]
            value = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
            self.put("en_US", rng.choice(["Bearer", "jwt", "session"]), mark("JWT", f"{value[:2]}¦{value[2:]}"))
            body = "⏎".join(fake(64) for _ in range(4))
            key = f"-----BEGIN {rng.choice(['', 'RSA ', 'EC '])}PRIVATE KEY-----⏎{body}⏎-----END PRIVATE KEY-----"
            self.lines.append(f"{faker.sentence()}⏎{mark('PRIVATE_KEY', key[:5] + '¦' + key[5:])}⏎{faker.sentence()}")
        for _ in range(50):
            name = rng.choice(["password", "passwd", "pwd", "db_password", "Passwort", "mot de passe", "API_KEY", "client_secret", "auth-token"])
            value = faker.password(length=rng.randrange(10, 20), special_chars=False)
            value = mark("SECRET", value)
            form = rng.choice(["{n}={v}", "{n}: {v}", '"{n}": "{v}"', "{n} = '{v}'", "export {n}={v}"])
            self.lines.append(f"{faker.sentence()} {form.format(n=name, v=value)}")

    def everything(self) -> list[str]:
        self.national()
        self.faked_numbers()
        self.payment()
        self.contact()
        self.network()
        self.others()
        self.secrets()
        self.lines += negatives(self.faker("en_US"), self.rng, 700)
        self.rng.shuffle(self.lines)
        return self.lines


def main() -> int:
    seed = int(sys.argv[2])
    # Faker's dates of birth end today.
    with freeze_time("2026-11-29 12:00:00"):
        lines = evasions(seed) if sys.argv[1] == "evasions" else Maker(seed).everything()
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
