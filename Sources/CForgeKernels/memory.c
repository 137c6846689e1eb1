// Aligned memory for tensors and workspaces.
#include <stdlib.h>

#include "fk_internal.h"

void *fk_allocate(size_t bytes) {
  // aligned_alloc wants a multiple of the alignment; an empty request still gets its own address.
  if (bytes > SIZE_MAX - 64) return NULL;
  return aligned_alloc(64, fk_round_up(bytes ? bytes : 1, 64));
}

void fk_free(void *memory) { free(memory); }
