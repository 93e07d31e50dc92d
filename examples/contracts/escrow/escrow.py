"""Escrow between two: the buyer's coins wait here until the goods arrive, or too much time has passed."""

from goodwill import Address, Contract, chain, emit, export, msg, payable, require, view

AWAITING_DELIVERY = "awaiting delivery"
PAID = "paid"
REFUNDED = "refunded"


class Escrow(Contract):
    buyer: Address
    seller: Address
    amount: int
    deadline_ms: int
    status: str

    @export
    @payable
    def init(self, seller: Address, patience_ms: int):
        """The buyer deploys with the price as coins, and waits for ``patience_ms`` at most."""
        require(msg.value > 0, "send the price with the deployment")
        require(seller != msg.sender, "buyer and seller must be two")
        require(patience_ms > 0, "patience must be positive")
        self.buyer = msg.sender
        self.seller = seller
        self.amount = msg.value
        self.deadline_ms = chain.timestamp + patience_ms
        self.status = AWAITING_DELIVERY

    @view
    def state(self) -> tuple[str, int, int]:
        """Status, amount, and the time from which the buyer can take the coins back."""
        return self.status, self.amount, self.deadline_ms

    @export
    def confirm(self):
        """The buyer has the goods: the seller is paid."""
        require(msg.sender == self.buyer, "only the buyer can confirm")
        self.finish(PAID, self.seller)

    @export
    def refund(self):
        """The seller calls the sale off, or the buyer does once the deadline has passed."""
        if msg.sender == self.buyer:
            require(chain.timestamp >= self.deadline_ms, "the seller still has time to deliver")
        else:
            require(msg.sender == self.seller, "only buyer and seller can do this")
        self.finish(REFUNDED, self.buyer)

    def finish(self, status: str, receiver: Address):
        require(self.status == AWAITING_DELIVERY, f"this sale is over: {self.status}")
        self.status = status
        chain.transfer(receiver, self.amount)
        emit("Finished", status=status, receiver=receiver, amount=self.amount)
