#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const struct nn_cpu_kernels *kernels;
long checks, failures;

const long lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257};
const int length_count = sizeof lengths / sizeof *lengths;

enum { page = 65536, most_regions = 64 };  // the largest page of any aarch64 system
static struct { uint8_t *base, *pattern; size_t whole, slack; } regions[most_regions];
static int region_count;
bool guards_start;

void *guarded(long n, size_t size) {
  const size_t bytes = (size_t)n * size, whole = (bytes / page + 1) * page;
  uint8_t *const base = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *const guard = guards_start ? base : base + whole;
  if (base == MAP_FAILED || mprotect(guard, page, PROT_NONE) != 0 || region_count == most_regions) {
    fprintf(stderr, "no memory for an operand of %zu bytes\n", bytes);
    exit(2);
  }
  const size_t slack = whole - bytes < 256 ? whole - bytes : 256;
  uint8_t *const operand = guards_start ? base + page : base + whole - bytes;
  uint8_t *const pattern = guards_start ? operand + bytes : operand - slack;
  memset(pattern, 0xA5, slack);
  regions[region_count].base = base;
  regions[region_count].pattern = pattern;
  regions[region_count].whole = whole;
  regions[region_count++].slack = slack;
  return operand;
}

void release(void) {
  while (region_count > 0) {
    region_count--;
    for (size_t i = 0; i < regions[region_count].slack; i++) {
      if (regions[region_count].pattern[i] != 0xA5) expect(false, "a write next to an operand", (long)i, 0, 0);
    }
    munmap(regions[region_count].base, regions[region_count].whole + page);
  }
}

static uint64_t state = 0x9E3779B97F4A7C15;

uint32_t draw(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}
long draw_below(long bound) { return (long)(draw() % (uint32_t)bound); }
double draw_between(double low, double high) { return low + (high - low) * (draw() * 0x1p-32); }

float *floats(long n, double low, double high) {
  float *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = (float)draw_between(low, high);
  return x;
}
float *copy_of(const float *x, long n) {
  float *const y = guarded(n, sizeof *y);
  memcpy(y, x, (size_t)n * sizeof *y);
  return y;
}
int32_t *integers(long n, int32_t low, int32_t high) {
  int32_t *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = low + (int32_t)(draw() % (uint32_t)(high - low + 1));
  return x;
}
uint8_t *booleans(long n) {
  uint8_t *const x = guarded(n, 1);
  for (long i = 0; i < n; i++) x[i] = draw() & 1;
  return x;
}

void expect(bool holds, const char *what, long place, double found, double expected) {
  checks++;
  if (holds) return;
  if (failures++ < 20) fprintf(stderr, "%s: %s at %ld: found %.9g, expected %.9g\n", kernels->name, what, place, found, expected);
}

static bool agree(double found, double expected) { return found == expected || (found != found && expected != expected); }

void expect_near(const char *what, long place, double found, double expected, double bound) {
  expect(agree(found, expected) || fabs(found - expected) <= bound, what, place, found, expected);
}

void expect_ulps(const char *what, long place, float found, double expected, double ulps) {
  int exponent;
  frexp(expected, &exponent);
  const double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
  expect(agree(found, (float)expected) || fabs(found - expected) <= ulps * unit, what, place, found, expected);
}
