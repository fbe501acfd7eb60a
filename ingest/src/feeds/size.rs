//! How small a file or a message can be and still be whole.

/// Bytes of a GRIB2 message without its values: sections of 16 + 21 + 72 + 34 + 21 + 6 + 5 + 4 bytes.
pub(super) const LEAST_MESSAGE: u64 = 179;

/// Bytes below which a NetCDF file of so many 2-D fields cannot be whole: deflate makes nothing smaller than 1/1032.
pub(super) const fn least_bytes(fields: u64, nodes: u64, bytes_a_value: u64) -> u64 {
    fields * nodes * bytes_a_value / 1032
}
