#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `bulla rf bench` measured: scripts/curves.py MEASURED... FOLDER

MEASURED: files of JSON Lines, one or more of each link (several of one link: the later one counts). Into FOLDER:
rf-loss.svg        losses of iso433 against Eb/N0, beside theory and rtl_433
rf-links.svg       losses of the other links, beside theory
rf-collisions.svg  replies read in a slot, by their number and powers
rf-speed.svg       samples a second of a core
A figure whose measurements are missing is left out, with a word. What docs/rf.md says in numbers is printed. Needs matplotlib (Debian: python3-matplotlib)."""
import json
import os
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "bulla", "font.family": "sans-serif", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False, "axes.grid": True, "grid.color": "#e4e7ec", "axes.edgecolor": "#98a2b3",
                            "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white"})
import matplotlib.pyplot as plt  # noqa: E402  (the back end is chosen first)

HARD, CORRECTED, THEORY, OTHER = "#1f5fa8", "#12805c", "#667085", "#b54708"
LEAST = 5e-4  # below it 1,000 packets say nothing
LINKS = [("wco433", None, "wco433, packets"), ("wco2450", None, "wco2450, packets"), ("fhss", "return", "fhss, answers"),
         ("fhss", "forward", "fhss, orders"), ("narrow915", "return", "narrow915, answers"), ("narrow915", "forward", "narrow915, orders")]


def read(paths):
    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            rows += [json.loads(line) for line in f if line.startswith("{")]
    return rows


def curve(rows, link, direction):
    found = {r["ebn0_db"]: r for r in rows if r["measured"] == "curve" and r["link"] == link and r.get("direction") == direction
             and not r.get("shallow")}
    return [found[x] for x in sorted(found)]


def line(axes, points, key, colour, label, style="-", marker=None, most=30):
    seen = [(p["ebn0_db"], p[key]) for p in points if key in p and p["ebn0_db"] <= most and p[key] >= LEAST]
    axes.plot([x for x, _ in seen], [y for _, y in seen], style, color=colour, label=label, marker=marker, markersize=3.5, linewidth=1.4)


def axes_of_losses(axes, title, least, most):
    axes.set_yscale("log")
    axes.set_ylim(LEAST, 1.3)
    axes.set_xlim(least, most)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel("Eb/N0, dB")
    axes.set_ylabel("lost")


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(os.path.join(folder, name), metadata={"Date": None, "Creator": None})
    plt.close(figure)


def draw_loss(rows, folder):
    points = curve(rows, "iso433", None)
    beside = {r["ebn0_db"]: r for r in rows if r["measured"] == "beside"}
    if not points:
        return False
    figure, axes = plt.subplots(figsize=(7.2, 3.6))
    line(axes, points, "theory_hard", THEORY, "theory: hard bits, coherent, perfectly synchronised", "--", most=14)
    line(axes, points, "lost_hard", HARD, "hard bits", marker="o")
    line(axes, points, "lost_corrected", CORRECTED, "corrected by the CRC", marker="s")
    line(axes, [beside[x] for x in sorted(beside)], "lost_rtl_433", OTHER, "rtl_433 22.11, sparse traffic", marker="^")
    axes_of_losses(axes, "Packets of iso433 that are lost", 6, 28)
    axes.set_xticks(range(6, 29, 2))
    axes.legend(loc="center", bbox_to_anchor=(0.57, 0.5))
    save(figure, folder, "rf-loss.svg")
    return True


def draw_links(rows, folder):
    have = [(title, points) for link, direction, title in LINKS if (points := curve(rows, link, direction))]
    if not have:
        return False
    figure, grid = plt.subplots((len(have) + 2) // 3, min(3, len(have)), figsize=(7.2, 2.5 * ((len(have) + 2) // 3)), squeeze=False)
    for axes, (title, points) in zip(grid.flat, have):
        line(axes, points, "theory_hard", THEORY, "theory, coherent", "--")
        line(axes, points, "theory_noncoherent", THEORY, "theory, without the phase", ":")
        line(axes, points, "lost_hard", HARD, "hard bits", marker="o")
        line(axes, points, "lost_corrected", CORRECTED, "corrected", marker="s")
        axes_of_losses(axes, title, 6, 14)
    for axes in list(grid.flat)[len(have):]:
        axes.set_visible(False)
    shown = {label: handle for axes in grid.flat for handle, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(shown.values(), shown.keys(), loc="upper center", ncol=4, fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 0.94))
    figure.savefig(os.path.join(folder, "rf-links.svg"), metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return True


def draw_collisions(rows, folder):
    rows = [r for r in rows if r["measured"] == "collision" and r["link"] == "iso433"]
    if not rows:
        return False
    widest = max(r["within_hz"] for r in rows)
    for r in rows:
        r["within_ppm"] = round(200 * r["within_hz"] / widest)
    figure, (steps, number) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    for replies, style in ((2, "-"), (3, "--")):
        for ppm, colour in ((200, HARD), (20, OTHER)):
            some = sorted((r["db"], r["read"][replies]) for r in rows
                          if r["powers"] == "steps" and r["replies"] == replies and r["within_ppm"] == ppm)
            steps.plot([x for x, _ in some], [y for _, y in some], style, color=colour, marker="o", markersize=3.5, linewidth=1.4,
                       label=f"{replies} replies, within {ppm} ppm")
    steps.set(xlabel="each so much above the next, dB", ylabel="slots in which all are read", ylim=(0, 1.02))
    for sigma, colour in ((3, THEORY), (6, HARD), (8, CORRECTED)):
        for ppm, style in ((200, "-"), (20, "--")):
            some = sorted((r["replies"], r["mean"]) for r in rows
                          if r["powers"] == "normal" and r["db"] == sigma and r["within_ppm"] == ppm)
            number.plot([x for x, _ in some], [y for _, y in some], style, color=colour, marker="o", markersize=3.5, linewidth=1.4,
                        label=f"{sigma} dB, {ppm} ppm")
    number.set(xlabel="replies in a slot", ylabel="read of them, in the mean", ylim=(0, 4.9))
    steps.legend(fontsize=7)
    number.legend(fontsize=7, loc="upper left", ncol=2, title="powers spread by, offsets within", title_fontsize=7)
    save(figure, folder, "rf-collisions.svg")
    return True


def draw_speed(rows, folder):
    rows = [r for r in rows if r["measured"] == "speed" and r["link"] == "iso433"]
    if not rows:
        return False
    contents = list(dict.fromkeys(r["content"] for r in rows))
    figure, grid = plt.subplots(1, len(contents), figsize=(7.2, 2.1), squeeze=False)
    for axes, content in zip(grid.flat, contents):
        some = {r["receiver"]: r["msps_a_core"] for r in rows if r["content"] == content}
        names = list(reversed(some))
        axes.barh(names, [some[n] for n in names], color=[OTHER if n == "rtl_433" else HARD for n in names])
        for i, name in enumerate(names):
            axes.text(some[name], i, f" {some[name]:.0f}", va="center", fontsize=8)
        axes.set_title(content, loc="left", fontsize=10, fontweight="bold")
        axes.set_xlabel("million samples a second of a core")
        axes.grid(axis="y", visible=False)
    save(figure, folder, "rf-speed.svg")
    return True


def share(value):
    return "0" if value == 0 else f"{value:.3f}"


def print_losses(rows):
    for link, direction, title in [("iso433", None, "iso433")] + LINKS:
        points = curve(rows, link, direction)
        if not points:
            continue
        print(f"{title}, of {points[0]['packets']} a point; {sum(p['wrong'] for p in points)} wrong of {sum(p['packets'] for p in points)}")
        print("| Eb/N0, dB | " + " | ".join(f"{p['ebn0_db']:g}" for p in points) + " |")
        for key, name in (("lost_hard", "hard bits"), ("theory_hard", "theory"), ("theory_noncoherent", "without the phase"), ("lost_corrected", "corrected")):
            if key in points[0]:
                print(f"| {name} | " + " | ".join(share(p[key]) for p in points) + " |")


def print_conditions(rows):
    for link, direction, title in [("iso433", None, "iso433")] + LINKS:
        some = [r for r in rows if r["measured"] == "conditions" and r["link"] == link and r.get("direction") == direction and not r.get("shallow")]
        for level in sorted({r["ebn0_db"] for r in some}):
            for key in ("lost_hard", "lost_corrected"):
                values = [(r[key], r["conditions"]) for r in some if r["ebn0_db"] == level]
                print(f"{title}, {level:g} dB, {key}: {share(min(values)[0])} ({min(values)[1]}) to {share(max(values)[0])} ({max(values)[1]})")


def print_rest(rows):
    for r in rows:
        if r["measured"] == "noise":
            print(f"{r['link']}: {r['frames']} frames, {r['bad']} bad ones in {r['samples']:.3g} samples of noise")
        if r["measured"] == "speed":
            print(f"{r['link']}, {r['content']}, {r['receiver']}: {r['msps_a_core']:.0f} MS/s, {r['frames']} frames")
        if r["measured"] == "collision" and (r["powers"] == "steps" or r["db"] == 6):
            print(f"{r['link']}, {r['replies']} replies, {r['powers']} of {r['db']:g} dB, within {r['within_hz'] / 1e3:.1f} kHz: all {share(r['read'][-1])}, "
                  f"mean {r['mean']:.2f}, the strongest {share(r['strongest'])}, {r['wrong']} wrong")


def main():
    if len(sys.argv) < 3 or not os.path.isdir(sys.argv[-1]):
        sys.exit(__doc__)
    rows = read(sys.argv[1:-1])
    print_losses(rows)
    print_conditions(rows)
    print_rest(rows)
    for draw in (draw_loss, draw_links, draw_collisions, draw_speed):
        if not draw(rows, sys.argv[-1]):
            print(f"curves: nothing measured for {draw.__name__[5:]}", file=sys.stderr)


main()
