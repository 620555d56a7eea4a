// y[i] = f(a[i], b[i]) for dense operands, for strided operands, and with a scalar on either side.

static inline float nn_remainder_float(float a, float b) {
  // fmod is exact, but a − b·floor(a/b) is not. The result has the sign of b.
  const float r = fmod(a, b);
  return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? r + b : r;
}

// Hardware division traps on a zero divisor and on the single quotient that overflows.
static inline int nn_divide_int(int a, int b) { return b == 0 ? 0 : (b == -1 ? nn_subtract_int(0, a) : a / b); }
static inline int nn_remainder_int(int a, int b) {
  if (b == 0 || b == -1) return 0;
  const int r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

#define BINARY(NAME, TYPE, EXPRESSION)                                                                              \
  kernel void binary_##NAME##_##TYPE(global const NN_TYPE(TYPE) *as, ulong aOffset,                                 \
                                     global const NN_TYPE(TYPE) *bs, ulong bOffset, global NN_TYPE(TYPE) *ys,       \
                                     ulong yOffset, index_t count) {                                                \
    as += aOffset;                                                                                                  \
    bs += bOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP(i, count, NN_TYPE(TYPE), ys, i, const NN_TYPE(TYPE) a = as[i], b = bs[i]; y = EXPRESSION)                \
  }                                                                                                                 \
  kernel void binaryStrided_##NAME##_##TYPE(                                                                        \
      global const NN_TYPE(TYPE) *as, ulong aOffset, global const NN_TYPE(TYPE) *bs, ulong bOffset,                 \
      global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, loop_t loop, steps_t aSteps, steps_t bSteps) {        \
    as += aOffset;                                                                                                  \
    bs += bOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP_RUNS(i, count, loop, aSteps.steps[0], bSteps.steps[0], NN_TYPE(TYPE), ys, i, 1,                          \
                step_t aAt = 0; step_t bAt = 0;                                                                     \
                NN_FORAXES(i, loop, aAt += position * aSteps.steps[axis]; bAt += position * bSteps.steps[axis]),    \
                const NN_TYPE(TYPE) a = (as + aAt)[k * s], b = (bs + bAt)[k * t]; y = EXPRESSION)                   \
  }                                                                                                                 \
  kernel void binaryScalar_##NAME##_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset,                           \
                                           global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count,                  \
                                           NN_TYPE(TYPE) scalar, int scalarFirst) {                                 \
    xs += xOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP(i, count, NN_TYPE(TYPE), ys, i,                                                                          \
           const NN_TYPE(TYPE) x = xs[i], a = scalarFirst ? scalar : x, b = scalarFirst ? x : scalar; y = EXPRESSION) \
  }

BINARY(add, float, a + b)
BINARY(subtract, float, a - b)
BINARY(multiply, float, a *b)
BINARY(divide, float, a / b)
BINARY(power, float, pow(a, b))
BINARY(maximum, float, nn_maximum_float(a, b))
BINARY(minimum, float, nn_minimum_float(a, b))
BINARY(remainder, float, nn_remainder_float(a, b))

BINARY(add, int, nn_add_int(a, b))
BINARY(subtract, int, nn_subtract_int(a, b))
BINARY(multiply, int, nn_multiply_int(a, b))
BINARY(divide, int, nn_divide_int(a, b))
BINARY(maximum, int, nn_maximum_int(a, b))
BINARY(minimum, int, nn_minimum_int(a, b))
BINARY(remainder, int, nn_remainder_int(a, b))

BINARY(logicalAnd, bool, (a != 0) & (b != 0))
BINARY(logicalOr, bool, (a != 0) | (b != 0))
