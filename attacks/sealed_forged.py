"""Another text is shown for a note that was sealed.

The log opens one of two sealed notes about a person, by the commitment that the record has beside the sealed bytes. The attacker wants
the auditor to read another text, or to take the opening of one note for that of the other.
"""

from openings_forged import counted, other
from given import SEALED_IDS
from tools import Attack

ATTACKS = [
    Attack("another text", "sealed", other(value='{"$bytes":"bm90aGluZw=="}'), 1, "package_opening"),
    Attack("another salt", "sealed", other(salt="00" * 32), 1, "package_opening"),
    Attack("of the other note", "sealed", other(record_id=SEALED_IDS[1]), 1, "package_opening"),
    Attack("of another payload", "sealed", other(field="sealed:other"), 1, "package_opening"),
    Attack("of a payload without its name", "sealed", other(field="sealed:"), 1, "package_opening"),
    Attack("of a field in the place of a payload", "sealed", other(field="/note"), 1, "package_opening"),
    Attack("of the list of commitments", "sealed", other(field="/personal_commitments/0"), 1, "package_opening"),
    Attack("none left closed by the statement", "sealed", counted(closed=0), 1, "package_population"),
    Attack("more left closed by the statement", "sealed", counted(closed=2), 1, "package_population"),
]
