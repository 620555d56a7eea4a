#include "CArguments.h"

#include <stdlib.h>

static char **words;

// glibc calls constructors with the arguments of `main`; musl calls them without arguments.
#ifdef __GLIBC__
__attribute__((constructor)) static void keep(int count, char **arguments) {
  (void)count;
  words = arguments;
}
#endif

char **nn_arguments(void) { return words; }
