// Transformed weights: for each part and position of the transform a packed matrix of contraction x output channels, in panels of
// panel_columns columns (the last may have one vector).

/// Floats of one position's matrix.
static int64_t winograd_matrix_floats(const winograd *j, const winograd_part *p, int32_t position) {
  return winograd_sources(j, p, position).count * j->depth * j->padded_columns;
}

static int64_t winograd_part_floats(const winograd *j, const winograd_part *p) {
  int64_t floats = 0;
  for (int32_t position = 0; position < j->points * j->points; position++) floats += winograd_matrix_floats(j, p, position);
  return floats;
}

static int64_t winograd_weight_floats(const winograd *j) {
  int64_t floats = 0;
  for (int32_t i = 0; i < j->part_count; i++) floats += winograd_part_floats(j, &j->part[i]);
  return floats;
}

typedef struct winograd_packing {
  const winograd *plan;
  const float *weights;
  float *packed;
} winograd_packing;

/// Channels first ..< first + FK_LANES of the contraction, each a vector of output channels from `column`, of one tap.
static void winograd_load_taps(const winograd *j, const float *weights, int32_t tap, int64_t first, int64_t column, vf *to) {
  const fk_conv_geometry *g = j->geometry;
  int64_t count = fk_min64(FK_LANES, j->depth - first), lanes = fk_min64(FK_LANES, j->columns - column);
  const float *from = weights + (int64_t)tap * g->c * g->k;
  if (j->role == FK_CONV_FORWARD) {
    for (int64_t d = 0; d < count; d++) {
      const float *row = from + (first + d) * g->k + column;
      to[d] = lanes == FK_LANES ? vf_load(row) : vf_load_part(row, lanes);
    }
    return;
  }
  float square[FK_LANES][FK_LANES] __attribute__((aligned(64)));
  if (lanes == FK_LANES && count == FK_LANES)
    transpose_square(from + column * g->k + first, g->k, square[0], FK_LANES);
  else
    for (int64_t n = 0; n < FK_LANES; n++)
      for (int64_t d = 0; d < count; d++) square[d][n] = n < lanes ? from[(column + n) * g->k + first + d] : 0;
  for (int64_t d = 0; d < count; d++) to[d] = vf_load(square[d]);
}

/// Channels first ..< first + count (at most FK_LANES) of a source and the output channels from `column`: channel first + d of position i
/// goes to to[i] + d * step, where there is a to[i] (everywhere, if `all`).
FK_INLINE void winograd_pack_square(const int32_t points, const int all, const winograd *j, const float *weights, const winograd_part *p,
                                    int32_t source, int64_t first, int64_t count, int64_t column, float *const *to, int64_t step) {
  const int32_t taps = points == 6 ? 3 : 2;
  vf block[3 * 3][FK_LANES];
  for (int32_t t = 0; t < taps * taps; t++) {
    int32_t tap = winograd_tap(j, p, source, t / taps, t % taps);
    if (tap >= 0)
      winograd_load_taps(j, weights, tap, first, column, block[t]);
    else
      for (int32_t d = 0; d < FK_LANES; d++) block[t][d] = vf_splat(0);
  }
  for (int64_t d = 0; d < count; d++) {
    vf half[3][winograd_most_points];
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < taps; x++) {
      vf filter[3], u[winograd_most_points];
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < taps; y++) filter[y] = block[y * taps + x][d];
      winograd_filter(points, filter, u);
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < points; y++) half[x][y] = u[y];
    }
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < points; y++) {
      vf filter[3], u[winograd_most_points];
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < taps; x++) filter[x] = half[x][y];
      winograd_filter(points, filter, u);
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < points; x++)
        if (all || to[y * points + x]) vf_store(to[y * points + x] + d * step, u[x]);
    }
  }
}

static int winograd_uses(const winograd *j, const winograd_part *p, int32_t position, int32_t source) {
  winograd_range range = winograd_sources(j, p, position);
  return source >= range.first && source < range.first + range.count;
}

FK_INLINE void winograd_pack(const int32_t points, const winograd_packing *w, const winograd_part *p, float *packed, int64_t column) {
  const winograd *j = w->plan;
  int64_t panel = column / panel_columns, within = column % panel_columns;
  int64_t step = fk_min64(panel_columns, j->padded_columns - panel * panel_columns);
  float *to[winograd_most_points * winograd_most_points];
  for (int32_t source = 0; source < j->source_count; source++) {
    float *matrix = packed;
    for (int32_t position = 0; position < points * points; position++) {
      winograd_range range = winograd_sources(j, p, position);
      to[position] = matrix + (panel * panel_columns * range.count + (source - range.first) * step) * j->depth + within;
      if (!winograd_uses(j, p, position, source)) to[position] = NULL;
      matrix += winograd_matrix_floats(j, p, position);
    }
    for (int64_t first = 0; first < j->depth; first += FK_LANES) {
      winograd_pack_square(points, 0, j, w->weights, p, source, first, fk_min64(FK_LANES, j->depth - first), column, to, step);
      for (int32_t position = 0; position < points * points; position++)
        if (to[position]) to[position] += FK_LANES * step;
    }
  }
}

/// One vector of output channels of one part.
static void winograd_pack_unit(void *context, int64_t unit) {
  const winograd_packing *w = context;
  const winograd *j = w->plan;
  int64_t vectors = j->padded_columns / FK_LANES, part = unit / vectors, column = unit % vectors * FK_LANES;
  float *packed = w->packed;
  for (int64_t i = 0; i < part; i++) packed += winograd_part_floats(j, &j->part[i]);
  if (j->points == 6)
    winograd_pack(6, w, &j->part[part], packed, column);
  else
    winograd_pack(5, w, &j->part[part], packed, column);
}

static void winograd_transform_weights(const winograd *j, const float *weights, float *packed) {
  winograd_packing w = {j, weights, packed};
  int64_t units = j->part_count * (j->padded_columns / FK_LANES);
  // Below this a sleeping thread wakes too late to help.
  if (j->contraction * j->columns > 16384)
    fk_parallel(units, &w, winograd_pack_unit);
  else
    for (int64_t unit = 0; unit < units; unit++) winograd_pack_unit(&w, unit);
}
