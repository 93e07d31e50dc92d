"""Auctions of one work of art. Of every sale, also each later one, a part goes to an association."""

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view

PER_MILLE = 1000
ROYALTY_MAX = 500
EXTENSION_MS = 600_000


class ArtAuction(Contract):
    title: str
    content_hash: bytes
    owner: Address
    association: Address
    royalty: int
    running: bool
    reserve: int
    ends_at_ms: int
    best_bid: int
    best_bidder: Address | None
    refunds: Map[Address, int]

    @export
    def init(self, title: str, content_hash: bytes, association: Address, royalty: int):
        """The artist deploys. ``royalty`` is the association's part of each sale, in thousandths."""
        require(title != "", "a work needs a title")
        require(0 <= royalty <= ROYALTY_MAX, f"the royalty is between 0 and {ROYALTY_MAX} thousandths")
        self.title = title
        self.content_hash = content_hash
        self.owner = msg.sender
        self.association = association
        self.royalty = royalty

    @view
    def work(self) -> tuple[str, bytes, Address]:
        """Title, hash of the content, and present owner."""
        return self.title, self.content_hash, self.owner

    @view
    def auction(self) -> tuple[int, int, Address | None]:
        """The lowest bid that would win now, the end, and who leads."""
        require(self.running, "there is no auction")
        return self.minimum_bid(), self.ends_at_ms, self.best_bidder

    @view
    def refund_of(self, who: Address) -> int:
        """What an outbid bidder can take back."""
        return self.refunds[who]

    @export
    def start(self, reserve: int, duration_ms: int):
        """The owner offers the work."""
        require(msg.sender == self.owner, "only the owner can start an auction")
        require(not self.running, "there is an auction already")
        require(reserve > 0, "the reserve must be positive")
        require(duration_ms > 0, "the duration must be positive")
        self.running = True
        self.reserve = reserve
        self.ends_at_ms = chain.timestamp + duration_ms
        self.best_bid = 0
        self.best_bidder = None
        emit("Started", reserve=reserve, ends_at_ms=self.ends_at_ms)

    @export
    @payable
    def bid(self):
        """Bids the coins that come with the call. A bid in the last minutes prolongs the auction."""
        require(self.running and chain.timestamp < self.ends_at_ms, "there is no auction now")
        require(msg.sender != self.owner, "the owner cannot bid")
        require(msg.value >= self.minimum_bid(), f"bid at least {self.minimum_bid()}")
        self.release_best_bid()
        self.best_bid = msg.value
        self.best_bidder = msg.sender
        self.ends_at_ms = max(self.ends_at_ms, chain.timestamp + EXTENSION_MS)
        emit("Bid", by=msg.sender, amount=msg.value)

    @export
    def take_refund(self) -> int:
        """Pays an outbid bidder back."""
        amount = self.refunds[msg.sender]
        require(amount > 0, "nothing of yours is here")
        del self.refunds[msg.sender]
        chain.transfer(msg.sender, amount)
        return amount

    @export
    def settle(self):
        """Ends the auction. Anybody can call it when the time is over."""
        require(self.running, "there is no auction")
        require(chain.timestamp >= self.ends_at_ms, "the auction still runs")
        self.running = False
        winner = self.best_bidder
        if winner is None:
            emit("Unsold")
            return
        part = self.best_bid * self.royalty // PER_MILLE
        chain.transfer(self.association, part)
        chain.transfer(self.owner, self.best_bid - part)
        emit("Sold", seller=self.owner, buyer=winner, price=self.best_bid, royalty=part)
        self.owner = winner

    def minimum_bid(self) -> int:
        """The reserve, later a twentieth more than the best bid."""
        if self.best_bidder is None:
            return self.reserve
        return self.best_bid + max(1, self.best_bid // 20)

    def release_best_bid(self):
        if self.best_bidder is not None:
            self.refunds[self.best_bidder] += self.best_bid
