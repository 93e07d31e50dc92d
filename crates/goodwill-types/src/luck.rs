//! Luck: what makes draws and turns unpredictable. Each seat commits to the end of a chain of
//! hashes, and each of its blocks reveals one link further back. What it reveals was fixed when it
//! committed, so it can only be withheld, at the cost of the turn.

use crate::{Digest, Domain, SecretKey, hash};

/// How many links a founder's luck has. Once they are revealed, its blocks add none.
pub const FOUNDER_LUCK_LENGTH: u32 = 65_536;

/// Links between two that are kept.
const STRIDE: u32 = 256;

/// The hash chain of one seat, with the secret that it begins with.
#[derive(Clone)]
pub struct LuckChain {
    length: u32,
    /// Every [`STRIDE`]th link from the secret on.
    kept: Vec<Digest>,
    tip: Digest,
}

impl LuckChain {
    /// The chain of `length` links that begins with the secret `seed`.
    pub fn new(seed: Digest, length: u32) -> Self {
        let (mut kept, mut link) = (Vec::with_capacity((length / STRIDE) as usize + 1), seed);
        for at in 0..length {
            if at % STRIDE == 0 {
                kept.push(link);
            }
            link = link_after(&link);
        }
        Self { length, kept, tip: link }
    }

    /// The luck of the founder whose node has the key `node`. It lasts for all the epochs in which
    /// the founder is a caretaker.
    pub fn of_founder(node: &SecretKey) -> Self {
        let seed = hash(Domain::Luck, &[&[0], &node.to_seed()[..]].concat());
        Self::new(seed, FOUNDER_LUCK_LENGTH)
    }

    /// What the seat commits to.
    pub const fn tip(&self) -> Digest {
        self.tip
    }

    /// What the seat reveals next when it has `left` links to reveal; `None` at the end, and for
    /// more than there are.
    pub fn reveal(&self, left: u32) -> Option<Digest> {
        let at = left.checked_sub(1).filter(|at| *at < self.length)?;
        let nearest = *self.kept.get((at / STRIDE) as usize)?;
        Some((0..at % STRIDE).fold(nearest, |link, _| link_after(&link)))
    }
}

/// What a seat is committed to that reveals `link`.
pub fn link_after(link: &Digest) -> Digest {
    hash(Domain::Luck, link.as_ref())
}

/// The chain's luck after a block in which `reveal` was revealed.
pub fn fold(luck: &Digest, reveal: Option<&Digest>) -> Digest {
    let reveal = reveal.map_or(&[][..], AsRef::as_ref);
    hash(Domain::Luck, &[&[1], luck.as_ref(), reveal].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_reveals_from_its_tip_back_to_its_secret() {
        let seed = hash(Domain::Chain, b"seed");
        for length in [1, 2, STRIDE - 1, STRIDE, STRIDE + 1, 1_000] {
            let chain = LuckChain::new(seed, length);
            let mut committed = chain.tip();
            for left in (1..=length).rev() {
                let link = chain.reveal(left).unwrap();
                assert_eq!(link_after(&link), committed);
                committed = link;
            }
            assert_eq!(committed, seed);
            assert_eq!((chain.reveal(0), chain.reveal(length + 1)), (None, None));
        }
    }

    #[test]
    fn every_reveal_changes_the_luck_its_own_way() {
        let luck = hash(Domain::Chain, b"luck");
        let folded = [None, Some(&luck), Some(&link_after(&luck))].map(|reveal| fold(&luck, reveal));
        assert!(folded[0] != folded[1] && folded[1] != folded[2] && folded[0] != folded[2]);
    }
}
