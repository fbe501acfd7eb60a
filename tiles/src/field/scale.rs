//! From a length to a palette index, and the palette: colours of the scale, and what arrows make of them.
//!
//! An arrow is dark with a light casing, so that it reads on any ground. Its soft edges need colours between casing and
//! scale: three for each colour of the scale, which is why a picture with arrows has 60 colours instead of 255.

use super::FieldStyle;
use crate::picture::{Rgba, TRANSPARENT, over};

/// Arrow pixels by how much of the arrow covers them: none, three shares of casing over the ground, casing, and eight
/// steps from casing to the arrow's own colour.
pub(super) const LAST_CODE: u8 = 12;
/// The first code at which nothing of the ground is seen.
pub(super) const CASING_CODE: u8 = 4;

const CASING: [u8; 3] = [250, 250, 250];
const DARK: [u8; 3] = [24, 26, 34];

/// The colour scale of a picture.
pub(super) struct Scale {
    style: FieldStyle,
    /// Colours of the scale; index 0 is "nothing here", 1 the lowest.
    colours: u8,
    /// Those of them that are steps of the range.
    bands: u8,
    arrows: bool,
    low: f32,
    per_unit: f32,
}

impl Scale {
    pub(super) fn of(style: &FieldStyle) -> Self {
        let arrows = style.look.has_marks();
        let edges = u8::from(style.below.is_some()) + u8::from(style.above.is_some());
        let most = match (style.look.has_colours(), arrows) {
            (false, _) => 0,
            (true, false) => 255 - edges,
            (true, true) => 60 - edges,
        };
        let bands = style.bands.map_or(most, |bands| bands.clamp(1, most.max(1)).min(most));
        let colours = if most == 0 { 0 } else { bands + edges };
        let (low, high) = style.range;
        let per_unit = f64::from(bands) / (high - low);
        // What is below has an index of its own under the lowest step.
        let low = if style.below.is_some() {
            low - 1.0 / per_unit
        } else {
            low
        };
        let sound = low.is_finite() && per_unit.is_finite() && per_unit > 0.0;
        Self {
            style: *style,
            colours,
            bands,
            arrows,
            low: if sound { low as f32 } else { 0.0 },
            per_unit: if sound { per_unit as f32 } else { 0.0 },
        }
    }

    /// Indices of one row of pixels that are still 0. `squares` are squared lengths times the squared weight of wet
    /// nodes, `wet` the weights.
    pub(super) fn fill(&self, squares: &[f32], wet: &[f32], indices: &mut [u8]) {
        let last = f32::from(self.colours.max(1) - 1);
        for ((index, square), wet) in indices.iter_mut().zip(squares).zip(wet) {
            let share = (square.sqrt() / wet - self.low) * self.per_unit;
            // The lowest bits of 2^23 + n are n: a conversion without the checks that keep the loop from being
            // vectorised. The cast's own half is taken off first, as adding rounds to the nearest.
            let level = (share - 0.5).max(0.0).min(last) + 8_388_608.0;
            let level = (level.to_bits() as u8).wrapping_add(1);
            let drawn = if *wet > 0.5 { level } else { 0 };
            *index = if *index == 0 { drawn } else { *index };
        }
    }

    /// The index of an arrow's pixel over a pixel of the scale.
    pub(super) fn under_arrow(&self, ground: u8, code: u8) -> u8 {
        let grounds = self.colours + 1;
        match code {
            0 => ground,
            // Where arrows meet, the ground is an arrow already.
            _ if ground >= grounds => ground.max(self.arrow_index(code.max(CASING_CODE))),
            1..CASING_CODE => grounds * code + ground,
            _ => self.arrow_index(code),
        }
    }

    fn arrow_index(&self, code: u8) -> u8 {
        (self.colours + 1) * CASING_CODE + (code - CASING_CODE)
    }

    /// The palette of the indices.
    pub(super) fn palette(&self) -> Vec<Rgba> {
        let bands = (0..self.bands).map(|k| {
            let share = (f64::from(k) + 0.5) / f64::from(self.bands);
            self.style.colours.rgba(share)
        });
        let (below, above) = if self.colours == 0 {
            (None, None)
        } else {
            (self.style.below, self.style.above)
        };
        let colours = below.into_iter().chain(bands).chain(above);
        let grounds: Vec<Rgba> = std::iter::once(TRANSPARENT).chain(colours).collect();
        if !self.arrows {
            return grounds;
        }
        let casing = |alpha: u8| [CASING[0], CASING[1], CASING[2], alpha];
        let soft = [64, 128, 191]
            .into_iter()
            .flat_map(|alpha| grounds.iter().map(move |ground| over(casing(alpha), *ground)));
        let solid = (0..=8u8).map(|k| {
            let alpha = (u16::from(k) * 255 / 8) as u8;
            over([DARK[0], DARK[1], DARK[2], alpha], casing(255))
        });
        grounds.iter().copied().chain(soft).chain(solid).collect()
    }
}
