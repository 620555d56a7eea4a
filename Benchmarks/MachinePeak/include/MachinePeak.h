#pragma once
#include <stddef.h>

/// The highest rate that one thread can be made to reach: what `nn-bench` calls 100 %.

/// Runs `rounds` rounds of independent fused multiply-adds on the widest vectors of this processor. The result is of no
/// interest; it keeps the work from being optimised away.
float mp_multiply_add(size_t rounds);
/// The floating-point operations of one round.
size_t mp_operations_per_round(void);
/// "avx512", "avx2", "neon" or "baseline".
const char *mp_instruction_set(void);
