// Weight gradients with few channels on one side: vectors run along the channels of the wide tensor, the values of the narrow one are
// spread over a vector.
//
// Few input channels: wide = g, narrow = x. Few output channels (stride 1): wide = x, narrow = g, with the taps in reverse. Either way
// a wide pixel (y, x) meets, for tap row i, the narrow row y * row_stride + row_offset + i * row_step and there `terms` consecutive
// floats, (tap, channel), from column x * column_stride + column_offset on. A tile of (tap row, term) x channel vectors stays in
// registers over a run of wide pixels. Rows of the wide tensor are cut into fixed blocks, whose sums are added in order.

enum {
  narrow_run_pixels = 64,
  narrow_gradient_columns = 256,   // of the wide tensor per strip
};

typedef struct narrow_gradient {
  const float *wide, *narrow;
  int64_t images, rows, columns, width;          // wide [images, rows, columns, width]
  int64_t narrow_rows, narrow_columns, depth;    // narrow [images, narrow_rows, narrow_columns, depth]
  int64_t row_stride, row_offset, row_step, column_stride, column_offset;
  int64_t taps_y, taps_x;
  int reversed;               // taps, and the layout of dw
  float *out;
  // Derived.
  int64_t terms, padded;      // floats per tap row and wide pixel, wide channels in whole vectors
  int64_t height, breadth;    // of a tile: tap rows, terms
  int64_t span, line_floats;  // narrow lines in the ring, floats of one
  int64_t blocks;
  float *sums;                // [blocks, taps_y, terms, padded]
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} narrow_gradient;

/// sums[l * line_step + e * padded + ...] += sum over pixels of line_l[pixel * step + e] * wide[pixel * wide_step ...].
FK_INLINE void narrow_add(const int32_t lines, const int32_t terms, const int32_t vectors, const float *const *line, int64_t step,
                          const float *wide, int64_t wide_step, int64_t pixels, float *sums, int64_t line_step, int64_t term_step) {
  vf sum[4 * FK_TILE_ROWS][2];
  const float *at[4];
#pragma clang loop unroll(full)
  for (int32_t l = 0; l < lines; l++) at[l] = line[l];
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < lines * terms; i++) sum[i][0] = sum[i][1] = vf_splat(0);
  for (int64_t p = 0; p < pixels; p++, wide += wide_step) {
    vf w0 = vf_load(wide), w1 = vectors > 1 ? vf_load(wide + FK_LANES) : w0;
#pragma clang loop unroll(full)
    for (int32_t l = 0; l < lines; l++) {
#pragma clang loop unroll(full)
      for (int32_t e = 0; e < terms; e++) {
        vf value = vf_splat(at[l][e]);
        sum[l * terms + e][0] = vf_fma(value, w0, sum[l * terms + e][0]);
        if (vectors > 1) sum[l * terms + e][1] = vf_fma(value, w1, sum[l * terms + e][1]);
      }
      at[l] += step;
    }
  }
#pragma clang loop unroll(full)
  for (int32_t l = 0; l < lines; l++)
#pragma clang loop unroll(full)
    for (int32_t e = 0; e < terms; e++)
#pragma clang loop unroll(full)
      for (int32_t v = 0; v < vectors; v++) {
        float *to = sums + l * line_step + e * term_step + v * FK_LANES;
        vf_store(to, vf_load(to) + sum[l * terms + e][v]);
      }
}

typedef void add_tile_body(const float *const *line, int64_t step, const float *wide, int64_t wide_step, int64_t pixels, float *sums,
                           int64_t line_step, int64_t term_step);

#define FK_ADD(lines, terms, vectors)                                                                                              \
  static void add_##lines##_##terms##_##vectors(const float *const *line, int64_t step, const float *wide, int64_t wide_step,      \
                                                int64_t pixels, float *sums, int64_t line_step, int64_t term_step) {               \
    narrow_add(lines, terms, vectors, line, step, wide, wide_step, pixels, sums, line_step, term_step);                            \
  }
#define FK_ADDS(lines, terms) FK_ADD(lines, terms, 1) FK_ADD(lines, terms, 2)
FK_ADDS(1, 1) FK_ADDS(1, 2) FK_ADDS(1, 3) FK_ADDS(1, 4) FK_ADDS(1, 5) FK_ADDS(1, 6)
FK_ADDS(2, 1) FK_ADDS(2, 2) FK_ADDS(2, 3)
FK_ADDS(3, 1) FK_ADDS(3, 2)
FK_ADDS(4, 1)
#if FK_TILE_ROWS == 14
FK_ADDS(1, 7) FK_ADDS(1, 8) FK_ADDS(1, 9) FK_ADDS(1, 10) FK_ADDS(1, 11) FK_ADDS(1, 12) FK_ADDS(1, 13) FK_ADDS(1, 14)
FK_ADDS(2, 4) FK_ADDS(2, 5) FK_ADDS(2, 6) FK_ADDS(2, 7)
FK_ADDS(3, 3) FK_ADDS(3, 4)
FK_ADDS(4, 2) FK_ADDS(4, 3)
#endif
#define FK_ADD_PAIR(lines, terms) [terms] = {add_##lines##_##terms##_1, add_##lines##_##terms##_2}
static add_tile_body *const add_tiles[5][FK_TILE_ROWS + 1][2] = {
    [1] = {FK_ADD_PAIR(1, 1), FK_ADD_PAIR(1, 2), FK_ADD_PAIR(1, 3), FK_ADD_PAIR(1, 4), FK_ADD_PAIR(1, 5), FK_ADD_PAIR(1, 6),
#if FK_TILE_ROWS == 14
           FK_ADD_PAIR(1, 7), FK_ADD_PAIR(1, 8), FK_ADD_PAIR(1, 9), FK_ADD_PAIR(1, 10), FK_ADD_PAIR(1, 11), FK_ADD_PAIR(1, 12),
           FK_ADD_PAIR(1, 13), FK_ADD_PAIR(1, 14),
#endif
    },
    [2] = {FK_ADD_PAIR(2, 1), FK_ADD_PAIR(2, 2), FK_ADD_PAIR(2, 3),
#if FK_TILE_ROWS == 14
           FK_ADD_PAIR(2, 4), FK_ADD_PAIR(2, 5), FK_ADD_PAIR(2, 6), FK_ADD_PAIR(2, 7),
#endif
    },
    [3] = {FK_ADD_PAIR(3, 1), FK_ADD_PAIR(3, 2),
#if FK_TILE_ROWS == 14
           FK_ADD_PAIR(3, 3), FK_ADD_PAIR(3, 4),
#endif
    },
    [4] = {FK_ADD_PAIR(4, 1),
#if FK_TILE_ROWS == 14
           FK_ADD_PAIR(4, 2), FK_ADD_PAIR(4, 3),
#endif
    },
};

static narrow_gradient narrow_gradient_of(const fk_conv_geometry *g) {
  narrow_gradient j = {.images = g->n, .taps_y = g->r, .taps_x = g->s, .row_step = g->dilation_h};
  if (g->c <= narrow_channels) {
    j.rows = g->p, j.columns = g->q, j.width = g->k;
    j.narrow_rows = g->h, j.narrow_columns = g->w, j.depth = g->c;
    j.row_stride = g->stride_h, j.row_offset = -g->pad_top;
    j.column_stride = g->stride_w, j.column_offset = -g->pad_left;
  } else {
    j.reversed = 1;
    j.rows = g->h, j.columns = g->w, j.width = g->c;
    j.narrow_rows = g->p, j.narrow_columns = g->q, j.depth = g->k;
    j.row_stride = 1, j.row_offset = g->pad_top - (g->r - 1) * g->dilation_h;
    j.column_stride = 1, j.column_offset = g->pad_left - (g->s - 1);
  }
  j.terms = j.taps_x * j.depth;
  j.padded = fk_ceil_div(j.width, FK_LANES) * FK_LANES;
  j.breadth = fk_ceil_div(j.terms, fk_ceil_div(j.terms, FK_TILE_ROWS));
  int64_t lines = j.breadth == j.terms ? fk_max64(1, fk_min64(4, FK_TILE_ROWS / j.terms)) : 1;
  j.height = fk_ceil_div(j.taps_y, fk_ceil_div(j.taps_y, lines));
  j.span = (j.taps_y - 1) * j.row_step + 1;
  j.line_floats = ((fk_min64(j.columns, narrow_gradient_columns) - 1) * j.column_stride + j.taps_x) * j.depth;
  j.blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS, 2097152 / (j.taps_y * j.terms * j.padded)));
  // The ring, a line of zeros and a run of wide pixels in whole vectors.
  j.scratch_floats = (j.span + 1) * j.line_floats + narrow_run_pixels * (j.padded == j.width ? 0 : j.padded);
  return j;
}

static size_t narrow_gradient_bytes(const narrow_gradient *j) {
  return fk_round_up((size_t)(j->blocks * j->taps_y * j->terms * j->padded) * sizeof(float), 64) +
         (size_t)fk_lanes() * fk_round_up((size_t)j->scratch_floats * sizeof(float), 64);
}

/// Lays out narrow row y from column `first` on; zeros beyond the image.
static void narrow_gradient_line(const narrow_gradient *j, int64_t image, int64_t y, int64_t first, float *to) {
  int64_t columns = j->line_floats / j->depth, low = fk_min64(columns, fk_max64(0, -first));
  int64_t high = fk_max64(low, fk_min64(columns, j->narrow_columns - first));
  zero_floats(to, low * j->depth);
  if (low < high)
    copy_floats(to + low * j->depth, j->narrow + ((image * j->narrow_rows + y) * j->narrow_columns + first + low) * j->depth,
                (high - low) * j->depth);
  zero_floats(to + high * j->depth, (columns - high) * j->depth);
}

/// Adds a run of wide pixels to every tile. `line[i]` is where tap row i starts for the run's first pixel. Meanwhile the next run, up to
/// `ahead_end`, is brought closer.
static void narrow_gradient_pixels(const narrow_gradient *j, const float *const *line, const float *wide, int64_t wide_step, int64_t pixels,
                                   const float *ahead, const float *ahead_end, float *sums) {
  int64_t line_step = j->terms * j->padded;
  int64_t tiles = fk_ceil_div(j->padded, 2 * FK_LANES) * fk_ceil_div(j->taps_y, j->height) * fk_ceil_div(j->terms, j->breadth);
  int64_t share = fk_ceil_div(ahead_end - ahead, tiles * cache_line_floats) * cache_line_floats;
  for (int64_t channel = 0, vectors; channel < j->padded; channel += vectors * FK_LANES) {
    vectors = j->padded - channel > FK_LANES ? 2 : 1;
    for (int64_t i = 0; i < j->taps_y; i += j->height)
      for (int64_t e = 0; e < j->terms; e += j->breadth) {
        int64_t lines = fk_min64(j->height, j->taps_y - i), terms = fk_min64(j->breadth, j->terms - e);
        const float *from[4];
        for (int64_t l = 0; l < lines; l++) from[l] = line[i + l] + e;
        for (const float *stop = ahead_end - ahead > share ? ahead + share : ahead_end; ahead < stop; ahead += cache_line_floats)
          __builtin_prefetch(ahead, 0, 2);
        add_tiles[lines][terms][vectors - 1](from, j->column_stride * j->depth, wide + channel, wide_step, pixels,
                                             sums + i * line_step + e * j->padded + channel, line_step, j->padded);
      }
  }
}

static void narrow_gradient_block(const narrow_gradient *j, int64_t block, float *ring) {
  int64_t begin = j->images * j->rows * block / j->blocks, end = j->images * j->rows * (block + 1) / j->blocks;
  float *sums = j->sums + block * j->taps_y * j->terms * j->padded, *zeros = ring + j->span * j->line_floats, *run = zeros + j->line_floats;
  zero_floats(sums, j->taps_y * j->terms * j->padded);
  zero_floats(zeros, j->line_floats);
  for (int64_t column = 0; column < j->columns; column += narrow_gradient_columns) {
    int64_t columns = fk_min64(narrow_gradient_columns, j->columns - column), first = column * j->column_stride + j->column_offset;
    int64_t next = 0;
    for (int64_t row = begin; row < end; row++) {
      int64_t image = row / j->rows, top = row % j->rows * j->row_stride + j->row_offset;
      if (row % j->rows == 0) next = 0;
      next = fk_max64(next, top);
      for (; next < top + j->span && next < j->narrow_rows; next++)
        narrow_gradient_line(j, image, next, first, ring + next % j->span * j->line_floats);
      const float *line[narrow_span];
      for (int64_t i = 0; i < j->taps_y; i++) {
        int64_t y = top + i * j->row_step;
        line[i] = y >= 0 && y < j->narrow_rows ? ring + y % j->span * j->line_floats : zeros;
      }
      for (int64_t at = 0; at < columns; at += narrow_run_pixels) {
        int64_t pixels = fk_min64(narrow_run_pixels, columns - at);
        const float *wide = j->wide + (row * j->columns + column + at) * j->width;
        if (j->padded != j->width) {
          for (int64_t p = 0; p < pixels; p++) {
            copy_floats(run + p * j->padded, wide + p * j->width, j->width);
            zero_floats(run + p * j->padded + j->width, j->padded - j->width);
          }
          wide = run;
        }
        const float *ahead = j->wide + (row * j->columns + column + at + pixels) * j->width;
        narrow_gradient_pixels(j, line, wide, j->padded, pixels, ahead,
                               at + pixels < columns || row + 1 < end ? ahead + narrow_run_pixels * j->width : ahead, sums);
        for (int64_t i = 0; i < j->taps_y; i++) line[i] += pixels * j->column_stride * j->depth;
      }
    }
  }
}

static void narrow_gradient_lane(void *context, int64_t lane) {
  narrow_gradient *j = context;
  for (;;) {
    int64_t block = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (block >= j->blocks) return;
    narrow_gradient_block(j, block, j->scratch + lane * j->scratch_floats);
  }
}

/// Adds up the blocks of tap row i and writes its part of dw.
static void narrow_gradient_finish(void *context, int64_t i) {
  const narrow_gradient *j = context;
  int64_t size = j->taps_y * j->terms * j->padded;
  for (int64_t e = 0; e < j->terms; e++) {
    float *sums = j->sums + (i * j->terms + e) * j->padded;
    for (int64_t block = 1; block < j->blocks; block++)
      for (int64_t n = 0; n < j->padded; n += FK_LANES) vf_store(sums + n, vf_load(sums + n) + vf_load(sums + block * size + n));
    if (!j->reversed) {
      copy_floats(j->out + (i * j->terms + e) * j->width, sums, j->width);
      continue;
    }
    int64_t tap = (j->taps_y - 1 - i) * j->taps_x + j->taps_x - 1 - e / j->depth;
    for (int64_t c = 0; c < j->width; c++) j->out[(tap * j->width + c) * j->depth + e % j->depth] = sums[c];
  }
}

static void narrow_gradient_run(narrow_gradient *j, const float *x, const float *g, float *dw, char *memory) {
  j->wide = j->reversed ? x : g;
  j->narrow = j->reversed ? g : x;
  j->out = dw;
  j->sums = (float *)memory;
  j->scratch = (float *)(memory + fk_round_up((size_t)(j->blocks * j->taps_y * j->terms * j->padded) * sizeof(float), 64));
  j->scratch_floats = (int64_t)(fk_round_up((size_t)j->scratch_floats * sizeof(float), 64) / sizeof(float));
  atomic_store(&j->next, 0);
  int64_t weights = j->taps_y * j->terms * j->padded;
  if ((double)j->images * (double)(j->rows * j->columns) * (double)weights < 1e6)
    narrow_gradient_lane(j, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), j->blocks), j, narrow_gradient_lane);
  if (weights < 32768)
    for (int64_t i = 0; i < j->taps_y; i++) narrow_gradient_finish(j, i);
  else
    fk_parallel(j->taps_y, j, narrow_gradient_finish);
}
