/// Counts what a thread allocates from the heap: a program with this target takes malloc and its like from here.
#pragma once

#include <stdbool.h>

/// Whether this program can count: with glibc, and without a sanitizer, which has an allocator of its own.
bool nn_counts_allocations(void);
/// The allocations of the calling thread so far, reallocations included.
long nn_allocations(void);
