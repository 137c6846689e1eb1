// One block of tiles: its windows, products and outputs, and what it brings from memory for the next block meanwhile.

/// Tiles per block: many where the weights of a position are large, because they are read once per block.
static int64_t winograd_most_tiles(const winograd *j) { return (j->contraction * j->padded_columns >= 131072 ? 4 : 2) * FK_TILE_ROWS; }

/// What may be fetched ahead beside a block's own memory, in floats: more would drive that out of L2.
enum { winograd_most_fetched = 32768 };

typedef struct winograd_job {
  winograd plan;
  const float *source, *packed;
  const fk_epilogue *epilogue;      // or NULL
  float *out;
  float *zeros, *scratch;
  int64_t scratch_floats;
  int64_t blocks, chunk, chunks, units;  // blocks of each part
  int64_t v_pitch, m_pitch;         // floats from one position to the next
  int32_t shuffle;
  _Atomic int64_t next;
} winograd_job;

/// Positions are an odd number of cache lines apart, or nearly: powers of two would share a few cache sets.
static int64_t winograd_pitch(int64_t tiles, int64_t width) { return (fk_ceil_div(tiles * width, 16) | 1) * 16 + 32; }

/// Sums of a position take the place of the windows of the one before it, which are in L1 and of no more use.
static int64_t winograd_block_pitch(const winograd *j) {
  return winograd_pitch(winograd_most_tiles(j), fk_max64(j->contraction, j->padded_columns));
}

static int64_t winograd_scratch_floats(const winograd *j) { return (j->points * j->points + 1) * winograd_block_pitch(j); }

static size_t winograd_run_bytes(const winograd *j) {
  size_t zeros = fk_round_up((size_t)(j->depth + FK_LANES) * sizeof(float), 64);
  return zeros + (size_t)fk_lanes() * fk_round_up((size_t)winograd_scratch_floats(j) * sizeof(float), 64);
}

/// A tile by its index among those of all images of a part.
typedef struct winograd_place {
  int64_t image, row, column;       // row and column of its first output
} winograd_place;

static winograd_place winograd_locate(const winograd_part *p, int64_t tile) {
  int64_t within = tile % p->tiles;
  return (winograd_place){tile / p->tiles, within / p->tile_columns * winograd_outputs, within % p->tile_columns * winograd_outputs};
}

/// The window of a source that the tile at `at` sees.
static void winograd_find_source(const winograd *j, const winograd_part *p, winograd_place at, int32_t source, const float *images,
                                 const float *zeros, winograd_window *w) {
  int64_t y = p->first_y + at.row * j->step, x = p->first_x + at.column * j->step;
  if (j->source_count > 1) y += winograd_source_parity[source][0], x += winograd_source_parity[source][1];
  winograd_find_window(j, images + at.image * j->height * j->width * j->depth, y, x, zeros, w);
}

static void winograd_windows(const winograd_job *job, const winograd_part *p, int64_t first, int64_t count, float *v) {
  const winograd *j = &job->plan;
  for (int64_t t = 0; t < count; t++) {
    winograd_place at = winograd_locate(p, first + t);
    for (int32_t source = 0; source < j->source_count; source++) {
      winograd_window w;
      winograd_find_source(j, p, at, source, job->source, job->zeros, &w);
      float *to = v + t * j->contraction + source * j->depth;
      if (j->points == 6)
        winograd_transform_window(6, j, &w, 0, j->depth, to, job->v_pitch);
      else
        winograd_transform_window(5, j, &w, 0, j->depth, to, job->v_pitch);
    }
  }
}

/// A unit of work, decoded. The parts' blocks of one place follow each other: they see the same pixels.
typedef struct winograd_block {
  const winograd_part *part;
  const float *packed;              // of the part
  int64_t first, count;             // tiles
  int64_t first_panel, end_panel;
} winograd_block;

static winograd_block winograd_find_block(const winograd_job *job, int64_t unit) {
  const winograd *j = &job->plan;
  int64_t chunk = unit % job->chunks, part = unit / job->chunks % j->part_count, block = unit / job->chunks / j->part_count;
  winograd_block b = {.part = &j->part[part], .packed = job->packed};
  for (int64_t i = 0; i < part; i++) b.packed += winograd_part_floats(j, &j->part[i]);
  int64_t tiles = b.part->tiles * j->geometry->n;
  b.first = tiles * block / job->blocks, b.count = tiles * (block + 1) / job->blocks - b.first;
  b.first_panel = chunk * job->chunk, b.end_panel = fk_min64(j->panels, b.first_panel + job->chunk);
  return b;
}

static void winograd_fetch(const float *from, int64_t floats) {
  for (int64_t i = 0; i < floats; i += 64 / (int64_t)sizeof(float)) __builtin_prefetch(from + i, 0, 2);
}

/// Brings one row of the next block's windows, or of this block's outputs, into L2. Rows are counted over a block's tiles.
static void winograd_fetch_input(const winograd_job *job, const winograd_block *b, int64_t index) {
  const winograd *j = &job->plan;
  int64_t rows = j->points * j->step;
  winograd_place at = winograd_locate(b->part, b->first + index / rows);
  int64_t y = b->part->first_y + at.row * j->step + index % rows;
  int64_t x = b->part->first_x + (at.column + j->points - winograd_outputs) * j->step, end = fk_min64(j->end_x, x + winograd_outputs * j->step);
  x = fk_max64(x, 0);
  if (y < 0 || y >= j->end_y || x >= end) return;
  winograd_fetch(job->source + ((at.image * j->height + y) * j->width + x) * j->depth, (end - x) * j->depth);
}

static void winograd_fetch_output(const winograd_job *job, const winograd_block *b, int64_t index) {
  const winograd *j = &job->plan;
  winograd_place at = winograd_locate(b->part, b->first + index / winograd_outputs);
  int64_t row = at.row + index % winograd_outputs, column = b->first_panel * panel_columns, f = job->shuffle;
  if (row >= b->part->rows) return;
  int64_t floats = fk_min64(j->columns, b->end_panel * panel_columns) - column, pixels = fk_min64(winograd_outputs, b->part->columns - at.column);
  float *out = job->out + at.image * j->out_image + b->part->out + row * j->out_row;
  if (f > 1) {
    for (int64_t i = 0; i < f; i++) winograd_fetch(out + (i * j->out_row + at.column * j->out_column) / f, pixels * j->columns / f);
    return;
  }
  out += at.column * j->out_column + column;
  const float *residual = job->epilogue ? job->epilogue->residual : NULL;
  for (int64_t x = 0; x < pixels; x++) {
    winograd_fetch(out + x * j->out_column, floats);
    if (residual && residual != job->out) winograd_fetch(residual + (out - job->out) + x * j->out_column, floats);
  }
}

/// Products of all positions. Meanwhile the outputs of this block and the inputs of the next are on their way from memory.
static void winograd_products(const winograd_job *job, const winograd_block *block, const winograd_block *next, const float *v, float *m) {
  const winograd *j = &job->plan;
  const float *packed = block->packed;
  int64_t count = block->count, groups = fk_ceil_div(count, FK_TILE_ROWS), panels = block->end_panel - block->first_panel;
  int64_t calls = j->points * j->points * panels * groups, call = 0, fetched = 0;
  int64_t outputs = count * winograd_outputs, inputs = next ? next->count * j->points * j->step : 0;
  int64_t pixels = count * winograd_outputs * winograd_outputs;
  if (pixels * panels * panel_columns > winograd_most_fetched) outputs = 0;
  if (pixels * j->step * j->step * j->depth > winograd_most_fetched) inputs = 0;
  for (int32_t position = 0; position < j->points * j->points; position++, v += job->v_pitch, m += job->m_pitch) {
    winograd_range range = winograd_sources(j, block->part, position);
    int64_t offset = range.first * j->depth;
    int32_t length = (int32_t)(range.count * j->depth);
    int64_t spare = 0;
    for (int64_t panel = block->first_panel; panel < block->end_panel; panel++) {
      int64_t vectors = fk_min64(2, j->padded_columns / FK_LANES - 2 * panel);
      const float *b = packed + panel * panel_columns * length;
      float *sums = m + (panel - block->first_panel) * panel_columns * count;
      for (int64_t group = 0; group < groups; group++) {
        int64_t row = count * group / groups, rows = count * (group + 1) / groups - row, bytes = length * vectors * FK_LANES;
        for (call++; fetched * calls < call * (outputs + inputs); fetched++)
          if (fetched < outputs)
            winograd_fetch_output(job, block, fetched);
          else
            winograd_fetch_input(job, next, fetched - outputs);
        // First the next panel, then the next position's windows.
        const float *ahead = b + bytes;
        if (group > 0) {
          ahead = v + job->v_pitch + spare;
          spare += bytes;
        }
        winograd_tiles[rows - 1][vectors - 1](v + row * j->contraction + offset, j->contraction, length, b, ahead,
                                              sums + row * vectors * FK_LANES, 0);
      }
    }
    packed += winograd_matrix_floats(j, block->part, position);
  }
}

/// Where output channels from `column` of the tile at `at` go.
static void winograd_aim(const winograd_job *job, const winograd_part *p, winograd_place at, int64_t column, winograd_target *t) {
  const winograd *j = &job->plan;
  const fk_epilogue *e = job->epilogue;
  int64_t f = job->shuffle, channels = j->columns / (f * f), offset = at.image * j->out_image;
  t->rows = p->rows - at.row, t->columns = p->columns - at.column, t->lanes = fk_min64(FK_LANES, j->columns - column);
  t->scattered = f > 1 && channels % FK_LANES != 0;
  t->row_step = j->out_row;
  if (f > 1) {
    int64_t row = j->out_row / f;  // of the shuffled output
    t->column_step = f * channels;
    offset += at.row * j->out_row + at.column * t->column_step;
    for (int64_t lane = 0; t->scattered && lane < t->lanes; lane++) {
      int64_t group = (column + lane) / channels;
      t->lane_offset[lane] = group / f * row + group % f * channels + (column + lane) % channels;
    }
    if (!t->scattered) offset += column / channels / f * row + column / channels % f * channels + column % channels;
  } else {
    t->column_step = j->out_column;
    offset += p->out + at.row * j->out_row + at.column * j->out_column + column;
  }
  t->out = job->out + offset;
  t->residual = e && e->residual ? e->residual + offset : NULL;
  t->bias = e && e->bias ? vf_load_part(e->bias + column, t->lanes) : vf_splat(0);
  t->slope = vf_splat(e && e->activation == FK_ACT_LEAKY_RELU ? e->slope : 1);
  if (e && e->activation == FK_ACT_PRELU) {
    float slope[FK_LANES] = {0};
    for (int64_t lane = 0; lane < t->lanes; lane++) slope[lane] = e->slopes[(column + lane) % channels];
    t->slope = vf_load(slope);
  }
  t->tanh = e && e->activation == FK_ACT_TANH;
}

static void winograd_outputs_of(const winograd_job *job, const winograd_part *p, int64_t first, int64_t count, int64_t first_column,
                                int64_t end_column, const float *m) {
  const winograd *j = &job->plan;
  for (int64_t t = 0; t < count; t++) {
    winograd_place at = winograd_locate(p, first + t);
    for (int64_t column = first_column; column < end_column; column += FK_LANES) {
      int64_t within = column - first_column, panel = within / panel_columns * panel_columns;
      int64_t step = fk_min64(panel_columns, j->padded_columns - first_column - panel);
      const float *sums = m + panel * count + t * step + within % panel_columns;
      winograd_target target;
      winograd_aim(job, p, at, column, &target);
      int whole = target.rows >= winograd_outputs && target.columns >= winograd_outputs && target.lanes == FK_LANES && !target.scattered;
      if (j->points == 6) {
        if (whole)
          winograd_store_vector(6, 1, sums, job->m_pitch, &target);
        else
          winograd_store_vector(6, 0, sums, job->m_pitch, &target);
      } else {
        if (whole)
          winograd_store_vector(5, 1, sums, job->m_pitch, &target);
        else
          winograd_store_vector(5, 0, sums, job->m_pitch, &target);
      }
    }
  }
}
