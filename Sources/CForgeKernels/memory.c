// Aligned memory for workspaces, and address space for the tensors' arena.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "fk_internal.h"

void *fk_allocate(size_t bytes) {
  // aligned_alloc wants a multiple of the alignment; an empty request still gets its own address.
  if (bytes > SIZE_MAX - 64) return NULL;
  return aligned_alloc(64, fk_round_up(bytes ? bytes : 1, 64));
}

void fk_free(void *memory) { free(memory); }

void fk_trim_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/// A large page of x86 and of most arm64 systems.
static const size_t large_page = (size_t)1 << 21;

void *fk_reserve(size_t bytes) {
  if (bytes > SIZE_MAX - 2 * large_page) return NULL;
  size_t room = fk_round_up(bytes, large_page) + large_page;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
  flags |= MAP_NORESERVE;
#endif
  void *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  void *start = (void *)fk_round_up((size_t)(uintptr_t)memory, large_page);
#ifdef MADV_HUGEPAGE
  // Advice alone: a system without large pages uses small ones. Not for the beginning, where a program that uses a trained network has its
  // few tensors: each would keep a whole large page.
  size_t small = 16 * large_page;
  if (bytes > small) (void)madvise((char *)start + small, fk_round_up(bytes - small, large_page), MADV_HUGEPAGE);
#endif
  return start;
}

void fk_discard(void *memory, size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), begin = fk_round_up((size_t)(uintptr_t)memory, page);
  size_t end = ((size_t)(uintptr_t)memory + bytes) / page * page;
  if (end > begin) (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

size_t fk_physical_memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)1 << 32;
}
