// Products of 8-bit integers with AVX512-VNNI, whose instruction vpdpbusd multiplies four unsigned bytes with four signed
// ones and adds the products to 32 bits, without saturation: four times the rate of the multiply-adds of AVX-512.
//
// The tiles are those of gemm.inc, with four elements instead of one: four bytes of A are broadcast to all lanes. Signed
// elements of A are stored plus 128, and the sums start with -128 times the sums of the columns of B; unsigned elements of
// B are stored minus 128, and the sums start with 128 times the sums of the rows of A.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "CPUKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define NN_INLINE static inline __attribute__((always_inline))
#define NN_UNROLLED _Pragma("clang loop unroll(full)")

enum { lanes = 16, most_vectors = 4, most_rows = 6, columns = 64, ahead = 16 };

NN_INLINE __mmask16 first_lanes(long n) { return (__mmask16)((1u << n) - 1); }
NN_INLINE __mmask64 first_bytes(long n) { return n >= 64 ? ~0ull : (1ull << n) - 1; }

static void pack_rows(bool is_signed, long rows, long k, const uint8_t *x, long x_step, void *y, long y_step,
                      int32_t *_Nullable sums) {
  const __m512i flip = _mm512_set1_epi8(is_signed ? (char)0x80 : 0), ones = _mm512_set1_epi8(1);
  const long size = (k + 3) / 4 * 4;
  for (long r = 0; r < rows; r++, x += x_step, y = (char *)y + y_step) {
    __m512i sum = _mm512_setzero_si512();
    for (long i = 0; i < k; i += 64) {
      const __mmask64 part = first_bytes(k - i);
      const __m512i bytes = _mm512_xor_si512(_mm512_maskz_loadu_epi8(part, x + i), flip);
      const __m512i packed = _mm512_maskz_mov_epi8(part, bytes);
      _mm512_mask_storeu_epi8((char *)y + i, first_bytes(size - i), packed);
      if (sums) sum = _mm512_dpbusd_epi32(sum, packed, ones);
    }
    // Sums wrap around.
    if (sums) sums[r] = (int32_t)((uint32_t)_mm512_reduce_add_epi32(sum) - (is_signed ? 128 * (uint32_t)k : 0));
  }
}

static void pack_panel(bool is_signed, long k, long n, const uint8_t *b, long ldb, uint8_t *panel, int32_t *sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum[most_vectors];
  for (int j = 0; j < most_vectors; j++) sum[j] = _mm512_setzero_si512();
  for (long p = 0; p < k; p += 4, b += 4 * ldb, panel += 4 * columns) {
    const long rows = k - p < 4 ? k - p : 4;
    const __m512i flip = _mm512_set1_epi32(is_signed ? 0 : (int)(0x80808080u >> 8 * (4 - rows)));
    __m512i row[4];
    NN_UNROLLED
    for (int r = 0; r < 4; r++) {
      row[r] = r < rows ? _mm512_maskz_loadu_epi8(first_bytes(n), b + r * ldb) : _mm512_setzero_si512();
      __builtin_prefetch(b + (r + ahead) * ldb);
      __builtin_prefetch(b + (r + ahead) * ldb + n - 1);
    }
    // Interleaved by bytes and then by halves, each quarter of a register has the words of four columns.
    const __m512i low01 = _mm512_unpacklo_epi8(row[0], row[1]), high01 = _mm512_unpackhi_epi8(row[0], row[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(row[2], row[3]), high23 = _mm512_unpackhi_epi8(row[2], row[3]);
    const __m512i word[4] = {_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                             _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)};
    // Register q has the columns 16·i + 4·q + (0...3) in quarter i: a transposition of quarters.
    const __m512i a = _mm512_shuffle_i32x4(word[0], word[1], 0x44), c = _mm512_shuffle_i32x4(word[0], word[1], 0xee);
    const __m512i d = _mm512_shuffle_i32x4(word[2], word[3], 0x44), e = _mm512_shuffle_i32x4(word[2], word[3], 0xee);
    const __m512i turned[4] = {_mm512_shuffle_i32x4(a, d, 0x88), _mm512_shuffle_i32x4(a, d, 0xdd),
                               _mm512_shuffle_i32x4(c, e, 0x88), _mm512_shuffle_i32x4(c, e, 0xdd)};
    NN_UNROLLED
    for (int j = 0; j < most_vectors; j++) {
      const __m512i packed = _mm512_xor_si512(turned[j], flip);
      _mm512_storeu_si512(panel + 64 * j, packed);
      sum[j] = _mm512_dpbusd_epi32(sum[j], ones, packed);
    }
  }
  for (int j = 0; j < most_vectors; j++) _mm512_storeu_si512(sums + lanes * j, sum[j]);
}

NN_INLINE int32_t start_of(const struct nn_integer_product *product, int32_t row_sum) {
  return (int32_t)(0 - (uint32_t)product->right_offset * (uint32_t)row_sum);
}

// Computes one tile. All parameters that choose code are constants where this is inlined.
NN_INLINE void tile(const int rows, const int vectors, const struct nn_integer_product *product, const char *a,
                    const int32_t *_Nullable row_sums, const uint8_t *panel, const int32_t *sums, long last, int32_t *c) {
  __m512i sum[most_rows][most_vectors];
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    const __m512i start = _mm512_set1_epi32(row_sums ? start_of(product, row_sums[i]) : 0);
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      const __m512i column_sums = _mm512_loadu_si512(sums + j * lanes), offset = _mm512_set1_epi32(product->left_offset);
      sum[i][j] = _mm512_sub_epi32(start, _mm512_mullo_epi32(offset, column_sums));
    }
  }
  const long step = product->a_step;
#pragma clang loop unroll(disable)
  for (long q = 0; q < product->quads; q++, a += 4, panel += 4 * columns) {
    __m512i row[most_vectors];
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) row[j] = _mm512_loadu_si512(panel + j * 64);
    NN_UNROLLED
    for (int i = 0; i < rows; i++) {
      int32_t quad;
      memcpy(&quad, a + i * step, sizeof quad);
      const __m512i factor = _mm512_set1_epi32(quad);
      NN_UNROLLED
      for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_dpbusd_epi32(sum[i][j], factor, row[j]);
    }
  }
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      int32_t *const out = c + i * product->ldc + j * lanes;
      if (j < vectors - 1 || last == lanes) _mm512_storeu_si512(out, sum[i][j]);
      else _mm512_mask_storeu_epi32(out, first_lanes(last), sum[i][j]);
    }
  }
}

typedef void tile_function(const struct nn_integer_product *product, const char *a, const int32_t *_Nullable row_sums,
                           const uint8_t *panel, const int32_t *sums, long last, int32_t *c);

#define NN_TILE(ROWS, VECTORS)                                                                                          \
  static void tile_##ROWS##_##VECTORS(const struct nn_integer_product *product, const char *a,                          \
                                      const int32_t *_Nullable row_sums, const uint8_t *panel, const int32_t *sums,     \
                                      long last, int32_t *c) {                                                          \
    tile(ROWS, VECTORS, product, a, row_sums, panel, sums, last, c);                                                    \
  }
#define NN_TILES(V) NN_TILE(1, V) NN_TILE(2, V) NN_TILE(3, V) NN_TILE(4, V) NN_TILE(5, V) NN_TILE(6, V)
#define NN_NAMES(V) {tile_1_##V, tile_2_##V, tile_3_##V, tile_4_##V, tile_5_##V, tile_6_##V}

NN_TILES(1) NN_TILES(2) NN_TILES(3) NN_TILES(4)

// [vectors - 1][rows - 1]
static tile_function *const tiles[most_vectors][most_rows] = {NN_NAMES(1), NN_NAMES(2), NN_NAMES(3), NN_NAMES(4)};

// Rows are split evenly, as in gemm.inc.
static void strip(const struct nn_integer_product *product, long m, long n, const void *a,
                  const int32_t *_Nullable row_sums, const uint8_t *panel, const int32_t *sums,
                  int32_t *_Nullable workspace, int32_t *c) {
  (void)workspace;
  const long vectors = (n + lanes - 1) / lanes, last = n - (vectors - 1) * lanes, count = (m + most_rows - 1) / most_rows;
  for (long t = 0; t < count; t++) {
    const long first = t * m / count, rows = (t + 1) * m / count - first;
    tiles[vectors - 1][rows - 1](product, (const char *)a + first * product->a_step, row_sums ? row_sums + first : NULL,
                                 panel, sums, last, c + first * product->ldc);
  }
}

// MARK: Weights in blocks (see source/rounded_blocks.inc)

enum { block_units = 16, block_rows = 4 };

// The sums of rows of x from `row` on with 16 rows of W. Bytes of W are unsigned here: q + 128 for Q8_0, q + 8 for Q4_0.
NN_INLINE void block_tile(const enum nn_block_format format, const int rows, long blocks, const uint8_t *w,
                          const struct nn_rounded_rows *x, long row, __m512 total[block_rows]) {
  const int bits = format == NN_BLOCKS_Q8_0 ? 8 : 4, has_minimum = format == NN_BLOCKS_Q4_1;
  const int offset = format == NN_BLOCKS_Q8_0 ? 128 : has_minimum ? 0 : 8;
  const __m512i flip = _mm512_set1_epi8((char)(bits == 8 ? 0x80 : 17 * offset)), nibble = _mm512_set1_epi8(15);
  const long scales = has_minimum ? 64 : 32;
  NN_UNROLLED
  for (int r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
  for (long b = 0; b < blocks; b++, w += scales + 64 * bits) {
    __m512i sum[block_rows][2];
    NN_UNROLLED
    for (int r = 0; r < rows; r++) {
      sum[r][0] = _mm512_set1_epi32(-offset * x->sums[(row + r) * blocks + b]);
      sum[r][1] = _mm512_setzero_si512();
    }
    NN_UNROLLED
    for (int word = 0; word < 8; word += 8 / bits) {
      const int place = bits == 8 ? word : word / 2;
      const __m512i words = _mm512_xor_si512(_mm512_loadu_si512(w + scales + 64 * place), flip);
      const __m512i low = bits == 8 ? words : _mm512_and_si512(words, nibble);
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(words, 4), nibble);
      NN_UNROLLED
      for (int r = 0; r < rows; r++) {
        const int8_t *const block = x->integers + 32 * ((row + r) * blocks + b);
        int32_t quad;
        memcpy(&quad, block + 4 * place, sizeof quad);
        const int part = bits == 8 ? place & 1 : 0;
        sum[r][part] = _mm512_dpbusd_epi32(sum[r][part], low, _mm512_set1_epi32(quad));
        if (bits == 8) continue;
        memcpy(&quad, block + 16 + 4 * place, sizeof quad);
        sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], high, _mm512_set1_epi32(quad));
      }
    }
    const __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)w));
    NN_UNROLLED
    for (int r = 0; r < rows; r++) {
      const float x_scale = x->scales[(row + r) * blocks + b];
      const __m512 integers = _mm512_cvtepi32_ps(_mm512_add_epi32(sum[r][0], sum[r][1]));
      __m512 part = _mm512_mul_ps(_mm512_mul_ps(integers, _mm512_set1_ps(x_scale)), scale);
      if (has_minimum) {
        const __m512 minimum = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(w + 32)));
        const float x_sum = x_scale * (float)x->sums[(row + r) * blocks + b];
        part = _mm512_add_ps(part, _mm512_mul_ps(minimum, _mm512_set1_ps(x_sum)));
      }
      total[r] = _mm512_add_ps(total[r], part);
    }
  }
}

NN_INLINE void block_rows_of(const enum nn_block_format format, long rows, long units, long blocks, const uint8_t *w,
                             const struct nn_rounded_rows *x, float *y, long y_row) {
  __m512 total[block_rows];
  const long size = format == NN_BLOCKS_Q8_0 ? 544 : format == NN_BLOCKS_Q4_0 ? 288 : 320;
  for (long unit = 0; unit < units; unit += block_units, w += size * blocks) {
    const __mmask16 lanes_of_y = first_lanes(units - unit < block_units ? units - unit : block_units);
    long r = 0;
    for (; r + block_rows <= rows; r += block_rows) {
      block_tile(format, block_rows, blocks, w, x, r, total);
      for (int i = 0; i < block_rows; i++) _mm512_mask_storeu_ps(y + (r + i) * y_row + unit, lanes_of_y, total[i]);
    }
    for (; r < rows; r++) {
      block_tile(format, 1, blocks, w, x, r, total);
      _mm512_mask_storeu_ps(y + r * y_row + unit, lanes_of_y, total[0]);
    }
  }
}

static void block_product(enum nn_block_format format, long rows, long units, long blocks, const uint8_t *w,
                          const struct nn_rounded_rows *x, float *y, long y_row) {
  switch (format) {
    case NN_BLOCKS_Q8_0: block_rows_of(NN_BLOCKS_Q8_0, rows, units, blocks, w, x, y, y_row); break;
    case NN_BLOCKS_Q4_0: block_rows_of(NN_BLOCKS_Q4_0, rows, units, blocks, w, x, y, y_row); break;
    case NN_BLOCKS_Q4_1: block_rows_of(NN_BLOCKS_Q4_1, rows, units, blocks, w, x, y, y_row); break;
  }
}

// As `peak_loop`, with vpdpbusd.
static double peak_loop(long rounds, float *sink) {
  enum { sums = 24 };
  __m512i sum[sums];
  const __m512i factor = _mm512_set1_epi32((int)*sink), step = _mm512_set1_epi32((int)*sink + 1);
  NN_UNROLLED
  for (int i = 0; i < sums; i++) sum[i] = _mm512_set1_epi32(i);
  for (long r = 0; r < rounds; r++) {
    NN_UNROLLED
    for (int i = 0; i < sums; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], factor, step);
  }
  NN_UNROLLED
  for (int i = 1; i < sums; i++) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  *sink = (float)(_mm512_reduce_add_epi32(sum[0]) & 1);
  return 8.0 * sums * lanes * (double)rounds;
}

#pragma clang attribute pop

const struct nn_integer_kernels nn_integer_kernels_avx512_vnni = {.element_size = 1,
                                                                  .left_offset = 128,
                                                                  .pack_rows = pack_rows,
                                                                  .pack_panel = pack_panel,
                                                                  .strip = strip,
                                                                  .block_product = block_product,
                                                                  .peak_loop = peak_loop};
#endif
