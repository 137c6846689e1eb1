// Proves the kernels over thousands of random geometries, without sanitizers and fast.
//
// driver check [seed [rounds [first]]]   every table against the oracle in double, threads and splits byte by byte
// driver hash VARIANT [seed [rounds]]    one hash per slot: the same for every variant of `portable`, on every instruction set
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../KernelSanitizer/arguments.h"
#include "check.h"

const variant *variants(void) {
  static variant list[8];
  if (list[0].table) return list;
  int32_t count = 0;
  static const char *const names[] = {"avx512", "avx2", "neon", "portable", "scalar"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const fk_table *table = fk_table_named(names[i]);
    if (table) list[count++] = (variant){names[i], table};
  }
  if (fk_table_named("portable") != &fk_portable) list[count++] = (variant){"portable-baseline", &fk_portable};
  return list;
}

void fail(tally *t, const variant *v, const char *what, const char *geometry, double error) {
  if (t->failures++ < 20) printf("FAILED %s, %s: %s (error %.3g)\n", v->name, what, geometry, error);
}

double relative_error(const float *actual, const double *expected, int64_t count, double most) {
  double worst = 0;
  for (int64_t i = 0; i < count; i++) {
    double error = fabs(actual[i] - expected[i]);
    if (!(error <= worst)) worst = error == error ? error : INFINITY;
  }
  return worst == 0 ? 0 : worst / most;
}

static int check(uint64_t seed, int64_t rounds, int64_t first) {
  tally t = {0};
  check_regions(&t);
  for (int64_t round = first; round < first + rounds; round++) {
    check_convolution(seed, round, &t);
    if (round % 8 == 0) check_product(seed, round, &t);
    if (round % 8 == 4) check_norm(seed, round, &t);
  }
  for (int32_t i = 0; i < KIND_COUNT; i++)
    printf("%6lld geometries %-14s worst error %.2e %s\n", (long long)t.kinds[i], kind_names[i], t.worst[i], t.worst_text[i]);
  printf("tables:");
  for (const variant *v = variants(); v->table; v++) printf(" %s", v->name);
  printf("; prepared %lld, bands %lld, shuffled %lld, 16-bit %lld", (long long)t.prepared, (long long)t.bands, (long long)t.shuffled, (long long)t.int16);
  if (t.int16) printf(" (%.1f dB below the peak at worst)", -20 * log10(t.worst_int16));
  printf("\nkernel conformance: seed %llu, %lld geometries, %lld comparisons, %lld failures\n", (unsigned long long)seed, (long long)rounds,
         (long long)t.comparisons, (long long)t.failures);
  return t.failures != 0;
}

int main(int argc, char **argv) {
  no_more_arguments(argc, 5);
  if (argc > 1 && strcmp(argv[1], "check") == 0)
    return check(number_argument(argc, argv, 2, "seed", 0, 1), (int64_t)number_argument(argc, argv, 3, "rounds", 1, 1500),
                 (int64_t)number_argument(argc, argv, 4, "first round", 0, 0));
  if (argc > 2 && strcmp(argv[1], "hash") == 0)
    for (const variant *v = variants(); v->table; v++)
      if (strcmp(v->name, argv[2]) == 0) {
        print_hashes(v, number_argument(argc, argv, 3, "seed", 0, 1), (int64_t)number_argument(argc, argv, 4, "rounds", 1, 300));
        return 0;
      }
  printf("usage: driver check [seed [rounds [first]]] | hash VARIANT [seed [rounds]]; variants:");
  for (const variant *v = variants(); v->table; v++) printf(" %s", v->name);
  printf("\n");
  return 2;
}
