"""A counter that everybody can raise, and its owner can set back."""

from goodwill import Address, Contract, emit, export, msg, require, view


class Counter(Contract):
    """Counts, and remembers who began."""

    owner: Address
    count: int

    @export
    def init(self):
        self.owner = msg.sender

    @view
    def current(self) -> int:
        return self.count

    @export
    def add(self, steps: int) -> int:
        require(steps > 0, "steps must be positive")
        self.count += steps
        emit("Added", by=msg.sender, steps=steps)
        return self.count

    @export
    def reset(self):
        require(msg.sender == self.owner, "only the owner can set the counter back")
        self.count = 0
