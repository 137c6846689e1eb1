// Direct convolutions with few channels on one side, where a matrix product has too little to do per loaded value.

#include "narrow-job-inl.h"
#include "narrow-output-inl.h"
#include "narrow-input-inl.h"
#include "narrow-gradient-inl.h"

typedef enum narrow_kind { narrow_none, narrow_few_outputs, narrow_few_inputs, narrow_weights } narrow_kind;

/// The body for a geometry and role; channels, filter, strides and dilations alone decide.
static narrow_kind narrow_kind_of(const fk_conv_geometry *g, fk_conv_role role) {
  if (g->groups != 1 || (int64_t)(g->r - 1) * g->dilation_h >= narrow_span || g->s > narrow_span) return narrow_none;
  if (role == FK_CONV_WEIGHT_GRADIENT) {
    if (g->dilation_w != 1) return narrow_none;
    if (g->c <= narrow_channels && g->k > narrow_channels && g->k <= 512) return narrow_weights;
    int reversible = g->k <= narrow_channels && g->c > narrow_channels && g->c <= 512 && g->stride_h == 1 && g->stride_w == 1;
    return reversible && g->r * g->s > 1 ? narrow_weights : narrow_none;
  }
  if (role == FK_CONV_DATA_GRADIENT && (g->stride_h > narrow_phases || g->stride_w > narrow_phases)) return narrow_none;
  int64_t in = role == FK_CONV_FORWARD ? g->c : g->k, out = role == FK_CONV_FORWARD ? g->k : g->c;
  if (in <= narrow_channels && out > narrow_channels && out <= 512) return narrow_few_inputs;
  // A few taps per stride must share a line.
  if (out <= narrow_channels && 2 * in >= FK_LANES && in <= 512 && (int64_t)g->r * g->s >= 2 * g->stride_h * g->stride_w)
    return narrow_few_outputs;
  return narrow_none;
}

static int narrow_applies(const fk_conv_geometry *g, fk_conv_role role) { return narrow_kind_of(g, role) != narrow_none; }

static narrow_output narrow_output_of(const fk_conv_geometry *g, fk_conv_role role) {
  narrow_output o = {.j = narrow_describe(g, role)};
  narrow_output_plan(&o);
  return o;
}

static narrow_input narrow_input_of(const fk_conv_geometry *g, fk_conv_role role) {
  narrow_input o = {.j = narrow_describe(g, role)};
  narrow_input_plan(&o);
  return o;
}

static size_t narrow_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  if (role == FK_CONV_WEIGHT_GRADIENT) {
    narrow_gradient o = narrow_gradient_of(g);
    return narrow_gradient_bytes(&o);
  }
  if (narrow_kind_of(g, role) == narrow_few_inputs) {
    narrow_input o = narrow_input_of(g, role);
    return narrow_input_bytes(&o);
  }
  narrow_output o = narrow_output_of(g, role);
  return narrow_output_bytes(&o);
}

/// `memory` is aligned and has narrow_workspace bytes. `e` is NULL in the weight gradient.
static void narrow_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *e, float *out,
                       void *memory) {
  if (role == FK_CONV_WEIGHT_GRADIENT) {
    narrow_gradient o = narrow_gradient_of(g);
    narrow_gradient_run(&o, a, b, out, memory);
    return;
  }
  if (narrow_kind_of(g, role) == narrow_few_inputs) {
    narrow_input o = narrow_input_of(g, role);
    o.j.source = a, o.j.weights = b, o.j.out = out;
    narrow_input_run(&o, e, memory);
    return;
  }
  narrow_output o = narrow_output_of(g, role);
  o.j.source = a, o.j.weights = b, o.j.out = out;
  narrow_output_run(&o, e, memory);
}
