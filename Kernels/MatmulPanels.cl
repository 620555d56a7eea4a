// Matrix products for CPUs with large caches and wide vectors: C = alpha·A·B + beta·C, plus bias and activation.
//
// A work group is one work item. It copies a panel of B, NN_DEPTH rows of a few vectors, to private memory, which stays
// in the L1 cache, and multiplies it with one block of NN_ROWS rows of A after another. The results of a block are in
// vector registers: NN_ROWS times NN_VECTORS vectors of 16 numbers. There are no barriers, and all vectors are explicit
// instead of left to the compiler. A transposed B is transposed while the panel is copied; a transposed A is read in
// place.
//
// NN_PACKS = 0 is for few rows: full panels are read in place, because they are used for only one block of rows.
//
// The sum over k is split after every NN_DEPTH terms, and nowhere else, so the result always has the same bits.

#define NN_COLUMNS (16 * NN_VECTORS)
#define NN_UNROLL _Pragma("unroll")

// Transposes 16 vectors of 16 numbers: swaps off-diagonal blocks of 8 x 8, then of 4 x 4, of 2 x 2, and single numbers.
static inline void nn_transpose(nn_vector_float *r) {
  NN_UNROLL for (uint i = 0; i < 8; i++) {
    const nn_vector_float a = r[i], b = r[i + 8];
    r[i] = (nn_vector_float)(a.lo, b.lo);
    r[i + 8] = (nn_vector_float)(a.hi, b.hi);
  }
  NN_UNROLL for (uint i = 0; i < 16; i++) if (i % 8 < 4) {
    const nn_vector_float a = r[i], b = r[i + 4];
    r[i] = (nn_vector_float)(a.s0123, b.s0123, a.s89ab, b.s89ab);
    r[i + 4] = (nn_vector_float)(a.s4567, b.s4567, a.scdef, b.scdef);
  }
  NN_UNROLL for (uint i = 0; i < 16; i++) if (i % 4 < 2) {
    const nn_vector_float a = r[i], b = r[i + 2];
    r[i] = (nn_vector_float)(a.s01, b.s01, a.s45, b.s45, a.s89, b.s89, a.scd, b.scd);
    r[i + 2] = (nn_vector_float)(a.s23, b.s23, a.s67, b.s67, a.sab, b.sab, a.sef, b.sef);
  }
  NN_UNROLL for (uint i = 0; i < 16; i += 2) {
    const nn_vector_float a = r[i], b = r[i + 1];
    r[i] = (nn_vector_float)(a.s0, b.s0, a.s2, b.s2, a.s4, b.s4, a.s6, b.s6, a.s8, b.s8, a.sa, b.sa, a.sc, b.sc, a.se, b.se);
    r[i + 1] =
        (nn_vector_float)(a.s1, b.s1, a.s3, b.s3, a.s5, b.s5, a.s7, b.s7, a.s9, b.s9, a.sb, b.sb, a.sd, b.sd, a.sf, b.sf);
  }
}

// Copies `depth` rows of `columns` numbers, `pitch` apart, into a panel, with zeros beyond the last column.
static inline void nn_packRows(nn_vector_float *panel, global const nn_float *b, index_t pitch, index_t columns,
                               index_t depth) {
  if (columns == NN_COLUMNS) {
    for (index_t p = 0; p < depth; p++, b += pitch)
      NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++) panel[p * NN_VECTORS + v] = vload16(v, b);
    return;
  }
  const nn_mask_float numbers = (nn_mask_float)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  index_t p = 0;
  // Full vectors, as long as they end before the last row does. The part of a vector that belongs to the next row is
  // replaced by zeros.
  for (; (ulong)p * pitch + NN_COLUMNS + pitch <= (ulong)depth * pitch + columns; p++, b += pitch)
    NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++)
        panel[p * NN_VECTORS + v] = select((nn_vector_float)(0.0f), vload16(v, b), numbers + (int)(v * 16) < (int)columns);
  for (; p < depth; p++, b += pitch) {
    nn_float *row = (nn_float *)(panel + p * NN_VECTORS);
    for (uint j = 0; j < NN_COLUMNS; j++) row[j] = j < columns ? b[j] : 0.0f;
  }
}

// The same for a transposed B: the columns of the panel are rows in memory, `pitch` apart.
static inline void nn_packColumns(nn_vector_float *panel, global const nn_float *b, index_t pitch, index_t columns,
                                  index_t depth) {
  for (uint v = 0; v < NN_VECTORS; v++, b += 16 * (ulong)pitch) {
    const index_t inVector = columns < v * 16 ? 0 : min(columns - v * 16, (index_t)16);
    index_t p = 0;
    for (; inVector == 16 && p + 16 <= depth; p += 16) {
      nn_vector_float r[16];
      NN_UNROLL for (uint j = 0; j < 16; j++) r[j] = vload16(0, b + (ulong)j * pitch + p);
      nn_transpose(r);
      NN_UNROLL for (uint j = 0; j < 16; j++) panel[(p + j) * NN_VECTORS + v] = r[j];
    }
    for (; p < depth; p++) {
      nn_float *row = (nn_float *)(panel + p * NN_VECTORS + v);
      for (uint j = 0; j < 16; j++) row[j] = j < inVector ? b[(ulong)j * pitch + p] : 0.0f;
    }
  }
}

// Adds `depth` products to the sums of a block. RIGHT(v) is the v-th vector of row p of B.
#define NN_MULTIPLY(RIGHT)                                                                                           \
  for (index_t p = 0; p < depth; p++, left += stepK) {                                                               \
    nn_vector_float right[NN_VECTORS];                                                                               \
    NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++) right[v] = RIGHT(v);                                             \
    NN_UNROLL for (uint i = 0; i < NN_ROWS; i++) {                                                                   \
      const nn_vector_float factor = (nn_vector_float)(left[offsets[i]]);                                            \
      NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++) sums[i][v] = NN_MULTIPLY_ADD(factor, right[v], sums[i][v]);    \
    }                                                                                                                \
  }
#define NN_FROM_PANEL(v) panel[p * NN_VECTORS + v]
#define NN_FROM_MEMORY(v) vload16(v, b + (ulong)p * n)

// Finishes the rows of a block: full vectors, and single numbers at the right edge. The loop runs over a copy of the
// registers: if it were unrolled, it would be most of the kernel's code.
static inline void nn_finishBlock(const nn_vector_float *results, uint rows, ulong at, index_t n, index_t column,
                                  index_t columns, int isFirst, int isLast, epilogue_t e, global const nn_float *bias,
                                  global nn_float *ys, global nn_float *pre) {
  _Pragma("nounroll") for (uint i = 0; i < rows; i++, at += n, results += NN_VECTORS) {
    _Pragma("nounroll") for (uint v = 0; v < columns / 16; v++)
        nn_finish16(results[v], at + v * 16, column + v * 16, isFirst, isLast, e, bias, ys, pre);
    _Pragma("nounroll") for (uint j = columns / 16 * 16; j < columns; j++)
        nn_finish(((const nn_float *)results)[j], at + j, column + j, isFirst, isLast, e, bias, ys, pre);
#ifdef NN_ACTIVATES
    _Pragma("nounroll") for (uint j = 0; isLast && j < columns; j++)
        ys[at + j] = nn_activate(e.activation, ys[at + j], e.parameter);
#endif
  }
}

#define MATMUL(NAME, TRANSPOSES_A, TRANSPOSES_B)                                                                     \
  kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmulPanels##NAME(                                     \
      global const nn_float *as, ulong aOffset, global const nn_float *bs, ulong bOffset, global const nn_float *bias, \
      ulong biasOffset, global nn_float *cs, ulong cOffset, global nn_float *pre, ulong preOffset, index_t m, index_t n, \
      index_t k, index_t batches, ulong strideA, ulong strideB, index_t slice, epilogue_t epilogue) {                \
    const index_t column = (index_t)get_group_id(0) * NN_COLUMNS;                                                    \
    const index_t columns = min(n - column, (index_t)NN_COLUMNS);                                                    \
    const index_t first = (index_t)get_group_id(1) * slice, end = min(first + slice, m);                             \
    const int packs = NN_PACKS || TRANSPOSES_B || columns < NN_COLUMNS;                                              \
    const ulong stepK = TRANSPOSES_A ? m : 1, stepRow = TRANSPOSES_A ? 1 : k;                                        \
    nn_vector_float panel[NN_DEPTH * NN_VECTORS];                                                                    \
    for (index_t batch = get_group_id(2); batch < batches; batch += get_num_groups(2)) {                             \
      index_t start = 0;                                                                                             \
      do {                                                                                                           \
        const index_t depth = min(k - start, (index_t)NN_DEPTH);                                                     \
        const int isFirst = start == 0, isLast = start + depth == k;                                                 \
        global const nn_float *b = bs + bOffset + batch * strideB +                                                  \
                                (TRANSPOSES_B ? (ulong)column * k + start : (ulong)start * n + column);              \
        if (TRANSPOSES_B)                                                                                            \
          nn_packColumns(panel, b, k, columns, depth);                                                               \
        else if (packs)                                                                                              \
          nn_packRows(panel, b, n, columns, depth);                                                                  \
        for (index_t row = first; row < end; row += NN_ROWS) {                                                       \
          global const nn_float *left = as + aOffset + batch * strideA + start * stepK;                              \
          nn_vector_float sums[NN_ROWS][NN_VECTORS];                                                                 \
          /* Rows beyond the last one repeat it and are not stored. */                                               \
          ulong offsets[NN_ROWS];                                                                                    \
          NN_UNROLL for (uint i = 0; i < NN_ROWS; i++) {                                                             \
            offsets[i] = min(row + i, end - 1) * stepRow;                                                            \
            NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++) sums[i][v] = 0.0f;                                       \
          }                                                                                                          \
          if (packs) {                                                                                               \
            NN_MULTIPLY(NN_FROM_PANEL)                                                                               \
          } else {                                                                                                   \
            NN_MULTIPLY(NN_FROM_MEMORY)                                                                              \
          }                                                                                                          \
          nn_vector_float results[NN_ROWS * NN_VECTORS];                                                             \
          NN_UNROLL for (uint i = 0; i < NN_ROWS; i++)                                                               \
              NN_UNROLL for (uint v = 0; v < NN_VECTORS; v++) results[i * NN_VECTORS + v] = sums[i][v];              \
          nn_finishBlock(results, min(end - row, (index_t)NN_ROWS), ((ulong)batch * m + row) * n + column, n,        \
                         column, columns, isFirst, isLast, epilogue, bias + biasOffset, cs + cOffset,                \
                         pre + preOffset);                                                                           \
        }                                                                                                            \
        start += depth;                                                                                              \
      } while (start < k);                                                                                           \
    }                                                                                                                \
  }

MATMUL(NN, 0, 0)
MATMUL(NT, 0, 1)
MATMUL(TN, 1, 0)
MATMUL(TT, 1, 1)
