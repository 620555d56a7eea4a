// The functions of two numbers and the comparisons, written once for all devices in the common subset of C and OpenCL C; see
// Mathematics.cl.
//
// A row has a name, the cost (`simple` or `heavy`), and the value in a and b. The comment before a row becomes the
// documentation of `BinaryOp`, which `Scripts/generate-operations` writes. int32 and bool have lists of their own.

#define NN_BINARY_OPERATIONS(ROW) \
  /* a + b. */ \
  ROW(add, simple, a + b) \
  /* a − b. */ \
  ROW(subtract, simple, a - b) \
  /* a·b. */ \
  ROW(multiply, simple, a * b) \
  /* Floating point: IEEE division. int32: truncated toward zero; division by zero gives 0. */ \
  ROW(divide, simple, a / b) \
  /* aᵇ, like C's `pow`; floating point only. */ \
  ROW(power, heavy, nn_power(a, b)) \
  /* NaN if either is NaN. */ \
  ROW(maximum, simple, maximum(a, b)) \
  /* NaN if either is NaN. */ \
  ROW(minimum, simple, minimum(a, b)) \
  /* a − b·floor(a/b), with the sign of b, as in Python and PyTorch; 0 for int32 division by zero. */ \
  ROW(remainder, heavy, nn_remainder(a, b))

// Of int32. Results wrap around.
#define NN_INTEGER_BINARY_OPERATIONS(ROW) \
  ROW(add, wrap_add(a, b)) \
  ROW(subtract, wrap_subtract(a, b)) \
  ROW(multiply, wrap_multiply(a, b)) \
  ROW(divide, nn_divide_int(a, b)) \
  ROW(maximum, a > b ? a : b) \
  ROW(minimum, a < b ? a : b) \
  ROW(remainder, nn_remainder_int(a, b))

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
enum nn_binary { NN_BINARY_OPERATIONS(NN_BINARY_NUMBER) NN_LOGICAL_OPERATIONS(NN_BINARY_NUMBER) };
enum nn_comparison { NN_COMPARISONS(NN_COMPARISON_NUMBER) };
#endif

// Formulas that are too long for a row. A header that needs only the numbers defines no language for them.
#ifdef NN_INLINE

// fmod is exact, but a − b·floor(a/b) is not. The result has the sign of b.
NN_INLINE vf nn_remainder(vf a, vf b) {
  const vf r = truncated_remainder(a, b);
  return pick((r != 0) & ((r < 0) != (b < 0)), r + b, r);
}

// Hardware division traps on a zero divisor and on the single quotient that overflows.
NN_INLINE int nn_divide_int(int a, int b) { return b == 0 ? 0 : b == -1 ? wrap_subtract(0, a) : a / b; }
NN_INLINE int nn_remainder_int(int a, int b) {
  if (b == 0 || b == -1) return 0;
  const int r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

#endif
