from goodwill import Contract, Map, Address, export, view, payable, msg, chain, emit, require

class Token(Contract):
    """A fungible token."""
    owner: Address
    total_supply: int
    balances: Map[Address, int]

    @export
    def init(self, supply: int):
        self.owner = msg.sender
        self.total_supply = supply
        self.balances[msg.sender] = supply

    @view
    def balance_of(self, who: Address) -> int:
        return self.balances[who]

    @export
    def transfer(self, to: Address, amount: int):
        require(amount > 0, "amount must be positive")
        if self.balances[msg.sender] < amount:
            raise ValueError(f"insufficient balance: {self.balances[msg.sender]} < {amount}")
        self.balances[msg.sender] -= amount
        self.balances[to] += amount
        emit("Transfer", sender=msg.sender, to=to, amount=amount)
