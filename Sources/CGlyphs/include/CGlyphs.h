/// The inner loops of generated images: pen strokes as a distance field, and the shading of that field.
///
/// They are written in C because a debug build runs C about ten times as fast as the same vector loops in Swift. They
/// use only operations that IEEE 754 rounds exactly, none of which are fused, so the bytes are the same on every
/// machine.
#pragma once

#include <stdint.h>

#pragma clang assume_nonnull begin

/// The side length of an image in pixels, a multiple of 4.
enum { nn_glyph_size = 28 };

/// Clears a field: every pixel is far from all strokes. A field contains the squared distance of each pixel to the
/// nearest stroke, row by row.
void nn_glyph_clear(float *field);

/// Draws a stroke: the quadratic B-spline with these control points (x, y), or the straight line between two of them.
void nn_glyph_stroke(float *field, const float *points, long count);

/// Converts distances to gray: full ink within the radius of the pen, fading over one pixel, then grain on every pixel,
/// 6 bits of a random word each, one word for 4 pixels.
void nn_glyph_shade(const float *field, float pen, float ink, const uint32_t *words, uint8_t *pixels);

/// values[i] = table[bytes[i]], with a table of 256 numbers.
void nn_look_up(const uint8_t *bytes, long count, const float *table, float *values);

#pragma clang assume_nonnull end
