// y[i] = a[i] OPERATOR b[i], as bool, for the comparisons in Operations/Binary.cl: for dense operands, for strided
// operands, and with a scalar on the right.

#define COMPARISON(DENSE, STRIDED, SCALAR, TYPE, OPERATOR)                                                        \
  kernel void DENSE(global const NN_STORED(TYPE) *as, ulong aOffset,                                              \
                                      global const NN_STORED(TYPE) *bs, ulong bOffset, global nn_bool *ys,        \
                                      ulong yOffset, index_t count) {                                             \
    as += aOffset;                                                                                                \
    bs += bOffset;                                                                                                \
    ys += yOffset;                                                                                                \
    NN_MAP(i, count, nn_bool, ys, i, y = NN_READ(TYPE, as[i]) OPERATOR NN_READ(TYPE, bs[i]))                      \
  }                                                                                                               \
  kernel void STRIDED(                                                                                            \
      global const NN_STORED(TYPE) *as, ulong aOffset, global const NN_STORED(TYPE) *bs, ulong bOffset,           \
      global nn_bool *ys, ulong yOffset, index_t count, loop_t loop, steps_t aSteps, steps_t bSteps) {            \
    as += aOffset;                                                                                                \
    bs += bOffset;                                                                                                \
    ys += yOffset;                                                                                                \
    NN_MAP_RUNS(i, count, loop, aSteps.steps[0], bSteps.steps[0], nn_bool, ys, i, 1,                              \
                step_t aAt = 0; step_t bAt = 0;                                                                   \
                NN_FORAXES(i, loop, aAt += position * aSteps.steps[axis]; bAt += position * bSteps.steps[axis]),  \
                y = NN_READ(TYPE, (as + aAt)[k * s]) OPERATOR NN_READ(TYPE, (bs + bAt)[k * t]))                   \
  }                                                                                                               \
  kernel void SCALAR(global const NN_STORED(TYPE) *xs, ulong xOffset, global nn_bool *ys,                         \
                                            ulong yOffset, index_t count, NN_TYPE(TYPE) scalar) {                 \
    xs += xOffset;                                                                                                \
    ys += yOffset;                                                                                                \
    NN_MAP(i, count, nn_bool, ys, i, y = NN_READ(TYPE, xs[i]) OPERATOR scalar)                                    \
  }

// Names are joined here, before a macro could replace them, as in ElementwiseUnary.cl.
#define NN_COMPARISON_FLOAT(NAME, OPERATOR)                                        \
  COMPARISON(NN_NAME(compare_##NAME, float), NN_NAME(compareStrided_##NAME, float),\
             NN_NAME(compareScalar_##NAME, float), float, OPERATOR)
#define NN_COMPARISON_INT(NAME, OPERATOR)                                          \
  COMPARISON(NN_NAME(compare_##NAME, int), NN_NAME(compareStrided_##NAME, int),    \
             NN_NAME(compareScalar_##NAME, int), int, OPERATOR)
#define NN_COMPARISON_BOOL(NAME, OPERATOR)                                         \
  COMPARISON(NN_NAME(compare_##NAME, bool), NN_NAME(compareStrided_##NAME, bool),  \
             NN_NAME(compareScalar_##NAME, bool), bool, OPERATOR)
#ifdef NN_FLOATS
NN_COMPARISONS(NN_COMPARISON_FLOAT)
#endif
#ifdef NN_INTEGERS
NN_COMPARISONS(NN_COMPARISON_INT)
#endif
#ifdef NN_OTHERS
NN_COMPARISONS(NN_COMPARISON_BOOL)
#endif
