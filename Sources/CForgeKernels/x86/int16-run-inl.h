// A 16-bit convolution: blocks of tiles, shared among the threads. Every tile has a scale of its own, so how tiles are cut into blocks
// does not show in the result.

enum { int16_block_bytes = 384 << 10 };

typedef struct int16_job {
  fk_int16_plan plan;
  const float *source;
  const void *prepared;
  const fk_epilogue *epilogue;  // or NULL
  const float *residual;        // or NULL
  float *out;
  int16_product *product;
  int64_t padded, tiles;        // channels; tiles of one phase, all images
  int64_t blocks, shares;       // of a phase's tiles; of its panels
  int64_t units;
  char *scratch;
  int64_t scratch_bytes;
  _Atomic int64_t next;
} int16_job;

/// Tiles of a block at most: a multiple of int16_rows whose integers fit L2.
static int64_t int16_block_tiles(const fk_int16_plan *p) {
  int64_t most = int16_block_bytes / (p->positions * int16_padded(p->depth) * (int64_t)sizeof(int16_t)) / int16_rows * int16_rows;
  return fk_max64(int16_rows, fk_min64(int16_most_tiles, most));
}

typedef struct int16_scratch {
  int32_t *integers;   // [tile][position][padded / 2]
  float *products;     // [tile][position][int16_panel]
  float *numbers;      // of a chunk, [vector][position][FK_LANES]
  float *pixels;       // [edge * edge][padded]
  float *downs;        // [position][chunk][int16_most_tiles]
} int16_scratch;

/// Cuts the scratch of one thread; returns its bytes.
static size_t int16_cut(const fk_int16_plan *p, char *memory, int16_scratch *s) {
  int64_t tiles = int16_block_tiles(p), padded = int16_padded(p->depth), words[5];
  words[0] = tiles * p->positions * padded / 2;
  words[1] = tiles * p->positions * int16_panel;
  words[2] = p->positions * fk_min64(padded, fk_int16_chunk);
  words[3] = p->positions * padded;
  words[4] = p->positions * fk_ceil_div(padded, fk_int16_chunk) * int16_most_tiles;
  size_t at[6] = {0};
  // A line between the parts keeps them off the same sets of the cache.
  for (int32_t i = 0; i < 5; i++) at[i + 1] = at[i] + fk_round_up((size_t)words[i] * sizeof(float), 64) + 64;
  if (memory)
    *s = (int16_scratch){(int32_t *)memory, (float *)(memory + at[1]), (float *)(memory + at[2]), (float *)(memory + at[3]), (float *)(memory + at[4])};
  return at[5];
}

static size_t int16_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  fk_int16_plan p;
  if (!fk_int16_plan_make(g, role, &p)) return 0;
  return (size_t)fk_lanes() * int16_cut(&p, NULL, NULL);
}

typedef struct int16_place {
  int64_t image, row, column;
} int16_place;

static int16_place int16_tile_place(const fk_int16_plan *p, int64_t tile) {
  int64_t of_image = p->tile_rows * p->tile_columns;
  return (int16_place){tile / of_image, tile % of_image / p->tile_columns, tile % p->tile_columns};
}

static void int16_load_tile(const int16_job *j, int32_t phase, int64_t tile, const int16_scratch *s, int64_t at) {
  const fk_int16_plan *p = &j->plan;
  int16_place t = int16_tile_place(p, tile);
  int64_t row = 4 * t.row + p->first_y[phase / p->stride], column = 4 * t.column + p->first_x[phase % p->stride];
  const float *image = j->source + t.image * p->source_rows * p->source_columns * p->depth;
  int inside = row >= 0 && row + p->edge <= p->end_rows && column >= 0 && column + p->edge <= p->end_columns && p->depth == j->padded;
  if (!inside) int16_padded_tile(p, image, row, column, s->pixels);
  const float *pixels = inside ? image + (row * p->source_columns + column) * p->depth : s->pixels;
  int64_t row_step = inside ? p->source_columns * p->depth : p->edge * j->padded;
  int32_t *integers = s->integers + at * p->positions * (j->padded / 2);
  if (p->edge == 6)
    int16_round_tile(6, pixels, row_step, j->padded, s->numbers, integers, s->downs + at);
  else
    int16_round_tile(5, pixels, row_step, j->padded, s->numbers, integers, s->downs + at);
}

/// Where and how a vector of columns ends, for tile 0 of image 0.
static int16_ending int16_ending_of(const int16_job *j, int32_t phase, int64_t column) {
  const fk_int16_plan *p = &j->plan;
  const fk_epilogue *epilogue = j->epilogue;
  int64_t f = epilogue && epilogue->shuffle > 1 ? epilogue->shuffle : 1, channels = p->width / (f * f);
  int16_ending e = {.count = fk_min64(FK_LANES, p->width - column), .activation = epilogue ? epilogue->activation : FK_ACT_NONE};
  // A shuffled pixel starts a square of f x f pixels.
  e.column_step = p->stride * f * channels;
  e.row_step = p->stride * f * f * channels * p->out_columns;
  e.origin = (phase / p->stride * p->out_columns + phase % p->stride) * channels;
  float bias[FK_LANES] = {0}, slope[FK_LANES] = {0};
  for (int64_t i = 0; i < e.count; i++) {
    int64_t group = (column + i) / channels, channel = (column + i) % channels;
    e.place[i] = (group / f * f * p->out_columns + group % f) * channels + channel;
    if (!epilogue) continue;
    if (epilogue->bias) bias[i] = epilogue->bias[column + i];
    slope[i] = epilogue->activation == FK_ACT_PRELU ? epilogue->slopes[channel] : epilogue->slope;
  }
  e.scattered = e.count < FK_LANES || column / channels != (column + FK_LANES - 1) / channels || e.activation == FK_ACT_TANH;
  if (!e.scattered) e.origin += e.place[0];
  e.bias = vf_load(bias);
  e.slope = vf_load(slope);
  return e;
}

static void int16_store_tile(const int16_job *j, int32_t phase, int64_t tile, const float *products, int64_t step,
                             const int16_ending *e) {
  const fk_int16_plan *p = &j->plan;
  int16_place t = int16_tile_place(p, tile);
  // What exists of this phase's outputs from the tile's first one on.
  int64_t rows = fk_ceil_div(p->out_rows - phase / p->stride, p->stride) - 4 * t.row;
  int64_t columns = fk_ceil_div(p->out_columns - phase % p->stride, p->stride) - 4 * t.column;
  int64_t at = t.image * p->out_rows * p->out_columns * p->width + e->origin + 4 * (t.row * e->row_step + t.column * e->column_step);
  if (p->edge == 6) {
    if (e->scattered)
      int16_output_tile(6, 0, products, step, e, j->residual, j->out, at, rows, columns);
    else
      int16_output_tile(6, 1, products, step, e, j->residual, j->out, at, rows, columns);
  } else {
    if (e->scattered)
      int16_output_tile(5, 0, products, step, e, j->residual, j->out, at, rows, columns);
    else
      int16_output_tile(5, 1, products, step, e, j->residual, j->out, at, rows, columns);
  }
}

static void int16_unit(const int16_job *j, int64_t unit, const int16_scratch *s) {
  const fk_int16_plan *p = &j->plan;
  int64_t share = unit % j->shares, block = unit / j->shares % j->blocks, panels = fk_ceil_div(p->width, int16_panel);
  int32_t phase = (int32_t)(unit / j->shares / j->blocks);
  int64_t rows = fk_ceil_div(j->tiles, int16_rows), first = block * rows / j->blocks * int16_rows;
  int64_t tiles = fk_min64(j->tiles, (block + 1) * rows / j->blocks * int16_rows) - first;
  int64_t pairs = j->padded / 2, chunks = fk_ceil_div(p->depth, fk_int16_chunk);
  for (int64_t t = 0; t < tiles; t++) int16_load_tile(j, phase, first + t, s, t);
  for (int64_t panel = share * panels / j->shares; panel < (share + 1) * panels / j->shares; panel++) {
    int64_t column = panel * int16_panel, vectors = fk_min64(int16_vectors, fk_ceil_div(p->width - column, FK_LANES));
    int64_t columns = vectors * FK_LANES, step = p->positions * columns;
    const int32_t *right = (const int32_t *)j->prepared + phase * int16_phase_words(p) + column * int16_column_words(p);
    const float *scales = (const float *)(right + p->positions * pairs * columns);
    for (int32_t i = 0; i < p->positions; i++)
      j->product(vectors, tiles, s->integers + i * pairs, p->positions * pairs, right + i * pairs * columns, pairs, scales + i * chunks * columns,
                 s->downs + i * chunks * int16_most_tiles, s->products + i * columns, step);
    for (int64_t vector = 0; vector < vectors; vector++) {
      int16_ending e = int16_ending_of(j, phase, column + vector * FK_LANES);
      for (int64_t t = 0; t < tiles; t++)
        int16_store_tile(j, phase, first + t, s->products + t * step + vector * FK_LANES, columns, &e);
    }
  }
}

static void int16_lane(void *context, int64_t lane) {
  int16_job *j = context;
  int16_scratch s;
  int16_cut(&j->plan, j->scratch + lane * j->scratch_bytes, &s);
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (unit >= j->units) return;
    int16_unit(j, unit, &s);
  }
}

/// `memory` is aligned and has int16_workspace bytes.
static void int16_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const void *prepared, const fk_epilogue *e, float *out,
                      void *memory) {
  int16_job j = {.source = a, .prepared = prepared, .epilogue = e, .residual = e ? e->residual : NULL, .out = out, .scratch = memory};
  if (!fk_int16_plan_make(g, role, &j.plan)) return;
  const fk_int16_plan *p = &j.plan;
  j.product = int16_product_kernel();
  j.padded = int16_padded(p->depth);
  j.scratch_bytes = (int64_t)int16_cut(p, NULL, NULL);
  j.tiles = g->n * p->tile_rows * p->tile_columns;
  if (j.tiles == 0) return;
  int64_t lanes = fk_lanes(), phases = p->stride * p->stride, panels = fk_ceil_div(p->width, int16_panel);
  int64_t rows = fk_ceil_div(j.tiles, int16_rows);
  j.blocks = fk_ceil_div(rows, int16_block_tiles(p) / int16_rows);
  // Few blocks: as many for each thread. Fewer than threads: the panels are shared out too.
  if (j.blocks * phases < 4 * lanes) j.blocks = fk_min64(rows, fk_ceil_div(j.blocks, lanes) * lanes);
  j.shares = fk_max64(1, fk_min64(panels, 2 * lanes / (j.blocks * phases)));
  j.units = phases * j.blocks * j.shares;
  atomic_store(&j.next, 0);
  // Below this a sleeping thread wakes too late to help.
  if ((double)j.tiles * (double)(phases * p->positions) * (double)p->depth * (double)p->width < 1e6)
    int16_lane(&j, 0);
  else
    fk_parallel(fk_min64(lanes, j.units), &j, int16_lane);
}
