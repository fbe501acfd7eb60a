//! A field's missing values against the coast: whether a node lies in open sea, and whether the field's land lies where
//! the coast has it.

use driftline_coast::Coast;
use driftline_domain::{GridPoint, GridSpec};

use super::presence::Presence;

/// Cells between a shore and what counts as open sea: models have coasts of their own.
const CELLS_OFF: f64 = 2.0;
/// Farther than this from any shore is open sea on every grid, metres.
const FAR_M: f64 = 120_000.0;
/// What the coast itself may be off, metres.
const COAST_OFF_M: f64 = 1_000.0;

/// Tells of nodes whether they lie in open sea.
pub(super) struct OpenSea<'a> {
    coast: &'a Coast,
    grid: &'a GridSpec,
    off_m: f64,
}

impl<'a> OpenSea<'a> {
    /// Of a grid.
    pub(super) fn new(coast: &'a Coast, grid: &'a GridSpec) -> Self {
        Self {
            coast,
            grid,
            off_m: (CELLS_OFF * grid.cell_m() + COAST_OFF_M).min(FAR_M),
        }
    }

    /// Whether a node lies in the sea and far from any shore. One without a position lies nowhere.
    pub(super) fn holds(&self, node: usize) -> bool {
        let (lon, lat) = position(self.grid, node);
        !lon.is_nan() && !self.coast.on_land(lon, lat) && self.coast.distance_to_coast(lon, lat, self.off_m).is_none()
    }
}

/// Longitude and latitude of a node.
pub(super) fn position(grid: &GridSpec, node: usize) -> (f64, f64) {
    let nx = grid.nx().max(1);
    grid.position(GridPoint {
        i: (node % nx) as f64,
        j: (node / nx) as f64,
    })
}

/// Most nodes that are compared with the coast.
const MOST: usize = 30_000;
/// Least nodes from which land has a shape.
const LEAST: usize = 400;
/// Of missing values and of land there is at least this share, and of the rest too.
const SOME: f64 = 0.02;
/// A move or turn explains the field if it leaves less than this share of the disagreement,
const EXPLAINED: f64 = 0.5;
/// which was at least this share of all nodes.
const DISAGREE: f64 = 0.02;
/// Farthest move that is tried, nodes. A move by one is within what grids differ in.
const FARTHEST: i64 = 8;

/// A way in which a field can lie wrongly on the globe.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Misplaced {
    UpsideDown,
    Mirrored,
    HalfTurn,
    Moved(i64, i64),
}

/// The code and words for land that lies where the coast has it only after the field is turned or moved.
pub(super) fn misplaced(coast: &Coast, grid: &GridSpec, presence: &Presence) -> Option<(&'static str, String)> {
    let (nx, ny) = (grid.nx(), grid.ny());
    if nx * ny < LEAST {
        return None;
    }
    let stride = (nx * ny).div_ceil(MOST) | 1;
    let nodes = (0..nx * ny).step_by(stride);
    let land: Vec<(usize, bool)> = nodes
        .map(|node| (node, position(grid, node)))
        .filter(|(_, (lon, _))| !lon.is_nan())
        .map(|(node, (lon, lat))| (node, coast.on_land(lon, lat)))
        .collect();
    let share = |count: usize| count as f64 / land.len() as f64;
    let on_land = share(land.iter().filter(|(_, land)| *land).count());
    let missing = share(land.iter().filter(|(node, _)| !presence.is_seen(*node)).count());
    let tells = |share: f64| (SOME..=1.0 - SOME).contains(&share);
    if !tells(on_land) || !tells(missing) {
        return None;
    }
    let disagreement = |from: &dyn Fn(i64, i64) -> Option<(i64, i64)>| {
        let (mut wrong, mut asked) = (0_usize, 0_usize);
        for (node, land) in &land {
            if let Some((i, j)) = from((node % nx) as i64, (node / nx) as i64) {
                asked += 1;
                wrong += usize::from(presence.is_seen(j as usize * nx + i as usize) == *land);
            }
        }
        // A move that leaves half of the field over tells nothing.
        if asked * 2 < land.len() {
            1.0
        } else {
            wrong as f64 / asked as f64
        }
    };
    let as_it_is = disagreement(&|i, j| Some((i, j)));
    if as_it_is < DISAGREE {
        return None;
    }
    let tried = ways(grid).map(|way| (way, disagreement(&|i, j| way.source(grid, i, j))));
    let (way, least) = tried.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (least < EXPLAINED * as_it_is).then(|| {
        let words = format!(
            "{}: {:.1} % of its nodes disagree with the coast as it is, {:.1} % otherwise",
            way.words(),
            as_it_is * 100.0,
            least * 100.0
        );
        (way.code(), words)
    })
}

/// All ways, moves last.
fn ways(grid: &GridSpec) -> impl Iterator<Item = Misplaced> {
    let turns = [Misplaced::UpsideDown, Misplaced::Mirrored];
    let half = grid.wraps().then_some(Misplaced::HalfTurn);
    let moves = (-FARTHEST..=FARTHEST).flat_map(|di| (-FARTHEST..=FARTHEST).map(move |dj| (di, dj)));
    let moves = moves.filter(|(di, dj)| di.abs().max(dj.abs()) > 1);
    turns
        .into_iter()
        .chain(half)
        .chain(moves.map(|(di, dj)| Misplaced::Moved(di, dj)))
}

impl Misplaced {
    /// Where the value that belongs to a node stands.
    fn source(self, grid: &GridSpec, i: i64, j: i64) -> Option<(i64, i64)> {
        let (nx, ny) = (grid.nx() as i64, grid.ny() as i64);
        let (i, j) = match self {
            Self::UpsideDown => (i, ny - 1 - j),
            Self::Mirrored => (nx - 1 - i, j),
            Self::HalfTurn => ((i + nx / 2) % nx, j),
            Self::Moved(di, dj) if grid.wraps() => ((i + di).rem_euclid(nx), j + dj),
            Self::Moved(di, dj) => (i + di, j + dj),
        };
        ((0..nx).contains(&i) && (0..ny).contains(&j)).then_some((i, j))
    }

    fn code(self) -> &'static str {
        match self {
            Self::UpsideDown | Self::Mirrored => "flipped",
            Self::HalfTurn | Self::Moved(..) => "shifted",
        }
    }

    fn words(self) -> String {
        match self {
            Self::UpsideDown => "lies upside down".to_owned(),
            Self::Mirrored => "is mirrored east to west".to_owned(),
            Self::HalfTurn => "is turned by 180 degrees of longitude".to_owned(),
            Self::Moved(di, dj) => format!("is moved by {di} nodes along the row and {dj} across"),
        }
    }
}
