// Window transposed times gradient: the weight gradient. The sum runs over pixels, which are cut into a number of blocks that the
// geometry without n fixes; the blocks are added in order.
//
// A unit walks its pixels in short runs. Of each run the gradient is packed into panels and the window gathered, a block of columns
// at a time, while the sums stay in L2. Few output channels (`narrow`) are summed with the vectors along the window instead, which is
// read in place.

enum {
  gradient_columns = FK_TILE_ROWS * (FK_TILE_ROWS == 14 ? 16 : 36),  // (tap, channel) rows of dw gathered at a time
  gradient_pixels = 128,                                             // of a run
  gradient_sums = 131072,                                            // floats of dw that a unit adds to
  narrow_vectors = 8,
};

typedef struct gradient {
  window left;
  const float *b;             // [pixels, b_step], columns 0 ..< width
  int64_t b_step, width;
  float *out;                 // [left.total, out_step]
  int64_t out_step;
  int accumulate;
  int64_t images;
  int64_t lanes;              // that have scratch
  // Derived.
  int64_t pixels, blocks;
  int64_t group, groups;      // column blocks per unit, units per pixel block
  int narrow;
  float *sums;                // blocks 1... of the same shape as out, without gaps: [blocks - 1, total, width]
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} gradient;

static int64_t gradient_blocks(int64_t total, int64_t width) {
  return fk_max64(1, fk_min64(FK_MAX_BLOCKS, 2097152 / fk_max64(1, total * width)));
}

static int64_t gradient_scratch_floats(int64_t total, int64_t depth, int64_t width) {
  if (product_is_narrow(width, depth)) return total * (width + 1) + 2 * FK_LANES;
  return gradient_pixels * (gradient_columns + fk_ceil_div(width, FK_LANES) * FK_LANES) + FK_LANES;
}

static size_t gradient_workspace(int64_t tap_count, int64_t depth, int64_t width, int64_t lanes) {
  int64_t total = tap_count * depth;
  return fk_round_up(window_bytes(tap_count, depth, product_is_narrow(width, depth) ? total : gradient_columns), 64) +
         fk_round_up((size_t)((gradient_blocks(total, width) - 1) * total * width) * sizeof(float), 64) +
         (size_t)lanes * fk_round_up((size_t)gradient_scratch_floats(total, depth, width) * sizeof(float), 64) + 64;
}

/// Adds a tile to rows of dw, or writes it when it is the first.
FK_INLINE void add_tile(float *out, int64_t step, const float *tile, int64_t tile_step, int64_t rows, int64_t count, int first) {
  for (int64_t m = 0; m < rows; m++, out += step, tile += tile_step) {
    int64_t n = 0;
    if (first) {
      copy_floats(out, tile, count);
      continue;
    }
    for (; n + FK_LANES <= count; n += FK_LANES) vf_store(out + n, vf_load(out + n) + vf_load(tile + n));
    for (; n < count; n++) out[n] += tile[n];
  }
}

/// `count` rows of the gradient as panels: [panel][count][its columns], zeros beyond width.
static void pack_gradient(const gradient *j, int64_t first, int64_t count, float *to) {
  for (int64_t column = 0; column < j->width; column += panel_columns) {
    int64_t left_over = fk_min64(panel_columns, j->width - column), columns = left_over > FK_LANES ? panel_columns : FK_LANES;
    const float *from = j->b + first * j->b_step + column;
    if (left_over == panel_columns) {
      for (int64_t e = 0; e < count; e++, from += j->b_step, to += panel_columns) copy_floats(to, from, panel_columns);
      continue;
    }
    for (int64_t e = 0; e < count; e++, from += j->b_step, to += columns) {
      copy_floats(to, from, left_over);
      zero_floats(to + left_over, columns - left_over);
    }
  }
}

static void gradient_unit(const gradient *j, int64_t unit, float *scratch) {
  const window *w = &j->left;
  int64_t block = unit / j->groups, first_block = unit % j->groups * j->group, end_block = fk_min64(w->block_count, first_block + j->group);
  int64_t begin = j->pixels * block / j->blocks, end = j->pixels * (block + 1) / j->blocks;
  int64_t step = block == 0 ? j->out_step : j->width;
  float *out = block == 0 ? j->out : j->sums + (block - 1) * w->total * step;
  int overwrite = block != 0 || !j->accumulate;
  float *packed = scratch + gradient_pixels * gradient_columns;
  float tile[FK_TILE_ROWS * panel_columns] __attribute__((aligned(64)));
  if (overwrite && begin == end)
    for (int64_t row = first_block * w->block_length; row < fk_min64(w->total, end_block * w->block_length); row++)
      zero_floats(out + row * step, j->width);

  for (int64_t first = begin; first < end; first += gradient_pixels) {
    int64_t count = fk_min64(gradient_pixels, end - first);
    pixel start = window_pixel(w, first);
    // A few rows of dw read the gradient too seldom to pay for packing it.
    int in_place = w->total <= 2 * FK_TILE_ROWS && j->width % FK_LANES == 0;
    if (!in_place) pack_gradient(j, first, count, packed);
    for (int64_t part = first_block; part < end_block; part++) {
      int64_t first_row = part * w->block_length, rows = fk_min64(w->block_length, w->total - first_row);
      window_gather(w, part, start, count, scratch, w->block_length);
      const float *b = in_place ? j->b + first * j->b_step : packed;
      for (int64_t column = 0; column < j->width; column += panel_columns) {
        int64_t left_over = fk_min64(panel_columns, j->width - column), vectors = left_over > FK_LANES ? 2 : 1;
        for (int64_t m = 0; m < rows; m += FK_TILE_ROWS) {
          int64_t height = fk_min64(FK_TILE_ROWS, rows - m);
          columns_tiles[height - 1][vectors - 1](scratch + m, w->block_length, b, in_place ? j->b_step : vectors * FK_LANES, count, tile);
          add_tile(out + (first_row + m) * step + column, step, tile, vectors * FK_LANES, height, left_over, overwrite && first == begin);
        }
        b += in_place ? panel_columns : count * vectors * FK_LANES;
      }
    }
  }
}

/// sums[e] += sum over the run of g * window[e]; the window's rows are `step` apart, their pieces at p.offset.
static void add_narrow_run(pieces p, const float *a, int64_t step, const float *g, int64_t g_step, int64_t count, float *sums) {
  for (int32_t i = 0; i < p.count; i++) {
    const float *base = a + p.offset[i];
    int64_t length = p.length[i], e = 0;
    for (; e + narrow_vectors * FK_LANES <= length; e += narrow_vectors * FK_LANES) {
      vf sum[narrow_vectors];
#pragma clang loop unroll(full)
      for (int32_t v = 0; v < narrow_vectors; v++) sum[v] = vf_splat(0);
      for (int64_t m = 0; m < count; m++) {
        vf x = vf_splat(g[m * g_step]);
        const float *row = base + m * step + e;
#pragma clang loop unroll(full)
        for (int32_t v = 0; v < narrow_vectors; v++) sum[v] = vf_fma(x, vf_load(row + v * FK_LANES), sum[v]);
      }
#pragma clang loop unroll(full)
      for (int32_t v = 0; v < narrow_vectors; v++) vf_store(sums + e + v * FK_LANES, vf_load(sums + e + v * FK_LANES) + sum[v]);
    }
    for (; e + FK_LANES <= length; e += FK_LANES) {
      vf sum = vf_splat(0);
      for (int64_t m = 0; m < count; m++) sum = vf_fma(vf_splat(g[m * g_step]), vf_load(base + m * step + e), sum);
      vf_store(sums + e, vf_load(sums + e) + sum);
    }
    for (; e < length; e++) {
      float sum = 0;
      for (int64_t m = 0; m < count; m++) sum = f_fma(g[m * g_step], base[m * step + e], sum);
      sums[e] += sum;
    }
    sums += length;
  }
}

/// Pixels of a run from p on that see no padding and lie in one row; 0 when p itself sees some.
static int64_t direct_run(const window *w, pixel p, int64_t most) {
  if (!window_is_direct(w, p, 1)) return 0;
  int64_t fit = (w->width - 1 - w->high_x - p.column * w->stride_x) / w->stride_x + 1;
  return fk_min64(fk_min64(most, w->columns - p.column), fit);
}

static void gradient_narrow_unit(const gradient *j, int64_t block, float *scratch) {
  const window *w = &j->left;
  int64_t begin = j->pixels * block / j->blocks, end = j->pixels * (block + 1) / j->blocks;
  float *sums = scratch, *row = scratch + w->total * j->width;
  zero_floats(sums, w->total * j->width);
  pixel p = begin < end ? window_pixel(w, begin) : (pixel){0, 0, 0};
  for (int64_t first = begin, count; first < end; first += count) {
    count = direct_run(w, p, fk_min64(gradient_pixels, end - first));
    int gathered = count == 0;
    if (gathered) {
      count = 1;
      window_gather(w, 0, p, 1, row, w->total);
    }
    for (int64_t n = 0; n < j->width; n++)
      add_narrow_run(window_pieces(w, 0, gathered), gathered ? row : window_base(w, p), w->stride_x * w->pitch, j->b + first * j->b_step + n,
                     j->b_step, count, sums + n * w->total);
    for (int64_t m = 0; m < count; m++) window_advance(w, &p);
  }
  int64_t step = block == 0 ? j->out_step : j->width;
  float *out = block == 0 ? j->out : j->sums + (block - 1) * w->total * step;
  for (int64_t e = 0; e < w->total; e++)
    for (int64_t n = 0; n < j->width; n++)
      out[e * step + n] = block == 0 && j->accumulate ? out[e * step + n] + sums[n * w->total + e] : sums[n * w->total + e];
}

static void gradient_lane(void *context, int64_t lane) {
  gradient *j = context;
  float *scratch = j->scratch + lane * j->scratch_floats;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->blocks * j->groups) return;
    if (j->narrow)
      gradient_narrow_unit(j, unit, scratch);
    else
      gradient_unit(j, unit, scratch);
  }
}

/// Adds the blocks to the first one, in order, for a share of the rows of dw.
static void gradient_add_rows(void *context, int64_t unit) {
  gradient *j = context;
  int64_t rows = fk_ceil_div(j->left.total, 64), first = unit * rows, end = fk_min64(j->left.total, first + rows);
  for (int64_t row = first; row < end; row++)
    for (int64_t block = 1; block < j->blocks; block++) {
      float *to = j->out + row * j->out_step;
      const float *from = j->sums + ((block - 1) * j->left.total + row) * j->width;
      for (int64_t n = 0; n < j->width; n++) to[n] += from[n];
    }
}

/// Runs a job whose first part (up to `images`) is filled in. `memory` has gradient_workspace bytes for its extents.
static void gradient_run(gradient *j, void *memory) {
  window *w = &j->left;
  int64_t total = w->tap_count * w->depth;
  if (total == 0 || j->width == 0) return;
  j->narrow = product_is_narrow(j->width, w->depth);
  window_prepare(w, j->narrow ? total : gradient_columns, j->narrow ? 1 : FK_LANES, memory);
  char *at = (char *)memory + fk_round_up(window_bytes(w->tap_count, w->depth, j->narrow ? total : gradient_columns), 64);
  j->blocks = gradient_blocks(total, j->width);
  j->sums = (float *)at;
  at += fk_round_up((size_t)((j->blocks - 1) * total * j->width) * sizeof(float), 64);
  j->scratch = (float *)at;
  j->scratch_floats = (int64_t)(fk_round_up((size_t)gradient_scratch_floats(total, w->depth, j->width) * sizeof(float), 64) / sizeof(float));
  j->pixels = j->images * w->rows * w->columns;
  j->group = fk_max64(1, gradient_sums / (w->block_length * j->width));
  j->groups = j->narrow ? 1 : fk_ceil_div(w->block_count, j->group);
  atomic_store(&j->next, 0);
  int small = (double)j->pixels * (double)total * (double)j->width < 1e6;
  if (small)
    gradient_lane(j, 0);
  else
    fk_parallel(fk_min64(j->lanes, j->blocks * j->groups), j, gradient_lane);
  if (j->blocks == 1) return;
  if (total * j->width < 32768)
    for (int64_t i = 0; i < 64; i++) gradient_add_rows(j, i);
  else
    fk_parallel(64, j, gradient_add_rows);
}
