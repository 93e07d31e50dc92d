"""A shop for items of a game. Of each item there is a fixed number, for ever."""

from dataclasses import dataclass

from goodwill import Address, Contract, Map, chain, emit, export, msg, payable, require, view


@dataclass
class Item:
    name: str
    price: int
    cap: int
    sold: int = 0


class GameItemShop(Contract):
    owner: Address
    item_count: int
    items: Map[int, Item]
    held: Map[tuple[Address, int], int]

    @export
    def init(self):
        self.owner = msg.sender

    @view
    def item(self, number: int) -> Item:
        require(number in self.items, f"there is no item {number}")
        return self.items[number]

    @view
    def left(self, number: int) -> int:
        """How many of an item can still be bought."""
        item = self.item(number)
        return item.cap - item.sold

    @view
    def held_by(self, who: Address) -> dict[str, int]:
        """What a player holds, by the items' names."""
        counts = {}
        for number in range(self.item_count):
            count = self.held[who, number]
            if count:
                counts[self.items[number].name] = count
        return counts

    @export
    def add_item(self, name: str, price: int, cap: int) -> int:
        """Offers a new item. Its number and its cap never change."""
        self.check_owner()
        require(name != "", "an item needs a name")
        require(price >= 0, "price must not be negative")
        require(cap > 0, "cap must be positive")
        number = self.item_count
        self.items[number] = Item(name, price, cap)
        self.item_count += 1
        emit("Added", number=number, name=name, price=price, cap=cap)
        return number

    @export
    def set_price(self, number: int, price: int):
        self.check_owner()
        require(price >= 0, "price must not be negative")
        self.item(number).price = price

    @export
    @payable
    def buy(self, number: int, count: int = 1):
        """Buys items; the coins that come with the call must be exactly their price."""
        require(count > 0, "count must be positive")
        item = self.item(number)
        require(item.sold + count <= item.cap, f"only {item.cap - item.sold} of {item.name} left")
        cost = item.price * count
        require(msg.value == cost, f"{count} x {item.name} cost {cost}, not {msg.value}")
        item.sold += count
        self.held[msg.sender, number] += count
        emit("Bought", buyer=msg.sender, number=number, count=count)

    @export
    def give(self, to: Address, number: int, count: int = 1):
        """Passes items on to another player."""
        require(count > 0, "count must be positive")
        held = self.held[msg.sender, number]
        require(held >= count, f"you hold {held}, not {count}")
        self.held[msg.sender, number] = held - count
        self.held[to, number] += count
        emit("Given", sender=msg.sender, to=to, number=number, count=count)

    @export
    def withdraw(self):
        """Sends what the shop earned to its owner."""
        self.check_owner()
        chain.transfer(self.owner, self.balance)

    def check_owner(self):
        require(msg.sender == self.owner, "only the shop's owner can do this")
