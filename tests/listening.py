"""Which sockets do a process and its children listen on? Read from Linux's own tables."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

LISTENS = "0A"


def process_tree(pid: int) -> set[int]:
    """The process and all its descendants that live now."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, before = {pid}, set[int]()
    while found != before:
        before = set(found)
        found |= {child for child, parent in parents.items() if parent in before}
    return found


def listening_addresses(pid: int) -> set[tuple[IPv4Address | IPv6Address, int]]:
    """Address and port of every TCP socket that the process tree accepts calls on, and of every UDP one it holds."""
    ours = {inode for each in process_tree(pid) for inode in _sockets_of(each)}
    found = set()
    for table, is_open in (("tcp", True), ("tcp6", True), ("udp", False), ("udp6", False)):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in ours and (not is_open or fields[3] == LISTENS):
                host, _, port = fields[1].partition(":")
                found.add((_address(host), int(port, 16)))
    return found


def _sockets_of(pid: int) -> list[str]:
    inodes = []
    try:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            target = str(handle.readlink())
            if target.startswith("socket:["):
                inodes.append(target[8:-1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return inodes


def _address(words: str) -> IPv4Address | IPv6Address:
    """The kernel writes each 32-bit word in the machine's own byte order."""
    raw = bytes.fromhex(words)
    swapped = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return IPv4Address(swapped) if len(swapped) == 4 else IPv6Address(swapped)
