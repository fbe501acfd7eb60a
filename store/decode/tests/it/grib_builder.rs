//! Small GRIB2 messages made by hand, for what no real file at hand shows.

use std::path::PathBuf;

use driftline_decode::{Error, ForcingFile};
use tempfile::TempDir;

/// One field of three by two nodes, with plain values (template 5.4).
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) centre: u16,
    /// Year, month, day, hour.
    pub(crate) run: (u16, u8, u8, u8),
    /// Discipline, category, number.
    pub(crate) parameter: (u8, u8, u8),
    /// Code table 4.0.
    pub(crate) template: u16,
    /// Unit of code table 4.4 and count.
    pub(crate) lead: (u8, u32),
    /// Type, scale and value.
    pub(crate) level: (u8, u8, u32),
    /// Kind of ensemble forecast and number.
    pub(crate) member: (u8, u8),
    /// Section 3 without its head.
    pub(crate) grid: Vec<u8>,
    pub(crate) values: Vec<f32>,
}

pub(crate) const TEN_METRES: (u8, u8, u32) = (103, 0, 10);
pub(crate) const SURFACE: (u8, u8, u32) = (1, 0, 1);

impl Field {
    pub(crate) fn of(parameter: (u8, u8, u8), level: (u8, u8, u32), value: f32) -> Self {
        Self {
            centre: 7,
            run: (2024, 2, 28, 18),
            parameter,
            template: 0,
            lead: (1, 6),
            level,
            member: (3, 0),
            grid: lon_lat(3, 2, 0x40, 10_000_000, 50_000_000),
            values: vec![value; 6],
        }
    }

    pub(crate) fn lead(mut self, unit: u8, count: u32) -> Self {
        self.lead = (unit, count);
        self
    }

    pub(crate) fn member(mut self, kind: u8, number: u8) -> Self {
        (self.template, self.member) = (1, (kind, number));
        self
    }

    fn section_1(&self) -> Vec<u8> {
        let (year, month, day, hour) = self.run;
        let mut body = self.centre.to_be_bytes().to_vec();
        body.extend([0, 0, 30, 0, 1]);
        body.extend(year.to_be_bytes());
        body.extend([month, day, hour, 0, 0, 0, 1]);
        section(1, &body)
    }

    fn section_4(&self) -> Vec<u8> {
        let mut body = vec![0, 0];
        body.extend(self.template.to_be_bytes());
        body.extend([self.parameter.1, self.parameter.2, 2, 0, 96, 0, 0, 0, self.lead.0]);
        body.extend(self.lead.1.to_be_bytes());
        body.extend([self.level.0, self.level.1]);
        body.extend(self.level.2.to_be_bytes());
        body.extend([255, 255, 255, 255, 255, 255]);
        body.extend([self.member.0, self.member.1, 30]);
        section(4, &body)
    }

    /// Sections 3 to 7; `bitmap` is section 6 without its head.
    pub(crate) fn rest(&self, bitmap: &[u8]) -> Vec<u8> {
        let mut representation = (self.values.len() as u32).to_be_bytes().to_vec();
        representation.extend([0, 4, 1]);
        let data: Vec<u8> = self.values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let parts = [
            section(3, &self.grid),
            self.section_4(),
            section(5, &representation),
            section(6, bitmap),
            section(7, &data),
        ];
        parts.concat()
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        whole(self.parameter.0, &[self.section_1(), self.rest(&[255])].concat())
    }

    /// A message of two fields: the second with what section 6 says for it.
    pub(crate) fn message_with(&self, bitmap: &[u8], other: &Self, other_bitmap: &[u8]) -> Vec<u8> {
        let parts = [self.section_1(), self.rest(bitmap), other.rest(other_bitmap)];
        whole(self.parameter.0, &parts.concat())
    }
}

fn section(number: u8, body: &[u8]) -> Vec<u8> {
    let mut section = (body.len() as u32 + 5).to_be_bytes().to_vec();
    section.push(number);
    section.extend(body);
    section
}

fn whole(discipline: u8, sections: &[u8]) -> Vec<u8> {
    let mut message = b"GRIB\0\0".to_vec();
    message.extend([discipline, 2]);
    message.extend((sections.len() as u64 + 20).to_be_bytes());
    message.extend(sections);
    message.extend(b"7777");
    message
}

/// Template 3.0 in steps of one degree, from millionths of a degree of its south-western node.
pub(crate) fn lon_lat(nx: u32, ny: u32, scanning: u8, west: u32, south: u32) -> Vec<u8> {
    let (east, north) = (west + (nx - 1) * 1_000_000, south + (ny - 1) * 1_000_000);
    let (first_lat, last_lat) = if scanning & 0x40 == 0 {
        (north, south)
    } else {
        (south, north)
    };
    let mut body = vec![0];
    body.extend((nx * ny).to_be_bytes());
    body.extend([0, 0, 0, 0, 6]);
    body.extend([0; 15]);
    for number in [nx, ny, 0, u32::MAX, first_lat, west] {
        body.extend(number.to_be_bytes());
    }
    body.push(0x30);
    for number in [last_lat, east, 1_000_000, 1_000_000] {
        body.extend(number.to_be_bytes());
    }
    body.push(scanning);
    body
}

/// The wind of one time.
pub(crate) fn wind(u: f32, v: f32) -> [Field; 2] {
    [Field::of((0, 2, 2), TEN_METRES, u), Field::of((0, 2, 3), TEN_METRES, v)]
}

/// Messages one after the other.
pub(crate) fn messages(fields: &[Field]) -> Vec<u8> {
    fields.iter().flat_map(Field::message).collect()
}

/// Opens bytes as a file whose name says nothing of its content.
pub(crate) fn open_bytes(bytes: &[u8]) -> Result<ForcingFile, Error> {
    let (_folder, path) = written(bytes);
    ForcingFile::open(&path)
}

pub(crate) fn written(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ocean_surface.nc");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Opens the messages of these fields.
pub(crate) fn open_fields(fields: &[Field]) -> Result<ForcingFile, Error> {
    open_bytes(&messages(fields))
}

/// Why the messages of these fields are no forcing.
pub(crate) fn refusal(fields: &[Field]) -> Error {
    match open_fields(fields) {
        Ok(file) => panic!("read as {:?}", file.series()),
        Err(error) => error,
    }
}
