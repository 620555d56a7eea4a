// Functions of two operands, comparisons, and selections, with broadcast and strided operands.
#include "support.h"

enum { pair_rows = 3 };

// A view of pair_rows rows: dense, one row for all, one number per row, a single number, or every second column.
static struct nn_view view(int kind, long columns) {
  switch (kind) {
    case 0: return (struct nn_view){.row = columns, .column = 1};
    case 1: return (struct nn_view){.row = 0, .column = 1};
    case 2: return (struct nn_view){.row = 1, .column = 0};
    case 3: return (struct nn_view){.row = 0, .column = 0};
    default: return (struct nn_view){.row = 2 * columns, .column = 2};
  }
}
enum { view_kinds = 5 };
static long reach(struct nn_view v, long columns) { return (pair_rows - 1) * v.row + (columns - 1) * v.column + 1; }
static long at(struct nn_view v, long i, long columns) { return i / columns * v.row + i % columns * v.column; }

static double remainder_of(double a, double b) {
  const double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double combined(enum nn_binary op, double a, double b) {
  switch (op) {
    case nn_binary_add: return a + b;
    case nn_binary_subtract: return a - b;
    case nn_binary_multiply: return a * b;
    case nn_binary_divide: return a / b;
    case nn_binary_power: return pow(a, b);
    case nn_binary_maximum: return isnan(a) || a > b ? a : b;
    case nn_binary_minimum: return isnan(a) || a < b ? a : b;
    case nn_binary_remainder: return remainder_of(a, b);
    case nn_binary_floorDivide: return floor(a / b);
    case nn_binary_hypot: return hypot(a, b);
    case nn_binary_atan2: return atan2(a, b);
    case nn_binary_logAddExp: return log(exp(a) + exp(b));
    case nn_binary_copySign: return copysign(a, b);
    default: break;
  }
  return NAN;
}

static int32_t combined_integers(enum nn_binary op, int32_t a, int32_t b) {
  switch (op) {
    case nn_binary_divide: return b == 0 ? 0 : a / b;
    case nn_binary_remainder: return b == 0 ? 0 : (int32_t)remainder_of(a, b);
    case nn_binary_floorDivide: return b == 0 ? 0 : (int32_t)floor((double)a / b);
    case nn_binary_bitwiseAnd: return a & b;
    case nn_binary_bitwiseOr: return a | b;
    case nn_binary_bitwiseXor: return a ^ b;
    case nn_binary_shiftLeft: return (int32_t)floor(ldexp(a, b));
    case nn_binary_shiftRight: return (int32_t)floor(ldexp(a, -b));
    default: return (int32_t)combined(op, a, b);
  }
}

static bool ordered(enum nn_comparison op, double a, double b) {
  switch (op) {
    case nn_comparison_equal: return a == b;
    case nn_comparison_notEqual: return a != b;
    case nn_comparison_less: return a < b;
    case nn_comparison_lessOrEqual: return a <= b;
    case nn_comparison_greater: return a > b;
    case nn_comparison_greaterOrEqual: return a >= b;
  }
  return false;
}

#define EACH(FOUND, EXPECTED, WHAT, I)                                                               \
  for (long I = 0; I < count; I++) {                                                                 \
    const double found = (FOUND), expected = (EXPECTED);                                             \
    expect(found == expected || (isnan(found) && isnan(expected)), WHAT, I, found, expected);        \
  }

static void pairs(long columns, int left, int right) {
  struct nn_view a = view(left, columns), b = view(right, columns), c = view((left + right) % view_kinds, columns);
  const long count = pair_rows * columns;
  // Occasional integers, so that comparisons have equal operands; powers require a base above 0.
  float *const x = floats(reach(a, columns), 0.1, 6), *const z = floats(reach(b, columns), -3, 3);
  for (long i = 0; i < reach(a, columns); i += 2) x[i] = (float)(1 + draw_below(4));
  for (long i = 0; i < reach(b, columns); i += 2) z[i] = (float)(1 + draw_below(3));
  float *const y = guarded(count, sizeof *y);
  uint8_t *const truths = guarded(count, 1);
  a.base = x;
  b.base = z;
  for (int op = nn_binary_add; op <= nn_binary_copySign; op++) {
    kernels->binary(op, a, b, y, columns, pair_rows, columns);
    for (long i = 0; i < count; i++) {
      const double expected = combined(op, x[at(a, i, columns)], z[at(b, i, columns)]);
      // A remainder may differ by a whole divisor if the quotient is an integer within rounding.
      if (op == nn_binary_remainder) expect_near("remainder", i, y[i], expected, 2e-6);
      else if (op == nn_binary_logAddExp) expect_near("logAddExp", i, y[i], expected, 1e-6);
      else expect_ulps("binary", op * 1000 + i, y[i], expected, op == nn_binary_hypot || op == nn_binary_atan2 ? 4 : 2);
    }
  }
  for (int op = nn_comparison_equal; op <= nn_comparison_greaterOrEqual; op++) {
    kernels->compare(op, a, b, truths, columns, pair_rows, columns);
    EACH(truths[i], ordered(op, x[at(a, i, columns)], z[at(b, i, columns)]), "compare", i)
  }
  const uint8_t *const mask = booleans(reach(c, columns));
  c.base = mask;
  kernels->select_words(c, a, b, (uint32_t *)y, columns, pair_rows, columns);
  EACH(y[i], mask[at(c, i, columns)] ? x[at(a, i, columns)] : z[at(b, i, columns)], "select_words", i)
  release();
}

static void whole_pairs(long columns, int left, int right) {
  struct nn_view a = view(left, columns), b = view(right, columns), c = view((left + right) % view_kinds, columns);
  const long count = pair_rows * columns;
  const int32_t *const x = integers(reach(a, columns), -9, 9), *const z = integers(reach(b, columns), -3, 3);
  const uint8_t *const p = booleans(reach(a, columns)), *const q = booleans(reach(b, columns));
  const uint8_t *const mask = booleans(reach(c, columns));
  int32_t *const y = guarded(count, sizeof *y);
  uint8_t *const truths = guarded(count, 1);
  static const enum nn_binary ops[] = {nn_binary_add, nn_binary_subtract, nn_binary_multiply, nn_binary_divide, nn_binary_maximum, nn_binary_minimum, nn_binary_remainder,
                                          nn_binary_floorDivide, nn_binary_bitwiseAnd, nn_binary_bitwiseOr,
                                          nn_binary_bitwiseXor, nn_binary_shiftLeft, nn_binary_shiftRight};
  a.base = x;
  b.base = z;
  for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
    kernels->binary_int32(ops[o], a, b, y, columns, pair_rows, columns);
    EACH(y[i], combined_integers(ops[o], x[at(a, i, columns)], z[at(b, i, columns)]), "binary_int32", i)
  }
  for (int op = nn_comparison_equal; op <= nn_comparison_greaterOrEqual; op++) {
    a.base = x;
    b.base = z;
    kernels->compare_int32(op, a, b, truths, columns, pair_rows, columns);
    EACH(truths[i], ordered(op, x[at(a, i, columns)], z[at(b, i, columns)]), "compare_int32", i)
    a.base = p;
    b.base = q;
    kernels->compare_bool(op, a, b, truths, columns, pair_rows, columns);
    EACH(truths[i], ordered(op, p[at(a, i, columns)], q[at(b, i, columns)]), "compare_bool", i)
  }
  kernels->binary_bool(nn_binary_logicalAnd, a, b, truths, columns, pair_rows, columns);
  EACH(truths[i], p[at(a, i, columns)] && q[at(b, i, columns)], "and", i)
  kernels->binary_bool(nn_binary_logicalOr, a, b, truths, columns, pair_rows, columns);
  EACH(truths[i], p[at(a, i, columns)] || q[at(b, i, columns)], "or", i)
  c.base = mask;
  kernels->select_bytes(c, a, b, truths, columns, pair_rows, columns);
  EACH(truths[i], mask[at(c, i, columns)] ? p[at(a, i, columns)] : q[at(b, i, columns)], "select_bytes", i)
  release();
}

void test_pairs(void) {
  for (int l = 0; l < length_count; l++) {
    for (int left = 0; left < view_kinds; left++) {
      for (int right = 0; right < view_kinds; right++) {
        pairs(lengths[l], left, right);
        whole_pairs(lengths[l], left, right);
      }
    }
  }
}
