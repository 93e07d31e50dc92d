"""A contract that fails and returns in many ways, for test_machines.py."""

from dataclasses import dataclass

from goodwill import Address, Contract, chain, emit, export, msg, require, view


class Odd(ValueError):
    pass


@dataclass
class P:
    a: int
    b: str


class Probe(Contract):
    n: int

    @export
    def init(self, n: int, fail: bool = False) -> None:
        self.n = n
        require(not fail, "init failed")

    @export
    def raises(self, what: int) -> None:
        self.n = 99
        if what == 0:
            raise Odd("odd")
        if what == 1:
            d: dict[str, int] = {}
            self.n = d["it's"]
        if what == 2:
            raise KeyError(3)
        if what == 3:
            self.n = 1 // (self.n - 99)
        if what == 4:
            raise ValueError
        if what == 6:
            self.n = [1][5]

    @view
    def echo(self, p: P) -> P:
        return P(p.a + 1, p.b)

    @view
    def bad(self, how: int) -> None:
        if how == 0:
            self.n = 3
        if how == 1:
            emit("Bad")
        if how == 2:
            chain.transfer(msg.sender, 0)
        if how == 3:
            chain.call(Address.ZERO, "get")

    @view
    def get(self) -> int:
        return self.n

    @export
    def ev(self, p: P) -> None:
        time = (chain.height, chain.timestamp, chain.epoch)
        emit("E", p=p, who=msg.sender, time=time, d={"a": [b"\x00", None, -1]})

    @view
    def peer(self, other: Address) -> int:
        return chain.call(other, "get")
