"""python_email_check.py FOLDER COUNT: compares FOLDER/*.eml with FOLDER/*.expected.

Prints the differences. Exits with 1 if there are any, or if there are not COUNT messages.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import pathlib
import re
import sys


def read_expected(path):
    pairs = (line.split(" ", 1) for line in path.read_text().splitlines())
    return {name: base64.b64decode(value).decode("utf-8") for name, value in pairs}


def canonical(text):
    return re.sub("\r\n|\r|\n", "\r\n", text).encode("utf-8")


def check_octets(raw):
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None, "bare CR or LF"
    assert max(raw) < 0x80 and 0 not in raw, "not 7-bit"
    head, body = raw.split(b"\r\n\r\n", 1)
    for line in head.split(b"\r\n"):
        assert len(line) <= 998, "header line too long"
        assert line.strip(), "blank header line"
        words = re.findall(rb"=\?utf-8\?[BQ]\?[^?]*\?=", line)
        assert not words or len(line) <= 76, "line with an encoded-word too long"
        assert all(len(word) <= 75 for word in words), "encoded-word too long"
        for word in words:  # each must consist of whole characters
            email.header.decode_header(word.decode())[0][0].decode("utf-8")
    assert all(len(line) <= 76 for line in body.split(b"\r\n")), "body line too long"
    assert not re.search(rb"\r\n(\.|From )", body), "line that a relay or an mbox would change"


def check_defects(message):
    for part in message.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            assert not value.defects, (name, value, value.defects)


def decode_unstructured(raw_value):
    return str(email.header.make_header(email.header.decode_header(raw_value)))


def check_headers(message, raw, expected):
    old = email.message_from_bytes(raw)  # the older, independent parser of header text
    for field in ("From", "To", "Reply-To"):
        if field + ".address" not in expected:
            assert message[field] is None
            continue
        (address,) = message[field].addresses
        assert address.addr_spec == expected[field + ".address"], address
        # Python 3.11's newer parser puts a space between adjacent encoded-words of a phrase.
        ((name, _),) = email.utils.getaddresses([old[field]])
        name = decode_unstructured(name)
        assert name == expected[field + ".name"], (field, name)
    for field in ("Subject", "X-Course"):
        assert str(message[field]) == expected[field], (field, str(message[field]))
        unfolded = re.sub(r"\r?\n(?=[ \t])", "", old[field])
        if "=?" in unfolded:
            assert decode_unstructured(unfolded) == expected[field], (field, unfolded)
    assert str(message["Message-ID"]) == expected["Message-ID"]
    assert int(message["Date"].datetime.timestamp()) == int(expected["date"])
    assert message["Date"].datetime.utcoffset() is not None
    assert message["List-Id"] == "<weekly.school.example>"
    assert message["List-Unsubscribe"] == (
        "<https://u.school.example/u/token>, <mailto:u@school.example?subject=token>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "a:b:c:lmsmail"
    assert message["Auto-Submitted"] == "auto-generated"
    for field in set(message.keys()):
        assert len(message.get_all(field)) == 1, field + " occurs twice"


def check_bodies(message, expected):
    if "html" in expected:
        assert message.get_content_type() == "multipart/alternative"
        parts = list(message.iter_parts())
        assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
        plain, html = parts
        assert html.get_content_charset() == "utf-8"
        assert html.get_payload(decode=True) == canonical(expected["html"]), "html"
        text = canonical(expected["text"])
    else:
        plain = message
        text = canonical(expected["text"])
        if plain["Content-Transfer-Encoding"] == "quoted-printable" and not text.endswith(b"\r\n"):
            text += b"\r\n"  # the last line of a message needs an end
    assert plain.get_content_type() == "text/plain" and plain.get_content_charset() == "utf-8"
    assert plain.get_payload(decode=True) == text, "text"


def check(raw, expected):
    check_octets(raw)
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    check_defects(message)
    check_headers(message, raw, expected)
    check_bodies(message, expected)


def main(folder, count):
    mails = sorted(pathlib.Path(folder).glob("*.eml"))
    failed = len(mails) != count
    for mail in mails:
        try:
            check(mail.read_bytes(), read_expected(mail.with_suffix(".expected")))
        except Exception as error:
            failed = True
            print(f"{mail.name}: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
