//! Bytes for maps: pictures, vector tiles, legends, rasters. No HTTP, no authentication, no I/O.
//!
//! Everything is a pure function of its arguments: the same view of the same data gives the same bytes. SI inside,
//! degrees are WGS84, longitudes of data in [-180, 180); views may reach beyond.

mod areas;
mod basemap;
mod canvas;
mod clip;
pub mod cog;
mod density;
mod error;
mod field;
mod fit;
mod legend;
mod marks;
mod matrix_set;
mod mercator;
pub mod mvt;
mod notice;
mod palette;
mod picture;
mod scatter;
mod symbols;
mod text;
mod tile_id;
mod view;
mod warp;

pub use areas::{AreaLook, AreaShape, AreaStyle, Scheme, area_rims, draw_areas, draw_areas_while, level_colour};
pub use basemap::{Basemap, build_low_tiles, land_in_view};
pub use density::{DensityGrid, DensityStyle, draw_density};
pub use error::Error;
pub use field::{FieldLook, FieldSlab, FieldStyle, FieldValue, Quantity, Reading, draw_field, sample, sample_many};
pub use fit::{Fit, view_around};
pub use legend::{LegendSize, LegendSubject, draw_legend, legend_size};
pub use marks::{LineStyle, MarkStatus, PointStyle, Track, draw_lines, draw_points, mark_colour};
pub use matrix_set::TileMatrixSet;
pub use notice::draw_notice;
pub use palette::{ColourMap, ColourStops};
pub use picture::{Picture, Rgba, TRANSPARENT};
pub use scatter::{Cell, Scatter};
pub use symbols::{LineSymbol, MarkShape, MarkSymbol, Symbol, draw_symbols};
pub use tile_id::{TileId, TileLimits};
pub use view::{MapCrs, MapView};
