// The convolution slots: the choice among the ways to compute one.

static size_t taps_bytes(const fk_conv_geometry *g) { return fk_round_up((size_t)g->r * (size_t)g->s * sizeof(tap), 64); }

static void set_epilogue(product *j, const fk_epilogue *e, int64_t origin, int64_t column) {
  if (!e) return;
  j->epilogue = e;
  j->bias = e->bias ? e->bias + column : NULL;
  j->slopes = e->slopes ? e->slopes + column : NULL;
  j->residual = e->residual ? e->residual + origin : NULL;
}

#include "groups-inl.h"
#include "depthwise-inl.h"
#include "narrow-inl.h"
#include "winograd-inl.h"
#include "winograd-gradient-inl.h"
#include "winograd-int16-inl.h"

static size_t convolution_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  if (fk_conv_geometry_is_bad(g) || is_depthwise(g)) return 0;
  if (narrow_applies(g, role)) return narrow_workspace(g, role) + 64;
  if (role == FK_CONV_WEIGHT_GRADIENT ? winograd_gradient_applies(g) : winograd_applies(g, role))
    return (role == FK_CONV_WEIGHT_GRADIENT ? winograd_gradient_workspace(g) : winograd_workspace(g, role)) + 64;
  return conv_groups_bytes(g, role) + 64;
}

static fk_status convolution(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *epilogue,
                             float *out, void *workspace, size_t workspace_bytes) {
  if (fk_conv_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < convolution_workspace(g, role)) return FK_WORKSPACE_TOO_SMALL;
  if (is_depthwise(g)) {
    depthwise_run(g, role, a, b, epilogue, out);
    return FK_OK;
  }
  // The caller's memory may start anywhere; a line of slack is part of the size.
  void *memory = (void *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  if (narrow_applies(g, role)) {
    narrow_run(g, role, a, b, epilogue, out, memory);
    return FK_OK;
  }
  if (role == FK_CONV_WEIGHT_GRADIENT && winograd_gradient_applies(g)) {
    winograd_gradient_run(g, a, b, out, memory);
    return FK_OK;
  }
  if (role != FK_CONV_WEIGHT_GRADIENT && winograd_applies(g, role)) {
    winograd_run(g, role, a, b, epilogue, out, memory);
    return FK_OK;
  }
  conv_groups(g, role, a, b, epilogue, out, memory);
  return FK_OK;
}

#include "prepared-inl.h"
