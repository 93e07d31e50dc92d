"""A will with a dead man's switch: as long as its owner gives a sign of life, nobody inherits."""

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view


class Will(Contract):
    owner: Address
    silence_ms: int
    last_sign_ms: int
    heirs: list[Address]
    shares: Map[Address, int]
    opened: bool
    estate: int
    received: Map[Address, bool]

    @export
    @payable
    def init(self, silence_ms: int):
        """After so many milliseconds without a sign of life the heirs can inherit."""
        require(silence_ms > 0, "silence must be positive")
        self.owner = msg.sender
        self.silence_ms = silence_ms
        self.last_sign_ms = chain.timestamp

    @view
    def inheritance(self) -> list[tuple[Address, int]]:
        """The heirs with their shares."""
        return [(heir, self.shares[heir]) for heir in self.heirs]

    @view
    def opens_at_ms(self) -> int:
        """When the will can be opened if its owner stays silent."""
        return self.last_sign_ms + self.silence_ms

    @export
    def sign_of_life(self):
        self.check_owner()

    @export
    @payable
    def deposit(self):
        """Adds coins; from its owner this is a sign of life."""
        require(msg.value > 0, "send coins with the call")
        require(not self.opened, "the will is opened")
        if msg.sender == self.owner:
            self.check_owner()

    @export
    def withdraw(self, amount: int):
        """It is still the owner's money."""
        self.check_owner()
        require(amount > 0, "amount must be positive")
        chain.transfer(self.owner, amount)

    @export
    def set_heirs(self, shares: dict[Address, int]):
        """Replaces the heirs: each gets coins in proportion to their share."""
        self.check_owner()
        for heir in self.heirs:
            del self.shares[heir]
        for heir, share in shares.items():
            require(share > 0, f"the share of {heir} must be positive")
            require(heir != self.owner, "the owner cannot be an heir")
            self.shares[heir] = share
        self.heirs = list(shares)
        emit("HeirsSet", heirs=self.heirs)

    @export
    def open(self):
        """After the silence any heir can open the will. From then on the owner has no say."""
        require(msg.sender in self.shares, "only an heir can open the will")
        require(not self.opened, "the will is opened")
        require(chain.timestamp >= self.opens_at_ms(), "its owner may still be alive")
        self.opened = True
        self.estate = self.balance
        emit("Opened", by=msg.sender, estate=self.estate)

    @export
    def inherit(self) -> int:
        """Pays an heir their part, once. The first heir also gets what cannot be divided."""
        require(self.opened, "the will is not opened")
        require(msg.sender in self.shares, "only an heir can inherit")
        require(not self.received[msg.sender], "you have inherited already")
        self.received[msg.sender] = True
        part = self.part_of(msg.sender)
        if msg.sender == self.heirs[0]:
            part += self.estate - sum(self.part_of(heir) for heir in self.heirs)
        chain.transfer(msg.sender, part)
        emit("Inherited", heir=msg.sender, amount=part)
        return part

    def part_of(self, heir: Address) -> int:
        return self.estate * self.shares[heir] // sum(self.shares[each] for each in self.heirs)

    def check_owner(self):
        """Whatever the owner does is a sign of life."""
        require(msg.sender == self.owner, "only the owner of the will can do this")
        require(not self.opened, "the will is opened")
        self.last_sign_ms = chain.timestamp
