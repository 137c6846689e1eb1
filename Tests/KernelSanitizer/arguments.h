// Numbers on the command line of the kernel test drivers: a mistyped count must not pass for a clean run.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// Argument `index` as a whole number of at least `least`; `otherwise` when it is not given. Ends the program with 2 for anything else.
static inline uint64_t number_argument(int argc, char **argv, int index, const char *name, uint64_t least, uint64_t otherwise) {
  if (index >= argc) return otherwise;
  char *end = argv[index];
  errno = 0;
  uint64_t value = argv[index][0] >= '0' && argv[index][0] <= '9' ? strtoull(argv[index], &end, 10) : 0;
  if (end == argv[index] || *end || errno || value < least || (least > 0 && value > INT32_MAX)) {
    fprintf(stderr, "%s: \"%s\" is no whole number of at least %llu. Give seed, then rounds.\n", name, argv[index], (unsigned long long)least);
    exit(2);
  }
  return value;
}

/// Ends the program with 2 when there are more than `most` arguments.
static inline void no_more_arguments(int argc, int most) {
  if (argc <= most) return;
  fprintf(stderr, "too many arguments: %d, and at most %d are known\n", argc - 1, most - 1);
  exit(2);
}
