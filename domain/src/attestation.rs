//! Attestations of the status of a declaration (宣言状況の確認票): for how long they hold, and where
//! they stand in a status list.

use uuid::Uuid;

/// How many positions a status list has: the least that Bitstring Status List 1.0 allows, so that a
/// look at a list does not tell whom one looks for.
pub const POSITIONS: u32 = 131_072;

/// How many positions of a list are given before the next begins: half, so that a free one is soon
/// found at random.
pub const FILLED: u32 = POSITIONS / 2;

/// For how many days an attestation may hold.
pub const DAYS: std::ops::RangeInclusive<u8> = 1..=30;

/// The position that an id falls on: as good as random, so that positions tell neither order nor
/// neighbours.
#[must_use]
pub fn position(id: Uuid) -> u32 {
    let (high, low) = id.as_u64_pair();
    let mixed = mix(mix(high) ^ low);
    u32::try_from(mixed % u64::from(POSITIONS)).unwrap_or(0)
}

/// The finalizer of SplitMix64, which spreads every bit over all.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The bits of a status list: the first position is the highest bit of the first byte.
#[must_use]
pub fn bitstring(revoked: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut bytes = vec![0_u8; usize::try_from(POSITIONS / 8).unwrap_or(0)];
    for position in revoked {
        let index = usize::try_from(position / 8).unwrap_or(usize::MAX);
        if let Some(byte) = bytes.get_mut(index) {
            *byte |= 0x80 >> (position % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_position_is_the_leftmost_bit() {
        let bits = bitstring([0, 7, 8, POSITIONS - 1, POSITIONS]);
        assert_eq!(bits.len(), 16_384);
        assert_eq!((bits[0], bits[1], bits[16_383]), (0b1000_0001, 0b1000_0000, 1));
        assert_eq!(bits.iter().map(|byte| byte.count_ones()).sum::<u32>(), 4);
    }

    #[test]
    fn positions_of_neighbours_are_far_apart_and_spread_evenly() {
        let positions: Vec<u32> =
            (0..10_000).map(|number| position(Uuid::from_u128(number))).collect();
        let near = positions.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 100).count();
        assert!(near < 50, "{near}");
        for quarter in 0..4 {
            let bounds = quarter * (POSITIONS / 4)..(quarter + 1) * (POSITIONS / 4);
            let found = positions.iter().filter(|position| bounds.contains(position)).count();
            assert!((2_300..2_700).contains(&found), "{quarter}: {found}");
        }
    }
}
