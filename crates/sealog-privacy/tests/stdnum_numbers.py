"""Writes numbers with what python-stdnum says of them: type, number, 1 or 0, by tabs.

For each type so many valid numbers, made by trying the check digits of random ones until python-stdnum accepts, and as
many with one sign changed or two swapped, judged by it again. The seed is fixed.

    stdnum_numbers.py COUNT PART PARTS

Types are dealt out to so many parts, which can run side by side; this one writes the numbers of its own.
"""

import functools
import importlib
import itertools
import random
import sys

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def date(rng, order):
    year, month, day = rng.randrange(30, 100), rng.randrange(1, 13), rng.randrange(1, 29)
    parts = {"y": f"{year:02}", "m": f"{month:02}", "d": f"{day:02}", "c": "19"}
    return "".join(parts[sign] for sign in order)


def fill(rng, template):
    """`0`: a digit, `1`: a digit but zero, `A`: a letter, `<dmy>`: a date, `[abc]`: one of these, others themselves."""
    out, at = [], 0
    while at < len(template):
        sign = template[at]
        if sign == "0":
            out.append(rng.choice(DIGITS))
        elif sign == "1":
            out.append(rng.choice(DIGITS[1:]))
        elif sign == "A":
            out.append(rng.choice(UPPER))
        elif sign in "<[":
            end = template.index(">" if sign == "<" else "]", at)
            inner = template[at + 1 : end]
            out.append(date(rng, inner) if sign == "<" else rng.choice(inner.split("|")))
            at = end
        elif sign == "'":
            at += 1
            out.append(template[at])
        else:
            out.append(sign)
        at += 1
    return "".join(out)


# Type, module, the form of its numbers, how many signs at the end are tried, and from which alphabet.
TYPES = [
    ("CREDIT_CARD", "luhn", "[4000|5100|5500|6011|2221]" + "0" * 11, 1, DIGITS),
    ("US_SSN", "us.ssn", "000000000", 0, DIGITS),
    ("US_ITIN", "us.itin", "900000000", 0, DIGITS),
    ("US_EIN", "us.ein", "000000000", 0, DIGITS),
    ("US_ABA_ROUTING", "us.rtn", "00000000", 1, DIGITS),
    ("CA_SIN", "ca.sin", "10000000", 1, DIGITS),
    ("MX_CURP", "mx.curp", "A[A|E|I|O|U]AA<ymd>[H|M][DF|JC|NL]" + "[B|C|D|F]" * 3 + "[0|A]", 1, DIGITS),
    ("MX_RFC", "mx.rfc", "AAAA<ymd>AA", 1, DIGITS + "A"),
    ("BR_CPF", "br.cpf", "000000000", 2, DIGITS),
    ("BR_CNPJ", "br.cnpj", "000000000000", 2, DIGITS),
    ("AR_CUIT", "ar.cuit", "[20|23|24|27|30|33|34]00000000", 1, DIGITS),
    ("CL_RUT", "cl.rut", "10000000", 1, DIGITS + "K"),
    ("CO_NIT", "co.nit", "000000000", 1, DIGITS),
    ("PE_RUC", "pe.ruc", "[10|15|17|20]00000000", 1, DIGITS),
    ("EC_CI", "ec.ci", "[01|12|24|30][0|1|2|3|4|5]000000", 1, DIGITS),
    ("UY_RUT", "uy.rut", "[01|12|21]000000[001]", 1, DIGITS),
    ("DO_CEDULA", "do.cedula", "0000000000", 1, DIGITS),
    ("VE_RIF", "ve.rif", "[V|E|J|P|G]00000000", 1, DIGITS),
    ("GB_NHS", "gb.nhs", "000000000", 1, DIGITS),
    ("GB_UTR", "gb.utr", "0000000000", 0, DIGITS),
    ("IE_PPS", "ie.pps", "0000000", 1, UPPER),
    ("FR_NIR", "fr.nir", "[1|2]00[01|06|12]00000000", 2, DIGITS),
    ("FR_NIF", "fr.nif", "[0|1|2|3]000000000", 3, DIGITS),
    ("FR_SIREN", "fr.siren", "00000000", 1, DIGITS),
    ("FR_SIRET", "fr.siret", "0000000000000", 1, DIGITS),
    ("NL_BSN", "nl.bsn", "00000000", 1, DIGITS),
    ("BE_NN", "be.nn", "<ymd>000", 2, DIGITS),
    ("SE_PERSONNUMMER", "se.personnummer", "<ymd>-000", 1, DIGITS),
    ("NO_FODSELSNUMMER", "no.fodselsnummer", "<dmy>[0|1|2|3|4]00", 2, DIGITS),
    ("FI_HETU", "fi.hetu", "<dmy>-000", 1, DIGITS + UPPER),
    ("IS_KENNITALA", "is_.kennitala", "<dmy>00", 2, DIGITS),
    ("EE_ISIKUKOOD", "ee.ik", "[3|4]<ymd>000", 1, DIGITS),
    ("LT_ASMENS_KODAS", "lt.asmens", "[3|4]<ymd>000", 1, DIGITS),
    ("ES_DNI", "es.dni", "00000000", 1, UPPER),
    ("ES_NIE", "es.nie", "[X|Y|Z]0000000", 1, UPPER),
    ("ES_CIF", "es.cif", "[A|B|C|D|F|G|P|Q|S|N|W|J]0000000", 1, DIGITS + UPPER[:10]),
    ("PT_NIF", "pt.nif", "10000000", 1, DIGITS),
    ("PT_CC", "pt.cc", "000000000AA", 1, DIGITS),
    ("IT_CODICE_FISCALE", "it.codicefiscale", "AAAAAA00[A|B|C|D|E|H|L|M|P|R|S|T][1|2]0A000", 1, UPPER),
    ("GR_AMKA", "gr.amka", "<dmy>0000", 1, DIGITS),
    ("GR_AFM", "gr.vat", "00000000", 1, DIGITS),
    ("TR_TCKN", "tr.tckimlik", "100000000", 2, DIGITS),
    ("TR_VKN", "tr.vkn", "000000000", 1, DIGITS),
    ("IL_ID", "il.idnr", "00000000", 1, DIGITS),
    ("DE_STEUER_ID", "de.idnr", "1000000000", 1, DIGITS),
    ("AT_VNR", "at.vnr", "[1|2|3]000<dmy>", 0, DIGITS),
    ("CH_AHV", "ch.ssn", "756000000000", 1, DIGITS),
    ("PL_PESEL", "pl.pesel", "<ymd>0000", 1, DIGITS),
    ("PL_NIP", "pl.nip", "000000000", 1, DIGITS),
    ("PL_REGON", "pl.regon", "00000000", 1, DIGITS),
    ("CZ_RODNE_CISLO", "cz.rc", "<ymd>000", 1, DIGITS),
    ("RO_CNP", "ro.cnp", "[1|2]<ymd>[01|12|40]000", 1, DIGITS),
    ("BG_EGN", "bg.egn", "<ymd>000", 1, DIGITS),
    ("HR_OIB", "hr.oib", "0000000000", 1, DIGITS),
    ("SI_EMSO", "si.emso", "<dm>9[5|8|9]0[50|51|10]000", 1, DIGITS),
    ("RU_INN", "ru.inn", "0000000000", 2, DIGITS),
    ("UA_RNTRC", "ua.rntrc", "000000000", 1, DIGITS),
    ("IN_AADHAAR", "in_.aadhaar", "[2|5|9]0000000000", 1, DIGITS),
    ("IN_PAN", "in_.pan", "AAA[P|C|H]A0000A", 0, DIGITS),
    ("IN_GSTIN", "in_.gstin", "[01|12|27|37]AAA[P|C|H]A0000A1Z", 1, DIGITS + UPPER),
    ("CN_RESIDENT_ID", "cn.ric", "[110101|440106|310101]<cymd>000", 1, DIGITS + "X"),
    ("JP_MY_NUMBER", "jp.in_", "00000000000", 1, DIGITS),
    ("KR_RRN", "kr.rrn", "<ymd>[1|2][00|08|45]000", 1, DIGITS),
    ("TH_PIN", "th.pin", "[1|2|3|8]00000000000", 1, DIGITS),
    ("MY_NRIC", "my.nric", "<ymd>000000", 0, DIGITS),
    ("PK_CNIC", "pk.cnic", "[1|3|7]00000000000", 1, DIGITS),
    ("ZA_ID", "za.idnr", "<ymd>0000[0|1]8", 1, DIGITS),
    ("AU_TFN", "au.tfn", "00000000", 1, DIGITS),
    ("AU_ABN", "au.abn", "100000000", 2, DIGITS),
    ("AU_ACN", "au.acn", "00000000", 1, DIGITS),
    ("NZ_IRD", "nz.ird", "[0|1]0000000", 1, DIGITS),
    ("IMEI", "imei", "00000000000000", 1, DIGITS),
    ("ES_CCC", "es.ccc", "00000000000000000000", 0, DIGITS),
    ("AT_VAT", "at.uid", "ATU0000000", 1, DIGITS),
    ("BE_VAT", "be.vat", "BE[0|1]0000000", 2, DIGITS),
    ("DE_VAT", "de.vat", "DE10000000", 1, DIGITS),
    ("DK_VAT", "dk.cvr", "DK1000000", 1, DIGITS),
    ("EE_VAT", "ee.kmkr", "EE00000000", 1, DIGITS),
    ("FI_VAT", "fi.alv", "FI0000000", 1, DIGITS),
    ("FR_VAT", "fr.tva", "FR0000000000", 1, DIGITS),
    ("GB_VAT", "gb.vat", "GB0000000", 2, DIGITS),
    ("GR_VAT", "gr.vat", "EL00000000", 1, DIGITS),
    ("HR_VAT", "hr.oib", "HR0000000000", 1, DIGITS),
    ("HU_VAT", "hu.anum", "HU0000000", 1, DIGITS),
    ("IT_VAT", "it.iva", "IT0000000[001|058|100]", 1, DIGITS),
    ("LU_VAT", "lu.tva", "LU000000", 2, DIGITS),
    ("MT_VAT", "mt.vat", "MT100000", 2, DIGITS),
    ("NL_VAT", "nl.btw", "NL000000000B", 2, DIGITS),
    ("PL_VAT", "pl.nip", "PL000000000", 1, DIGITS),
    ("PT_VAT", "pt.nif", "PT10000000", 1, DIGITS),
    ("SE_VAT", "se.vat", "SE[556|202]0000000[01]", 0, DIGITS),
    ("SI_VAT", "si.ddv", "SI1000000", 1, DIGITS),
    ("SK_VAT", "sk.dph", "SK10[2|3|4|7|8|9]00000", 2, DIGITS),
]


def number(rng, identifier, template, tail, alphabet, is_valid):
    """One valid number, by trying the signs at its end."""
    for _ in range(2_000):
        if identifier.endswith("_VAT"):
            prefix = template[:3] if identifier == "AT_VAT" else template[:2]
            start = prefix + fill(rng, template[len(prefix):])
        else:
            start = fill(rng, template)
        ends = [""] if tail == 0 else ["".join(end) for end in itertools.product(alphabet, repeat=tail)]
        rng.shuffle(ends)
        for end in ends:
            if is_valid(start + end):
                return start + end
    return None


def french_vat(rng, is_valid):
    """The key, tried for a valid company number: of random numbers one in a thousand would do."""
    company = importlib.import_module("stdnum.fr.siren").is_valid
    siren = number(rng, "FR_SIREN", "00000000", 1, DIGITS, company)
    return number(rng, "", "FR", 2, DIGITS, lambda start: is_valid(start + siren)) + siren


def spanish_account(rng, is_valid):
    """Its two check digits stand in the middle."""
    account = fill(rng, "0" * 10)
    return number(rng, "", "0" * 8, 2, DIGITS, lambda start: is_valid(start + account)) + account


# Types whose check digits do not stand at the end.
OTHERWISE = {"FR_VAT": french_vat, "ES_CCC": spanish_account}


def mutated(rng, text):
    signs = list(text)
    at = rng.randrange(len(signs))
    if rng.random() < 0.3 and at + 1 < len(signs):
        signs[at], signs[at + 1] = signs[at + 1], signs[at]
    elif signs[at].isdigit():
        signs[at] = rng.choice(DIGITS)
    elif signs[at].isalpha():
        signs[at] = rng.choice(UPPER)
    return "".join(signs)


def main():
    count, part, parts = (int(argument) for argument in sys.argv[1:])
    for identifier, module, template, tail, alphabet in TYPES[part::parts]:
        rng = random.Random(identifier)
        is_valid = importlib.import_module("stdnum." + module).is_valid
        if identifier == "MX_RFC":
            # By itself it does not look at the check digit.
            is_valid = functools.partial(is_valid, validate_check_digits=True)
        for _ in range(count):
            if identifier in OTHERWISE:
                valid = OTHERWISE[identifier](rng, is_valid)
            else:
                valid = number(rng, identifier, template, tail, alphabet, is_valid)
            if valid is None:
                sys.exit(f"{identifier}: no valid number of the form {template}")
            for text in (valid, mutated(rng, valid)):
                print(identifier, text, int(is_valid(text)), sep="\t")


if __name__ == "__main__":
    main()
