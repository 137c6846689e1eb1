// Window times weights: the forward convolution, its data gradient and the plain matrix product are all this.
//
// The weights are packed once into panels of 2 * FK_LANES columns. Work is cut into blocks of pixels; a lane (one thread at a time)
// takes blocks from a counter and owns a scratch buffer. Every output is summed by one lane in one fixed order, so neither the
// number of lanes nor the cutting shows in the result.

enum {
  panel_columns = 2 * FK_LANES,
  block_tiles = FK_TILE_ROWS == 14 ? 6 : 14,
  block_rows = block_tiles * FK_TILE_ROWS,
  longest_block = 768,        // of the reduction: a tile's rows and a panel's rows of that length fit L1 and L2
  chunk_panels = 8,
  narrow_width = 4,           // up to this many columns are summed along the reduction instead of across columns
};

typedef struct product {
  window left;
  // Weight of (tap, channel) and column n: transposed ? b[tap * b_tap + n * b_step + channel] : b[tap * b_tap + channel * b_step + n].
  const float *b;
  int64_t b_tap, b_step;
  int transposed;
  int64_t width;              // columns
  // The output pixel of (image, row, column): out + image * out_image + row * out_row + column * out_column.
  float *out;
  int64_t out_image, out_row, out_column;
  const fk_epilogue *epilogue;  // or NULL
  const float *residual, *bias, *slopes;  // moved to the same origin as out
  int accumulate;
  int64_t images;
  // Derived.
  int64_t pixels, panels, chunk, chunks, units;
  int narrow;
  float *packed, *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} product;

static int64_t product_scratch_floats(int64_t total, int64_t width) {
  int64_t blocks = window_blocks(total, longest_block), length = fk_min64(longest_block, fk_ceil_div(total, FK_LANES) * FK_LANES);
  int64_t columns = fk_min64(fk_ceil_div(width, panel_columns), chunk_panels) * panel_columns;
  return block_rows * (length + (blocks > 1 ? columns : 0)) + FK_LANES;
}

static int product_is_narrow(int64_t width, int64_t depth) { return width <= narrow_width && depth >= FK_LANES; }

/// Bytes for the pieces, the packed weights and the scratch of every lane.
static size_t product_workspace(int64_t tap_count, int64_t depth, int64_t width) {
  int64_t total = tap_count * depth;
  size_t packed = (size_t)(fk_ceil_div(width, FK_LANES) * FK_LANES * total) * sizeof(float);
  return fk_round_up(window_bytes(tap_count, depth, longest_block), 64) + fk_round_up(packed, 64) +
         (size_t)fk_lanes() * fk_round_up((size_t)product_scratch_floats(total, width) * sizeof(float), 64) + 64;
}

FK_INLINE int64_t panel_vectors(const product *j, int64_t panel) {
  return j->narrow ? 1 : (j->width - panel * panel_columns > FK_LANES ? 2 : 1);
}

static void product_pack(void *context, int64_t panel) {
  const product *j = context;
  const window *w = &j->left;
  if (j->narrow) {
    // One row per column, in the order of the reduction.
    for (int64_t t = 0; t < w->tap_count; t++)
      for (int64_t c = 0; c < w->depth; c++) {
        const float *tap_weights = j->b + w->taps[t].weight * j->b_tap;
        for (int64_t n = 0; n < j->width; n++)
          j->packed[n * w->total + t * w->depth + c] = j->transposed ? tap_weights[n * j->b_step + c] : tap_weights[c * j->b_step + n];
      }
    return;
  }
  int64_t first = panel * panel_columns, columns = panel_vectors(j, panel) * FK_LANES, count = fk_min64(columns, j->width - first);
  float *to = j->packed + first * w->total;
  for (int64_t t = 0; t < w->tap_count; t++) {
    const float *tap_weights = j->b + w->taps[t].weight * j->b_tap;
    if (j->transposed) {
      for (int64_t n = 0; n < columns; n++) {
        const float *from = tap_weights + (first + n) * j->b_step;
        if (n < count)
          for (int64_t c = 0; c < w->depth; c++) to[c * columns + n] = from[c];
        else
          for (int64_t c = 0; c < w->depth; c++) to[c * columns + n] = 0;
      }
    } else {
      for (int64_t c = 0; c < w->depth; c++) {
        const float *from = tap_weights + c * j->b_step + first;
        copy_floats(to + c * columns, from, count);
        zero_floats(to + c * columns + count, columns - count);
      }
    }
    to += w->depth * columns;
  }
}

FK_INLINE vf vf_leaky(vf x, vf slope) { return x > vf_splat(0) ? x : slope * x; }

/// Bias, residual and activation of one vector of outputs; `at` counts from the product's origin.
FK_INLINE vf finish_vector(const product *j, vf x, int64_t at, int64_t column) {
  const fk_epilogue *e = j->epilogue;
  if (!e) return x;
  if (j->bias) x = x + vf_load(j->bias + column);
  if (j->residual) x = x + vf_load(j->residual + at);
  if (e->activation == FK_ACT_LEAKY_RELU) x = vf_leaky(x, vf_splat(e->slope));
  if (e->activation == FK_ACT_PRELU) x = vf_leaky(x, vf_load(j->slopes + column));
  if (e->activation == FK_ACT_TANH) {
    float lane[FK_LANES];
    vf_store(lane, x);
    for (int32_t i = 0; i < FK_LANES; i++) lane[i] = fk_tanh(lane[i]);
    x = vf_load(lane);
  }
  return x;
}

static float finish_one(const product *j, float x, int64_t at, int64_t column) {
  const fk_epilogue *e = j->epilogue;
  if (!e) return x;
  if (j->bias) x = x + j->bias[column];
  if (j->residual) x = x + j->residual[at];
  return fk_activate(e->activation, x, e->slope, e->activation == FK_ACT_PRELU ? j->slopes[column] : 0);
}

/// Brings a tile of sums to the output. `partial` (step `partial_step`) holds the sums of earlier blocks when there is more than one.
static void store_tile(const product *j, const float *tile, int64_t tile_step, int64_t rows, const int64_t *place, int64_t column, int64_t count,
                       float *partial, int64_t partial_step, int first_block, int last_block) {
  for (int64_t m = 0; m < rows; m++, tile += tile_step) {
    float *out = j->out + place[m] + column, *sums = partial + m * partial_step;
    int64_t n = 0;
    for (; n + FK_LANES <= count; n += FK_LANES) {
      vf x = vf_load(tile + n);
      if (!first_block) x = vf_load(sums + n) + x;
      if (!last_block) {
        vf_store(sums + n, x);
        continue;
      }
      if (j->accumulate) x = vf_load(out + n) + x;
      vf_store(out + n, finish_vector(j, x, place[m] + column + n, column + n));
    }
    for (; n < count; n++) {
      float x = tile[n];
      if (!first_block) x = sums[n] + x;
      if (!last_block) {
        sums[n] = x;
        continue;
      }
      if (j->accumulate) x = out[n] + x;
      out[n] = finish_one(j, x, place[m] + column + n, column + n);
    }
  }
}

/// tile[m * FK_LANES + n] = sum of row_m times column n, lanes along the reduction.
FK_INLINE void multiply_narrow(const int32_t rows, const int32_t width, const float *a, int64_t step, pieces p, const float *b, int64_t b_step,
                               float *tile) {
  vf sum[8][narrow_width];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < width; n++) sum[m][n] = vf_splat(0);
  for (int32_t i = 0; i < p.count; i++) {
    const float *base = a + p.offset[i];
    int64_t length = p.length[i], e = 0;
    for (; e + FK_LANES <= length; e += FK_LANES) {
      vf column[narrow_width];
#pragma clang loop unroll(full)
      for (int32_t n = 0; n < width; n++) column[n] = vf_load(b + n * b_step + e);
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < rows; m++) {
        vf x = vf_load(base + m * step + e);
#pragma clang loop unroll(full)
        for (int32_t n = 0; n < width; n++) sum[m][n] = vf_fma(x, column[n], sum[m][n]);
      }
    }
    if (e < length) {
      vf column[narrow_width];
#pragma clang loop unroll(full)
      for (int32_t n = 0; n < width; n++) column[n] = vf_load_part(b + n * b_step + e, length - e);
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < rows; m++) {
        vf x = vf_load_part(base + m * step + e, length - e);
#pragma clang loop unroll(full)
        for (int32_t n = 0; n < width; n++) sum[m][n] = vf_fma(x, column[n], sum[m][n]);
      }
    }
    b += length;
  }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < width; n++) tile[m * FK_LANES + n] = vf_sum(sum[m][n]);
}

static void narrow_tile(int64_t rows, int64_t width, const float *a, int64_t step, pieces p, const float *b, int64_t b_step, float *tile) {
  int64_t m = 0;
  for (; width == 1 && m + 7 <= rows; m += 7) multiply_narrow(7, 1, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; width == 2 && m + 4 <= rows; m += 4) multiply_narrow(4, 2, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; width == 3 && m + 3 <= rows; m += 3) multiply_narrow(3, 3, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; m < rows; m++) {
    if (width == 1) multiply_narrow(1, 1, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 2) multiply_narrow(1, 2, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 3) multiply_narrow(1, 3, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 4) multiply_narrow(1, 4, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  }
}

static void product_unit(const product *j, int64_t unit, float *scratch) {
  const window *w = &j->left;
  int64_t first_pixel = unit / j->chunks * block_rows, first_panel = unit % j->chunks * j->chunk;
  int64_t end_panel = fk_min64(j->panels, first_panel + j->chunk), count = fk_min64(block_rows, j->pixels - first_pixel);
  int64_t tiles = fk_ceil_div(count, FK_TILE_ROWS);
  float *partial = scratch + block_rows * w->block_length;
  int64_t partial_step = (end_panel - first_panel) * panel_columns;
  float tile[FK_TILE_ROWS * panel_columns] __attribute__((aligned(64)));

  pixel start[block_tiles];
  int64_t height[block_tiles], place[block_rows];
  int direct[block_tiles];
  pixel p = window_pixel(w, first_pixel);
  for (int64_t t = 0; t < tiles; t++) {
    start[t] = p;
    height[t] = fk_min64(FK_TILE_ROWS, count - t * FK_TILE_ROWS);
    direct[t] = window_is_direct(w, p, height[t]);
    for (int64_t m = 0; m < height[t]; m++, window_advance(w, &p))
      place[t * FK_TILE_ROWS + m] = p.image * j->out_image + p.row * j->out_row + p.column * j->out_column;
  }
  for (int64_t block = 0; block < w->block_count; block++) {
    for (int64_t t = 0; t < tiles; t++)
      if (!direct[t]) window_gather(w, block, start[t], height[t], scratch + t * FK_TILE_ROWS * w->block_length, w->block_length);
    for (int64_t panel = first_panel; panel < end_panel; panel++) {
      int64_t vectors = panel_vectors(j, panel), column = panel * panel_columns;
      const float *b = j->packed + column * w->total + block * w->block_length * vectors * FK_LANES;
      if (j->narrow) b = j->packed + block * w->block_length;
      for (int64_t t = 0; t < tiles; t++) {
        const float *a = direct[t] ? window_base(w, start[t]) : scratch + t * FK_TILE_ROWS * w->block_length;
        int64_t step = direct[t] ? w->stride_x * w->pitch : w->block_length;
        pieces p = window_pieces(w, block, !direct[t]);
        if (j->narrow)
          narrow_tile(height[t], j->width, a, step, p, b, w->total, tile);
        else
          rows_tiles[height[t] - 1][vectors - 1](a, step, p, b, tile);
        store_tile(j, tile, vectors * FK_LANES, height[t], place + t * FK_TILE_ROWS, column, fk_min64(vectors * FK_LANES, j->width - column),
                   partial + t * FK_TILE_ROWS * partial_step + (panel - first_panel) * panel_columns, partial_step, block == 0,
                   block == w->block_count - 1);
      }
    }
  }
}

static void product_lane(void *context, int64_t lane) {
  product *j = context;
  float *scratch = j->scratch + lane * j->scratch_floats;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->units) return;
    product_unit(j, unit, scratch);
  }
}

/// Runs a job whose first part (up to `images`) is filled in. `memory` has product_workspace bytes for its extents.
static void product_run(product *j, void *memory) {
  window *w = &j->left;
  window_prepare(w, longest_block, FK_LANES, memory);
  char *at = (char *)memory + fk_round_up(window_bytes(w->tap_count, w->depth, longest_block), 64);
  j->packed = (float *)at;
  at += fk_round_up((size_t)(fk_ceil_div(j->width, FK_LANES) * FK_LANES * w->total) * sizeof(float), 64);
  j->scratch = (float *)at;
  j->scratch_floats = (int64_t)(fk_round_up((size_t)product_scratch_floats(w->total, j->width) * sizeof(float), 64) / sizeof(float));
  j->narrow = product_is_narrow(j->width, w->depth);
  j->pixels = j->images * w->rows * w->columns;
  j->panels = fk_ceil_div(j->width, panel_columns);
  if (j->pixels == 0 || j->width == 0) return;
  if (w->total * j->width > 16384)
    fk_parallel(j->panels, j, product_pack);
  else
    for (int64_t panel = 0; panel < j->panels; panel++) product_pack(j, panel);

  int64_t blocks = fk_ceil_div(j->pixels, block_rows), lanes = fk_lanes();
  // Few blocks of pixels: the panels are shared out too.
  j->chunk = fk_max64(1, fk_min64(chunk_panels, j->panels * blocks / (4 * lanes)));
  j->chunks = fk_ceil_div(j->panels, j->chunk);
  j->units = blocks * j->chunks;
  atomic_store(&j->next, 0);
  // Below this a sleeping thread wakes too late to help.
  int small = (double)j->pixels * (double)w->total * (double)j->width < 1e6;
  if (small)
    product_lane(j, 0);
  else
    fk_parallel(fk_min64(lanes, j->units), j, product_lane);
}
