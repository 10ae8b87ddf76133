//! What a connection is told that is not let in.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::error::HttpError;
use crate::server::hub::limits::Refusal;

/// For all of it.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is read of the request, in bytes.
const MOST: usize = 16 * 1024;

/// Says why, and closes. The request is read and not looked at: a connection that is closed with unread bytes is reset,
/// and its peer might never see the answer.
pub(super) async fn tell(mut stream: TcpStream, refusal: Refusal) {
    let error = match refusal {
        Refusal::AddressFull => HttpError::AddressHasTooManySockets,
        _ => HttpError::TooManySockets,
    };
    let told = async {
        stream.write_all(&answer(&error)).await?;
        stream.shutdown().await?;
        let mut request = [0; 1024];
        let mut read = 0;
        while read < MOST {
            match stream.read(&mut request).await? {
                0 => break,
                count => read += count,
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // Whoever does not listen to the reason has it all the same: the connection is closed.
    let _in_time = timeout(PATIENCE, told).await;
}

/// The whole answer, as it goes over the wire.
pub(super) fn answer(error: &HttpError) -> Vec<u8> {
    let (status, body) = (error.status(), error.body());
    let retry = error.retry_after_s().map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let json = serde_json::to_string(&body).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\n{retry}connection: close\r\n\r\n",
        json.len()
    );
    [head.as_bytes(), json.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_whole_answer() {
        let text = String::from_utf8(answer(&HttpError::TooManySockets)).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert!(head.contains("\r\nretry-after: 5\r\n"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!((&body["error"]["code"], &body["retry"]["delayMs"]), (&"too_many_connections".into(), &5000.into()));
    }
}
