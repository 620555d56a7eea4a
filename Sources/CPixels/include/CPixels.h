/// The inner loops of image files: conversions of pixels, and resampling.
///
/// They are written in C because a debug build runs C many times as fast as the same loops in Swift. They use only
/// integers and one division that IEEE 754 rounds exactly, so the results are the same on every machine.
#pragma once

#include <stdint.h>

#pragma clang assume_nonnull begin

/// Converts pixels between 1 (gray), 2 (gray, alpha), 3 (red, green, blue), and 4 channels (with alpha). A missing
/// alpha is 255; an alpha without a place is dropped. Gray is the luma of ITU-R BT.601, rounded:
/// 0.299 red + 0.587 green + 0.114 blue.
void nn_pixels_convert(const uint8_t *pixels, long count, int channels, uint8_t *result, int result_channels);

/// Converts inverted CMYK, as Adobe's programs store it, to red, green, and blue.
void nn_pixels_from_cmyk(const uint8_t *pixels, long count, uint8_t *result);

/// Turns an image from the Exif orientation 1 to 8 upright. The result has `width` and `height` exchanged from
/// orientation 5.
void nn_pixels_turn(const uint8_t *pixels, long height, long width, int channels, int orientation, uint8_t *result);

/// Splits interleaved channels into one plane for each, divided by 255.
void nn_pixels_planes(const uint8_t *pixels, long count, int channels, float *planes);

enum {
  /// The number of fractional bits of weights.
  nn_weight_bits = 22,
  /// The number of products at the same time in a row.
  nn_weight_lanes = 8,
};

/// The weights of `count` results, in units of 2⁻²²: result i is a sum of the values starts[i], starts[i] + 1, …
struct nn_weights {
  long count, taps;
  const int32_t *starts, *weights;
};

/// Resamples a row of pixels. Each of the `taps` is a group of 8 weights, for as many whole pixels as fit into 8 bytes:
/// the weight of a pixel is repeated for each of its channels, and the remaining weights are 0. Bytes from `end` on,
/// which is the end of the image, count as 0.
void nn_resample_row(
  const uint8_t *row, const uint8_t *end, int channels, struct nn_weights weights, uint8_t *result);

/// Returns result row i of resampled columns, with `taps` weights for as many rows, which are `stride` bytes apart.
/// `count` bytes of a row are used.
void nn_resample_columns(
  const uint8_t *rows, long count, long stride, struct nn_weights weights, long i, uint8_t *result);

#pragma clang assume_nonnull end
