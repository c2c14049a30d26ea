"""dkim_verify.py FOLDER COUNT: verifies FOLDER/*.eml with dkimpy (Debian: python3-dkim).

FOLDER/*.expected has three lines: "valid" or "invalid", the DNS name of the key, its TXT record.
Prints each wrong verdict. Exits with 1 if there is one, or if there are not COUNT messages.
"""

import pathlib
import sys

import dkim


def verify(mail, record_name, record_text):
    def dnsfunc(name, timeout=5):
        asked = name.decode() if isinstance(name, bytes) else name
        return record_text if asked.rstrip(".") == record_name else None

    return dkim.verify(mail.read_bytes(), dnsfunc=dnsfunc)


def main(folder, count):
    mails = sorted(pathlib.Path(folder).glob("*.eml"))
    failed = len(mails) != count
    for mail in mails:
        verdict, name, text = mail.with_suffix(".expected").read_text().splitlines()
        if verify(mail, name, text) != (verdict == "valid"):
            failed = True
            print(f"{mail.name}: should be {verdict}\n{mail.read_text()}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
