//! Contracts that try to break the machine. Each says which limit stops it; in release each must end
//! in a quarter of a second with at most 64 MiB, although it brings the most gas that a call may.

use goodwill_vm::{Call, Data, Failure, Outcome, Sandbox, gas::CALL_GAS_MAX, sandbox::account};
use std::{fmt::Write, fs, sync::Arc};

/// What stops an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Gas,
    Memory,
    /// It does no harm, and returns.
    Returns,
    Raises(&'static str),
    Refused(&'static str),
}
use Stop::{Gas, Memory, Raises, Refused, Returns};

/// Bodies of a method `run`, with what stops them.
const BODIES: &[(&str, &str, Stop)] = &[
    ("endless while", "while True: pass", Gas),
    ("endless while with work", "i = 0\nwhile True: i += 1", Gas),
    ("endless for", "for i in range(10**18): pass", Gas),
    ("for over a growing list", "xs = [1]\nfor x in xs: xs.append(x)", Memory),
    ("nested loops", "for a in range(10**6):\n  for b in range(10**6): pass", Gas),
    ("swallowed exceptions", "while True:\n  try: raise ValueError('x')\n  except Exception: pass", Memory),
    ("swallowed gas", "try:\n  while True: pass\nexcept BaseException: return 1\nfinally: return 2", Gas),
    ("finally that goes on", "while True:\n  try: continue\n  finally: pass", Gas),
    ("finally swallows memory", "try:\n  'a' * 10**8\nfinally: return 2", Memory),
    ("bare except swallows memory", "try:\n  xs = [0] * 10**7\nexcept: return 1", Memory),
    ("recursion", "return self.down(0)", Raises("RecursionError")),
    ("recursion swallowed", "return self.swallow(0)", Returns),
    ("mutual recursion", "return self.ping(0)", Raises("RecursionError")),
    ("recursive lambda", "f = [None]\nf[0] = lambda: f[0]()\nreturn f[0]()", Raises("RecursionError")),
    ("exponential recursion", "return self.fork(60)", Gas),
    ("power tower", "return 9 ** 9 ** 9 ** 9", Raises("OverflowError")),
    ("huge power", "return 2 ** 10**30", Raises("OverflowError")),
    ("repeated squaring", "x = 3\nwhile True: x = x * x", Raises("OverflowError")),
    ("huge shift", "return 1 << 10**15", Raises("OverflowError")),
    ("huge shift back", "return 1 >> 10**70", Returns),
    ("least integer negated", "x = -(2**254) * 2\nreturn -x", Raises("OverflowError")),
    ("least integer divided", "x = -(2**254) * 2\nreturn x // -1", Raises("OverflowError")),
    ("least integer modulo", "x = -(2**254) * 2\nreturn x % -1", Returns),
    ("small least integer divided", "x = -(2**63)\nreturn (x // -1, x % -1, -x, abs(x), x * -1)", Returns),
    ("modular powers", "m = 2**254 + (2**254 - 19)\nwhile True: pow(m - 2, m - 3, m)", Gas),
    ("wide multiplications", "x = 2**200\nwhile True: y = x * 3 // 7 % (x + 1)", Memory),
    ("wide texts", "x = 2**254\nwhile True: s = str(x)", Gas),
    ("doubling text", "s = 'a'\nwhile True: s += s", Memory),
    ("repeated text", "return 'a' * 10**8", Memory),
    ("negative repeat", "return 'a' * -10**60", Returns),
    ("repeated huge", "return 'ab' * 2**200", Memory),
    ("repeated tuple", "return (1,) * 10**9", Gas),
    ("concatenation", "s = ''\nwhile True: s += 'abcdefgh'", Memory),
    ("replace bomb", "s = 'a' * 1000\nwhile True: s = s.replace('a', 'aa')", Gas),
    ("replace empty", "s = 'a' * 1000000\nreturn len(s.replace('', 'x' * 1000))", Memory),
    ("join bomb", "xs = ['a' * 1000] * 10000\nwhile True: s = ''.join(xs)", Memory),
    ("split bomb", "s = 'a ' * 100000\nwhile True: xs = s.split()", Memory),
    ("find worst case", "s = 'a' * 100000\nt = 'a' * 50000 + 'b'\nwhile True: s.find(t)", Gas),
    ("count worst case", "s = 'a' * 100000\nwhile True: s.count('aa')", Gas),
    ("bytes find worst case", "s = b'a' * 100000\nt = b'a' * 50000 + b'b'\nwhile True: s.find(t)", Gas),
    ("strip many", "s = 'a' * 100000\nt = 'bcdefghijk' * 1000 + 'a'\nwhile True: s.strip(t)", Gas),
    ("compare long texts", "s = 'a' * 500000 + 'b'\nt = 'a' * 500000 + 'c'\nwhile True: s < t", Gas),
    ("long text indexing", "s = 'é' * 100000\nwhile True: s[99999]", Gas),
    ("upper", "s = 'a' * 100000\nwhile True: s.upper()", Memory),
    ("format width", "return f\"{1:1000000000}\"", Raises("ValueError")),
    ("format width from value", "w = 10**9\nreturn f\"{1:{w}}\"", Raises("ValueError")),
    ("format precision", "w = 10**9\nreturn f\"{'a':.{w}}\"", Raises("ValueError")),
    ("ljust", "return 'a'.ljust(10**15)", Gas),
    ("zfill", "return 'a'.zfill(10**15)", Gas),
    ("huge bytes", "return bytes(10**15)", Memory),
    ("bytes of huge", "return bytes(2**200)", Memory),
    ("list of range", "return list(range(10**12))", Memory),
    ("sum of range", "return sum(range(10**12))", Memory),
    ("sorted range", "return sorted(range(10**9), reverse=True)", Memory),
    ("length of range", "return len(range(-2**63, 2**63 - 1))", Raises("OverflowError")),
    ("range ends", "n = 0\nfor i in range(2**63 - 3, 2**63 - 1, 2): n += 1\nreturn n", Returns),
    ("membership in range", "return 10**15 in range(10**18)", Returns),
    (
        "slice with extremes",
        "xs = [1, 2, 3]\nreturn (xs[-2**63:2**63-1], xs[2**63-1:-2**63:-1], xs[::2**63-1], xs[::-2**63+1], xs[-10**40:10**40])",
        Returns,
    ),
    ("slice steps", "s = 'a' * 1000000\nwhile True: s[::2]", Memory),
    ("slices of lists", "xs = [0] * 100000\nwhile True: ys = xs[:]", Memory),
    ("insert at front", "xs = []\nwhile True: xs.insert(0, 1)", Gas),
    ("pop from front", "xs = [0] * 200000\nwhile True:\n  xs.pop(0)\n  xs.append(1)", Gas),
    ("delete from front", "xs = [0] * 200000\nwhile True:\n  del xs[0]\n  xs += [1]", Gas),
    ("slice assignment", "xs = [0] * 100000\nwhile True: xs[5:6] = [1]", Memory),
    ("self in list", "xs = []\nxs.append(xs)\nreturn str(xs)", Returns),
    (
        "self in list compared",
        "xs = []\nxs.append(xs)\nys = []\nys.append(ys)\nreturn xs == ys",
        Raises("RecursionError"),
    ),
    ("deep list", "xs = []\nfor i in range(10000): xs = [xs]\nreturn str(xs)", Raises("RecursionError")),
    (
        "deep list compared",
        "xs = []\nys = []\nfor i in range(10000):\n  xs = [xs]\n  ys = [ys]\nreturn xs == ys",
        Raises("RecursionError"),
    ),
    ("deep tuple as key", "t = ()\nfor i in range(10000): t = (t,)\nreturn {t: 1}", Raises("RecursionError")),
    ("deep result", "xs = []\nfor i in range(10000): xs = [xs]\nreturn xs", Raises("RecursionError")),
    ("wide self reference", "x = [0]\nfor i in range(30): x = [x, x]\nreturn x", Gas),
    ("wide self reference shown", "x = [0]\nfor i in range(30): x = [x, x]\nreturn str(x)", Gas),
    (
        "wide self reference compared",
        "x = [0]\ny = [0]\nfor i in range(30):\n  x = [x, x]\n  y = [y, y]\nreturn x == y",
        Gas,
    ),
    ("wide key", "x = (0,)\nfor i in range(30): x = (x, x)\nreturn {x: 1}", Gas),
    ("keys with one digest", "d = {}\ni = 0\nwhile True:\n  d['samedigest' + str(i)] = i\n  i += 1", Memory),
    ("long keys", "k = 'a' * 100000\nd = {k + 'b': 1, k + 'c': 2}\nwhile True: d[k + 'd'] = 1", Memory),
    (
        "long key searched",
        "k = 'a' * 500000\nd = {k + str(i): i for i in range(20)}\nt = k + 'x'\nwhile True: t in d",
        Gas,
    ),
    ("dict that grows", "d = {}\nfor i in range(10**9): d[i] = i", Memory),
    ("dict that shrinks", "d = {i: i for i in range(10000)}\nwhile True:\n  d[1] = 1\n  del d[1]", Memory),
    (
        "dict emptied from the front",
        "d = {i: 0 for i in range(50000)}\nwhile True:\n  for k in d: break\n  v = d.pop(k)\n  d[k] = v",
        Gas,
    ),
    ("dict changed in iteration", "d = {1: 1}\nfor k in d: d[k + 1] = 1", Raises("RuntimeError")),
    ("sets", "s = set()\nfor i in range(10**9): s.add(i)", Memory),
    ("set operations", "a = set(range(10000))\nb = set(range(5000, 15000))\nwhile True: c = a & b", Memory),
    (
        "comprehension bomb",
        "return [[[[0 for a in range(1000)] for b in range(1000)] for c in range(1000)] for d in range(1000)]",
        Memory,
    ),
    ("comprehension of a product", "return [0 for a in range(10**6) for b in range(10**6) if a < 0]", Gas),
    ("dict comprehension", "return {i: [j for j in range(1000)] for i in range(10**6)}", Memory),
    ("any of much", "return any(i < 0 for i in range(10**15))", Gas),
    ("nested generators", "return sum(sum(i for i in range(1000)) for j in range(10**9))", Memory),
    ("sort", "xs = list(range(100000))\nwhile True:\n  xs.sort()\n  xs.reverse()", Gas),
    (
        "sort with texts",
        "xs = ['a' * 1000 + str(i) for i in range(3000)]\nwhile True: ys = sorted(xs)",
        Memory,
    ),
    ("sort by a key that raises", "return sorted([1, 2, 3], key=lambda x: [][x])", Raises("IndexError")),
    (
        "sort changed by its key",
        "xs = [3, 1, 2]\nxs.sort(key=lambda x: xs.append(x) or x)\nreturn xs",
        Raises("ValueError"),
    ),
    ("sort mixed", "return sorted([1, 'a', None])", Raises("TypeError")),
    ("min of much", "xs = list(range(100000))\nwhile True: min(xs)", Memory),
    ("zip of many", "xs = [range(10**9)] * 200\nreturn [1 for t in zip(*xs)]", Memory),
    (
        "nested enumerate",
        "e = range(10**9)\nfor i in range(10000): e = enumerate(e)\nfor x in e: return 1",
        Raises("RecursionError"),
    ),
    (
        "nested reversed zip",
        "e = [1]\nfor i in range(10000): e = zip(e)\nreturn list(e)",
        Raises("RecursionError"),
    ),
    ("unpack much", "a, *b = range(10**9)", Memory),
    ("star much", "return max(*range(10**6))", Memory),
    ("print much", "while True: print('a' * 1000)", Raises("ValueError")),
    ("emit much", "while True: emit('E', a=1)", Raises("ValueError")),
    ("emit large", "emit('E', a='x' * 1000000)", Raises("ValueError")),
    ("emit deep", "x = []\nfor i in range(1000): x = [x]\nemit('E', x=x)", Raises("RecursionError")),
    ("large value stored", "self.text = 'a' * 1000000", Raises("ValueError")),
    ("large key", "self.names['a' * 10000] = 1", Raises("ValueError")),
    ("many cells", "for i in range(10**9): self.cells[i] = i", Memory),
    ("many reads", "for i in range(10**9): self.cells[i]", Gas),
    ("one cell", "while True: self.cells[1] += 1", Gas),
    ("nested map views", "while True: self.deep[1]", Memory),
    ("stored list that grows", "for i in range(10**9): self.items.append(i)", Memory),
    ("hashes", "b = b'a' * 100000\nwhile True: chain.sha256(b)", Gas),
    ("hashes of little", "while True: chain.blake3(b'')", Memory),
    ("signatures", "while True: chain.verify_ed25519(b'a' * 32, b'', b'b' * 64)", Gas),
    ("addresses", "while True: str(self.address)", Gas),
    ("int of long text", "return int('9' * 1000000)", Raises("OverflowError")),
    ("int of underscores", "return int('1' + '_1' * 100000)", Raises("OverflowError")),
    ("from_bytes of much", "return int.from_bytes(b'a' * 1000000, 'big')", Raises("OverflowError")),
    (
        "exceptions that hold exceptions",
        "e = ValueError()\nfor i in range(10000): e = ValueError(e)\nraise e",
        Raises("ValueError"),
    ),
    ("exception with a long message", "raise ValueError('a' * 1000000)", Raises("ValueError")),
    (
        "cause chain",
        "e = None\nfor i in range(100):\n  try:\n    raise ValueError(str(i)) from e\n  except ValueError as x:\n    e = x\nraise e",
        Raises("ValueError"),
    ),
    ("raise what is none", "raise 5", Raises("TypeError")),
    ("catch what is none", "try: raise ValueError()\nexcept 5: pass", Raises("TypeError")),
    ("call itself", "chain.call(self.address, 'run')", Raises("RuntimeError")),
    ("closures", "fs = []\nwhile True:\n  fs.append(lambda: fs)", Memory),
    ("instances", "while True: Node(1)", Memory),
    ("linked list", "n = None\nfor i in range(100000): n = Node(n)\nreturn 1", Returns),
    ("linked list returned", "n = None\nfor i in range(1000): n = Node(n)\nreturn n", Raises("TypeError")),
    ("many attributes", "n = Node(1)\nwhile True: n.x = n.value", Gas),
    ("unbound", "if False: x = 1\nreturn x", Raises("UnboundLocalError")),
    ("division by zero", "return 1 // 0", Raises("ZeroDivisionError")),
    ("sum of texts", "return sum(['a'])", Raises("TypeError")),
    (
        "long byte order",
        "s = 'a' * 1000000\nwhile True:\n  try: int.from_bytes(b'a', s)\n  except ValueError: pass",
        Memory,
    ),
    ("strip nothing", "s = 'ab' * 500000\nwhile True: ''.strip(s)", Gas),
    ("split nothing", "s = 'ab' * 500000\nwhile True: ''.split(s)", Memory),
    ("split to pieces", "s = 'a,' * 2000000\nreturn len(s.split(','))", Memory),
    ("split to words", "s = 'a ' * 2000000\nreturn len(s.split())", Memory),
    ("bytes count worst case", "s = b'a' * 100000\nt = b'a' * 50000 + b'b'\nwhile True: s.count(t)", Gas),
    ("bytes split to pieces", "s = b'a,' * 1000000\nreturn len(s.split(b','))", Memory),
    ("wide exception", "x = [0]\nfor i in range(30): x = [x, x]\nraise ValueError(x)", Raises("ValueError")),
    ("grouped digits", "while True: s = f'{1:01000_}'", Memory),
    ("count of gaps", "s = 'a' * 1000000\nwhile True: s.count('')", Gas),
    ("match bomb", "xs = [0] * 100000\nwhile True:\n  match xs:\n    case [a, *b, c]: pass", Memory),
];

fn contract(body: &str) -> String {
    let mut source = String::from(
        "from goodwill import Contract, Map, export, chain, emit\n\
         class Node:\n    def __init__(self, value):\n        self.value = value\n\
         class Attack(Contract):\n    text: str\n    names: Map[str, int]\n    cells: Map[int, int]\n    \
         deep: Map[int, Map[int, int]]\n    items: list[int]\n    \
         def down(self, n): return self.down(n + 1)\n    \
         def swallow(self, n):\n        try: return self.swallow(n + 1)\n        except RecursionError: return n\n    \
         def ping(self, n): return self.pong(n)\n    \
         def pong(self, n): return self.ping(n)\n    \
         def fork(self, n):\n        if n == 0: return 0\n        return self.fork(n - 1) + self.fork(n - 1)\n    \
         @export\n    def run(self):\n",
    );
    for line in body.lines() {
        _ = writeln!(source, "        {line}");
    }
    source
}

/// Sources that the compiler must survive.
fn sources() -> Vec<(&'static str, String, Stop)> {
    let body = |expression: &str| contract(&format!("return {expression}"));
    let nest = |open: &str, inner: &str, close: &str, count: usize| {
        body(&format!("{}{inner}{}", open.repeat(count), close.repeat(count)))
    };
    let indented = |line: &str, count: usize| {
        let mut text = String::new();
        for level in 0..count {
            _ = writeln!(text, "{}{line}", " ".repeat(level));
        }
        contract(&format!("{text}{}pass", " ".repeat(count)))
    };
    vec![
        ("parentheses", nest("(", "1", ")", 10_000), Refused("deeply nested")),
        ("lists", nest("[", "1", "]", 10_000), Refused("deeply nested")),
        ("dicts", nest("{1:", "1", "}", 10_000), Refused("deeply nested")),
        ("calls", nest("f(", "1", ")", 10_000), Refused("deeply nested")),
        ("lambdas", nest("lambda: ", "1", "", 5_000), Refused("deeply nested")),
        ("not", nest("not ", "1", "", 10_000), Refused("")),
        ("minus", nest("-", "1", "", 40_000), Refused("")),
        ("ternaries", nest("1 if 1 else ", "1", "", 4_000), Refused("")),
        ("powers", nest("1**", "1", "", 15_000), Refused("")),
        ("f-strings", nest("f'{", "1", "}'", 5_000), Refused("")),
        ("sum chain", body(&format!("1{}", "+1".repeat(30_000))), Refused("nests")),
        ("comparison chain", body(&format!("1{}", "<1".repeat(25_000))), Returns),
        ("attribute chain", body(&format!("self{}", ".a".repeat(30_000))), Refused("nests")),
        ("call chain", body(&format!("self{}", "()".repeat(30_000))), Refused("nests")),
        ("subscript chain", body(&format!("self{}", "[0]".repeat(20_000))), Refused("nests")),
        ("and chain", body(&format!("1{}", " and 1".repeat(9_000))), Returns),
        ("string pieces", body(&"'a' ".repeat(15_000)), Returns),
        ("ifs", indented("if 1:", 300), Refused("")),
        ("fors", indented("for a in []:", 300), Refused("")),
        (
            "finallys",
            {
                let mut text = String::new();
                for level in 0..40 {
                    let pad = " ".repeat(level);
                    _ = writeln!(text, "{pad}try: pass\n{pad}finally:");
                }
                contract(&format!("{text}{}pass", " ".repeat(40)))
            },
            Refused("too"),
        ),
        (
            "returns through finallys",
            {
                let mut text = String::new();
                for level in 0..30 {
                    _ = writeln!(text, "{}try:", " ".repeat(level));
                }
                _ = writeln!(text, "{}return 1", " ".repeat(30));
                for level in (0..30).rev() {
                    let pad = " ".repeat(level);
                    _ = writeln!(text, "{pad}finally:\n{pad} if self.text: return 2");
                }
                contract(&text)
            },
            Refused("too"),
        ),
        ("huge literal", body(&"9".repeat(60_000)), Refused("256 bits")),
        ("huge hex literal", body(&format!("0x{}", "f".repeat(60_000))), Refused("256 bits")),
        ("too long", "#".repeat(70_000), Refused("bytes")),
        ("many arguments", body(&format!("max({})", "1,".repeat(5_000))), Refused("too many arguments")),
        ("long list", body(&format!("len([{}])", "1,".repeat(30_000))), Returns),
        ("long tuple", body(&format!("({})", "self.text,".repeat(6_000))), Returns),
        (
            "many targets",
            contract(&format!("{} = 1", "a, ".repeat(20_000).trim_end_matches(", "))),
            Refused("registers"),
        ),
        (
            "many names",
            contract(&(0..3_000).map(|n| format!("v{n} = 1\n")).collect::<String>()),
            Refused("registers"),
        ),
        ("many constants", contract(&(0..3_000).map(|n| format!("a = {n}\n")).collect::<String>()), Returns),
        (
            "many functions",
            {
                let defs: String = (0..4_000).map(|n| format!("def f{n}(): 0\n")).collect();
                format!("{defs}{}", contract("pass"))
            },
            Returns,
        ),
        ("null byte", contract("return '\0'"), Refused("null")),
        ("tabs", contract("if 1:\n\tpass\n        pass"), Refused("")),
        ("unicode names", contract("é = 1\nreturn é"), Refused("ASCII")),
        ("bidi", contract("return '\u{202e}'"), Returns),
        ("empty", String::new(), Refused("no contract")),
        ("eval", body("eval('1')"), Refused("eval")),
        ("dunder", body("self.__class__"), Refused("__class__")),
        ("dunder of a text", body("''.__class__.__mro__"), Refused("__")),
        ("float", body("1.5"), Refused("fraction")),
        ("division", body("1 / 2"), Refused("//")),
        ("async", contract("async def f(): pass"), Refused("async")),
        ("import", format!("import os\n{}", contract("pass")), Refused("import")),
        ("global", contract("global x\nx = 1"), Refused("global")),
        ("yield", contract("yield 1"), Refused("yield")),
        (
            "long line of classes",
            {
                let classes: String = (1..1_000).map(|n| format!("class C{n}(C{}): pass\n", n - 1)).collect();
                format!("class C0: pass\n{classes}{}", contract("while True: isinstance(1, C0)"))
            },
            Refused("deep"),
        ),
        (
            "many handlers",
            {
                let tries = "try: pass\nexcept KeyError: pass\n".repeat(1_000);
                contract(&format!("while True:\n  try: raise ValueError\n  except ValueError: pass\n{tries}"))
            },
            Memory,
        ),
        (
            "many fields",
            {
                let fields: String = (0..1_500).map(|n| format!("        self.f{n} = 0\n")).collect();
                let class = format!("class Wide:\n    K = 1\n    def __init__(self):\n{fields}");
                format!("{class}{}", contract("w = Wide()\nwhile True: w.K"))
            },
            Gas,
        ),
        ("long constant", contract(&format!("while True: len('{}')", "é".repeat(30_000))), Gas),
        ("long hint", contract(&format!("def f(x: tuple[{}]): pass", "int, ".repeat(1_000))), Returns),
        ("class in itself", "from goodwill import Contract\nclass A(A): pass\n".into(), Refused("derive")),
    ]
}

fn gas_of_a_test() -> u64 {
    if cfg!(debug_assertions) { CALL_GAS_MAX / 100 } else { CALL_GAS_MAX }
}

fn run(source: &str) -> Result<Outcome, String> {
    let program = goodwill_vm::compile(source, "attack.py").map_err(|refusal| refusal.to_string())?;
    let mut sandbox = Sandbox::new();
    let contract = Sandbox::contract_address();
    sandbox.install(contract, Arc::clone(&program));
    let call = Call {
        contract,
        sender: account(1),
        value: 0,
        method: "run".into(),
        arguments: Vec::<Data>::new(),
        keywords: Vec::new(),
        deploys: false,
    };
    Ok(sandbox.call(&call, gas_of_a_test()))
}

fn stopped(result: &Result<Outcome, String>, stop: Stop) -> bool {
    match (result, stop) {
        (Err(refusal), Refused(part)) => refusal.contains(part),
        (Ok(outcome), stop) => match (&outcome.result, stop) {
            (Ok(_), Returns) => true,
            // With the little gas of a debug build it may end before it meets its limit.
            (Err(Failure::OutOfGas), Memory | Raises(_) | Returns) => cfg!(debug_assertions),
            (Err(Failure::OutOfGas), Gas) | (Err(Failure::OutOfMemory), Memory) => true,
            (Err(Failure::Raised(raised)), Raises(class)) => raised.class == class,
            _ => false,
        },
        (Err(_), _) => false,
    }
}

/// Which limit it meets.
fn limit(stop: Stop) -> &'static str {
    match stop {
        Gas => "gas",
        Memory => "memory",
        Returns => "none",
        Raises(_) => "raises",
        Refused(_) => "compiler",
    }
}

fn short(result: &Result<Outcome, String>) -> String {
    let text = match result {
        Err(refusal) => refusal.lines().next().unwrap_or("").to_owned(),
        Ok(outcome) => match &outcome.result {
            Ok(_) => "returned".into(),
            Err(Failure::Raised(raised)) => format!("{}: {}", raised.class, raised.message),
            Err(failure) => format!("{failure:?}"),
        },
    };
    text.chars().take(70).collect()
}

/// The time that the process had a core for, in milliseconds: the machine may be busy.
fn cpu_ms() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or("");
    // User and system time in hundredths of a second.
    after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// The process's memory, in KiB: now, and at its peak since the last reset.
fn memory_kib() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Prints for each attack what stops it, and what it costs: `--nocapture` shows the table.
#[test]
fn every_attack_is_stopped() {
    let bodies = BODIES.iter().map(|(name, body, stop)| (*name, contract(body), *stop));
    let mut failures = Vec::new();
    println!(
        "{:<34} {:<8} {:>12} {:>10} {:>5} {:>7}  how it ended",
        "attack", "stop", "gas", "memory", "ms", "KiB"
    );
    for (name, source, stop) in bodies.chain(sources()) {
        _ = fs::write("/proc/self/clear_refs", "5");
        let before = memory_kib().0;
        let start = cpu_ms();
        let result = run(&source);
        let time = cpu_ms() - start;
        let peak = memory_kib().1.saturating_sub(before);
        let (gas, memory) =
            result.as_ref().map_or((0, 0), |outcome| (outcome.gas_used, outcome.memory_bytes));
        let limit = limit(stop);
        println!("{name:<34} {limit:<8} {gas:>12} {memory:>10} {time:>5} {peak:>7}  {}", short(&result));
        if !stopped(&result, stop) {
            failures.push(format!("{name}: expected {stop:?}, got {}", short(&result)));
        }
        let slow = !cfg!(debug_assertions) && time > 250;
        if slow || peak > 64 * 1024 {
            failures.push(format!("{name}: {time} ms, {peak} KiB"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
