// Shared by the matrix product kernels: the processing of finished sums, and the addition of partial sums.

// The layout of the bias: one number for each column, or one for all.
#define NN_BIAS_BY_COLUMN 1
#define NN_BIAS_FOR_ALL 2

// activation(alpha·sum + beta·y + bias).
typedef struct {
  nn_float alpha, beta, parameter;
  int activation, bias, hasPreActivation, unused;  // the size is a multiple of that of the numbers
} epilogue_t;

// Defines nn_finish(sum, at, column, …) for one number, and nn_finish16 for 16 neighbors. A sum may come in several
// parts, one after another: with the first one, beta is applied; the others are added to the stored result; with the
// last one, bias and activation are applied. Only two activations are computed here, because they are comparisons.
#define NN_FINISH(NAME, TYPE, LOAD, STORE)                                                                            \
  static inline void NAME(TYPE sum, ulong at, index_t column, int isFirst, int isLast, epilogue_t e,                  \
                          global const nn_float *bias, global nn_float *ys, global nn_float *pre) {                   \
    TYPE z = e.alpha * sum;                                                                                           \
    if (!isFirst)                                                                                                     \
      z += LOAD(ys + at);                                                                                             \
    else if (e.beta != 0.0f)                                                                                          \
      z += e.beta * LOAD(ys + at);                                                                                    \
    if (isLast) {                                                                                                     \
      if (e.bias == NN_BIAS_BY_COLUMN) z += LOAD(bias + column);                                                      \
      if (e.bias == NN_BIAS_FOR_ALL) z += bias[0];                                                                    \
      if (e.hasPreActivation) STORE(z, pre + at);                                                                     \
      if (e.activation == nn_unary_relu + 1) z = z < 0.0f ? (TYPE)(0.0f) : z;                                         \
      if (e.activation == nn_unary_leakyReLU + 1) z = z > 0.0f ? z : e.parameter * z;                                 \
    }                                                                                                                 \
    STORE(z, ys + at);                                                                                                \
  }

#define NN_LOAD_ONE(from) (*(from))
#define NN_STORE_ONE(x, to) (*(to) = (x))
#define NN_LOAD_16(from) vload16(0, from)
#define NN_STORE_16(x, to) vstore16(x, 0, to)
NN_FINISH(nn_finish, nn_float, NN_LOAD_ONE, NN_STORE_ONE)
NN_FINISH(nn_finish16, nn_vector_float, NN_LOAD_16, NN_STORE_16)

// Adds the partial results of the slices, and finishes the sums.
kernel void matmulReduce(global const nn_float *partials, ulong partialsOffset, global const nn_float *bias, ulong biasOffset,
                       global nn_float *ys, ulong yOffset, global nn_float *pre, ulong preOffset, index_t count, index_t n,
                       index_t slices, epilogue_t epilogue) {
  partials += partialsOffset;
  NN_FOREACH(i, count) {
    nn_float sum = partials[i];
    for (index_t s = 1; s < slices; s++) sum += partials[(ulong)s * count + i];
    nn_finish(sum, i, i % n, 1, 1, epilogue, bias + biasOffset, ys + yOffset, pre + preOffset);
#ifdef NN_ACTIVATES
    ys[yOffset + i] = nn_activate(epilogue.activation, ys[yOffset + i], epilogue.parameter);
#endif
  }
}
