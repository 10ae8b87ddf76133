//! The checksum of a book: CRC-32 (IEEE 802.3) of its best 25 levels, as a signed number.
//!
//! <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel>

use crate::server::simulator::{book::Book, listing::Listing};

use super::figures;

const LEVELS: usize = 25;

/// `bid:size:ask:size:…`, level by level; where one side is shorter the other goes on alone.
pub fn of(listing: &Listing, book: &Book) -> i32 {
    let mut parts = Vec::with_capacity(4 * LEVELS);
    for i in 0..LEVELS {
        for level in [book.bids.get(i), book.asks.get(i)].into_iter().flatten() {
            parts.push(figures::price(listing, level.price));
            parts.push(figures::quantity(listing, level.lots));
        }
    }
    crc32(parts.join(":").as_bytes()).cast_signed()
}

fn crc32(bytes: &[u8]) -> u32 {
    let update = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        // The check value of every catalog of CRCs.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        // The example of OKX's documentation.
        assert_eq!(crc32(b"3366.1:7:3366.8:9:3366:6:3368:8").cast_signed(), -1_881_014_294);
    }
}
