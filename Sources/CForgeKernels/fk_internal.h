// What the kernel files share: table parts, geometry checks, the walk over strided extents. Not visible outside this target.
#ifndef FK_INTERNAL_H
#define FK_INTERNAL_H

#include "forge_kernels.h"
#include "fk_math.h"

extern const fk_table fk_scalar;
extern const fk_table fk_portable;
double fk_portable_peak_burst(int64_t rounds);
#if defined(__x86_64__)
extern const fk_table fk_avx2;
extern const fk_table fk_avx512;
extern const fk_table fk_portable_avx2;
double fk_avx2_peak_burst(int64_t rounds);
double fk_avx512_peak_burst(int64_t rounds);
double fk_portable_avx2_peak_burst(int64_t rounds);
#elif defined(__aarch64__)
extern const fk_table fk_neon;
double fk_neon_peak_burst(int64_t rounds);
#endif

/// Threads that a kernel keeps scratch memory for: the machine's cores, 2...16, the same during a process.
int32_t fk_lanes(void);

/// Extents that no contraction may see: empty weights, channels that do not divide, negative sizes.
FK_INLINE int fk_conv_geometry_is_bad(const fk_conv_geometry *g) {
  return g->n < 0 || g->h < 0 || g->w < 0 || g->p < 0 || g->q < 0 || g->c <= 0 || g->k <= 0 || g->r <= 0 || g->s <= 0 || g->groups <= 0 ||
         g->c % g->groups != 0 || g->k % g->groups != 0 || g->stride_h <= 0 || g->stride_w <= 0 || g->dilation_h <= 0 || g->dilation_w <= 0;
}

FK_INLINE int fk_gemm_geometry_is_bad(const fk_gemm_geometry *g) { return g->m < 0 || g->n < 0 || g->k < 0 || g->batch < 0; }

FK_INLINE int fk_walk_is_bad(const fk_walk *w) {
  if (w->rank < 0 || w->rank > FK_MAX_RANK) return 1;
  for (int32_t i = 0; i < w->rank; i++)
    if (w->extent[i] < 0) return 1;
  return 0;
}

/// Number of elements that a walk visits.
FK_INLINE int64_t fk_walk_count(const fk_walk *w) {
  int64_t count = 1;
  for (int32_t i = 0; i < w->rank; i++) count *= w->extent[i];
  return count;
}

/// A position in a walk: offsets of the three operands, advanced in row-major order.
typedef struct fk_cursor {
  int64_t index[FK_MAX_RANK];
  int64_t out, a, b;
} fk_cursor;

/// Steps over the first `rank` axes; the offsets return to 0 after the last position.
FK_INLINE void fk_cursor_advance(fk_cursor *c, const fk_walk *w, int32_t rank) {
  for (int32_t i = rank - 1; i >= 0; i--) {
    c->out += w->out_stride[i];
    c->a += w->a_stride[i];
    c->b += w->b_stride[i];
    if (++c->index[i] < w->extent[i]) return;
    c->index[i] = 0;
    c->out -= w->out_stride[i] * w->extent[i];
    c->a -= w->a_stride[i] * w->extent[i];
    c->b -= w->b_stride[i] * w->extent[i];
  }
}

/// Puts the cursor at a row-major position of the first `rank` axes.
FK_INLINE void fk_cursor_seek(fk_cursor *c, const fk_walk *w, int32_t rank, int64_t position) {
  c->out = c->a = c->b = 0;
  for (int32_t i = rank - 1; i >= 0; i--) {
    c->index[i] = position % w->extent[i];
    position /= w->extent[i];
    c->out += c->index[i] * w->out_stride[i];
    c->a += c->index[i] * w->a_stride[i];
    c->b += c->index[i] * w->b_stride[i];
  }
}

FK_INLINE int64_t fk_min64(int64_t a, int64_t b) { return a < b ? a : b; }
FK_INLINE int64_t fk_max64(int64_t a, int64_t b) { return a > b ? a : b; }
FK_INLINE int64_t fk_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
FK_INLINE size_t fk_round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

#endif
