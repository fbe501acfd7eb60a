//! The bounds of a mission, in one place for validation, the API document and the command line.

/// Particles of one run.
pub const ENSEMBLE: std::ops::RangeInclusive<u32> = 1..=1_000_000;
/// Particles unless asked for otherwise: areas are stable from here (leeway.md 6.1).
pub const DEFAULT_ENSEMBLE: u32 = 5_000;
/// Hours of forecast.
pub const HOURS: std::ops::RangeInclusive<u32> = 1..=240;
/// Hours unless asked for otherwise.
pub const DEFAULT_HOURS: u32 = 24;
/// Standard deviation of the last known position, metres.
pub const RADIUS_M: std::ops::RangeInclusive<f64> = 0.0..=200_000.0;
/// Radius unless asked for otherwise, metres.
pub const DEFAULT_RADIUS_M: f64 = 1_000.0;
/// Time step, seconds.
pub const STEP_S: std::ops::RangeInclusive<u32> = 60..=3_600;
/// Time step unless asked for otherwise, seconds.
pub const DEFAULT_STEP_S: u32 = 600;
/// Seconds between outputs.
pub const OUTPUT_INTERVAL_S: std::ops::RangeInclusive<u32> = 600..=21_600;
/// Output interval unless asked for otherwise: every hour.
pub const DEFAULT_OUTPUT_INTERVAL_S: u32 = 3_600;
/// Output times of one run.
pub const MAX_OUTPUTS: u32 = 1_500;
/// Particles times output times of one run: what its files and rows are sized by.
pub const MAX_POSITIONS: u64 = 100_000_000;
/// Seeds stay exact in JSON readers that keep numbers as doubles.
pub const SEED: std::ops::RangeInclusive<u64> = 0..=9_007_199_254_740_991;
/// Standard deviation of the current's error, m/s.
pub const SIGMA_MS: std::ops::RangeInclusive<f64> = 0.0..=2.0;
/// Correlation time of the current's error, seconds: a minute to thirty days.
pub const TAU_S: std::ops::RangeInclusive<f64> = 60.0..=2_592_000.0;
/// Characters of a mission's name.
pub const NAME_CHARS: usize = 200;
/// Characters of a mission's description.
pub const DESCRIPTION_CHARS: usize = 4_000;
/// Feeds named in one mission.
pub const FORCING_CHOICES: usize = 16;
/// Scenarios of one mission.
pub const SCENARIOS: std::ops::RangeInclusive<usize> = 1..=20;
/// Weight of a scenario, or of a feed beside others; only ratios count.
pub const WEIGHT: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
/// Weight unless given.
pub const DEFAULT_WEIGHT: f64 = 1.0;
/// Changes of the object within one scenario.
pub const CHANGES: std::ops::RangeInclusive<usize> = 0..=8;
/// Waypoints of a voyage, departure and end included.
pub const WAYPOINTS: std::ops::RangeInclusive<usize> = 2..=100;
/// Longest way between two waypoints or the two ends of a cone, metres: beyond it the shortest way is no longer clear.
pub const LEG_M: f64 = 10_000_000.0;
/// Speed along a leg, m/s.
pub const SPEED_MS: std::ops::RangeInclusive<f64> = 0.05..=350.0;
/// Rings of a polygon: one outline and its holes.
pub const RINGS: std::ops::RangeInclusive<usize> = 1..=50;
/// Positions of a polygon's ring, the first repeated at the end.
pub const RING_POSITIONS: std::ops::RangeInclusive<usize> = 4..=1_000;
/// Positions of all rings of a polygon together.
pub const POLYGON_POSITIONS: usize = 1_000;
/// How often the edges of a polygon may cross each other.
pub const EDGE_CROSSINGS: usize = 1_000;
/// Smallest area of a polygon, square metres.
pub const POLYGON_AREA_M2: f64 = 1.0;
/// Lines of bearing of one scenario.
pub const BEARING_LINES: std::ops::RangeInclusive<usize> = 1..=12;
/// A bearing, degrees clockwise from true north.
pub const BEARING_DEG: std::ops::RangeInclusive<f64> = 0.0..=360.0;
/// Standard deviation of a bearing, degrees.
pub const BEARING_SIGMA_DEG: std::ops::RangeInclusive<f64> = 0.05..=90.0;
/// Full width of a sector, degrees.
pub const SECTOR_WIDTH_DEG: std::ops::RangeInclusive<f64> = 0.1..=360.0;
/// How far from the observer the object can be, metres.
pub const RANGE_M: std::ops::RangeInclusive<f64> = 1.0..=500_000.0;
/// How far from the observer the object is at least, metres.
pub const MIN_RANGE_M: std::ops::RangeInclusive<f64> = 0.0..=500_000.0;
/// Standard deviation of the wind's error, m/s.
pub const WIND_SIGMA_MS: std::ops::RangeInclusive<f64> = 0.0..=10.0;
/// Share of a coefficient's variance that varies in time.
pub const COEFFICIENT_SHARE: std::ops::RangeInclusive<f64> = 0.0..=1.0;
