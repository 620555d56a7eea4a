// The common prefix of all programs: element types, index types, the loop over elements, and functions with fixed rules
// for NaN.
//
// OpenCL C 1.2, without sub-groups, and without extensions except for float64. A work group of a regular kernel has NN_GROUP
// work items.

#define NN_JOINED(FIRST, SECOND) FIRST##SECOND
#define NN_JOIN(FIRST, SECOND) NN_JOINED(FIRST, SECOND)

// Most programs contain the kernels for float32, int32, and bool. Some are built again for one other type, with
// -DNN_ELEMENT=TYPE, on first use. For double, elements called float are double; for int64, elements called int are long;
// for float16 and bfloat16, elements called float are stored as such (Halves.cl). All other kernels are left out.
// NN_FLOATS, NN_INTEGERS, and NN_OTHERS tell which kernels a program has.
#ifdef NN_ELEMENT
#define NN_ELEMENT_double 1
#define NN_ELEMENT_int64 2
#define NN_ELEMENT_float16 3
#define NN_ELEMENT_bfloat16 3
#if NN_JOIN(NN_ELEMENT_, NN_ELEMENT) == 1
#define NN_DOUBLES
#define NN_FLOATS
#elif NN_JOIN(NN_ELEMENT_, NN_ELEMENT) == 2
#define NN_LONGS
#define NN_INTEGERS
#else
#define NN_HALVES
#define NN_FLOATS
#endif
#else
#define NN_FLOATS
#define NN_INTEGERS
#define NN_OTHERS
#endif

// The types of elements called float and int, vectors of 16 of them, the results of comparing such vectors, and the smallest
// and the largest int. (nn_float16 and nn_int16 are types of elements.)
#ifdef NN_DOUBLES
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double nn_float;
typedef double16 nn_vector_float;
typedef long16 nn_mask_float;
#else
typedef float nn_float;
typedef float16 nn_vector_float;
typedef int16 nn_mask_float;
#endif
#ifdef NN_LONGS
typedef long nn_int;
typedef long16 nn_vector_int, nn_mask_int;
#define NN_LEAST_INT LONG_MIN
#define NN_GREATEST_INT LONG_MAX
#else
typedef int nn_int;
typedef int16 nn_vector_int, nn_mask_int;
#define NN_LEAST_INT INT_MIN
#define NN_GREATEST_INT INT_MAX
#endif
typedef uchar16 nn_vector_bool;
typedef char16 nn_mask_bool;
// One byte, 0 or 1: `bool` has no size in OpenCL C.
typedef uchar nn_bool;
// The bits of float16 and bfloat16: not every device computes with `half`.
typedef ushort nn_float16;
typedef ushort nn_bfloat16;
typedef char nn_int8;
typedef uchar nn_uint8;
typedef short nn_int16;
typedef long nn_int64;

// Counts and positions within an operand. The start offset of an operand always has 64 bits. Programs are built a
// second time, with NN_WIDE, for operands with 2^31 or more elements.
#ifdef NN_WIDE
typedef ulong index_t;
typedef long step_t;
#else
typedef uint index_t;
typedef int step_t;
#endif

// The element type of tensors called NAME ("float", "int", "bool", "float16", "bfloat16", "int8", …).
#define NN_TYPE(NAME) nn_##NAME
#define NN_VECTOR(NAME) nn_vector_##NAME
#define NN_MASK(NAME) nn_mask_##NAME
// The name of a kernel: STEM and the type of its elements, one of float, int, and bool.
#define NN_NAME(STEM, TYPE) NN_NAME_##TYPE(STEM)
#ifdef NN_ELEMENT
#define NN_NAME_float(STEM) NN_JOIN(STEM##_, NN_ELEMENT)
#define NN_NAME_int(STEM) NN_JOIN(STEM##_, NN_ELEMENT)
#else
#define NN_NAME_float(STEM) STEM##_float
#define NN_NAME_int(STEM) STEM##_int
#endif
#define NN_NAME_bool(STEM) STEM##_bool

#ifdef __clang__
// A CPU without AVX-512 passes vectors of sixteen elements in memory, about which the compiler warns. This is harmless,
// because all code of a program is compiled for the same CPU.
#pragma clang diagnostic ignored "-Wpsabi"
#endif

// Runs the following statement for each element in this work item's share of `count`, in any order.
#ifdef NN_LOOPS
// For CPUs: a work group is one work item, which runs a long loop that the compiler vectorizes.
#define NN_OVERLOADED __attribute__((overloadable))
// Some loops cannot be vectorized and run as they are, which needs no warning.
#pragma clang diagnostic ignored "-Wpass-failed"
// Sixteen elements at a time, even if the compiler would use only half of a wide register; eight of 64 bits.
#if defined(NN_DOUBLES) || defined(NN_LONGS)
#define NN_VECTORIZED _Pragma("clang loop vectorize(assume_safety) vectorize_width(8)")
#else
#define NN_VECTORIZED _Pragma("clang loop vectorize(assume_safety) vectorize_width(16)")
#endif
// The number of neighboring elements that a group processes.
static inline index_t nn_share(index_t count) {
  const index_t groups = (index_t)get_num_groups(0);
  return ((count + groups - 1) / groups + 15) / 16 * 16;
}
#define NN_FOREACH(i, count)                                                                                         \
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
NN_STORING(ulong)
NN_STORING(ushort)
NN_STORING(uchar)
// Interleave the elements of two vectors: those of the first halves, and those of the second halves.
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
// Memory throughput depends on the number of loads in flight, and compilers cannot move a load ahead of a store that
// might write to the same address. Therefore, a work item computes all its results before it stores the first one. Past
// the end, it recomputes its first element.
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
    step_t nn_offsets[NN_EACH];                                                                                      \
    _Pragma("unroll") for (index_t nn_pass = 0; nn_pass < NN_EACH; nn_pass++) {                                      \
      const index_t nn_next = nn_first + nn_pass * NN_GROUP, i = nn_next < (count) ? nn_next : nn_first;             \
      TYPE y;                                                                                                        \
      __VA_ARGS__;                                                                                                   \
      nn_results[nn_pass] = y;                                                                                       \
      nn_offsets[nn_pass] = AT;                                                                                      \
    }                                                                                                                \
    _Pragma("unroll") for (index_t nn_pass = 0; nn_pass < NN_EACH; nn_pass++)                                        \
        if (nn_first + nn_pass * NN_GROUP < (count)) (ys)[nn_offsets[nn_pass]] = nn_results[nn_pass];                \
  }
#endif

// Stores four neighbors, at once if they are aligned. In loops, they are stored one by one, because compilers combine
// them into longer vectors.
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

// i / extents[axis], without a division, which is slow on GPUs. With the shift s = ⌈log2 extent⌉ and the factor
// ⌊2^32·(2^s − extent)/extent⌋ + 1, one multiplication computes it for every i below 2^31 (Granlund, Montgomery,
// Division by invariant integers using multiplication, PLDI 1994).
#ifdef NN_WIDE
#define NN_QUOTIENT(i, loop, axis) ((i) / (loop).extents[axis])
#else
#define NN_QUOTIENT(i, loop, axis) ((mul_hi(i, (loop).factors[axis]) + (i)) >> (loop).shifts[axis])
#endif

// On GPUs, the loop is unrolled, so that the arrays are never indexed by a variable: some devices would copy the
// structure to memory for that. On CPUs, the loop over the axes runs only once for many elements.
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

// Runs the following statement for each run of neighboring elements in this work item's share of `count`: `run`
// elements, starting at i, along the innermost axis, whose extent is `extent`. NN_RUN then runs a statement for each k
// below `run`, where s and t are the steps of two operands along that axis. The statement should index elements by
// their distance k·s from the first one, and not by i + k: that sum might wrap around, so the compiler would not know
// that consecutive elements are adjacent.
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

// (ys + yAt)[k·STEP] = y for each element of a loop. PLACES computes the start of each operand from i, the first
// element of a run, and the statements compute y, with s, t, and k as in NN_RUN. S and T are the strides of two
// operands along the innermost axis.
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

// fmax and fmin ignore NaN, and the results of max and min are undefined for NaN. These two functions propagate NaN
// from either argument.
#define NN_MAX_MIN(TYPE, VECTOR)                                                                                    \
  static inline VECTOR NN_OVERLOADED nn_maximum_##TYPE(VECTOR a, VECTOR b) { return ((a > b) | (a != a)) ? a : b; } \
  static inline VECTOR NN_OVERLOADED nn_minimum_##TYPE(VECTOR a, VECTOR b) { return ((a < b) | (a != a)) ? a : b; }
NN_MAX_MIN(float, nn_float)
NN_MAX_MIN(int, nn_int)
NN_MAX_MIN(bool, nn_bool)

// Integers wrap around. As signed overflow is undefined in C, they are computed without sign.
#ifdef NN_LONGS
#define NN_SIGNED(SUFFIX, x) as_long##SUFFIX(x)
#define NN_UNSIGNED(SUFFIX, x) as_ulong##SUFFIX(x)
#else
#define NN_SIGNED(SUFFIX, x) as_int##SUFFIX(x)
#define NN_UNSIGNED(SUFFIX, x) as_uint##SUFFIX(x)
#endif
#define NN_WRAPPING(TYPE, SUFFIX)                                                    \
  static inline TYPE NN_OVERLOADED nn_add_int(TYPE a, TYPE b) {                      \
    return NN_SIGNED(SUFFIX, NN_UNSIGNED(SUFFIX, a) + NN_UNSIGNED(SUFFIX, b));       \
  }                                                                                  \
  static inline TYPE NN_OVERLOADED nn_subtract_int(TYPE a, TYPE b) {                 \
    return NN_SIGNED(SUFFIX, NN_UNSIGNED(SUFFIX, a) - NN_UNSIGNED(SUFFIX, b));       \
  }                                                                                  \
  static inline TYPE NN_OVERLOADED nn_multiply_int(TYPE a, TYPE b) {                 \
    return NN_SIGNED(SUFFIX, NN_UNSIGNED(SUFFIX, a) * NN_UNSIGNED(SUFFIX, b));       \
  }
NN_WRAPPING(nn_int, )

#ifdef NN_LOOPS
// The vector versions.
NN_MAX_MIN(float, nn_vector_float)
NN_MAX_MIN(int, nn_vector_int)
NN_MAX_MIN(bool, nn_vector_bool)
NN_WRAPPING(nn_vector_int, 16)
#endif

// Long sums use two numbers: the sum, and `rest`, the rounding error of the last addition, which is included in the
// next one (Kahan, Further remarks on reducing truncation errors, CACM 1965). nn_lost is the rounding error of
// sum = a + b, which is a number of the same type and is computed exactly (Knuth, The Art of Computer Programming 2,
// 4.2.2), or 0 if the sum is not finite.
#define NN_LOSING(VECTOR)                                                            \
  static inline VECTOR NN_OVERLOADED nn_lost(VECTOR a, VECTOR b, VECTOR sum) {       \
    const VECTOR added = sum - a, lost = (a - (sum - added)) + (b - added);          \
    return fabs(sum) < (VECTOR)(INFINITY) ? lost : (VECTOR)(0.0f);                   \
  }
NN_LOSING(nn_float)
#ifdef NN_LOOPS
NN_LOSING(nn_vector_float)
#endif
// The same for reductions that do not round: 0 for integers. For floats, the value is not used.
#define NN_NOTHING_LOST(a, b, sum) ((sum) - (sum))
// sum += x, for floats or vectors of floats.
#define NN_ADD_OF(VECTOR, sum, rest, x)                 \
  {                                                     \
    const VECTOR nn_a = (sum), nn_b = (x) + (rest);     \
    sum = nn_a + nn_b;                                  \
    rest = nn_lost(nn_a, nn_b, sum);                    \
  }
#define NN_ADD(sum, rest, x) NN_ADD_OF(nn_float, sum, rest, x)
#define NN_ADD_MANY(sum, rest, x) NN_ADD_OF(nn_vector_float, sum, rest, x)
// The quotient of a sum and a count, which both consist of two numbers. The remainder of the division,
// sum - mean·count, is rounded only once, and corrects the mean.
static inline nn_float nn_mean(nn_float sum, nn_float rest, nn_float count, nn_float countRest) {
  const nn_float mean = sum / count;
  return fabs(mean) < INFINITY ? mean + (fma(-mean, count, sum) + (rest - mean * countRest)) / count : mean;
}

// a·b + c. On devices without a fused multiply-add, an expression avoids a function call for every term.
#ifdef FP_FAST_FMAF
#define NN_MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define NN_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// Definitions for the files in Operations, which are also compiled as C. There, an element is a `vf`, and its bits are
// a `vi`. From NN_TANH_IS_ONE on, tanh is 1.
typedef nn_float vf;
#ifdef NN_DOUBLES
typedef long vi;
#define nn_constant(x) x
#define NN_TANH_IS_ONE 20
#else
typedef int vi;
#define NN_TANH_IS_ONE 10
#endif
#define NN_INLINE static inline
#ifdef NN_DOUBLES
// A function, because Intel's compiler for CPUs crashes when it vectorizes some branches.
#define pick(mask, yes, no) select((double)(no), (double)(yes), (long)(mask))
#else
#define pick(mask, yes, no) ((mask) ? (yes) : (no))
#endif
#define to_float(i) ((float)(i))
#define is_nan(x) ((x) != (x))
#define is_finite(x) (fabs(x) < INFINITY)
#define square_error(x, square) fma(x, x, -(square))
#define absolute(x) fabs(x)
#define with_sign_of(magnitude, sign) copysign(magnitude, sign)
#define square_root(x) sqrt(x)
#define round_down(x) floor(x)
#define round_up(x) ceil(x)
#define round_even(x) rint(x)
#define nn_sin(x) sin(x)
#define nn_cos(x) cos(x)
#define nn_tan(x) tan(x)
#define nn_power(x, y) pow(x, y)
#define nn_power_uniform(x, y) pow(x, y)
#define truncated_remainder(x, y) fmod(x, y)
#define maximum(x, y) nn_maximum_float(x, y)
#define minimum(x, y) nn_minimum_float(x, y)
#define wrap_add(a, b) nn_add_int(a, b)
#define wrap_subtract(a, b) nn_subtract_int(a, b)
#define wrap_multiply(a, b) nn_multiply_int(a, b)
#ifdef NN_LONGS
#define NN_INTEGER_BITS 64
#endif
#ifdef NN_LOOPS
// Lets the compiler round a·b + c only once if the processor can. PoCL's compiler does not do so by default.
#pragma OPENCL FP_CONTRACT ON
#endif
// The formulas for loops are for float32.
#if !defined(NN_LOOPS) || defined(NN_DOUBLES) || defined(NN_LONGS)
#define NN_HAS_BUILTIN_MATHEMATICS
#endif
