// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011): element i of a draw is word i % 4 of block i / 4. Bits,
// uniforms, and masks are the same on every device. Normals agree to 4 ulps: they avoid the functions whose errors
// depend on the device, but devices may round a quotient differently, and the CPU backend computes them in double.

// The position in the random sequence. If hasStepOffset, an int32 in device memory is added to the step.
typedef struct {
  uint keyLow, keyHigh, call, step;
  int hasStepOffset;
} source_t;

// A block of four words. It is inlined, and its products have 64 bits, so that compilers can vectorize loops around it.
// The arguments are scalars because a device simulator does not support inlined functions that take a structure.
#define NN_INLINED inline __attribute__((always_inline))

static NN_INLINED uint4 nn_philox(uint x, uint y, uint z, uint w, uint low, uint high) {
  _Pragma("unroll") for (uint round = 0; round < 10; round++) {
    const ulong first = (ulong)x * 0xD2511F53u, second = (ulong)z * 0xCD9E8D57u;
    x = (uint)(second >> 32) ^ y ^ low;
    z = (uint)(first >> 32) ^ w ^ high;
    y = (uint)second;
    w = (uint)first;
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }
  return (uint4)(x, y, z, w);
}

#define NN_BLOCK(block)                                                                                              \
  nn_philox((uint)(block), (uint)((ulong)(block) >> 32), source.call, step, source.keyLow, source.keyHigh)

static inline uint nn_step(source_t source, global const int *stepOffset) {
  return source.hasStepOffset ? source.step + as_uint(*stepOffset) : source.step;
}

// A number in [0, 1) from the upper 24 bits, which a float represents exactly.
static inline float nn_uniform(uint word) { return (float)(word >> 8) * 0x1p-24f; }

// √x, from a root with an error of up to 3 ulps, which is what OpenCL permits. The remainder x − root² is rounded only
// once, so one step of Newton's method gives a correctly rounded result.
static inline float nn_square_root(float x) {
  if (x == 0.0f) return x;
  const float root = sqrt(x);
  return root + fma(-root, root, x) / (2.0f * root);
}

// −2 ln u for u = n·2^-24, 1 ≤ n ≤ 2^24. u = 2^e·m with m in [√½, √2), and ln m = 2 artanh(f) with f = (m − 1)/(m + 1).
// The rounding errors of the leading terms are computed and added at the end.
static inline float nn_minus_two_log(uint n) {
  int e = 31 - (int)clz(n);
  float m = ldexp((float)n, -e);
  if (m > 1.41421356f) {
    m *= 0.5f;
    e += 1;
  }
  e -= 24;
  const float numerator = m - 1.0f, denominator = m + 1.0f;
  const float f = numerator / denominator;
  const float denominatorRest = m - (denominator - 1.0f);
  const float fRest = (fma(-f, denominator, numerator) - f * denominatorRest) / denominator;
  const float s = f * f;
  float series = fma(s, 1.0f / 11.0f, 1.0f / 9.0f);
  series = fma(series, s, 1.0f / 7.0f);
  series = fma(series, s, 1.0f / 5.0f);
  series = fma(series, s, 1.0f / 3.0f);
  // ln m = 2f + 2f·s·series. e·ln 2 is split into two parts; the first is exact for |e| ≤ 24.
  const float correction = fma(2.0f * f * s, series, 2.0f * fRest);
  const float high = (float)e * 0.693145751953125f, low = (float)e * 1.42860682030941723e-6f;
  const float sum = high + 2.0f * f;
  const float rest = e == 0 ? 0.0f : (high - sum) + 2.0f * f;
  return -2.0f * (sum + (rest + (low + correction)));
}

// sin(πt/4) and cos(πt/4) for t in [0, 1], by their series.
static inline float nn_sine_eighth(float t) {
  const float s = t * t;
  float p = 3.13361689e-7f;
  p = fma(p, s, -3.65762042e-5f);
  p = fma(p, s, 2.49039457e-3f);
  p = fma(p, s, -8.07455122e-2f);
  // π/4 in two parts.
  const float tail = fma(p, s, -2.1855694e-08f);
  return fma(t, 0.78539818525314331f, t * tail);
}

// r·cos(2πv) and r·sin(2πv) for v = n·2^-24.
static inline float2 nn_on_circle(float r, uint n) {
  // The octant and the position in it are exact. Odd octants are traversed backward, so that t is 0 on an axis.
  const uint octant = n >> 21;
  const uint place = n & 0x1FFFFFu;
  const float t = (float)((octant & 1u) ? 0x200000u - place : place) * 0x1p-21f;
  const float s = t * t;
  float q = -2.46113696e-8f;
  q = fma(q, s, 3.59086045e-6f);
  q = fma(q, s, -3.25991887e-4f);
  q = fma(q, s, 1.58543442e-2f);
  q = fma(q, s, -3.08425138e-1f);
  const float sine = nn_sine_eighth(t), cosine = fma(q, s, 1.0f);
  const int swaps = ((octant + 1u) >> 1) & 1u;
  const float c = swaps ? sine : cosine, d = swaps ? cosine : sine;
  return (float2)(octant >= 2u && octant < 6u ? -r * c : r * c, octant >= 4u ? -r * d : r * d);
}

#ifdef NN_DOUBLES
static inline double2 nn_normals(uint first, uint second) {
  const double r = sqrt(-2 * log(((first >> 8) + 1u) * 0x1p-24)), angle = 6.2831853071795865 * ((second >> 8) * 0x1p-24);
  return (double2)(r * cos(angle), r * sin(angle));
}
typedef double2 nn_pair_t;
typedef double4 nn_pairs_t;
#else
static inline float2 nn_normals(uint first, uint second) {
  return nn_on_circle(nn_square_root(nn_minus_two_log((first >> 8) + 1u)), second >> 8);
}
typedef float2 nn_pair_t;
typedef float4 nn_pairs_t;
#endif

// Runs the statements for each full block of `count` elements, with its words and the position of its first element.
// NN_LAST handles the remaining elements, in one work item.
#define NN_FORBLOCKS(count, ...)                                                                                     \
  const uint step = nn_step(source, stepOffset + stepOffsetOffset);                                                  \
  NN_FOREACH(block, (count) / 4) {                                                                                   \
    const uint4 words = NN_BLOCK(block);                                                                             \
    const ulong i = (ulong)block * 4;                                                                                \
    __VA_ARGS__                                                                                                      \
  }
#define NN_LAST(count, ...)                                                                                          \
  if (get_global_id(0) == 0 && (count) % 4 != 0) {                                                                   \
    const uint4 words = NN_BLOCK((count) / 4);                                                                       \
    const ulong i = (ulong)((count) / 4) * 4;                                                                        \
    const uint left = (uint)((count) % 4);                                                                           \
    __VA_ARGS__                                                                                                      \
  }

#ifdef NN_LOOPS

// The words of eight blocks, starting at `block`, in the order of their elements. Words are in the lower halves of
// 64-bit lanes, as multiplication requires. `block` is a multiple of 8, so that the lower words of the block numbers do
// not overflow.
#define NN_BLOCKS(words, block)                                                                                      \
  uint16 words[2];                                                                                                   \
  {                                                                                                                  \
    ulong8 x = (ulong8)(0, 1, 2, 3, 4, 5, 6, 7) + ((ulong)(block) & NN_WORD), y = (ulong)(block) >> 32;              \
    ulong8 z = source.call, w = step;                                                                                \
    uint low = source.keyLow, high = source.keyHigh;                                                                 \
    _Pragma("unroll") for (uint round = 0; round < 10; round++) {                                                    \
      const ulong8 first = x * 0xD2511F53ul, second = z * 0xCD9E8D57ul;                                              \
      x = (second >> 32) ^ y ^ (ulong)low;                                                                           \
      z = (first >> 32) ^ w ^ (ulong)high;                                                                           \
      y = second & NN_WORD;                                                                                          \
      w = first & NN_WORD;                                                                                           \
      low += 0x9E3779B9u;                                                                                            \
      high += 0xBB67AE85u;                                                                                           \
    }                                                                                                                \
    const uint16 a = NN_PAIRS(x, z), b = NN_PAIRS(y, w);                                                             \
    words[0] = NN_WEAVE_LOW(uint16, a, b);                                                                           \
    words[1] = NN_WEAVE_HIGH(uint16, a, b);                                                                          \
  }
#define NN_WORD 0xFFFFFFFFul
// Combines the words of two vectors into pairs.
#ifdef __ENDIAN_LITTLE__
#define NN_PAIRS(a, b) as_uint16((a) | (b) << 32)
#else
#define NN_PAIRS(a, b) as_uint16((a) << 32 | (b))
#endif

// Runs MANY with 16 words and the position of their first element, and the remaining statements with a block of four
// words.
#define NN_FORWORDS(count, MANY, ...)                                                                                \
  const uint step = nn_step(source, stepOffset + stepOffsetOffset);                                                  \
  const index_t share = nn_share((count) / 4), last = min((index_t)(get_group_id(0) + 1) * share, (count) / 4);      \
  index_t block = (index_t)get_group_id(0) * share;                                                                  \
  for (; block + 8 <= last; block += 8) {                                                                            \
    NN_BLOCKS(parts, block)                                                                                          \
    _Pragma("unroll") for (uint part = 0; part < 2; part++) {                                                        \
      const uint16 words = parts[part];                                                                              \
      const ulong i = (ulong)block * 4 + part * 16;                                                                  \
      MANY;                                                                                                          \
    }                                                                                                                \
  }                                                                                                                  \
  for (; block < last; block++) {                                                                                    \
    const uint4 words = NN_BLOCK(block);                                                                             \
    const ulong i = (ulong)block * 4;                                                                                \
    __VA_ARGS__                                                                                                      \
  }

#else

#define NN_FORWORDS(count, MANY, ...) NN_FORBLOCKS(count, __VA_ARGS__)

#endif

#define DRAW(NAME, TYPE, LOOP, BLOCK, WORD)                                                                          \
  kernel void NAME(global TYPE *ys, ulong yOffset, index_t count, source_t source,                                   \
                   global const int *stepOffset, ulong stepOffsetOffset, ulong threshold) {                          \
    ys += yOffset;                                                                                                   \
    LOOP({                                                                                                           \
      BLOCK;                                                                                                         \
      NN_PUT4(TYPE, ys + i, WORD(x), WORD(y), WORD(z), WORD(w))                                                      \
    })                                                                                                               \
    NN_LAST(count, {                                                                                                 \
      BLOCK;                                                                                                         \
      ys[i] = WORD(x);                                                                                               \
      if (left > 1) ys[i + 1] = WORD(y);                                                                             \
      if (left > 2) ys[i + 2] = WORD(z);                                                                             \
    })                                                                                                               \
  }

#define NO_BLOCK
#define BITS(c) as_int(words.c)
#define UNIFORM(c) nn_uniform(words.c)
#define MASK(c) ((ulong)words.c < threshold)
#define PAIRS                                                                                                        \
  const nn_pair_t head = nn_normals(words.x, words.y), tail = nn_normals(words.z, words.w);                          \
  const nn_pairs_t pairs = (nn_pairs_t)(head.x, head.y, tail.x, tail.y)
#define NORMAL(c) pairs.c

// How each draw iterates over its words, and how it converts 16 of them.
#define BY_BLOCKS(...) NN_FORBLOCKS(count, __VA_ARGS__)
#define BY_BITS(...) NN_FORWORDS(count, nn_store(as_int16(words), ys + i), __VA_ARGS__)
#define BY_UNIFORMS(...)                                                                                             \
  NN_FORWORDS(count, nn_store(convert_float16(as_int16(words >> 8)) * 0x1p-24f, ys + i), __VA_ARGS__)
#define BY_MASKS(...) NN_FORWORDS(count, nn_store(NN_MASKED(1.0f), ys + i), __VA_ARGS__)
// The value if a word is below the threshold, which may be 2^32, and 0 otherwise.
#define NN_MASKED(value)                                                                                             \
  (words <= (uint)(threshold - 1) ? (float16)(threshold == 0 ? 0.0f : (value)) : (float16)(0.0f))

#ifdef NN_DOUBLES
DRAW(random_uniform_double, double, BY_BLOCKS, NO_BLOCK, UNIFORM)
DRAW(random_normal_double, double, BY_BLOCKS, PAIRS, NORMAL)
DRAW(random_bernoulli_double, double, BY_BLOCKS, NO_BLOCK, MASK)
#else
DRAW(random_bits, int, BY_BITS, NO_BLOCK, BITS)
DRAW(random_uniform, float, BY_UNIFORMS, NO_BLOCK, UNIFORM)
DRAW(random_normal, float, BY_BLOCKS, PAIRS, NORMAL)
DRAW(random_bernoulli_float, float, BY_MASKS, NO_BLOCK, MASK)
DRAW(random_bernoulli_bool, uchar, BY_BLOCKS, NO_BLOCK, MASK)

// y[i] = x[i]·scale if the mask of the same draw is 1, otherwise x[i]·0, so that NaN propagates.
kernel void dropout(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t count,
                    source_t source, global const int *stepOffset, ulong stepOffsetOffset, ulong threshold,
                    float scale) {
  xs += xOffset;
  ys += yOffset;
#define KEPT(at, c) xs[i + at] * ((ulong)words.c < threshold ? scale : 0.0f)
#define KEPT_ONE(at, c) ys[i + at] = KEPT(at, c);
  NN_FORWORDS(count, nn_store(vload16(0, xs + i) * NN_MASKED(scale), ys + i),
              NN_PUT4(float, ys + i, KEPT(0, x), KEPT(1, y), KEPT(2, z), KEPT(3, w)))
  NN_LAST(count, KEPT_ONE(0, x) if (left > 1) KEPT_ONE(1, y) if (left > 2) KEPT_ONE(2, z))
}

#endif
