// Few input channels: vectors run along the output channels, each input value is spread over a vector.
//
// Rows of the input are laid out once per unit as planes, one per channel and residue of the column modulo the stride, so that the
// values that one tap brings to neighboring outputs lie side by side: a tile reads them at constant offsets from one address per tap.
// An output's sum runs over (tap row, tap, channel) in ascending order whatever its place in the tile.

enum { narrow_input_columns = 256 };   // of a phase per unit

/// What a tile reads. Term t of row i multiplies line[i][offset[t] + output] by weights[i][t][panel column].
typedef struct narrow_terms {
  const float *line[narrow_span];
  const float *weights[narrow_span];
  const int64_t *offset;
  int64_t rows, terms;
} narrow_terms;

/// Where a tile's outputs go, and what comes with them: x = sum + bias, then x > 0 ? x : slopes * x. -0 and 1 leave a sum as it is.
typedef struct narrow_place {
  float *out;
  int64_t step;               // floats between neighboring outputs
  const float *bias, *slopes;
} narrow_place;

FK_INLINE void narrow_expand(const int32_t outputs, const int32_t vectors, const narrow_terms *in, const narrow_place *place) {
  vf sum[FK_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < outputs; m++) sum[m][0] = sum[m][1] = vf_splat(0);
  for (int64_t row = 0; row < in->rows; row++) {
    const float *line = in->line[row], *w = in->weights[row];
    const int64_t *offset = in->offset, *end = offset + in->terms;
    for (; offset < end; offset++, w += vectors * FK_LANES) {
      const float *x = line + *offset;
      vf w0 = vf_load(w), w1 = vectors > 1 ? vf_load(w + FK_LANES) : w0;
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < outputs; m++) {
        vf value = vf_splat(x[m]);
        sum[m][0] = vf_fma(value, w0, sum[m][0]);
        if (vectors > 1) sum[m][1] = vf_fma(value, w1, sum[m][1]);
      }
    }
  }
  float *out = place->out;
  int64_t step = place->step;
#pragma clang loop unroll(full)
  for (int32_t v = 0; v < vectors; v++) {
    vf bias = vf_load(place->bias + v * FK_LANES), slope = vf_load(place->slopes + v * FK_LANES);
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < outputs; m++) vf_store(out + m * step + v * FK_LANES, vf_leaky(sum[m][v] + bias, slope));
  }
}

typedef void expand_tile(const narrow_terms *in, const narrow_place *place);

#define FK_EXPAND(outputs, vectors)                                                                    \
  static void expand_##outputs##_##vectors(const narrow_terms *in, const narrow_place *place) {          \
    narrow_expand(outputs, vectors, in, place);                                                        \
  }
#define FK_EXPANDS(outputs) FK_EXPAND(outputs, 1) FK_EXPAND(outputs, 2)
FK_EXPANDS(1) FK_EXPANDS(2) FK_EXPANDS(3) FK_EXPANDS(4) FK_EXPANDS(5) FK_EXPANDS(6)
#if FK_TILE_ROWS == 14
FK_EXPANDS(7) FK_EXPANDS(8) FK_EXPANDS(9) FK_EXPANDS(10) FK_EXPANDS(11) FK_EXPANDS(12) FK_EXPANDS(13) FK_EXPANDS(14)
#endif
static expand_tile *const expand_tiles[FK_TILE_ROWS][2] = {
    FK_PAIR(expand, 1), FK_PAIR(expand, 2), FK_PAIR(expand, 3), FK_PAIR(expand, 4), FK_PAIR(expand, 5), FK_PAIR(expand, 6),
#if FK_TILE_ROWS == 14
    FK_PAIR(expand, 7), FK_PAIR(expand, 8), FK_PAIR(expand, 9), FK_PAIR(expand, 10), FK_PAIR(expand, 11), FK_PAIR(expand, 12),
    FK_PAIR(expand, 13), FK_PAIR(expand, 14),
#endif
};

typedef struct narrow_input {
  narrow_job j;
  int64_t padded;               // output channels in whole vectors
  int64_t columns, strips;      // of a phase per unit, units per row
  int64_t band, bands;
  int64_t span, plane, line_floats;                    // lines in the ring, floats of a plane, of a line
  int simple;                   // the epilogue is at most a bias and a slope
  const float *packed[narrow_phases][narrow_phases];   // [panel][tap row][tap][channel][panel column]
  const int64_t *offset[narrow_phases];                // per phase: [tap][channel]
  const float *bias, *slopes;   // [padded]
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} narrow_input;

static void narrow_input_plan(narrow_input *o) {
  narrow_job *j = &o->j;
  o->padded = fk_ceil_div(j->channels, FK_LANES) * FK_LANES;
  o->columns = fk_min64(narrow_input_columns, fk_max64(1, j->columns));
  o->strips = fk_ceil_div(j->columns, o->columns);
  o->band = fk_max64(16, fk_ceil_div(j->rows, 8));
  o->bands = fk_ceil_div(j->rows, o->band);
  o->span = j->high_y - j->low_y + 1;
  o->plane = o->columns + (j->high_x - j->low_x) / j->stride_x + 1;
  o->line_floats = o->plane * j->stride_x * j->depth;
  // One row of a pixel tile's results, where the fast epilogue does not do.
  o->scratch_floats = o->span * o->line_floats + FK_TILE_ROWS * panel_columns;
}

static int64_t narrow_axis_taps(const narrow_axis *axis, int32_t phases) {
  int64_t taps = 0;
  for (int32_t i = 0; i < phases; i++) taps += axis[i].count;
  return taps;
}

static int64_t narrow_input_packed_floats(const narrow_input *o) {
  return narrow_axis_taps(o->j.y, o->j.phases_y) * narrow_axis_taps(o->j.x, o->j.phases_x) * o->padded * o->j.depth;
}

static size_t narrow_input_bytes(const narrow_input *o) {
  return fk_round_up((size_t)(narrow_input_packed_floats(o) + 2 * o->padded) * sizeof(float), 64) +
         fk_round_up((size_t)(narrow_axis_taps(o->j.x, o->j.phases_x) * o->j.depth) * sizeof(int64_t), 64) +
         (size_t)fk_lanes() * fk_round_up((size_t)o->scratch_floats * sizeof(float), 64);
}

/// Panel columns from `first` on.
FK_INLINE int64_t narrow_panel_vectors(const narrow_input *o, int64_t first) { return o->padded - first > FK_LANES ? 2 : 1; }

static void narrow_input_pack(narrow_input *o, float *to, int64_t *offset) {
  const narrow_job *j = &o->j;
  for (int32_t px = 0; px < j->phases_x; px++) {
    const narrow_axis *x = &j->x[px];
    o->offset[px] = offset;
    for (int64_t s = 0; s < x->count; s++)
      for (int64_t c = 0; c < j->depth; c++) {
        int64_t column = x->offset + s * x->step - j->low_x;
        *offset++ = (c * j->stride_x + column % j->stride_x) * o->plane + column / j->stride_x;
      }
    for (int32_t py = 0; py < j->phases_y; py++) {
      const narrow_axis *y = &j->y[py];
      o->packed[py][px] = to;
      for (int64_t first = 0, columns; first < o->padded; first += columns) {
        columns = narrow_panel_vectors(o, first) * FK_LANES;
        for (int64_t r = 0; r < y->count; r++)
          for (int64_t s = 0; s < x->count; s++)
            for (int64_t c = 0; c < j->depth; c++, to += columns)
              for (int64_t n = 0; n < columns; n++)
                to[n] = first + n < j->channels ? narrow_weight(j, y->tap + r * y->tap_step, x->tap + s * x->tap_step, c, first + n) : 0;
      }
    }
  }
}

/// Lays out row y of an image from column `first` on; zeros beyond the image.
static void narrow_input_line(const narrow_input *o, int64_t image, int64_t y, int64_t first, float *to) {
  const narrow_job *j = &o->j;
  const float *from = j->source + (image * j->height + y) * j->width * j->depth;
  for (int64_t c = 0; c < j->depth; c++)
    for (int64_t residue = 0; residue < j->stride_x; residue++, to += o->plane) {
      int64_t start = first + residue, low = start < 0 ? fk_min64(o->plane, fk_ceil_div(-start, j->stride_x)) : 0;
      int64_t high = fk_max64(low, start < j->width ? fk_min64(o->plane, fk_ceil_div(j->width - start, j->stride_x)) : 0);
      zero_floats(to, low);
      zero_floats(to + high, o->plane - high);
      if (j->stride_x * j->depth == 1)
        copy_floats(to + low, from + start + low, high - low);
      else
        for (int64_t i = low; i < high; i++) to[i] = from[(start + i * j->stride_x) * j->depth + c];
    }
}

/// Brings a tile to memory from a buffer, where its width is not whole or its epilogue is not a simple one.
static void narrow_input_finish(const narrow_input *o, const float *tile, int64_t tile_step, int64_t outputs, int64_t at, int64_t step,
                                int64_t first, int64_t count) {
  const product *f = &o->j.finish;
  for (int64_t m = 0; m < outputs; m++, tile += tile_step, at += step) {
    if (o->simple) {
      copy_floats(o->j.out + at, tile, count);
      continue;
    }
    int64_t n = 0;
    for (; n + FK_LANES <= count; n += FK_LANES) vf_store(o->j.out + at + n, finish_vector(f, vf_load(tile + n), at + n, first + n));
    for (; n < count; n++) o->j.out[at + n] = finish_one(f, tile[n], at + n, first + n);
  }
}

/// One row of one phase inside a strip.
static void narrow_input_row(const narrow_input *o, int64_t image, int64_t row, int32_t py, int32_t px, int64_t column, const float *ring,
                             float *tile) {
  const narrow_job *j = &o->j;
  const narrow_axis *y = &j->y[py], *x = &j->x[px];
  if (row >= y->extent) return;
  int64_t first_tap, end_tap, terms = x->count * j->depth, end = fk_min64(x->extent, column + o->columns);
  narrow_inside(y, row, j->stride_y, j->height, &first_tap, &end_tap);
  narrow_terms in = {.offset = o->offset[px], .terms = terms};
  const float *lines[narrow_span];
  for (int64_t r = first_tap; r < end_tap && terms; r++)
    lines[in.rows++] = ring + (row * j->stride_y + y->offset + r * y->step) % o->span * o->line_floats;
  int64_t step = j->phases_x * j->channels, origin = image * j->out_image + (row * j->phases_y + py) * j->out_row + px * j->channels;
  // Tiles of about the same number of outputs.
  int64_t tiles = fk_ceil_div(end - column, FK_TILE_ROWS), height = fk_ceil_div(end - column, fk_max64(1, tiles));
  for (int64_t at = 0; column < end; column += height, at += height) {
    int64_t outputs = fk_min64(height, end - column), place = origin + column * step;
    for (int64_t r = 0; r < in.rows; r++) in.line[r] = lines[r] + at;
    // The next tile's memory is claimed while this one is summed.
    if (step == j->channels && column + height < end)
      for (int64_t n = 0; n < height * step; n += cache_line_floats) __builtin_prefetch(j->out + place + height * step + n, 1, 3);
    const float *weights = o->packed[py][px];
    for (int64_t first = 0, vectors; first < j->channels; first += vectors * FK_LANES, weights += y->count * terms * vectors * FK_LANES) {
      vectors = narrow_panel_vectors(o, first);
      int64_t count = fk_min64(vectors * FK_LANES, j->channels - first);
      for (int64_t r = 0; r < in.rows; r++) in.weights[r] = weights + (first_tap + r) * terms * vectors * FK_LANES;
      int whole = o->simple && count == vectors * FK_LANES;
      narrow_place to = {j->out + place + first, step, o->bias + first, o->slopes + first};
      if (!whole) to = (narrow_place){tile, panel_columns, o->bias + first, o->slopes + first};
      expand_tiles[outputs - 1][vectors - 1](&in, &to);
      if (!whole) narrow_input_finish(o, tile, panel_columns, outputs, place + first, step, first, count);
    }
  }
}

static void narrow_input_unit(const narrow_input *o, int64_t unit, float *ring) {
  const narrow_job *j = &o->j;
  int64_t column = unit % o->strips * o->columns, band = unit / o->strips % o->bands, image = unit / o->strips / o->bands;
  int64_t next = 0, end = fk_min64(j->rows, (band + 1) * o->band);
  for (int64_t row = band * o->band; row < end; row++) {
    next = fk_max64(next, row * j->stride_y + j->low_y);
    for (; next <= row * j->stride_y + j->high_y && next < j->height; next++)
      narrow_input_line(o, image, next, column * j->stride_x + j->low_x, ring + next % o->span * o->line_floats);
    for (int32_t py = 0; py < j->phases_y; py++)
      for (int32_t px = 0; px < j->phases_x; px++)
        narrow_input_row(o, image, row, py, px, column, ring, ring + o->span * o->line_floats);
  }
}

static void narrow_input_lane(void *context, int64_t lane) {
  narrow_input *o = context;
  int64_t units = o->j.images * o->bands * o->strips;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&o->next, 1, memory_order_relaxed);
    if (unit >= units) return;
    narrow_input_unit(o, unit, o->scratch + lane * o->scratch_floats);
  }
}

static void narrow_input_run(narrow_input *o, const fk_epilogue *e, char *memory) {
  narrow_job *j = &o->j;
  if (j->images == 0 || j->rows == 0 || j->columns == 0) return;
  set_epilogue(&j->finish, e, 0, 0);
  o->simple = !e || (!e->residual && e->activation != FK_ACT_TANH);
  float *bias = (float *)memory, *slopes = bias + o->padded, *packed = slopes + o->padded;
  for (int64_t i = 0; i < o->padded; i++) {
    int given = o->simple && e && i < j->channels;
    bias[i] = given && e->bias ? e->bias[i] : -0.0f;
    slopes[i] = given && e->activation == FK_ACT_PRELU ? e->slopes[i] : given && e->activation == FK_ACT_LEAKY_RELU ? e->slope : 1;
  }
  o->bias = bias, o->slopes = slopes;
  memory += fk_round_up((size_t)(narrow_input_packed_floats(o) + 2 * o->padded) * sizeof(float), 64);
  narrow_input_pack(o, packed, (int64_t *)memory);
  memory += fk_round_up((size_t)(narrow_axis_taps(j->x, j->phases_x) * j->depth) * sizeof(int64_t), 64);
  o->scratch = (float *)memory;
  o->scratch_floats = (int64_t)(fk_round_up((size_t)o->scratch_floats * sizeof(float), 64) / sizeof(float));
  atomic_store(&o->next, 0);
  double work = (double)j->images * (double)j->rows * (double)j->columns * (double)narrow_input_packed_floats(o);
  if (work < 1e6)
    narrow_input_lane(o, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), j->images * o->bands * o->strips), o, narrow_input_lane);
}
