// The three roles of the convolution on top of the products.

static size_t taps_bytes(const fk_conv_geometry *g) { return fk_round_up((size_t)g->r * (size_t)g->s * sizeof(tap), 64); }

static void set_epilogue(product *j, const fk_epilogue *e, int64_t origin, int64_t column) {
  if (!e) return;
  j->epilogue = e;
  j->bias = e->bias ? e->bias + column : NULL;
  j->slopes = e->slopes ? e->slopes + column : NULL;
  j->residual = e->residual ? e->residual + origin : NULL;
}

static void conv_forward(const fk_conv_geometry *g, const float *x, const float *weights, const fk_epilogue *e, float *y, void *memory) {
  int64_t depth = g->c / g->groups, width = g->k / g->groups;
  tap *taps = memory;
  for (int32_t r = 0; r < g->r; r++)
    for (int32_t s = 0; s < g->s; s++)
      taps[r * g->s + s] = (tap){r * g->dilation_h - g->pad_top, s * g->dilation_w - g->pad_left, r * g->s + s};
  for (int64_t group = 0; group < g->groups; group++) {
    product j = {
        .left = {.source = x, .height = g->h, .width = g->w, .pitch = g->c, .first = group * depth, .depth = depth, .stride_y = g->stride_h,
                 .stride_x = g->stride_w, .rows = g->p, .columns = g->q, .taps = taps, .tap_count = g->r * g->s},
        .b = weights + group * width, .b_tap = depth * g->k, .b_step = g->k, .width = width, .out = y + group * width,
        .out_image = (int64_t)g->p * g->q * g->k, .out_row = (int64_t)g->q * g->k, .out_column = g->k, .images = g->n, .lanes = fk_lanes(),
    };
    set_epilogue(&j, e, group * width, group * width);
    product_run(&j, (char *)memory + taps_bytes(g));
  }
}

/// Offsets of taps along one axis, for the pixels at `phase` modulo the stride: tap r reads gradient row i + offset.
static int tap_offset(int32_t phase, int32_t pad, int32_t index, int32_t dilation, int32_t stride, int32_t *offset) {
  int32_t up = phase + pad - index * dilation;
  int32_t remainder = (up % stride + stride) % stride;
  *offset = (up - remainder) / stride;
  return remainder == 0;
}

/// Each residue of the input position modulo the stride sees its own subset of taps: a convolution of stride 1 on the gradient.
static void conv_data_gradient(const fk_conv_geometry *g, const float *dy, const float *weights, const fk_epilogue *e, float *dx, void *memory) {
  int64_t depth = g->k / g->groups, width = g->c / g->groups;
  tap *taps = memory;
  for (int32_t phase_y = 0; phase_y < g->stride_h && phase_y < g->h; phase_y++)
    for (int32_t phase_x = 0; phase_x < g->stride_w && phase_x < g->w; phase_x++) {
      int64_t count = 0;
      // Descending taps give ascending offsets, which keeps neighbors side by side in memory.
      for (int32_t r = g->r - 1; r >= 0; r--)
        for (int32_t s = g->s - 1; s >= 0; s--) {
          int32_t y, x;
          if (tap_offset(phase_y, g->pad_top, r, g->dilation_h, g->stride_h, &y) &
              tap_offset(phase_x, g->pad_left, s, g->dilation_w, g->stride_w, &x))
            taps[count++] = (tap){y, x, r * g->s + s};
        }
      for (int64_t group = 0; group < g->groups; group++) {
        int64_t origin = ((int64_t)phase_y * g->w + phase_x) * g->c + group * width;
        product j = {
            .left = {.source = dy, .height = g->p, .width = g->q, .pitch = g->k, .first = group * depth, .depth = depth, .stride_y = 1,
                     .stride_x = 1, .rows = fk_ceil_div(g->h - phase_y, g->stride_h), .columns = fk_ceil_div(g->w - phase_x, g->stride_w),
                     .taps = taps, .tap_count = count},
            .b = weights + group * depth, .b_tap = width * g->k, .b_step = g->k, .transposed = 1, .width = width, .out = dx + origin,
            .out_image = (int64_t)g->h * g->w * g->c, .out_row = (int64_t)g->stride_h * g->w * g->c,
            .out_column = (int64_t)g->stride_w * g->c, .images = g->n, .lanes = fk_lanes(),
        };
        set_epilogue(&j, e, origin, group * width);
        product_run(&j, (char *)memory + taps_bytes(g));
      }
    }
}

static void conv_weight_gradient(const fk_conv_geometry *g, const float *x, const float *dy, float *dw, void *memory) {
  int64_t depth = g->c / g->groups, width = g->k / g->groups;
  tap *taps = memory;
  for (int32_t r = 0; r < g->r; r++)
    for (int32_t s = 0; s < g->s; s++)
      taps[r * g->s + s] = (tap){r * g->dilation_h - g->pad_top, s * g->dilation_w - g->pad_left, r * g->s + s};
  for (int64_t group = 0; group < g->groups; group++) {
    gradient j = {
        .left = {.source = x, .height = g->h, .width = g->w, .pitch = g->c, .first = group * depth, .depth = depth, .stride_y = g->stride_h,
                 .stride_x = g->stride_w, .rows = g->p, .columns = g->q, .taps = taps, .tap_count = g->r * g->s},
        .b = dy + group * width, .b_step = g->k, .width = width, .out = dw + group * width, .out_step = g->k, .images = g->n,
    };
    gradient_run(&j, (char *)memory + taps_bytes(g));
  }
}

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
  int64_t taps = (int64_t)g->r * g->s, group_c = g->c / g->groups, group_k = g->k / g->groups;
  switch (role) {
    case FK_CONV_FORWARD: return taps_bytes(g) + product_workspace(taps, group_c, group_k, -1, fk_lanes());
    case FK_CONV_DATA_GRADIENT: return taps_bytes(g) + product_workspace(taps, group_k, group_c, -1, fk_lanes());
    case FK_CONV_WEIGHT_GRADIENT: return taps_bytes(g) + gradient_workspace(taps, group_c, group_k);
  }
  return 0;
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
  switch (role) {
    case FK_CONV_FORWARD: conv_forward(g, a, b, epilogue, out, memory); return FK_OK;
    case FK_CONV_DATA_GRADIENT: conv_data_gradient(g, a, b, epilogue, out, memory); return FK_OK;
    case FK_CONV_WEIGHT_GRADIENT: conv_weight_gradient(g, a, b, out, memory); return FK_OK;
  }
  return FK_UNSUPPORTED;
}

#include "prepared-inl.h"
