// Functions of one operand, their gradients, conversions, fills, and copies.
#include <stdlib.h>

#include "support.h"

struct function {
  enum nn_unary op;
  const char *name;
  double low, high;  // arguments
  double a, b;
  double ulps;  // of the result, or of 1 if that is larger for functions that are sums of large terms
};

static double round_even(double x) { return nearbyint(x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static double mish_derivative(double x) {
  const double t = tanh(softplus(x));
  return t + x * sigmoid(x) * (1 - t * t);
}
// The x with erf(x) = y, by halving.
static double inverse_of_erf(double y) {
  double low = -6, high = 6;
  for (int i = 0; i < 60; i++) {
    const double middle = (low + high) / 2;
    if (erf(middle) < y) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
// The derivatives of lgamma for x > 0, by the recurrence and the first terms of the asymptotic series.
static double digamma(double x) {
  double sum = 0;
  for (; x < 40; x++) sum -= 1 / x;
  return sum + log(x) - 1 / (2 * x) - 1 / (12 * x * x) + 1 / (120 * pow(x, 4));
}
static double trigamma(double x) {
  double sum = 0;
  for (; x < 40; x++) sum += 1 / (x * x);
  return sum + 1 / x + 1 / (2 * x * x) + 1 / (6 * pow(x, 3)) - 1 / (30 * pow(x, 5));
}
static double tetragamma(double x) {
  double sum = 0;
  for (; x < 40; x++) sum -= 2 / (x * x * x);
  return sum - 1 / (x * x) - 1 / pow(x, 3) - 1 / (2 * pow(x, 4)) + 1 / (6 * pow(x, 6));
}
static double hard_sigmoid(double x) { return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6; }
// The share of x in the approximation of GELU, and its derivative.
static double gelu_share(double x) { return sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x)); }
static double gelu_share_derivative(double x) {
  return gelu_share(x) * (1 - gelu_share(x)) * 1.5957691216057308 * (1 + 3 * 0.044715 * x * x);
}
static double normal_share(double x) { return 0.5 * erfc(-x * 0.7071067811865476); }

static double value(enum nn_unary op, double x, double a, double b) {
  switch (op) {
    case nn_unary_negate: return -x;
    case nn_unary_magnitude: return fabs(x);
    case nn_unary_sign: return (x > 0) - (x < 0);
    case nn_unary_square: return x * x;
    case nn_unary_squareRoot: return sqrt(x);
    case nn_unary_reciprocalSquareRoot: return 1 / sqrt(x);
    case nn_unary_reciprocal: return 1 / x;
    case nn_unary_exp: return exp(x);
    case nn_unary_expMinusOne: return expm1(x);
    case nn_unary_log: return log(x);
    case nn_unary_logOnePlus: return log1p(x);
    case nn_unary_sin: return sin(x);
    case nn_unary_cos: return cos(x);
    case nn_unary_tan: return tan(x);
    case nn_unary_asin: return asin(x);
    case nn_unary_acos: return acos(x);
    case nn_unary_atan: return atan(x);
    case nn_unary_sinh: return sinh(x);
    case nn_unary_cosh: return cosh(x);
    case nn_unary_asinh: return asinh(x);
    case nn_unary_acosh: return acosh(x);
    case nn_unary_atanh: return atanh(x);
    case nn_unary_exp2: return exp2(x);
    case nn_unary_log2: return log2(x);
    case nn_unary_log10: return log10(x);
    case nn_unary_tanh: return tanh(x);
    case nn_unary_sigmoid: return sigmoid(x);
    case nn_unary_erf: return erf(x);
    case nn_unary_erfc: return erfc(x);
    case nn_unary_erfInverse: return inverse_of_erf(x);
    case nn_unary_logGamma: return lgamma(x);
    case nn_unary_digamma: return digamma(x);
    case nn_unary_trigamma: return trigamma(x);
    case nn_unary_trunc: return trunc(x);
    case nn_unary_floor: return floor(x);
    case nn_unary_ceil: return ceil(x);
    case nn_unary_round: return round_even(x);
    case nn_unary_power: return pow(x, a);
    case nn_unary_clamp: return x < a ? a : x > b ? b : x;
    case nn_unary_relu: return x < 0 ? 0 : x;
    case nn_unary_relu6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case nn_unary_leakyReLU: return x > 0 ? x : a * x;
    case nn_unary_elu: return x > 0 ? x : a * expm1(x);
    case nn_unary_selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    case nn_unary_gelu: return x * normal_share(x);
    case nn_unary_geluTanh: return x * gelu_share(x);
    case nn_unary_silu: return x * sigmoid(x);
    case nn_unary_hardSigmoid: return hard_sigmoid(x);
    case nn_unary_hardSwish: return x * hard_sigmoid(x);
    case nn_unary_softsign: return x / (1 + fabs(x));
    case nn_unary_softplus: return softplus(x);
    case nn_unary_logSigmoid: return -softplus(-x);
    case nn_unary_mish: return x * tanh(softplus(x));
    case nn_unary_count: break;
  }
  return NAN;
}

// The derivative at x, for functions whose kernel receives x.
static double derivative(enum nn_unary op, double x, double a, double b) {
  switch (op) {
    case nn_unary_magnitude: return x > 0 ? 1 : -1;
    case nn_unary_square: return 2 * x;
    case nn_unary_log: return 1 / x;
    case nn_unary_logOnePlus: return 1 / (1 + x);
    case nn_unary_sin: return cos(x);
    case nn_unary_cos: return -sin(x);
    case nn_unary_asin: return 1 / sqrt(1 - x * x);
    case nn_unary_acos: return -1 / sqrt(1 - x * x);
    case nn_unary_atan: return 1 / (1 + x * x);
    case nn_unary_sinh: return cosh(x);
    case nn_unary_cosh: return sinh(x);
    case nn_unary_asinh: return 1 / sqrt(x * x + 1);
    case nn_unary_acosh: return 1 / sqrt(x * x - 1);
    case nn_unary_atanh: return 1 / (1 - x * x);
    case nn_unary_log2: return 1.4426950408889634 / x;
    case nn_unary_log10: return 0.4342944819032518 / x;
    case nn_unary_erf: return 1.1283791670955126 * exp(-x * x);
    case nn_unary_erfc: return -1.1283791670955126 * exp(-x * x);
    case nn_unary_logGamma: return digamma(x);
    case nn_unary_digamma: return trigamma(x);
    case nn_unary_trigamma: return tetragamma(x);
    case nn_unary_power: return a * pow(x, a - 1);
    case nn_unary_clamp: return x < a || x > b ? 0 : 1;
    case nn_unary_leakyReLU: return x > 0 ? 1 : a;
    case nn_unary_elu: return x > 0 ? 1 : a * exp(x);
    case nn_unary_selu: return 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * exp(x));
    case nn_unary_gelu: return normal_share(x) + x * 0.3989422804014327 * exp(-0.5 * x * x);
    case nn_unary_geluTanh: return gelu_share(x) + x * gelu_share_derivative(x);
    case nn_unary_silu: return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case nn_unary_hardSigmoid: return fabs(x) < 3 ? 1.0 / 6 : 0;
    case nn_unary_hardSwish: return x < -3 ? 0 : x > 3 ? 1 : (2 * x + 3) / 6;
    case nn_unary_softsign: return 1 / ((1 + fabs(x)) * (1 + fabs(x)));
    case nn_unary_softplus: return sigmoid(x);
    case nn_unary_logSigmoid: return sigmoid(-x);
    case nn_unary_mish: return mish_derivative(x);
    default: return op == nn_unary_negate ? -1 : 0;
  }
}

// The derivative from the result y, for functions whose kernel receives y.
static bool derivative_of_result(enum nn_unary op, double y, double *result) {
  switch (op) {
    case nn_unary_squareRoot: *result = 0.5 / y; return true;
    case nn_unary_reciprocalSquareRoot: *result = -0.5 * y * y * y; return true;
    case nn_unary_reciprocal: *result = -y * y; return true;
    case nn_unary_exp: *result = y; return true;
    case nn_unary_expMinusOne: *result = y + 1; return true;
    case nn_unary_tanh: *result = 1 - y * y; return true;
    case nn_unary_sigmoid: *result = y * (1 - y); return true;
    case nn_unary_relu: *result = y > 0; return true;
    case nn_unary_relu6: *result = y > 0 && y < 6; return true;
    case nn_unary_tan: *result = 1 + y * y; return true;
    case nn_unary_exp2: *result = 0.6931471805599453 * y; return true;
    case nn_unary_erfInverse: *result = 0.886226925452758 * exp(y * y); return true;
    default: return false;
  }
}

static const struct function functions[] = {
    {nn_unary_negate, "negate", -9, 9, 0, 0, 0},
    {nn_unary_magnitude, "magnitude", -9, 9, 0, 0, 0},
    {nn_unary_sign, "sign", -1, 1, 0, 0, 0},
    {nn_unary_square, "square", -9, 9, 0, 0, 1},
    {nn_unary_squareRoot, "squareRoot", 0, 100, 0, 0, 1},
    {nn_unary_reciprocalSquareRoot, "reciprocalSquareRoot", 0.01, 100, 0, 0, 2},
    {nn_unary_reciprocal, "reciprocal", 0.01, 100, 0, 0, 1},
    {nn_unary_exp, "exp", -100, 88, 0, 0, 1.5},
    {nn_unary_expMinusOne, "expMinusOne", -20, 80, 0, 0, 3},
    {nn_unary_log, "log", 1e-6, 1000, 0, 0, 1.5},
    {nn_unary_logOnePlus, "logOnePlus", -0.9, 100, 0, 0, 3},
    {nn_unary_sin, "sin", -1000, 1000, 0, 0, 2},
    {nn_unary_cos, "cos", -1000, 1000, 0, 0, 2},
    {nn_unary_tan, "tan", -1.5, 1.5, 0, 0, 2},
    {nn_unary_asin, "asin", -0.99, 0.99, 0, 0, 3},
    {nn_unary_acos, "acos", -0.99, 0.99, 0, 0, 3},
    {nn_unary_atan, "atan", -20, 20, 0, 0, 3},
    {nn_unary_sinh, "sinh", -20, 20, 0, 0, 3},
    {nn_unary_cosh, "cosh", -20, 20, 0, 0, 3},
    {nn_unary_asinh, "asinh", -100, 100, 0, 0, 4},
    {nn_unary_acosh, "acosh", 1.1, 100, 0, 0, 4},
    {nn_unary_atanh, "atanh", -0.9, 0.9, 0, 0, 4},
    {nn_unary_exp2, "exp2", -30, 30, 0, 0, 2},
    {nn_unary_log2, "log2", 0.01, 1000, 0, 0, 3},
    {nn_unary_log10, "log10", 0.01, 1000, 0, 0, 3},
    {nn_unary_tanh, "tanh", -12, 12, 0, 0, 3},
    {nn_unary_sigmoid, "sigmoid", -80, 30, 0, 0, 3},
    {nn_unary_erf, "erf", -5, 5, 0, 0, 4},
    {nn_unary_erfc, "erfc", -5, 5, 0, 0, 10},
    {nn_unary_erfInverse, "erfInverse", -0.99, 0.99, 0, 0, 6},
    {nn_unary_logGamma, "logGamma", 0.01, 60, 0, 0, 8},
    {nn_unary_digamma, "digamma", 0.01, 60, 0, 0, 8},
    {nn_unary_trigamma, "trigamma", 0.01, 60, 0, 0, 6},
    {nn_unary_trunc, "trunc", -99, 99, 0, 0, 0},
    {nn_unary_floor, "floor", -99, 99, 0, 0, 0},
    {nn_unary_ceil, "ceil", -99, 99, 0, 0, 0},
    {nn_unary_round, "round", -99, 99, 0, 0, 0},
    {nn_unary_power, "power", 0.01, 20, 2.5, 0, 3},
    {nn_unary_power, "power 2", -9, 9, 2, 0, 1},
    {nn_unary_power, "power 3", -9, 9, 3, 0, 2},
    {nn_unary_clamp, "clamp", -9, 9, -2, 3, 0},
    {nn_unary_relu, "relu", -9, 9, 0, 0, 0},
    {nn_unary_relu6, "relu6", -9, 9, 0, 0, 0},
    {nn_unary_selu, "selu", -9, 9, 0, 0, 4},
    {nn_unary_hardSigmoid, "hardSigmoid", -9, 9, 0, 0, 2},
    {nn_unary_hardSwish, "hardSwish", -9, 9, 0, 0, 3},
    {nn_unary_softsign, "softsign", -9, 9, 0, 0, 2},
    {nn_unary_logSigmoid, "logSigmoid", -20, 20, 0, 0, 4},
    {nn_unary_leakyReLU, "leakyReLU", -9, 9, 0.25, 0, 1},
    {nn_unary_elu, "elu", -9, 9, 1.5, 0, 4},
    {nn_unary_gelu, "gelu", -4, 9, 0, 0, 64},
    {nn_unary_geluTanh, "geluTanh", -4, 9, 0, 0, 64},
    {nn_unary_silu, "silu", -20, 20, 0, 0, 4},
    {nn_unary_softplus, "softplus", -20, 20, 0, 0, 4},
    {nn_unary_mish, "mish", -100, 20, 0, 0, 6},
};

static void function(const struct function *f, long n) {
  const float a = (float)f->a, b = (float)f->b;
  float *const x = floats(n, f->low, f->high);
  float *const y = guarded(n, sizeof *y);
  kernels->unary(f->op, x, y, n, a, b);
  for (long i = 0; i < n; i++) expect_ulps(f->name, i, y[i], value(f->op, x[i], f->a, f->b), f->ulps);
  float *const same = copy_of(x, n);
  kernels->unary(f->op, same, same, n, a, b);
  for (long i = 0; i < n; i++) expect(same[i] == y[i], "unary in place", i, same[i], y[i]);

  double unused;
  const bool from_result = derivative_of_result(f->op, 1, &unused);
  float *const dy = floats(n, -2, 2);
  float *const dx = guarded(n, sizeof *dx);
  kernels->unary_gradient(f->op, dy, from_result ? y : x, dx, n, a, b);
  for (long i = 0; i < n; i++) {
    double d;
    if (!derivative_of_result(f->op, y[i], &d)) d = derivative(f->op, x[i], f->a, f->b);
    const double expected = dy[i] * d;
    expect_near(f->name, i, dx[i], expected, 2e-6 * fmin(fabs(dy[i]), 1) + 1e-6 * fabs(expected));
  }
  release();
}

static void specials(void) {
  static const float numbers[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f};
  enum { count = sizeof numbers / sizeof *numbers };
  static const enum nn_unary ops[] = {nn_unary_exp, nn_unary_expMinusOne, nn_unary_tanh, nn_unary_sigmoid, nn_unary_erf,
                                      nn_unary_log, nn_unary_squareRoot,
                                      nn_unary_floor, nn_unary_ceil, nn_unary_round, nn_unary_relu, nn_unary_softplus};
  for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
    float *const x = copy_of(numbers, count);
    float *const y = guarded(count, sizeof *y);
    kernels->unary(ops[o], x, y, count, 0, 0);
    for (long i = 0; i < count; i++) expect_ulps("special values", (long)o * 100 + i, y[i], value(ops[o], x[i], 0, 0), 3);
    release();
  }
}

static void conversions(long n) {
  float *const x = floats(n, -5, 5);
  int32_t *const whole = guarded(n, sizeof *whole), *const source = integers(n, -1, 3);
  uint8_t *const truths = guarded(n, 1), *const bits = booleans(n);
  static const float special[] = {NAN, INFINITY, -INFINITY, 3e9f, -3e9f, 0, 0.5f};
  for (long i = 0; i < n; i += 3) x[i] = special[draw_below(7)];
#define EACH(CALL, FOUND, EXPECTED)                                                               \
  CALL;                                                                                           \
  for (long i = 0; i < n; i++) expect((FOUND) == (EXPECTED), #CALL, i, (double)(FOUND), (double)(EXPECTED))
  EACH(kernels->is_nan(x, truths, n), truths[i], isnan(x[i]) != 0);
  EACH(kernels->is_finite(x, truths, n), truths[i], isfinite(x[i]) != 0);
  EACH(kernels->logical_not(bits, truths, n), truths[i], !bits[i]);
  EACH(kernels->fill_words((uint32_t *)whole, 77, n), whole[i], 77);
  EACH(kernels->unary_int32(nn_unary_negate, source, whole, n, 0, 0), whole[i], -source[i]);
  EACH(kernels->unary_int32(nn_unary_magnitude, source, whole, n, 0, 0), whole[i], abs(source[i]));
  EACH(kernels->unary_int32(nn_unary_sign, source, whole, n, 0, 0), whole[i], (source[i] > 0) - (source[i] < 0));
  EACH(kernels->unary_int32(nn_unary_square, source, whole, n, 0, 0), whole[i], source[i] * source[i]);
  EACH(kernels->unary_int32(nn_unary_clamp, source, whole, n, 0, 2), whole[i], source[i] < 0 ? 0 : source[i] > 2 ? 2 : source[i]);
  release();
}

static void copies(long n, long xs, long ys) {
  const long x_count = (n - 1) * xs + 1, y_count = (n - 1) * ys + 1;
  int32_t *const x = integers(x_count, -1000, 1000), *const old = integers(y_count, -1000, 1000);
  int32_t *const y = guarded(y_count, sizeof *y);
  float *const f = floats(x_count, -1, 1), *const g = floats(y_count, -1, 1), *const sum = copy_of(g, y_count);
  uint8_t *const bits = booleans(x_count), *const out = guarded(y_count, 1);
  EACH(kernels->copy_words((const uint32_t *)x, xs, (uint32_t *)y, ys, n), y[i * ys], x[i * xs]);
  EACH(kernels->copy_bytes(bits, xs, out, ys, n), out[i * ys], bits[i * xs]);
  EACH(kernels->add_floats(f, xs, sum, ys, n), sum[i * ys], g[i * ys] + f[i * xs]);
  for (long i = 0; i < y_count; i++) y[i] = old[i];
  EACH(kernels->add_int32(x, xs, y, ys, n), y[i * ys], old[i * ys] + x[i * xs]);
  release();
}

void test_elementwise(void) {
  for (int l = 0; l < length_count; l++) {
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) function(&functions[f], lengths[l]);
    conversions(lengths[l]);
    for (long xs = 0; xs < 3; xs++) {
      for (long ys = 1; ys < 3; ys++) copies(lengths[l], xs, ys);
    }
  }
  specials();
}
