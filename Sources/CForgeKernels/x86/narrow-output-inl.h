// Few output channels: vectors run along the input channels, a tile of neighboring outputs stays in registers for the whole sum.
//
// Every input vector that is loaded meets all the taps of a run that reach it (9 products per load for a 9-wide filter), with the
// run's weights in registers. At the end the lanes of the tile's sums are added up by a transpose. An output's sum runs over
// (tap row, tap, channel vector) in ascending order whatever its place in the tile.

enum {
  narrow_sums = 16,           // of a tile: outputs times channels at most
  narrow_copied_tiles = 4,    // of a strip whose lines are copied
  narrow_direct_tiles = 8,    // of a strip that is read in place
#if FK_LANES == 8
  narrow_longest_run = 1,     // 16 registers hold no run of weights
#else
  narrow_longest_run = 9,
#endif
};

/// Outputs of a tile by output channels.
static const int32_t narrow_tile_outputs[narrow_channels + 1] = {0,
#if FK_LANES == 8
                                                                 12, 6, 4, 3
#else
                                                                 16, 7, 5, 4
#endif
};

/// What a tile reads: `rows` lines from which `runs` runs of taps start `run_step` floats apart.
typedef struct narrow_reads {
  const float *line[narrow_span];     // at the first tap of the tile's first output
  const float *weights[narrow_span];  // [run][channel vector][tap of the run][output channel][lane]
  int64_t rows, runs, run_step, vectors;
  int64_t output_step;        // floats between neighboring outputs' pixels
  int64_t pixel;              // floats of a pixel, a multiple of FK_LANES
  const float *ahead;         // memory to bring closer meanwhile, so many cache lines per channel vector
  int64_t ahead_lines;
} narrow_reads;

/// sums[output * channels + channel] of one tile. run: taps per run; outputs * channels <= narrow_sums.
FK_INLINE void narrow_contract(const int32_t run, const int32_t channels, const int32_t outputs, const narrow_reads *in, float *sums) {
  vf sum[narrow_sums];
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < narrow_sums; i++) sum[i] = vf_splat(0);
  int64_t pixel = in->pixel, step = in->output_step;
  const float *ahead = in->ahead;
  for (int64_t row = 0; row < in->rows; row++) {
    const float *w = in->weights[row];
    for (int64_t i = 0; i < in->runs; i++) {
      const float *x = in->line[row] + i * in->run_step;
      for (int64_t v = 0; v < in->vectors; v++, x += FK_LANES, w += run * channels * FK_LANES) {
        for (int64_t k = 0; k < in->ahead_lines; k++, ahead += cache_line_floats) __builtin_prefetch(ahead, 0, 2);
        if (run == 1) {
          vf weight[narrow_channels];
#pragma clang loop unroll(full)
          for (int32_t n = 0; n < channels; n++) weight[n] = vf_load(w + n * FK_LANES);
#pragma clang loop unroll(full)
          for (int32_t t = 0; t < outputs; t++) {
            vf value = vf_load(x + t * step);
#pragma clang loop unroll(full)
            for (int32_t n = 0; n < channels; n++) sum[t * channels + n] = vf_fma(value, weight[n], sum[t * channels + n]);
          }
        } else if (channels == 1) {
          vf weight[narrow_longest_run];
#pragma clang loop unroll(full)
          for (int32_t s = 0; s < run; s++) weight[s] = vf_load(w + s * FK_LANES);
#pragma clang loop unroll(full)
          for (int32_t p = 0; p < outputs + run - 1; p++) {
            vf value = vf_load(x + p * pixel);
#pragma clang loop unroll(full)
            for (int32_t s = 0; s < run; s++)
              if (p - s >= 0 && p - s < outputs) sum[p - s] = vf_fma(value, weight[s], sum[p - s]);
          }
        } else {
          vf value[narrow_longest_run + narrow_sums];
#pragma clang loop unroll(full)
          for (int32_t p = 0; p < outputs + run - 1; p++) value[p] = vf_load(x + p * pixel);
#pragma clang loop unroll(full)
          for (int32_t s = 0; s < run; s++)
#pragma clang loop unroll(full)
            for (int32_t n = 0; n < channels; n++) {
              vf weight = vf_load(w + (s * channels + n) * FK_LANES);
#pragma clang loop unroll(full)
              for (int32_t t = 0; t < outputs; t++) sum[t * channels + n] = vf_fma(value[t + s], weight, sum[t * channels + n]);
            }
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < narrow_sums; i += FK_LANES)
    if (i < outputs * channels) vf_store(sums + i, vf_lane_sums(sum + i));
}

typedef void contract_tile(const narrow_reads *in, float *sums);

#define FK_CONTRACT(run, channels, outputs)                                                        \
  static void contract_##run##_##channels##_##outputs(const narrow_reads *in, float *sums) {       \
    narrow_contract(run, channels, outputs, in, sums);                                             \
  }
#if FK_LANES == 8
FK_CONTRACT(1, 1, 12) FK_CONTRACT(1, 1, 6) FK_CONTRACT(1, 2, 6) FK_CONTRACT(1, 3, 4) FK_CONTRACT(1, 4, 3)
#define FK_CONTRACT_ROW(run) {contract_##run##_1_6, contract_##run##_1_12, contract_##run##_2_6, contract_##run##_3_4, contract_##run##_4_3}
#else
#define FK_CONTRACTS(run) \
  FK_CONTRACT(run, 1, 16) FK_CONTRACT(run, 1, 8) FK_CONTRACT(run, 2, 7) FK_CONTRACT(run, 3, 5) FK_CONTRACT(run, 4, 4)
#define FK_CONTRACT_ROW(run) {contract_##run##_1_8, contract_##run##_1_16, contract_##run##_2_7, contract_##run##_3_5, contract_##run##_4_4}
FK_CONTRACTS(1) FK_CONTRACTS(2) FK_CONTRACTS(3) FK_CONTRACTS(4) FK_CONTRACTS(5) FK_CONTRACTS(7) FK_CONTRACTS(9)
#endif
/// Tiles by taps of a run and output channels; 0 stands for one channel and half a tile.
static contract_tile *const contract_tiles[narrow_longest_run + 1][narrow_channels + 1] = {
    [1] = FK_CONTRACT_ROW(1),
#if FK_LANES != 8
    [2] = FK_CONTRACT_ROW(2), [3] = FK_CONTRACT_ROW(3), [4] = FK_CONTRACT_ROW(4), [5] = FK_CONTRACT_ROW(5), [7] = FK_CONTRACT_ROW(7),
    [9] = FK_CONTRACT_ROW(9),
#endif
};

/// Taps per run: a divisor of the axis' count for which there is a tile.
static int64_t narrow_taps_per_run(const narrow_job *j, const narrow_axis *axis) {
  if (axis->step != 1 || j->stride_x != 1) return 1;
  for (int64_t run = fk_min64(axis->count, narrow_longest_run); run > 1; run--)
    if (axis->count % run == 0 && contract_tiles[run][0]) return run;
  return 1;
}

typedef struct narrow_output {
  narrow_job j;
  int64_t pixel;                // floats of a line's pixel
  int64_t tile;                 // outputs
  int64_t tiles, left, right;   // of a row; tiles left ..< right see no padding and are read in place
  int64_t strips;               // groups of tiles: units per row
  int64_t band, bands;          // rows of a phase per unit, units per column
  int64_t span, line_floats;    // lines in the ring, floats of one
  const float *packed[narrow_phases][narrow_phases];  // [tap row][run][channel vector][tap of the run][output channel][lane]
  float bias[narrow_sums], slopes[narrow_sums];       // of a tile's outputs
  float *scratch;
  int64_t scratch_floats;
  _Atomic int64_t next;
} narrow_output;

/// Tiles first ..< end of the rows of a band, and how their input is read.
typedef struct narrow_strip {
  int64_t first, end;
  int copied;
} narrow_strip;

static narrow_strip narrow_strip_at(const narrow_output *o, int64_t index) {
  int64_t before = fk_ceil_div(o->left, narrow_copied_tiles), inside = fk_ceil_div(o->right - o->left, narrow_direct_tiles);
  if (index < before) return (narrow_strip){index * narrow_copied_tiles, fk_min64(o->left, (index + 1) * narrow_copied_tiles), 1};
  int64_t first = o->left + (index - before) * narrow_direct_tiles;
  if (index < before + inside) return (narrow_strip){first, fk_min64(o->right, first + narrow_direct_tiles), 0};
  first = o->right + (index - before - inside) * narrow_copied_tiles;
  return (narrow_strip){first, fk_min64(o->tiles, first + narrow_copied_tiles), 1};
}

static void narrow_output_plan(narrow_output *o) {
  narrow_job *j = &o->j;
  o->pixel = fk_ceil_div(j->depth, FK_LANES) * FK_LANES;
  o->tile = narrow_tile_outputs[j->channels];
  o->tiles = fk_ceil_div(j->columns, o->tile);
  // A short row is one strip.
  if (o->pixel == j->depth && o->tiles > narrow_copied_tiles) {
    while (o->left < o->tiles && o->left * o->tile * j->stride_x + j->low_x < 0) o->left++;
    o->right = o->left;
    while (o->right < o->tiles && ((o->right + 1) * o->tile - 1) * j->stride_x + j->high_x < j->width) o->right++;
  }
  o->strips = fk_ceil_div(o->left, narrow_copied_tiles) + fk_ceil_div(o->right - o->left, narrow_direct_tiles) +
              fk_ceil_div(o->tiles - o->right, narrow_copied_tiles);
  o->band = fk_max64(32, fk_ceil_div(j->rows, 8));
  o->bands = fk_ceil_div(j->rows, o->band);
  o->span = j->high_y - j->low_y + 1;
  int64_t most = fk_min64(narrow_copied_tiles, fk_max64(o->left, o->tiles - o->right));
  o->line_floats = most ? ((most * o->tile - 1) * j->stride_x + j->high_x - j->low_x + 1) * o->pixel : 0;
  o->scratch_floats = o->span * o->line_floats;
}

static int64_t narrow_output_packed_floats(const narrow_output *o) {
  int64_t taps_y = 0, taps_x = 0;
  for (int32_t i = 0; i < o->j.phases_y; i++) taps_y += o->j.y[i].count;
  for (int32_t i = 0; i < o->j.phases_x; i++) taps_x += o->j.x[i].count;
  return taps_y * taps_x * o->pixel * o->j.channels;
}

static void narrow_output_pack(narrow_output *o, float *to) {
  const narrow_job *j = &o->j;
  for (int32_t py = 0; py < j->phases_y; py++)
    for (int32_t px = 0; px < j->phases_x; px++) {
      const narrow_axis *y = &j->y[py], *x = &j->x[px];
      int64_t run = narrow_taps_per_run(j, x);
      o->packed[py][px] = to;
      for (int64_t r = 0; r < y->count; r++)
        for (int64_t first = 0; first < x->count; first += run)
          for (int64_t c = 0; c < o->pixel; c += FK_LANES)
            for (int64_t s = first; s < first + run; s++)
              for (int64_t n = 0; n < j->channels; n++, to += FK_LANES)
                for (int64_t lane = 0; lane < FK_LANES; lane++)
                  to[lane] = c + lane < j->depth ? narrow_weight(j, y->tap + r * y->tap_step, x->tap + s * x->tap_step, c + lane, n) : 0;
    }
}

/// Copies `columns` source pixels of row y of an image from column `first` on; zeros beyond the image and beyond the channels.
static void narrow_output_line(const narrow_output *o, int64_t image, int64_t y, int64_t first, int64_t columns, float *to) {
  const narrow_job *j = &o->j;
  int64_t low = fk_min64(columns, fk_max64(0, -first)), high = fk_max64(low, fk_min64(columns, j->width - first));
  zero_floats(to, low * o->pixel);
  zero_floats(to + high * o->pixel, (columns - high) * o->pixel);
  if (low == high) return;
  const float *from = j->source + ((image * j->height + y) * j->width + first + low) * j->depth;
  to += low * o->pixel;
  if (o->pixel == j->depth) {
    copy_floats(to, from, (high - low) * o->pixel);
    return;
  }
  for (int64_t x = low; x < high; x++, to += o->pixel, from += j->depth) {
    copy_floats(to, from, j->depth);
    zero_floats(to + j->depth, o->pixel - j->depth);
  }
}

/// Brings `count` outputs of a tile to memory; `at` is the first one's place, `step` the distance of their places.
static void narrow_output_store(const narrow_output *o, float *sums, int64_t count, int64_t at, int64_t step) {
  const product *f = &o->j.finish;
  const fk_epilogue *e = f->epilogue;
  int64_t channels = o->j.channels, total = count * channels;
  float *out = o->j.out;
  if (e) {
    if (f->bias)
      for (int32_t i = 0; i < narrow_sums; i++) sums[i] += o->bias[i];
    if (f->residual)
      for (int64_t t = 0; t < count; t++)
        for (int64_t n = 0; n < channels; n++) sums[t * channels + n] += f->residual[at + t * step + n];
    if (e->activation == FK_ACT_LEAKY_RELU || e->activation == FK_ACT_PRELU)
      for (int32_t i = 0; i < narrow_sums; i++) sums[i] = sums[i] > 0 ? sums[i] : o->slopes[i] * sums[i];
    if (e->activation == FK_ACT_TANH)
      for (int32_t i = 0; i < narrow_sums; i++) sums[i] = fk_tanh(sums[i]);
  }
  if (step == channels) {
    copy_floats(out + at, sums, total);
    return;
  }
  for (int64_t t = 0; t < count; t++)
    for (int64_t n = 0; n < channels; n++) out[at + t * step + n] = sums[t * channels + n];
}

/// One row of one phase inside a strip; `lines[y % span]` holds source row y from the strip's first column on. Meanwhile `ahead` floats
/// from `next` are brought closer.
static void narrow_output_row(const narrow_output *o, narrow_strip strip, int64_t image, int64_t row, int32_t py, int32_t px,
                              const float *const *lines, const float *next, int64_t ahead) {
  const narrow_job *j = &o->j;
  const narrow_axis *y = &j->y[py], *x = &j->x[px];
  if (row >= y->extent) return;
  int64_t run = narrow_taps_per_run(j, x), first_tap, end_tap;
  narrow_inside(y, row, j->stride_y, j->height, &first_tap, &end_tap);
  narrow_reads in = {.rows = 0, .runs = x->count / run, .run_step = (run > 1 ? run : x->step) * o->pixel, .vectors = o->pixel / FK_LANES,
                     .output_step = j->stride_x * o->pixel, .pixel = o->pixel};
  for (int64_t r = first_tap; r < end_tap && x->count; r++) {
    in.line[in.rows] = lines[(row * j->stride_y + y->offset + r * y->step) % o->span] + (x->offset - j->low_x) * o->pixel;
    in.weights[in.rows++] = o->packed[py][px] + r * x->count * o->pixel * j->channels;
  }
  contract_tile *const *tiles = contract_tiles[run];
  int64_t step = j->phases_x * j->channels, share = ahead / (strip.end - strip.first);
  int64_t place = image * j->out_image + (row * j->phases_y + py) * j->out_row + px * j->channels;
  in.ahead_lines = ahead ? fk_ceil_div(share, fk_max64(1, in.rows * in.runs * in.vectors) * cache_line_floats) : 0;
  for (int64_t t = strip.first; t < strip.end && t * o->tile < x->extent; t++, next += share) {
    float sums[narrow_sums + FK_LANES];
    in.ahead = next;
    int64_t count = fk_min64(o->tile, x->extent - t * o->tile);
    tiles[j->channels == 1 && 2 * count <= o->tile ? 0 : j->channels](&in, sums);
    narrow_output_store(o, sums, count, place + t * o->tile * step, step);
    for (int64_t r = 0; r < in.rows; r++) in.line[r] += o->tile * in.output_step;
  }
}

static void narrow_output_unit(const narrow_output *o, int64_t unit, float *ring) {
  const narrow_job *j = &o->j;
  int64_t band = unit / o->strips % o->bands, image = unit / o->strips / o->bands;
  narrow_strip strip = narrow_strip_at(o, unit % o->strips);
  int64_t first = strip.first * o->tile * j->stride_x + j->low_x;
  int64_t columns = ((strip.end - strip.first) * o->tile - 1) * j->stride_x + j->high_x - j->low_x + 1;
  const float *lines[narrow_span];
  int64_t next = 0, end = fk_min64(j->rows, (band + 1) * o->band);
  for (int64_t row = band * o->band; row < end; row++) {
    next = fk_max64(next, row * j->stride_y + j->low_y);
    for (; next <= row * j->stride_y + j->high_y && next < j->height; next++) {
      float *line = ring + next % o->span * o->line_floats;
      if (strip.copied) narrow_output_line(o, image, next, first, columns, line);
      lines[next % o->span] = strip.copied ? line : j->source + ((image * j->height + next) * j->width + first) * j->depth;
    }
    int64_t low = fk_max64(0, first), ahead = next < j->height ? fk_max64(0, fk_min64(j->width, first + columns) - low) * j->depth : 0;
    const float *from = ahead ? j->source + ((image * j->height + next) * j->width + low) * j->depth : NULL;
    for (int32_t py = 0; py < j->phases_y; py++)
      for (int32_t px = 0; px < j->phases_x; px++) narrow_output_row(o, strip, image, row, py, px, lines, from, py + px == 0 ? ahead : 0);
  }
}

static void narrow_output_lane(void *context, int64_t lane) {
  narrow_output *o = context;
  int64_t units = o->j.images * o->bands * o->strips;
  for (;;) {
    int64_t unit = atomic_fetch_add_explicit(&o->next, 1, memory_order_relaxed);
    if (unit >= units) return;
    narrow_output_unit(o, unit, o->scratch + lane * o->scratch_floats);
  }
}

static size_t narrow_output_bytes(const narrow_output *o) {
  return fk_round_up((size_t)narrow_output_packed_floats(o) * sizeof(float), 64) +
         (size_t)fk_lanes() * fk_round_up((size_t)o->scratch_floats * sizeof(float), 64);
}

static void narrow_output_run(narrow_output *o, const fk_epilogue *e, char *memory) {
  narrow_job *j = &o->j;
  if (j->images == 0 || j->rows == 0 || j->columns == 0) return;
  set_epilogue(&j->finish, e, 0, 0);
  for (int64_t i = 0; e && i < narrow_sums; i++) {
    o->bias[i] = e->bias ? e->bias[i % j->channels] : 0;
    o->slopes[i] = e->activation == FK_ACT_PRELU ? e->slopes[i % j->channels] : e->slope;
  }
  narrow_output_pack(o, (float *)memory);
  o->scratch = (float *)(memory + fk_round_up((size_t)narrow_output_packed_floats(o) * sizeof(float), 64));
  o->scratch_floats = (int64_t)(fk_round_up((size_t)o->scratch_floats * sizeof(float), 64) / sizeof(float));
  atomic_store(&o->next, 0);
  double work = (double)j->images * (double)j->rows * (double)j->columns * (double)narrow_output_packed_floats(o);
  if (work < 1e6)
    narrow_output_lane(o, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), j->images * o->bands * o->strips), o, narrow_output_lane);
}
