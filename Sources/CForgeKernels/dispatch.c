// Chooses a table for the CPU that the program runs on.
#include <stdlib.h>
#include <string.h>

#include "fk_internal.h"

const fk_table *fk_scalar_table(void) { return &fk_scalar; }

// __builtin_cpu_supports also asks (by XGETBV) whether the operating system saves the wide registers.
static int runs(const fk_table *table) {
#if defined(__x86_64__)
  if (table == &fk_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (table == &fk_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (table == &fk_portable_avx2) return __builtin_cpu_supports("avx2") != 0;
#endif
  (void)table;
  return 1;  // these need no more than the architecture
}

// Best first. Of two with one name the first that runs is the table of that name.
static const fk_table *const tables[] = {
#if defined(__x86_64__)
    &fk_avx512,
    &fk_avx2,
    &fk_portable_avx2,
#elif defined(__aarch64__)
    &fk_neon,
#endif
    &fk_portable,
    &fk_scalar,
};
enum { table_count = sizeof tables / sizeof tables[0] };

const fk_table *fk_table_named(const char *name) {
  for (size_t i = 0; i < table_count; i++)
    if (name && strcmp(tables[i]->name, name) == 0 && runs(tables[i])) return tables[i];
  return NULL;
}

const fk_table *fk_best_table(void) {
  const char *forced = getenv("SCANFORGE_KERNELS");
  if (forced && *forced) return fk_table_named(forced);
  for (size_t i = 0; i < table_count; i++)
    if (runs(tables[i])) return tables[i];
  return &fk_scalar;
}

const char *fk_available_tables(void) {
#if defined(__x86_64__)
  if (runs(&fk_avx512)) return "avx512,avx2,portable,scalar";
  if (runs(&fk_avx2)) return "avx2,portable,scalar";
#elif defined(__aarch64__)
  return "neon,portable,scalar";
#endif
  return "portable,scalar";
}
