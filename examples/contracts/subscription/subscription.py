"""A subscription: prepaid coins, of which the provider may take a price for every period, and no more."""

from dataclasses import dataclass

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view


@dataclass
class Account:
    """A subscriber. ``paid_until_ms`` is the end of the last period that was charged."""

    credit: int
    paid_until_ms: int


class Subscription(Contract):
    provider: Address
    price: int
    period_ms: int
    earned: int
    accounts: Map[Address, Account]

    @export
    def init(self, price: int, period_ms: int):
        require(price > 0, "price must be positive")
        require(period_ms > 0, "period must be positive")
        self.provider = msg.sender
        self.price = price
        self.period_ms = period_ms

    @view
    def terms(self) -> tuple[int, int]:
        """The price, and the milliseconds that it lasts."""
        return self.price, self.period_ms

    @view
    def is_active(self, who: Address) -> bool:
        """Whether the present moment is paid, or will be with what is left."""
        if who not in self.accounts:
            return False
        account = self.accounts[who]
        return self.periods_due(account) * self.price <= account.credit

    @view
    def credit_of(self, who: Address) -> int:
        """What was prepaid and not yet charged."""
        return self.accounts[who].credit if who in self.accounts else 0

    @export
    @payable
    def subscribe(self):
        """Begins with at least one period prepaid; the first is charged at once."""
        require(msg.sender not in self.accounts, "you subscribe already: top up instead")
        require(msg.value >= self.price, f"a period costs {self.price}")
        self.accounts[msg.sender] = Account(msg.value, chain.timestamp)
        emit("Subscribed", who=msg.sender)
        self.charge(msg.sender)

    @export
    @payable
    def top_up(self):
        """Adds coins. After a gap the subscription goes on from now: the gap is not charged."""
        require(msg.value > 0, "send coins with the call")
        account = self.account(msg.sender)
        lapsed = not self.is_active(msg.sender)
        self.charge(msg.sender)
        account.credit += msg.value
        if lapsed:
            account.paid_until_ms = chain.timestamp
            self.charge(msg.sender)

    @export
    def charge(self, who: Address) -> int:
        """Charges the periods that began, as far as the credit reaches. Anybody can call it."""
        account = self.account(who)
        periods = min(self.periods_due(account), account.credit // self.price)
        amount = periods * self.price
        account.credit -= amount
        account.paid_until_ms += periods * self.period_ms
        self.earned += amount
        if periods:
            emit("Charged", who=who, periods=periods, amount=amount)
        return periods

    @export
    def cancel(self):
        """Ends the subscription and gives back what is left."""
        self.charge(msg.sender)
        rest = self.account(msg.sender).credit
        del self.accounts[msg.sender]
        chain.transfer(msg.sender, rest)
        emit("Cancelled", who=msg.sender, returned=rest)

    @export
    def collect(self) -> int:
        """Sends the provider what was charged so far."""
        require(msg.sender == self.provider, "only the provider can collect")
        amount = self.earned
        self.earned = 0
        chain.transfer(self.provider, amount)
        return amount

    def account(self, who: Address) -> Account:
        require(who in self.accounts, f"{who} does not subscribe")
        return self.accounts[who]

    def periods_due(self, account: Account) -> int:
        """Periods that have begun and are not charged."""
        elapsed = chain.timestamp - account.paid_until_ms
        return elapsed // self.period_ms + 1 if elapsed >= 0 else 0
