//! Keys and signatures: ed25519 by the rules of ZIP-215, so that single and batch verification
//! agree on every input. Keys that are not canonical, or of small order, are refused where they
//! enter: for such a key a signature can hold for any message.

use crate::{Digest, hash::Domain};
use bytes::BufMut;
use commonware_codec::{Buf, Copying, DecodeExt, Encode, Error, FixedSize, Read, ReadExt, Write};
use commonware_cryptography::{BatchEntry, BatchVerifier as _, Signer as _, Verifier as _, ed25519};
use commonware_parallel::Sequential;
use std::{fmt, str::FromStr};

/// An ed25519 signature, 64 bytes.
pub type Signature = ed25519::Signature;
/// A key's point on the curve: the form in which it verifies signatures.
pub type Point = ed25519::PublicKey;

/// Why bytes are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not 64 hexadecimal digits.
    #[error("a public key is 64 hexadecimal digits")]
    Text,
    /// A second encoding of another key's point.
    #[error("the public key is not in canonical form")]
    NotCanonical,
    /// One of the points for which a signature can hold for any message.
    #[error("the public key is a point of small order")]
    SmallOrder,
    /// No point of the curve.
    #[error("the public key is no point of the curve")]
    NotOnCurve,
}

/// An ed25519 public key: canonical, and not of small order. Whether it is on the curve shows when
/// it is first used; [`PublicKey::check`] asks at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; Self::SIZE]);

/// The y-coordinates, in canonical little-endian form, of the eight points of small order.
/// Source: the torsion subgroup of edwards25519; a test derives them from `curve25519-dalek`.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
];

impl PublicKey {
    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// Refuses encodings that are not canonical, and points of small order.
    pub fn new(bytes: [u8; 32]) -> Result<Self, InvalidKey> {
        let mut y = bytes;
        y[31] &= 0x7f;
        // The field's prime is 2^255 - 19: its last 19 encodings stand for small numbers.
        if y[0] >= 0xed && y[1..31].iter().all(|b| *b == 0xff) && y[31] == 0x7f {
            return Err(InvalidKey::NotCanonical);
        }
        if SMALL_ORDER_Y.contains(&y) {
            return Err(InvalidKey::SmallOrder);
        }
        Ok(Self(bytes))
    }

    /// Whether the key is a point of the curve.
    ///
    /// # Errors
    /// [`InvalidKey::NotOnCurve`].
    pub fn check(self) -> Result<Self, InvalidKey> {
        self.point().map(|_| self).ok_or(InvalidKey::NotOnCurve)
    }

    /// The key's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's point, where there is one. Finding it is a fifth of the work of verifying a signature.
    pub fn point(&self) -> Option<Point> {
        Point::decode(Copying(&self.0)).ok()
    }
}

impl FixedSize for PublicKey {
    const SIZE: usize = 32;
}

impl Write for PublicKey {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl Read for PublicKey {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Self::new(ReadExt::read(buf)?).map_err(|e| Error::Wrapped("public key", e.into()))
    }
}

impl TryFrom<&ed25519::PublicKey> for PublicKey {
    type Error = InvalidKey;
    fn try_from(key: &ed25519::PublicKey) -> Result<Self, InvalidKey> {
        Self::new(<[u8; 32]>::try_from(key.as_ref()).map_err(|_| InvalidKey::Text)?)
    }
}

impl TryFrom<&PublicKey> for ed25519::PublicKey {
    type Error = InvalidKey;
    fn try_from(key: &PublicKey) -> Result<Self, InvalidKey> {
        key.point().ok_or(InvalidKey::NotOnCurve)
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidKey::Text)?;
        Self::new(bytes)?.check()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An ed25519 secret key. Not printed, zeroed when dropped.
#[derive(Clone)]
pub struct SecretKey(ed25519::PrivateKey);

impl SecretKey {
    /// Takes the 32 bytes of a seed (RFC 8032).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519::PrivateKey::decode(Copying(&seed)).expect("any 32 bytes are a seed"))
    }

    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self::from_seed(rand::random())
    }

    /// The 32 bytes of its seed: all there is to know.
    pub fn to_seed(&self) -> [u8; 32] {
        self.0.encode().as_ref().try_into().expect("a seed has 32 bytes")
    }

    /// The key that verifies what this one signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::try_from(&self.0.public_key()).expect("a derived key is canonical and of large order")
    }

    /// Signs `message` for `domain` on the chain `chain_id`. Deterministic.
    pub fn sign(&self, domain: Domain, chain_id: &Digest, message: &[u8]) -> Signature {
        self.0.sign(domain.tag(), &[chain_id.as_ref(), message].concat())
    }

    /// Signs under a namespace of the engine's.
    pub(crate) fn sign_under(&self, namespace: &[u8], message: &[u8]) -> Signature {
        self.0.sign(namespace, message)
    }

    /// The engine's form of the key.
    pub fn expose(&self) -> &ed25519::PrivateKey {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A signature to be verified: who signed what.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Who signed.
    pub signer: &'a PublicKey,
    /// What was signed, without the domain and the chain's id.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

/// The one rule for signatures: which of `signed` hold, in their order. A batch is tried first;
/// only when it fails is each looked at alone, with the same verdict as in the batch.
pub fn verify(domain: Domain, chain_id: &Digest, signed: &[Signed<'_>]) -> Vec<bool> {
    verify_at(domain, chain_id, signed, PublicKey::point)
}

/// [`verify`], with points of keys that `point` may remember.
pub(crate) fn verify_at(
    domain: Domain,
    chain_id: &Digest,
    signed: &[Signed<'_>],
    point: impl Fn(&PublicKey) -> Option<Point>,
) -> Vec<bool> {
    let prepared: Vec<_> = signed
        .iter()
        .map(|s| Some((point(s.signer)?, [chain_id.as_ref(), s.message].concat(), s.signature)))
        .collect();
    let points: Vec<_> = prepared.iter().flatten().collect();
    let all = points.len() > 1
        && Point::verify_batch(
            &mut rand::rng(),
            &points,
            |_, (public_key, message, signature)| BatchEntry {
                namespace: domain.tag(),
                message,
                public_key,
                signature,
            },
            &Sequential,
        );
    prepared
        .iter()
        .map(|entry| {
            entry.as_ref().is_some_and(|(point, message, signature)| {
                all || point.verify(domain.tag(), message, signature)
            })
        })
        .collect()
}

/// Whether one signature holds that was made under a namespace of the engine's.
pub(crate) fn verify_under(namespace: &[u8], signed: &Signed<'_>) -> bool {
    signed.signer.point().is_some_and(|point| point.verify(namespace, signed.message, signed.signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;
    use curve25519_dalek::{constants::EIGHT_TORSION, edwards::CompressedEdwardsY};
    use proptest::prelude::*;

    fn chain() -> Digest {
        hash(Domain::Chain, b"test")
    }

    /// What dalek says a key is, for comparison with the byte rule.
    fn by_dalek(bytes: [u8; 32]) -> Result<(), InvalidKey> {
        let point = CompressedEdwardsY(bytes).decompress().ok_or(InvalidKey::NotOnCurve)?;
        if point.is_small_order() {
            return Err(InvalidKey::SmallOrder);
        }
        (point.compress().0 == bytes).then_some(()).ok_or(InvalidKey::NotCanonical)
    }

    #[test]
    fn every_encoding_of_a_small_order_point_is_refused() {
        for point in EIGHT_TORSION {
            let canonical = point.compress().0;
            let mut flipped = canonical;
            flipped[31] ^= 0x80;
            for bytes in [canonical, flipped] {
                assert_eq!(PublicKey::new(bytes), Err(InvalidKey::SmallOrder));
            }
        }
    }

    #[test]
    fn every_encoding_beyond_the_prime_is_refused() {
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (low, high);
                assert_eq!(PublicKey::new(bytes), Err(InvalidKey::NotCanonical));
            }
        }
        let mut largest = [0xff; 32];
        (largest[0], largest[31]) = (0xeb, 0x7f);
        assert!(PublicKey::new(largest).is_ok());
    }

    /// RFC 8032, section 7.1, tests 1 to 3: our keys are those of the standard.
    #[test]
    fn seeds_give_the_keys_of_rfc_8032() {
        for (seed, public) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            ),
        ] {
            let mut bytes = [0; 32];
            hex::decode_to_slice(seed, &mut bytes).unwrap();
            assert_eq!(SecretKey::from_seed(bytes).public_key().to_string(), public);
        }
    }

    /// The edge cases of ZIP-215: a mixed-order key, an R of small order, an R that is not
    /// canonical, an S that is not reduced. Alone and in a batch the verdict is the same.
    #[test]
    fn single_and_batch_agree_on_edge_cases() {
        use curve25519_dalek::{constants::ED25519_BASEPOINT_POINT as B, scalar::Scalar};
        let secret = Scalar::from(7u64);
        let mixed = (B * secret + EIGHT_TORSION[1]).compress().0;
        let signer = PublicKey::new(mixed).unwrap();
        let message = b"edge";
        // S = k * a with R of small order: holds only in the equation with the cofactor.
        let signature = |r: [u8; 32], unreduced: bool| {
            use commonware_cryptography::Hasher as _;
            let prefix = [
                &[Domain::Transaction.tag().len() as u8][..],
                Domain::Transaction.tag(),
                chain().as_ref(),
                message,
            ]
            .concat();
            let digest = commonware_cryptography::Sha512::hash(&[&r, &mixed, &prefix]);
            let k = Scalar::from_bytes_mod_order_wide(&digest.as_ref().try_into().unwrap());
            let mut s = (k * secret).to_bytes();
            if unreduced {
                let order = (-Scalar::ONE).to_bytes();
                let mut carry = 1u16;
                for (s, l) in s.iter_mut().zip(order) {
                    carry += u16::from(*s) + u16::from(l);
                    *s = carry as u8;
                    carry >>= 8;
                }
            }
            Signature::decode(Copying(&[r, s].concat())).unwrap()
        };
        let mut not_canonical_one = [0xff; 32];
        (not_canonical_one[0], not_canonical_one[31]) = (0xee, 0x7f);
        let cases = [
            (signature(EIGHT_TORSION[0].compress().0, false), true),
            (signature(EIGHT_TORSION[3].compress().0, false), true),
            (signature(not_canonical_one, false), true),
            (signature(EIGHT_TORSION[0].compress().0, true), false),
            (signature([0xff; 32], false), false),
        ];
        let honest = SecretKey::from_seed([3; 32]);
        let (honest_key, honest_signature) =
            (honest.public_key(), honest.sign(Domain::Transaction, &chain(), message));
        for (signature, expected) in &cases {
            let edge = Signed { signer: &signer, message, signature };
            let plain = Signed { signer: &honest_key, message, signature: &honest_signature };
            assert_eq!(verify(Domain::Transaction, &chain(), &[edge]), [*expected]);
            assert_eq!(verify(Domain::Transaction, &chain(), &[plain, edge, plain]), [true, *expected, true]);
        }
    }

    #[test]
    fn a_signature_is_for_one_domain_chain_and_message() {
        let key = SecretKey::from_seed([1; 32]);
        let (signer, other) = (key.public_key(), SecretKey::from_seed([2; 32]).public_key());
        let signature = key.sign(Domain::Transaction, &chain(), b"message");
        let holds = |domain, chain: Digest, signer, message| {
            verify(domain, &chain, &[Signed { signer, message, signature: &signature }]) == [true]
        };
        assert!(holds(Domain::Transaction, chain(), &signer, b"message"));
        assert!(!holds(Domain::Consensus, chain(), &signer, b"message"));
        assert!(!holds(Domain::Transaction, hash(Domain::Chain, b"other"), &signer, b"message"));
        assert!(!holds(Domain::Transaction, chain(), &other, b"message"));
        assert!(!holds(Domain::Transaction, chain(), &signer, b"massage"));
        assert_eq!(verify(Domain::Transaction, &chain(), &[]), Vec::<bool>::new());
    }

    proptest! {
        #[test]
        fn the_byte_rule_is_dalek_s_rule(bytes: [u8; 32]) {
            let ours = PublicKey::new(bytes).and_then(PublicKey::check).map(|_| ());
            prop_assert_eq!(ours, by_dalek(bytes));
        }

        #[test]
        fn a_batch_finds_the_bad_ones(bad in prop::collection::vec(any::<bool>(), 1..20)) {
            let keys: Vec<_> = (0..bad.len()).map(|i| SecretKey::from_seed([i as u8; 32])).collect();
            let signers: Vec<_> = keys.iter().map(SecretKey::public_key).collect();
            let signatures: Vec<_> = keys.iter().map(|k| k.sign(Domain::Transaction, &chain(), b"yes")).collect();
            let signed: Vec<_> = bad.iter().enumerate()
                .map(|(i, bad)| Signed { signer: &signers[i], message: if *bad { b"no" } else { b"yes" }, signature: &signatures[i] })
                .collect();
            let expected: Vec<_> = bad.iter().map(|bad| !bad).collect();
            prop_assert_eq!(verify(Domain::Transaction, &chain(), &signed), expected);
        }
    }
}
