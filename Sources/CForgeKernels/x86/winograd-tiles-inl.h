// Windows into the transform's domain, and sums of products back out of it.

/// Pixels of a window, row by row; those outside the image point at zeros.
typedef struct winograd_window {
  const float *pixel[winograd_most_points * winograd_most_points];
  const float *corner;          // of a window that lies inside the image, else NULL
} winograd_window;

static void winograd_find_window(const winograd *j, const float *image, int64_t y, int64_t x, const float *zeros, winograd_window *to) {
  int64_t reach = (j->points - 1) * j->step;
  to->corner = y >= 0 && x >= 0 && y + reach < j->end_y && x + reach < j->end_x ? image + (y * j->width + x) * j->depth : NULL;
  if (to->corner) return;
  for (int32_t i = 0; i < j->points; i++)
    for (int32_t k = 0; k < j->points; k++) {
      int64_t row = y + i * j->step, column = x + k * j->step;
      int inside = row >= 0 && row < j->end_y && column >= 0 && column < j->end_x;
      to->pixel[i * j->points + k] = inside ? image + (row * j->width + column) * j->depth : zeros;
    }
}

/// Channels c ..< c + FK_LANES of a window, of which `count` exist, to v + position * pitch.
FK_INLINE void winograd_transform_vector(const int32_t points, const int inside, const int whole, const winograd_window *w, int64_t row_step,
                                         int64_t column_step, int64_t c, int64_t count, float *v, int64_t pitch) {
  vf half[winograd_most_points][winograd_most_points];
#pragma clang loop unroll(full)
  for (int32_t x = 0; x < points; x++) {
    vf d[winograd_most_points], u[winograd_most_points];
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < points; y++) {
      const float *from = inside ? w->corner + y * row_step + x * column_step + c : w->pixel[y * points + x] + c;
      d[y] = whole ? vf_load(from) : vf_load_part(from, count);
    }
    winograd_input(points, d, u);
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < points; y++) half[y][x] = u[y];
  }
#pragma clang loop unroll(full)
  for (int32_t y = 0; y < points; y++) {
    vf u[winograd_most_points];
    winograd_input(points, half[y], u);
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < points; x++) {
      float *to = v + (y * points + x) * pitch;
      vf_store(to, u[x]);
      // Stores that miss L1 wait for each other; the next vector's lines are fetched side by side.
      __builtin_prefetch(to + FK_LANES, 1);
    }
  }
}

/// Channels first ..< end of a window. Writes up to FK_LANES - 1 zeros past each position's last channel.
FK_INLINE void winograd_transform_window(const int32_t points, const winograd *j, const winograd_window *w, int64_t first, int64_t end,
                                         float *v, int64_t pitch) {
  int64_t row_step = j->step * j->width * j->depth, column_step = j->step * j->depth, c = first;
  v -= first;
  if (w->corner)
    for (; c + FK_LANES <= end; c += FK_LANES)
      winograd_transform_vector(points, 1, 1, w, row_step, column_step, c, FK_LANES, v + c, pitch);
  else
    for (; c + FK_LANES <= end; c += FK_LANES)
      winograd_transform_vector(points, 0, 1, w, 0, 0, c, FK_LANES, v + c, pitch);
  if (c == end) return;
  if (w->corner)
    winograd_transform_vector(points, 1, 0, w, row_step, column_step, c, end - c, v + c, pitch);
  else
    winograd_transform_vector(points, 0, 0, w, 0, 0, c, end - c, v + c, pitch);
}

/// Where a tile's outputs go, and what is done to them: one vector of channels.
typedef struct winograd_target {
  float *out;
  const float *residual;        // same offsets as out, or NULL
  int64_t row_step, column_step;
  int64_t rows, columns, lanes; // that exist
  vf bias, slope;
  int tanh;
  int scattered;                // by a pixel shuffle of groups that are not whole vectors
  int64_t lane_offset[FK_LANES];
} winograd_target;

FK_INLINE vf winograd_finish(const winograd_target *t, vf x, vf residual) {
  x = x + t->bias;
  if (t->residual) x = x + residual;
  if (!t->tanh) return vf_leaky(x, t->slope);
  float lane[FK_LANES];
  vf_store(lane, x);
  for (int32_t i = 0; i < FK_LANES; i++) lane[i] = fk_tanh(lane[i]);
  return vf_load(lane);
}

FK_INLINE void winograd_store_vector(const int32_t points, const int whole, const float *m, int64_t pitch, const winograd_target *t) {
  vf half[winograd_outputs][winograd_most_points];
  // Stores that miss L1 wait for each other: the lines are fetched side by side while the sums are added up.
  if (whole)
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < winograd_outputs; i++)
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < winograd_outputs; x++) __builtin_prefetch(t->out + i * t->row_step + x * t->column_step, 1);
#pragma clang loop unroll(full)
  for (int32_t x = 0; x < points; x++) {
    vf sum[winograd_most_points], y[winograd_outputs];
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < points; i++) sum[i] = vf_load(m + (i * points + x) * pitch);
    winograd_output(points, sum, y);
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < winograd_outputs; i++) half[i][x] = y[i];
  }
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < winograd_outputs; i++) {
    vf y[winograd_outputs];
    winograd_output(points, half[i], y);
    if (!whole && i >= t->rows) return;
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < winograd_outputs; x++) {
      int64_t at = i * t->row_step + x * t->column_step;
      if (whole) {
        vf_store(t->out + at, winograd_finish(t, y[x], t->residual ? vf_load(t->residual + at) : y[x]));
      } else if (x < t->columns && t->scattered) {
        float lane[FK_LANES];
        vf_store(lane, winograd_finish(t, y[x], y[x]));
        for (int64_t l = 0; l < t->lanes; l++) t->out[at + t->lane_offset[l]] = lane[l];
      } else if (x < t->columns) {
        vf_store_part(t->out + at, winograd_finish(t, y[x], t->residual ? vf_load_part(t->residual + at, t->lanes) : y[x]), t->lanes);
      }
    }
  }
}
