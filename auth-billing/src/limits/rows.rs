//! The rows of shared buckets in the database.

use driftline_database::{Database, TokenDraw};

use super::share::{DrawOrder, Drawn};
use super::shared::{Draw, SharedBuckets};

impl SharedBuckets for Database {
    fn draw<'a>(&'a self, bucket: &'a str, order: DrawOrder) -> Draw<'a> {
        let draw = TokenDraw {
            now_us: order.now_us,
            cost_us: order.cost_us,
            depth_us: order.depth_us,
            unused_us: order.unused_us,
            unused_since_us: order.unused_since_us,
        };
        Box::pin(async move {
            let (is_given, full_at_us) = self.draw_tokens(bucket, draw).await?;
            Ok(Drawn { is_given, full_at_us })
        })
    }
}
