// Products of a few rows and a matrix. Each number of B is used only once or a few times, so only the partial sums are
// kept in local memory. A work group computes several neighboring columns of a row. Several work items share the terms
// of a column, and neighboring work items read neighboring numbers of B: along n, or along k if B is transposed.
//
// As with tiles, k may be split into slices, whose partial results are added in order by `matmulReduce`.

#define NN_BLOCKS (NN_GROUP / NN_ROW_BLOCK)

#ifdef NN_ACTIVATES
#define NN_ACTIVATE(y) (y) = nn_activate(epilogue.activation, (y), epilogue.parameter)
#else
#define NN_ACTIVATE(y)
#endif

#define MATMUL(NAME, TRANSPOSES_A, TRANSPOSES_B)                                                                     \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void matmulRows##NAME(                                \
      global const float *as, ulong aOffset, global const float *bs, ulong bOffset, global const float *bias,        \
      ulong biasOffset, global float *cs, ulong cOffset, global float *pre, ulong preOffset, index_t m, index_t n,   \
      index_t k, index_t batches, ulong strideA, ulong strideB, index_t slice, epilogue_t epilogue) {                \
    local float partials[NN_GROUP];                                                                                  \
    const uint inBlock = get_local_id(0) % NN_ROW_BLOCK, block = get_local_id(0) / NN_ROW_BLOCK;                     \
    /* The work items of a column, the distance between two of them, and the index of this one. */                   \
    const uint lanes = TRANSPOSES_B ? NN_ROW_BLOCK : NN_BLOCKS, step = TRANSPOSES_B ? 1 : NN_ROW_BLOCK;              \
    const uint lane = TRANSPOSES_B ? inBlock : block;                                                                \
    const index_t column = (index_t)get_group_id(0) * (TRANSPOSES_B ? NN_BLOCKS : NN_ROW_BLOCK) +                    \
                           (TRANSPOSES_B ? block : inBlock);                                                         \
    const index_t kFirst = (index_t)get_group_id(2) * slice;                                                         \
    const index_t kEnd = column < n ? min(kFirst + slice, k) : 0;                                                    \
    for (index_t line = get_group_id(1); line < batches * m; line += get_num_groups(1)) {                            \
      const index_t batch = line / m, row = line % m;                                                                \
      global const float *a = as + aOffset + batch * strideA + (TRANSPOSES_A ? row : (ulong)row * k);                \
      global const float *b = bs + bOffset + batch * strideB + (TRANSPOSES_B ? (ulong)column * k : column);          \
      float sum = 0.0f;                                                                                              \
      for (index_t p = kFirst + lane; p < kEnd; p += lanes)                                                          \
        sum = NN_MULTIPLY_ADD(a[TRANSPOSES_A ? (ulong)p * m : p], b[TRANSPOSES_B ? p : (ulong)p * n], sum);          \
      partials[get_local_id(0)] = sum;                                                                               \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      for (uint width = lanes / 2; width > 0; width /= 2) {                                                          \
        if (lane < width) partials[get_local_id(0)] += partials[get_local_id(0) + width * step];                     \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      if (lane == 0 && column < n) {                                                                                 \
        const ulong at = (ulong)line * n + column;                                                                   \
        if (get_num_groups(2) == 1) {                                                                                \
          nn_finish(partials[get_local_id(0)], at, column, 1, 1, epilogue, bias + biasOffset, cs + cOffset,          \
                    pre + preOffset);                                                                                \
          NN_ACTIVATE(cs[cOffset + at]);                                                                             \
        } else {                                                                                                     \
          cs[cOffset + (ulong)get_group_id(2) * batches * m * n + at] = partials[get_local_id(0)];                   \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

MATMUL(NN, 0, 0)
MATMUL(NT, 0, 1)
MATMUL(TN, 1, 0)
MATMUL(TT, 1, 1)
