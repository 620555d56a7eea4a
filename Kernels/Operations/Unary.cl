// The functions of one number, written once for all devices in the common subset of C and OpenCL C; see Mathematics.cl.
//
// A row has a name; the cost, `simple` or `heavy`, by which work is divided among threads; the value from which the
// gradient is computed: `input`, `output`, or `neither`, where it is 0 wherever it exists; the value in x and the constants
// a and b; and the gradient of x from d, the gradient of the value, and s, the saved input or output. The comment before a
// row becomes the documentation of `UnaryOp.Kind`, which `Scripts/generate-operations` writes. BackendReference, with which
// everything is compared, does not use these formulas.

// Layers do not fuse these with their own kernels.
#define NN_PLAIN_FUNCTIONS(ROW) \
  /* −x; also int32. */ \
  ROW(negate, simple, input, -x, -d) \
  /* |x|; also int32. */ \
  ROW(magnitude, simple, input, absolute(x), pick(s > 0, d, pick(s < 0, -d, d * 0))) \
  /* −1, 0 or 1 (NaN stays NaN); also int32. */ \
  ROW(sign, simple, neither, pick(x > 0, (vf)1, pick(x < 0, (vf)-1, x)), (vf)0) \
  /* x·x; also int32. */ \
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
  /* The error function. */ \
  ROW(erf, heavy, input, nn_erf(x), d * (1.128379167f * nn_exp_negative(-(s * s)))) \
  /* The largest integer not above x. */ \
  ROW(floor, simple, neither, round_down(x), (vf)0) \
  /* The smallest integer not below x. */ \
  ROW(ceil, simple, neither, round_up(x), (vf)0) \
  /* The nearest integer, ties to even. */ \
  ROW(round, simple, neither, round_even(x), (vf)0) \
  /* xᵃ. */ \
  ROW(power, heavy, input, nn_power_uniform(x, a), d * pick(a == 0, (vf)0, a * nn_power_uniform(s, a - 1))) \
  /* a if x < a, b if x > b, else x; NaN stays NaN; also int32. */ \
  ROW(clamp, simple, input, pick(x < a, a, pick(x > b, b, x)), pick((s >= a) & (s <= b), d, (vf)0))

// The kernels of layers can apply these to their results.
#define NN_ACTIVATIONS(ROW) \
  /* max(x, 0); NaN stays NaN. */ \
  ROW(relu, simple, output, pick(x < 0, (vf)0, x), pick(s <= 0, (vf)0, d)) \
  /* x for x > 0, a·x otherwise. */ \
  ROW(leakyReLU, simple, input, pick(x > 0, x, a * x), pick(s > 0, d, a * d)) \
  /* x for x > 0, a·(eˣ − 1) otherwise. */ \
  ROW(elu, heavy, input, pick(x > 0, x, a * nn_expm1(x)), pick(s > 0, d, d * (a * nn_exp(s)))) \
  /* x·Φ(x) with the exact normal distribution function, Φ(x) = (1 + erf(x/√2))/2. */ \
  ROW(gelu, heavy, input, nn_gelu(x), d * nn_gelu_derivative(s)) \
  /* x·sigmoid(x). */ \
  ROW(silu, heavy, input, nn_silu(x), d * nn_silu_derivative(s)) \
  /* 1/(1 + e⁻ˣ). */ \
  ROW(sigmoid, heavy, output, nn_sigmoid(x), d * (s * (1 - s))) \
  /* tanh x. */ /* 1 − s² would cancel near ±1. */ \
  ROW(tanh, heavy, output, nn_tanh(x), d * ((1 - s) * (1 + s))) \
  /* ln(1 + eˣ), without overflow. */ \
  ROW(softplus, heavy, input, nn_softplus(x), d * nn_sigmoid(s)) \
  /* x·tanh(ln(1 + eˣ)) (Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019). */ \
  ROW(mish, heavy, input, nn_mish(x), d * nn_mish_derivative(s))

#define NN_UNARY_OPERATIONS(ROW) NN_PLAIN_FUNCTIONS(ROW) NN_ACTIVATIONS(ROW)

// Those that exist for int32 as well, in x, a, and b. Results wrap around.
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

// Within 2.5 ulp.
NN_INLINE vf nn_sigmoid(vf x) {
  const vf e = nn_exp_negative(-absolute(x));
  return pick(x < 0, e, (vf)1) / (1 + e);
}
NN_INLINE vf nn_softplus(vf x) { return pick(x > 0, x, (vf)0) + nn_log1p(nn_exp_negative(-absolute(x))); }

// SiLU and Mish approach 0 as x·e^x does. They are computed from e = e^-|x|, or e^40 times that below x = -80: there, e^x
// alone would soon be too small for a normal number, while its product with x is not.
NN_INLINE vf nn_far_exponential(vf x) { return nn_exp_negative(pick(x < -80, x + 40, -absolute(x))); }
NN_INLINE vf nn_far_product(vf factor, vf e) { return (factor * e) * 4.248354255e-18f; }

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
