// Common prefix of every program: element types, index types, the loop over elements, and functions with fixed rules
// for NaN.
//
// OpenCL C 1.2, no sub-groups, no extensions. A work group of a regular kernel has NN_GROUP work items.

#define NN_GROUP 256
// The number of elements that a work item of an elementwise kernel processes, NN_GROUP apart.
#define NN_EACH 4

typedef float nn_float;
typedef int nn_int;
// One byte, 0 or 1: `bool` has no size in OpenCL C.
typedef uchar nn_bool;

// Counts and positions within an operand. The start offset of an operand always has 64 bits. Programs are built a
// second time, with NN_WIDE, for operands with 2^31 or more elements.
#ifdef NN_WIDE
typedef ulong index_t;
typedef long step_t;
#else
typedef uint index_t;
typedef int step_t;
#endif

// The element type of tensors called NAME ("float", "int", "bool").
#define NN_TYPE(NAME) nn_##NAME

#ifdef __clang__
// A CPU without AVX-512 passes vectors of sixteen elements in memory; all code of a program is compiled for one CPU.
#pragma clang diagnostic ignored "-Wpsabi"
#endif

// Runs the following statement for each element in this work item's share of `count`, in any order.
#ifdef NN_LOOPS
// For CPUs: one work item runs a long loop, which the compiler vectorizes. Such kernels are launched with one work item
// per group.
#define NN_OVERLOADED __attribute__((overloadable))
// Loops that cannot be vectorized run as they are; suppress the warning.
#pragma clang diagnostic ignored "-Wpass-failed"
// Sixteen elements at a time, even if the compiler would use only half of a wide register.
#define NN_VECTORIZED _Pragma("clang loop vectorize(assume_safety) vectorize_width(16)")
// The elements of a group, which are neighbors.
static inline index_t nn_share(index_t count) {
  const index_t groups = (index_t)get_num_groups(0);
  return ((count + groups - 1) / groups + 15) / 16 * 16;
}
#define NN_FOREACH(i, count)                                                                                          \
  NN_VECTORIZED for (index_t nn_length = nn_share(count), i = (index_t)get_group_id(0) * nn_length,                  \
                             nn_end = i + nn_length < (count) ? i + nn_length : (count);                             \
                     i < nn_end; i++)
// Like vstore16(value, 0, p), but a single store even if the library splits it into shorter vectors.
#define NN_STORING(TYPE)                                                                                             \
  typedef TYPE##16 nn_wide_##TYPE __attribute__((aligned(sizeof(TYPE))));                                            \
  static inline void NN_OVERLOADED nn_store(TYPE##16 value, global TYPE *p) { *(global nn_wide_##TYPE *)p = value; }
NN_STORING(float)
NN_STORING(int)
NN_STORING(uint)
NN_STORING(uchar)
// Interleaves the elements of two vectors: their first halves, and their second halves.
#define NN_WEAVE_LOW(VECTOR, a, b)                                                                                   \
  (VECTOR)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3, (a).s4, (b).s4, (a).s5, (b).s5, (a).s6,   \
           (b).s6, (a).s7, (b).s7)
#define NN_WEAVE_HIGH(VECTOR, a, b)                                                                                  \
  (VECTOR)((a).s8, (b).s8, (a).s9, (b).s9, (a).sa, (b).sa, (a).sb, (b).sb, (a).sc, (b).sc, (a).sd, (b).sd, (a).se,   \
           (b).se, (a).sf, (b).sf)
#else
#define NN_OVERLOADED
#define NN_FOREACH(i, count)                                                                        \
  for (index_t i = (index_t)get_group_id(0) * (NN_GROUP * NN_EACH) + get_local_id(0), nn_pass = 0;  \
       nn_pass < NN_EACH; nn_pass++, i += NN_GROUP)                                                 \
    if (i < (count))
#endif

// ys[AT] = y for each element i of this work item's share. The statements compute y from operands. AT may use their
// declarations.
//
// Memory throughput depends on the number of loads in flight, and a load cannot move ahead of a store that might alias.
// Therefore, a work item computes all its results before it stores the first one. Past the end, it recomputes its first
// element.
#ifdef NN_LOOPS
#define NN_MAP(i, count, TYPE, ys, AT, ...) \
  NN_FOREACH(i, count) {                    \
    TYPE y;                                 \
    __VA_ARGS__;                            \
    (ys)[AT] = y;                           \
  }
#else
#define NN_MAP(i, count, TYPE, ys, AT, ...)                                                                          \
  const index_t nn_first = (index_t)get_group_id(0) * (NN_GROUP * NN_EACH) + get_local_id(0);                        \
  if (nn_first < (count)) {                                                                                          \
    TYPE nn_results[NN_EACH];                                                                                        \
    step_t nn_places[NN_EACH];                                                                                       \
    _Pragma("unroll") for (index_t nn_pass = 0; nn_pass < NN_EACH; nn_pass++) {                                      \
      const index_t nn_next = nn_first + nn_pass * NN_GROUP, i = nn_next < (count) ? nn_next : nn_first;             \
      TYPE y;                                                                                                        \
      __VA_ARGS__;                                                                                                   \
      nn_results[nn_pass] = y;                                                                                       \
      nn_places[nn_pass] = AT;                                                                                       \
    }                                                                                                                \
    _Pragma("unroll") for (index_t nn_pass = 0; nn_pass < NN_EACH; nn_pass++)                                        \
        if (nn_first + nn_pass * NN_GROUP < (count)) (ys)[nn_places[nn_pass]] = nn_results[nn_pass];                 \
  }
#endif

// Writes four neighbors, at once where they are aligned. Loops get single elements, which compilers make longer vectors of.
#ifdef NN_LOOPS
#define NN_PUT4(TYPE, to, a, b, c, d) \
  {                                   \
    global TYPE *nn_to = (to);        \
    nn_to[0] = a;                     \
    nn_to[1] = b;                     \
    nn_to[2] = c;                     \
    nn_to[3] = d;                     \
  }
#else
#define NN_PUT4(TYPE, to, a, b, c, d)               \
  {                                                 \
    global TYPE *nn_to = (to);                      \
    const TYPE##4 nn_four = (TYPE##4)(a, b, c, d);  \
    if ((ulong)nn_to % sizeof(TYPE##4) == 0)        \
      *(global TYPE##4 *)nn_to = nn_four;           \
    else                                            \
      vstore4(nn_four, 0, nn_to);                   \
  }
#endif

// A loop over up to 8 axes, innermost first, and the strides of one operand along them.
typedef struct {
  index_t rank;
  index_t extents[8];
#ifndef NN_WIDE
  // The constants for division by each extent: see NN_QUOTIENT.
  uint factors[8], shifts[8];
#endif
} loop_t;
typedef struct {
  step_t steps[8];
} steps_t;

// i / extents[axis]. With the shift s = ⌈log2 extent⌉ and the factor ⌊2^32·(2^s − extent)/extent⌋ + 1, one
// multiplication computes it for every i below 2^31 (Granlund, Montgomery, Division by invariant integers using
// multiplication, PLDI 1994).
#ifdef NN_WIDE
#define NN_QUOTIENT(i, loop, axis) ((i) / (loop).extents[axis])
#else
#define NN_QUOTIENT(i, loop, axis) ((mul_hi(i, (loop).factors[axis]) + (i)) >> (loop).shifts[axis])
#endif

// In loops, the axis is looked up once for many elements. On GPUs, axes are never indexed by a variable, because some
// devices would copy the structure to memory.
#ifdef NN_LOOPS
#define NN_FORAXIS(axis, loop) for (uint axis = 0; axis < (loop).rank; axis++)
#else
#define NN_FORAXIS(axis, loop) _Pragma("unroll") for (uint axis = 0; axis < 8; axis++) if (axis < (loop).rank)
#endif

// Runs statements for each axis, where `position` is the position of element i along it.
#define NN_FORAXES(i, loop, ...)                                                       \
  {                                                                                    \
    index_t nn_left = i;                                                               \
    NN_FORAXIS(axis, loop) {                                                           \
      const index_t nn_outer = NN_QUOTIENT(nn_left, loop, axis);                       \
      const step_t position = (step_t)(nn_left - nn_outer * (loop).extents[axis]);     \
      __VA_ARGS__;                                                                     \
      nn_left = nn_outer;                                                              \
    }                                                                                  \
  }

// Runs the statement that follows for each run of neighboring elements among this item's share of `count`: `run` elements
// from i on along the innermost axis, whose extent is `extent`. NN_RUN then runs a statement for each k below `run`, where s
// and t are the steps of two operands along that axis. Elements are best named by their distance k·s from the first: a sum
// that might wrap around is no place that compilers know to be beside another.
#ifdef NN_LOOPS
#define NN_FORRUNS(i, run, count, extent)                                                                            \
  for (index_t nn_groups = (index_t)get_num_groups(0), nn_length = ((count) + nn_groups - 1) / nn_groups,            \
               i = (index_t)get_group_id(0) * nn_length,                                                             \
               nn_end = i + nn_length < (count) ? i + nn_length : (count), run = 0;                                  \
       i < nn_end && (run = (extent)-i % (extent), run = run < nn_end - i ? run : nn_end - i, 1); i += run)
#define NN_RUN(k, run, S, T, ...)                                            \
  if ((S) == 1 && (T) == 1) {                                                \
    const step_t s = 1, t = 1;                                               \
    NN_VECTORIZED for (step_t k = 0; k < (step_t)(run); k++) __VA_ARGS__;    \
  } else if ((S) == 1 && (T) == 0) {                                         \
    const step_t s = 1, t = 0;                                               \
    NN_VECTORIZED for (step_t k = 0; k < (step_t)(run); k++) __VA_ARGS__;    \
  } else if ((S) == 0 && (T) == 1) {                                         \
    const step_t s = 0, t = 1;                                               \
    NN_VECTORIZED for (step_t k = 0; k < (step_t)(run); k++) __VA_ARGS__;    \
  } else {                                                                   \
    const step_t s = (S), t = (T);                                           \
    for (step_t k = 0; k < (step_t)(run); k++) __VA_ARGS__;                  \
  }
#else
#define NN_FORRUNS(i, run, count, extent) NN_FOREACH(i, count)
#define NN_RUN(k, run, S, T, ...)             \
  {                                           \
    const step_t s = 0, t = 0, k = 0;         \
    __VA_ARGS__;                              \
  }
#endif

// (ys + yAt)[k·STEP] = y for each element i of a loop. PLACES computes the start of each operand from i, and the
// statements compute y, with s, t, and k as in NN_RUN. S and T are the strides of two operands along the innermost
// axis.
#ifdef NN_LOOPS
#define NN_MAP_RUNS(i, count, loop, S, T, TYPE, ys, yAt, STEP, PLACES, ...) \
  NN_FORRUNS(i, run, count, (loop).extents[0]) {                            \
    PLACES;                                                                 \
    NN_RUN(k, run, S, T, {                                                  \
      TYPE y;                                                               \
      __VA_ARGS__;                                                          \
      ((ys) + yAt)[k * STEP] = y;                                           \
    })                                                                      \
  }
#else
#define NN_MAP_RUNS(i, count, loop, S, T, TYPE, ys, yAt, STEP, PLACES, ...) \
  NN_MAP(i, count, TYPE, ys, yAt, PLACES; const step_t s = 0, t = 0, k = 0; __VA_ARGS__)
#endif

// fmax and fmin drop NaN, and max and min leave it undefined. These two functions propagate NaN from either argument.
#define NN_EXTREMES(TYPE, VECTOR)                                                                             \
  static inline VECTOR NN_OVERLOADED nn_maximum_##TYPE(VECTOR a, VECTOR b) { return ((a > b) | (a != a)) ? a : b; } \
  static inline VECTOR NN_OVERLOADED nn_minimum_##TYPE(VECTOR a, VECTOR b) { return ((a < b) | (a != a)) ? a : b; }
NN_EXTREMES(float, float)
NN_EXTREMES(int, int)
NN_EXTREMES(bool, uchar)

// Integers wrap around: signed overflow is undefined in C.
static inline int NN_OVERLOADED nn_add_int(int a, int b) { return as_int(as_uint(a) + as_uint(b)); }
static inline int nn_subtract_int(int a, int b) { return as_int(as_uint(a) - as_uint(b)); }
static inline int NN_OVERLOADED nn_multiply_int(int a, int b) { return as_int(as_uint(a) * as_uint(b)); }

#ifdef NN_LOOPS
// The vector versions.
NN_EXTREMES(float, float16)
NN_EXTREMES(int, int16)
NN_EXTREMES(bool, uchar16)
static inline int16 NN_OVERLOADED nn_add_int(int16 a, int16 b) { return as_int16(as_uint16(a) + as_uint16(b)); }
static inline int16 NN_OVERLOADED nn_multiply_int(int16 a, int16 b) { return as_int16(as_uint16(a) * as_uint16(b)); }
#endif

// Long sums use two numbers: the sum, and `rest`, the rounding error of the last addition, which is added in the next
// one (Kahan, Further remarks on reducing truncation errors, CACM 1965). nn_lost is the rounding error of sum = a + b
// (Knuth, The Art of Computer Programming 2, 4.2.2), or 0 if the sum is not finite.
#define NN_LOSING(VECTOR)                                                            \
  static inline VECTOR NN_OVERLOADED nn_lost(VECTOR a, VECTOR b, VECTOR sum) {       \
    const VECTOR added = sum - a, lost = (a - (sum - added)) + (b - added);          \
    return fabs(sum) < (VECTOR)(INFINITY) ? lost : (VECTOR)(0.0f);                   \
  }
NN_LOSING(float)
#ifdef NN_LOOPS
NN_LOSING(float16)
#endif
// The same for folds of any type that do not round: 0 for integers; for other types, the value is not used.
#define NN_NOTHING_LOST(a, b, sum) ((sum) - (sum))
// sum = sum + x, of type float or a vector of them.
#define NN_ADD_OF(VECTOR, sum, rest, x)                 \
  {                                                     \
    const VECTOR nn_a = (sum), nn_b = (x) + (rest);     \
    sum = nn_a + nn_b;                                  \
    rest = nn_lost(nn_a, nn_b, sum);                    \
  }
#define NN_ADD(sum, rest, x) NN_ADD_OF(float, sum, rest, x)
#define NN_ADD_MANY(sum, rest, x) NN_ADD_OF(float16, sum, rest, x)
// Divides by a count, which also consists of two numbers.
static inline float nn_mean(float sum, float rest, float count, float countRest) {
  const float mean = sum / count;
  return fabs(mean) < INFINITY ? mean + (fma(-mean, count, sum) + (rest - mean * countRest)) / count : mean;
}
// The number of elements of a line, and of rows of columns, that are summed in a single number.
#define NN_SUM_BLOCK 1024
#define NN_BLOCK_ROWS 32

// Elementary functions. Calls to the device's built-in library are not vectorized. Loops therefore use functions
// without branches that need only operations of every vector unit. Error bounds match the CPU backend: exp and log
// within 1 ulp, the others within 2.5.
#ifdef NN_LOOPS

// x = n ln 2 + r. ln 2 is split into two parts, and n times the first part is exact. Adding 1.5·2^23 puts n into the
// low bits.
#define NN_WHOLE 12582912.0f
static inline float nn_shifted(float x) { return fma(x, 1.44269504f, NN_WHOLE); }
static inline float nn_rest(float x, float shifted) {
  const float n = shifted - NN_WHOLE;
  return fma(n, 2.12194440e-4f, fma(n, -0.693359375f, x));
}
// e^r − 1 for |r| ≤ ln 2 / 2.
static inline float nn_exp_rest(float r) {
  float q = fma(1.381457900e-03f, r, 8.368725888e-03f);
  q = fma(q, r, 4.166838899e-02f);
  q = fma(q, r, 1.666652113e-01f);
  q = fma(q, r, 4.999999404e-01f);
  return fma(q * r, r, r);
}
// 2^(n + extra) if that is a normal number.
static inline float nn_power_of_two(float shifted, int extra) {
  return as_float((as_int(shifted) << 23) + ((127 + extra) << 23));
}
static inline float nn_at_most(float x, float bound) { return bound < x ? bound : x; }
static inline float nn_at_least(float x, float bound) { return bound > x ? bound : x; }

#define NN_EXPONENTIAL(VECTOR, WORDS)                                                                                \
  static inline VECTOR NN_OVERLOADED nn_exp(VECTOR x) {                                                              \
    const VECTOR most = (VECTOR)(89.0f), least = (VECTOR)(-104.5f), whole = (VECTOR)(NN_WHOLE);                      \
    x = most < x ? most : x;                                                                                         \
    x = least > x ? least : x;                                                                                       \
    const VECTOR shifted = fma(x, (VECTOR)(1.44269504f), whole), n = shifted - whole;                                \
    const VECTOR r = fma(n, (VECTOR)(2.12194440e-4f), fma(n, (VECTOR)(-0.693359375f), x));                           \
    VECTOR q = fma((VECTOR)(1.381457900e-03f), r, (VECTOR)(8.368725888e-03f));                                       \
    q = fma(q, r, (VECTOR)(4.166838899e-02f));                                                                       \
    q = fma(q, r, (VECTOR)(1.666652113e-01f));                                                                       \
    q = fma(q, r, (VECTOR)(4.999999404e-01f));                                                                       \
    const VECTOR p = fma(q * r, r, r) + (VECTOR)(1.0f);                                                              \
    const WORDS bits = as_##WORDS(shifted) - as_##WORDS(whole), half_ = bits >> 1; /* 2^n may not be a normal number */ \
    return p * as_##VECTOR((half_ + 127) << 23) * as_##VECTOR((bits - half_ + 127) << 23);                           \
  }
NN_EXPONENTIAL(float, int)
NN_EXPONENTIAL(float16, int16)
static inline float nn_expm1(float x) {
  const float bounded = nn_at_least(nn_at_most(x, 89.0f), -18.0f), shifted = nn_shifted(bounded);
  const float p = nn_exp_rest(nn_rest(bounded, shifted)), s = nn_power_of_two(shifted, -1);
  const float y = 2.0f * fma(s, p, s - 0.5f);
  return x == 0.0f ? x : (shifted == NN_WHOLE ? p : y);
}
static inline float nn_log(float x) {
  const int isTiny = x < 1.17549435e-38f;
  const float scaled = isTiny ? x * 0x1p25f : x;
  const int exponent = (as_int(scaled) - 0x3f400000) >> 23;
  const float e = (float)exponent - (isTiny ? 25.0f : 0.0f), f = as_float(as_int(scaled) - (exponent << 23)) - 1.0f;
  float p = fma(3.767291829e-02f, f, -9.116190672e-02f);
  p = fma(p, f, 1.170066148e-01f);
  p = fma(p, f, -1.272777915e-01f);
  p = fma(p, f, 1.427623928e-01f);
  p = fma(p, f, -1.665529609e-01f);
  p = fma(p, f, 1.999960542e-01f);
  p = fma(p, f, -2.500016391e-01f);
  p = fma(p, f, 3.333334029e-01f);
  const float square = f * f;
  float y = fma(square * f, p, e * 1.740930640e-3f);
  y = fma(-0.5f, square, y);
  y = fma(e, 0.69140625f, f + y);
  y = x == 0.0f ? -INFINITY : y;
  y = x == INFINITY ? x : y;
  return x < 0.0f || x != x ? NAN : y;
}
static inline float nn_log1p(float x) {
  const float u = 1.0f + x, lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);  // the rounding error of 1 + x
  const float y = nn_log(u) + lost / u;
  return x == 0.0f || x == INFINITY ? x : (x == -1.0f ? -INFINITY : y);
}
static inline float nn_tanh(float x) {
  const float bounded = nn_at_least(-2.0f * fabs(x), -20.0f), shifted = nn_shifted(bounded);
  const float p = nn_exp_rest(nn_rest(bounded, shifted)), s = nn_power_of_two(shifted, 0);
  const float y = fma(s, p, s - 1.0f) / fma(s, p, s + 1.0f);  // −tanh |x|
  return x < 0.0f ? y : (x == 0.0f ? x : -y);
}
static inline float nn_sigmoid(float x) {
  const float e = nn_exp(-fabs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}
// The upper tail of the normal distribution divided by e^(−t²/2), for t ≥ 0: w times a polynomial in w = 3/(t + 3),
// which stays accurate for small values.
static inline float nn_scaled_tail(float t) {
  const float w = 3.0f / (t + 3.0f);
  float p = fma(-1.943987800e-02f, w, 1.141462718e-01f);
  p = fma(p, w, -2.409769570e-01f);
  p = fma(p, w, 1.863193506e-01f);
  p = fma(p, w, -3.234983040e-02f);
  p = fma(p, w, 1.116596662e-01f);
  p = fma(p, w, 1.143407016e-01f);
  p = fma(p, w, 1.333333082e-01f);
  p = fma(p, w, 1.329674221e-01f);
  return p * w;
}
// e^(−t²/2) for 0 ≤ t ≤ 20. The rounding error of the square is added back.
static inline float nn_bell(float t) {
  const float square = t * t, lost = fma(t, t, -square), bell = nn_exp(-0.5f * square);
  return fma(bell, -0.5f * lost, bell);
}
// x times the normal distribution function. Far below zero, the factors are multiplied from the largest on, because the
// function alone is not a normal number there.
static inline float nn_gelu(float x) {
  const float t = nn_at_most(fabs(x), 20.0f), bell = nn_bell(t), tail = nn_scaled_tail(t);
  return x != x ? x : (x < 0.0f ? (x * tail) * bell : x * (1.0f - bell * tail));
}
// The normal distribution function plus x times its derivative. Below zero both are multiples of e^(−x²/2). At infinity the
// product has no value, as in PyTorch.
static inline float nn_gelu_slope(float x) {
  const float t = nn_at_most(fabs(x), 20.0f), bell = nn_bell(t), tail = nn_scaled_tail(t), density = t * 0.39894228040143268f;
  const float nothing = x - x;  // 0, or NaN of what is not finite
  return nothing != nothing ? nothing : (x < 0.0f ? (tail - density) * bell : 1.0f - (tail - density) * bell);
}
static inline float nn_erf(float x) {
  const float t = nn_at_most(fabs(x), 10.0f), z = x * x;
  const float large = 1.0f - 2.0f * (nn_exp(-(t * t)) * nn_scaled_tail(t * 1.41421356f));
  float p = fma(-5.953739164e-04f, z, 4.985940177e-03f);
  p = fma(p, z, -2.676171996e-02f);
  p = fma(p, z, 1.128168255e-01f);
  p = fma(p, z, -3.761247993e-01f);
  p = fma(p, z, 1.283791512e-01f);
  return x != x ? x : (t < 0.925f ? fma(p, x, x) : (x < 0.0f ? -large : large));
}

#else

static inline float nn_exp(float x) { return exp(x); }
static inline float nn_expm1(float x) { return expm1(x); }
static inline float nn_log(float x) { return log(x); }
static inline float nn_log1p(float x) { return log1p(x); }
// Some drivers stay a bit below 1, even at infinity.
static inline float nn_tanh(float x) { return fabs(x) > 10.0f ? copysign(1.0f, x) : tanh(x); }
static inline float nn_erf(float x) { return erf(x); }
// e^x itself far below zero, where e^-x would overflow.
static inline float nn_sigmoid(float x) {
  const float e = exp(-fabs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}
// x times the distribution function of the standard normal distribution. erfc stays accurate where 1 + erf cancels.
static inline float nn_gelu(float x) { return (0.5f * x) * erfc(-0.70710678118654752f * x); }
static inline float nn_gelu_slope(float x) {
  return fma(x, 0.39894228040143268f * exp(-0.5f * x * x), 0.5f * erfc(-0.70710678118654752f * x));
}

#endif

// a·b + c. Written as an expression on devices without fused multiply-add, to avoid a function call for every term.
#ifdef FP_FAST_FMAF
#define NN_MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define NN_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// The activations of layers; a is the constant of the function.
static inline float nn_activate_relu(float x, float a) { return x < 0.0f ? 0.0f : x; }
static inline float nn_activate_leakyReLU(float x, float a) { return x > 0.0f ? x : a * x; }
static inline float nn_activate_elu(float x, float a) { return x > 0.0f ? x : a * nn_expm1(x); }
static inline float nn_activate_gelu(float x, float a) { return nn_gelu(x); }
// factor·sigmoid(x), given e = e^-|x|. Below x = −80, e is scaled by e^40: the sigmoid stops being a normal number long
// before its product with a factor of the magnitude of x does.
static inline float nn_far_exponential(float x) { return nn_exp(x < -80.0f ? x + 40.0f : -fabs(x)); }
static inline float nn_times_sigmoid(float factor, float x, float e) {
  return x < -80.0f ? (factor * e) * 4.248354255e-18f : (x < 0.0f ? factor * e : factor) / (1.0f + e);
}
static inline float nn_activate_silu(float x, float a) { return nn_times_sigmoid(x, x, nn_far_exponential(x)); }
static inline float nn_activate_sigmoid(float x, float a) { return nn_sigmoid(x); }
static inline float nn_activate_tanh(float x, float a) { return nn_tanh(x); }
static inline float nn_activate_softplus(float x, float a) { return (x < 0.0f ? 0.0f : x) + nn_log1p(nn_exp(-fabs(x))); }

// The same, selected by number, for kernels that get the activation at run time.
#define NN_NO_ACTIVATION 0
#define NN_RELU 1
#define NN_LEAKY_RELU 2
#define NN_ELU 3
#define NN_GELU 4
#define NN_SILU 5
#define NN_SIGMOID 6
#define NN_TANH 7
#define NN_SOFTPLUS 8
static inline float nn_activate(int activation, float x, float a) {
  switch (activation) {
    case NN_RELU: return nn_activate_relu(x, a);
    case NN_LEAKY_RELU: return nn_activate_leakyReLU(x, a);
    case NN_ELU: return nn_activate_elu(x, a);
    case NN_GELU: return nn_activate_gelu(x, a);
    case NN_SILU: return nn_activate_silu(x, a);
    case NN_SIGMOID: return nn_activate_sigmoid(x, a);
    case NN_TANH: return nn_activate_tanh(x, a);
    case NN_SOFTPLUS: return nn_activate_softplus(x, a);
    default: return x;
  }
}
