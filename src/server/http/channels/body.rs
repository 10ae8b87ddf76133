//! Reads the body of a request, up to a limit.

use axum::{body::Body, extract::Request};
use futures_util::StreamExt;
use http::{HeaderMap, header};

use crate::server::{
    channels::{publication::MAX_BODY_BYTES, room::Room},
    http::error::HttpError,
};

/// What is read of a body that is too long, so that the client has written all of it and reads the answer. One that is
/// longer still is cut off.
const MAX_WASTED_BYTES: usize = 8 << 20;

/// The body of a request, in room that is made for it as it comes.
///
/// # Errors
/// [`HttpError::BodyTooLarge`], [`HttpError::IncompleteBody`], and [`HttpError::Busy`] where there is no room.
pub async fn read(request: Request, room: &mut Room) -> Result<Vec<u8>, HttpError> {
    let (parts, body) = request.into_parts();
    let told = length(&parts.headers);
    if told.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        if !waits(&parts.headers) {
            waste(body).await;
        }
        return Err(HttpError::BodyTooLarge);
    }
    room.hold(0)?;
    let mut bytes = Vec::new();
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| HttpError::IncompleteBody)?;
        if bytes.len() + frame.len() > MAX_BODY_BYTES {
            drop(bytes);
            waste(Body::from_stream(frames)).await;
            return Err(HttpError::BodyTooLarge);
        }
        room.hold(bytes.len() + frame.len())?;
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the client asks before it sends.
fn waits(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn waste(body: Body) {
    let mut frames = body.into_data_stream();
    let mut wasted = 0;
    while wasted < MAX_WASTED_BYTES
        && let Some(Ok(frame)) = frames.next().await
    {
        wasted += frame.len();
    }
}
