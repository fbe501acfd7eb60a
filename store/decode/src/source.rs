//! An opened NetCDF file with bounded reads: what it is, whether it is whole, its variables, attributes and slabs.
//!
//! The file is read by position, not mapped into memory, so a file that shrinks while it is read is an error and not
//! a signal. Limits: an axis of `MAX_AXIS` values, one field of `MAX_NODES` nodes, one read of `MAX_READ_BYTES`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use netcdf_reader::{
    FileStorage, NcAttribute, NcFile, NcFormat, NcOpenOptions, NcSliceInfo, NcSliceInfoElem, NcType, NcVariable,
};

use crate::Error;

/// Longest coordinate axis or time series that is read.
pub(crate) const MAX_AXIS: u64 = 100_000;
/// Most nodes of one field: four times the largest global ocean grid in use (4500 x 4251).
pub(crate) const MAX_NODES: u64 = 80_000_000;
const MAX_READ_BYTES: usize = 8 * MAX_NODES as usize;
const MAX_OBJECT_HEADER_BYTES: usize = 16 * 1024 * 1024;

/// An opened file.
pub(crate) struct Source {
    file: NcFile,
    /// Bytes of the file.
    pub(crate) size_bytes: u64,
}

/// What a slab takes of one dimension.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Take {
    /// Every index.
    All,
    /// One index.
    One(usize),
}

impl Source {
    /// Opens a file after looking at its size and first bytes.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io_error = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        let mut handle = File::open(path).map_err(io_error)?;
        let metadata = handle.metadata().map_err(io_error)?;
        if metadata.is_dir() {
            return Err(io_error(std::io::ErrorKind::IsADirectory.into()));
        }
        let size_bytes = metadata.len();
        let mut head = Vec::with_capacity(64);
        handle.by_ref().take(64).read_to_end(&mut head).map_err(io_error)?;
        check_head(&head, size_bytes)?;
        let storage = FileStorage::from_file(handle).map_err(|error| unreadable("the file")(error.into()))?;
        let options = NcOpenOptions {
            max_read_bytes: MAX_READ_BYTES,
            max_object_header_bytes: MAX_OBJECT_HEADER_BYTES,
            ..NcOpenOptions::default()
        };
        let file =
            NcFile::from_storage_with_options(Arc::new(storage), options).map_err(unreadable("the file's header"))?;
        // NetCDF-4 metadata is read lazily; here it is read once, so that later look-ups cannot fail.
        file.root_group().map_err(unreadable("the list of variables"))?;
        let source = Self { file, size_bytes };
        source.check_classic_ends()?;
        Ok(source)
    }

    /// A classic file does not state its length: the last value of each variable shows whether all of it is there.
    fn check_classic_ends(&self) -> Result<(), Error> {
        if matches!(self.file.format(), NcFormat::Nc4 | NcFormat::Nc4Classic) {
            return Ok(());
        }
        let filled = |variable: &&NcVariable| variable.dimensions.iter().all(|dim| dim.size > 0);
        for variable in self
            .variables()
            .iter()
            .filter(filled)
            .filter(|variable| is_numeric(&variable.dtype))
        {
            let last = variable
                .dimensions
                .iter()
                .map(|dim| Take::One(usize::try_from(dim.size - 1).unwrap_or(usize::MAX)));
            self.slab(variable, &last.collect::<Vec<Take>>())?;
        }
        Ok(())
    }

    /// The root group's variables.
    pub(crate) fn variables(&self) -> &[NcVariable] {
        self.file.variables().unwrap_or_default()
    }

    /// A variable of the root group.
    pub(crate) fn variable(&self, name: &str) -> Option<&NcVariable> {
        self.variables().iter().find(|variable| variable.name == name)
    }

    /// A global attribute as text, unless it says nothing.
    pub(crate) fn global_text(&self, name: &str) -> Option<String> {
        text_of(self.file.global_attributes().unwrap_or_default(), name)
            .filter(|text| !["unknown", "none", "n/a"].contains(&text.to_ascii_lowercase().as_str()))
    }

    /// All values of a short variable as stored, coordinates and scalars above all.
    pub(crate) fn values(&self, variable: &NcVariable) -> Result<Vec<f64>, Error> {
        let count = variable
            .dimensions
            .iter()
            .map(|dim| dim.size)
            .fold(1, u64::saturating_mul);
        if count > MAX_AXIS {
            return Err(Error::TooLarge {
                what: format!("the number of values of '{}'", variable.name),
                size: count,
                limit: MAX_AXIS,
            });
        }
        self.slab(variable, &vec![Take::All; variable.ndim()])
    }

    /// A slab of stored values in row-major order.
    pub(crate) fn slab(&self, variable: &NcVariable, takes: &[Take]) -> Result<Vec<f64>, Error> {
        if !is_numeric(&variable.dtype) {
            return Err(Error::Packing {
                variable: variable.name.clone(),
                reason: format!("its values are stored as {:?}, not as numbers", variable.dtype),
            });
        }
        let selections = takes.iter().map(|take| match *take {
            Take::All => NcSliceInfoElem::Slice {
                start: 0,
                end: u64::MAX,
                step: 1,
            },
            Take::One(index) => NcSliceInfoElem::Index(index as u64),
        });
        let selection = NcSliceInfo {
            selections: selections.collect(),
        };
        let values = self.file.read_variable_slice_as_f64(&variable.name, &selection);
        let values = values.map_err(unreadable(&format!("'{}'", variable.name)))?;
        // One copy; the array's own iterator is many times slower.
        let contiguous = values.as_slice().map(<[f64]>::to_vec);
        Ok(contiguous.unwrap_or_else(|| values.iter().copied().collect()))
    }

    /// The texts of a variable of strings or characters.
    pub(crate) fn strings(&self, variable: &NcVariable) -> Result<Vec<String>, Error> {
        let texts = self.file.read_variable_as_strings(&variable.name);
        texts.map_err(unreadable(&format!("'{}'", variable.name)))
    }

    /// A list of what the file holds, for people: name, long name, units.
    pub(crate) fn inventory(&self) -> String {
        const MOST: usize = 24;
        let names = self.variables().iter().map(|variable| {
            let long_name = text(variable, "long_name").or_else(|| text(variable, "standard_name"));
            let about = [long_name, text(variable, "units")];
            let about: Vec<String> = about.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            if about.is_empty() {
                format!("'{}'", variable.name)
            } else {
                format!("'{}' ({})", variable.name, about.join(", "))
            }
        });
        let names: Vec<String> = names.collect();
        let groups = self.file.root_group().map_or(0, |root| root.groups.len());
        let mut list = if names.is_empty() {
            "no variable".to_owned()
        } else {
            names[..names.len().min(MOST)].join(", ")
        };
        if names.len() > MOST {
            list.push_str(&format!(" and {} more", names.len() - MOST));
        }
        if groups > 0 {
            list.push_str(&format!(" and {groups} groups, which are not looked into"));
        }
        list
    }
}

/// An attribute of a variable as trimmed text.
pub(crate) fn text(variable: &NcVariable, name: &str) -> Option<String> {
    text_of(&variable.attributes, name)
}

/// An attribute of a variable as text in lower case; empty where there is none.
pub(crate) fn lower(variable: &NcVariable, name: &str) -> String {
    text(variable, name).unwrap_or_default().to_ascii_lowercase()
}

/// An attribute of a variable as finite numbers, also where they are written as text.
pub(crate) fn numbers(variable: &NcVariable, name: &str) -> Option<Vec<f64>> {
    let value = &variable.attribute(name)?.value;
    let numbers = value.as_f64_vec().or_else(|| {
        let text = value.as_string()?;
        text.split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(|word| word.parse().ok())
            .collect()
    })?;
    (!numbers.is_empty() && numbers.iter().all(|number| number.is_finite())).then_some(numbers)
}

/// The first number of an attribute.
pub(crate) fn number(variable: &NcVariable, name: &str) -> Option<f64> {
    numbers(variable, name).map(|numbers| numbers[0])
}

/// Whether values of this type are numbers.
pub(crate) fn is_numeric(dtype: &NcType) -> bool {
    use NcType::{Byte, Double, Float, Int, Int64, Short, UByte, UInt, UInt64, UShort};
    matches!(
        dtype,
        Byte | Short | Int | Int64 | UByte | UShort | UInt | UInt64 | Float | Double
    )
}

fn text_of(attributes: &[NcAttribute], name: &str) -> Option<String> {
    let text = attributes
        .iter()
        .find(|attribute| attribute.name == name)?
        .value
        .as_string()?;
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    (!text.is_empty()).then(|| text.to_owned())
}

fn unreadable(part: &str) -> impl FnOnce(netcdf_reader::Error) -> Error {
    let part = part.to_owned();
    move |source| Error::Unreadable {
        part,
        source: Box::new(source),
    }
}

/// Refuses what cannot be NetCDF and what is shorter than its own header says.
fn check_head(head: &[u8], size_bytes: u64) -> Result<(), Error> {
    if head.is_empty() {
        return Err(Error::Empty);
    }
    if head.starts_with(b"\x89HDF\r\n\x1a\n") {
        return match hdf5_stated_end(head) {
            Some(stated) if stated > size_bytes => Err(Error::Truncated {
                stated,
                found: size_bytes,
            }),
            _ => Ok(()),
        };
    }
    match head {
        [b'C', b'D', b'F', 1 | 2 | 5, ..] if head.len() >= 32 => Ok(()),
        [b'C', b'D', b'F', 1 | 2 | 5, ..] => Err(Error::Truncated {
            stated: 32,
            found: size_bytes,
        }),
        [b'C', b'D', b'F', version, ..] => Err(Error::NotNetCdf(format!(
            "it has the classic format's mark with the unknown version {version}"
        ))),
        _ => Err(Error::NotNetCdf(what_it_looks_like(head))),
    }
}

/// The end-of-file address in an HDF5 superblock (HDF5 file format specification 3.0, II.A).
fn hdf5_stated_end(head: &[u8]) -> Option<u64> {
    let (at, offset_size) = match *head.get(8)? {
        0 => (24, *head.get(13)?),
        1 => (28, *head.get(13)?),
        2 | 3 => (12, *head.get(9)?),
        _ => return None,
    };
    if offset_size != 8 {
        return None;
    }
    let address = |index: usize| {
        let bytes = head.get(at + 8 * index..at + 8 * index + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    // Base address, then free space or superblock extension, then end of file; counted from the base.
    let (base, end) = (address(0)?, address(2)?);
    (end != u64::MAX).then(|| base.saturating_add(end))
}

fn what_it_looks_like(head: &[u8]) -> String {
    let start = String::from_utf8_lossy(&head[..head.len().min(16)])
        .trim_start()
        .to_ascii_lowercase();
    let known = [
        ("<", "it begins like an HTML or XML page"),
        ("{", "it begins like JSON"),
        ("pk", "it is a ZIP archive"),
        ("\u{1f}\u{fffd}", "it is compressed with gzip"),
        ("error", "it begins with the word 'error'"),
    ];
    known.iter().find(|(mark, _)| start.starts_with(mark)).map_or_else(
        || {
            let bytes: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("its first bytes are {}", bytes.join(" "))
        },
        |(_, words)| (*words).to_owned(),
    )
}
