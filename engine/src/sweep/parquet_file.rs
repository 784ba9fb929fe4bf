//! `results.parquet`: the same rows as `results.csv`, by column, with numbers as numbers.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use throng_systems::behavior::{Kind, Value};

use super::design::Design;
use super::journal::Record;

/// Rows that are held until they are written together: some ten megabytes.
const GROUP: usize = 1 << 16;

/// A column's values since the last group.
enum Column {
    Int(Vec<i64>),
    Double(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Column {
    fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Int(Vec::new()),
            Kind::Float => Self::Double(Vec::new()),
            _ => Self::Text(Vec::new()),
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    fn push_int(&mut self, value: u64) {
        if let Self::Int(values) = self {
            values.push(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    fn push_text(&mut self, value: &str) {
        if let Self::Text(values) = self {
            values.push(value.into());
        }
    }

    fn push(&mut self, value: &Value) {
        match (self, value) {
            (Self::Int(values), Value::Int(number)) => values.push(*number),
            (Self::Double(values), Value::Float(number)) => values.push(*number),
            (column, value) => column.push_text(&value.to_string()),
        }
    }

    fn schema(&self, name: &str) -> Result<Type> {
        let (physical, converted) = match self {
            Self::Int(_) => (Physical::INT64, ConvertedType::NONE),
            Self::Double(_) => (Physical::DOUBLE, ConvertedType::NONE),
            Self::Text(_) => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let builder = Type::primitive_type_builder(name, physical);
        builder.with_repetition(Repetition::REQUIRED).with_converted_type(converted).build()
    }

    fn write<W: Write + Send>(&mut self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        match self {
            Self::Int(values) => write_values::<Int64Type, W>(group, values),
            Self::Double(values) => write_values::<DoubleType, W>(group, values),
            Self::Text(values) => write_values::<ByteArrayType, W>(group, values),
        }
    }
}

fn write_values<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &mut Vec<T::T>,
) -> Result<()> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, None, None)?;
        column.close()?;
    }
    values.clear();
    Ok(())
}

/// Writes rows as they come.
pub(super) struct ParquetFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
}

/// Columns behind the parameters, and whether each is a whole number, a decimal one or a text.
const BEHIND: &[(&str, Kind)] = &[
    ("replication", Kind::Int),
    ("seed", Kind::Int),
    ("scope", Kind::Text),
    ("name", Kind::Text),
    ("measure", Kind::Text),
    ("value", Kind::Float),
    ("unit", Kind::Text),
];

impl<W: Write + Send> ParquetFile<W> {
    pub(super) fn new(design: &Design, output: W) -> Result<Self> {
        let names = design.columns();
        let params = names.iter().zip(&design.vary).map(|(name, varied)| (name.as_str(), varied.kind));
        let heads: Vec<(&str, Kind)> =
            std::iter::once(("point", Kind::Int)).chain(params).chain(BEHIND.iter().copied()).collect();
        let columns: Vec<Column> = heads.iter().map(|(_, kind)| Column::of_kind(*kind)).collect();
        let fields = heads.iter().zip(&columns).map(|((name, _), column)| column.schema(name).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let schema = Type::group_type_builder("results").with_fields(fields).build()?;
        let writer = SerializedFileWriter::new(
            output,
            Arc::new(schema),
            Arc::new(WriterProperties::builder().build()),
        )?;
        Ok(Self { writer, columns })
    }

    pub(super) fn add(&mut self, design: &Design, record: &Record) -> Result<()> {
        let values = design.values(record.point);
        for row in &record.rows {
            let mut columns = self.columns.iter_mut();
            let mut next = |put: &dyn Fn(&mut Column)| {
                if let Some(column) = columns.next() {
                    put(column);
                }
            };
            next(&|column| column.push_int(record.point as u64 + 1));
            for value in &values {
                next(&|column| column.push(value));
            }
            next(&|column| column.push_int(record.replication.into()));
            next(&|column| column.push_int(record.seed));
            next(&|column| column.push_text(&row.scope));
            next(&|column| column.push_text(&row.name));
            next(&|column| column.push_text(&row.measure));
            next(&|column| column.push(&Value::Float(row.value)));
            next(&|column| column.push_text(&row.unit));
        }
        if self.columns.first().is_some_and(|column| column.length() >= GROUP) {
            self.group()
        } else {
            Ok(())
        }
    }

    fn group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    pub(super) fn close(mut self) -> Result<()> {
        if self.columns.first().is_some_and(|column| column.length() > 0) {
            self.group()?;
        }
        self.writer.close()?;
        Ok(())
    }
}
