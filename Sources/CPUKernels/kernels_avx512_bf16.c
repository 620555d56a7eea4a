// Products of bfloat16 matrices with AVX512-BF16, whose instruction vdpbf16ps multiplies pairs of bfloat16 and adds both
// products to a float: twice the rate of the multiply-adds of AVX-512.
//
//                    B, two rows                         panel: pairs, the lower half of a word first
//                    +----+----+----+--                  +---------+---------+---------+--
//               p    | x0 | x1 | x2 | ...                | x0   y0 | x1   y1 | x2   y2 | ...
//               p+1  | y0 | y1 | y2 | ...      -->       +---------+---------+---------+--
//                    +----+----+----+--
//
// The tiles are those of gemm.inc, with pairs instead of elements: a pair of A is broadcast to all lanes, and multiplied
// with the pairs of B. In a row of A, pairs are adjacent; A transposed is packed in the same way as B. The last pair of an
// odd k has zeros in its upper half. Each element of C is one chain over the pairs of k in ascending order.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "CPUKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma,f16c"))), apply_to = function)

#define NN_INLINE static inline __attribute__((always_inline))
#define NN_UNROLLED _Pragma("clang loop unroll(full)")

enum { lanes = 16, most_vectors = 4, most_rows = 6, ahead = 12 };

static const uint16_t low_pairs[32] = {0, 32, 1, 33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
                                       8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
static const uint16_t high_pairs[32] = {16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55,
                                        24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};

NN_INLINE __mmask16 first_lanes(long n) { return (__mmask16)((1u << n) - 1); }

// panel[r/2·step + c] = the pair of x[r·x_step + c] and x[(r + 1)·x_step + c].
static void pack(const uint16_t *x, long x_step, long rows, long columns, uint32_t *panel, long step) {
  for (long r = 0; r < rows; r += 2, x += 2 * x_step, panel += step) {
    for (long c = 0; c < columns; c += lanes) {
      const __mmask16 mask = first_lanes(columns - c < lanes ? columns - c : lanes);
      __m512i words = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x + c));
      if (r + 1 < rows) {
        const __m512i next = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x + x_step + c));
        words = _mm512_or_si512(words, _mm512_slli_epi32(next, 16));
      }
      _mm512_storeu_si512(panel + c, words);
    }
  }
}

// Adds the products of one pair of each row of A with one row of the panel.
NN_INLINE void add_pairs(const int rows, const int vectors, __m512 sum[most_rows][most_vectors], const int32_t *pairs,
                         const __m512i *row) {
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    const __m512bh factor = (__m512bh)_mm512_set1_epi32(pairs[i]);
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], factor, (__m512bh)row[j]);
  }
}

// Stores a vector of sums as floats or as bfloat16, whole or its first n lanes.
NN_INLINE void store_sums(__m512 sum, void *c, long place, long n, const struct nn_bfloat16_result *result) {
  __m512 value = _mm512_mul_ps(_mm512_set1_ps(result->alpha), sum);
  if (result->is_bfloat16) {
    uint16_t *const out = (uint16_t *)c + place;
    const __m256i halves = (__m256i)_mm512_cvtneps_pbh(value);
    if (n == lanes) _mm256_storeu_si256((__m256i *)out, halves);
    else _mm256_mask_storeu_epi16(out, first_lanes(n), halves);
  } else {
    float *const out = (float *)c + place;
    const __mmask16 mask = first_lanes(n);
    if (result->beta != 0) {
      value = _mm512_fmadd_ps(_mm512_set1_ps(result->beta), _mm512_maskz_loadu_ps(mask, out), value);
    }
    if (n == lanes) _mm512_storeu_ps(out, value);
    else _mm512_mask_storeu_ps(out, mask, value);
  }
}

// Computes one tile. If `packing`, the pairs are made from the rows of B, and stored in the panel. All parameters that
// choose code are constants where this is inlined.
NN_INLINE void tile(const int rows, const int vectors, const int transposed, const int packing, long k,
                    const uint16_t *a, long a_step, const uint16_t *b, long ldb, uint32_t *panel, void *c, long last,
                    const struct nn_bfloat16_result *result) {
  __m512 sum[most_rows][most_vectors];
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_setzero_ps();
  }
  const __m512i low = _mm512_loadu_si512(low_pairs), high = _mm512_loadu_si512(high_pairs);
  int32_t pairs[most_rows];
  __m512i row[most_vectors];
#pragma clang loop unroll(disable)
  for (long p = 0; p + 1 < k; p += 2) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      if (!packing) {
        row[j] = _mm512_loadu_si512(panel + j * lanes);
      } else if (j % 2 == 0) {
        const __m512i even = _mm512_loadu_si512(b + j * lanes), odd = _mm512_loadu_si512(b + ldb + j * lanes);
        row[j] = _mm512_permutex2var_epi16(even, low, odd);
        row[j + 1] = _mm512_permutex2var_epi16(even, high, odd);
        _mm512_storeu_si512(panel + j * lanes, row[j]);
        _mm512_storeu_si512(panel + (j + 1) * lanes, row[j + 1]);
        __builtin_prefetch(b + ahead * ldb + j * lanes);
        __builtin_prefetch(b + (ahead + 1) * ldb + j * lanes);
      }
    }
    NN_UNROLLED
    for (int i = 0; i < rows; i++) memcpy(&pairs[i], transposed ? a + 2 * i : a + i * a_step, sizeof *pairs);
    add_pairs(rows, vectors, sum, pairs, row);
    a += transposed ? 2 * a_step : 2;
    b += 2 * ldb;
    panel += vectors * lanes;
  }
  if (k % 2 != 0) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      if (packing) {
        row[j] = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(b + j * lanes)));
        _mm512_storeu_si512(panel + j * lanes, row[j]);
      } else {
        row[j] = _mm512_loadu_si512(panel + j * lanes);
      }
    }
    NN_UNROLLED
    for (int i = 0; i < rows; i++) pairs[i] = transposed ? a[2 * i] : a[i * a_step];
    add_pairs(rows, vectors, sum, pairs, row);
  }
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      store_sums(sum[i][j], c, i * result->ldc + j * lanes, j == vectors - 1 ? last : lanes, result);
    }
  }
}

typedef void tile_function(long k, const uint16_t *a, long a_step, const uint16_t *b, long ldb, uint32_t *panel, void *c,
                           long last, const struct nn_bfloat16_result *result);

#define NN_TILE(ROWS, VECTORS, T, P)                                                                                \
  static void tile_##ROWS##_##VECTORS##_##T##P(long k, const uint16_t *a, long a_step, const uint16_t *b, long ldb, \
                                               uint32_t *panel, void *c, long last,                                 \
                                               const struct nn_bfloat16_result *result) {                           \
    tile(ROWS, VECTORS, T, P, k, a, a_step, b, ldb, panel, c, last, result);                                        \
  }
#define NN_TILES(V, T, P)                                                                                           \
  NN_TILE(1, V, T, P) NN_TILE(2, V, T, P) NN_TILE(3, V, T, P) NN_TILE(4, V, T, P) NN_TILE(5, V, T, P)               \
  NN_TILE(6, V, T, P)
#define NN_NAMES(V, T, P)                                                                                           \
  {tile_1_##V##_##T##P, tile_2_##V##_##T##P, tile_3_##V##_##T##P,                                                   \
   tile_4_##V##_##T##P, tile_5_##V##_##T##P, tile_6_##V##_##T##P}

NN_TILES(1, 0, 0) NN_TILES(2, 0, 0) NN_TILES(3, 0, 0) NN_TILES(4, 0, 0)
NN_TILES(1, 1, 0) NN_TILES(2, 1, 0) NN_TILES(3, 1, 0) NN_TILES(4, 1, 0)
NN_TILES(4, 0, 1) NN_TILES(4, 1, 1)

// [A transposed][vectors - 1][rows - 1]
static tile_function *const tiles[2][most_vectors][most_rows] = {
    {NN_NAMES(1, 0, 0), NN_NAMES(2, 0, 0), NN_NAMES(3, 0, 0), NN_NAMES(4, 0, 0)},
    {NN_NAMES(1, 1, 0), NN_NAMES(2, 1, 0), NN_NAMES(3, 1, 0), NN_NAMES(4, 1, 0)}};
// [A transposed][rows - 1]: tiles of full strips that also store the pairs.
static tile_function *const packing_tiles[2][most_rows] = {NN_NAMES(4, 0, 1), NN_NAMES(4, 1, 1)};

// Rows are split evenly, as in gemm.inc.
static void strip(bool transposed, long m, long n, long k, const void *a, long a_step, const uint16_t *_Nullable b,
                  long ldb, uint32_t *panel, void *c, const struct nn_bfloat16_result *result) {
  const long vectors = (n + lanes - 1) / lanes, last = n - (vectors - 1) * lanes;
  const long count = (m + most_rows - 1) / most_rows, least = m / count, taller = m - count * least;
  const long row_size = (transposed ? 2 : a_step) * (long)sizeof(uint16_t);
  const long result_size = result->ldc * (result->is_bfloat16 ? 2 : 4);
  for (long t = 0, first = 0, rows; t < count; t++, first += rows) {
    rows = least + (t < taller);
    const bool packing = b && t == 0;
    tile_function *const function = packing ? packing_tiles[transposed][rows - 1] : tiles[transposed][vectors - 1][rows - 1];
    const uint16_t *const from = (const uint16_t *)((const char *)a + first * row_size);
    function(k, from, a_step, packing ? b : (const uint16_t *)panel, packing ? ldb : 0, panel,
             (char *)c + first * result_size, last, result);
  }
}

// MARK: Convolution

enum { most_spread_rows = 8 };

// Computes one tile of `implicit_gemm`, as `spread_tile` in convolution.inc does.
NN_INLINE void spread_tile(const int rows, const int vectors, long k, const uint32_t *x, const long *positions,
                           const long *depth, const uint32_t *b, long ldb, const float *init, long init_step,
                           bool rectifies, float *c, long ldc, long last) {
  __m512 sum[most_spread_rows][most_vectors];
  const uint32_t *from[most_spread_rows];
  const __mmask16 mask = first_lanes(last);
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    from[i] = x + positions[i];
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      const float *const in = init + i * init_step + j * lanes;
      sum[i][j] = j == vectors - 1 ? _mm512_maskz_loadu_ps(mask, in) : _mm512_loadu_ps(in);
    }
  }
#pragma clang loop unroll(disable)
  for (long p = 0; p < k; p++, b += ldb) {
    const long offset = depth[p];
    __m512i row[most_vectors];
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) row[j] = _mm512_loadu_si512(b + j * lanes);
    NN_UNROLLED
    for (int i = 0; i < rows; i++) {
      const __m512bh factor = (__m512bh)_mm512_set1_epi32((int32_t)from[i][offset]);
      NN_UNROLLED
      for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], factor, (__m512bh)row[j]);
    }
  }
  const __m512 zero = _mm512_setzero_ps();
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      // NaN is not below 0.
      const __mmask16 negative = rectifies ? _mm512_cmp_ps_mask(sum[i][j], zero, _CMP_LT_OQ) : 0;
      const __m512 value = _mm512_mask_mov_ps(sum[i][j], negative, zero);
      float *const out = c + i * ldc + j * lanes;
      if (j == vectors - 1) _mm512_mask_storeu_ps(out, mask, value);
      else _mm512_storeu_ps(out, value);
    }
  }
}

typedef void spread_function(long k, const uint32_t *x, const long *positions, const long *depth, const uint32_t *b,
                             long ldb, const float *init, long init_step, bool rectifies, float *c, long ldc, long last);

#define NN_SPREAD(ROWS, VECTORS)                                                                                       \
  static void spread_##ROWS##_##VECTORS(long k, const uint32_t *x, const long *positions, const long *depth,           \
                                        const uint32_t *b, long ldb, const float *init, long init_step,                \
                                        bool rectifies, float *c, long ldc, long last) {                               \
    spread_tile(ROWS, VECTORS, k, x, positions, depth, b, ldb, init, init_step, rectifies, c, ldc, last);              \
  }
#define NN_SPREADS(V)                                                                                                  \
  NN_SPREAD(1, V) NN_SPREAD(2, V) NN_SPREAD(3, V) NN_SPREAD(4, V) NN_SPREAD(5, V) NN_SPREAD(6, V)
#define NN_SPREAD_NAMES(V) spread_1_##V, spread_2_##V, spread_3_##V, spread_4_##V, spread_5_##V, spread_6_##V

NN_SPREADS(1) NN_SPREAD(7, 1) NN_SPREAD(8, 1) NN_SPREADS(2) NN_SPREAD(7, 2) NN_SPREAD(8, 2)
NN_SPREADS(3) NN_SPREAD(7, 3) NN_SPREAD(8, 3) NN_SPREADS(4)

// [vectors - 1][rows - 1]
static spread_function *const spreads[most_vectors][most_spread_rows] = {
    {NN_SPREAD_NAMES(1), spread_7_1, spread_8_1}, {NN_SPREAD_NAMES(2), spread_7_2, spread_8_2},
    {NN_SPREAD_NAMES(3), spread_7_3, spread_8_3}, {NN_SPREAD_NAMES(4)}};

static void implicit_gemm(long m, long n, long k, const uint32_t *x, const long *rows, const long *depth,
                          const uint32_t *b, long ldb, const float *init, long init_step, bool rectifies, float *c,
                          long ldc) {
  const long vectors = (n + lanes - 1) / lanes, last = n - (vectors - 1) * lanes;
  const long most = vectors == most_vectors ? most_rows : most_spread_rows, count = (m + most - 1) / most;
  for (long t = 0; t < count; t++) {
    const long first = t * m / count, height = (t + 1) * m / count - first;
    spreads[vectors - 1][height - 1](k, x, rows + first, depth, b, ldb, init + first * init_step, init_step, rectifies,
                                     c + first * ldc, ldc, last);
  }
}

// Pairs of one row: the columns first ..< end of the planes, and zeros in the others.
NN_INLINE void pair_row(const uint16_t *x, const uint16_t *_Nullable other, long first, long end, uint32_t *y,
                        long columns) {
  for (long c = 0; c < columns; c += lanes) {
    const long low = first > c ? first - c : 0, high = end - c < lanes ? end - c : lanes;
    const __mmask16 all = first_lanes(columns - c < lanes ? columns - c : lanes);
    const __mmask16 mask = high > low ? (__mmask16)(first_lanes(high) & ~first_lanes(low)) : 0;
    __m512i words = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x + c));
    if (other) {
      const __m512i next = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, other + c));
      words = _mm512_or_si512(words, _mm512_slli_epi32(next, 16));
    }
    _mm512_mask_storeu_epi32(y + c, all, words);
  }
}

static void padded_pairs(const uint16_t *x, const uint16_t *_Nullable other, long height, long width, long top, long left,
                         uint32_t *y, long rows, long columns) {
  // Adjacent rows are one row.
  if (left == 0 && columns == width && top >= 0 && top + rows <= height) {
    pair_row(x + top * width, other ? other + top * width : NULL, 0, rows * columns, y, rows * columns);
    return;
  }
  const long right = width - left < columns ? width - left : columns, first = left < 0 ? -left : 0;
  for (long r = 0; r < rows; r++, y += columns) {
    const long start = (top + r) * width + left;
    const bool is_inside = top + r >= 0 && top + r < height;
    pair_row(x + start, other ? other + start : NULL, first, is_inside ? right : 0, y, columns);
  }
}

// As `peak_loop`, with pairs.
static double peak_loop(long rounds, float *sink) {
  enum { sums = 24 };
  __m512 sum[sums];
  const __m512bh factor = (__m512bh)_mm512_set1_ps(1 - *sink * 0x1p-20f), step = (__m512bh)_mm512_set1_ps(*sink);
  NN_UNROLLED
  for (int i = 0; i < sums; i++) sum[i] = _mm512_set1_ps((float)i);
  for (long r = 0; r < rounds; r++) {
    NN_UNROLLED
    for (int i = 0; i < sums; i++) sum[i] = _mm512_dpbf16_ps(sum[i], factor, step);
  }
  NN_UNROLLED
  for (int i = 1; i < sums; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  *sink = _mm512_reduce_add_ps(sum[0]);
  return 4.0 * sums * lanes * (double)rounds;
}

#pragma clang attribute pop

const struct nn_bfloat16_kernels nn_bfloat16_kernels_avx512 = {
    .pack = pack,
    .strip = strip,
    .implicit_gemm = implicit_gemm,
    .padded_pairs = padded_pairs,
    .peak_loop = peak_loop,
};
#endif
