"""Certificates for planted trees: each is one of a kind, none can be made after the cap is reached."""

from dataclasses import dataclass

from goodwill import Address, Contract, Map, chain, emit, export, msg, require, view

PHOTO_HASH_BYTES = 32


@dataclass
class Tree:
    """What a certificate says. Latitude and longitude are in millionths of a degree."""

    species: str
    latitude: int
    longitude: int
    planted_ms: int
    photo_hash: bytes


class TreeCertificates(Contract):
    planter: Address
    cap: int
    issued: int
    trees: Map[int, Tree]
    owners: Map[int, Address]
    counts: Map[Address, int]
    approved: Map[int, Address]
    retired_for: Map[int, str]

    @export
    def init(self, cap: int):
        """The deployer plants the trees, ``cap`` at most."""
        require(cap > 0, "cap must be positive")
        self.planter = msg.sender
        self.cap = cap

    @view
    def tree(self, number: int) -> Tree:
        self.check_exists(number)
        return self.trees[number]

    @view
    def owner_of(self, number: int) -> Address:
        self.check_exists(number)
        return self.owners[number]

    @view
    def count_of(self, who: Address) -> int:
        """How many certificates an account holds."""
        return self.counts[who]

    @view
    def retired(self, number: int) -> str:
        """For whom a certificate was retired; empty if it was not."""
        self.check_exists(number)
        return self.retired_for[number]

    @view
    def left(self) -> int:
        return self.cap - self.issued

    @export
    def issue(self, to: Address, species: str, latitude: int, longitude: int, photo_hash: bytes) -> int:
        """Certifies a tree that was planted now."""
        require(msg.sender == self.planter, "only the planter issues certificates")
        require(self.issued < self.cap, f"all {self.cap} certificates are issued")
        require(species != "", "a tree needs a species")
        require(abs(latitude) <= 90_000_000, "latitude is between -90 and 90 degrees")
        require(abs(longitude) <= 180_000_000, "longitude is between -180 and 180 degrees")
        require(len(photo_hash) == PHOTO_HASH_BYTES, f"a photo's hash has {PHOTO_HASH_BYTES} bytes")
        number = self.issued
        self.issued += 1
        self.trees[number] = Tree(species, latitude, longitude, chain.timestamp, photo_hash)
        self.owners[number] = to
        self.counts[to] += 1
        emit("Issued", number=number, to=to, species=species)
        return number

    @export
    def approve(self, spender: Address, number: int):
        """Lets another account pass on this certificate, once."""
        require(self.owner_of(number) == msg.sender, "only the owner can approve")
        self.approved[number] = spender

    @export
    def transfer(self, to: Address, number: int):
        owner = self.owner_of(number)
        allowed = msg.sender == owner or (number in self.approved and msg.sender == self.approved[number])
        require(allowed, "only the owner, or whom they approved, can pass on a certificate")
        require(self.retired_for[number] == "", "a retired certificate stays where it is")
        if number in self.approved:
            del self.approved[number]
        self.owners[number] = to
        self.counts[owner] -= 1
        self.counts[to] += 1
        emit("Transfer", number=number, sender=owner, to=to)

    @export
    def retire(self, number: int, beneficiary: str):
        """Uses a certificate up in somebody's name, so that nobody counts the tree twice."""
        require(self.owner_of(number) == msg.sender, "only the owner can retire a certificate")
        require(self.retired_for[number] == "", "this certificate is retired already")
        require(beneficiary != "", "say for whom it is retired")
        self.retired_for[number] = beneficiary
        emit("Retired", number=number, owner=msg.sender, beneficiary=beneficiary)

    def check_exists(self, number: int):
        require(number in self.owners, f"there is no certificate {number}")
