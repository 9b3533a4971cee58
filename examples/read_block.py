#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a seal says of itself in 128 bits, through the shared library: read_block.py [HEX]

Without an argument: seal ABC1234567 on MSKU9070323 is secure. LIBBULLA names the library, if it is not where the system looks.
"""
import ctypes
import os
import sys


class Bytes(ctypes.Structure):  # struct bulla_bytes
    _fields_ = [("at", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Fault(ctypes.Structure):  # struct bulla_fault
    _fields_ = [("field", ctypes.c_char_p), ("expected", ctypes.c_char_p), ("at", ctypes.c_uint32)]


class Block(ctypes.Structure):  # struct bulla_block
    _fields_ = [
        ("reading", ctypes.c_uint8), ("start", ctypes.c_uint8),
        ("battery_good", ctypes.c_bool), ("secure", ctypes.c_bool), ("extended", ctypes.c_bool),
        ("maker", ctypes.c_uint8), ("spare", ctypes.c_uint8),
        ("alpha", ctypes.c_char * 5), ("number", ctypes.c_uint32), ("container", ctypes.c_char * 12),
    ]


READING_TABLE, START_ANY = 0, 3


def main():
    bulla = ctypes.CDLL(os.environ.get("LIBBULLA", "libbulla.so.0"))
    bulla.bulla_block_decode.argtypes = [Bytes, ctypes.c_int, ctypes.c_int, ctypes.POINTER(Block), ctypes.POINTER(Fault)]
    bulla.bulla_block_decode.restype = ctypes.c_int
    bulla.bulla_status_text.restype = ctypes.c_char_p
    data = bytes.fromhex(sys.argv[1] if len(sys.argv) > 1 else "1ca82218004b5a1db35d6299bcc07809")
    block, fault = Block(), Fault()
    status = bulla.bulla_block_decode(Bytes(data, len(data)), READING_TABLE, START_ANY, block, fault)
    if status != 0:
        word = bulla.bulla_status_text(status).decode()
        print(f"{fault.field.decode()}, bit {fault.at}: expected {fault.expected.decode()} ({word})")
        return 1
    state = "secure" if block.secure else "tampered with"
    print(f"seal {block.alpha.decode()}{block.number} on {block.container.decode()} is {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
