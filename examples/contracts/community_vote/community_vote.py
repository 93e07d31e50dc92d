"""Votes of a community: members propose, discuss elsewhere, and decide here."""

from dataclasses import dataclass

from goodwill import Address, Contract, Map, chain, emit, export, msg, require, view


@dataclass
class Proposal:
    """A question with its votes. ``members`` is how many there were when it was asked."""

    text: str
    by: Address
    asked_at_ms: int
    ends_at_ms: int
    members: int
    yes: int = 0
    no: int = 0


class CommunityVote(Contract):
    chair: Address
    quorum_percent: int
    member_count: int
    joined_at_ms: Map[Address, int]
    proposal_count: int
    proposals: Map[int, Proposal]
    ballots: Map[int, Map[Address, bool]]

    @export
    def init(self, members: list[Address], quorum_percent: int):
        """The deployer takes the chair. So many percent of the members must vote for a result to count."""
        require(0 <= quorum_percent <= 100, "the quorum is between 0 and 100 percent")
        self.chair = msg.sender
        self.quorum_percent = quorum_percent
        for member in members:
            self.admit(member)

    @view
    def is_member(self, who: Address) -> bool:
        return who in self.joined_at_ms

    @view
    def proposal(self, number: int) -> Proposal:
        require(number in self.proposals, f"there is no proposal {number}")
        return self.proposals[number]

    @view
    def ballot_of(self, number: int, who: Address) -> bool | None:
        """How a member voted; None for not at all."""
        return self.ballots[number].get(who)

    @view
    def result(self, number: int) -> str:
        """One of: open, accepted, rejected, no quorum."""
        proposal = self.proposal(number)
        if chain.timestamp < proposal.ends_at_ms:
            return "open"
        if (proposal.yes + proposal.no) * 100 < proposal.members * self.quorum_percent:
            return "no quorum"
        return "accepted" if proposal.yes > proposal.no else "rejected"

    @export
    def admit(self, member: Address):
        """New members vote on what is proposed after they joined."""
        require(msg.sender == self.chair, "only the chair admits members")
        require(member not in self.joined_at_ms, f"{member} is a member already")
        self.joined_at_ms[member] = chain.timestamp
        self.member_count += 1
        emit("Admitted", member=member)

    @export
    def hand_over(self, to: Address):
        """Passes the chair on to another member."""
        require(msg.sender == self.chair, "only the chair can hand over")
        require(to in self.joined_at_ms, "the chair must be a member")
        self.chair = to

    @export
    def propose(self, text: str, duration_ms: int) -> int:
        self.check_member()
        require(text != "", "a proposal needs a text")
        require(duration_ms > 0, "the duration must be positive")
        number = self.proposal_count
        self.proposal_count += 1
        now = chain.timestamp
        self.proposals[number] = Proposal(text, msg.sender, now, now + duration_ms, self.member_count)
        emit("Proposed", number=number, by=msg.sender, text=text)
        return number

    @export
    def vote(self, number: int, choice: bool):
        """Votes, or changes one's mind, until the end."""
        self.check_member()
        proposal = self.proposal(number)
        require(chain.timestamp < proposal.ends_at_ms, "the vote is over")
        require(self.joined_at_ms[msg.sender] <= proposal.asked_at_ms, "you joined after this was proposed")
        previous = self.ballots[number].get(msg.sender)
        if previous is not None:
            self.count(proposal, previous, -1)
        self.count(proposal, choice, 1)
        self.ballots[number][msg.sender] = choice
        emit("Voted", number=number, by=msg.sender, choice=choice)

    def count(self, proposal: Proposal, choice: bool, votes: int):
        if choice:
            proposal.yes += votes
        else:
            proposal.no += votes

    def check_member(self):
        require(msg.sender in self.joined_at_ms, "only members can do this")
