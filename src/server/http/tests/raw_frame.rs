//! Frames of a WebSocket as no library writes them.

/// A frame as it is written: first byte, then length, a mask of zeros, payload.
pub(super) fn raw(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(len) if len < 126 => frame.push(0x80 | u8::try_from(len).expect("small")),
        Ok(len) => {
            frame.push(0xfe);
            frame.extend(len.to_be_bytes());
        }
        Err(_) => {
            frame.push(0xff);
            frame.extend(u64::try_from(payload.len()).expect("it fits").to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
