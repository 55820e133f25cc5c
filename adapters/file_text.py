"""What does a received file say as text? Which encoding it is in is found out, and two encodings in one are refused."""

import re

from models.errors import ContractBroken

FIRST_LINE = 1
_PACKED = {
    b"PK\x03\x04": "a ZIP archive or a workbook",
    b"PK\x05\x06": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"BZh9": "an archive",
    b"\xfd7zXZ": "an archive",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"{\\rtf": "a formatted document",
}
"""Never unpacked, by the first bytes; so no archive can grow in our hands."""
_BINARY = re.compile("[\x00-\x08\x0e-\x1f]")
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What Windows-1252 would show as Ã©, â€™ or Ð¿Ñ€: nobody writes that, so it is UTF-8.
_UTF8_CHARACTERS = re.compile(rb"\xc3[\x80-\xbf]|[\xe2-\xf4][\x80-\xbf]{2}|(?:[\xc2-\xdf][\x80-\xbf]){2}")
# A sentence of single bytes between the double ones of UTF-16, where it would read as twelve rare ideographs.
_SINGLE_BYTES = re.compile(rb"(?=[\x21-\x7e]{0,23}[ \r\n])[\x20-\x7e\r\n]{24}")


def text_of(data: bytes, what: str, saved_as: str, *, field: str | None = None, keeps_control: bool = False) -> str:
    """The file's text without its byte-order mark: UTF-8, UTF-16 with its mark, or Windows-1252.

    ``what`` and ``saved_as`` tell the sender what to save and how. Raises ContractBroken: packed, no text, or in two
    encodings, with the line where the second begins. Control characters make a file binary; with ``keeps_control``
    only NUL does.
    """
    for mark, packed in _PACKED.items():
        if data.startswith(mark):
            raise ContractBroken(f"the file is {packed}: unpack it, save the {what} as {saved_as} and drop that",
                                 row=FIRST_LINE if field else None, field=field)  # fmt: skip
    changes_at = _change_of_encoding(data)
    if changes_at is not None:
        raise ContractBroken(
            f"the file begins in one encoding and goes on in another encoding: save it as {saved_as}, drop it again",
            row=_line_at(data, changes_at),
            field=field,
        )
    text = _decoded(data)
    if text is None or ("\x00" in text if keeps_control else _BINARY.search(text)):
        raise ContractBroken(f"the file is not text: save the {what} as {saved_as} and drop it again",
                             row=FIRST_LINE if field else None, field=field)  # fmt: skip
    return text


def _decoded(data: bytes) -> str | None:
    for encoding in ["utf-16"] if data.startswith(_UTF16_MARKS) else ["utf-8", "cp1252"]:
        try:
            return data.removeprefix(_UTF8_MARK).decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _line_at(data: bytes, place: int) -> int:
    if data.startswith(_UTF16_MARKS):
        return data[: place - place % 2].decode("utf-16", errors="replace").count("\n") + FIRST_LINE
    return data.count(b"\n", 0, place) + FIRST_LINE


def _change_of_encoding(data: bytes) -> int | None:
    """Where in the file a second encoding is first seen; None where there is only one."""
    if data.startswith(_UTF16_MARKS):
        found = _SINGLE_BYTES.search(data)
        return found.start() if found else None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        if not data[: wrong.start].isascii():
            return wrong.start
        return _later_utf8(data, wrong.start)
    return None


def _later_utf8(data: bytes, start: int) -> int | None:
    """Where a file that is not UTF-8 at ``start`` becomes so: the next line whose characters can be nothing else."""
    line_start = data.rfind(b"\n", 0, start) + 1
    while line_start < len(data):
        line_end = data.find(b"\n", line_start)
        line_end = len(data) if line_end < 0 else line_end
        line = data[line_start:line_end]
        found = None if line.isascii() else _UTF8_CHARACTERS.search(line)
        if found and _decodes(line):
            return line_start + found.start()
        line_start = line_end + 1
    return None


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
