"""How the process gives memory back once a large request is over."""

import ctypes
import sys

_LARGE_BYTES = 1 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def return_large_blocks() -> None:
    """Have blocks of a mebibyte and more mapped one by one, and unmapped when they are freed (glibc: mallopt(3)).

    By default glibc maps only the first: with each one that is freed it raises the size from which it maps, up to
    32 MiB, and what may stay unused at a heap's end to twice that. Then what a few large requests took stays with the
    process, in the heap of each thread. Where the C library is another, nothing is done.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _LARGE_BYTES)
