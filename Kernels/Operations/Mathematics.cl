// Elementary functions in float32, written once for all devices.
//
// The files in this folder are compiled as C for the CPU backend, where `vf` is a vector of floats and `vi` a vector of
// ints of the same length, and as OpenCL C, where they are float and int. `vector.inc` and `Common.cl` define these
// types, and functions for whatever the two languages write differently: pick(mask, yes, no) for ?:, absolute,
// square_root, with_sign_of, maximum, round_down, nn_sin, wrap_add, and others. A comparison gives a mask. Masks may be
// combined with & and |, but not negated with ~, because the mask of a single number is 0 or 1.

// A constant that float32 does not represent, with the digits of all types.
#ifndef nn_constant
#define nn_constant(x) x##f
#endif

// GPUs have instructions and libraries for elementary functions. Loops on CPUs need functions without branches and
// calls, which compilers can vectorize.
#ifdef NN_HAS_BUILTIN_MATHEMATICS

NN_INLINE vf nn_exp(vf x) { return exp(x); }
NN_INLINE vf nn_exp_negative(vf x) { return exp(x); }
NN_INLINE vf nn_expm1(vf x) { return expm1(x); }
NN_INLINE vf nn_log(vf x) { return log(x); }
NN_INLINE vf nn_log1p(vf x) { return log1p(x); }
// Some drivers return slightly less than 1, even at infinity.
NN_INLINE vf nn_tanh(vf x) { return absolute(x) > NN_TANH_IS_ONE ? with_sign_of((vf)1, x) : tanh(x); }
NN_INLINE vf nn_erf(vf x) { return erf(x); }
NN_INLINE vf nn_erfc(vf x) { return erfc(x); }
NN_INLINE vf nn_exp2(vf x) { return exp2(x); }
NN_INLINE vf nn_log2(vf x) { return log2(x); }
NN_INLINE vf nn_log10(vf x) { return log10(x); }
NN_INLINE vf nn_asin(vf x) { return asin(x); }
NN_INLINE vf nn_acos(vf x) { return acos(x); }
NN_INLINE vf nn_atan(vf x) { return atan(x); }
NN_INLINE vf nn_sinh(vf x) { return sinh(x); }
NN_INLINE vf nn_cosh(vf x) { return cosh(x); }
NN_INLINE vf nn_asinh(vf x) { return asinh(x); }
NN_INLINE vf nn_acosh(vf x) { return acosh(x); }
NN_INLINE vf nn_atanh(vf x) { return atanh(x); }
// x times the distribution function of the standard normal distribution. For negative x, 1 + erf would cancel, but erfc
// is accurate.
NN_INLINE vf nn_gelu(vf x) { return (0.5f * x) * erfc(-nn_constant(0.70710678118654752) * x); }
NN_INLINE vf nn_gelu_derivative(vf x) {
  return fma(x, nn_constant(0.39894228040143268) * exp(-0.5f * x * x), 0.5f * erfc(-nn_constant(0.70710678118654752) * x));
}

#else

// exp and log are within 1 ulp; tanh, erf, expm1, and log1p within 2.5; GELU within 8. All are correct for NaN,
// infinities, zeros, and denormals. The coefficients are minimax fits, weighted by relative error, of the functions
// that the comments next to them name. Most of these errors come from rounding: the fits alone have relative errors of
// 4e-9 for exp, 5e-9 for log, 2e-8 for expm1, 3e-8 for erf, and 1e-7 for the tail of the normal distribution, while an
// ulp is 6e-8 to 1.2e-7 of a number.

// x/ln 2 + 1.5·2^23, for |x| < 2^20. Near 1.5·2^23, consecutive floats differ by 1, so the addition rounds x/ln 2 to
// the nearest integer n, and leaves n in the low bits of the sum. This, NN_REDUCED, and the polynomial of exp are
// macros, so that they work for vectors of any length.
#define NN_WHOLE 0x1.8p23f
#define NN_SHIFTED(x) ((x) * 1.44269504f + NN_WHOLE)
// r = x - n·ln 2, whose magnitude is at most ln 2 / 2. ln 2 is split into two parts. The first part has only 9
// significant bits, so n times it is exact, and r does not lose the digits that cancel.
#define NN_REDUCED(x, shifted) \
  (((x) - ((shifted) - NN_WHOLE) * 0.693359375f) - ((shifted) - NN_WHOLE) * -2.12194440e-4f)
// 2^(n + extra), if that is a normal number. The shift moves n to the exponent, and the bits of 1.5·2^23 out of the
// word.
NN_INLINE vf nn_power_of_two(vf shifted, int extra) {
  return as_float((as_int(shifted) << 23) + ((127 + extra) << 23));
}
// AVX-512 has instructions for the next three functions, which also handle the special cases of the logarithm.
#ifndef NN_HAS_SCALING
// v·2^n for normal v. There are two steps, because 2^n itself may be infinite or denormal.
NN_INLINE vf nn_scaled(vf v, vf shifted) {
  const vi n = as_int(shifted) - as_int((vf)NN_WHOLE), first = n >> 1;
  return (v * as_float((first + 127) << 23)) * as_float((n - first + 127) << 23);
}
// x = 2^e·m with m in [3/4, 3/2), for positive finite x. Denormals are first multiplied by 2^25. The range of m
// contains 1, so that e is 0 near x = 1, where the logarithm is small and would cancel.
NN_INLINE vf nn_normal(vf x) { return pick(x < 1.17549435e-38f, x * 0x1p25f, x); }
NN_INLINE vf nn_exponent(vf x) {
  return to_float((as_int(nn_normal(x)) - 0x3f400000) >> 23) - pick(x < 1.17549435e-38f, (vf)25, (vf)0);
}
NN_INLINE vf nn_mantissa(vf x) {
  const vi bits = as_int(nn_normal(x));
  return as_float(bits - (((bits - 0x3f400000) >> 23) << 23));
}
#endif

// x, but at most (at least) the bound. NaN stays NaN.
NN_INLINE vf nn_at_most(vf x, float bound) { return pick((vf)bound < x, (vf)bound, x); }
NN_INLINE vf nn_at_least(vf x, float bound) { return pick((vf)bound > x, (vf)bound, x); }

// (e^r - 1 - r)/r for |r| <= ln 2 / 2, as r times the fit of (e^r - 1 - r)/r^2.
#define NN_EXP_CURVATURE(r)                                                                                          \
  (((((1.381457900e-03f * (r) + 8.368725888e-03f) * (r) + 4.166838899e-02f) * (r) + 1.666652113e-01f) * (r) +       \
    4.999999404e-01f) * (r))
NN_INLINE vf nn_expm1_reduced(vf r) { return NN_EXP_CURVATURE(r) * r + r; }

// 2^n·e^r for |r| <= ln 2 / 2, where `shifted` is n + 1.5·2^23. The rounding error of 1 + r is added back with the rest.
NN_INLINE vf nn_scaled_exp(vf r, vf shifted) {
  const vf sum = 1 + r, lost = r - (sum - 1);
  return nn_scaled(sum + (NN_EXP_CURVATURE(r) * r + lost), shifted);
}
// e^x for any x, within 0.8 ulp. The last sum is rounded by up to half an ulp; most of the other error is the rounding of
// r, up to a fifth of an ulp of the result.
NN_INLINE vf nn_exp(vf x) {
  const vf bounded = nn_at_least(nn_at_most(x, 89), -104.5f), shifted = NN_SHIFTED(bounded);
  return nn_scaled_exp(NN_REDUCED(bounded, shifted), shifted);
}
// The same for x <= 0, within 1.05 ulp and in fewer steps, for formulas whose result is rounded several more times. The
// additional error is the rounding of e^r - 1, which is up to another quarter of an ulp.
NN_INLINE vf nn_exp_negative(vf x) {
  const vf bounded = nn_at_least(x, -104.5f), shifted = NN_SHIFTED(bounded);
  return nn_scaled(nn_expm1_reduced(NN_REDUCED(bounded, shifted)) + 1, shifted);
}

// e^x - 1 = 2·(s·p + (s - 1/2)) with s = 2^n / 2 and p = e^r - 1. Most of the error is that of p, which counts most
// where the other term cancels a part of it: for n = 1 and negative r.
NN_INLINE vf nn_expm1(vf x) {
  const vf bounded = nn_at_least(nn_at_most(x, 89), -18), shifted = NN_SHIFTED(bounded);
  const vf p = nn_expm1_reduced(NN_REDUCED(bounded, shifted));
  const vf s = nn_power_of_two(shifted, -1);  // half of 2^n, which may be infinite
  const vf y = 2 * (s * p + (s - 0.5f));
  return pick(x == 0, x, pick(shifted == NN_WHOLE, p, y));
}

// ln x = e·ln 2 + ln(1 + f), where f is exact. Small terms are added first, so the error is mostly the rounding of the
// last sums; where f is near 1/2, the rounding of the smaller terms counts as well.
NN_INLINE vf nn_log(vf x) {
  const vf e = nn_exponent(x), f = nn_mantissa(x) - 1;
  vf p = 3.767291829e-02f;  // (ln(1 + f) - f + f^2/2)/f^3
  p = p * f - 9.116190672e-02f;
  p = p * f + 1.170066148e-01f;
  p = p * f - 1.272777915e-01f;
  p = p * f + 1.427623928e-01f;
  p = p * f - 1.665529609e-01f;
  p = p * f + 1.999960542e-01f;
  p = p * f - 2.500016391e-01f;
  p = p * f + 3.333334029e-01f;
  const vf square = f * f;
  vf y = (square * f) * p + e * 1.740930640e-3f;  // ln 2 in two parts; e times the second is exact
  y = y - 0.5f * square;
  y = (f + y) + e * 0.69140625f;
#ifndef NN_HAS_SCALING
  y = pick(x == 0, (vf)-INFINITY, y);
  y = pick(x == INFINITY, x, y);
  y = pick((x < 0) | is_nan(x), (vf)NAN, y);
#endif
  return y;
}

// ln(1 + x) = ln u + lost/u, where u is 1 + x rounded; the next term, of the order of (lost/u)^2, is negligible. The
// largest errors are at tiny x, where lost/u cancels a large part of ln u.
NN_INLINE vf nn_log1p(vf x) {
  const vf u = 1 + x;
  const vf lost = pick(x > 1, 1 - (u - x), x - (u - 1));  // the rounding error of 1 + x
  const vf y = nn_log(u) + lost / u;
  return pick((x == 0) | (x == INFINITY), x, pick(x == -1, (vf)-INFINITY, y));
}

// 2^x. The distance to the next integer is exact, and its product with ln 2 is rounded once. Within 1 ulp.
NN_INLINE vf nn_exp2(vf x) {
  const vf bounded = nn_at_least(nn_at_most(x, 129), -151), shifted = bounded + NN_WHOLE;
  return nn_scaled_exp((bounded - (shifted - NN_WHOLE)) * 0.693147181f, shifted);
}
// log2 x = e + ln m/ln 2: exact for powers of two. Within 2.5 ulp.
NN_INLINE vf nn_log2(vf x) {
  const vf y = nn_exponent(x) + nn_log(nn_mantissa(x)) * 1.44269504f;
  return pick((x > 0) & (x < INFINITY), y, pick(x == 0, (vf)-INFINITY, pick(x == INFINITY, x, (vf)NAN)));
}
// ln x/ln 10, where 1/ln 10 has two parts. Within 2 ulp.
NN_INLINE vf nn_log10(vf x) {
  const vf y = nn_log(x);
  return pick(absolute(y) < INFINITY, y * 0.434294492f - y * 1.01030e-8f, y);
}

// e^x / 2 for x >= 0, up to x = 89.4, where e^x is infinite.
NN_INLINE vf nn_half_exp(vf x) {
  const vf bounded = nn_at_most(x, 90), shifted = NN_SHIFTED(bounded);
  return nn_scaled_exp(NN_REDUCED(bounded, shifted), shifted - 1);
}
// e^x / 2 plus or minus e^-x / 2, which is 1/4 of the inverse of the first term. For a small x, the difference would cancel:
// then, e^-x - 1 is -p/(p + 1) with p = e^x - 1. Within 2.5 ulp.
NN_INLINE vf nn_cosh(vf x) {
  const vf large = nn_half_exp(absolute(x));
  return large + 0.25f / large;
}
NN_INLINE vf nn_sinh(vf x) {
  const vf size = absolute(x), large = nn_half_exp(size), p = nn_expm1(nn_at_least(nn_at_most(x, 1), -1));
  return pick(size > 1, with_sign_of(large - 0.25f / large, x), 0.5f * (p + p / (p + 1)));
}

// ln(1 + rest) for x <= 1e9, and ln 2x beyond, where the square of x would soon be infinite.
NN_INLINE vf nn_log1p_or_log_twice(vf rest, vf x) {
  return nn_log1p(pick(x > 1e9f, x, rest)) + pick(x > 1e9f, (vf)0.693147181f, (vf)0);
}
// ln(x + √(x² + 1)), as ln(1 + …) because the logarithm is small for a small x. Within 4 ulp.
NN_INLINE vf nn_asinh(vf x) {
  const vf size = absolute(x), near = nn_at_most(size, 1e9f);
  return with_sign_of(nn_log1p_or_log_twice(near + near * near / (1 + square_root(near * near + 1)), size), x);
}
// The same with √(x² - 1) and t = x - 1.
NN_INLINE vf nn_acosh(vf x) {
  const vf near = nn_at_most(x, 1e9f), t = near - 1;
  return pick(x < 1, (vf)NAN, nn_log1p_or_log_twice(t + square_root(t * (near + 1)), x));
}
// ln((1 + x)/(1 - x))/2. Within 4 ulp.
NN_INLINE vf nn_atanh(vf x) {
  const vf size = absolute(x);
  return with_sign_of(0.5f * nn_log1p(2 * size / (1 - size)), x);
}

// (1 - e)/(1 + e) with e = e^(-2|x|) = s·p + s, where s = 2^n and p = e^r - 1. For a small x, s is 1, so 1 - e is
// exactly -p, without cancellation. The error comes from p, the two sums, which are each rounded once, and the
// quotient.
NN_INLINE vf nn_tanh(vf x) {
  const vf bounded = nn_at_least(-2 * absolute(x), -20), shifted = NN_SHIFTED(bounded);  // from there on 1
  const vf p = nn_expm1_reduced(NN_REDUCED(bounded, shifted)), s = nn_power_of_two(shifted, 0);
  return with_sign_of((s * p + (s - 1)) / (s * p + (s + 1)), x);
}

// erf of |x| < 0.925. The error is the rounding of the last sum, and that of the fit, up to another half of an ulp.
NN_INLINE vf nn_erf_near_zero(vf x) {
  const vf z = x * x;
  vf p = -5.953739164e-04f;  // erf x/x - 1 in x^2
  p = p * z + 4.985940177e-03f;
  p = p * z - 2.676171996e-02f;
  p = p * z + 1.128168255e-01f;
  p = p * z - 3.761247993e-01f;
  p = p * z + 1.283791512e-01f;
  return p * x + x;
}

// The upper tail of the normal distribution divided by e^(-t^2/2), for t >= 0: w times a polynomial in w = 3/(t + 3).
// As t grows, w and the result approach 0 together, so the relative error stays small. The error is up to 6 ulps,
// mostly from w: both t + 3 and the quotient are rounded, and a relative error of w is multiplied by up to 2.4.
NN_INLINE vf nn_scaled_tail(vf t) {
  const vf w = 3 / (t + 3);
  vf p = -1.943987800e-02f;
  p = p * w + 1.141462718e-01f;
  p = p * w - 2.409769570e-01f;
  p = p * w + 1.863193506e-01f;
  p = p * w - 3.234983040e-02f;
  p = p * w + 1.116596662e-01f;
  p = p * w + 1.143407016e-01f;
  p = p * w + 1.333333082e-01f;
  p = p * w + 1.329674221e-01f;
  return p * w;
}

// From 0.925 on, erf is 1 minus twice the tail of the normal distribution. This is below 0.191, so that one of its ulps
// is at most a quarter of an ulp of the result, and the error of the tail counts little.
NN_INLINE vf nn_erf(vf x) {
  const vf t = nn_at_most(absolute(x), 10);
  const vf large = with_sign_of(1 - 2 * (nn_exp_negative(-(t * t)) * nn_scaled_tail(t * 1.41421356f)), x);
  return pick(t < 0.925f, nn_erf_near_zero(x), large);
}

// 1 - erf x, or from 0.925 on twice the tail of the normal distribution: e^(-t^2) is corrected by the rounding error of t^2.
// Within 9 ulp, as the tail.
NN_INLINE vf nn_erfc(vf x) {
  const vf t = nn_at_most(absolute(x), 11), square = t * t, bell = nn_exp_negative(-square);
  const vf tail = 2 * nn_scaled_tail(t * 1.41421356f) * (bell - bell * square_error(t, square));
  return pick(x < 0.925f, 1 - nn_erf(x), tail);
}

// arctan of |x| <= 1, or π/2 minus that of 1/|x|. π/2 has two parts. Within 2 ulp.
NN_INLINE vf nn_atan(vf x) {
  const vf size = absolute(x), t = pick(size > 1, 1 / size, size), z = t * t;
  vf p = -1.793622272e-03f;  // (atan t/t - 1)/t^2 in t^2
  p = p * z + 1.091460884e-02f;
  p = p * z - 3.117785044e-02f;
  p = p * z + 5.795760080e-02f;
  p = p * z - 8.403450996e-02f;
  p = p * z + 1.095218584e-01f;
  p = p * z - 1.426424235e-01f;
  p = p * z + 1.999854892e-01f;
  p = p * z - 3.333329856e-01f;
  const vf y = (p * z) * t + t;
  return with_sign_of(pick(size > 1, (1.57079637f - y) - 4.37113883e-8f, y), x);
}
// For 0 <= size <= 1/2, arcsin(size); beyond, half of arccos(size), which is arcsin(√((1 - size)/2)), where the difference
// is exact.
NN_INLINE vf nn_asin_or_half_acos(vf size) {
  const vf rest = 0.5f * (1 - size), z = pick(size > 0.5f, rest, size * size);
  const vf t = pick(size > 0.5f, square_root(rest), size);
  vf p = 4.216630757e-02f;  // (asin t/t - 1)/t^2 in t^2
  p = p * z + 2.417951450e-02f;
  p = p * z + 4.547037557e-02f;
  p = p * z + 7.495297492e-02f;
  p = p * z + 1.666675210e-01f;
  return (p * z) * t + t;
}
// arcsin and arccos are within 2.5 ulp.
NN_INLINE vf nn_asin(vf x) {
  const vf size = absolute(x), y = nn_asin_or_half_acos(size);
  return with_sign_of(pick(size > 0.5f, (1.57079637f - 2 * y) - 4.37113883e-8f, y), x);
}
NN_INLINE vf nn_acos(vf x) {
  const vf size = absolute(x), y = nn_asin_or_half_acos(size);
  const vf far = pick(x < 0, (3.14159274f - 2 * y) - 8.74227766e-8f, 2 * y);
  return pick(size > 0.5f, far, 1.57079637f - (with_sign_of(y, x) + 4.37113883e-8f));
}

// e^(-t^2/2) for 0 <= t <= 20. An absolute error of the exponent is a relative error of the result: the rounding of t^2
// alone, up to 2^-16, would cost up to 128 ulps. Therefore, the result is corrected by this rounding error.
NN_INLINE vf nn_bell(vf t) {
  const vf square = t * t, bell = nn_exp_negative(-0.5f * square);
  return bell - bell * (0.5f * square_error(t, square));
}
// x times the normal distribution function. Far below zero, where the distribution function is not a normal number, the
// product still may be, so the factors are multiplied in descending order. Most of the error is that of the tail.
NN_INLINE vf nn_gelu(vf x) {
  const vf t = nn_at_most(absolute(x), 20), bell = nn_bell(t), tail = nn_scaled_tail(t);
  return pick(x < 0, (x * tail) * bell, x * (1 - bell * tail));
}
// The normal distribution function plus x times its derivative. Below zero, both are multiples of e^(-x^2/2). At
// infinity, the result is NaN, as in PyTorch. Near x = -0.752, where the result is 0, tail and density cancel: the
// error is then a few ulps of these two, and not of the result.
NN_INLINE vf nn_gelu_derivative(vf x) {
  const vf t = nn_at_most(absolute(x), 20), bell = nn_bell(t), tail = nn_scaled_tail(t), density = t * 0.398942280f;
  const vf nothing = x - x;  // 0, or NaN of what is not finite
  return pick(is_nan(nothing), nothing, pick(x < 0, (tail - density) * bell, 1 - (tail - density) * bell));
}

#endif
