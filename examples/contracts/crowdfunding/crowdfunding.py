"""Crowdfunding: either the goal is reached in time, or everybody gets their coins back."""

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view


class Crowdfunding(Contract):
    beneficiary: Address
    goal: int
    deadline_ms: int
    raised: int
    claimed: bool
    contributions: Map[Address, int]

    @export
    def init(self, goal: int, duration_ms: int):
        """The deployer asks for ``goal`` coins, for so many milliseconds from now."""
        require(goal > 0, "goal must be positive")
        require(duration_ms > 0, "duration must be positive")
        self.beneficiary = msg.sender
        self.goal = goal
        self.deadline_ms = chain.timestamp + duration_ms

    @view
    def progress(self) -> tuple[int, int]:
        """What was raised, and the goal."""
        return self.raised, self.goal

    @view
    def contribution_of(self, who: Address) -> int:
        return self.contributions[who]

    @view
    def status(self) -> str:
        """One of: open, claimed, succeeded, failed."""
        if self.claimed:
            return "claimed"
        if not self.is_over():
            return "open"
        return "succeeded" if self.raised >= self.goal else "failed"

    @export
    @payable
    def contribute(self):
        require(not self.is_over(), "the campaign is over")
        require(msg.value > 0, "send coins with the call")
        self.contributions[msg.sender] += msg.value
        self.raised += msg.value
        emit("Contributed", by=msg.sender, amount=msg.value, raised=self.raised)

    @export
    def claim(self):
        """After the end, with the goal reached: the beneficiary gets everything."""
        require(msg.sender == self.beneficiary, "only the beneficiary can claim")
        require(self.status() == "succeeded", f"nothing to claim: the campaign is {self.status()}")
        self.claimed = True
        chain.transfer(self.beneficiary, self.raised)
        emit("Claimed", amount=self.raised)

    @export
    def refund(self):
        """After the end, with the goal missed: every contributor gets theirs back."""
        require(self.status() == "failed", f"nothing to refund: the campaign is {self.status()}")
        amount = self.contributions[msg.sender]
        require(amount > 0, "nothing of yours is here")
        del self.contributions[msg.sender]
        chain.transfer(msg.sender, amount)
        emit("Refunded", to=msg.sender, amount=amount)

    def is_over(self) -> bool:
        return chain.timestamp >= self.deadline_ms
