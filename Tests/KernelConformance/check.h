// One round of each kind of test, over every table.
#ifndef CHECK_H
#define CHECK_H

#include "oracle.h"

/// A table and what it is called here: two copies of `portable` can be told apart.
typedef struct variant {
  const char *name;
  const fk_table *table;
} variant;

/// The variants that this CPU runs; ends with a NULL table.
const variant *variants(void);

/// Relative to the output's largest magnitude.
#define FLOAT_TOLERANCE 1e-5

typedef struct tally {
  int64_t kinds[KIND_COUNT];
  int64_t failures, comparisons, prepared, shuffled, bands, int16;
  double worst[KIND_COUNT];      // relative error of float32 convolutions
  char worst_text[KIND_COUNT][240];
  double worst_int16;            // root mean square error, relative to the output's
} tally;

void check_convolution(uint64_t seed, int64_t round, tally *t);
void check_product(uint64_t seed, int64_t round, tally *t);
void check_norm(uint64_t seed, int64_t round, tally *t);
void check_regions(tally *t);
/// Prints one hash per slot of `v` over `rounds` rounds.
void print_hashes(const variant *v, uint64_t seed, int64_t rounds);

/// Counts and prints a failure (the first twenty of a run).
void fail(tally *t, const variant *v, const char *what, const char *geometry, double error);
/// The largest error over `most`; NaN counts as infinite.
double relative_error(const float *actual, const double *expected, int64_t count, double most);

#endif
