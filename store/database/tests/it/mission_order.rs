//! Missions in an order of the caller's, page by page: the same on both engines.

use driftline_database::{Mission, MissionFilter, MissionOrder, MissionOrderKey, OrderValue};

use crate::{Place, run, spec};

on_both_engines! {
    every_order_is_walked_without_gap_or_repetition,
}

async fn walk(place: &Place, order: MissionOrder, limit: u32) -> Vec<Mission> {
    let (mut found, mut behind) = (Vec::<Mission>::new(), None);
    loop {
        let filter = MissionFilter {
            order: Some(order),
            behind,
            limit,
            ..MissionFilter::default()
        };
        let page = place.database.missions(place.org, &filter).await.unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        behind = Some((order.value_of(last), last.id));
        found.extend(page);
    }
}

async fn every_order_is_walked_without_gap_or_repetition(place: Place) {
    place.publish("done", 0, run(&[[3.0, 59.0, 4.0, 60.0]])).await;
    let names = ["Ørn", "anker", "Zebra", "", "anker", "_z", "é", "a b", "A-b"];
    for (number, (name, priority)) in names
        .into_iter()
        .zip(["low", "urgent", "normal"].into_iter().cycle())
        .enumerate()
    {
        // Two of each second.
        let mut new = place.new_mission(name, 10 - number as i64 / 2);
        new.spec = spec(name, priority);
        new.spec.name = Some(name.to_owned()).filter(|name| !name.is_empty());
        place.create(new).await;
    }
    for key in [
        MissionOrderKey::CreatedAt,
        MissionOrderKey::UpdatedAt,
        MissionOrderKey::CompletedAt,
        MissionOrderKey::Priority,
        MissionOrderKey::Name,
        MissionOrderKey::Status,
    ] {
        let order = |descending| MissionOrder { key, descending };
        let up = walk(&place, order(false), 2).await;
        assert_eq!(up.len(), 10, "{key:?}");
        let placed: Vec<_> = up
            .iter()
            .map(|mission| match order(false).value_of(mission) {
                OrderValue::Number(number) => (number, String::new(), mission.id),
                OrderValue::Text(text) => (0, text, mission.id),
            })
            .collect();
        assert!(placed.is_sorted(), "{key:?}: {placed:?}");
        let mut down = walk(&place, order(true), 3).await;
        down.reverse();
        assert_eq!(up, down, "{key:?}");
    }
}
