// Shared parts of the kernel tests: operands that end at an inaccessible page, and comparisons that count failures.
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPUKernels.h"

// The table under test.
extern const struct nn_cpu_kernels *kernels;
extern long checks, failures;

// Memory for n elements of `size` bytes that ends at an inaccessible page, or starts after one where `guards_start` is set;
// the bytes at its other end contain a pattern. It is valid until `release`, which detects writes to them.
extern bool guards_start;
void *guarded(long n, size_t size);
void release(void);

// Reproducible numbers.
uint32_t draw(void);
long draw_below(long bound);
double draw_between(double low, double high);
float *floats(long n, double low, double high);
float *copy_of(const float *x, long n);
int32_t *integers(long n, int32_t low, int32_t high);
uint8_t *booleans(long n);

// A single check; `what` and the numbers are printed if it fails. A bound is an absolute error.
void expect(bool holds, const char *what, long place, double found, double expected);
void expect_near(const char *what, long place, double found, double expected, double bound);
// Within `ulps` units of the last place of the expected float. NaN equals NaN, and equal values pass.
void expect_ulps(const char *what, long place, float found, double expected, double ulps);

// Lengths around the vector sizes of every instruction set, and their number n.
extern const long lengths[];
extern const int length_count;

void test_products(void);
void test_elementwise(void);
void test_pairs(void);
void test_reductions(void);
void test_rows(void);
void test_random(void);
void test_windows(void);
void test_halves(void);
void test_half_functions(void);
void test_half_products(void);
void test_blocks(void);
void test_casts(void);
void test_integers(void);
