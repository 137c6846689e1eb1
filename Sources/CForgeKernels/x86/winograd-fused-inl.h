// Winograd convolutions with many weights and few tiles: weights are transformed where they are multiplied.
//
// Transformed weights are 6 to 16 times as large as the weights, far beyond the caches. Here all windows are transformed first; then a
// unit owns a panel of output channels of one part, transforms a slice of its weights into L2 and adds that slice's products to its sums.
// Each sum has the same terms in the same order as in winograd_run_packed, hence the same bytes.

enum {
  winograd_slice = 64,              // channels of a source
  winograd_fused_tiles = 160,       // at most: their sums of a panel stay in L2
  winograd_fused_windows = 4194304, // floats of a part, at most: they stay in L3
  winograd_fused_weights = 262144,  // transformed floats, at least
  winograd_window_unit = 4,         // tiles
};

typedef struct winograd_fused {
  winograd_job job;
  const float *weights;
  int64_t slice_step, slices;       // channels of a slice, slices of a source
  float *windows[4];                // of a part: [source, slice, position, tile, slice_step]
  int64_t v_pitch[4], tiles[4];
  int64_t window_units[4];
  int64_t u_pitch;                  // floats from one position of a slice's weights to the next
} winograd_fused;

/// Floats of a part's windows.
static int64_t winograd_fused_part(const winograd_fused *f, const winograd *j, int32_t part) {
  return j->source_count * f->slices * j->points * j->points * f->v_pitch[part];
}

/// Fills the extents; the floats of all windows.
static int64_t winograd_fused_layout(winograd_fused *f, const winograd *j) {
  int64_t padded = fk_ceil_div(j->depth, FK_LANES) * FK_LANES, floats = 0;
  f->slice_step = fk_min64(winograd_slice, padded);
  f->slices = fk_ceil_div(j->depth, f->slice_step);
  f->u_pitch = f->slice_step * panel_columns + 16;
  for (int32_t i = 0; i < j->part_count; i++) {
    f->tiles[i] = j->part[i].tiles * j->geometry->n;
    f->window_units[i] = fk_ceil_div(f->tiles[i], winograd_window_unit);
    f->v_pitch[i] = winograd_pitch(f->tiles[i], f->slice_step);
    floats += winograd_fused_part(f, j, i);
  }
  return floats;
}

static int64_t winograd_fused_pitch(const winograd_fused *f, const winograd *j) {
  int64_t tiles = 0;
  for (int32_t i = 0; i < j->part_count; i++) tiles = fk_max64(tiles, f->tiles[i]);
  return winograd_pitch(tiles, panel_columns);
}

/// Whether a convolution with plain weights runs this way.
static int winograd_fuses(const winograd *j) {
  winograd_fused f;
  winograd_fused_layout(&f, j);
  for (int32_t i = 0; i < j->part_count; i++)
    if (f.tiles[i] > winograd_fused_tiles || winograd_fused_part(&f, j, i) > winograd_fused_windows) return 0;
  return j->part_count * j->panels >= 4 && winograd_weight_floats(j) >= winograd_fused_weights;
}

static size_t winograd_fused_bytes(const winograd *j) {
  winograd_fused f;
  int64_t floats = winograd_fused_layout(&f, j), points = j->points * j->points;
  floats += fk_lanes() * points * (f.u_pitch + winograd_fused_pitch(&f, j));
  return fk_round_up((size_t)(j->depth + FK_LANES) * sizeof(float), 64) + fk_round_up((size_t)floats * sizeof(float), 64);
}

static float *winograd_fused_slice(const winograd_fused *f, int64_t part, int64_t source, int64_t slice) {
  const winograd *j = &f->job.plan;
  return f->windows[part] + (source * f->slices + slice) * j->points * j->points * f->v_pitch[part];
}

/// Transforms the windows of a few tiles.
static void winograd_fused_windows_of(void *context, int64_t unit) {
  const winograd_fused *f = context;
  const winograd *j = &f->job.plan;
  int64_t part = 0;
  for (; unit >= f->window_units[part]; part++) unit -= f->window_units[part];
  const winograd_part *p = &j->part[part];
  int64_t end = fk_min64((unit + 1) * winograd_window_unit, f->tiles[part]);
  for (int64_t t = unit * winograd_window_unit; t < end; t++) {
    winograd_place at = winograd_locate(p, t);
    for (int32_t source = 0; source < j->source_count; source++) {
      winograd_window w;
      winograd_find_source(j, p, at, source, f->job.source, f->job.zeros, &w);
      for (int64_t slice = 0; slice < f->slices; slice++) {
        int64_t first = slice * f->slice_step, last = fk_min64(first + f->slice_step, j->depth);
        float *to = winograd_fused_slice(f, part, source, slice) + t * f->slice_step;
        if (j->points == 6)
          winograd_transform_window(6, j, &w, first, last, to, f->v_pitch[part]);
        else
          winograd_transform_window(5, j, &w, first, last, to, f->v_pitch[part]);
      }
    }
  }
}

/// A slice of the weights of a panel, to u.
static void winograd_fused_weights_of(const winograd_fused *f, const winograd_part *p, int32_t source, int64_t first, int64_t end,
                                      int64_t column, int64_t vectors, float *u) {
  const winograd *j = &f->job.plan;
  float *to[winograd_most_points * winograd_most_points];
  for (int64_t c = first; c < end; c += FK_LANES)
    for (int64_t n = 0; n < vectors; n++) {
      for (int32_t i = 0; i < j->points * j->points; i++) to[i] = u + i * f->u_pitch + ((c - first) * vectors + n) * FK_LANES;
      int64_t count = fk_min64(FK_LANES, end - c);
      if (j->points == 6)
        winograd_pack_square(6, 1, j, f->weights, p, source, c, count, column + n * FK_LANES, to, vectors * FK_LANES);
      else
        winograd_pack_square(5, 1, j, f->weights, p, source, c, count, column + n * FK_LANES, to, vectors * FK_LANES);
    }
}

/// Rows of weights, of all taps, that winograd_fused_weights_of reads.
static int64_t winograd_fused_rows(const winograd_fused *f) {
  const winograd *j = &f->job.plan;
  return (j->points == 6 ? 9 : 4) * (j->role == FK_CONV_FORWARD ? f->slice_step : panel_columns);
}

/// Brings one of these rows into L2.
static void winograd_fused_fetch(const winograd_fused *f, const winograd_part *p, int32_t source, int64_t first, int64_t column,
                                 int64_t index) {
  const winograd *j = &f->job.plan;
  const fk_conv_geometry *g = j->geometry;
  int32_t taps = j->points == 6 ? 3 : 2, forward = j->role == FK_CONV_FORWARD, rows = forward ? (int32_t)f->slice_step : panel_columns;
  int32_t t = (int32_t)index / rows, row = (int32_t)index % rows, tap = winograd_tap(j, p, source, t / taps, t % taps);
  int64_t c = (forward ? first : column) + row, k = forward ? column : first;
  if (tap < 0 || c >= g->c) return;
  winograd_fetch(f->weights + ((int64_t)tap * g->c + c) * g->k + k, fk_min64(g->k - k, forward ? panel_columns : f->slice_step));
}

/// One panel of output channels of one part.
static void winograd_fused_unit(const winograd_fused *f, int64_t unit, float *u) {
  const winograd_job *job = &f->job;
  const winograd *j = &job->plan;
  int64_t part = unit / j->panels, panel = unit % j->panels, tiles = f->tiles[part], column = panel * panel_columns;
  const winograd_part *p = &j->part[part];
  int32_t positions = j->points * j->points;
  int64_t vectors = fk_min64(2, j->padded_columns / FK_LANES - 2 * panel), groups = fk_ceil_div(tiles, FK_TILE_ROWS);
  float *m = u + positions * f->u_pitch;
  for (int32_t i = 0; i < positions; i++)
    if (winograd_sources(j, p, i).count == 0) zero_floats(m + i * job->m_pitch, tiles * vectors * FK_LANES);
  int64_t wanted = winograd_fused_rows(f), calls = positions * groups;
  for (int32_t source = 0; source < j->source_count; source++)
    for (int64_t slice = 0; slice < f->slices; slice++) {
      int64_t first = slice * f->slice_step, end = fk_min64(first + f->slice_step, j->depth), call = 0, fetched = 0;
      int64_t next = slice + 1 < f->slices ? first + f->slice_step : 0;
      int32_t next_source = next ? source : source + 1;
      if (next_source == j->source_count) fetched = wanted;
      winograd_fused_weights_of(f, p, source, first, end, column, vectors, u);
      const float *v = winograd_fused_slice(f, part, source, slice);
      for (int32_t i = 0; i < positions; i++, v += f->v_pitch[part]) {
        if (!winograd_uses(j, p, i, source)) continue;
        const float *b = u + i * f->u_pitch;
        float *sums = m + i * job->m_pitch;
        int more = source > winograd_sources(j, p, i).first || slice > 0;
        for (int64_t group = 0; group < groups; group++) {
          int64_t row = tiles * group / groups, rows = tiles * (group + 1) / groups - row, floats = f->slice_step * vectors * FK_LANES;
          for (call++; fetched < wanted && fetched * calls < call * wanted; fetched++)
            winograd_fused_fetch(f, p, next_source, next, column, fetched);
          // The next position's weights, windows and sums.
          int64_t ahead = (group - 1) * floats, windows = tiles * f->slice_step;
          const float *from = ahead < windows ? v + f->v_pitch[part] + ahead : sums + job->m_pitch + (ahead - windows);
          winograd_tiles[rows - 1][vectors - 1](v + row * f->slice_step, f->slice_step, end - first, b, group == 0 ? b + f->u_pitch : from,
                                                sums + row * vectors * FK_LANES, more);
        }
      }
    }
  winograd_outputs_of(job, p, 0, tiles, column, fk_min64(j->columns, column + panel_columns), m);
}

static void winograd_fused_lane(void *context, int64_t lane) {
  winograd_fused *f = context;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&f->job.next, 1, memory_order_relaxed);
    if (unit >= f->job.units) return;
    winograd_fused_unit(f, unit, f->job.scratch + lane * f->job.scratch_floats);
  }
}

/// `memory` has winograd_fused_bytes.
static void winograd_fused_run(const winograd *plan, const float *a, const float *weights, const fk_epilogue *e, float *out, void *memory) {
  winograd_fused f = {.job = {.plan = *plan, .source = a, .epilogue = e, .out = out, .zeros = memory, .shuffle = 1}, .weights = weights};
  winograd *j = &f.job.plan;
  winograd_fused_layout(&f, j);
  size_t zeros = fk_round_up((size_t)(j->depth + FK_LANES) * sizeof(float), 64);
  zero_floats(f.job.zeros, (int64_t)(zeros / sizeof(float)));
  float *to = (float *)((char *)memory + zeros);
  int64_t points = j->points * j->points, units = 0;
  for (int32_t i = 0; i < j->part_count; i++) {
    f.windows[i] = to;
    to += winograd_fused_part(&f, j, i);
    units += f.window_units[i];
  }
  f.job.m_pitch = winograd_fused_pitch(&f, j);
  f.job.scratch = to;
  f.job.scratch_floats = points * (f.u_pitch + f.job.m_pitch);
  f.job.units = j->part_count * j->panels;
  atomic_store(&f.job.next, 0);
  fk_parallel(units, &f, winograd_fused_windows_of);
  fk_parallel(fk_min64(fk_lanes(), f.job.units), &f, winograd_fused_lane);
}
