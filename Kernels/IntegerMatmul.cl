// C = A·B for matrices of 8-bit integers, signed or not, that are not transposed. Sums are int32 and wrap around: they are
// computed without sign.
//
// NN_DOT(a, b) adds four products, of the bytes of two words. With NN_DOT_PRODUCTS, it is a function of the extension
// cl_khr_integer_dot_product, which is one instruction on most devices that have the extension.

#define NN_DOT_OF_BYTES(NAME, LEFT, RIGHT)                                                         \
  static inline uint NAME(uint a, uint b) {                                                        \
    const int4 products = convert_int4(as_##LEFT##4(a)) * convert_int4(as_##RIGHT##4(b));          \
    return as_uint(products.s0 + products.s1 + products.s2 + products.s3);                         \
  }
NN_DOT_OF_BYTES(nn_dot_ss, char, char)
NN_DOT_OF_BYTES(nn_dot_su, char, uchar)
NN_DOT_OF_BYTES(nn_dot_us, uchar, char)
NN_DOT_OF_BYTES(nn_dot_uu, uchar, uchar)

#ifdef NN_DOT_PRODUCTS
#define NN_DOT_SS(a, b) as_uint(dot_4x8packed_ss_int(a, b))
#define NN_DOT_SU(a, b) as_uint(dot_4x8packed_su_int(a, b))
#define NN_DOT_US(a, b) as_uint(dot_4x8packed_us_int(a, b))
#define NN_DOT_UU(a, b) dot_4x8packed_uu_uint(a, b)
#else
#define NN_DOT_SS(a, b) nn_dot_ss(a, b)
#define NN_DOT_SU(a, b) nn_dot_su(a, b)
#define NN_DOT_US(a, b) nn_dot_us(a, b)
#define NN_DOT_UU(a, b) nn_dot_uu(a, b)
#endif

#define NN_UNROLL _Pragma("unroll")
#define NN_PARAMETERS                                                                                                \
  global const uchar *as, ulong aOffset, global const uchar *bs, ulong bOffset, global int *cs, ulong cOffset,       \
      index_t m, index_t n, index_t k, index_t batches, ulong strideA, ulong strideB

#ifdef NN_LOOPS

// For CPUs: a work group is one work item, which computes four rows of 32 columns in vector registers.

// The bytes of a row of B from a column on, with zeros beyond the last one.
static inline void nn_right(uchar16 *right, global const uchar *b, index_t columns) {
  if (columns >= NN_INTEGER_COLUMNS) {
    right[0] = vload16(0, b);
    right[1] = vload16(1, b);
  } else {
    uchar *bytes = (uchar *)right;
    for (uint j = 0; j < NN_INTEGER_COLUMNS; j++) bytes[j] = j < columns ? b[j] : 0;
  }
}

#define MATMUL(NAME, LEFT, RIGHT, DOT)                                                                                   \
  kernel __attribute__((reqd_work_group_size(1, 1, 1))) void integerMatmul_##NAME(NN_PARAMETERS) {                       \
    const index_t panels = (n + NN_INTEGER_COLUMNS - 1) / NN_INTEGER_COLUMNS;                                            \
    const index_t row = (index_t)get_group_id(0) / panels * NN_INTEGER_ROWS;                                             \
    const index_t column = (index_t)get_group_id(0) % panels * NN_INTEGER_COLUMNS;                                       \
    const index_t rows = min(m - row, (index_t)NN_INTEGER_ROWS), columns = min(n - column, (index_t)NN_INTEGER_COLUMNS); \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                                 \
      global const uchar *a = as + aOffset + batch * strideA, *b = bs + bOffset + batch * strideB + column;              \
      uint16 sums[NN_INTEGER_ROWS][2];                                                                                   \
      ulong lines[NN_INTEGER_ROWS];                                                                                      \
      NN_UNROLL for (uint i = 0; i < NN_INTEGER_ROWS; i++) {                                                             \
        sums[i][0] = sums[i][1] = 0;                                                                                     \
        lines[i] = (ulong)min(row + i, m - 1) * k;                                                                       \
      }                                                                                                                  \
      for (index_t p = 0; p < k; p++) {                                                                                  \
        uchar16 right[2];                                                                                                \
        nn_right(right, b + (ulong)p * n, columns);                                                                      \
        const uint16 low = as_uint16(convert_int16(as_##RIGHT##16(right[0])));                                           \
        const uint16 high = as_uint16(convert_int16(as_##RIGHT##16(right[1])));                                          \
        NN_UNROLL for (uint i = 0; i < NN_INTEGER_ROWS; i++) {                                                           \
          const uint16 factor = (uint16)((uint)(int)(LEFT)a[lines[i] + p]);                                              \
          sums[i][0] += factor * low;                                                                                    \
          sums[i][1] += factor * high;                                                                                   \
        }                                                                                                                \
      }                                                                                                                  \
      uint results[NN_INTEGER_ROWS * NN_INTEGER_COLUMNS];                                                                \
      NN_UNROLL for (uint i = 0; i < NN_INTEGER_ROWS; i++) {                                                             \
        vstore16(sums[i][0], 2 * i, results);                                                                            \
        vstore16(sums[i][1], 2 * i + 1, results);                                                                        \
      }                                                                                                                  \
      global int *c = cs + cOffset + ((ulong)batch * m + row) * n + column;                                              \
      for (index_t i = 0; i < rows; i++)                                                                                 \
        for (index_t j = 0; j < columns; j++) c[(ulong)i * n + j] = as_int(results[i * NN_INTEGER_COLUMNS + j]);         \
    }                                                                                                                    \
  }

#else

// A work group computes a tile of C, and each work item 4 x 4 of its results, which are NN_ACROSS apart. The tiles of A
// and B in local memory consist of words of four terms of a row of A, or of a column of B, stored as [word][row or
// column].
#define NN_WORDS 8
#define NN_ITEM 4
#define NN_PITCH (NN_INTEGER_TILE + 1)
#define NN_BRINGS (NN_INTEGER_TILE * NN_WORDS / NN_GROUP)

// Four terms of a line, `step` apart in memory from one to the next; terms from `terms` on are 0.
static inline uint nn_pack(global const uchar *from, ulong step, index_t terms) {
  const uint first = terms > 0 ? from[0] : 0, second = terms > 1 ? from[step] : 0;
  const uint third = terms > 2 ? from[2 * step] : 0, fourth = terms > 3 ? from[3 * step] : 0;
  return first | second << 8 | third << 16 | fourth << 24;
}

// The tiles from a term on. Rows of A whose addresses are multiples of four are read in words. `k` is the number of terms
// that are left.
static inline void nn_bring(local uint *aTile, local uint *bTile, global const uchar *a, global const uchar *b, index_t rows,
                            index_t columns, index_t n, index_t pitch, index_t k, int isAligned) {
  NN_UNROLL for (uint u = 0; u < NN_BRINGS; u++) {
    const uint item = get_local_id(0) + u * NN_GROUP;
    const uint row = item / NN_WORDS, aWord = item % NN_WORDS;
    const uint column = item % NN_INTEGER_TILE, bWord = item / NN_INTEGER_TILE;
    global const uchar *left = a + (ulong)row * pitch + 4 * aWord, *right = b + (ulong)(4 * bWord) * n + column;
    const index_t aTerms = row < rows && k > 4 * aWord ? k - 4 * aWord : 0;
    const index_t bTerms = column < columns && k > 4 * bWord ? k - 4 * bWord : 0;
    aTile[aWord * NN_PITCH + row] =
        isAligned && aTerms >= 4 ? *(global const uint *)left : nn_pack(left, 1, aTerms);
    bTile[bWord * NN_PITCH + column] = nn_pack(right, n, bTerms);
  }
}

#define MATMUL(NAME, LEFT, RIGHT, DOT)                                                                               \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void integerMatmul_##NAME(NN_PARAMETERS) {            \
    local uint aTile[NN_WORDS * NN_PITCH], bTile[NN_WORDS * NN_PITCH];                                               \
    const index_t tiles = (n + NN_INTEGER_TILE - 1) / NN_INTEGER_TILE;                                               \
    const index_t row = (index_t)get_group_id(0) / tiles * NN_INTEGER_TILE;                                          \
    const index_t column = (index_t)get_group_id(0) % tiles * NN_INTEGER_TILE;                                       \
    const uint laneM = get_local_id(0) / NN_ACROSS, laneN = get_local_id(0) % NN_ACROSS;                             \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                             \
      global const uchar *a = as + aOffset + batch * strideA + (ulong)row * k;                                       \
      global const uchar *b = bs + bOffset + batch * strideB + column;                                               \
      const int isAligned = (ulong)a % 4 == 0 && k % 4 == 0;                                                         \
      uint sums[NN_ITEM][NN_ITEM];                                                                                   \
      NN_UNROLL for (uint i = 0; i < NN_ITEM; i++) NN_UNROLL for (uint j = 0; j < NN_ITEM; j++) sums[i][j] = 0;      \
      for (index_t p = 0; p < k; p += 4 * NN_WORDS) {                                                                \
        nn_bring(aTile, bTile, a + p, b + (ulong)p * n, m - row, n - column, n, k, k - p, isAligned);                \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
        NN_UNROLL for (uint q = 0; q < NN_WORDS; q++) {                                                              \
          uint left[NN_ITEM], right[NN_ITEM];                                                                        \
          NN_UNROLL for (uint i = 0; i < NN_ITEM; i++) {                                                             \
            left[i] = aTile[q * NN_PITCH + laneM + i * NN_ACROSS];                                                   \
            right[i] = bTile[q * NN_PITCH + laneN + i * NN_ACROSS];                                                  \
          }                                                                                                          \
          NN_UNROLL for (uint i = 0; i < NN_ITEM; i++)                                                               \
              NN_UNROLL for (uint j = 0; j < NN_ITEM; j++) sums[i][j] += DOT(left[i], right[j]);                     \
        }                                                                                                            \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      global int *c = cs + cOffset + (ulong)batch * m * n;                                                           \
      NN_UNROLL for (uint i = 0; i < NN_ITEM; i++) NN_UNROLL for (uint j = 0; j < NN_ITEM; j++) {                    \
        const index_t atRow = row + laneM + i * NN_ACROSS, atColumn = column + laneN + j * NN_ACROSS;                \
        if (atRow < m && atColumn < n) c[(ulong)atRow * n + atColumn] = as_int(sums[i][j]);                          \
      }                                                                                                              \
    }                                                                                                                \
  }

#endif

MATMUL(int8_int8, char, char, NN_DOT_SS)
MATMUL(int8_uint8, char, uchar, NN_DOT_SU)
MATMUL(uint8_int8, uchar, char, NN_DOT_US)
MATMUL(uint8_uint8, uchar, uchar, NN_DOT_UU)
