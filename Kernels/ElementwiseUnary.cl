// y[i] = f(x[i]). UnaryOp.Kind defines the formulas and special values.

#define UNARY(NAME, FROM, TO, EXPRESSION)                                                                       \
  kernel void unary_##NAME##_##FROM(global const NN_TYPE(FROM) *xs, ulong xOffset, global NN_TYPE(TO) *ys,      \
                                    ulong yOffset, index_t count, NN_TYPE(FROM) a, NN_TYPE(FROM) b) {           \
    xs += xOffset;                                                                                              \
    ys += yOffset;                                                                                              \
    NN_MAP(i, count, NN_TYPE(TO), ys, i, const NN_TYPE(FROM) x = xs[i]; y = EXPRESSION)                         \
  }

UNARY(negate, float, float, -x)
UNARY(magnitude, float, float, fabs(x))
UNARY(sign, float, float, x != x ? x : (float)((x > 0.0f) - (x < 0.0f)))
UNARY(square, float, float, x *x)
UNARY(squareRoot, float, float, sqrt(x))
UNARY(reciprocalSquareRoot, float, float, 1.0f / sqrt(x))
UNARY(reciprocal, float, float, 1.0f / x)
UNARY(exp, float, float, nn_exp(x))
UNARY(expMinusOne, float, float, nn_expm1(x))
UNARY(log, float, float, nn_log(x))
UNARY(logOnePlus, float, float, nn_log1p(x))
UNARY(sin, float, float, sin(x))
UNARY(cos, float, float, cos(x))
UNARY(tanh, float, float, nn_activate_tanh(x, a))
UNARY(sigmoid, float, float, nn_activate_sigmoid(x, a))
UNARY(erf, float, float, nn_erf(x))
UNARY(floor, float, float, floor(x))
UNARY(ceil, float, float, ceil(x))
UNARY(round, float, float, rint(x))
UNARY(power, float, float, pow(x, a))
UNARY(clamp, float, float, x < a ? a : (x > b ? b : x))
UNARY(relu, float, float, nn_activate_relu(x, a))
UNARY(leakyReLU, float, float, nn_activate_leakyReLU(x, a))
UNARY(elu, float, float, nn_activate_elu(x, a))
UNARY(gelu, float, float, nn_activate_gelu(x, a))
UNARY(silu, float, float, nn_activate_silu(x, a))
UNARY(softplus, float, float, nn_activate_softplus(x, a))
UNARY(isNaN, float, bool, x != x)
UNARY(isFinite, float, bool, fabs(x) < INFINITY)

UNARY(negate, int, int, nn_subtract_int(0, x))
UNARY(magnitude, int, int, x < 0 ? nn_subtract_int(0, x) : x)
UNARY(sign, int, int, (x > 0) - (x < 0))
UNARY(square, int, int, nn_multiply_int(x, x))
UNARY(clamp, int, int, x < a ? a : (x > b ? b : x))

UNARY(logicalNot, bool, bool, x == 0)
