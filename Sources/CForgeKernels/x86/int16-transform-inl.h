// Tiles of the 16-bit convolutions on their way in and out.

/// Transforms a tile of edge x edge pixels with `vectors` vectors of channels each into numbers [vector][position][FK_LANES] and
/// returns the bits of their largest magnitude: as integers they order infinities and NaNs last.
FK_INLINE uint32_t int16_input_tile(const int32_t edge, const float *pixels, int64_t row_step, int64_t column_step, int64_t vectors, float *numbers) {
  vi most = {0};
  for (int64_t vector = 0; vector < vectors; vector++, pixels += FK_LANES, numbers += edge * edge * FK_LANES) {
    vf down[fk_int16_positions], line[6];
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < edge; x++) {
      vf column[6];
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < edge; y++) column[y] = vf_load(pixels + y * row_step + x * column_step);
      int16_input_line(edge, column, line);
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < edge; y++) down[y * edge + x] = line[y];
    }
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < edge; y++) {
      int16_input_line(edge, down + y * edge, line);
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < edge; x++) {
        vf_store(numbers + (y * edge + x) * FK_LANES, line[x]);
        most = __builtin_elementwise_max(most, vi_bits(line[x]) & 0x7fffffff);
      }
    }
  }
  return (uint32_t)__builtin_reduce_max(most);
}

/// Rounds the numbers of a tile to pairs of integers [position][group][FK_LANES]; a group is two vectors.
FK_INLINE void int16_round(const int32_t positions, const float *numbers, int64_t groups, float up, int32_t *integers) {
  vf scale = vf_splat(up), round = vf_splat(FK_INT16_ROUND);
  for (int64_t group = 0; group < groups; group++, numbers += 2 * positions * FK_LANES, integers += FK_LANES)
    for (int32_t i = 0; i < positions; i++) {
      vf one = vf_fma(vf_load(numbers + i * FK_LANES), scale, round), two = vf_fma(vf_load(numbers + (positions + i) * FK_LANES), scale, round);
      *(vi_unaligned *)(integers + i * groups * FK_LANES) = int16_pair(one, two);
    }
}

/// Both steps; returns the factor that brings sums of the tile's integers back.
FK_INLINE float int16_round_tile(const int32_t edge, const float *pixels, int64_t row_step, int64_t column_step, int64_t vectors, float *numbers,
                                 int32_t *integers) {
  fk_int16_scale scale = fk_int16_tile_scale(int16_input_tile(edge, pixels, row_step, column_step, vectors, numbers));
  int16_round(edge * edge, numbers, vectors / 2, scale.up, integers);
  return scale.down;
}

/// A tile that hangs over the source's border, or whose channels do not fill whole groups, with zeros around it.
static void int16_padded_tile(const fk_int16_plan *p, const float *image, int64_t row, int64_t column, float *to) {
  int64_t padded = int16_padded(p->depth);
  for (int64_t y = row; y < row + p->edge; y++)
    for (int64_t x = column; x < column + p->edge; x++, to += padded) {
      int64_t inside = y >= 0 && y < p->end_rows && x >= 0 && x < p->end_columns ? p->depth : 0;
      copy_floats(to, image + (y * p->source_columns + x) * p->depth * (inside != 0), inside);
      zero_floats(to + inside, padded - inside);
    }
}

/// What happens to one vector of columns on its way to the output; the same for all tiles.
typedef struct int16_ending {
  vf bias, slope;
  fk_activation activation;
  int64_t count;                    // columns that exist
  int scattered;                    // stored one by one: few, apart in the output, or behind a tanh
  int64_t origin, row_step, column_step;
  int64_t place[FK_LANES];          // of each column after `origin`, when scattered
} int16_ending;

FK_INLINE vf int16_gather(const float *from, const int16_ending *e) {
  float lane[FK_LANES] = {0};
  for (int64_t i = 0; i < e->count; i++) lane[i] = from[e->place[i]];
  return vf_load(lane);
}

/// `at` is where the pixel's columns begin. The compiler drops what a constant `whole` rules out.
FK_INLINE void int16_finish(const int whole, const int16_ending *e, const float *residual, float *out, int64_t at, vf x) {
  if (whole) {
    if (residual) x = x + vf_load(residual + at);
    if (e->activation != FK_ACT_NONE) x = x > vf_splat(0) ? x : e->slope * x;
    vf_store(out + at, x);
    return;
  }
  float lane[FK_LANES], slope[FK_LANES];
  if (residual) x = x + int16_gather(residual + at, e);
  vf_store(lane, x);
  vf_store(slope, e->slope);
  for (int64_t i = 0; i < e->count; i++) out[at + e->place[i]] = fk_activate(e->activation, lane[i], slope[i], slope[i]);
}

/// Transforms one vector of a tile's products, `step` floats apart from position to position, and ends it in rows x columns outputs.
FK_INLINE void int16_output_tile(const int32_t edge, const int whole, const float *products, int64_t step, float down,
                                 const int16_ending *e, const float *residual, float *out, int64_t at, int64_t rows, int64_t columns) {
  vf half[24], line[4];
#pragma clang loop unroll(full)
  for (int32_t x = 0; x < edge; x++) {
    vf column[6];
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < edge; y++) column[y] = vf_load(products + (y * edge + x) * step);
    int16_output_line(edge, column, line);
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < 4; y++) half[y * edge + x] = line[y];
  }
#pragma clang loop unroll(full)
  for (int32_t y = 0; y < 4; y++) {
    if (y >= rows) break;
    int16_output_line(edge, half + y * edge, line);
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < 4; x++)
      if (x < columns) int16_finish(whole, e, residual, out, at + y * e->row_step + x * e->column_step, vf_fma(line[x], vf_splat(down), e->bias));
  }
}
