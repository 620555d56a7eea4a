// The functions of two numbers and the comparisons, written once for all devices in the common subset of C and OpenCL C; see
// Mathematics.cl.
//
// A row has a name, the cost (`simple` or `heavy`), and the value in a and b. The comment before a row becomes the
// documentation of `BinaryOp`, which `Scripts/generate-operations` writes. Integers and bool have lists of their own.

#define NN_BINARY_OPERATIONS(ROW) \
  /* a + b. */ \
  ROW(add, simple, a + b) \
  /* a − b. */ \
  ROW(subtract, simple, a - b) \
  /* a·b. */ \
  ROW(multiply, simple, a * b) \
  /* Floating point: IEEE division. Integers: truncated toward zero; division by zero gives 0. */ \
  ROW(divide, simple, a / b) \
  /* aᵇ, like C's `pow`; floating point only. */ \
  ROW(power, heavy, nn_power(a, b)) \
  /* NaN if either is NaN. */ \
  ROW(maximum, simple, maximum(a, b)) \
  /* NaN if either is NaN. */ \
  ROW(minimum, simple, minimum(a, b)) \
  /* a − b·floor(a/b), with the sign of b, as in Python and PyTorch; 0 for integer division by zero. */ \
  ROW(remainder, heavy, nn_remainder(a, b)) \
  /* floor(a/b), computed from the exact remainder, as in Python; 0 for integer division by zero. */ \
  ROW(floorDivide, heavy, nn_floor_divide(a, b)) \
  /* √(a² + b²), without overflow; floating point only. */ \
  ROW(hypot, heavy, nn_hypot(a, b)) \
  /* The angle of the point (b, a), from −π to π; floating point only. */ \
  ROW(atan2, heavy, nn_atan2(a, b)) \
  /* ln(eᵃ + eᵇ), without overflow; floating point only. */ \
  ROW(logAddExp, heavy, nn_log_add_exp(a, b)) \
  /* |a| with the sign of b, including that of zeros; floating point only. */ \
  ROW(copySign, simple, with_sign_of(a, b))

// Of integers. Results wrap around.
#define NN_INTEGER_BINARY_OPERATIONS(ROW) \
  ROW(add, wrap_add(a, b)) \
  ROW(subtract, wrap_subtract(a, b)) \
  ROW(multiply, wrap_multiply(a, b)) \
  ROW(divide, nn_divide_int(a, b)) \
  ROW(maximum, a > b ? a : b) \
  ROW(minimum, a < b ? a : b) \
  ROW(remainder, nn_remainder_int(a, b)) \
  ROW(floorDivide, nn_floor_divide_int(a, b))

// Of the bits of integers. Shifts follow Swift: a negative distance shifts in the other direction, and a distance beyond the
// number of bits shifts all of them out.
#define NN_BITWISE_OPERATIONS(ROW) \
  /* Integers only. */ \
  ROW(bitwiseAnd, a & b) \
  /* Integers only. */ \
  ROW(bitwiseOr, a | b) \
  /* Integers only. */ \
  ROW(bitwiseXor, a ^ b) \
  /* a·2ᵇ without the bits that do not fit; integers only. */ \
  ROW(shiftLeft, nn_shift(a, nn_distance(b))) \
  /* floor(a/2ᵇ); integers only. */ \
  ROW(shiftRight, nn_shift(a, -nn_distance(b)))

// Of bool.
#define NN_LOGICAL_OPERATIONS(ROW) \
  /* bool only. */ \
  ROW(logicalAnd, (a != 0) & (b != 0)) \
  /* bool only. */ \
  ROW(logicalOr, (a != 0) | (b != 0))

// Of any type; the result is bool.
#define NN_COMPARISONS(ROW) \
  ROW(equal, ==) \
  ROW(notEqual, !=) \
  ROW(less, <) \
  ROW(lessOrEqual, <=) \
  ROW(greater, >) \
  ROW(greaterOrEqual, >=)

// The numbers of the functions, which are those of `BinaryOp` and `ComparisonOp`.
#ifndef NN_BINARY_NUMBER
#define NN_BINARY_NUMBER(NAME, ...) nn_binary_##NAME,
#define NN_COMPARISON_NUMBER(NAME, OPERATOR) nn_comparison_##NAME,
enum nn_binary {
  NN_BINARY_OPERATIONS(NN_BINARY_NUMBER) NN_BITWISE_OPERATIONS(NN_BINARY_NUMBER) NN_LOGICAL_OPERATIONS(NN_BINARY_NUMBER)
};
enum nn_comparison { NN_COMPARISONS(NN_COMPARISON_NUMBER) };
#endif

// Formulas that are too long for a row. A header that needs only the numbers defines no language for them.
#ifdef NN_INLINE

// fmod is exact, but a − b·floor(a/b) is not. The result has the sign of b.
NN_INLINE vf nn_remainder(vf a, vf b) {
  const vf r = truncated_remainder(a, b);
  return pick((r != 0) & ((r < 0) != (b < 0)), r + b, r);
}
// floor(a/b) would be wrong where the quotient is rounded to the next integer. a minus its truncated remainder is a
// multiple of b, whose quotient is an integer but for rounding.
NN_INLINE vf nn_floor_divide(vf a, vf b) {
  const vf r = truncated_remainder(a, b), q = round_even((a - r) / b);
  return pick(b == 0, a / b, pick((r != 0) & ((r < 0) != (b < 0)), q - 1, q));
}

#ifdef NN_HAS_BUILTIN_MATHEMATICS

NN_INLINE vf nn_hypot(vf a, vf b) { return hypot(a, b); }
NN_INLINE vf nn_atan2(vf a, vf b) { return atan2(a, b); }

#else

// Both functions divide the smaller number by the larger one, so that no square overflows. Zeros and infinities have no
// quotient. Within 2.5 ulp.
NN_INLINE vf nn_smaller_by_larger(vf smaller, vf larger) {
  return pick(larger == 0, larger, pick(smaller == INFINITY, (vf)1, smaller / larger));
}
// Infinite if either number is, even next to NaN, as in C.
NN_INLINE vf nn_hypot(vf a, vf b) {
  const vf x = absolute(a), y = absolute(b), larger = maximum(x, y), t = nn_smaller_by_larger(minimum(x, y), larger);
  return pick((x == INFINITY) | (y == INFINITY), (vf)INFINITY, larger * square_root(1 + t * t));
}
// π/2 and π have two parts each.
NN_INLINE vf nn_atan2(vf a, vf b) {
  const vf x = absolute(b), y = absolute(a), t = nn_atan(nn_smaller_by_larger(minimum(x, y), maximum(x, y)));
  const vf right = pick(y > x, (1.57079637f - t) - 4.37113883e-8f, t);
  return with_sign_of(pick(with_sign_of((vf)1, b) < 0, (3.14159274f - right) - 8.74227766e-8f, right), a);
}

#endif

// The larger number plus ln(1 + e^-distance). Equal infinities have no distance.
NN_INLINE vf nn_log_add_exp(vf a, vf b) {
  const vf sum = maximum(a, b) + nn_log1p(nn_exp_negative(-absolute(a - b)));
  return pick(a == b, a + nn_constant(0.69314718055994531), sum);
}

// Functions of integers, which have NN_INTEGER_BITS bits.
#if NN_INTEGER_BITS == 64
#define NN_INTEGER long
#define NN_WITHOUT_SIGN unsigned long
#else
#define NN_INTEGER_BITS 32
#define NN_INTEGER int
#define NN_WITHOUT_SIGN unsigned int
#endif

// Hardware division traps on a zero divisor and on the single quotient that overflows.
NN_INLINE NN_INTEGER nn_divide_int(NN_INTEGER a, NN_INTEGER b) { return b == 0 ? 0 : b == -1 ? wrap_subtract(0, a) : a / b; }
NN_INLINE NN_INTEGER nn_remainder_int(NN_INTEGER a, NN_INTEGER b) {
  if (b == 0 || b == -1) return 0;
  const NN_INTEGER r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
NN_INLINE NN_INTEGER nn_floor_divide_int(NN_INTEGER a, NN_INTEGER b) {
  const NN_INTEGER q = nn_divide_int(a, b);
  return b == 0 || b == -1 || a % b == 0 || (a < 0) == (b < 0) ? q : q - 1;
}

// The distance of a shift, limited to the number of bits.
NN_INLINE int nn_distance(NN_INTEGER b) {
  return (int)(b < -NN_INTEGER_BITS ? -NN_INTEGER_BITS : b > NN_INTEGER_BITS ? NN_INTEGER_BITS : b);
}
NN_INLINE NN_INTEGER nn_shift(NN_INTEGER a, int left) {
  if (left < 0) return a >> (left <= -NN_INTEGER_BITS ? NN_INTEGER_BITS - 1 : -left);
  return left >= NN_INTEGER_BITS ? 0 : (NN_INTEGER)((NN_WITHOUT_SIGN)a << left);
}

#endif
