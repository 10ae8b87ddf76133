//! Reads the body of a request into room that is made for it as it comes.

use axum::extract::Request;
use futures_util::StreamExt;

use crate::server::{
    channels::room::Room,
    http::{body::MAX_BODY, error::HttpError},
};

/// The body of a request.
///
/// # Errors
/// [`HttpError::BodyTooLarge`], [`HttpError::IncompleteBody`], and [`HttpError::TooMuchPublished`] where there is no
/// room.
pub async fn read(request: Request, room: &mut Room) -> Result<Vec<u8>, HttpError> {
    room.hold(0)?;
    let mut bytes = Vec::new();
    let mut frames = request.into_body().into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| HttpError::IncompleteBody)?;
        let length = bytes.len() + frame.len();
        if length > MAX_BODY {
            return Err(HttpError::BodyTooLarge { most: MAX_BODY });
        }
        room.hold(length)?;
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}
