#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/procedures.md from platform/flow: what each of the thirty procedures does, what the fields are, what the facts
mean. A test compares them (tests/e2e/procedures.py).
    python3 scripts/procedures.py"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/procedures.md")
BY = {"CUSTOMS": "customs", "CENTRE": "centre", "PATROL": "patrol", "DECLARANT": "declarant", "EITHER": "customs or operator", "PLATFORM": "platform"}


def text(name):
    with open(os.path.join(ROOT, "platform/flow", name), encoding="utf-8") as f:
        return f.read()


def facts():
    """{NAME: (id, why it does not hold)}"""
    return {m[1]: (m[2], m[3]) for m in re.finditer(r'X\((\w+), "([^"]+)", (?:LOOKED_UP|VISIT|JOURNEY), "([^"]+)"\)', text("facts.h"))}


def entries(name, word):
    """The parts of each WORD(...) of a table, parentheses and texts respected."""
    body = text(name)
    for m in re.finditer(rf"^{word}\(", body, re.M):
        depth, at, quoted, parts, part = 1, m.end(), False, [], ""
        while depth:
            c = body[at]
            quoted ^= c == '"'
            depth += 0 if quoted else (c in "({") - (c in ")}")
            if c == "," and depth == 1 and not quoted:
                parts.append(part.strip())
                part = ""
            elif depth:
                part += c
            at += 1
        yield [*parts, part.strip()]


def steps():
    known, out = facts(), {}
    for name, id_, title, by, *rest in entries("steps.def", "STEP"):
        more = ", ".join(rest)
        found = {key: [known[x][0] for x in re.findall(r"F\((\w+)\)", m[1])] for key in ("needs", "writes", "done_by") for m in [re.search(rf"\.{key} = ([^,]*)", more)] if m}
        notes = []
        if ".judges = true" in more:
            notes.append("clean or suspect")
        if "FLOW_SUSPECT" in more:
            notes.append("if suspect")
        if "FLOW_CLEAN" in more:
            notes.append("if clean")
        if ".optional = true" in more:
            notes.append("if necessary")
        if "FLOW_SHARED" in more:
            notes.append("with a shared platform")
        if "FLOW_ALONE" in more:
            notes.append("without one")
        out[name] = {"id": id_.strip('"'), "title": title.strip('"'), "by": BY[by], "needs": found.get("needs", []), "notes": notes, "auto": bool(found.get("done_by"))}
    return out


def procedures():
    for id_, scope, class_, mode, stage, title, listed in entries("procedures.def", "PROCEDURE"):
        yield id_.strip('"'), title.strip('"'), re.findall(r"S\((\w+)\)", listed)


def tables():
    known, lines = steps(), []
    for id_, title, names in procedures():
        lines += [f"### {id_}", "", f"{title}.", "", "| | step | who | when | needs |", "|---|---|---|---|---|"]
        for i, name in enumerate(names, 1):
            s = known[name]
            when = ", ".join(s["notes"] + (["by itself"] if s["auto"] else []))
            lines.append(f"| {i} | {s['title']} (`{s['id']}`) | {s['by']} | {when} | {', '.join(s['needs'])} |")
        lines.append("")
    return "\n".join(lines)


def fact_table():
    return "\n".join(["| fact | until it holds |", "|---|---|", *(f"| `{id_}` | {why} |" for id_, why in facts().values()), ""])


def field_table():
    lines = ["| field | kind | unit | may lie apart |", "|---|---|---|---|"]
    for name, id_, kind, unit, check, most, apart in entries("fields.def", "FIELD"):
        check = check.strip('"')
        words = f" ({check.replace('|', ', ')})" if check else ""
        lines.append(f"| `{id_.strip(chr(34))}` | {kind.lower()}{words} | {'' if unit == 'NULL' else unit.strip(chr(34))} | {f'{float(apart) * 100:g} %' if float(apart) else ''} |")
    return "\n".join([*lines, ""])


def page(now):
    """The page with its tables made anew."""
    for mark, made in (("procedures", tables()), ("facts", fact_table()), ("fields", field_table())):
        now = re.sub(rf"(<!-- {mark} -->\n).*?(<!-- end -->)", lambda m: m[1] + "\n" + made + "\n" + m[2], now, count=1, flags=re.S)
    return now


def main():
    with open(PAGE, encoding="utf-8") as f:
        now = f.read()
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(page(now))


if __name__ == "__main__":
    main()
