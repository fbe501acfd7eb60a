//! Missions in an order that the caller picks: by a value, and among equals by id, so that a page that begins behind (value, id)
//! misses none and shows none twice, whatever is added meanwhile. What has no value counts as the smallest.

use driftline_domain::Priority;

use super::status_word;
use crate::Mission;
use crate::columns::micros;
use crate::sql::{Dialect, QueryBuilder};

/// What missions are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissionOrderKey {
    /// When they were accepted.
    CreatedAt,
    /// When something about them changed last.
    UpdatedAt,
    /// When they were completed; what is not completed counts as earlier than all.
    CompletedAt,
    /// What was asked for: low, normal, urgent.
    Priority,
    /// The name in lower case, by code points.
    Name,
    /// The status by its name.
    Status,
}

/// An order of missions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissionOrder {
    /// By what.
    pub key: MissionOrderKey,
    /// The largest first.
    pub descending: bool,
}

/// What a mission is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderValue {
    /// Microseconds since 1970, or a rank.
    Number(i64),
    /// A word.
    Text(String),
}

const fn rank(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::Urgent => 2,
    }
}

impl MissionOrder {
    /// The value of a mission in this order.
    pub fn value_of(self, mission: &Mission) -> OrderValue {
        let time = |time: jiff::Timestamp| OrderValue::Number(micros(time));
        match self.key {
            MissionOrderKey::CreatedAt => time(mission.created_at),
            MissionOrderKey::UpdatedAt => time(mission.updated_at),
            MissionOrderKey::CompletedAt => mission.completed_at.map_or(OrderValue::Number(0), time),
            MissionOrderKey::Priority => OrderValue::Number(rank(mission.spec.priority)),
            MissionOrderKey::Name => OrderValue::Text(mission.spec.name.as_deref().unwrap_or_default().to_lowercase()),
            MissionOrderKey::Status => OrderValue::Text(status_word(mission.status).to_owned()),
        }
    }

    fn expression(self, dialect: Dialect) -> String {
        let text = |column: &str| format!("{column}{}", dialect.by_code_points());
        match self.key {
            MissionOrderKey::CreatedAt => "m.created_at".to_owned(),
            MissionOrderKey::UpdatedAt => "m.updated_at".to_owned(),
            MissionOrderKey::CompletedAt => "coalesce(m.completed_at, 0)".to_owned(),
            MissionOrderKey::Priority => {
                let asked = dialect.json_text("m.spec", "priority");
                format!("CAST(CASE {asked} WHEN 'urgent' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END AS BIGINT)")
            }
            MissionOrderKey::Name => text("m.search"),
            MissionOrderKey::Status => text("m.status"),
        }
    }

    /// Only what comes behind this value and this mission.
    pub(super) fn push_behind(
        self,
        query: &mut QueryBuilder,
        dialect: Dialect,
        (value, id): &(OrderValue, driftline_domain::MissionId),
    ) {
        let comparison = if self.descending { ") < (" } else { ") > (" };
        query
            .push(" AND (")
            .push(self.expression(dialect))
            .push(", m.id")
            .push(comparison);
        match value {
            OrderValue::Number(number) => query.push_bind(*number),
            OrderValue::Text(text) => query.push_bind(text.as_str()),
        };
        query.push(", ").push_bind(*id).push(")");
    }

    pub(super) fn push_order(self, query: &mut QueryBuilder, dialect: Dialect) {
        let direction = if self.descending { " DESC" } else { "" };
        query
            .push(" ORDER BY ")
            .push(self.expression(dialect))
            .push(direction)
            .push(", m.id")
            .push(direction);
    }
}
