// Compares every kernel of every instruction set of this machine with plain loops in double, on operands that end at an
// inaccessible page. The exit code is 1 if anything differs.
#include <stdio.h>

#include "support.h"

int main(void) {
  static const enum nn_isa sets[] = {NN_ISA_AVX512, NN_ISA_AVX2, NN_ISA_NEON, NN_ISA_BASELINE};
  const struct nn_cpu_kernels *last = NULL;
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    kernels = nn_cpu_kernels_for(sets[i]);
    if (!kernels || kernels == last) continue;
    last = kernels;
    checks = 0;
    const long before = failures;
    test_products();
    test_elementwise();
    test_pairs();
    test_reductions();
    test_rows();
    test_random();
    test_windows();
    test_halves();
    test_half_functions();
    test_half_products();
    test_blocks();
    test_casts();
    test_integers();
    printf("%s: %ld checks, %ld failed\n", kernels->name, checks, failures - before);
    fflush(stdout);
  }
  return failures != 0 || !last;
}
