// Chooses a table for the CPU that the program runs on.
#include <stdlib.h>
#include <string.h>

#include "fk_internal.h"

const fk_table *fk_scalar_table(void) { return &fk_scalar; }

static int runs(const fk_table *table) {
  return table == &fk_scalar;
}

// Best first.
static const fk_table *const tables[] = {
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
  return "scalar";
}
