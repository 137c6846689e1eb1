// The three roles of a convolution on top of the products, group by group.

/// A convolution in groups: each is a job of its own. One group shares its work out among the lanes; several are shared out themselves.
typedef struct grouped {
  const fk_conv_geometry *g;
  fk_conv_role role;
  const float *a, *b;
  const fk_epilogue *epilogue;
  float *out;
  char *memory;
  size_t lane_bytes;          // of a lane's memory, when the groups are shared out
  int64_t lanes;              // that one group's job may use
  _Atomic int64_t next;
} grouped;

/// The input as a group's outputs see it: every tap of the kernel. `taps` receives them.
static window input_window(const grouped *j, int64_t group, tap *taps) {
  const fk_conv_geometry *g = j->g;
  int64_t depth = g->c / g->groups;
  for (int32_t r = 0; r < g->r; r++)
    for (int32_t s = 0; s < g->s; s++)
      taps[r * g->s + s] = (tap){r * g->dilation_h - g->pad_top, s * g->dilation_w - g->pad_left, r * g->s + s};
  return (window){.source = j->a, .height = g->h, .width = g->w, .pitch = g->c, .first = group * depth, .depth = depth,
                  .stride_y = g->stride_h, .stride_x = g->stride_w, .rows = g->p, .columns = g->q, .taps = taps, .tap_count = g->r * g->s};
}

static void conv_forward(const grouped *j, int64_t group, tap *taps, void *memory) {
  const fk_conv_geometry *g = j->g;
  int64_t depth = g->c / g->groups, width = g->k / g->groups;
  product p = {
      .left = input_window(j, group, taps),
      .b = j->b + group * width, .b_tap = depth * g->k, .b_step = g->k, .width = width, .out = j->out + group * width,
      .out_image = (int64_t)g->p * g->q * g->k, .out_row = (int64_t)g->q * g->k, .out_column = g->k, .images = g->n, .lanes = j->lanes,
  };
  set_epilogue(&p, j->epilogue, group * width, group * width);
  product_run(&p, memory);
}

/// Offsets of taps along one axis, for the pixels at `phase` modulo the stride: tap r reads gradient row i + offset.
static int tap_offset(int32_t phase, int32_t pad, int32_t index, int32_t dilation, int32_t stride, int32_t *offset) {
  int32_t up = phase + pad - index * dilation;
  int32_t remainder = (up % stride + stride) % stride;
  *offset = (up - remainder) / stride;
  return remainder == 0;
}

/// Each residue of the input position modulo the stride sees its own subset of taps: a convolution of stride 1 on the gradient.
static void conv_data_gradient(const grouped *j, int64_t group, tap *taps, void *memory) {
  const fk_conv_geometry *g = j->g;
  int64_t depth = g->k / g->groups, width = g->c / g->groups;
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
      int64_t origin = ((int64_t)phase_y * g->w + phase_x) * g->c + group * width;
      product p = {
          .left = {.source = j->a, .height = g->p, .width = g->q, .pitch = g->k, .first = group * depth, .depth = depth, .stride_y = 1,
                   .stride_x = 1, .rows = fk_ceil_div(g->h - phase_y, g->stride_h), .columns = fk_ceil_div(g->w - phase_x, g->stride_w),
                   .taps = taps, .tap_count = count},
          .b = j->b + group * depth, .b_tap = width * g->k, .b_step = g->k, .transposed = 1, .width = width, .out = j->out + origin,
          .out_image = (int64_t)g->h * g->w * g->c, .out_row = (int64_t)g->stride_h * g->w * g->c,
          .out_column = (int64_t)g->stride_w * g->c, .images = g->n, .lanes = j->lanes,
      };
      set_epilogue(&p, j->epilogue, origin, group * width);
      product_run(&p, memory);
    }
}

static void conv_weight_gradient(const grouped *j, int64_t group, tap *taps, void *memory) {
  const fk_conv_geometry *g = j->g;
  int64_t width = g->k / g->groups;
  gradient d = {
      .left = input_window(j, group, taps),
      .b = j->b + group * width, .b_step = g->k, .width = width, .out = j->out + group * width, .out_step = g->k, .images = g->n,
      .lanes = j->lanes,
  };
  gradient_run(&d, memory);
}

static void conv_group(const grouped *j, int64_t group, char *memory) {
  tap *taps = (tap *)memory;
  memory += taps_bytes(j->g);
  switch (j->role) {
    case FK_CONV_FORWARD: conv_forward(j, group, taps, memory); break;
    case FK_CONV_DATA_GRADIENT: conv_data_gradient(j, group, taps, memory); break;
    case FK_CONV_WEIGHT_GRADIENT: conv_weight_gradient(j, group, taps, memory); break;
  }
}

static void conv_group_lane(void *context, int64_t lane) {
  grouped *j = context;
  for (;;) {
    int64_t group = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (group >= j->g->groups) return;
    conv_group(j, group, j->memory + (size_t)lane * j->lane_bytes);
  }
}

/// Bytes for one group's job that may use so many lanes.
static size_t conv_group_bytes(const fk_conv_geometry *g, fk_conv_role role, int64_t lanes) {
  int64_t taps = (int64_t)g->r * g->s, group_c = g->c / g->groups, group_k = g->k / g->groups;
  size_t bytes = 0;
  switch (role) {
    case FK_CONV_FORWARD: bytes = product_workspace(taps, group_c, group_k, -1, lanes); break;
    case FK_CONV_DATA_GRADIENT: bytes = product_workspace(taps, group_k, group_c, -1, lanes); break;
    case FK_CONV_WEIGHT_GRADIENT: bytes = gradient_workspace(taps, group_c, group_k, lanes); break;
  }
  return fk_round_up(taps_bytes(g) + bytes, 64);
}

static size_t conv_groups_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  return g->groups == 1 ? conv_group_bytes(g, role, fk_lanes()) : (size_t)fk_lanes() * conv_group_bytes(g, role, 1);
}

static void conv_groups(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *e, float *out,
                        char *memory) {
  grouped j = {.g = g, .role = role, .a = a, .b = b, .epilogue = e, .out = out, .memory = memory, .lanes = g->groups == 1 ? fk_lanes() : 1};
  if (g->groups == 1) {
    conv_group(&j, 0, memory);
    return;
  }
  j.lane_bytes = conv_group_bytes(g, role, 1);
  if ((double)g->n * g->p * g->q * g->k * (double)(g->c / g->groups) * g->r * g->s < 1e6)
    conv_group_lane(&j, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), g->groups), &j, conv_group_lane);
}
