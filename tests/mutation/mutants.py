# SPDX-License-Identifier: MIT
"""The mutants of a source file: every place that can be changed, and how.

A file is split into regions: the bodies of functions, the initialisers of tables,
enumerations, and the bodies of macros, among them the tables of X(...) rows. In each
region every operator, constant, mask, condition, statement, row and cell is changed in
turn. README.md has the list.
"""
import collections
import re

TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)"
    r'|(?P<string>"(?:\\.|[^"\\])*")'
    r"|(?P<number>0[xX][0-9a-fA-F]+|\d+)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op>\.\.\.|##|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\w\\])",
    re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.)*(?:\\\n(?:[^\n\\]|\\.)*)*", re.M)
DEFINE = re.compile(r"[ \t]*#define\s+(\w+)(\([^)]*\))?")

# What stands for an operator between two operands, and before one.
BINARY = {
    "==": ("!=",), "!=": ("==",), "<": ("<=", ">="), "<=": ("<", ">"),
    ">": (">=", "<="), ">=": (">", "<"), "&&": ("||",), "||": ("&&",),
    "&": ("|",), "|": ("&",), "^": ("|", "&"), "<<": (">>",), ">>": ("<<",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",),
    "|=": ("&=", "="), "&=": ("|=", "="), "+=": ("-=",), "-=": ("+=",),
}
UNARY = {"!": "", "~": "", "-": "", "++": "--"}
WORDS = {"true": "false", "false": "true"}

# Masks lose their lowest bit, and gain the bit above the highest.
MASK = re.compile(
    r"PSVM_(?:V_\w+|X2AVIC_ENABLE|AVIC_ENABLE|RSVD_63_40|INT_VECTOR_DWORD"
    r"|INT_CTL_WRITTEN|INT_CTL_SBZ|C_FACTS|C_ALL|UNLESS|FLAG|F_\w+|REQUEST_\w+"
    r"|CLASS_\w+|WAKE_\w+|WORD_\w+|WORDS_ALL|INTERCEPT_\w+|CLEAN_\w+|INT_STATE_\w+"
    r"|EVENT_INJ_\w+|TLB_CONTROL_RESERVED|USURPED_LINUX|ENTERED)")
MASK_OF = {"PSVM_C", "PSVM_CPU", "PSVM_CPU_F", "PSVM_INTERCEPT_MASK"}
NO_MASK = re.compile(r"\w+_(?:SHIFT|WIDTH|BIT|BITS|COUNT)|PSVM_REQUEST_ALWAYS_IMPLICIT")
MASK_BITS = {"PSVM_V_GIF_BITS", "PSVM_V_NMI_BITS"}
# All ones: one bit less at either end.
ALL_ONES = {"UINT8_MAX", "UINT32_MAX", "UINT64_MAX"}
# Numbers with a name: one more, one less.
NUMBER = re.compile(
    r"PSVM_(?:CELL_\w+|W_\w+_|EXIT_\w+|EVENT_TYPE_\w+|EVENT_V_SHIFT_|AT_\w+|E_\w+|OK|DONE"
    r"|VMEXIT_INVALID|NO_WINDOW|L0|L1|L1_BITMAP|STEP_\w+_|WAIT|EXIT|INJECT|OPEN_WINDOW"
    r"|INSN_\w+|MOVES|C_COUNT|C_FACT_COUNT|CPU_RAN|CPU_DELIVERED|CPU_EXITED|CPU_NO_EXIT"
    r"|VMCB_CONTROL_SIZE|\w+_SHIFT|\w+_WIDTH|\w+_BIT)")
# Kinds of lines of a rule set.
LINES = {"PSVM_ALWAYS", "PSVM_WHEN", "PSVM_EXCEPT"}
CELL = re.compile(r"PSVM_CELL_\d|PSVM_NEVER")

TYPES = {"struct", "const", "static", "bool", "unsigned", "int", "enum", "volatile",
         "void", "size_t", "typedef", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
         "int8_t", "int16_t", "int32_t", "int64_t"}
# What ends the condition of `? :` on its left.
BEFORE_CONDITION = {"(", "[", "{", ",", ";", "?", ":", "=", "return", "|=", "&=", "+="}

Token = collections.namedtuple("Token", "kind text begin end")
Region = collections.namedtuple("Region", "kind name tokens parameters")
Mutant = collections.namedtuple("Mutant", "file where begin end text old new kind")


def tokens_of(text, begin, end):
    """The tokens of a part of a text, without comments."""
    found = []
    while begin < end:
        match = TOKEN.search(text, begin, end)
        if match is None:
            break
        begin = match.end()
        if match.lastgroup != "comment":
            found.append(Token(match.lastgroup, match.group(), match.start(), begin))
    return found


def closing(tokens, at):
    """Where the bracket at `at` is closed."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += tokens[i].text in "([{" and tokens[i].kind == "op"
        depth -= tokens[i].text in ")]}" and tokens[i].kind == "op"
        if depth == 0:
            return i
    return len(tokens)


def opening(tokens, at):
    """Where the bracket that `at` closes was opened."""
    depth = 0
    for i in range(at, -1, -1):
        depth += tokens[i].text in ")]}" and tokens[i].kind == "op"
        depth -= tokens[i].text in "([{" and tokens[i].kind == "op"
        if depth == 0:
            return i
    return 0


def name_before(tokens, at):
    """The last name before `at`, array brackets left out."""
    while at > 0:
        at -= 1
        if tokens[at].text == "]":
            at = opening(tokens, at)
        elif tokens[at].kind == "name":
            return tokens[at].text
    return ""


def region_at(tokens, at):
    """What the braces at `at`, outside of all others, enclose."""
    before = tokens[at - 1].text
    if before == ")":
        return "code", name_before(tokens, opening(tokens, at - 1))
    if before == "=":
        return "data", name_before(tokens, at - 1)
    if before == "enum" or (at > 1 and tokens[at - 2].text == "enum"):
        return "enum", before
    return "", ""


def regions_of(text):
    """The regions of a file; macros first."""
    plain, begin, found = [], 0, []
    for directive in DIRECTIVE.finditer(text):
        plain += tokens_of(text, begin, directive.start())
        begin = directive.end()
        define = DEFINE.match(text, directive.start(), begin)
        if define:
            parameters = re.findall(r"\w+", define.group(2) or "")
            body = tokens_of(text, define.end(), begin)
            found.append(Region("macro", "#define " + define.group(1), body, parameters))
    plain += tokens_of(text, begin, len(text))
    at = 0
    while at < len(plain):
        if plain[at].text in ("(", "{"):
            end = closing(plain, at)
            kind, name = region_at(plain, at) if plain[at].text == "{" else ("", "")
            if kind:
                found.append(Region(kind, name, plain[at + 1:end], []))
            at = end
        at += 1
    return found


def arguments(tokens, at):
    """The arguments of the call whose '(' is at `at`: lists of indices."""
    end, begin, found, i = closing(tokens, at), at + 1, [], at + 1
    while i <= end:
        if i == end or tokens[i].text == ",":
            found.append(range(begin, i))
            begin = i + 1
        elif tokens[i].text in ("(", "[", "{"):
            i = closing(tokens, i)
        i += 1
    return found


class Changes:
    """Collects the changes of one region of a file."""

    def __init__(self, region, cells):
        self.region = region
        self.tokens = region.tokens
        self.cells = cells
        self.found = []
        self.taken = set()  # tokens that are not to be changed by themselves

    def change(self, first, last, replacement):
        """Replace the tokens first to last."""
        self.found.append((self.tokens[first].begin, self.tokens[last].end, replacement))

    def text_of(self, first, last):
        """The source of the tokens first to last, in one line."""
        parts = []
        for i in range(first, last + 1):
            gap = i > first and self.tokens[i - 1].end != self.tokens[i].begin
            parts.append((" " if gap else "") + self.tokens[i].text)
        return "".join(parts)

    def is_(self, at, *texts):
        """Is the token at `at` one of these?"""
        return 0 <= at < len(self.tokens) and self.tokens[at].text in texts

    def spaced(self, at):
        """Does white space follow? Then an operator stands between operands."""
        return at + 1 < len(self.tokens) and \
            self.tokens[at].end != self.tokens[at + 1].begin

    # --- rows of tables

    def rows(self):
        """Rows X(...) of a table: left out; a cell with a name becomes another one."""
        for at, callee in row_starts(self.region):
            end = closing(self.tokens, at + 1)
            self.change(at, end, "")
            columns = arguments(self.tokens, at + 1)
            self.taken.update(columns[0] if callee != "RESERVED" else ())
            for number, cell in enumerate(columns):
                values = self.cells.get((len(columns), number))
                if not number or not values:
                    continue
                self.taken.update(cell)
                old = self.text_of(cell[0], cell[-1])
                new = values[(values.index(old) + 1) % len(values)]
                if new != old:
                    self.change(cell[0], cell[-1], new)

    def groups(self):
        """Rows { ... } of a table: left out."""
        depth = 0
        for at, token in enumerate(self.tokens):
            if token.text == "{" and depth == 0 and self.is_(at - 1, ",", "{") | (at == 0):
                end = closing(self.tokens, at)
                last = end + 1 if self.is_(end + 1, ",") else end
                self.change(at, last, "")
            depth += (token.text in "([{") - (token.text in ")]}")

    def lines(self):
        """Lines of a rule set: left out, of another kind, their conditions swapped."""
        for at, token in enumerate(self.tokens):
            if token.text == "PSVM_NEVER" and self.region.name != "#define PSVM_NEVER":
                self.change(at, at, "PSVM_CELL_1(PSVM_ALWAYS(UINT64_MAX))")
            if token.text not in LINES or not self.is_(at + 1, "("):
                continue
            end = closing(self.tokens, at + 1)
            self.change(at, end, "PSVM_EMPTY")
            if token.text == "PSVM_ALWAYS":
                continue
            other = "PSVM_EXCEPT" if token.text == "PSVM_WHEN" else "PSVM_WHEN"
            self.change(at, at, other)
            parts = [self.text_of(a[0], a[-1]) for a in arguments(self.tokens, at + 1)]
            if len(parts) == 3:
                self.change(at, end, f"{token.text}({parts[0]}, {parts[2]}, {parts[1]})")

    def neighbours(self):
        """Cells of a rule set: exchanged with the next one."""
        for at in range(len(self.tokens)):
            if not self.is_cell(at):
                continue
            end = self.cell_end(at)
            last = self.cell_end(end + 2) if self.is_(end + 1, ",") else end
            if last > end and self.is_cell(end + 2):
                first, second = self.text_of(at, end), self.text_of(end + 2, last)
                if first != second:
                    self.change(at, last, f"{second}, {first}")

    def is_cell(self, at):
        return 0 <= at < len(self.tokens) and CELL.fullmatch(self.tokens[at].text)

    def cell_end(self, at):
        return closing(self.tokens, at + 1) if self.is_(at + 1, "(") else at

    # --- code

    def statements(self):
        """Statements: left out. Conditions: negated."""
        at = 0
        while at < len(self.tokens):
            at = self.statement(at)

    def statement(self, at):
        """One statement, or what comes before one. Returns where the next begins."""
        text = self.tokens[at].text
        if text in ("if", "for", "while", "switch") and self.is_(at + 1, "("):
            end = closing(self.tokens, at + 1)
            if text in ("if", "while"):
                self.change(at + 2, end - 1, f"!({self.text_of(at + 2, end - 1)})")
            return end + 1
        if text in ("case", "default"):
            while not self.is_(at, ":"):
                at += 1
            return at + 1
        if text in ("{", "}", ";", "else", "do", "PSVM_UNROLL"):
            return at + 1
        if self.is_(at + 1, "(") and not self.is_(closing(self.tokens, at + 1) + 1, ";"):
            end = closing(self.tokens, at + 1)
            if self.is_(end + 1, "}", "default", "case", "PSVM_VMCB_SAVE_LAYOUT"):
                return end + 1  # rows of a table, expanded
        end = at
        while end < len(self.tokens) and not self.is_(end, ";"):
            if text == "static" and self.is_(end, "{") and self.is_(end - 1, ")"):
                return end + 1  # a function that a macro makes
            end = closing(self.tokens, end) if self.is_(end, "(", "[", "{") else end
            end += 1
        if text == "PSVM_STATIC_ASSERT":
            self.taken.update(range(at, end))
        elif text not in TYPES and text != "return" and end < len(self.tokens):
            self.change(at, end, ";")
        return end + 1

    def choices(self):
        """Conditions of `? :`: negated."""
        for at, token in enumerate(self.tokens):
            if token.text != "?":
                continue
            first = at
            while first > 0 and not self.is_(first - 1, *BEFORE_CONDITION):
                first -= 1
                if self.is_(first, ")", "]"):
                    first = opening(self.tokens, first)
            self.change(first, at - 1, f"!({self.text_of(first, at - 1)})")

    def enumerators(self):
        """Enumerators without a value: exchanged with the next one."""
        for at in range(len(self.tokens) - 2):
            if self.declared(at) and self.is_(at + 1, ",") and self.declared(at + 2) \
                    and not self.is_(at + 3, "="):
                self.change(at, at + 2, f"{self.tokens[at + 2].text}, {self.tokens[at].text}")

    # --- single tokens

    def declared(self, at):
        """Is the token the name of an enumerator? What else begins there is expanded."""
        return self.region.kind == "enum" and self.tokens[at].kind == "name" and \
            (at == 0 or self.is_(at - 1, ",", ")")) and \
            (at + 1 == len(self.tokens) or self.is_(at + 1, "=", ","))

    def pasted(self, at):
        """Is the token part of a name that the preprocessor makes?"""
        return self.is_(at - 1, "##", "#") or self.is_(at + 1, "##")

    def operator(self, at):
        text = self.tokens[at].text
        if self.spaced(at) and text in BINARY and at > 0:
            for other in BINARY[text]:
                self.change(at, at, other)
        elif not self.spaced(at) and text in UNARY and not self.is_(at + 1, ")", ","):
            self.change(at, at, UNARY[text])
        elif text == "++":
            self.change(at, at, "--")

    def number(self, at):
        text = self.tokens[at].text
        form = "{:#x}" if text[:2] in ("0x", "0X") else "{}"
        value = int(text, 0) if text.strip("0") else 0
        self.change(at, at, form.format(value + 1))
        if value:
            self.change(at, at, form.format(value - 1))

    def name(self, at):
        text = self.tokens[at].text
        if text in WORDS:
            self.change(at, at, WORDS[text])
        elif text in ALL_ONES:
            self.change(at, at, f"({text} >> 1)")
            self.change(at, at, f"({text} << 1)")
        elif text in MASK_OF and self.is_(at + 1, "("):
            self.mask(at, closing(self.tokens, at + 1))
        elif self.is_(at + 1, "("):
            return
        elif self.declared(at):
            return
        elif text in MASK_BITS or MASK.fullmatch(text) and not NO_MASK.fullmatch(text):
            self.mask(at, at)
        elif NUMBER.fullmatch(text):
            self.change(at, at, f"({text} + 1)")
            self.change(at, at, f"({text} - 1)")

    def mask(self, first, last):
        """A bit less, a bit more; a flag is one bit, or none."""
        text = self.text_of(first, last)
        self.change(first, last, f"({text} & ({text} - 1))")
        if text != "PSVM_FLAG":
            self.change(first, last, f"({text} | {text} << 1)")

    def single(self):
        """Each token by itself."""
        for at, token in enumerate(self.tokens):
            if at in self.taken or self.pasted(at):
                continue
            if token.kind == "op":
                self.operator(at)
            elif token.kind == "number":
                self.number(at)
            elif token.kind == "name":
                self.name(at)

    def all(self):
        if self.region.kind == "macro":
            self.rows()
        if self.region.kind == "data":
            self.groups()
        self.lines()
        self.neighbours()
        self.enumerators()
        if self.region.kind == "code" or any(t.text == ";" for t in self.tokens):
            self.statements()
        self.choices()
        self.single()
        return self.found


def row_starts(region):
    """Where rows begin in the body of a macro: calls of its parameters."""
    at = 0
    while at + 1 < len(region.tokens):
        token = region.tokens[at]
        if region.tokens[at + 1].text == "(":
            if token.text in region.parameters and token.text.isupper():
                yield at, token.text
            at = closing(region.tokens, at + 1)
        at += 1


def cells_of(regions):
    """The columns of rows that hold names: which, by number of columns and column."""
    columns = collections.defaultdict(list)
    for region in regions:
        if region.kind != "macro":
            continue
        for at, _ in row_starts(region):
            cells = arguments(region.tokens, at + 1)
            for number, cell in enumerate(cells):
                texts = [region.tokens[i].text for i in cell]
                columns[len(cells), number].append(" ".join(texts))
    name = re.compile(r"[A-Za-z_]\w*|0\d|struct \w+")
    return {key: sorted(set(values)) for key, values in columns.items()
            if any(name.fullmatch(v) for v in values)
            and all(re.fullmatch(r"(?:struct )?\w+", v) for v in values)}


def in_line(text):
    """A piece of source as one line."""
    return " ".join(text.replace("\\\n", " ").split()).rstrip("\\ ")


def around(text, begin, end, replacement):
    """The lines that a change touches, before and after it."""
    first = text.rfind("\n", 0, begin) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    return (in_line(text[first:last]),
            in_line(text[first:begin] + replacement + text[end:last]))


def mutants_of(file, text):
    """All mutants of a file, each with an address that survives changes elsewhere."""
    regions = regions_of(text)
    cells = cells_of(regions)
    found, seen, times = [], set(), collections.Counter()
    for region in regions:
        for begin, end, replacement in sorted(set(Changes(region, cells).all())):
            if (begin, end, replacement) in seen:
                continue
            seen.add((begin, end, replacement))
            old, new = around(text, begin, end, replacement)
            times[region.name, old, new] += 1
            count = times[region.name, old, new]
            where = region.name + (f" #{count}" if count > 1 else "")
            found.append(Mutant(file, where, begin, end, replacement, old, new,
                                region.kind))
    return found
