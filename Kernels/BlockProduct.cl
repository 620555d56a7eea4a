// y = x·Wᵀ for a weight in blocks of small integers (BlockDecoding.cl): x is float32 `[m, 32·pieces]`, and y is
// `[m, units]`. Terms are added in the same order for any number of rows in a kernel, and k is not cut.

#define NN_PARAMETERS                                                                                                \
  global const float *xs, ulong xOffset, global const uint *allWords, ulong wordsOffset,                             \
      global const ushort *allScales, ulong scalesOffset, global float *ys, ulong yOffset, index_t m, index_t units, \
      index_t blocks
// The words and scales of a block, from those of a lane on.
#define NN_BLOCK(group, block, lane)                                                                                 \
  const ulong nn_block = (ulong)(group) * blocks + (block);                                                          \
  global const uint *words = allWords + wordsOffset + nn_block * (NN_WORDS * NN_BLOCK_LANES) + (lane);               \
  global const ushort *scales = allScales + scalesOffset + nn_block * (NN_SCALES * NN_BLOCK_LANES) + (lane)
#define NN_UNROLLED _Pragma("unroll")

#ifdef NN_LOOPS

// A work item multiplies a group of rows of the weight, one in each lane, with ROWS rows of x.
#define PRODUCT(NAME, ROWS)                                                                                          \
  kernel __attribute__((reqd_work_group_size(1, 1, 1))) void blockProduct_##NAME(NN_PARAMETERS) {                    \
    const index_t groups = (units + NN_BLOCK_LANES - 1) / NN_BLOCK_LANES;                                            \
    const index_t group = (index_t)get_group_id(0) % groups, row = (index_t)get_group_id(0) / groups * ROWS;         \
    const ulong k = (ulong)blocks * (32 * NN_PIECES);                                                                \
    global const float *lines[ROWS];                                                                                 \
    float16 sums[ROWS];                                                                                              \
    NN_UNROLLED for (uint r = 0; r < ROWS; r++) {                                                                    \
      lines[r] = xs + xOffset + min(row + r, m - 1) * k;                                                             \
      sums[r] = 0.0f;                                                                                                \
    }                                                                                                                \
    for (index_t block = 0; block < blocks; block++) {                                                               \
      NN_BLOCK(group, block, 0);                                                                                     \
      for (uint piece = 0; piece < NN_PIECES; piece++) {                                                             \
        const ulong first = ((ulong)block * NN_PIECES + piece) * 32;                                                 \
        float16 parts[ROWS];                                                                                         \
        NN_UNROLLED for (uint r = 0; r < ROWS; r++) parts[r] = 0.0f;                                                 \
        for (uint quad = 0; quad < 8; quad++) {                                                                      \
          const rule_t rule = nn_rule(words, scales, piece, quad / 4);                                               \
          const uint16 integers = nn_quad(words, piece, quad);                                                       \
          NN_UNROLLED for (uint j = 0; j < 4; j++) {                                                                 \
            const float16 number = NN_MULTIPLY_ADD(rule.factor, NN_NUMBER(integers, j), rule.base);                  \
            NN_UNROLLED for (uint r = 0; r < ROWS; r++)                                                              \
                parts[r] = NN_MULTIPLY_ADD((float16)(lines[r][first + 4 * quad + j]), number, parts[r]);             \
          }                                                                                                          \
        }                                                                                                            \
        NN_UNROLLED for (uint r = 0; r < ROWS; r++) sums[r] += parts[r];                                             \
      }                                                                                                              \
    }                                                                                                                \
    const index_t lanes = min(units - group * NN_BLOCK_LANES, (index_t)NN_BLOCK_LANES);                              \
    for (uint r = 0; r < ROWS && row + r < m; r++) {                                                                 \
      float results[NN_BLOCK_LANES];                                                                                 \
      vstore16(sums[r], 0, results);                                                                                 \
      global float *y = ys + yOffset + (ulong)(row + r) * units + group * NN_BLOCK_LANES;                            \
      for (index_t lane = 0; lane < lanes; lane++) y[lane] = results[lane];                                          \
    }                                                                                                                \
  }

#else

// A work group multiplies a group of rows of the weight with ROWS rows of x. The work items of a lane share its pieces.
#define NN_SHARES (NN_GROUP / NN_BLOCK_LANES)
#define PRODUCT(NAME, ROWS)                                                                                          \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void blockProduct_##NAME(NN_PARAMETERS) {             \
    local float partials[NN_GROUP];                                                                                  \
    const index_t groups = (units + NN_BLOCK_LANES - 1) / NN_BLOCK_LANES;                                            \
    const index_t group = (index_t)get_group_id(0) % groups, row = (index_t)get_group_id(0) / groups * ROWS;         \
    const uint item = get_local_id(0), lane = item % NN_BLOCK_LANES, share = item / NN_BLOCK_LANES;                  \
    const ulong k = (ulong)blocks * (32 * NN_PIECES);                                                                \
    float sums[ROWS];                                                                                                \
    NN_UNROLLED for (uint r = 0; r < ROWS; r++) sums[r] = 0.0f;                                                      \
    for (index_t p = share; p < blocks * NN_PIECES; p += NN_SHARES) {                                                \
      const uint piece = p % NN_PIECES;                                                                              \
      NN_BLOCK(group, p / NN_PIECES, lane);                                                                          \
      NN_UNROLLED for (uint quad = 0; quad < 8; quad++) {                                                            \
        const rule_t rule = nn_rule(words, scales, piece, quad / 4);                                                 \
        const uint integers = nn_quad(words, piece, quad);                                                           \
        NN_UNROLLED for (uint r = 0; r < ROWS; r++) {                                                                \
          const float4 x = vload4(0, xs + xOffset + min(row + r, m - 1) * k + (ulong)p * 32 + 4 * quad);             \
          sums[r] = fma(x.s0, fma(rule.factor, NN_NUMBER(integers, 0), rule.base), sums[r]);                         \
          sums[r] = fma(x.s1, fma(rule.factor, NN_NUMBER(integers, 1), rule.base), sums[r]);                         \
          sums[r] = fma(x.s2, fma(rule.factor, NN_NUMBER(integers, 2), rule.base), sums[r]);                         \
          sums[r] = fma(x.s3, fma(rule.factor, NN_NUMBER(integers, 3), rule.base), sums[r]);                         \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    NN_UNROLLED for (uint r = 0; r < ROWS; r++) {                                                                    \
      partials[item] = sums[r];                                                                                      \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      for (uint width = NN_SHARES / 2; width > 0; width /= 2) {                                                      \
        if (share < width) partials[item] += partials[item + width * NN_BLOCK_LANES];                                \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      const index_t unit = group * NN_BLOCK_LANES + lane;                                                            \
      if (share == 0 && unit < units && row + r < m) ys[yOffset + (ulong)(row + r) * units + unit] = partials[item]; \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
  }

// A work group multiplies 64 rows of the weight with 64 rows of x. Their next pieces go to local memory, those of the
// weight decoded, so that a number is decoded once for all rows.
kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void blockProduct_tiles(NN_PARAMETERS) {
  local float xTile[NN_SIDE(NN_TILE_M)] __attribute__((aligned(16)));
  local float wTile[NN_SIDE(NN_TILE_N)] __attribute__((aligned(16)));
  const index_t tiles = (units + NN_TILE_N - 1) / NN_TILE_N, groups = (units + NN_BLOCK_LANES - 1) / NN_BLOCK_LANES;
  const index_t row = (index_t)get_group_id(0) / tiles * NN_TILE_M;
  const index_t column = (index_t)get_group_id(0) % tiles * NN_TILE_N;
  const uint item = get_local_id(0), lane = item % NN_BLOCK_LANES;
  const ulong k = (ulong)blocks * (32 * NN_PIECES);
  NN_SUMS(sums);
  nn_clear(sums);
  for (index_t p = 0; p < blocks * NN_PIECES; p++) {
    NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_M); u++) {
      const uint at = item + u * NN_GROUP, line = at / NN_DEPTH, term = at % NN_DEPTH;
      xTile[term * NN_PITCH(NN_TILE_M) + line] =
          row + line < m ? xs[xOffset + (row + line) * k + (ulong)p * NN_DEPTH + term] : 0.0f;
    }
    NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_N) / 4; u++) {
      const uint place = item / NN_BLOCK_LANES + u * (NN_GROUP / NN_BLOCK_LANES), quad = place % 8, piece = p % NN_PIECES;
      const index_t group = column / NN_BLOCK_LANES + place / 8;
      uint integers = 0;
      rule_t rule = {0.0f, 0.0f};
      if (group < groups) {
        NN_BLOCK(group, p / NN_PIECES, lane);
        rule = nn_rule(words, scales, piece, quad / 4);
        integers = nn_quad(words, piece, quad);
      }
      local float *to = wTile + 4 * quad * NN_PITCH(NN_TILE_N) + place / 8 * NN_BLOCK_LANES + lane;
      NN_UNROLL for (uint j = 0; j < 4; j++) to[j * NN_PITCH(NN_TILE_N)] =
          fma(rule.factor, NN_NUMBER(integers, j), rule.base);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    nn_multiply(sums, xTile, wTile, NN_LANE_M, NN_LANE_N);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++) {
    const index_t atRow = row + NN_PLACE(NN_LANE_M, i, NN_VECTOR_M);
    const float parts[] = NN_PARTS(sums[i][0]);
    NN_UNROLL for (uint j = 0; j < NN_ITEM_N; j++) {
      const index_t atColumn = column + NN_PLACE(NN_LANE_N, j, NN_VECTOR_N);
      if (atRow < m && atColumn < units) ys[yOffset + (ulong)atRow * units + atColumn] = parts[j];
    }
  }
}

#endif

PRODUCT(row, 1)
PRODUCT(rows, NN_BLOCK_PRODUCT_ROWS)

#if NN_FORMAT == 80
// Rounds each piece to multiples n·s of s = max|x|/127, with n from -127 to 127. A piece with a number that is not finite
// becomes NaN. Where a step would not be a normal number, all numbers become 0.
kernel void roundBlocks(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t pieces) {
  NN_FOREACH(i, pieces) {
    global const float *x = xs + xOffset + (ulong)i * 32;
    global float *y = ys + yOffset + (ulong)i * 32;
    float largest = 0.0f;
    for (uint j = 0; j < 32; j++) largest = nn_maximum_float(largest, fabs(x[j]));
    const float step = largest / 127.0f;
    for (uint j = 0; j < 32; j++)
      y[j] = !(largest < INFINITY) ? NAN : step < FLT_MIN ? 0.0f : rint(x[j] / step) * step;
  }
}
#endif
