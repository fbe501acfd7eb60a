//! The widest instructions that the processor has, chosen when the program runs.
//!
//! The same source is compiled twice: for any processor of its kind, and for one with 256-bit registers. Neither fuses a
//! multiplication with an addition, so both give the same bits.

use crate::block::Block;
use crate::kernel::Kernel;

/// Takes a block through steps.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the one call into code for a processor that was asked what it can")]
pub(crate) fn advance(block: &mut Block, steps: std::ops::Range<u32>, kernel: &Kernel<'_>) {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just said that it has AVX2.
        unsafe { advance_wide(block, steps, kernel) }
    } else {
        block.advance(steps, kernel);
    }
}

/// Takes a block through steps.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn advance(block: &mut Block, steps: std::ops::Range<u32>, kernel: &Kernel<'_>) {
    block.advance(steps, kernel);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn advance_wide(block: &mut Block, steps: std::ops::Range<u32>, kernel: &Kernel<'_>) {
    block.advance(steps, kernel);
}
