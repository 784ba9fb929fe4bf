//! A fingerprint of an event log, to be pinned in a test.

/// FNV-1a, 64 bits (Fowler, Noll, Vo): short, and the same in every build.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
