//! The widest instructions that the processor has, chosen when the program runs.
//!
//! The same source is compiled for any processor of its kind, for one with 256-bit registers, and for one that has twice as
//! many of them. None fuses a multiplication with an addition, so all give the same bits.

use std::ops::Range;

use crate::block::Block;
use crate::kernel::Kernel;

/// Takes a block through steps.
#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "the calls into code for a processor that was asked what it can"
)]
pub(crate) fn advance(block: &mut Block, steps: Range<u32>, kernel: &Kernel<'_>) {
    let has_many = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq");
    if has_many {
        // SAFETY: the processor has just said that it has AVX-512 F, VL and DQ.
        unsafe { advance_with_many(block, steps, kernel) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just said that it has AVX2.
        unsafe { advance_wide(block, steps, kernel) }
    } else {
        block.advance(steps, kernel);
    }
}

/// Takes a block through steps.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn advance(block: &mut Block, steps: Range<u32>, kernel: &Kernel<'_>) {
    block.advance(steps, kernel);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn advance_with_many(block: &mut Block, steps: Range<u32>, kernel: &Kernel<'_>) {
    block.advance(steps, kernel);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn advance_wide(block: &mut Block, steps: Range<u32>, kernel: &Kernel<'_>) {
    block.advance(steps, kernel);
}
