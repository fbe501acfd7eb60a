//! The words of the trade: identifiers, places, times, grids, variables, object classes and missions.
//!
//! Everything here is a value that cannot be built wrongly. There is no I/O, no async and no clock: "now" is always
//! an argument. Units are SI unless a name says otherwise (`_deg`, `_h`); longitudes are degrees east in
//! [-180, 180), latitudes degrees north, times UTC.

mod curvilinear;
mod field;
mod grid;
mod id;
mod mission;
mod object_class;
mod place;
mod projection;
mod reference_system;
mod time;
mod unambiguous_json;
mod variable;
mod violation;
mod whole;

pub use curvilinear::{CurvilinearGrid, CurvilinearProblem};
pub use field::{AxisRotation, ComponentAxes, VectorField};
pub use grid::{GridPoint, GridSpec, IndexWindow, Locator, ProjectedGrid, RegularGrid};
pub use id::{
    Id, IdError, IdKind, InvitationId, InvoiceId, JobId, KeyId, MailId, MissionId, OrgId, PasskeyId, PlanId, RequestId,
    RunId, SessionId, ShareLinkId, SubscriptionId, UserId,
};
pub use mission::{
    BearingLine, BearingsRelease, Change, CoastlineAction, ConeEnd, ConeRelease, CurrentError, Direction, Distribution,
    Edge, ForcingChoice, MissionSpec, Mode, Outline, Pace, PointRelease, PolygonRelease, PositionSource, Priority,
    Release, Scenario, SlowCoefficients, Spread, TrackRelease, Waypoint, WindError, limits,
};
pub use object_class::{Coefficients, OBJECT_CLASSES, ObjectClass, nearest_class_names};
pub use place::{BBox, LatLon, PlaceError, meters_per_degree, wrap_lon_deg};
pub use projection::{Ellipsoid, Projection, Projector};
pub use reference_system::{PolarSystem, ReferencePlane, ReferenceSystem};
pub use time::{RunTime, TimeError, ValidTime};
pub use unambiguous_json::unambiguous_json;
pub use variable::{Composition, ForcingKind, Variable};
pub use violation::Violation;
pub use whole::{integer, whole_below};
