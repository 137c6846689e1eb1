// Window transposed times gradient: the weight gradient. The sum runs over pixels, which are cut into a number of blocks that the
// geometry without n fixes; the blocks are added in order.

enum {
  gradient_columns = FK_TILE_ROWS * (FK_TILE_ROWS == 14 ? 16 : 36),  // (tap, channel) rows of dw per unit
  gradient_pixels = 128,                                             // gathered at a time
};

typedef struct gradient {
  window left;
  const float *b;             // [pixels, b_step], columns 0 ..< width
  int64_t b_step, width;
  float *out;                 // [left.total, out_step]
  int64_t out_step;
  int accumulate;
  int64_t images;
  // Derived.
  int64_t pixels, blocks;
  float *sums;                // blocks 1... of the same shape as out, without gaps: [blocks - 1, total, width]
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} gradient;

static int64_t gradient_blocks(int64_t total, int64_t width) {
  return fk_max64(1, fk_min64(FK_MAX_BLOCKS, 2097152 / fk_max64(1, total * width)));
}

static int64_t gradient_scratch_floats(void) {
  return gradient_pixels * (gradient_columns + panel_columns) + FK_LANES;
}

static size_t gradient_workspace(int64_t tap_count, int64_t depth, int64_t width) {
  int64_t total = tap_count * depth;
  return fk_round_up(window_bytes(tap_count, depth, gradient_columns), 64) +
         fk_round_up((size_t)((gradient_blocks(total, width) - 1) * total * width) * sizeof(float), 64) +
         (size_t)fk_lanes() * fk_round_up((size_t)gradient_scratch_floats() * sizeof(float), 64) + 64;
}

static void gradient_unit(const gradient *j, int64_t unit, float *scratch) {
  const window *w = &j->left;
  int64_t column_block = unit % w->block_count, block = unit / w->block_count;
  int64_t first_row = column_block * w->block_length, rows = fk_min64(w->block_length, w->total - first_row);
  int64_t begin = j->pixels * block / j->blocks, end = j->pixels * (block + 1) / j->blocks;
  int64_t step = block == 0 ? j->out_step : j->width;
  float *out = block == 0 ? j->out + first_row * step : j->sums + ((block - 1) * w->total + first_row) * step;
  int overwrite = block != 0 || !j->accumulate;
  float *tail = scratch + gradient_pixels * gradient_columns;
  float tile[FK_TILE_ROWS * panel_columns] __attribute__((aligned(64)));
  if (overwrite && begin == end)
    for (int64_t m = 0; m < rows; m++) zero_floats(out + m * step, j->width);

  for (int64_t first = begin; first < end; first += gradient_pixels) {
    int64_t count = fk_min64(gradient_pixels, end - first);
    window_gather(w, column_block, window_pixel(w, first), count, scratch, w->block_length);
    for (int64_t column = 0; column < j->width; column += panel_columns) {
      int64_t left_over = fk_min64(panel_columns, j->width - column), vectors = left_over > FK_LANES ? 2 : 1;
      const float *b = j->b + first * j->b_step + column;
      int64_t b_step = j->b_step;
      if (left_over < vectors * FK_LANES) {
        b_step = vectors * FK_LANES;
        for (int64_t e = 0; e < count; e++) {
          copy_floats(tail + e * b_step, b + e * j->b_step, left_over);
          zero_floats(tail + e * b_step + left_over, b_step - left_over);
        }
        b = tail;
      }
      for (int64_t m = 0; m < rows; m += FK_TILE_ROWS) {
        int64_t height = fk_min64(FK_TILE_ROWS, rows - m);
        columns_tiles[height - 1][vectors - 1](scratch + m, w->block_length, b, b_step, count, tile);
        for (int64_t i = 0; i < height; i++) {
          float *to = out + (m + i) * step + column;
          const float *from = tile + i * vectors * FK_LANES;
          int64_t n = 0;
          if (overwrite && first == begin) {
            copy_floats(to, from, left_over);
            continue;
          }
          for (; n + FK_LANES <= left_over; n += FK_LANES) vf_store(to + n, vf_load(to + n) + vf_load(from + n));
          for (; n < left_over; n++) to[n] += from[n];
        }
      }
    }
  }
}

static void gradient_lane(void *context, int64_t lane) {
  gradient *j = context;
  float *scratch = j->scratch + lane * j->scratch_floats;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->blocks * j->left.block_count) return;
    gradient_unit(j, unit, scratch);
  }
}

/// Adds the blocks to the first one, in order, for one row of dw.
static void gradient_add_row(void *context, int64_t unit) {
  gradient *j = context;
  int64_t rows = fk_ceil_div(j->left.total, 64), first = unit * rows, end = fk_min64(j->left.total, first + rows);
  for (int64_t row = first; row < end; row++)
    for (int64_t block = 1; block < j->blocks; block++) {
      float *to = j->out + row * j->out_step;
      const float *from = j->sums + ((block - 1) * j->left.total + row) * j->width;
      for (int64_t n = 0; n < j->width; n++) to[n] += from[n];
    }
}

static void gradient_run(gradient *j, void *memory) {
  window *w = &j->left;
  window_prepare(w, gradient_columns, FK_TILE_ROWS, memory);
  char *at = (char *)memory + fk_round_up(window_bytes(w->tap_count, w->depth, gradient_columns), 64);
  j->blocks = gradient_blocks(w->total, j->width);
  j->sums = (float *)at;
  at += fk_round_up((size_t)((j->blocks - 1) * w->total * j->width) * sizeof(float), 64);
  j->scratch = (float *)at;
  j->scratch_floats = (int64_t)(fk_round_up((size_t)gradient_scratch_floats() * sizeof(float), 64) / sizeof(float));
  j->pixels = j->images * w->rows * w->columns;
  atomic_store(&j->next, 0);
  int small = (double)j->pixels * (double)w->total * (double)j->width < 1e6;
  if (small)
    gradient_lane(j, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), j->blocks * w->block_count), j, gradient_lane);
  if (j->blocks == 1) return;
  if (w->total * j->width < 32768)
    for (int64_t i = 0; i < 64; i++) gradient_add_row(j, i);
  else
    fk_parallel(64, j, gradient_add_row);
}
