//! Reads a recording line by line, and holds it to its format.

use std::io::{BufRead, Read};

use serde::Deserialize;
use throng_components::clock::Nanos;

use super::{End, FORMAT, Header, Record, RecordingMistake};

/// The longest line: a header with all texts that a workload may have, each byte of them escaped.
const LINE_MOST: u64 = 4 << 20;
/// No run takes longer: what lies behind it was never measured.
pub const LATEST: Nanos = Nanos(i64::MAX.unsigned_abs());
/// How a recording begins.
pub const BEGINS: &[u8] = b"{\"recording\":";
/// How its last line does.
const ENDS: &[u8] = b"{\"end\":";

/// A recording being read.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    /// Whole lines read.
    lines: u64,
    found: End,
    lost: u64,
}

/// The one member that tells whether the others can be understood.
#[derive(Deserialize)]
struct Version {
    recording: u64,
}

/// A text that may be anything as it can be shown: no terminal obeys it.
fn shown(text: &str) -> String {
    let shown =
        |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.into() };
    text.chars().map(shown).collect()
}

/// A text of the header that messages and results show as it is, and that cannot be shown so: its member, and the text.
fn unshowable(header: &Header) -> Option<(&'static str, &str)> {
    let replayed = header.replay_of.as_ref().map(|replayed| ("replay_of", replayed.run_id.as_str()));
    let own = [("throng", &header.throng), ("run_id", &header.run_id), ("workload", &header.workload)];
    let own = own.into_iter().map(|(member, text)| (member, text.as_str()));
    let files = header.files.iter().map(|file| ("files", file.name.as_str()));
    own.chain(replayed).chain(files).find(|(_, text)| text.contains(char::is_control))
}

fn broken(line: u64, error: &serde_json::Error) -> RecordingMistake {
    // Each line is a text of its own, to which its number within the recording means nothing.
    let reason = shown(&error.to_string().replace("line 1 column", "column"));
    RecordingMistake::Line { line, reason }
}

/// Why nothing can have happened when a line says it did.
fn impossible(record: &Record<'_>) -> Option<String> {
    let times = [("due_ns", record.due_ns), ("started_ns", record.started_ns), ("ended_ns", record.ended_ns)];
    if let Some((name, time)) = times.into_iter().find(|(_, time)| *time > LATEST.0) {
        return Some(format!(
            "{name} is {time}, and no run is longer than {} ns, which is 292 years",
            LATEST.0
        ));
    }
    (record.ended_ns < record.started_ns).then(|| {
        format!("it ended at {} ns, before it started, at {} ns", record.ended_ns, record.started_ns)
    })
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no recording, or none that this throng can read.
    pub fn open(input: R) -> Result<(Header, Self), RecordingMistake> {
        let mut reader = Self { input, line: Vec::new(), lines: 0, found: End::default(), lost: 0 };
        let whole = reader.read_line()?;
        if !reader.line.starts_with(BEGINS) {
            return Err(RecordingMistake::Foreign);
        }
        if !whole {
            return Err(RecordingMistake::CutOff { lines: 0 });
        }
        let Version { recording: found } =
            serde_json::from_slice(&reader.line).map_err(|error| broken(1, &error))?;
        if found != FORMAT {
            return Err(RecordingMistake::Version { found });
        }
        let header: Header = serde_json::from_slice(&reader.line).map_err(|error| broken(1, &error))?;
        if let Some((member, text)) = unshowable(&header) {
            let reason = format!("{member} has a control character in it: `{}`", shown(text));
            return Err(RecordingMistake::Line { line: 1, reason });
        }
        Ok((header, reader))
    }

    /// Reads one line; whether it is whole.
    fn read_line(&mut self) -> Result<bool, RecordingMistake> {
        self.line.clear();
        self.input.by_ref().take(LINE_MOST).read_until(b'\n', &mut self.line)?;
        let whole = self.line.ends_with(b"\n");
        if !whole && self.line.len() as u64 == LINE_MOST {
            let reason = format!("it is longer than {} MiB", LINE_MOST >> 20);
            return Err(RecordingMistake::Line { line: self.lines + 1, reason });
        }
        self.lines += u64::from(whole);
        Ok(whole)
    }

    /// The next iteration or try; `None` behind the last one.
    ///
    /// # Errors
    /// A line is not as it should be, or the recording is cut off.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, RecordingMistake> {
        if !self.read_line()? {
            return Err(RecordingMistake::CutOff { lines: self.lines });
        }
        if self.line.starts_with(ENDS) {
            return self.end().map(|()| None);
        }
        let record: Record<'_> =
            serde_json::from_slice(&self.line).map_err(|error| broken(self.lines, &error))?;
        if let Some(reason) = impossible(&record) {
            return Err(RecordingMistake::Line { line: self.lines, reason });
        }
        self.found.iterations += u64::from(record.step.is_none());
        self.found.tries += u64::from(record.step.is_some());
        Ok(Some(record))
    }

    fn end(&mut self) -> Result<(), RecordingMistake> {
        let end: End = serde_json::from_slice(&self.line).map_err(|error| broken(self.lines, &error))?;
        let counts = [
            ("iterations", end.iterations, self.found.iterations),
            ("tries of steps", end.tries, self.found.tries),
        ];
        if let Some((what, told, found)) = counts.into_iter().find(|(_, told, found)| told != found) {
            return Err(RecordingMistake::Count { what, told, found });
        }
        self.lost = end.lost;
        self.read_line()?;
        if self.line.is_empty() {
            Ok(())
        } else {
            Err(RecordingMistake::BehindEnd { line: self.lines.max(1) })
        }
    }

    /// Lines that are missing, once the end has been read.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "{\"recording\":1,\"throng\":\"0.1.0\",\"run_id\":\"r\",\"workload\":\"w.kdl\",\"clock\":\"real\",\
        \"speed\":1.0,\"seed\":7,\"set\":[[\"peak\",\"5/s\"]],\"files\":[{\"name\":\"w.kdl\",\"text\":\"throng 1\\n\"}]}\n";
    const ITERATION: &str = "{\"scenario\":\"s\",\"user\":1,\"iteration\":2,\"outcome\":\"succeeded\",\"due_ns\":5,\
        \"started_ns\":6,\"ended_ns\":9,\"later\":true}\n";
    const TRY: &str = "{\"scenario\":\"a \\\"b\\\"\",\"step\":\"x\",\"user\":1,\"iteration\":2,\"ordinal\":0,\"attempt\":1,\
        \"outcome\":\"failed\",\"status\":500,\"error\":\"500\",\"due_ns\":5,\"started_ns\":6,\"ended_ns\":9,\"bytes_sent\":3,\
        \"bytes_received\":4,\"warm_up\":true}\n";
    const END: &str = "{\"end\":true,\"iterations\":1,\"tries\":1,\"lost\":3}\n";

    /// Reads all of it: how many lines, how many lost, or what is wrong.
    fn read(text: &str) -> Result<(usize, u64), String> {
        let (header, mut reader) = Reader::open(text.as_bytes()).map_err(|mistake| mistake.to_string())?;
        assert_eq!((header.seed, header.set.len(), header.files[0].text.as_str()), (7, 1, "throng 1\n"));
        let mut count = 0;
        while reader.read().map_err(|mistake| mistake.to_string())?.is_some() {
            count += 1;
        }
        Ok((count, reader.lost()))
    }

    fn check(lines: &[&str], expected: &str) {
        let found = read(&lines.concat()).expect_err("a mistake");
        assert!(found.contains(expected), "{found}, not {expected}");
    }

    #[test]
    fn what_is_whole_is_read() {
        assert_eq!(read(&[HEADER, ITERATION, TRY, END].concat()), Ok((2, 3)));
        let record: Record<'_> = serde_json::from_str(TRY).expect("a record");
        assert_eq!((record.scenario.as_ref(), record.status, record.warm_up), ("a \"b\"", 500, true));
        let again = serde_json::to_string(&record).expect("it can be written") + "\n";
        assert_eq!(again, TRY);
    }

    #[test]
    fn what_is_not_is_told_with_its_line() {
        check(&[""], "no recording");
        check(&["{\"scenario\":\"s\"}\n"], "no recording");
        check(&["{\"recording\":1,\"thr"], "cut off behind line 0");
        check(&["{\"recording\":2}\n"], "version 2 of the format is not known");
        check(&["{\"recording\":1}\n"], "line 1: missing field");
        check(&[HEADER], "cut off behind line 1");
        check(&[HEADER, ITERATION, &TRY[..20]], "cut off behind line 2");
        check(&[HEADER, ITERATION, "at 5\n", TRY, END], "line 3: expected value");
        check(&[HEADER, ITERATION, "{\"scenario\":\"s\"}\n"], "line 3: missing field `user`");
        check(&[HEADER, &ITERATION.replace(":6,", ":10,")], "line 2: it ended at 9 ns, before it started");
        let never = format!("\"due_ns\":{}", u64::MAX);
        check(
            &[HEADER, ITERATION, &TRY.replace("\"due_ns\":5", &never)],
            "line 3: due_ns is 18446744073709551615",
        );
        for speed in ["0", "-1.0", "0.0"] {
            let header = HEADER.replace("\"speed\":1.0", &format!("\"speed\":{speed}"));
            check(&[&header], "line 1: a speed is a number above 0");
        }
        let escapes = |from: &str, to: &str| HEADER.replace(from, to);
        check(
            &[&escapes("\"r\"", "\"\\u001b[2J\"")],
            "line 1: run_id has a control character in it: `\\u{1b}[2J`",
        );
        check(
            &[&escapes("\"w.kdl\",\"clock", "\"w\\n\",\"clock")],
            "line 1: workload has a control character",
        );
        check(&[&escapes("\"real\"", "\"\\u001b[2J\"")], "unknown variant `\\u{1b}[2J`");
        check(&[HEADER, ITERATION, END], "tells of 1 tries of steps, and it holds 0");
        check(&[HEADER, ITERATION, TRY, END, ITERATION], "line 5: something follows");
    }
}
