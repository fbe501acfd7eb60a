//! Scanning mode (flag table 3.4): from the order of values in a message to the row order of a grid, rows from south (or
//! smallest y) to north, nodes from west to east.

/// Flag table 3.4 for a grid of this many nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanning {
    pub(crate) file_nx: usize,
    pub(crate) file_ny: usize,
    /// Rows run from east to west.
    pub(crate) westward: bool,
    /// Rows follow each other from south to north.
    pub(crate) northward: bool,
    /// Values that follow each other are neighbours along y.
    column_by_column: bool,
    /// Each second line runs the other way.
    boustrophedon: bool,
}

impl Scanning {
    /// Understands the flags.
    pub(crate) fn of(flags: u8, file_nx: usize, file_ny: usize) -> Result<Self, String> {
        if flags & 0x0f != 0 {
            return Err(format!(
                "its scanning mode {flags:#010b} offsets rows against each other"
            ));
        }
        Ok(Self {
            file_nx,
            file_ny,
            westward: flags & 0x80 != 0,
            northward: flags & 0x40 != 0,
            column_by_column: flags & 0x20 != 0,
            boustrophedon: flags & 0x10 != 0,
        })
    }

    /// Position in the message of a node counted from west and south.
    fn position(&self, from_west: usize, from_south: usize) -> usize {
        let across = if self.westward {
            self.file_nx - 1 - from_west
        } else {
            from_west
        };
        let down = if self.northward {
            from_south
        } else {
            self.file_ny - 1 - from_south
        };
        let (line, along, length) = if self.column_by_column {
            (across, down, self.file_ny)
        } else {
            (down, across, self.file_nx)
        };
        let along = if self.boustrophedon && line % 2 == 1 {
            length - 1 - along
        } else {
            along
        };
        line * length + along
    }
}

/// The nodes that a grid takes of a message, and where they lie there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeOrder {
    pub(crate) scanning: Scanning,
    /// The file's column, counted from west, that is the grid's first: not 0 where the grid was turned to begin at -180.
    pub(crate) first_column: usize,
    /// Columns of the grid: one fewer than in the file where it repeats its first meridian.
    pub(crate) nx: usize,
}

impl NodeOrder {
    /// Values in the order of the grid.
    pub(crate) fn ordered(&self, values: &[f32]) -> Vec<f32> {
        let Scanning { file_nx, file_ny, .. } = self.scanning;
        let mut ordered = Vec::with_capacity(self.nx * file_ny);
        for from_south in 0..file_ny {
            if self.scanning.westward || self.scanning.column_by_column || self.scanning.boustrophedon {
                let columns = (self.first_column..self.nx).chain(0..self.first_column);
                ordered.extend(columns.map(|column| values[self.scanning.position(column, from_south)]));
            } else {
                let start = self.scanning.position(0, from_south);
                let row = &values[start..start + file_nx];
                ordered.extend_from_slice(&row[self.first_column..self.nx]);
                ordered.extend_from_slice(&row[..self.first_column]);
            }
        }
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three columns and two rows; the value tells column and row from south-west: 10 * row + column.
    fn ordered(flags: u8, values: [f32; 6]) -> Vec<f32> {
        let scanning = Scanning::of(flags, 3, 2).unwrap();
        let order = NodeOrder {
            scanning,
            first_column: 0,
            nx: 3,
        };
        order.ordered(&values)
    }

    #[test]
    fn every_way_of_scanning_gives_one_order() {
        let expected = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        for (flags, values) in [
            (0x00, [10.0, 11.0, 12.0, 0.0, 1.0, 2.0]),
            (0x40, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]),
            (0x80, [12.0, 11.0, 10.0, 2.0, 1.0, 0.0]),
            (0xc0, [2.0, 1.0, 0.0, 12.0, 11.0, 10.0]),
            (0x20, [10.0, 0.0, 11.0, 1.0, 12.0, 2.0]),
            (0x60, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]),
            (0xe0, [2.0, 12.0, 1.0, 11.0, 0.0, 10.0]),
            (0x10, [10.0, 11.0, 12.0, 2.0, 1.0, 0.0]),
            (0x50, [0.0, 1.0, 2.0, 12.0, 11.0, 10.0]),
            (0xd0, [2.0, 1.0, 0.0, 10.0, 11.0, 12.0]),
            (0x70, [0.0, 10.0, 11.0, 1.0, 2.0, 12.0]),
        ] {
            assert_eq!(ordered(flags, values), expected, "{flags:#010b}");
        }
        assert!(Scanning::of(0x48, 3, 2).is_err(), "offset rows");
    }

    #[test]
    fn a_turned_grid_begins_elsewhere() {
        let scanning = Scanning::of(0x40, 4, 1).unwrap();
        let order = NodeOrder {
            scanning,
            first_column: 2,
            nx: 3,
        };
        assert_eq!(
            order.ordered(&[0.0, 1.0, 2.0, 3.0]),
            [2.0, 0.0, 1.0],
            "the repeated meridian is dropped"
        );
        let backwards = NodeOrder {
            scanning: Scanning::of(0xc0, 4, 1).unwrap(),
            ..order
        };
        assert_eq!(backwards.ordered(&[3.0, 2.0, 1.0, 0.0]), [2.0, 0.0, 1.0]);
    }
}
