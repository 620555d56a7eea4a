/// Counts the heap allocations of a thread: a program with this target takes malloc and related functions from here.
#pragma once

#include <stdbool.h>

/// Whether this program can count: with glibc, and without a sanitizer, which has its own allocator.
bool nn_counts_allocations(void);
/// The number of allocations of the calling thread so far, including reallocations.
long nn_allocations(void);
