// y[i] = f(a[i], b[i]), for the functions in Operations/Binary.cl: for dense operands, for strided operands, and with a
// scalar on either side.

#define BINARY(DENSE, STRIDED, SCALAR, TYPE, VALUE)                                                                    \
  kernel void DENSE(global const NN_STORED(TYPE) *as, ulong aOffset, global const NN_STORED(TYPE) *bs, ulong bOffset,  \
                    global NN_STORED(TYPE) *ys, ulong yOffset, index_t count) {                                        \
    as += aOffset;                                                                                                     \
    bs += bOffset;                                                                                                     \
    ys += yOffset;                                                                                                     \
    NN_MAP(i, count, NN_STORED(TYPE), ys, i, const NN_TYPE(TYPE) a = NN_READ(TYPE, as[i]), b = NN_READ(TYPE, bs[i]);   \
           y = NN_WRITE(TYPE, VALUE))                                                                                  \
  }                                                                                                                    \
  kernel void STRIDED(                                                                                                 \
      global const NN_STORED(TYPE) *as, ulong aOffset, global const NN_STORED(TYPE) *bs, ulong bOffset,                \
      global NN_STORED(TYPE) *ys, ulong yOffset, index_t count, loop_t loop, steps_t aSteps, steps_t bSteps) {         \
    as += aOffset;                                                                                                     \
    bs += bOffset;                                                                                                     \
    ys += yOffset;                                                                                                     \
    NN_MAP_RUNS(i, count, loop, aSteps.steps[0], bSteps.steps[0], NN_STORED(TYPE), ys, i, 1,                           \
                step_t aAt = 0; step_t bAt = 0;                                                                        \
                NN_FORAXES(i, loop, aAt += position * aSteps.steps[axis]; bAt += position * bSteps.steps[axis]),       \
                const NN_TYPE(TYPE) a = NN_READ(TYPE, (as + aAt)[k * s]), b = NN_READ(TYPE, (bs + bAt)[k * t]);        \
                y = NN_WRITE(TYPE, VALUE))                                                                             \
  }                                                                                                                    \
  kernel void SCALAR(global const NN_STORED(TYPE) *xs, ulong xOffset, global NN_STORED(TYPE) *ys, ulong yOffset,       \
                     index_t count, NN_TYPE(TYPE) scalar, int scalarFirst) {                                           \
    xs += xOffset;                                                                                                     \
    ys += yOffset;                                                                                                     \
    NN_MAP(i, count, NN_STORED(TYPE), ys, i,                                                                           \
           const NN_TYPE(TYPE) x = NN_READ(TYPE, xs[i]), a = scalarFirst ? scalar : x, b = scalarFirst ? x : scalar;   \
           y = NN_WRITE(TYPE, VALUE))                                                                                  \
  }

// Names are joined here, before a macro could replace them, as in ElementwiseUnary.cl.
#define NN_FLOAT_KERNELS(NAME, COST, VALUE)                                                                         \
  BINARY(NN_NAME(binary_##NAME, float), NN_NAME(binaryStrided_##NAME, float), NN_NAME(binaryScalar_##NAME, float),  \
         float, VALUE)
#define NN_INTEGER_KERNELS(NAME, VALUE) \
  BINARY(NN_NAME(binary_##NAME, int), NN_NAME(binaryStrided_##NAME, int), NN_NAME(binaryScalar_##NAME, int), int, VALUE)
#define NN_LOGICAL_KERNELS(NAME, VALUE)  \
  BINARY(binary_##NAME##_bool, binaryStrided_##NAME##_bool, binaryScalar_##NAME##_bool, bool, VALUE)
#ifdef NN_FLOATS
NN_BINARY_OPERATIONS(NN_FLOAT_KERNELS)
#endif
#ifdef NN_INTEGERS
NN_INTEGER_BINARY_OPERATIONS(NN_INTEGER_KERNELS)
NN_BITWISE_OPERATIONS(NN_INTEGER_KERNELS)
#endif
#ifdef NN_OTHERS
NN_LOGICAL_OPERATIONS(NN_LOGICAL_KERNELS)
#endif
