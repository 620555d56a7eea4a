// y[i] = a[i] OPERATOR b[i], as bool, for the comparisons in Operations/Binary.cl: for dense operands, for strided
// operands, and with a scalar on the right.

#define COMPARISON(DENSE, STRIDED, SCALAR, TYPE, OPERATOR)                                                          \
  kernel void DENSE(global const NN_TYPE(TYPE) *as, ulong aOffset,                                                  \
                                      global const NN_TYPE(TYPE) *bs, ulong bOffset, global nn_bool *ys,            \
                                      ulong yOffset, index_t count) {                                               \
    as += aOffset;                                                                                                  \
    bs += bOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP(i, count, nn_bool, ys, i, y = as[i] OPERATOR bs[i])                                                      \
  }                                                                                                                 \
  kernel void STRIDED(                                                                                              \
      global const NN_TYPE(TYPE) *as, ulong aOffset, global const NN_TYPE(TYPE) *bs, ulong bOffset,                 \
      global nn_bool *ys, ulong yOffset, index_t count, loop_t loop, steps_t aSteps, steps_t bSteps) {              \
    as += aOffset;                                                                                                  \
    bs += bOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP_RUNS(i, count, loop, aSteps.steps[0], bSteps.steps[0], nn_bool, ys, i, 1,                                \
                step_t aAt = 0; step_t bAt = 0;                                                                     \
                NN_FORAXES(i, loop, aAt += position * aSteps.steps[axis]; bAt += position * bSteps.steps[axis]),    \
                y = (as + aAt)[k * s] OPERATOR (bs + bAt)[k * t])                                                   \
  }                                                                                                                 \
  kernel void SCALAR(global const NN_TYPE(TYPE) *xs, ulong xOffset, global nn_bool *ys,                             \
                                            ulong yOffset, index_t count, NN_TYPE(TYPE) scalar) {                   \
    xs += xOffset;                                                                                                  \
    ys += yOffset;                                                                                                  \
    NN_MAP(i, count, nn_bool, ys, i, y = xs[i] OPERATOR scalar)                                                     \
  }

#define NN_COMPARISON_KERNELS(NAME, OPERATOR)                                                                       \
  COMPARISON(compare_##NAME##_float, compareStrided_##NAME##_float, compareScalar_##NAME##_float, float, OPERATOR)  \
  COMPARISON(compare_##NAME##_int, compareStrided_##NAME##_int, compareScalar_##NAME##_int, int, OPERATOR)          \
  COMPARISON(compare_##NAME##_bool, compareStrided_##NAME##_bool, compareScalar_##NAME##_bool, bool, OPERATOR)
NN_COMPARISONS(NN_COMPARISON_KERNELS)
