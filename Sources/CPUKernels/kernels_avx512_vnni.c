// Products of 8-bit integers with AVX512-VNNI, whose instruction vpdpbusd multiplies four unsigned bytes with four signed
// ones and adds the products to 32 bits, without saturation: four times the rate of the multiply-adds of AVX-512.
//
// The tiles are those of gemm.inc, with four elements instead of one: four bytes of A are broadcast to all lanes.
//
// One operand of the instruction is unsigned. `direct_strip` reads A as it is, and packs B with the other signedness: if
// both have the same one, 128 is added to or subtracted from B, and the sums start with 128 times the sums of the rows of
// A. Its first tile interleaves the rows of B in registers and stores the panel for the other tiles, so that packing takes
// place next to the products.
//
// Panels that are kept (`strip`) are signed. Signed elements of A are then stored plus 128, and the sums start with -128
// times the sums of the columns of B; unsigned elements of B are stored minus 128, and the sums start with 128 times the
// sums of the rows of A.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "CPUKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define NN_INLINE static inline __attribute__((always_inline))
#define NN_UNROLLED _Pragma("clang loop unroll(full)")

enum { lanes = 16, most_vectors = 4, most_rows = 6, most_packing_rows = 4, columns = 64, ahead = 16 };

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

// The order of quarters of rows, and of pairs of bytes, with which four rows become words of 16 columns each.
static const uint64_t quarter_order[8] = {0, 4, 1, 5, 2, 6, 3, 7};
static const uint16_t low_words[32] = {0, 32, 1, 33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
                                       8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
static const uint16_t high_words[32] = {16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55,
                                        24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};

// The words of four rows of 64 bytes.
NN_INLINE void interleave(const __m512i row[4], __m512i word[4]) {
  const __m512i order = _mm512_loadu_si512(quarter_order);
  const __m512i low = _mm512_loadu_si512(low_words), high = _mm512_loadu_si512(high_words);
  __m512i turned[4];
  NN_UNROLLED
  for (int r = 0; r < 4; r++) turned[r] = _mm512_permutexvar_epi64(order, row[r]);
  // Pairs of bytes of the first and the last 32 columns.
  const __m512i first01 = _mm512_unpacklo_epi8(turned[0], turned[1]), last01 = _mm512_unpackhi_epi8(turned[0], turned[1]);
  const __m512i first23 = _mm512_unpacklo_epi8(turned[2], turned[3]), last23 = _mm512_unpackhi_epi8(turned[2], turned[3]);
  word[0] = _mm512_permutex2var_epi16(first01, low, first23);
  word[1] = _mm512_permutex2var_epi16(first01, high, first23);
  word[2] = _mm512_permutex2var_epi16(last01, low, last23);
  word[3] = _mm512_permutex2var_epi16(last01, high, last23);
}

static void pack_panel(bool is_signed, long k, long n, const uint8_t *b, long ldb, uint8_t *panel, int32_t *sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum[most_vectors];
  for (int j = 0; j < most_vectors; j++) sum[j] = _mm512_setzero_si512();
  for (long p = 0; p < k; p += 4, b += 4 * ldb, panel += 4 * columns) {
    const long rows = k - p < 4 ? k - p : 4;
    const __m512i flip = _mm512_set1_epi32(is_signed ? 0 : (int)(0x80808080u >> 8 * (4 - rows)));
    __m512i row[4], word[4];
    NN_UNROLLED
    for (int r = 0; r < 4; r++) {
      row[r] = r < rows ? _mm512_maskz_loadu_epi8(first_bytes(n), b + r * ldb) : _mm512_setzero_si512();
      __builtin_prefetch(b + (r + ahead) * ldb);
      __builtin_prefetch(b + (r + ahead) * ldb + n - 1);
    }
    interleave(row, word);
    NN_UNROLLED
    for (int j = 0; j < most_vectors; j++) {
      const __m512i packed = _mm512_xor_si512(word[j], flip);
      _mm512_storeu_si512(panel + 64 * j, packed);
      sum[j] = _mm512_dpbusd_epi32(sum[j], ones, packed);
    }
  }
  for (int j = 0; j < most_vectors; j++) _mm512_storeu_si512(sums + lanes * j, sum[j]);
}

static void sum_rows(bool is_signed, long rows, long k, const uint8_t *x, long x_step, int32_t *sums) {
  const __m512i flip = _mm512_set1_epi8(is_signed ? (char)0x80 : 0), ones = _mm512_set1_epi8(1);
  for (long r = 0; r < rows; r++, x += x_step) {
    __m512i sum = _mm512_setzero_si512();
    for (long i = 0; i < k; i += 64) {
      const __mmask64 part = first_bytes(k - i);
      const __m512i bytes = _mm512_xor_si512(_mm512_maskz_loadu_epi8(part, x + i), flip);
      sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_mov_epi8(part, bytes), ones);
    }
    sums[r] = (int32_t)((uint32_t)_mm512_reduce_add_epi32(sum) - (is_signed ? 128 * (uint32_t)k : 0));
  }
}

// Adds the products of four elements of each row of A with one row of the panel. vpdpbusd takes unsigned elements first:
// those of B, if `signed_left`, or else those of A.
NN_INLINE void add_quads(const int rows, const int vectors, const int signed_left, __m512i sum[most_rows][most_vectors],
                         const uint8_t *a, long step, const __m512i *row) {
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    int32_t quad;
    memcpy(&quad, a + i * step, sizeof quad);
    const __m512i factor = _mm512_set1_epi32(quad);
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      sum[i][j] = signed_left ? _mm512_dpbusd_epi32(sum[i][j], row[j], factor) : _mm512_dpbusd_epi32(sum[i][j], factor, row[j]);
    }
  }
}

// The operands of a tile: rows of A, a panel, and its part of C. Where `b` is not null, the first tile makes the words of
// the panel from these rows, and stores them.
struct operands {
  const struct nn_integer_product *product;
  const uint8_t *a;
  const int32_t *_Nullable row_sums, *_Nullable column_sums;
  const uint8_t *_Nullable b;
  long ldb, packed_quads;
  uint8_t *panel;
  int32_t *c;
  // The number of columns in the last vector.
  long last;
};

// Computes one tile. All parameters that choose code are constants where this is inlined.
NN_INLINE void tile(const int rows, const int vectors, const int signed_left, const int packing, const struct operands *with) {
  const struct nn_integer_product *const product = with->product;
  __m512i sum[most_rows][most_vectors];
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    // Sums wrap around.
    const uint32_t start = with->row_sums ? 0 - (uint32_t)product->right_offset * (uint32_t)with->row_sums[i] : 0;
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_set1_epi32((int32_t)start);
  }
  if (with->column_sums) {
    const __m512i offset = _mm512_set1_epi32(product->left_offset);
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      const __m512i part = _mm512_mullo_epi32(offset, _mm512_loadu_si512(with->column_sums + j * lanes));
      NN_UNROLLED
      for (int i = 0; i < rows; i++) sum[i][j] = _mm512_sub_epi32(sum[i][j], part);
    }
  }
  const long step = product->a_step, quads = product->quads;
  const uint8_t *a = with->a;
  uint8_t *panel = with->panel;
  long q = 0;
  if (packing) {
    const uint8_t *b = with->b;
    const long ldb = with->ldb;
    const __m512i flip = _mm512_set1_epi8(product->right_offset != 0 ? (char)0x80 : 0);
#pragma clang loop unroll(disable)
    for (; q < with->packed_quads; q++, a += 4, b += 4 * ldb, panel += 4 * columns) {
      __m512i row[4], word[4];
      NN_UNROLLED
      for (int r = 0; r < 4; r++) {
        row[r] = _mm512_loadu_si512(b + r * ldb);
        __builtin_prefetch(b + (r + ahead) * ldb);
        __builtin_prefetch(b + (r + ahead) * ldb + columns - 1);
      }
      interleave(row, word);
      NN_UNROLLED
      for (int j = 0; j < vectors; j++) {
        word[j] = _mm512_xor_si512(word[j], flip);
        _mm512_storeu_si512(panel + 64 * j, word[j]);
      }
      add_quads(rows, vectors, signed_left, sum, a, step, word);
    }
  }
#pragma clang loop unroll(disable)
  for (; q < quads; q++, a += 4, panel += 4 * columns) {
    __m512i row[most_vectors];
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) row[j] = _mm512_loadu_si512(panel + j * 64);
    add_quads(rows, vectors, signed_left, sum, a, step, row);
  }
  int32_t *const c = with->c;
  const long ldc = product->ldc, last = with->last;
  NN_UNROLLED
  for (int i = 0; i < rows; i++) {
    NN_UNROLLED
    for (int j = 0; j < vectors; j++) {
      int32_t *const out = c + i * ldc + j * lanes;
      if (j < vectors - 1 || last == lanes) _mm512_storeu_si512(out, sum[i][j]);
      else _mm512_mask_storeu_epi32(out, first_lanes(last), sum[i][j]);
    }
  }
}

typedef void tile_function(const struct operands *with);

#define NN_TILE(ROWS, VECTORS, S, P)                                                                                    \
  static void tile_##ROWS##_##VECTORS##_##S##P(const struct operands *with) { tile(ROWS, VECTORS, S, P, with); }
#define NN_TILES(V, S)                                                                                                  \
  NN_TILE(1, V, S, 0) NN_TILE(2, V, S, 0) NN_TILE(3, V, S, 0) NN_TILE(4, V, S, 0) NN_TILE(5, V, S, 0) NN_TILE(6, V, S, 0)
#define NN_NAMES(V, S)                                                                                                  \
  {tile_1_##V##_##S##0, tile_2_##V##_##S##0, tile_3_##V##_##S##0, tile_4_##V##_##S##0, tile_5_##V##_##S##0,             \
   tile_6_##V##_##S##0}
#define NN_PACKING_TILES(S) NN_TILE(1, 4, S, 1) NN_TILE(2, 4, S, 1) NN_TILE(3, 4, S, 1) NN_TILE(4, 4, S, 1)

NN_TILES(1, 0) NN_TILES(2, 0) NN_TILES(3, 0) NN_TILES(4, 0)
NN_TILES(1, 1) NN_TILES(2, 1) NN_TILES(3, 1) NN_TILES(4, 1)
NN_PACKING_TILES(0) NN_PACKING_TILES(1)

// [A is signed][vectors - 1][rows - 1]
static tile_function *const tiles[2][most_vectors][most_rows] = {
    {NN_NAMES(1, 0), NN_NAMES(2, 0), NN_NAMES(3, 0), NN_NAMES(4, 0)},
    {NN_NAMES(1, 1), NN_NAMES(2, 1), NN_NAMES(3, 1), NN_NAMES(4, 1)}};
// [A is signed][rows - 1]: tiles of whole panels that also store the words. More rows would not fit in the registers.
static tile_function *const packing_tiles[2][most_packing_rows] = {{tile_1_4_01, tile_2_4_01, tile_3_4_01, tile_4_4_01},
                                                                   {tile_1_4_11, tile_2_4_11, tile_3_4_11, tile_4_4_11}};

// Rows are split evenly, as in gemm.inc.
static void multiply_strip(const int signed_left, long m, long n, struct operands with) {
  const long vectors = (n + lanes - 1) / lanes, step = with.product->a_step, ldc = with.product->ldc;
  with.last = n - (vectors - 1) * lanes;
  if (with.b) {
    const long rows = m < most_packing_rows ? m : most_packing_rows;
    packing_tiles[signed_left][rows - 1](&with);
    m -= rows;
    with.a += rows * step, with.c += rows * ldc, with.row_sums += with.row_sums ? rows : 0;
  }
  const long count = (m + most_rows - 1) / most_rows;
  for (long t = 0; t < count; t++) {
    const long rows = (t + 1) * m / count - t * m / count;
    tiles[signed_left][vectors - 1][rows - 1](&with);
    with.a += rows * step, with.c += rows * ldc, with.row_sums += with.row_sums ? rows : 0;
  }
}

static void strip(const struct nn_integer_product *product, long m, long n, const void *a,
                  const int32_t *_Nullable row_sums, const uint8_t *panel, const int32_t *sums,
                  int32_t *_Nullable workspace, int32_t *c) {
  (void)workspace;
  const struct operands with = {
      .product = product, .a = a, .row_sums = row_sums, .column_sums = sums, .panel = (uint8_t *)panel, .c = c};
  multiply_strip(0, m, n, with);
}

static void direct_strip(const struct nn_integer_product *product, bool is_left_signed, long m, long n, long k,
                         const uint8_t *a, const int32_t *_Nullable row_sums, const uint8_t *_Nullable b, long ldb,
                         uint8_t *panel, int32_t *c) {
  struct operands with = {.product = product, .a = a, .row_sums = row_sums, .panel = panel, .c = c};
  const long packed_quads = n == columns ? k / 4 : 0, packed = 4 * packed_quads;
  if (b && packed < k) {
    int32_t sums[columns];
    pack_panel(product->right_offset == 0, k - packed, n, b + packed * ldb, ldb, panel + packed * columns, sums);
  }
  if (packed_quads > 0) with.b = b, with.ldb = ldb, with.packed_quads = packed_quads;
  multiply_strip(is_left_signed, m, n, with);
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
                                                                  .sum_rows = sum_rows,
                                                                  .direct_strip = direct_strip,
                                                                  .block_product = block_product,
                                                                  .peak_loop = peak_loop};
#endif
