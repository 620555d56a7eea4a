#include "CPixels.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { half = 1 << (nn_weight_bits - 1) };

INLINE uint8_t byte_of(int32_t sum) {
  const int32_t value = sum >> nn_weight_bits;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

typedef int32_t lanes __attribute__((ext_vector_type(nn_weight_lanes), aligned(4)));
typedef int32_t four __attribute__((ext_vector_type(4)));
typedef uint8_t four_bytes __attribute__((ext_vector_type(4)));
typedef uint8_t lane_bytes __attribute__((ext_vector_type(nn_weight_lanes), aligned(1)));

INLINE void row_of_channels(
  const uint8_t *row, const uint8_t *end, int channels, struct nn_weights weights, uint8_t *result) {
  enum { all = nn_weight_lanes };
  const int used = all / channels * channels;
  const lanes *weight = (const lanes *)weights.weights;
  for (long i = 0; i < weights.count; i++, result += channels) {
    const uint8_t *pixel = row + weights.starts[i] * (long)channels;
    lanes sum = 0;
    for (long tap = 0; tap < weights.taps; tap++, pixel += used) {
      lane_bytes bytes = 0;
      if (end - pixel >= all) {
        bytes = *(const lane_bytes *)pixel;
      } else if (pixel < end) {
        memcpy(&bytes, pixel, (size_t)(end - pixel));
      }
      sum += __builtin_convertvector(bytes, lanes) * *weight++;
    }
    four total = sum.lo + sum.hi;
    if (channels == 1) total.x += total.y + total.z + total.w;
    if (channels == 3) total = sum.lo + sum.s3456;
    total = (total + half) >> nn_weight_bits;
    total = __builtin_elementwise_min(__builtin_elementwise_max(total, (four)0), (four)255);
    const four_bytes pixel_bytes = __builtin_convertvector(total, four_bytes);
    memcpy(result, &pixel_bytes, (size_t)channels);
  }
}

INLINE void any_row(
  const uint8_t *row, const uint8_t *end, int channels, struct nn_weights weights, uint8_t *result) {
  switch (channels) {
    case 1: return row_of_channels(row, end, 1, weights, result);
    case 3: return row_of_channels(row, end, 3, weights, result);
    default: return row_of_channels(row, end, 4, weights, result);
  }
}

INLINE void any_columns(
  const uint8_t *rows, long bytes, long stride, struct nn_weights weights, long i, uint8_t *result) {
  enum { width = 32 };
  const int32_t *const weight = weights.weights + i * weights.taps;
  rows += weights.starts[i] * stride;
  for (long start = 0; start < bytes; start += width) {
    const long count = bytes - start < width ? bytes - start : width;
    int32_t sums[width];
    for (int j = 0; j < width; j++) sums[j] = half;
    const uint8_t *row = rows + start;
    for (long tap = 0; tap < weights.taps; tap++, row += stride) {
      const int32_t factor = weight[tap];
      if (count == width) {
        for (int j = 0; j < width; j++) sums[j] += row[j] * factor;
      } else {
        for (long j = 0; j < count; j++) sums[j] += row[j] * factor;
      }
    }
    if (count == width) {
      for (int j = 0; j < width; j++) result[start + j] = byte_of(sums[j]);
    } else {
      for (long j = 0; j < count; j++) result[start + j] = byte_of(sums[j]);
    }
  }
}

// SSE2 has no product of 32-bit integers; with AVX2, these loops take a third of the time.
#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
WIDE static void wide_row(
  const uint8_t *row, const uint8_t *end, int channels, struct nn_weights weights, uint8_t *result) {
  any_row(row, end, channels, weights, result);
}
WIDE static void wide_columns(
  const uint8_t *rows, long bytes, long stride, struct nn_weights weights, long i, uint8_t *result) {
  any_columns(rows, bytes, stride, weights, i, result);
}
#define IF_WIDE(CALL) if (__builtin_cpu_supports("avx2")) return CALL
#else
#define IF_WIDE(CALL)
#endif

void nn_resample_row(
  const uint8_t *row, const uint8_t *end, int channels, struct nn_weights weights, uint8_t *result) {
  IF_WIDE(wide_row(row, end, channels, weights, result));
  any_row(row, end, channels, weights, result);
}

void nn_resample_columns(
  const uint8_t *rows, long bytes, long stride, struct nn_weights weights, long i, uint8_t *result) {
  IF_WIDE(wide_columns(rows, bytes, stride, weights, i, result));
  any_columns(rows, bytes, stride, weights, i, result);
}
