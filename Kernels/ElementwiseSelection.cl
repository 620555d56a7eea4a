// Selection, conversion between the common types, ranges, and filling. Elements that are only copied are handled as words
// of their size.

// start + i·step, rounded once: the rounding errors of the products and sums are computed and added at the end.
// Positions are split into two parts that a float represents exactly.
static inline nn_float nn_range(ulong i, nn_float start, nn_float step) {
  const nn_float high = (nn_float)(i & ~(ulong)0xFFFF), low = (nn_float)(i & 0xFFFF);
  const nn_float p = high * step, pRest = fma(high, step, -p);
  const nn_float q = low * step, qRest = fma(low, step, -q);
  const nn_float r = p + q, rv = r - p, rRest = (p - (r - rv)) + (q - rv);
  const nn_float s = start + r, sv = s - start, sRest = (start - (s - sv)) + (r - sv);
  const nn_float rest = sRest + (rRest + (pRest + qRest));
  return fabs(s) < INFINITY && rest == rest ? s + rest : s;
}

#define RANGE(TYPE, VALUE)                                                                                           \
  kernel void NN_NAME(range, TYPE)(global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, NN_TYPE(TYPE) start,      \
                                   NN_TYPE(TYPE) step) {                                                             \
    ys += yOffset;                                                                                                   \
    NN_FOREACH(i, count) ys[i] = VALUE;                                                                              \
  }
#ifdef NN_FLOATS
RANGE(float, nn_range(i, start, step))
#endif
#ifdef NN_INTEGERS
RANGE(int, nn_add_int(start, nn_multiply_int((nn_int)i, step)))
#endif

#ifdef NN_OTHERS

#define SELECT(NAME, WORD)                                                                                           \
  kernel void select_##NAME(global const nn_bool *conditions, ulong conditionOffset, global const WORD *as,          \
                            ulong aOffset, global const WORD *bs, ulong bOffset, global WORD *ys, ulong yOffset,     \
                            index_t count) {                                                                         \
    conditions += conditionOffset;                                                                                   \
    as += aOffset;                                                                                                   \
    bs += bOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_MAP(i, count, WORD, ys, i, const WORD a = as[i], b = bs[i]; y = conditions[i] ? a : b)                        \
  }                                                                                                                  \
  kernel void selectStrided_##NAME(                                                                                  \
      global const nn_bool *conditions, ulong conditionOffset, global const WORD *as, ulong aOffset,                 \
      global const WORD *bs, ulong bOffset, global WORD *ys, ulong yOffset, index_t count, loop_t loop,              \
      steps_t conditionSteps, steps_t aSteps, steps_t bSteps) {                                                      \
    conditions += conditionOffset;                                                                                   \
    as += aOffset;                                                                                                   \
    bs += bOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_MAP(i, count, WORD, ys, i, step_t conditionAt = 0, aAt = 0, bAt = 0;                                          \
           NN_FORAXES(i, loop, conditionAt += position * conditionSteps.steps[axis];                                 \
                      aAt += position * aSteps.steps[axis]; bAt += position * bSteps.steps[axis]);                   \
           const WORD a = as[aAt], b = bs[bAt]; y = conditions[conditionAt] ? a : b)                                 \
  }

SELECT(long, ulong)
SELECT(word, uint)
SELECT(half, ushort)
SELECT(byte, uchar)

CAST(float, int, nn_int_from_float(x))
CAST(float, bool, x != 0.0f)
CAST(int, float, convert_float_rte(x))
CAST(int, bool, x != 0)
CAST(bool, float, x ? 1.0f : 0.0f)
CAST(bool, int, x ? 1 : 0)

#define CAST_HALF(HALF, OTHER)                                             \
  CAST(float, HALF, nn_##HALF##_from_float(x))                             \
  CAST(int, HALF, nn_##HALF##_from_float(nn_sticky_float_from_int(x)))     \
  CAST(bool, HALF, nn_##HALF##_from_float(x ? 1.0f : 0.0f))                \
  CAST(HALF, float, nn_float_from_##HALF(x))                               \
  CAST(HALF, int, nn_int_from_float(nn_float_from_##HALF(x)))              \
  CAST(HALF, bool, (x & 0x7fff) != 0)                                      \
  CAST(HALF, OTHER, nn_##OTHER##_from_float(nn_float_from_##HALF(x)))
CAST_HALF(float16, bfloat16)
CAST_HALF(bfloat16, float16)

kernel void fill_long(global ulong *ys, ulong yOffset, index_t count, ulong value) {
  ys += yOffset;
  NN_FOREACH(i, count) ys[i] = value;
}

kernel void fill_word(global uint *ys, ulong yOffset, index_t count, uint value) {
  ys += yOffset;
  NN_FOREACH(i, count) ys[i] = value;
}

kernel void fill_half(global ushort *ys, ulong yOffset, index_t count, ushort value) {
  ys += yOffset;
  NN_FOREACH(i, count) ys[i] = value;
}

kernel void fill_byte(global uchar *ys, ulong yOffset, index_t count, uchar value) {
  ys += yOffset;
  NN_FOREACH(i, count) ys[i] = value;
}

#endif
