//! Reads whatever bytes come as the file of a saved run: as they are, and behind a head that fits them, so that what lies
//! behind the sum is reached as well.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use throng::{FORMAT_VERSION, SavedRun};

/// A file whose head is as it has to be; the manifest is so long, as far as there are bytes.
fn with_head(manifest: usize, rest: &[u8]) -> Vec<u8> {
    let manifest = manifest.min(rest.len());
    let mut bytes = b"throng\0\0".to_vec();
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&(manifest as u64).to_le_bytes());
    bytes.extend_from_slice(&((rest.len() - manifest) as u64).to_le_bytes());
    let mut digest = Sha256::new();
    digest.update(&bytes);
    digest.update(rest);
    bytes.extend_from_slice(&digest.finalize());
    bytes.extend_from_slice(rest);
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let _ = SavedRun::from_bytes(bytes).map_err(|why| why.to_string());
    if let [low, high, rest @ ..] = bytes {
        let manifest = usize::from(u16::from_le_bytes([*low, *high]));
        let read = SavedRun::from_bytes(&with_head(manifest, rest));
        // What was taken is written as it was read, and read again as it was written.
        if let Ok(read) = read {
            let written = read.to_bytes().expect("it was read");
            // By what is written: a figure that is no number is not equal to itself.
            let again = SavedRun::from_bytes(&written).expect("it was written");
            assert!(again.to_bytes().is_ok_and(|again| again == written), "{read:?}");
        }
    }
});
