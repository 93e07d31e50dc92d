"""Calls from outside: roles, arguments, coins, rollback, events, time, other contracts."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from goodwill import Address, Contract, Map, RequireError, chain, emit, export, msg, payable, require, view
from goodwill.testing import START_BALANCE, Deployed, LocalChain


class Refused(ValueError):
    """A class of the contract's own file."""


@dataclass
class Point:
    x: int
    y: int = 0


class Till(Contract):
    paid: Map[Address, int]
    log: list[str]
    first: str

    @export
    @payable
    def init(self, first: str = "none"):  # type: ignore[no-untyped-def]
        self.first = first

    @export
    @payable
    def pay(self) -> int:
        self.paid[msg.sender] += msg.value
        emit("Paid", sender=msg.sender, amount=msg.value)
        return self.paid[msg.sender]

    @export
    def take(self, to: Address, amount: int) -> None:
        chain.transfer(to, amount)

    @export
    def spend_then_fail(self, to: Address) -> None:
        self.log.append("spent")
        emit("Spent")
        chain.transfer(to, 1)
        raise Refused("no")

    @export
    def join(self, *words: str, end: str = "!") -> str:
        self.log.append(" ".join(words) + end)
        return self.log[-1]

    @export
    def move(self, point: Point, by: list[int]) -> Point:
        point.x += sum(by)
        by.clear()
        return point

    @view
    def history(self) -> list[str]:
        return self.log

    @view
    def write_in_view(self, how: str) -> None:
        if how == "field":
            self.first = "x"
        elif how == "in place":
            self.log.append("x")
        elif how == "entry":
            del self.paid[msg.sender]
        elif how == "event":
            emit("X")
        else:
            chain.transfer(msg.sender, 0)

    @view
    def facts(self) -> list[object]:
        return [
            chain.height,
            chain.timestamp,
            chain.epoch,
            self.balance,
            chain.balance(msg.sender),
            self.address,
        ]

    @view
    def leak(self) -> object:
        return {1}

    @view
    def huge(self) -> int:
        return 2**255

    @export
    def needs(self, n: int) -> None:
        require(n > 3, "n must be above 3")

    def internal(self) -> int:
        return 1


@pytest.fixture
def till(chain: LocalChain, alice: Address) -> Deployed[Till]:
    return chain.deploy(Till, sender=alice, value=10)


def test_coins(chain: LocalChain, till: Deployed[Till], alice: Address, bob: Address) -> None:
    assert till.balance == 10
    assert till.pay(sender=bob, value=5) == 5
    assert till.pay(sender=bob, value=2) == 7
    assert (till.balance, chain.balance(bob)) == (17, START_BALANCE - 7)
    till.take(bob, 17, sender=alice)
    assert (till.balance, chain.balance(bob)) == (0, START_BALANCE + 10)
    for amount, why in [(1, "insufficient balance: 0 < 1"), (-1, "must not be negative")]:
        with pytest.raises(ValueError, match=why):
            till.take(bob, amount, sender=alice)
    with pytest.raises(ValueError, match="not payable"):
        till.take(bob, 0, sender=alice, value=1)
    with pytest.raises(ValueError, match="insufficient balance"):
        till.pay(sender=bob, value=START_BALANCE * 2)
    assert [event["amount"] for event in till.events("Paid")] == [5, 2]


def test_a_failing_call_leaves_nothing(chain: LocalChain, till: Deployed[Till], bob: Address) -> None:
    with pytest.raises(Refused, match="no"):
        till.spend_then_fail(bob, sender=bob)
    assert till.history() == []
    assert till.events() == []
    assert (till.balance, chain.balance(bob)) == (10, START_BALANCE)


def test_a_failing_deployment_leaves_nothing(chain: LocalChain, alice: Address) -> None:
    with pytest.raises(TypeError):
        chain.deploy(Till, 5, sender=alice)
    assert chain.ledger.contracts == {}
    assert chain.balance(alice) == START_BALANCE


def test_arguments(till: Deployed[Till], alice: Address) -> None:
    assert till.join("a", "b", end="?", sender=alice) == "a b?"
    assert till.join(sender=alice) == "!"
    by = [1, 2]
    assert till.move(Point(1), by, sender=alice) == Point(4)
    assert by == [1, 2]
    wrong = [(("a", 1), {}), (("a",), {"end": 1}), (("a",), {"stop": "."})]
    for args, more in wrong:
        with pytest.raises(TypeError):
            till.join(*args, **more, sender=alice)
    with pytest.raises(TypeError, match="argument 'n': expected int, got bool"):
        till.needs(True, sender=alice)
    with pytest.raises(TypeError, match="sender=alice"):
        till.needs(5)
    with pytest.raises(RequireError, match="above 3"):
        till.needs(3, sender=alice)


@pytest.mark.parametrize("how", ["field", "in place", "event", "transfer"])
def test_views_read_only(till: Deployed[Till], alice: Address, how: str) -> None:
    with pytest.raises(PermissionError):
        till.write_in_view(how, sender=alice)
    assert till.history() == []


def test_what_can_be_called(chain: LocalChain, till: Deployed[Till], alice: Address) -> None:
    for name in ("internal", "log", "nothing", "address_of"):
        with pytest.raises(AttributeError):
            getattr(till, name)(sender=alice)
    with pytest.raises(PermissionError):
        till.init(sender=alice)
    with pytest.raises(ValueError, match="no contract"):
        chain.call(alice, "pay", sender=alice)
    with pytest.raises(TypeError, match="set cannot leave"):
        till.leak()
    with pytest.raises(OverflowError):
        till.huge()


def test_outside_of_calls_there_is_no_message() -> None:
    for read in (lambda: msg.sender, lambda: chain.height, lambda: emit("X")):
        with pytest.raises(RuntimeError, match="only while a contract runs"):
            read()


def test_time_and_snapshots(
    chain: LocalChain, till: Deployed[Till], alice: Address, time_travel: Callable[..., None]
) -> None:
    start = till.facts(sender=alice)
    before = chain.snapshot()
    time_travel(blocks=3, ms=1000, epochs=2)
    till.pay(sender=alice, value=4)
    later = till.facts(sender=alice)
    assert [later[0] - start[0], later[1] - start[1], later[2]] == [85, 42_500, 2]
    for _ in range(2):
        chain.restore(before)
        assert till.facts(sender=alice) == start
        assert till.events() == []
        till.pay(sender=alice, value=1)
    with pytest.raises(ValueError, match="another chain"):
        LocalChain().restore(before)


def test_accounts(chain: LocalChain, funded: Callable[..., Address]) -> None:
    carol = funded("carol", 500)
    assert chain.balance(carol) == 500
    assert chain.account("carol") == carol
    assert chain.balance(carol) == 500


def test_hashes_and_signatures(chain: LocalChain, alice: Address) -> None:
    pytest.importorskip("blake3")
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    hashes = chain.deploy(Hashes, sender=alice)
    assert hashes.both(b"abc") == [
        bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        bytes.fromhex("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
    ]
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"hello")
    assert hashes.signed(public, b"hello", signature)
    assert not hashes.signed(public, b"hullo", signature)
    assert not hashes.signed(public[:-1], b"hello", signature)


@pytest.mark.parametrize("sign", [0, 128])
@pytest.mark.parametrize(
    "key",
    [
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ],
)
def test_keys_of_small_order_sign_nothing(key: str, sign: int) -> None:
    pytest.importorskip("cryptography")
    public = bytes.fromhex(key)
    public = public[:-1] + bytes([public[-1] | sign])
    identity = b"\x01" + bytes(31)
    assert not chain.verify_ed25519(public, b"anything", identity + bytes(32))


class Hashes(Contract):
    @view
    def both(self, data: bytes) -> list[bytes]:
        return [chain.sha256(data), chain.blake3(data)]

    @view
    def signed(self, key: bytes, message: bytes, signature: bytes) -> bool:
        return chain.verify_ed25519(key, message, signature)


class Caller(Contract):
    notes: list[str]

    @export
    @payable
    def forward(self, to: Address, method: str) -> object:
        self.notes.append(method)
        return chain.call(to, method, value=msg.value)

    @export
    def try_it(self, to: Address, method: str, argument: Address) -> str:
        self.notes.append("trying")
        try:
            chain.call(to, method, argument)
        except ValueError as error:
            return f"{type(error).__name__}: {error}"
        return "fine"

    @view
    def look(self, to: Address, method: str) -> object:
        return chain.call(to, method)

    @export
    def back(self, to: Address) -> object:
        return chain.call(to, "forward", self.address, "noted")

    @export
    def down(self, path: list[Address]) -> int:
        return 1 + chain.call(path[0], "down", path[1:]) if path else 0

    @view
    def noted(self) -> list[str]:
        return self.notes


def test_calls_between_contracts(
    chain: LocalChain, till: Deployed[Till], alice: Address, bob: Address
) -> None:
    caller = chain.deploy(Caller, sender=alice)
    assert caller.forward(till.address, "pay", sender=bob, value=6) == 6
    assert till.events("Paid")[0]["sender"] == caller.address
    assert caller.try_it(till.address, "spend_then_fail", bob, sender=bob) == "ValueError: no"
    assert till.history() == []
    assert caller.noted() == ["pay", "trying"]
    assert caller.look(till.address, "history") == []
    with pytest.raises(PermissionError):
        caller.look(till.address, "pay")
    with pytest.raises(AttributeError):
        caller.forward(till.address, "internal", sender=bob)
    with pytest.raises(PermissionError):
        caller.forward(till.address, "init", sender=bob)
    with pytest.raises(ValueError, match="no contract"):
        caller.forward(bob, "pay", sender=bob)


def test_no_call_comes_back(chain: LocalChain, alice: Address) -> None:
    first, second = chain.deploy(Caller, sender=alice), chain.deploy(Caller, sender=alice)
    with pytest.raises(RuntimeError, match="re-entrant"):
        first.forward(first.address, "noted", sender=alice)
    with pytest.raises(RuntimeError, match="re-entrant"):
        first.back(second.address, sender=alice)
    assert second.noted() == []


def test_the_order_of_checks(chain: LocalChain, till: Deployed[Till], alice: Address, bob: Address) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        till.pay(sender=alice, value=-1)
    with pytest.raises(ValueError, match="must not be negative"):
        chain.deploy(Till, sender=alice, value=-1)
    with pytest.raises(TypeError):
        till.pay(sender=alice, value=True)
    caller = chain.deploy(Caller, sender=alice)
    with pytest.raises(PermissionError):
        caller.look(till.address, "unknown")
    with pytest.raises(ValueError, match="no contract"):
        caller.look(bob, "unknown")
    with pytest.raises(PermissionError):
        till.write_in_view("entry", sender=alice)


def test_calls_nest_eight_deep(chain: LocalChain, alice: Address) -> None:
    callers = [chain.deploy(Caller, sender=alice).address for _ in range(8)]
    start = chain.deploy(Caller, sender=alice)
    assert start.down(callers[:7], sender=alice) == 7
    with pytest.raises(RecursionError):
        start.down(callers, sender=alice)


@pytest.mark.parametrize("package", ["blake3", "cryptography"])
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package] + [package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'goodwill\[crypto\]'"):
        chain.blake3(b"") if package == "blake3" else chain.verify_ed25519(bytes(32), b"", bytes(64))
