//! Unpacks bodies that came compressed, for steps that look into them. What is counted stays what came over the wire.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use throng_components::sample::ErrorType;

use super::codec::BODY_MOST;

/// Encodings on top of each other, at most.
const LAYERS_MOST: usize = 4;

/// The body without the encodings that its head names, the outermost first.
///
/// # Errors
/// When it is not encoded so, or is longer unpacked than a body may be.
pub(super) fn decode(headers: &HeaderMap, body: Bytes) -> Result<Bytes, ErrorType> {
    if body.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    let mut names = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| ErrorType::BAD_ENCODING)?;
        names.extend(value.split(',').map(|name| name.trim().to_ascii_lowercase()));
    }
    names.retain(|name| !name.is_empty() && name != "identity");
    if names.len() > LAYERS_MOST {
        return Err(ErrorType::BAD_ENCODING);
    }
    names.iter().rev().try_fold(body, |body, name| unpack(name, &body))
}

fn unpack(name: &str, body: &[u8]) -> Result<Bytes, ErrorType> {
    match name {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(body)),
        // Servers send it with the wrapper that the standard asks for, and without.
        "deflate" if is_zlib(body) => read(ZlibDecoder::new(body)),
        "deflate" => read(DeflateDecoder::new(body)),
        "br" => read(brotli_decompressor::Decompressor::new(body, 4096)),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(body);
            read(decoder.map_err(|_| ErrorType::BAD_ENCODING)?)
        }
        _ => Err(ErrorType::BAD_ENCODING),
    }
}

/// Whether a body begins with a head of RFC 1950.
fn is_zlib(body: &[u8]) -> bool {
    let [first, second, ..] = body else { return false };
    first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0
}

fn read(decoder: impl Read) -> Result<Bytes, ErrorType> {
    let mut unpacked = Vec::new();
    let most = BODY_MOST as u64;
    decoder.take(most + 1).read_to_end(&mut unpacked).map_err(|_| ErrorType::BAD_ENCODING)?;
    if unpacked.len() > BODY_MOST { Err(ErrorType::BODY_TOO_LARGE) } else { Ok(unpacked.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    const TEXT: &[u8] = b"a token, a token, and a token";
    /// The same, as `brotli` packs it.
    const BROTLI: &[u8] = b"\x1b\x1c\x00\xf8\x25\xc3\xc8\xdc\x72\x11\x4b\x80\x49\x06\x38\x78\x89\x3b\x31\x5d";
    /// One zero more than a body may have, as `brotli` packs it.
    const BROTLI_BOMB: &[u8] = b"\xcb\xff\xff\x3f\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x8f\xff\xff\x7f\xf0\x4f\x00\xc4\x61\x11\x80\xee\xfd\x1f\x00\x00\x02\x00\x03";

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).expect("memory is written");
        encoder.finish().expect("memory is written")
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).expect("memory is written");
        encoder.finish().expect("memory is written")
    }

    fn raw(body: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).expect("memory is written");
        encoder.finish().expect("memory is written")
    }

    fn zstd(body: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(body, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn check(encodings: &[&'static str], body: Vec<u8>, expected: Result<&[u8], ErrorType>) {
        let mut headers = HeaderMap::new();
        for encoding in encodings {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let found = decode(&headers, Bytes::from(body));
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{encodings:?}");
    }

    #[test]
    fn bodies_are_unpacked() {
        check(&[], TEXT.to_vec(), Ok(TEXT));
        check(&["identity"], TEXT.to_vec(), Ok(TEXT));
        check(&["gzip"], gzip(TEXT), Ok(TEXT));
        check(&["X-GZIP"], gzip(TEXT), Ok(TEXT));
        check(&["deflate"], zlib(TEXT), Ok(TEXT));
        check(&["deflate"], raw(TEXT), Ok(TEXT));
        check(&["zstd"], zstd(TEXT), Ok(TEXT));
        check(&["br"], BROTLI.to_vec(), Ok(TEXT));
        check(&["deflate, gzip"], gzip(&zlib(TEXT)), Ok(TEXT));
        check(&["deflate", "gzip"], gzip(&zlib(TEXT)), Ok(TEXT));
        check(&["gzip"], Vec::new(), Ok(b""));
    }

    #[test]
    fn broken_ones_have_a_name() {
        for encoding in ["gzip", "deflate", "br", "zstd", "compress"] {
            check(&[encoding], b"\x01no such stream".to_vec(), Err(ErrorType::BAD_ENCODING));
        }
        check(&["gzip"], gzip(TEXT)[..20].to_vec(), Err(ErrorType::BAD_ENCODING));
        check(&["gzip,gzip,gzip,gzip,gzip"], TEXT.to_vec(), Err(ErrorType::BAD_ENCODING));
    }

    #[test]
    fn a_bomb_is_bounded() {
        let bomb = vec![0; BODY_MOST + 1];
        check(&["gzip"], gzip(&bomb), Err(ErrorType::BODY_TOO_LARGE));
        check(&["deflate"], zlib(&bomb), Err(ErrorType::BODY_TOO_LARGE));
        check(&["br"], BROTLI_BOMB.to_vec(), Err(ErrorType::BODY_TOO_LARGE));
        check(&["zstd"], zstd(&bomb), Err(ErrorType::BODY_TOO_LARGE));
        assert_eq!(read(&gzip(&bomb[1..])[..]).map(|body| body.len() < 1 << 20), Ok(true));
    }
}
