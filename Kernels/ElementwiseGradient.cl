// The derivatives of the elementwise functions, times the gradient of the result: dx[i] = g[i]·f′. The value s is
// defined by UnaryOp.gradientSource: the function's input x or its result y.

static inline float nn_gradient_negate(float g, float x, float a, float b) { return -g; }
static inline float nn_gradient_magnitude(float g, float x, float a, float b) {
  return g * (float)((x > 0.0f) - (x < 0.0f));
}
static inline float nn_gradient_square(float g, float x, float a, float b) { return g * 2.0f * x; }
static inline float nn_gradient_squareRoot(float g, float y, float a, float b) { return g * 0.5f / y; }
static inline float nn_gradient_reciprocalSquareRoot(float g, float y, float a, float b) { return g * -0.5f * y * y * y; }
static inline float nn_gradient_reciprocal(float g, float y, float a, float b) { return -g * y * y; }
static inline float nn_gradient_exp(float g, float y, float a, float b) { return g * y; }
static inline float nn_gradient_expMinusOne(float g, float y, float a, float b) { return g * (y + 1.0f); }
static inline float nn_gradient_log(float g, float x, float a, float b) { return g / x; }
static inline float nn_gradient_logOnePlus(float g, float x, float a, float b) { return g / (1.0f + x); }
static inline float nn_gradient_sin(float g, float x, float a, float b) { return g * cos(x); }
static inline float nn_gradient_cos(float g, float x, float a, float b) { return -g * sin(x); }
static inline float nn_gradient_tanh(float g, float y, float a, float b) { return g * (1.0f - y) * (1.0f + y); }
static inline float nn_gradient_sigmoid(float g, float y, float a, float b) { return g * y * (1.0f - y); }
static inline float nn_gradient_erf(float g, float x, float a, float b) { return g * 1.1283791670955126f * nn_exp(-x * x); }
static inline float nn_gradient_power(float g, float x, float a, float b) { 
  return g * (a == 0.0f ? 0.0f : a * pow(x, a - 1.0f));
}
static inline float nn_gradient_clamp(float g, float x, float a, float b) { return x >= a && x <= b ? g : 0.0f; }
static inline float nn_gradient_relu(float g, float y, float a, float b) { return y <= 0.0f ? 0.0f : g; }
static inline float nn_gradient_leakyReLU(float g, float x, float a, float b) { return x > 0.0f ? g : a * g; }
static inline float nn_gradient_elu(float g, float x, float a, float b) { return x > 0.0f ? g : g * a * nn_exp(x); }
static inline float nn_gradient_gelu(float g, float x, float a, float b) {
  return g * nn_gelu_slope(x);
}
static inline float nn_gradient_silu(float g, float x, float a, float b) {
  const float e = nn_far_exponential(x), rest = (x < 0.0f ? 1.0f : e) / (1.0f + e);
  return g * nn_times_sigmoid(fma(x, rest, 1.0f), x, e);
}
static inline float nn_gradient_softplus(float g, float x, float a, float b) { return g * nn_sigmoid(x); }

// For step functions.
static inline float nn_gradient_zero(float g, float x, float a, float b) { return 0.0f; }

#define GRADIENT(NAME)                                                                                              \
  kernel void gradient_##NAME(global const float *gs, ulong gOffset, global const float *saved, ulong savedOffset,  \
                              global float *dxs, ulong dxOffset, index_t count, float a, float b) {                 \
    gs += gOffset;                                                                                                  \
    saved += savedOffset;                                                                                           \
    dxs += dxOffset;                                                                                                \
    NN_MAP(i, count, float, dxs, i, y = nn_gradient_##NAME(gs[i], saved[i], a, b))                                  \
  }

// The gradient of a layer's activation and of its bias in one pass: dz = dy·f′(saved), dBias[u] = Σ dz[·, u].
//
// A work group processes NN_COLUMNS units and a stretch of `stretch` rows. Its partial sums go to row get_group_id(1)
// of `sums`, which is dBias itself if one stretch contains all rows.
#ifdef NN_LOOPS
#define NN_COLUMNS 512
#define LINEAR_GRADIENT(NAME)                                                                                        \
  kernel void linearGradient_##NAME(global const float *gs, ulong gOffset, global const float *saved,                \
                                    ulong savedOffset, global float *dzs, ulong dzOffset, global float *sums,        \
                                    ulong sumsOffset, index_t rows, index_t units, index_t stretch, float a,         \
                                    float b) {                                                                       \
    float partial[NN_COLUMNS], totals[NN_COLUMNS], rests[NN_COLUMNS];                                                \
    const index_t unit = (index_t)get_group_id(0) * NN_COLUMNS;                                                      \
    const index_t columns = min((index_t)NN_COLUMNS, units - unit);                                                  \
    const index_t last = min((index_t)(get_group_id(1) + 1) * stretch, rows);                                        \
    for (index_t c = 0; c < columns; c++) partial[c] = totals[c] = rests[c] = 0.0f;                                  \
    for (index_t row = (index_t)get_group_id(1) * stretch; row < last;) {                                            \
      for (const index_t end = min(row + NN_BLOCK_ROWS, last); row < end; row++) {                                   \
        const index_t at = row * units + unit;                                                                       \
        NN_VECTORIZED for (index_t c = 0; c < columns; c++) {                                                        \
          const float dz = nn_gradient_##NAME(gs[gOffset + at + c], saved[savedOffset + at + c], a, b);              \
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
#define NN_COLUMNS 32
#define NN_ROWS (NN_GROUP / NN_COLUMNS)
#define LINEAR_GRADIENT(NAME)                                                                                       \
  kernel void linearGradient_##NAME(global const float *gs, ulong gOffset, global const float *saved,               \
                                    ulong savedOffset, global float *dzs, ulong dzOffset, global float *sums,       \
                                    ulong sumsOffset, index_t rows, index_t units, index_t stretch, float a,        \
                                    float b) {                                                                      \
    local float partial[NN_GROUP];                                                                                  \
    const uint item = get_local_id(0), column = item % NN_COLUMNS, lane = item / NN_COLUMNS;                        \
    const index_t unit = (index_t)get_group_id(0) * NN_COLUMNS + column;                                            \
    const index_t first = (index_t)get_group_id(1) * stretch;                                                       \
    const index_t last = min(first + stretch, rows);                                                                \
    float sum = 0.0f, rest = 0.0f;                                                                                  \
    if (unit < units) {                                                                                             \
      /* Four rows are loaded before one is stored, as in NN_MAP. */                                                \
      for (index_t row = first + lane; row < last; row += 4 * NN_ROWS) {                                            \
        float dz[4];                                                                                                \
        _Pragma("unroll") for (uint r = 0; r < 4; r++) {                                                            \
          const index_t next = row + r * NN_ROWS, i = (next < last ? next : row) * units + unit;                    \
          dz[r] = nn_gradient_##NAME(gs[gOffset + i], saved[savedOffset + i], a, b);                                \
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
      if (lane < half_) partial[item] += partial[item + half_ * NN_COLUMNS];                                        \
    }                                                                                                               \
    if (lane == 0 && unit < units) sums[sumsOffset + (ulong)get_group_id(1) * units + unit] = partial[column];      \
  }
#endif

GRADIENT(zero)
GRADIENT(negate)
GRADIENT(magnitude)
GRADIENT(square)
GRADIENT(squareRoot)
GRADIENT(reciprocalSquareRoot)
GRADIENT(reciprocal)
GRADIENT(exp)
GRADIENT(expMinusOne)
GRADIENT(log)
GRADIENT(logOnePlus)
GRADIENT(sin)
GRADIENT(cos)
GRADIENT(erf)
GRADIENT(power)
GRADIENT(clamp)
GRADIENT(tanh)
GRADIENT(sigmoid)
GRADIENT(relu)
GRADIENT(leakyReLU)
GRADIENT(elu)
GRADIENT(gelu)
GRADIENT(silu)
GRADIENT(softplus)

// The names are passed to each macro directly because compilers define some functions, such as tanh, as macros.
LINEAR_GRADIENT(tanh)
LINEAR_GRADIENT(sigmoid)
LINEAR_GRADIENT(relu)
LINEAR_GRADIENT(leakyReLU)
LINEAR_GRADIENT(elu)
LINEAR_GRADIENT(gelu)
LINEAR_GRADIENT(silu)
LINEAR_GRADIENT(softplus)
