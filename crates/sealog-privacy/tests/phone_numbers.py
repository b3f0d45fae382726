"""Writes the example numbers that phonenumbers has of each region: region, kind, form, number, by tabs.

Those of people: numbers that cost the caller nothing belong to companies.
"""

import phonenumbers

FORMS = {
    "E164": phonenumbers.PhoneNumberFormat.E164,
    "INTERNATIONAL": phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    "NATIONAL": phonenumbers.PhoneNumberFormat.NATIONAL,
}
KINDS = ["FIXED_LINE", "MOBILE", "VOIP", "PERSONAL_NUMBER"]


def main():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(region, getattr(phonenumbers.PhoneNumberType, kind))
            if example is None:
                continue
            for form, number in FORMS.items():
                print(region, kind, form, phonenumbers.format_number(example, number), sep="\t")


if __name__ == "__main__":
    main()
