"""The X12 layer: text or bytes in, frozen values out, and back. No database, no settings, no clock.

Every reader takes a binary stream (an open file) and reads it in chunks, so that a file of any size needs little
memory. All raise X12Broken at the first thing that does not hold, with the segment's number in the file (ISA = 1) and
the element. As a file's end is checked last, what a reader has yielded is only to be kept once it has finished.

A file holds one interchange of version 5010. In answers, segments and codes that are not asked for are passed over;
the envelope, the hierarchy, and every amount, date and count that is read must be exact.
"""

from adapters.x12.claim_acknowledgements import read_277ca, write_277ca
from adapters.x12.claim_reading import read_837
from adapters.x12.claim_writing import write_837
from adapters.x12.elements import cents, money
from adapters.x12.eligibility_answers import read_271, write_271
from adapters.x12.eligibility_requests import read_270, write_270
from adapters.x12.file_acknowledgements import read_999, write_999
from adapters.x12.interchange import InterchangeHead, head_of
from adapters.x12.remittance_reading import read_835
from adapters.x12.remittance_writing import write_835
from adapters.x12.second_opinion import second_opinion
from adapters.x12.segments import USUAL, Delimiters, Segments

__all__ = [
    "USUAL",
    "Delimiters",
    "InterchangeHead",
    "Segments",
    "cents",
    "head_of",
    "money",
    "read_270",
    "read_271",
    "read_277ca",
    "read_835",
    "read_837",
    "read_999",
    "second_opinion",
    "write_270",
    "write_271",
    "write_277ca",
    "write_835",
    "write_837",
    "write_999",
]
