// Products with weights in blocks of small integers.
#include <string.h>

#include "support.h"

// The positive number with these bits of float16, which is neither subnormal nor infinite.
static double float16(uint16_t bits) { return ldexp(1024 + (bits & 0x3ff), (bits >> 10 & 0x1f) - 25); }

// Compares y with sums in double. Its memory beyond the rows must not change.
static void check(const char *what, long rows, long units, long k, const float *x, long x_row, const double *weights,
                  const float *y, const float *old, long y_row) {
  for (long r = 0; r < rows; r++) {
    for (long unit = 0; unit < units; unit++) {
      double sum = 0, magnitude = 0;
      for (long p = 0; p < k; p++) {
        sum += x[r * x_row + p] * weights[unit * k + p];
        magnitude += fabs(x[r * x_row + p] * weights[unit * k + p]);
      }
      expect_near(what, r * units + unit, y[r * y_row + unit], sum, 1.2e-7 * (double)(20 + k / 16) * magnitude);
    }
    for (long i = units; i < y_row && r + 1 < rows; i++) {
      expect(y[r * y_row + i] == old[r * y_row + i], what, i, y[r * y_row + i], 0);
    }
  }
}

// Replaces numbers by the rounded ones that `round_blocks` stores.
static void round_numbers(float *x, long blocks, int8_t *rounded, float *scales, int32_t *sums) {
  kernels->round_blocks(x, blocks, rounded, scales, sums);
  for (long b = 0; b < blocks; b++, x += 32, rounded += 32) {
    float largest = 0;
    int32_t sum = 0;
    for (int i = 0; i < 32; i++) {
      largest = fmaxf(largest, fabsf(x[i]));
      sum += rounded[i];
      const float number = rounded[i] * scales[b];
      expect_near("round_blocks", 32 * b + i, number, x[i], 0.50001 * scales[b]);
      x[i] = number;
    }
    expect_near("round_blocks, scale", b, scales[b], largest / 127, 0);
    expect_near("round_blocks, sum", b, sums[b], sum, 0);
  }
}

// The kernels of an instruction set and of its extension give the same bits.
static void rounded_product(enum nn_block_format format, long rows, long units, long blocks, const uint8_t *w,
                            const double *weights) {
  const long k = 32 * blocks, y_row = units + draw_below(3), count = (rows - 1) * y_row + units;
  float *const x = floats(rows * k, -1, 1), *const scales = guarded(rows * blocks, sizeof *scales);
  int8_t *const rounded = guarded(rows * k, 1);
  int32_t *const sums = guarded(rows * blocks, sizeof *sums);
  round_numbers(x, rows * blocks, rounded, scales, sums);
  const struct nn_rounded_rows source = {rounded, scales, sums};
  const float *const old = floats(count, -1, 1);
  float *const y = copy_of(old, count);
  kernels->integers.block_product(format, rows, units, blocks, w, &source, y, y_row);
  check("integers.block_product", rows, units, k, x, k, weights, y, old, y_row);
  const struct nn_integer_kernels *const extension = nn_integer_kernels_for(kernels->isa);
  if (!extension) return;
  float *const z = copy_of(old, count);
  extension->block_product(format, rows, units, blocks, w, &source, z, y_row);
  expect(memcmp(y, z, (size_t)count * sizeof *y) == 0, "extension.block_product", rows, 0, 0);
}

static void product(enum nn_block_format format, long rows, long units, long blocks) {
  const long groups = (units + 15) / 16, k = 32 * blocks, x_row = k + draw_below(3), y_row = units + draw_below(3);
  const bool has_minimum = format == NN_BLOCKS_Q4_1, is_byte = format == NN_BLOCKS_Q8_0;
  const long head = has_minimum ? 64 : 32, size = head + (is_byte ? 512 : 256);
  uint8_t *const w = guarded(groups * blocks * size, 1);
  double *const weights = guarded(units * k, sizeof *weights);
  for (long i = 0; i < groups * blocks * size; i++) w[i] = (uint8_t)draw();
  for (long b = 0; b < groups * blocks; b++) {
    // Numbers from 2^-8 to 2^-4.
    for (long i = 0; i < head / 2; i++) {
      const uint16_t bits = (uint16_t)(0x1c00 + draw_below(0x1000));
      memcpy(w + b * size + 2 * i, &bits, 2);
    }
  }
  for (long unit = 0; unit < units; unit++) {
    for (long p = 0; p < k; p++) {
      const uint8_t *const block = w + (unit / 16 * blocks + p / 32) * size;
      const long lane = unit % 16, place = p % 32;
      uint16_t scale, minimum = 0;
      memcpy(&scale, block + 2 * lane, 2);
      if (has_minimum) memcpy(&minimum, block + 32 + 2 * lane, 2);
      const long half = is_byte ? place : place % 16;
      const uint8_t byte = block[head + half / 4 * 64 + 4 * lane + half % 4];
      int integer = is_byte ? (int8_t)byte : place < 16 ? byte & 15 : byte >> 4;
      if (format == NN_BLOCKS_Q4_0 && integer > 7) integer -= 16;
      weights[unit * k + p] = float16(scale) * integer + (has_minimum ? float16(minimum) : 0);
    }
  }
  const float *const x = floats((rows - 1) * x_row + k, -1, 1);
  const long count = (rows - 1) * y_row + units;
  const float *const old = floats(count, -1, 1);
  float *const y = copy_of(old, count);
  kernels->block_product(format, rows, units, blocks, w, x, x_row, y, y_row);
  check("block_product", rows, units, k, x, x_row, weights, y, old, y_row);
  rounded_product(format, rows, units, blocks, w, weights);
  release();
}

void test_blocks(void) {
  static const long rows[] = {1, 2, 3, 4, 5, 9}, units[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 40}, blocks[] = {0, 1, 2, 7};
  for (int format = 0; format < 3; format++) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      for (size_t j = 0; j < sizeof units / sizeof *units; j++) {
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
          product((enum nn_block_format)format, rows[i], units[j], blocks[b]);
        }
      }
    }
  }
}
