//! As much of HTTP/1.1 as a bench needs: requests as bytes, and where an answer ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// More headers than any answer of ours has.
const MOST_HEADERS: usize = 64;

/// A request as bytes, ready to be sent as often as wanted.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    /// How long head and body are together.
    pub(crate) length: usize,
}

/// Reads the head of an answer; nothing where it is not complete yet.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let parsed = answer.parse(bytes).map_err(|error| format!("not an answer: {error}"))?;
    let httparse::Status::Complete(end) = parsed else { return Ok(None) };
    let status = answer.code.unwrap_or_default();
    let stated = answer.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
    let body = match stated {
        Some(header) => std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok()),
        None if matches!(status, 204 | 304) => Some(0),
        None => None,
    };
    let chunked = answer.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("transfer-encoding") && header.value == b"chunked"
    });
    if chunked {
        // Nothing of ours comes behind the last chunk. The marks of chunks stay in the body.
        let whole = bytes.ends_with(b"\r\n0\r\n\r\n");
        return Ok(whole.then_some(Head { status, length: bytes.len() }));
    }
    let body: usize = body.ok_or("an answer that does not say how long it is")?;
    Ok(Some(Head { status, length: end + body }))
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers, their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads a whole answer.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(bytes).map_err(|error| format!("not an answer: {error}"))?;
        let httparse::Status::Complete(end) = parsed else {
            return Err("half an answer".to_owned());
        };
        let text = |header: &httparse::Header<'_>| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        };
        Ok(Self {
            status: answer.code.unwrap_or_default(),
            headers: answer.headers.iter().map(text).collect(),
            body: bytes.get(end..).unwrap_or_default().to_vec(),
        })
    }

    /// The header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            format!("not JSON ({error}): {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }
}

/// Sends one request on a connection of its own and gives the whole answer as bytes.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("{address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_nodelay(true).map_err(told)?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(told)?;
    stream.write_all(request).map_err(told)?;
    let mut bytes = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut part).map_err(told)?;
        bytes.extend_from_slice(part.get(..read).unwrap_or_default());
        match head(&bytes)? {
            Some(head) if bytes.len() >= head.length => return Ok(bytes),
            _ if read == 0 => return Err(format!("{address}: the answer breaks off")),
            _ => {}
        }
    }
}

/// Sends one request that must go well.
pub(crate) fn call(address: SocketAddr, request: &[u8]) -> Result<Answer, String> {
    let answer = Answer::read(&exchange(address, request)?)?;
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let asked = String::from_utf8_lossy(request.get(..80).unwrap_or(request)).into_owned();
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    Err(format!("{asked:?} was answered {}: {told}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(head(bytes).unwrap(), Some(Head { status: 200, length: bytes.len() }));
        assert_eq!(head(&bytes[..20]).unwrap(), None);
        assert_eq!(Answer::read(bytes).unwrap().body, b"hi");
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(
            head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().map(|head| head.status),
            Some(204)
        );
    }
}
