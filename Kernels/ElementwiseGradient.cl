// The gradients of the functions in Operations/Unary.cl: dx[i] = d·f′(s), where d is the gradient of the result, and s
// is the function's input x or its result y, as the table says.

#define GRADIENT(FUNCTION, VALUE)                                                                                    \
  kernel void FUNCTION(global const NN_STORED(float) *gs, ulong gOffset, global const NN_STORED(float) *saved,       \
                       ulong savedOffset, global NN_STORED(float) *dxs, ulong dxOffset, index_t count,               \
                       nn_float a, nn_float b) {                                                                     \
    gs += gOffset;                                                                                                   \
    saved += savedOffset;                                                                                            \
    dxs += dxOffset;                                                                                                 \
    NN_MAP(i, count, NN_STORED(float), dxs, i, const nn_float d = NN_READ(float, gs[i]);                             \
           const nn_float s = NN_READ(float, saved[i]); y = NN_WRITE(float, VALUE))                                  \
  }

// The gradient of a layer's activation and of its bias in one pass: dz = dy·f′(saved), dBias[u] = Σ dz[·, u].
//
// A work group processes NN_GRADIENT_COLUMNS units and a slice of `slice` rows. Its partial sums go to row
// get_group_id(1) of `sums`, which is dBias itself if one slice contains all rows.
#ifdef NN_LOOPS
#define LINEAR_GRADIENT(FUNCTION, VALUE)                                                                             \
  kernel void FUNCTION(global const float *gs, ulong gOffset, global const float *saved,                             \
                       ulong savedOffset, global float *dzs, ulong dzOffset, global float *sums,                     \
                       ulong sumsOffset, index_t rows, index_t units, index_t slice, float a,                        \
                       float b) {                                                                                    \
    float partial[NN_GRADIENT_COLUMNS], totals[NN_GRADIENT_COLUMNS], rests[NN_GRADIENT_COLUMNS];                     \
    const index_t unit = (index_t)get_group_id(0) * NN_GRADIENT_COLUMNS;                                             \
    const index_t columns = min((index_t)NN_GRADIENT_COLUMNS, units - unit);                                         \
    const index_t last = min((index_t)(get_group_id(1) + 1) * slice, rows);                                          \
    for (index_t c = 0; c < columns; c++) partial[c] = totals[c] = rests[c] = 0.0f;                                  \
    for (index_t row = (index_t)get_group_id(1) * slice; row < last;) {                                              \
      for (const index_t end = min(row + NN_BLOCK_ROWS, last); row < end; row++) {                                   \
        const index_t at = row * units + unit;                                                                       \
        NN_VECTORIZED for (index_t c = 0; c < columns; c++) {                                                        \
          const float d = gs[gOffset + at + c], s = saved[savedOffset + at + c], dz = VALUE;                         \
          dzs[dzOffset + at + c] = dz;                                                                               \
          partial[c] += dz;                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) {                                                          \
        NN_ADD(totals[c], rests[c], partial[c])                                                                      \
        partial[c] = 0.0f;                                                                                           \
      }                                                                                                              \
    }                                                                                                                \
    sums += sumsOffset + (ulong)get_group_id(1) * units + unit;                                                      \
    for (index_t c = 0; c < columns; c++) sums[c] = totals[c] + rests[c];                                            \
  }
#else
#define NN_ROWS (NN_GROUP / NN_GRADIENT_COLUMNS)
#define LINEAR_GRADIENT(FUNCTION, VALUE)                                                                            \
  kernel void FUNCTION(global const float *gs, ulong gOffset, global const float *saved,                            \
                       ulong savedOffset, global float *dzs, ulong dzOffset, global float *sums,                    \
                       ulong sumsOffset, index_t rows, index_t units, index_t slice, float a,                       \
                       float b) {                                                                                   \
    local float partial[NN_GROUP];                                                                                  \
    const uint item = get_local_id(0), column = item % NN_GRADIENT_COLUMNS, lane = item / NN_GRADIENT_COLUMNS;      \
    const index_t unit = (index_t)get_group_id(0) * NN_GRADIENT_COLUMNS + column;                                   \
    const index_t first = (index_t)get_group_id(1) * slice;                                                         \
    const index_t last = min(first + slice, rows);                                                                  \
    float sum = 0.0f, rest = 0.0f;                                                                                  \
    if (unit < units) {                                                                                             \
      /* Four rows are loaded before one is stored, as in NN_MAP. */                                                \
      for (index_t row = first + lane; row < last; row += 4 * NN_ROWS) {                                            \
        float dz[4];                                                                                                \
        _Pragma("unroll") for (uint r = 0; r < 4; r++) {                                                            \
          const index_t next = row + r * NN_ROWS, i = (next < last ? next : row) * units + unit;                    \
          const float d = gs[gOffset + i], s = saved[savedOffset + i];                                              \
          dz[r] = VALUE;                                                                                            \
        }                                                                                                           \
        _Pragma("unroll") for (uint r = 0; r < 4; r++) {                                                            \
          if (row + r * NN_ROWS >= last) break;                                                                     \
          dzs[dzOffset + (row + r * NN_ROWS) * units + unit] = dz[r];                                               \
          NN_ADD(sum, rest, dz[r])                                                                                  \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
    partial[item] = sum + rest;                                                                                     \
    for (uint half_ = NN_ROWS / 2; half_ > 0; half_ /= 2) {                                                         \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                 \
      if (lane < half_) partial[item] += partial[item + half_ * NN_GRADIENT_COLUMNS];                               \
    }                                                                                                               \
    if (lane == 0 && unit < units) sums[sumsOffset + (ulong)get_group_id(1) * units + unit] = partial[column];      \
  }
#endif

// Names are joined here, before a macro could replace them, as in ElementwiseUnary.cl. Step functions share one kernel.
#ifdef NN_ELEMENT
#define NN_GRADIENT_NAME(STEM) NN_NAME(STEM, float)
#else
#define NN_GRADIENT_NAME(STEM) STEM
#endif
#define NN_GRADIENT_KERNEL(NAME, COST, SAVED, VALUE, DERIVATIVE)  \
  NN_GRADIENT_##SAVED(NN_GRADIENT_NAME(gradient_##NAME), DERIVATIVE)
#define NN_GRADIENT_input GRADIENT
#define NN_GRADIENT_output GRADIENT
#define NN_GRADIENT_neither(FUNCTION, VALUE)
#define NN_LINEAR_KERNEL(NAME, COST, SAVED, VALUE, DERIVATIVE) LINEAR_GRADIENT(linearGradient_##NAME, DERIVATIVE)
GRADIENT(NN_GRADIENT_NAME(gradient_zero), 0.0f)
NN_UNARY_OPERATIONS(NN_GRADIENT_KERNEL)
#ifdef NN_OTHERS
NN_ACTIVATIONS(NN_LINEAR_KERNEL)
#endif
