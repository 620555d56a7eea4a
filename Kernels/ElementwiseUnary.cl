// y[i] = f(x[i]), for the functions in Operations/Unary.cl.

#define UNARY(FUNCTION, FROM, TO, VALUE)                                                                           \
  kernel void FUNCTION(global const NN_STORED(FROM) *xs, ulong xOffset, global NN_STORED(TO) *ys, ulong yOffset,   \
                       index_t count, NN_TYPE(FROM) a, NN_TYPE(FROM) b) {                                          \
    xs += xOffset;                                                                                                 \
    ys += yOffset;                                                                                                 \
    NN_MAP(i, count, NN_STORED(TO), ys, i, const NN_TYPE(FROM) x = NN_READ(FROM, xs[i]); y = NN_WRITE(TO, VALUE))  \
  }

// The names are joined here, before a macro could replace them: some compilers define functions such as tanh as macros.
#define NN_FLOAT_KERNEL(NAME, COST, SAVED, VALUE, GRADIENT) UNARY(NN_NAME(unary_##NAME, float), float, float, VALUE)
#define NN_INTEGER_KERNEL(NAME, VALUE) UNARY(NN_NAME(unary_##NAME, int), int, int, VALUE)
#define NN_TEST_KERNEL(NAME, FROM, VALUE) UNARY(NN_NAME(unary_##NAME, FROM), FROM, bool, VALUE)
#ifdef NN_FLOATS
NN_UNARY_OPERATIONS(NN_FLOAT_KERNEL)
NN_TEST_OPERATIONS(NN_TEST_KERNEL)
#endif
#ifdef NN_INTEGERS
NN_INTEGER_OPERATIONS(NN_INTEGER_KERNEL)
#endif
