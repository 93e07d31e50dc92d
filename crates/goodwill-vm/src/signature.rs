//! Plain Ed25519 (RFC 8032), as contracts check it: of any message, without a chain's domain.

use curve25519_dalek::{edwards::CompressedEdwardsY, edwards::EdwardsPoint, scalar::Scalar};
use sha2::{Digest, Sha512};

/// Whether a signature is valid: its scalar canonical, its key no point of small order, and
/// `R = sB - kA` exactly as encoded.
pub fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    check(public_key, message, signature).unwrap_or(false)
}

fn check(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Option<bool> {
    let (r, s) = signature.split_at(32);
    let s: Option<Scalar> = Scalar::from_canonical_bytes(s.try_into().ok()?).into();
    let point = CompressedEdwardsY(*public_key).decompress()?;
    if point.is_small_order() {
        return Some(false);
    }
    let mut hash = Sha512::new();
    hash.update(r);
    hash.update(public_key);
    hash.update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-point, &s?);
    Some(expected.compress().as_bytes() == r)
}
