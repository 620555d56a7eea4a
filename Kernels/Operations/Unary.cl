// The functions of one number, written once for all devices in the common subset of C and OpenCL C; see Mathematics.cl.
//
// A row has a name; the cost, `simple` or `heavy`, by which work is divided among threads; the value from which the
// gradient is computed: `input`, `output`, or `neither`, where it is 0 wherever it exists; the value in x and the constants
// a and b; and the gradient of x from d, the gradient of the value, and s, the saved input or output. The comment before a
// row becomes the documentation of `UnaryOp.Kind`, which `Scripts/generate-operations` writes. BackendReference, with which
// everything is compared, does not use these formulas.

// Layers do not fuse these with their own kernels.
#define NN_PLAIN_FUNCTIONS(ROW) \
  /* −x; also integers. */ \
  ROW(negate, simple, input, -x, -d) \
  /* |x|; also integers. */ \
  ROW(magnitude, simple, input, absolute(x), pick(s > 0, d, pick(s < 0, -d, d * 0))) \
  /* −1, 0 or 1 (NaN stays NaN); also integers. */ \
  ROW(sign, simple, neither, pick(x > 0, (vf)1, pick(x < 0, (vf)-1, x)), (vf)0) \
  /* x·x; also integers. */ \
  ROW(square, simple, input, x * x, d * 2 * s) \
  /* √x. */ \
  ROW(squareRoot, simple, output, square_root(x), d * 0.5f / s) \
  /* 1/√x. */ \
  ROW(reciprocalSquareRoot, simple, output, 1 / square_root(x), d * -0.5f * s * s * s) \
  /* 1/x. */ /* The gradient factor by factor: a square of s may be infinite where d is 0. */ \
  ROW(reciprocal, simple, output, 1 / x, -d * s * s) \
  /* eˣ. */ \
  ROW(exp, heavy, output, nn_exp(x), d * s) \
  /* eˣ − 1, accurate near 0. */ \
  ROW(expMinusOne, heavy, output, nn_expm1(x), d * (s + 1)) \
  /* ln x. */ \
  ROW(log, heavy, input, nn_log(x), d / s) \
  /* ln(1 + x), accurate near 0. */ \
  ROW(logOnePlus, heavy, input, nn_log1p(x), d / (1 + s)) \
  /* sin x, x in radians. */ \
  ROW(sin, heavy, input, nn_sin(x), d * nn_cos(s)) \
  /* cos x, x in radians. */ \
  ROW(cos, heavy, input, nn_cos(x), -d * nn_sin(s)) \
  /* tan x, x in radians. */ \
  ROW(tan, heavy, output, nn_tan(x), d * (1 + s * s)) \
  /* arcsin x, from −π/2 to π/2. */ \
  ROW(asin, heavy, input, nn_asin(x), d / square_root((1 - s) * (1 + s))) \
  /* arccos x, from 0 to π. */ \
  ROW(acos, heavy, input, nn_acos(x), -d / square_root((1 - s) * (1 + s))) \
  /* arctan x, from −π/2 to π/2. */ \
  ROW(atan, heavy, input, nn_atan(x), d / (1 + s * s)) \
  /* sinh x. */ \
  ROW(sinh, heavy, input, nn_sinh(x), d * nn_cosh(s)) \
  /* cosh x. */ \
  ROW(cosh, heavy, input, nn_cosh(x), d * nn_sinh(s)) \
  /* The inverse of sinh. */ \
  ROW(asinh, heavy, input, nn_asinh(x), d / nn_root_of_square_plus_one(s)) \
  /* The inverse of cosh, from 0 on; NaN below 1. */ /* (s − 1)·(s + 1) might overflow. */ \
  ROW(acosh, heavy, input, nn_acosh(x), d / (square_root(s - 1) * square_root(s + 1))) \
  /* The inverse of tanh; NaN outside of −1…1. */ \
  ROW(atanh, heavy, input, nn_atanh(x), d / ((1 - s) * (1 + s))) \
  /* 2ˣ. */ \
  ROW(exp2, heavy, output, nn_exp2(x), d * (nn_constant(0.69314718055994531) * s)) \
  /* log₂ x. */ \
  ROW(log2, heavy, input, nn_log2(x), d / s * nn_constant(1.4426950408889634)) \
  /* log₁₀ x. */ \
  ROW(log10, heavy, input, nn_log10(x), d / s * nn_constant(0.43429448190325183)) \
  /* The error function. */ \
  ROW(erf, heavy, input, nn_erf(x), d * nn_erf_derivative(s)) \
  /* 1 − erf(x), accurate for large x. */ \
  ROW(erfc, heavy, input, nn_erfc(x), -d * nn_erf_derivative(s)) \
  /* The inverse of the error function; NaN outside of −1…1. */ \
  ROW(erfInverse, heavy, output, nn_erf_inverse(x), d * (nn_constant(0.88622692545275801) * nn_exp(s * s))) \
  /* ln |Γ(x)|; infinite at 0 and at negative integers. */ \
  ROW(logGamma, heavy, input, nn_log_gamma(x), d * nn_digamma(s)) \
  /* Γ′(x)/Γ(x); NaN at negative integers. */ \
  ROW(digamma, heavy, input, nn_digamma(x), d * nn_trigamma(s)) \
  /* The derivative of digamma; infinite at 0 and at negative integers. */ \
  ROW(trigamma, heavy, input, nn_trigamma(x), d * nn_tetragamma(s)) \
  /* The largest integer not above x. */ \
  ROW(floor, simple, neither, round_down(x), (vf)0) \
  /* The smallest integer not below x. */ \
  ROW(ceil, simple, neither, round_up(x), (vf)0) \
  /* The nearest integer, ties to even. */ \
  ROW(round, simple, neither, round_even(x), (vf)0) \
  /* The integer part: the nearest integer that is not farther from 0. */ \
  ROW(trunc, simple, neither, pick(x < 0, round_up(x), round_down(x)), (vf)0) \
  /* xᵃ. */ \
  ROW(power, heavy, input, nn_power_uniform(x, a), d * pick(a == 0, (vf)0, a * nn_power_uniform(s, a - 1))) \
  /* a if x < a, b if x > b, else x; NaN stays NaN; also integers. */ \
  ROW(clamp, simple, input, pick(x < a, a, pick(x > b, b, x)), pick((s >= a) & (s <= b), d, (vf)0))

// The kernels of layers can apply these to their results.
#define NN_ACTIVATIONS(ROW) \
  /* max(x, 0); NaN stays NaN. */ \
  ROW(relu, simple, output, pick(x < 0, (vf)0, x), pick(s <= 0, (vf)0, d)) \
  /* min(max(x, 0), 6); NaN stays NaN. */ \
  ROW(relu6, simple, output, pick(x < 0, (vf)0, pick(x > 6, (vf)6, x)), pick((s <= 0) | (s >= 6), (vf)0, d)) \
  /* x for x > 0, a·x otherwise. */ \
  ROW(leakyReLU, simple, input, pick(x > 0, x, a * x), pick(s > 0, d, a * d)) \
  /* x for x > 0, a·(eˣ − 1) otherwise. */ \
  ROW(elu, heavy, input, pick(x > 0, x, a * nn_expm1(x)), pick(s > 0, d, d * (a * nn_exp(s)))) \
  /* 1.0507·x for x > 0, 1.0507·1.6733·(eˣ − 1) otherwise (Klambauer et al., Self-Normalizing Neural Networks, 2017). */ \
  ROW(selu, heavy, input, pick(x > 0, nn_constant(1.0507009873554805) * x, nn_constant(1.7580993408473769) * nn_expm1(x)), \
      pick(s > 0, d * nn_constant(1.0507009873554805), d * (nn_constant(1.7580993408473769) * nn_exp(s)))) \
  /* x·Φ(x) with the exact normal distribution function, Φ(x) = (1 + erf(x/√2))/2. */ \
  ROW(gelu, heavy, input, nn_gelu(x), d * nn_gelu_derivative(s)) \
  /* x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, an approximation of GELU. */ \
  ROW(geluTanh, heavy, input, nn_gelu_tanh(x), d * nn_gelu_tanh_derivative(s)) \
  /* x·sigmoid(x). */ \
  ROW(silu, heavy, input, nn_silu(x), d * nn_silu_derivative(s)) \
  /* 1/(1 + e⁻ˣ). */ \
  ROW(sigmoid, heavy, output, nn_sigmoid(x), d * (s * (1 - s))) \
  /* min(max(x/6 + 1/2, 0), 1); NaN stays NaN. */ \
  ROW(hardSigmoid, simple, input, nn_hard_sigmoid(x), pick((s > -3) & (s < 3), d * nn_constant(0.16666666666666667), (vf)0)) \
  /* x·hardSigmoid(x). */ \
  ROW(hardSwish, simple, input, x * nn_hard_sigmoid(x), pick(s <= -3, (vf)0, pick(s >= 3, d, d * ((2 * s + 3) / 6)))) \
  /* x/(1 + |x|). */ /* The divisor is not squared: it might overflow. */ \
  ROW(softsign, simple, input, x / (1 + absolute(x)), d / (1 + absolute(s)) / (1 + absolute(s))) \
  /* tanh x. */ /* 1 − s² would cancel near ±1. */ \
  ROW(tanh, heavy, output, nn_tanh(x), d * ((1 - s) * (1 + s))) \
  /* ln(1 + eˣ), without overflow. */ \
  ROW(softplus, heavy, input, nn_softplus(x), d * nn_sigmoid(s)) \
  /* −ln(1 + e⁻ˣ), without overflow. */ \
  ROW(logSigmoid, heavy, input, -nn_softplus(-x), d * nn_sigmoid(-s)) \
  /* x·tanh(ln(1 + eˣ)) (Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019). */ \
  ROW(mish, heavy, input, nn_mish(x), d * nn_mish_derivative(s))

#define NN_UNARY_OPERATIONS(ROW) NN_PLAIN_FUNCTIONS(ROW) NN_ACTIVATIONS(ROW)

// Those that exist for int32 and int64 as well, in x, a, and b. Results wrap around.
#define NN_INTEGER_OPERATIONS(ROW) \
  ROW(negate, wrap_subtract(0, x)) \
  ROW(magnitude, x < 0 ? wrap_subtract(0, x) : x) \
  ROW(sign, (x > 0) - (x < 0)) \
  ROW(square, wrap_multiply(x, x)) \
  ROW(clamp, x < a ? a : (x > b ? b : x))

// The functions whose result is bool: the element type of x, and the value. The CPU backend has loops of its own for them.
#define NN_TEST_OPERATIONS(ROW) \
  /* True for NaN; the result is bool. */ \
  ROW(isNaN, float, is_nan(x)) \
  /* False for infinities and NaN, else true; the result is bool. */ \
  ROW(isFinite, float, is_finite(x)) \
  /* The opposite truth value; bool to bool. */ \
  ROW(logicalNot, bool, x == 0)

// The numbers of the functions, which are those of `UnaryOp.Kind`. Kernels that get a layer's activation at run time get its
// number plus 1, or 0 for none.
#ifndef NN_UNARY_NUMBER
#define NN_UNARY_NUMBER(NAME, COST, SAVED, VALUE, GRADIENT) nn_unary_##NAME,
enum nn_unary { NN_UNARY_OPERATIONS(NN_UNARY_NUMBER) nn_unary_count };
#endif

// Formulas that are too long for a row. Headers include this file for the numbers only, and do not define NN_INLINE.
#ifdef NN_INLINE

// 2/√π·e^(-s²).
NN_INLINE vf nn_erf_derivative(vf s) { return nn_constant(1.1283791670955126) * nn_exp_negative(-(s * s)); }

// √(s² + 1). From 1e9 on, the 1 is too small to count, and the square would soon be infinite.
NN_INLINE vf nn_root_of_square_plus_one(vf s) {
  return pick(absolute(s) > 1e9f, absolute(s), square_root(s * s + 1));
}

// Double.cl has versions of the following functions for float64.
#ifndef NN_DOUBLES

// The inverse of erf as x times a function of w = -ln(1 - x²), which has one fit for each of two ranges: a polynomial in w
// for |x| < 0.9966, and one in √w beyond (the approach of Giles, Approximating the erfinv function, GPU Computing Gems 2,
// 2011). Within 5 ulp, of which the fits alone have 1.5.
NN_INLINE vf nn_erf_inverse(vf x) {
  const vf w = -nn_log((1 - x) * (1 + x)), near = w - 2.5f, far = square_root(w) - 3;
  vf p = -8.791014139e-09f, q = -1.930316357e-04f;
  p = p * near + 2.323262116e-08f;
  p = p * near + 4.661700927e-07f;
  p = p * near - 3.462704399e-06f;
  p = p * near - 4.963345418e-06f;
  p = p * near + 2.183444449e-04f;
  p = p * near - 1.252741902e-03f;
  p = p * near - 4.177386872e-03f;
  p = p * near + 2.466402799e-01f;
  p = p * near + 1.501409411e+00f;
  q = q * far + 1.000431294e-04f;
  q = q * far + 1.339194365e-03f;
  q = q * far - 3.673341125e-03f;
  q = q * far + 5.743905902e-03f;
  q = q * far - 7.622143719e-03f;
  q = q * far + 9.438300505e-03f;
  q = q * far + 1.001674056e+00f;
  q = q * far + 2.832976818e+00f;
  return x * pick(w < 5, p, pick(w < INFINITY, q, w));
}

// The gamma function and its logarithmic derivatives. Each has an asymptotic series for large arguments; smaller ones
// are first increased or decreased by whole numbers (recurrence), and negative ones reflected. For positive arguments, the
// terms of a sum have the same sign, or one is much larger, so the relative errors stay small, except near the zeros, which
// have their fits. For negative arguments, errors are relative to the terms. (Abramowitz and Stegun, Handbook of
// Mathematical Functions, 6.1 to 6.4.)

// The distance to the nearest integer, and sin πr for |r| <= 1/2.
NN_INLINE vf nn_distance_to_whole(vf x) { return x - round_even(x); }
NN_INLINE vf nn_sin_pi(vf r) {
  const vf z = r * r;
  vf p = 7.756038323e-02f;
  p = p * z - 5.982421245e-01f;
  p = p * z + 2.550069726e+00f;
  p = p * z - 5.167709685e+00f;
  p = p * z + 3.141592637e+00f;
  return p * r;
}

// ln |Γ(x)| for x >= -1/2, as lnΓ(2 + t) ± ln of the product of the steps to 3/2 <= 2 + t <= 5/2, or with Stirling's series
// from 11/2 on.
NN_INLINE vf nn_log_gamma_above(vf x) {
  const vf once = pick(x > 2.5f, x - 1, x), twice = pick(once > 2.5f, once - 1, once);
  const vf falling = pick(x > 2.5f, once, (vf)1) * pick(once > 2.5f, twice, (vf)1) *
                     pick(twice > 2.5f, twice - 1, (vf)1);
  const vf rising = pick(x < 0.5f, absolute(x) * (x + 1), pick(x < 1.5f, x, (vf)1));
  const vf t = pick(x < 0.5f, x, pick(x < 1.5f, x - 1, pick(twice > 2.5f, twice - 1, twice) - 2));
  const vf logarithm = nn_log(pick(x < 5.5f, pick(x > 2.5f, falling, rising), x)), inverse = 1 / x, z = inverse * inverse;
  vf p = 1.223609538e-04f;  // lnΓ(2 + t)/t
  p = p * t - 2.536190609e-04f;
  p = p * t + 5.015184544e-04f;
  p = p * t - 1.185959093e-03f;
  p = p * t + 2.891732355e-03f;
  p = p * t - 7.386158669e-03f;
  p = p * t + 2.058073442e-02f;
  p = p * t - 6.735228225e-02f;
  p = p * t + 3.224670347e-01f;
  p = p * t + 4.227843350e-01f;
  const vf series = inverse * (z * (z * 7.936507937e-04f - 2.777777778e-03f) + 8.333333333e-02f);
  const vf large = (x - 0.5f) * (logarithm - 1) + (series + 4.189385332e-01f);
  return pick(x < 5.5f, p * t + pick(x > 2.5f, logarithm, -logarithm), pick(x < INFINITY, large, x));
}
// Below -1/2, from Γ(-x)·Γ(x) = -π/(x·sin πx). From -2^23 on, all numbers are integers.
NN_INLINE vf nn_log_gamma(vf x) {
  const vf size = pick(x < -0.5f, -x, x), y = nn_log_gamma_above(size);
  const vf sine = absolute(nn_sin_pi(nn_distance_to_whole(size))) * 0.318309886f;
  return pick(x < -0.5f, pick(size < 8388608, -nn_log(size * sine) - y, (vf)INFINITY), y);
}

// Γ′/Γ of x >= 0, as that of 1 <= y <= 2 plus the sum of 1/(x - k), or its asymptotic series from 6 on. Between 1 and 2,
// it is the distance from its zero times a polynomial. The zero has three parts, so that the distance is exact.
NN_INLINE vf nn_digamma_above(vf x) {
  vf y = pick(x < 1, x + 1, x), top = pick(x < 1, (vf)-1, (vf)0), bottom = pick(x < 1, x, (vf)1);
  for (int k = 0; k < 4; k++) {
    const vf less = y - 1;
    top = pick(y > 2, top * less + bottom, top);
    bottom = pick(y > 2, bottom * less, bottom);
    y = pick(y > 2, less, y);
  }
  const vf t = y - 1.5f, inverse = 1 / x, z = inverse * inverse;
  vf p = 1.111810651e-02f;  // in y - 3/2
  p = p * t - 1.638408466e-02f;
  p = p * t + 1.698075018e-02f;
  p = p * t - 2.578101722e-02f;
  p = p * t + 4.087926300e-02f;
  p = p * t - 6.205707542e-02f;
  p = p * t + 9.498208985e-02f;
  p = p * t - 1.483987858e-01f;
  p = p * t + 2.405426155e-01f;
  p = p * t - 4.236274989e-01f;
  p = p * t + 9.510558756e-01f;
  const vf near = (((y - 1.46142578125f) - 2.063637221e-04f) + 3.737581425e-12f) * p;
  const vf series = z * (z * (z * 3.968253968e-03f - 8.333333333e-03f) + 8.333333333e-02f);
  const vf large = nn_log(x) - (0.5f * inverse + series);
  return pick(x < 6, near + top / bottom, large);
}
// Γ′(x)/Γ(x) = Γ′(1 - x)/Γ(1 - x) - π·cot πx for negative x.
NN_INLINE vf nn_digamma(vf x) {
  const vf r = nn_distance_to_whole(x), y = nn_digamma_above(pick(x < 0, 1 - x, x));
  const vf cotangent = 3.141592654f * (nn_sin_pi(0.5f - absolute(r)) / nn_sin_pi(r));
  return pick(x < 0, pick(r == 0, (vf)NAN, y - cotangent), pick(x == 0, -1 / x, y));
}

// The derivative of digamma, Σ (x + k)^-2 over all k >= 0, for x > 0: five of the terms, and a series for the rest.
NN_INLINE vf nn_trigamma_above(vf x) {
  const vf inverse = 1 / (x + 5), z = inverse * inverse;
  vf sum = z * (z * (z * 2.380952381e-02f - 3.333333333e-02f) + 1.666666667e-01f);
  sum = inverse * (sum + 0.5f * inverse + 1);
  for (int k = 4; k >= 0; k--) {
    const vf term = 1 / (x + (float)k);
    sum = sum + term * term;
  }
  return sum;
}
// π^2/sin^2 πx minus the trigamma function of 1 - x for negative x.
NN_INLINE vf nn_trigamma(vf x) {
  const vf y = nn_trigamma_above(pick(x < 0, 1 - x, x));
  const vf cosecant = 3.141592654f / nn_sin_pi(nn_distance_to_whole(x));
  return pick(x < 0, cosecant * cosecant - y, y);
}

// The derivative of trigamma, -2·Σ (x + k)^-3, in the same way.
NN_INLINE vf nn_tetragamma_above(vf x) {
  const vf inverse = 1 / (x + 6), z = inverse * inverse;
  vf sum = z * (z * (0.1666666667f - z * 3e-01f) - 1.666666667e-01f) + 0.5f;
  sum = -z * (z * sum + inverse + 1);
  for (int k = 5; k >= 0; k--) {
    const vf term = 1 / (x + (float)k);
    sum = sum - 2 * (term * term) * term;
  }
  return sum;
}
// That of 1 - x, minus 2·π^3·cos πx/sin^3 πx, for negative x.
NN_INLINE vf nn_tetragamma(vf x) {
  const vf r = nn_distance_to_whole(x), y = nn_tetragamma_above(pick(x < 0, 1 - x, x));
  const vf cosecant = 3.141592654f / nn_sin_pi(r);
  return pick(x < 0, y - 2 * nn_sin_pi(0.5f - absolute(r)) * (cosecant * cosecant) * cosecant, y);
}

#endif

// Within 2.5 ulp.
NN_INLINE vf nn_sigmoid(vf x) {
  const vf e = nn_exp_negative(-absolute(x));
  return pick(x < 0, e, (vf)1) / (1 + e);
}
NN_INLINE vf nn_softplus(vf x) { return pick(x > 0, x, (vf)0) + nn_log1p(nn_exp_negative(-absolute(x))); }

NN_INLINE vf nn_hard_sigmoid(vf x) { return pick(x <= -3, (vf)0, pick(x >= 3, (vf)1, (x + 3) / 6)); }

// The approximation of GELU is x·sigmoid(2u) with u = √(2/π)·(x + 0.044715·x^3). Below zero, the sigmoid is e/(1 + e) with
// e = e^-|2u|, and has no difference that cancels. Far below, e is not a normal number although the result is, so x is
// multiplied by the root of e twice. The rounding of u is a relative error of the result: within 4 ulp for x > -1, and
// within 200 at x = -10, where the result is hardly a normal number. From |x| = 30 on, e is 0.
NN_INLINE vf nn_gelu_tanh_bounded(vf x) { return pick(x > 30, (vf)30, pick(x < -30, (vf)-30, x)); }
NN_INLINE vf nn_gelu_tanh_root(vf t) {
  const vf slope = nn_constant(0.035677408136300125) * (t * t) + nn_constant(0.79788456080286536);
  return nn_exp_negative(-absolute(t) * slope);
}
NN_INLINE vf nn_gelu_tanh(vf x) {
  const vf root = nn_gelu_tanh_root(nn_gelu_tanh_bounded(x));
  return pick(x < 0, (x * root) * root, x) / (1 + root * root);
}
// sigmoid(2u)·(1 + x·sigmoid(-2u)·2u'). At infinity, the result is NaN, as in PyTorch.
NN_INLINE vf nn_gelu_tanh_derivative(vf x) {
  const vf t = nn_gelu_tanh_bounded(x), root = nn_gelu_tanh_root(t), e = root * root;
  const vf slope = t * (nn_constant(0.21406444881780075) * (t * t) + nn_constant(1.5957691216057307));
  const vf factor = 1 + slope * (pick(x < 0, (vf)1, e) / (1 + e));
  return pick(x < 0, (factor * root) * root, factor) / (1 + e) + (x - x);
}

// SiLU and Mish approach 0 as x·e^x does. They are computed from e = e^-|x|, or e^40 times that below x = -80: there, e^x
// alone would soon be too small for a normal number, while its product with x is not.
NN_INLINE vf nn_far_exponential(vf x) { return nn_exp_negative(pick(x < -80, x + 40, -absolute(x))); }
NN_INLINE vf nn_far_product(vf factor, vf e) { return (factor * e) * nn_constant(4.2483542552915889e-18); }

// factor·sigmoid(x).
NN_INLINE vf nn_times_sigmoid(vf factor, vf x, vf e) {
  return pick(x < -80, nn_far_product(factor, e), pick(x < 0, factor * e, factor) / (1 + e));
}
// Within 3 ulp.
NN_INLINE vf nn_silu(vf x) { return nn_times_sigmoid(x, x, nn_far_exponential(x)); }
// sigmoid(x)·(1 + x·(1 - sigmoid(x))).
NN_INLINE vf nn_silu_derivative(vf x) {
  const vf e = nn_far_exponential(x), rest = pick(x < 0, (vf)1, e) / (1 + e);
  return nn_times_sigmoid(1 + x * rest, x, e);
}

// tanh(softplus(x)) is top/(top + rest), without a logarithm: top = (1 + e^x)^2 - 1 and rest = 2, or both times e^-2x.
NN_INLINE vf nn_mish_top(vf x, vf e) { return pick(x < 0, e * (e + 2), 1 + 2 * e); }
NN_INLINE vf nn_mish_rest(vf x, vf e) { return pick(x < 0, (vf)2, 2 * e * e); }
// Within 6 ulp.
NN_INLINE vf nn_mish(vf x) {
  const vf e = nn_far_exponential(x), top = nn_mish_top(x, e), rest = nn_mish_rest(x, e);
  return pick(x < -80, nn_far_product(x, e), x * (top / (top + rest)));
}
// t + x·sigmoid(x)·(1 - t^2) with t = tanh(softplus(x)); 1 - t is rest/(top + rest).
NN_INLINE vf nn_mish_derivative(vf x) {
  const vf e = nn_far_exponential(x), top = nn_mish_top(x, e), rest = nn_mish_rest(x, e), t = top / (top + rest);
  const vf sigmoid = pick(x < 0, e, (vf)1) / (1 + e), near = t + x * sigmoid * (rest / (top + rest)) * (1 + t);
  return pick(x < -80, nn_far_product(1 + x, e), near);
}

#endif
