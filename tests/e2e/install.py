#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libbulla as another program finds it: installed into a prefix, moved, and used from there.

find_package and pkg-config, shared and static; every header alone in C11 and in C++; what is exported; Python's ctypes; and the
example of every man page, which prints what the page says. The same for bulla-host; its examples find a seal that runs here.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

bulla = os.path.realpath(sys.argv[1])
build = os.path.realpath(sys.argv[2])
passed = failed = 0


def expect(what, condition, got=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"{what}: {str(got).strip()[-2000:]}")


def run(*command, **kw):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **kw)
    return done.returncode, done.stdout, done.stderr


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def exports(library, headers, least):
    """What it wants of others."""
    name = os.path.basename(library).split(".so")[0]
    soname = re.search(r"SONAME\s+(\S+)$", run("objdump", "-p", library)[1], re.M)
    expect(f"{name}: soname", soname and soname.group(1) == f"{name}.so.{version.split('.')[0]}", soname and soname.group(1))
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library)[1].splitlines()}
    declared = set()
    for path in headers:
        text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
        declared |= set(re.findall(r"^(?!static|#|\s)[^{}\n;]*?\b(bulla_\w+)\(", text, re.M))
        for names in re.findall(r"^extern ([^;(]*);", text, re.M):
            declared |= set(re.findall(r"\b(bulla_\w+)(?:\[[^\]]*\])?(?:,|$)", names))
    declared -= {"bulla_copy", "bulla_move", "bulla_fill", "bulla_compare", "bulla_length"}
    expect(f"{name}: declared, not exported", declared <= exported, sorted(declared - exported))
    expect(f"{name}: exported, not declared", exported <= declared, sorted(exported - declared))
    expect(f"{name}: there is something", len(declared) >= least, len(declared))
    return {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--undefined-only", library)[1].splitlines() if " U " in line}


def seal(folder):
    """A seal that runs: unix:seal.sock in that folder."""
    os.makedirs(folder)
    runs = subprocess.Popen([bulla, "seal", "run", "--memory", "seal.mem", "--listen", "unix:seal.sock"], cwd=folder,
                            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while not os.path.exists(f"{folder}/seal.sock") and time.monotonic() < until:
        time.sleep(0.02)
    return runs


def unroff(text):
    return re.sub(r"(?m)^\\&", "", text).replace("\\-", "-").replace("\\e", "\\")


if "fsanitize" in open(f"{build}/CMakeCache.txt").read() or not shutil.which("pkg-config"):
    print("install: a build with sanitizers, or no pkg-config: skipped")
    sys.exit(77)

with tempfile.TemporaryDirectory() as work:
    for component in ("libbulla", "libbulla-host"):
        code, out, err = run("cmake", "--install", build, "--component", component, "--prefix", f"{work}/first")
        expect(f"cmake --install {component}", code == 0, out + err)
    prefix = f"{work}/moved"  # nothing that was installed may know where it was put
    os.rename(f"{work}/first", prefix)
    lib = os.path.dirname(glob.glob(f"{prefix}/lib/**/libbulla.so", recursive=True)[0])
    shared = os.path.realpath(f"{lib}/libbulla.so")
    env = dict(os.environ, PKG_CONFIG_PATH=f"{lib}/pkgconfig", LD_LIBRARY_PATH=lib, LIBBULLA=shared)

    # soname, and what is exported: all that headers declare, and nothing else
    version = run("pkg-config", "--modversion", "bulla", env=env)[1].strip()
    headers = sorted(glob.glob(f"{prefix}/include/bulla*/*.h"))
    wanted = exports(shared, [path for path in headers if "/bulla-host/" not in path], 230)
    expect("five functions of the C library", wanted <= {"memcpy", "memmove", "memset", "memcmp", "strlen"}, wanted)
    exports(os.path.realpath(f"{lib}/libbulla-host.so"), [path for path in headers if "/bulla-host/" in path], 15)

    # every header alone
    for path in headers:
        name = path.removeprefix(f"{prefix}/include/")
        for suffix, compiler in (("c", ["cc", "-std=c11"]), ("cpp", ["c++", "-std=c++11"]), ("cpp", ["c++", "-std=c++20"])):
            unit = write(f"{work}/alone/{name}.{suffix}", f"#include <{name}>\nint used;\n")
            code, out, err = run(*compiler, "-Wall", "-Wextra", "-Werror", f"-I{prefix}/include", "-c", unit, "-o", "/dev/null")
            expect(f"{name} alone, {' '.join(compiler)}", code == 0, err)
    # and all in one C++ program, which finds them as C
    every = "".join(f"#include <{path.removeprefix(f'{prefix}/include/')}>\n" for path in headers)
    unit = write(f"{work}/alone/all.cpp", every + "int main() { return bulla_status_text(BULLA_OK)[0] == 'o' ? 0 : 1; }\n")
    code, out, err = run("c++", "-std=c++11", unit, f"-I{prefix}/include", f"-L{lib}", "-lbulla", "-o", f"{work}/alone/all")
    expect("a C++ program", code == 0 and run(f"{work}/alone/all", env=env)[0] == 0, err)

    # a project of somebody else, by find_package
    example = open("examples/read_block.c", encoding="utf-8").read()
    says = "seal ABC1234567 on MSKU9070323 is secure\n"
    write(f"{work}/project/main.c", example)
    write(f"{work}/project/CMakeLists.txt", f"""cmake_minimum_required(VERSION 3.16)
project(somebody LANGUAGES C)
find_package(bulla {version} EXACT REQUIRED)
add_executable(shared main.c)
target_link_libraries(shared bulla::bulla)
add_executable(static main.c)
target_link_libraries(static bulla::bulla_static)
""")
    # and of one that reads seals
    write(f"{work}/reads/main.c", open("examples/reader.c", encoding="utf-8").read())
    write(f"{work}/reads/CMakeLists.txt", """cmake_minimum_required(VERSION 3.16)
project(reads LANGUAGES C)
find_package(bulla REQUIRED COMPONENTS host)
add_executable(reads main.c)
target_link_libraries(reads bulla::host)
""")
    code, out, err = run("cmake", "-S", f"{work}/reads", "-B", f"{work}/reads/b", f"-DCMAKE_PREFIX_PATH={prefix}")
    expect("find_package of host", code == 0, out + err)
    code, out, err = run("cmake", "--build", f"{work}/reads/b")
    expect("its build with host", code == 0, out + err)
    code, out, err = run("cmake", "-S", f"{work}/project", "-B", f"{work}/project/b", f"-DCMAKE_PREFIX_PATH={prefix}")
    expect("find_package", code == 0, out + err)
    code, out, err = run("cmake", "--build", f"{work}/project/b")
    expect("its build", code == 0, out + err)
    for kind in ("shared", "static"):
        code, out, err = run(f"{work}/project/b/{kind}")
        expect(f"its program, {kind}", (code, out) == (0, says), out + err)
    code, out, err = run("cmake", "-S", f"{work}/project", "-B", f"{work}/project/b2", "-DCMAKE_PREFIX_PATH=/nowhere")
    expect("without the prefix it is not found", code != 0, out)
    code, out, err = run("sed", "-i", f"s/{version} EXACT/99/", f"{work}/project/CMakeLists.txt")
    code, out, err = run("cmake", "-S", f"{work}/project", "-B", f"{work}/project/b3", f"-DCMAKE_PREFIX_PATH={prefix}")
    expect("another version is refused", code != 0 and "99" in err, err)

    # pkg-config
    flags = run("pkg-config", "--cflags", "--libs", "bulla", env=env)[1].split()
    code, out, err = run("cc", "examples/read_block.c", *flags, "-o", f"{work}/by-pkg-config")
    expect("pkg-config", code == 0, err)
    code, out, err = run(f"{work}/by-pkg-config", env=env)
    expect("its program", (code, out) == (0, says), out + err)

    # Python
    code, out, err = run("/usr/bin/python3", "examples/read_block.py", env=env)
    expect("ctypes", (code, out) == (0, says), out + err)
    code, out, err = run("/usr/bin/python3", "examples/read_block.py", "1ca82218004b5a1db35d6299bcc07808", env=env)
    expect("ctypes, a damaged block", code == 1 and out.startswith("crc, bit 112: expected") and "(damaged)" in out, out + err)

    # the example of every page, as the page has it; in this folder a seal listens
    runs = seal(f"{work}/room")
    host = run("pkg-config", "--cflags", "--libs", "bulla-host", env=env)[1].split()
    says_reader = re.search(r"prints: (.*)", open("examples/reader.c", encoding="utf-8").read()).group(1)
    code, out, err = run(f"{work}/reads/b/reads", cwd=f"{work}/room")
    expect("the program with host", (code, out) == (0, says_reader + "\n"), out + err)
    pages = sorted(glob.glob(f"{prefix}/share/man/man3/*.3"))
    for path in pages:
        name = os.path.basename(path)
        text = open(path, encoding="utf-8").read()
        part = re.search(r"^\.SH EXAMPLE\n.*?\.nf\n(.*?)\n\.fi\n\.PP\nIt prints:\n\.PP\n\.nf\n(.*?)\n\.fi\n", text, re.S | re.M)
        if not part:
            continue
        program, prints = (unroff(group) for group in part.groups())
        unit = write(f"{work}/pages/{name}.c", program)
        code, out, err = run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", unit, *(host if "<bulla-host/" in program else flags),
                             "-o", f"{work}/pages/{name}.run")
        expect(f"{name}: its example", code == 0, err)
        if code != 0:
            continue
        code, out, err = run(f"{work}/pages/{name}.run", env=env, cwd=f"{work}/room")
        expect(f"{name}: what it prints", (code, out.rstrip("\n")) == (0, prints), f"expected {prints}, got {out}{err}")

    runs.stdin.close()
    runs.terminate()
    expect("the seal ends", runs.wait(timeout=20) in (0, -15), runs.returncode)

    # every header has a page, and libbulla(3) names it; troff has nothing to say about any
    overview = open(f"{prefix}/share/man/man3/libbulla.3", encoding="utf-8").read()
    for path in headers:
        noun = ("host_" if "/bulla-host/" in path else "") + os.path.basename(path)[:-2]
        if noun != "api":  # what stands around declarations; declares nothing
            expect(f"bulla_{noun}(3)", f"bulla_{noun} (3)" in overview and f"{prefix}/share/man/man3/bulla_{noun}.3" in pages)
    for path in pages if shutil.which("groff") else []:
        code, out, err = run("groff", "-man", "-Tutf8", "-ww", "-rLL=200n", path)
        err = "\n".join(line for line in err.splitlines() if "cannot adjust line" not in line and "can't break line" not in line)
        expect(f"{os.path.basename(path)}: groff", code == 0 and not err, err)

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
