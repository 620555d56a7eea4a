#include "CGlyphs.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Four pixels of a row.
typedef float vf __attribute__((ext_vector_type(4), aligned(4)));
typedef uint32_t vu __attribute__((ext_vector_type(4)));
typedef uint8_t vb __attribute__((ext_vector_type(4)));

#define SMALLER(A, B) ((B) < (A) ? (B) : (A))
#define LARGER(A, B) ((B) > (A) ? (B) : (A))

enum { area = nn_glyph_size * nn_glyph_size, pieces = 4 };

void nn_glyph_clear(float *field) {
  const vf far = 1e6f;
  for (int place = 0; place < area; place += 4) *(vf *)(field + place) = far;
}

// Reduces the distances around the line from (ax, ay) to (bx, by), up to the maximum reach of the ink.
static void draw_line(float *field, float ax, float ay, float bx, float by) {
  const float reach = 2.6f, edge = nn_glyph_size - 1;
  const float left = SMALLER(ax, bx) - reach, right = LARGER(ax, bx) + reach;
  const float top = SMALLER(ay, by) - reach, bottom = LARGER(ay, by) + reach;
  if (left > edge || top > edge || right < 0 || bottom < 0) return;
  const int first_column = (int)LARGER(left, 0) & ~3, last_column = (int)SMALLER(right, edge);
  const int first_row = (int)LARGER(top, 0), last_row = (int)SMALLER(bottom, edge);
  const float along_x = bx - ax, along_y = by - ay;
  const float inverse = 1 / (along_x * along_x + along_y * along_y + 1e-6f);
  const vf ramp = {0, 1, 2, 3}, zero = 0, one = 1;
  for (int row = first_row; row <= last_row; row++) {
    const float y = (float)row - ay, part_y = y * along_y;
    for (int column = first_column; column <= last_column; column += 4) {
      vf *const nearest = (vf *)(field + row * nn_glyph_size + column);
      const vf x = ramp + ((float)column - ax);
      vf t = (x * along_x + part_y) * inverse;
      t = LARGER(t, zero);
      t = SMALLER(t, one);
      const vf dx = x - t * along_x, dy = y - t * along_y;
      const vf distance = dx * dx + dy * dy, before = *nearest;
      *nearest = SMALLER(before, distance);
    }
  }
}

// A Bézier arc from start to end, as line segments.
static void draw_arc(float *field, const float *start, const float *control, const float *end) {
  float pen_x = start[0], pen_y = start[1];
  for (int step = 1; step <= pieces; step++) {
    const float t = (float)step / pieces, s = 1 - t;
    const float a = s * s, b = 2 * s * t, c = t * t;
    const float x = start[0] * a + control[0] * b + end[0] * c;
    const float y = start[1] * a + control[1] * b + end[1] * c;
    draw_line(field, pen_x, pen_y, x, y);
    pen_x = x;
    pen_y = y;
  }
}

void nn_glyph_stroke(float *field, const float *points, long count) {
  if (count == 2) {
    draw_line(field, points[0], points[1], points[2], points[3]);
    return;
  }
  // Arcs run from midpoint to midpoint; the first and last points are the control points themselves.
  float start[2] = {points[0], points[1]};
  for (const float *p = points + 2; p < points + 2 * (count - 1); p += 2) {
    const int is_last = p == points + 2 * (count - 2);
    const float end[2] = {is_last ? p[2] : (p[0] + p[2]) * 0.5f, is_last ? p[3] : (p[1] + p[3]) * 0.5f};
    draw_arc(field, start, p, end);
    memcpy(start, end, sizeof(start));
  }
}

void nn_glyph_shade(const float *field, float pen, float ink, const uint32_t *words, uint8_t *pixels) {
  const vu spread = {0, 8, 16, 24};
  const vf zero = 0, one = 1, white = 255;
  const float radius = pen + 0.5f;
  // From this value on, a float32 has no fraction. Adding it converts an integer in both directions and rounds to
  // nearest.
  const float whole = 0x1p23f;
  const vu whole_bits = __builtin_bit_cast(uint32_t, whole);
  for (int place = 0; place < area; place += 4) {
    vf cover = radius - __builtin_elementwise_sqrt(*(const vf *)(field + place));
    cover = LARGER(cover, zero);
    cover = SMALLER(cover, one);
    const vu grain = (*words++ >> spread & 0x3F) | whole_bits;
    vf gray = cover * ink + (__builtin_bit_cast(vf, grain) - whole) - 24;
    gray = LARGER(gray, zero);
    gray = SMALLER(gray, white);
    const vb bytes = __builtin_convertvector(__builtin_bit_cast(vu, gray + whole), vb);
    memcpy(pixels + place, &bytes, sizeof(bytes));
  }
}

void nn_look_up(const uint8_t *bytes, long count, const float *table, float *values) {
  for (const uint8_t *end = bytes + count; bytes < end; bytes++) *values++ = table[*bytes];
}
