//! The files that a sweep leaves in its directory, made from its journal in the order of the design.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::design::Design;
use super::figures::Figures;
use super::journal::{Journal, Record};
use super::parquet_file::ParquetFile;
use super::{plot, summary_file};

/// Their names.
pub(crate) const FILES: [&str; 4] = ["results.csv", "results.parquet", "summary.csv", "plot.svg"];

/// A file that takes its name when it is whole.
struct Whole {
    path: PathBuf,
    part: PathBuf,
}

impl Whole {
    fn create(directory: &Path, name: &str) -> io::Result<(Self, BufWriter<File>)> {
        let part = directory.join(format!(".{name}.part"));
        let file = BufWriter::new(File::create(&part)?);
        Ok((Self { path: directory.join(name), part }, file))
    }

    fn finish(self) -> io::Result<()> {
        std::fs::rename(self.part, self.path)
    }
}

/// Writes all files; `figures` takes what is chosen of each run on the way.
///
/// # Errors
/// A file cannot be written, or the journal cannot be read.
pub(crate) fn write_all(
    directory: &Path,
    design: &Design,
    journal: &Journal,
    figures: &mut Figures,
) -> io::Result<()> {
    let [results, columns, summary, picture] = FILES;
    let (results, csv_output) = Whole::create(directory, results)?;
    let (columns, parquet_output) = Whole::create(directory, columns)?;
    let mut csv_file = csv::Writer::from_writer(csv_output);
    let params = design.columns();
    let params = params.iter().map(String::as_str);
    let behind = ["replication", "seed", "scope", "name", "measure", "value", "unit"];
    csv_file.write_record(["point"].into_iter().chain(params).chain(behind))?;
    let mut parquet_file = ParquetFile::new(design, parquet_output).map_err(io::Error::other)?;
    for (index, run) in design.runs().enumerate() {
        if let Some(record) = journal.record(index)? {
            write_rows(&mut csv_file, design, &record)?;
            parquet_file.add(design, &record).map_err(io::Error::other)?;
            figures.take(run, &record.rows);
        }
    }
    csv_file.flush()?;
    parquet_file.close().map_err(io::Error::other)?;
    let (summary, output) = Whole::create(directory, summary)?;
    summary_file::write(design, figures, output)?;
    let (picture, mut output) = Whole::create(directory, picture)?;
    output.write_all(plot::draw(design, figures).as_bytes())?;
    output.flush()?;
    [results, columns, summary, picture].into_iter().try_for_each(Whole::finish)
}

fn write_rows(writer: &mut csv::Writer<impl Write>, design: &Design, record: &Record) -> csv::Result<()> {
    let mut front = vec![(record.point + 1).to_string()];
    front.extend(design.values(record.point).iter().map(ToString::to_string));
    front.extend([record.replication.to_string(), record.seed.to_string()]);
    for row in &record.rows {
        let value = row.value.to_string();
        let own = [&row.scope, &row.name, &row.measure, &value, &row.unit];
        writer.write_record(front.iter().chain(own))?;
    }
    Ok(())
}
