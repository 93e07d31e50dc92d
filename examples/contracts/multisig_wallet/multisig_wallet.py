"""A wallet of several owners: coins leave it when enough of them agree."""

from dataclasses import dataclass

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view


@dataclass
class Payment:
    to: Address
    amount: int
    reason: str
    approvals: list[Address]
    paid: bool = False


class MultisigWallet(Contract):
    owners: list[Address]
    threshold: int
    payment_count: int
    payments: Map[int, Payment]

    @export
    @payable
    def init(self, owners: list[Address], threshold: int):
        """``threshold`` of the owners must agree to a payment."""
        unique = []
        for owner in owners:
            require(owner not in unique, f"{owner} is listed twice")
            unique.append(owner)
        require(1 <= threshold <= len(owners), f"the threshold must be between 1 and {len(owners)}")
        self.owners = owners
        self.threshold = threshold

    @export
    @payable
    def deposit(self):
        """Anybody can put coins in."""
        require(msg.value > 0, "send coins with the call")
        emit("Deposited", sender=msg.sender, amount=msg.value)

    @view
    def describe(self) -> tuple[list[Address], int]:
        """The owners, and how many of them must agree."""
        return self.owners, self.threshold

    @view
    def payment(self, number: int) -> Payment:
        require(number in self.payments, f"there is no payment {number}")
        return self.payments[number]

    @view
    def waiting(self) -> list[int]:
        """Numbers of the payments that are not made yet."""
        return [number for number in range(self.payment_count) if not self.payments[number].paid]

    @export
    def propose(self, to: Address, amount: int, reason: str = "") -> int:
        """Proposes a payment; who proposes approves."""
        self.check_owner()
        require(amount > 0, "amount must be positive")
        number = self.payment_count
        self.payment_count += 1
        self.payments[number] = Payment(to, amount, reason, [])
        emit("Proposed", number=number, by=msg.sender, to=to, amount=amount, reason=reason)
        self.approve(number)
        return number

    @export
    def approve(self, number: int):
        """Approves a payment. With the last approval that it needs, it can be made."""
        payment = self.open_payment(number)
        require(msg.sender not in payment.approvals, "you approved this payment already")
        payment.approvals.append(msg.sender)
        emit("Approved", number=number, by=msg.sender)

    @export
    def revoke(self, number: int):
        """Takes an approval back."""
        payment = self.open_payment(number)
        require(msg.sender in payment.approvals, "you did not approve this payment")
        payment.approvals.remove(msg.sender)
        emit("Revoked", number=number, by=msg.sender)

    @export
    def pay(self, number: int):
        """Makes a payment that enough owners approved."""
        payment = self.open_payment(number)
        missing = self.threshold - len(payment.approvals)
        require(missing <= 0, f"{missing} more approvals are needed")
        require(payment.amount <= self.balance, f"the wallet holds {self.balance}, not {payment.amount}")
        payment.paid = True
        chain.transfer(payment.to, payment.amount)
        emit("Paid", number=number, to=payment.to, amount=payment.amount)

    def open_payment(self, number: int) -> Payment:
        self.check_owner()
        payment = self.payment(number)
        require(not payment.paid, f"payment {number} is made")
        return payment

    def check_owner(self):
        require(msg.sender in self.owners, "only an owner can do this")
