// Direct convolutions with few channels on one side, where a matrix product has too little to do per loaded value.

#include "narrow-job-inl.h"
#include "narrow-output-inl.h"

/// Whether the geometry belongs here; says so by channels, filter, strides and dilations alone.
static int narrow_applies(const fk_conv_geometry *g, fk_conv_role role) {
  if (g->groups != 1 || (g->r - 1) * g->dilation_h >= narrow_span || g->s > narrow_span || role == FK_CONV_WEIGHT_GRADIENT) return 0;
  int64_t in = role == FK_CONV_FORWARD ? g->c : g->k, out = role == FK_CONV_FORWARD ? g->k : g->c;
  if (role == FK_CONV_DATA_GRADIENT && (g->stride_h > narrow_phases || g->stride_w > narrow_phases)) return 0;
  // Lines are copied once per input row: a few taps per stride must share them.
  if (out <= narrow_channels && in >= FK_LANES / 2)
    return in <= 512 && (int64_t)g->r * g->s >= 2 * g->stride_h * g->stride_w;
  return 0;
}

static narrow_output narrow_output_of(const fk_conv_geometry *g, fk_conv_role role) {
  narrow_output o = {.j = narrow_describe(g, role)};
  narrow_output_plan(&o);
  return o;
}

static size_t narrow_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  narrow_output o = narrow_output_of(g, role);
  return narrow_output_bytes(&o);
}

/// `memory` is aligned and has narrow_workspace bytes. `e` is NULL in the weight gradient.
static void narrow_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *e, float *out,
                       void *memory) {
  narrow_output o = narrow_output_of(g, role);
  o.j.source = a, o.j.weights = b, o.j.out = out;
  narrow_output_run(&o, e, memory);
}
