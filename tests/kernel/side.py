#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a side (side.h) out of the functions of an installed source package.

usage: side.py --out DIR [option]... SIDE [COMMAND...]

Takes files out of the package's tarball, and pieces out of the files, as SIDES says;
puts the stand-ins before and the adapter behind them, and compiles that to
DIR/SIDE.so. Then runs COMMAND with that file as its last argument. Exit status 77
if the package is not there: a test that is skipped.

Nothing of the packages' text is in this repository. known/PACKAGE has a hash of every
piece; --hashes prints them for the package that is there. A source that has changed
and still agrees becomes known by putting them there.
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # not into the source tree
from sides import SIDES

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

class Changed(Exception):
    """The source has changed so much that no side can be made of it."""


def find_tarball(side, package_dir):
    """None: no package."""
    return max(pathlib.Path(package_dir).glob(side.tarball), default=None)


def unpack(side, tarball, out):
    """The files of a side, by their short names."""
    tree, stamp = out / side.package, out / (side.package + ".stamp")
    paths = {name: words.split() for name, words in side.files.items()}
    wanted = ["*/" + path for path in sorted({p for some in paths.values() for p in some})]
    state = f"{tarball} {tarball.stat().st_size} {tarball.stat().st_mtime_ns} {wanted}"
    if not stamp.exists() or stamp.read_text() != state:
        tree.mkdir(exist_ok=True)
        tar = ["tar", "-xJf", tarball, "-C", tree, "--strip-components=1", "--occurrence=1",
               "--wildcards", "--anchored", "--no-wildcards-match-slash", *wanted]
        subprocess.run(tar, check=False, stderr=subprocess.DEVNULL)
        stamp.write_text(state)
    there = {name: [p for p in some if (tree / p).exists()] for name, some in paths.items()}
    for name, some in there.items():
        if not some:
            raise Changed(f"{tarball} has no {side.files[name]}")
    return {name: (tree / some[0]).read_text() for name, some in there.items()}


def one(pattern, text, name):
    found = re.search(pattern, text, re.M | re.S)
    if not found:
        raise Changed(f"there is no {name}")
    return found.group(0)


def function(text, name):
    """From the type at the beginning of a line to the brace at the beginning of one."""
    return one(rf"^(?:\w[\w *]*\n)?(?:\w[^\n;={{}}#(]*)?\b{name}\([^;{{}}]*\)\s*{{.*?^}}$",
               text, name)


# How a type begins and ends.
KINDS = {
    "enum": r"^enum[^{{;]*{{[^}}]*\b{0}\b[^}}]*}};",
    "struct": r"^struct\s(?:__\w+\s\([^{{]*\)\s)?{0}\s{{.*?^}}[^;]*;",
    "union": r"^typedef union\s*{{(?:(?!^typedef).)*?^}} {0};",
    "accessors": r"^#define {0}_\(.*?^#undef {0}$",
}


def without_comments(text):
    return re.sub(r"(?s)/\*.*?\*/|//[^\n]*", " ", text)


def words_of(text):
    return set(re.findall(r"\b[A-Za-z_]\w*\b", without_comments(text)))


def constants(files, where, used, ours):
    """The definitions of the words of `used`, and of the words that these use."""
    defined = {}
    for name in where:
        for define in re.finditer(r"^#\s*define\s+(\w+)\b(?:[^\n\\]|\\\n|\\.)*", files[name],
                                  re.M):
            defined.setdefault(define.group(1), define.group(0))
    taken, todo = {}, sorted(used)
    while todo:
        word = todo.pop()
        if word in defined and word not in taken and word not in ours:
            taken[word] = defined[word]
            todo += sorted(words_of(defined[word]) - {word, "define"})
    return [taken[word] for word in sorted(taken)]


def defined_here(text):
    """The constants that stand-ins define."""
    found = re.findall(r"^#define (\w+)|^\t([A-Z]\w+),$|^enum \{ ([^}]*) \}", text, re.M)
    return {word for parts in found for part in parts for word in words_of(part)}


def edited(name, text, edits):
    for function_name, pattern, replacement in edits:
        if function_name == name:
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise Changed(f"{name} does not have what the edit is for: {pattern}")
    return text


def digest(text):
    """Comments and the width of white space are not the source."""
    tokens = re.sub(r"\s+", " ", without_comments(text)).strip()
    return hashlib.sha256(tokens.encode()).hexdigest()[:32]


def prototype(text):
    return text[:text.index("{")].rstrip() + ";"


def read_hashes(path):
    """The hashes of each piece: of every release that the rule set was compared with."""
    known = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        value, name = line.split()
        known.setdefault(name, []).append(value)
    return known


def known_as(known, name, value):
    """The hash itself, if it is known; otherwise one that is, or nothing."""
    some = known.get(name, [""])
    return value if value in some else some[0]


class Source:
    """What a side is made of, piece by piece."""

    def __init__(self, tarball, files, side):
        self.version = side.version(tarball, files)
        self.types = "\n\n".join(one(KINDS[kind].format(name), files[file], name)
                                 for file, kind, name in side.types)
        self.functions = {n: function(files[f], n)
                          for f in side.functions for n in side.functions[f]}
        standins, adapter = ("\n".join((HERE / header).read_text() for header in headers)
                             for headers in [[side.standin, *side.headers],
                                             [side.adapter]])
        known = defined_here(standins)
        functions = " ".join(self.functions.values())
        everything = " ".join([functions, self.types, standins, adapter])
        self.constants = constants(files, side.constants, words_of(functions), known)
        self.all_constants = constants(files, side.constants, words_of(everything), known)

    def hashes(self):
        pieces = {"constants": "\n".join(self.constants), **self.functions}
        return {name: digest(text) for name, text in pieces.items()}


def c_file(name, side, source, known):
    hashes = source.hashes()
    rows = [f'\t{{ "{n}", "{h}", "{known_as(known, n, h)}" }},' for n, h in hashes.items()]
    functions = {n: edited(n, t, side.edits) for n, t in source.functions.items()}
    only = "#define ONLY_HAND_BACK\n" if side.edits else ""
    return "\n".join([
        f'{only}#define SIDE_RULES "{name}"', f'#define SIDE_VERSION "{source.version}"',
        f'#include "{side.standin}"', *source.all_constants, source.types,
        *(prototype(text) for text in functions.values()), *functions.values(),
        *(f'#include "{header}"' for header in side.headers),
        "static const struct kernel_source sources[] = {", *rows, "};",
        f'#include "{side.adapter}"', ""])


def compile_side(args, out):
    """Without warnings, and the way kernels are compiled. None: it does not compile."""
    source, library = out / (args.side + ".c"), out / (args.side + ".so")
    new = out / (args.side + ".new.so")  # a test may be running the one that is there
    cc = [args.cc, "-std=gnu11", "-O2", "-w", "-fno-strict-aliasing", "-fPIC", "-shared",
          "-fvisibility=hidden", "-Wl,-z,defs", f"-I{args.include}", f"-I{HERE}"]
    if subprocess.run([*cc, source, "-o", new], check=False).returncode != 0:
        return None
    new.replace(library)
    return library


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--include")
    parser.add_argument("--package-dir", default="/usr/src")
    parser.add_argument("--known", default=HERE / "known")
    parser.add_argument("--hashes", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def make(args, out):
    """The library; None: nothing more to do."""
    side = SIDES[args.side]
    tarball = find_tarball(side, args.package_dir)
    if tarball is None:
        print(f"{args.side}: skipped: {side.package} is not installed")
        sys.exit(SKIPPED)
    source = Source(tarball, unpack(side, tarball, out), side)
    if args.hashes:
        for name, value in source.hashes().items():
            print(value, name)
        return None
    known = read_hashes(pathlib.Path(args.known) / side.package)
    (out / (args.side + ".c")).write_text(c_file(args.side, side, source, known))
    library = compile_side(args, out)
    if library is None:
        changed = [n for n, h in source.hashes().items() if known_as(known, n, h) != h]
        raise Changed(", ".join(changed) or "not at all: a stand-in is missing")
    return library


def main():
    args = arguments()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            library = make(args, out)
        except Changed as changed:
            sys.exit(f"{args.side}: source changed: {changed}")
    if library and args.command:
        os.execvp(args.command[0], [*args.command, str(library)])


if __name__ == "__main__":
    main()
