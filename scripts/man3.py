#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the man pages of libbulla from its headers and from examples/*.c, so that they cannot differ: man3.py [FOLDER]

A page a header, those of bulla-host too: its comment at the top, its functions, its declarations as they stand there, and the
example whose comment names the header, with what it prints. libbulla(3) lists them all.
"""
import glob
import os
import re
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def top_comment(source):
    lines = COMMENT.search(source).group(0).split("\n")[1:-1]
    text = "\n".join(re.sub(r"^ \* ?", "", line) for line in lines).strip("\n")
    return text


def body(source):
    """What stands between BULLA_BEGIN and BULLA_END."""
    inside = re.search(r"^BULLA_BEGIN\n(.*)^BULLA_END$", source, re.S | re.M)
    return re.sub(r"/\* clang-format (on|off) \*/\n", "", inside.group(1) if inside else source).strip("\n")


def functions(text):
    """Declarations of functions, each as one text; those that are written out in the header with their first lines."""
    text = COMMENT.sub("", text)
    text = re.sub(r"^#.*?(?<!\\)$", "", text, flags=re.S | re.M)
    found = []
    for match in re.finditer(r"^(?!enum \w+ \{|struct \w+ \{)((?:static inline |const |enum |struct |unsigned )*\w+[ *]+\**bulla_\w+\([^;{]*\))"
                             r"(?: BULLA_MUST_CHECK)?\s*[;{]", text, re.M):
        found.append(re.sub(r"\s+", " ", match.group(1).replace("static inline ", "")) + ";")
    return found


def first_sentence(comment):
    """For NAME, which is one line: the first sentence, or its first part when that says enough."""
    sentence = re.split(r"(?<!\d)[.] |\n\n", comment, maxsplit=1)[0]
    sentence = re.sub(r"\s+", " ", sentence).rstrip(".:;")
    part = re.match(r".{24,}?(?=[:;(,] ?)", sentence)
    return (part.group(0) if part and len(sentence) > 80 else sentence).strip()


def named(text):
    """Of which headers it speaks, by their nouns."""
    return [("host_" if host else "") + noun for host, noun in re.findall(r"bulla(-host)?/(\w+)\.h", text)]


def examples():
    """noun -> (text of the program without its comment, what it prints)"""
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "examples", "*.c"))):
        source = open(path, encoding="utf-8").read()
        head = top_comment(source)
        prints = "\n".join(re.findall(r"^prints: (.*)$", head, re.M))
        about = re.sub(r"\s+", " ", head.split("For bulla/")[0]).strip()
        for noun in named(head):
            found.setdefault(noun, (about, COMMENT.sub("", source, count=1).strip("\n"), prints))
    return found


def header_of(noun):
    host = re.match(r"host_(\w+)", noun)
    return f"bulla-host/{host.group(1)}.h" if host else f"bulla/{noun}.h"


def page(noun, source, example, others):
    comment = top_comment(source).replace("SPDX-License-Identifier: Apache-2.0", "").strip("\n")
    out = [f'.\\" SPDX-License-Identifier: Apache-2.0\n.TH BULLA_{noun.upper()} 3 "" "Bulla" "libbulla"',
           f".SH NAME\nbulla_{noun} \\- {escape(first_sentence(comment))}",
           f".SH SYNOPSIS\n.nf\n#include <{header_of(noun)}>\n"]
    out += [escape(line) for line in functions(body(source))]
    if noun.startswith("host_"):
        out.append(escape("\ncc ... $(pkg-config --cflags --libs bulla-host)\n\nfind_package(bulla REQUIRED COMPONENTS host)\n"
                          "target_link_libraries(... bulla::host)"))
    out += [".fi", ".SH DESCRIPTION\n.nf", escape(comment), ".fi", ".SH DECLARATIONS\n.nf", escape(body(source)), ".fi"]
    if re.search(r"enum bulla_status \w+\(", source):
        out.append(".SH RETURN VALUE\nenum bulla_status: BULLA_OK, or what the declarations say; see bulla_status(3). "
                   "A fault says which field is wrong and where: bulla_fault(3). Results are untouched unless it is BULLA_OK.")
    if example:
        about, program, prints = example
        if not noun.startswith("host_") and "<bulla-host/" in program:
            about += " Compile it with cc ... $(pkg-config --cflags --libs bulla-host)."
        out += [f".SH EXAMPLE\n{escape(about)}\n.PP\n.nf", escape(program), ".fi\n.PP\nIt prints:\n.PP\n.nf", escape(prints), ".fi"]
    pages = ["libbulla"] + [f"bulla_{other}" for other in others]
    out.append(".SH SEE ALSO\n" + " ,\n".join(f".BR {name} (3)" for name in pages))
    return "\n".join(out) + "\n"


def overview(headers, example):
    about, program, prints = example
    out = ['.\\" SPDX-License-Identifier: Apache-2.0\n.TH LIBBULLA 3 "" "Bulla" "libbulla"',
           ".SH NAME\nlibbulla \\- what an electronic seal stores, says and does",
           ".SH SYNOPSIS\n.nf\n#include <bulla/block.h>\n\ncc ... $(pkg\\-config \\-\\-cflags \\-\\-libs bulla)\n",
           "find_package(bulla REQUIRED)\ntarget_link_libraries(... bulla::bulla)\n.fi",
           ".SH DESCRIPTION",
           "A library without an operating system: it allocates nothing, prints nothing, keeps no state of its own, and calls only "
           "memcpy, memmove, memset, memcmp and strlen. Bytes are the caller's; clock, randomness, storage and cryptography are "
           "arguments. Times are milliseconds since 1970 in UTC, numbers are whole, and names say their units.",
           ".PP\nWhatever reads bytes returns an enum bulla_status and writes its result only when that is BULLA_OK; a struct "
           "bulla_fault says what is wrong and where.",
           ".PP\nTwo threads may use the library at the same time, on different data. C++ programs include the same headers. "
           "bulla::bulla_static is the library for linking statically.",
           ".PP\nWhat a program on a host needs around it, ways to seals and cipher suites, is a library of its own, bulla\\-host: "
           "bulla_host_transport(3), bulla_host_suite(3)."]
    out += [f".SH EXAMPLE\n{escape(about)}\n.PP\n.nf", escape(program), ".fi\n.PP\nIt prints:\n.PP\n.nf", escape(prints), ".fi"]
    out.append(".SH SEE ALSO")
    for noun, source in headers.items():
        comment = top_comment(source).replace("SPDX-License-Identifier: Apache-2.0", "").strip("\n")
        out.append(f".TP\n.BR bulla_{noun} (3)\n{escape(header_of(noun))}. {escape(first_sentence(comment))}")
    return "\n".join(out) + "\n"


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "docs", "man")
    headers = {os.path.basename(path)[:-2]: open(path, encoding="utf-8").read()
               for path in sorted(glob.glob(os.path.join(HERE, "libbulla", "include", "bulla", "*.h")))
               if not path.endswith("/api.h")}
    for noun in ("suite", "transport"):
        headers["host_" + noun] = open(os.path.join(HERE, noun, noun + ".h"), encoding="utf-8").read()
    shown = examples()
    for noun, source in headers.items():
        others = [other for other in re.findall(r'#include "bulla/(\w+)\.h"', source) if other != "api"]
        program = shown[noun][1] if noun in shown else ""
        others += [other for other in named(program) if other.startswith("host_") and other != noun]
        with open(os.path.join(folder, f"bulla_{noun}.3"), "w", encoding="utf-8") as out:
            out.write(page(noun, source, shown.get(noun), others))
    with open(os.path.join(folder, "libbulla.3"), "w", encoding="utf-8") as out:
        out.write(overview(headers, shown["block"]))


if __name__ == "__main__":
    main()
