// Prepared convolutions for geometries without a layout of their own: the weights are kept as they are, a pixel shuffle is a second pass.
#ifndef FK_PREPARED_H
#define FK_PREPARED_H

#include <string.h>

#include "fk_internal.h"

typedef fk_status fk_convolution_slot(const fk_conv_geometry *, fk_conv_role, const float *, const float *, const fk_epilogue *, float *,
                                      void *, size_t);

FK_INLINE size_t fk_plain_prepared_bytes(const fk_conv_geometry *g) {
  return (size_t)g->r * (size_t)g->s * (size_t)(g->c / g->groups) * (size_t)g->k * sizeof(float);
}

/// Room for an output before its shuffle.
FK_INLINE size_t fk_unshuffled_bytes(const fk_conv_geometry *g) {
  return fk_round_up((size_t)g->n * (size_t)g->p * (size_t)g->q * (size_t)g->k * sizeof(float), 64) + 64;
}

FK_INLINE int fk_shuffle_is_bad(const fk_conv_geometry *g, fk_conv_role role, const fk_epilogue *e) {
  return e && e->shuffle > 1 && (role != FK_CONV_FORWARD || e->residual || g->k % (e->shuffle * e->shuffle) != 0);
}

/// Lays out [n, p, q, (dy, dx, channels)] as [n, p * f, q * f, channels].
FK_INLINE void fk_shuffle_pixels(const fk_conv_geometry *g, int32_t f, const float *in, float *out) {
  int64_t channels = g->k / (f * f), run = f * channels;
  for (int64_t row = 0; row < (int64_t)g->n * g->p; row++)
    for (int64_t x = 0; x < g->q; x++)
      for (int32_t dy = 0; dy < f; dy++)
        memcpy(out + ((row * f + dy) * g->q + x) * run, in + ((row * g->q + x) * f + dy) * run, (size_t)run * sizeof(float));
}

/// `workspace_bytes` beyond fk_unshuffled_bytes serve the convolution itself.
FK_INLINE fk_status fk_plain_convolution_prepared(fk_convolution_slot *convolution, const fk_conv_geometry *g, fk_conv_role role,
                                                  const float *a, const void *prepared, const fk_epilogue *e, float *out, void *workspace,
                                                  size_t workspace_bytes) {
  if (!e || e->shuffle <= 1) return convolution(g, role, a, prepared, e, out, workspace, workspace_bytes);
  if (fk_shuffle_is_bad(g, role, e)) return FK_BAD_GEOMETRY;
  size_t room = fk_unshuffled_bytes(g);
  if (workspace_bytes < room) return FK_WORKSPACE_TOO_SMALL;
  float *whole = (float *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  fk_epilogue bias = {.bias = e->bias};
  fk_status status = convolution(g, role, a, prepared, &bias, whole, (char *)workspace + room, workspace_bytes - room);
  if (status != FK_OK) return status;
  fk_shuffle_pixels(g, e->shuffle, whole, out);
  int64_t channels = g->k / (e->shuffle * e->shuffle), count = (int64_t)g->n * g->p * g->q * g->k;
  for (int64_t i = 0; i < count; i++)
    out[i] = fk_activate(e->activation, out[i], e->slope, e->activation == FK_ACT_PRELU ? e->slopes[i % channels] : 0);
  return FK_OK;
}

#endif
