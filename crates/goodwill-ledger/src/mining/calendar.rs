//! Which height belongs to which epoch, and when orders, draws and seats have their time.

use crate::Parameters;
use std::ops::RangeInclusive;

impl Parameters {
    /// The epoch of the block at `height`; genesis belongs to epoch 0.
    pub fn epoch_of(&self, height: u64) -> u64 {
        height / self.blocks_per_epoch
    }

    /// The heights of the blocks of `epoch`; genesis is the first of epoch 0.
    pub fn heights(&self, epoch: u64) -> RangeInclusive<u64> {
        let first = epoch * self.blocks_per_epoch;
        first..=first + self.blocks_per_epoch - 1
    }

    /// Whether the block at `height` is the last of its epoch.
    pub fn is_last(&self, height: u64) -> bool {
        self.epoch_of(height + 1) != self.epoch_of(height)
    }

    /// The epoch whose slots can be ordered in the block at `height`.
    ///
    /// spec: orders 1
    pub fn ordering(&self, height: u64) -> u64 {
        self.epoch_of(height) + 2
    }

    /// The height at which the slots of `epoch`, at least 1, are drawn.
    ///
    /// spec: draw 1
    pub fn draw_height(&self, epoch: u64) -> u64 {
        self.heights(epoch - 1).start() + self.blocks_per_epoch / 2
    }

    /// The heights at which the seats of `epoch`, at least 1, are taken up.
    ///
    /// spec: taking up 1
    pub fn take_up_heights(&self, epoch: u64) -> RangeInclusive<u64> {
        let seven_eighths = self.heights(epoch - 1).start() + self.blocks_per_epoch / 8 * 7;
        self.draw_height(epoch)..=seven_eighths
    }

    /// The turns of a slot that are paid.
    pub fn paid_turns(&self) -> u64 {
        self.blocks_per_epoch / u64::from(self.slots_per_epoch)
    }

    /// How many links the luck of a new seat has: one for each block of an epoch.
    pub fn luck_length(&self) -> u32 {
        u32::try_from(self.blocks_per_epoch).expect("checked when the manifest was read")
    }
}
