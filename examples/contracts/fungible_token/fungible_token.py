"""A fungible token: a fixed supply that holders pass on, and let others spend for them."""

from goodwill import Address, Contract, Map, emit, export, msg, require, view


class Token(Contract):
    name: str
    symbol: str
    total_supply: int
    balances: Map[Address, int]
    allowances: Map[tuple[Address, Address], int]

    @export
    def init(self, name: str, symbol: str, supply: int):
        """All of the supply goes to whoever deploys the token."""
        require(supply > 0, "supply must be positive")
        self.name = name
        self.symbol = symbol
        self.total_supply = supply
        self.balances[msg.sender] = supply
        emit("Transfer", sender=Address.ZERO, to=msg.sender, amount=supply)

    @view
    def describe(self) -> tuple[str, str, int]:
        """Name, symbol, and total supply."""
        return self.name, self.symbol, self.total_supply

    @view
    def balance_of(self, who: Address) -> int:
        return self.balances[who]

    @view
    def allowance(self, owner: Address, spender: Address) -> int:
        """What ``spender`` may still take from ``owner``."""
        return self.allowances[owner, spender]

    @export
    def transfer(self, to: Address, amount: int):
        self.move(msg.sender, to, amount)

    @export
    def approve(self, spender: Address, amount: int):
        """Lets ``spender`` take up to ``amount``; replaces what was allowed before."""
        require(amount >= 0, "amount must not be negative")
        self.allowances[msg.sender, spender] = amount
        emit("Approval", owner=msg.sender, spender=spender, amount=amount)

    @export
    def transfer_from(self, owner: Address, to: Address, amount: int):
        """Spends what ``owner`` allowed the caller."""
        allowed = self.allowances[owner, msg.sender]
        if allowed < amount:
            raise ValueError(f"insufficient allowance: {allowed} < {amount}")
        self.move(owner, to, amount)
        self.allowances[owner, msg.sender] = allowed - amount

    @export
    def burn(self, amount: int):
        """Destroys tokens of the caller."""
        self.take(msg.sender, amount)
        self.total_supply -= amount
        emit("Transfer", sender=msg.sender, to=Address.ZERO, amount=amount)

    def move(self, sender: Address, to: Address, amount: int):
        require(to != Address.ZERO, "to destroy tokens, burn them")
        self.take(sender, amount)
        self.balances[to] += amount
        emit("Transfer", sender=sender, to=to, amount=amount)

    def take(self, owner: Address, amount: int):
        require(amount > 0, "amount must be positive")
        if self.balances[owner] < amount:
            raise ValueError(f"insufficient balance: {self.balances[owner]} < {amount}")
        self.balances[owner] -= amount
