//! The embedded coast against the reference points, and the properties the drift kernel counts on.

mod golden;
mod land;
mod open_water;
mod properties;
#[cfg(feature = "build")]
mod rebuild;
mod segments;
mod small_worlds;

/// A fixed sequence of numbers in 0..1 (Knuth's MMIX constants).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}
