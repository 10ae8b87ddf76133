//! What several endpoints answer alike.

#![expect(dead_code, reason = "read by what is derived only")]

use utoipa::ToResponse;

use crate::wire::error::ErrorBody;

/// A refusal or a failure: a code for programs, words for people, and `retry` where waiting helps.
///
/// `401` carries `WWW-Authenticate`, `405` `Allow`, and what waiting mends `Retry-After`.
#[derive(ToResponse)]
#[response(content_type = "application/json")]
pub struct Refused(ErrorBody);
