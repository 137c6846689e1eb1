// Tiles of the 16-bit convolutions on their way in and out.

/// Transforms edge x edge pixels with `vectors` vectors of channels each into numbers [vector][position][FK_LANES], and adds up their
/// squares at each position.
FK_INLINE void int16_input_chunk(const int32_t edge, const float *pixels, int64_t row_step, int64_t column_step, int64_t vectors, float *numbers,
                                 vf *squares) {
  const int64_t step = edge * edge * FK_LANES;
  for (int64_t vector = 0; vector < vectors; vector++)
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < edge; x++) {
      vf column[6], line[6];
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < edge; y++) column[y] = vf_load(pixels + vector * FK_LANES + y * row_step + x * column_step);
      int16_input_line(edge, column, line);
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < edge; y++) vf_store(numbers + vector * step + (y * edge + x) * FK_LANES, line[y]);
    }
  for (int32_t y = 0; y < edge; y++) {
    vf sums[int16_parts][6];
#pragma clang loop unroll(full)
    for (int32_t part = 0; part < int16_parts; part++) {
      vf sum[6], row[6], line[6];
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < edge; x++) sum[x] = vf_splat(0);
      for (int64_t vector = part; vector < vectors; vector += int16_parts) {
        float *at = numbers + vector * step + y * edge * FK_LANES;
#pragma clang loop unroll(full)
        for (int32_t x = 0; x < edge; x++) row[x] = vf_load(at + x * FK_LANES);
        int16_input_line(edge, row, line);
#pragma clang loop unroll(full)
        for (int32_t x = 0; x < edge; x++) {
          vf_store(at + x * FK_LANES, line[x]);
          sum[x] = vf_fma(line[x], line[x], sum[x]);
        }
      }
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < edge; x++) sums[part][x] = sum[x];
    }
#pragma clang loop unroll(full)
    for (int32_t half = int16_parts / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
      for (int32_t i = 0; i < half * 6; i++) sums[i / 6][i % 6] += sums[half + i / 6][i % 6];
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < edge; x++) squares[y * edge + x] = sums[0][x];
  }
}

/// fk_int16_input_scale of each position: `up` to up[position], `down` to down[position * step]. `squares` is overwritten.
FK_INLINE void int16_input_scales(const int32_t positions, vf *squares, float *up, float *down, int64_t step) {
  float lane[FK_LANES];
#pragma clang loop unroll(disable)
  for (int32_t first = 0; first < positions; first += FK_LANES) {
    vf sum = vf_lane_sums(squares + first), least = vf_splat(FK_INT16_LEAST_SQUARE), top = vf_splat(FK_INT16_INPUT_NORM);
    vf norm = __builtin_elementwise_sqrt(sum > least ? sum : least);
    vi finite = sum < vf_splat(fk_infinity());
    vf_store(up + first, finite ? top / norm : vf_splat(0));
    vf_store(lane, finite ? norm / top : vf_splat(fk_nan()));
    for (int32_t i = 0; i < FK_LANES && first + i < positions; i++) down[(first + i) * step] = lane[i];
  }
}

/// Rounds numbers [vector][position][FK_LANES] to pairs of integers, `step` words apart from position to position; a group is two vectors.
FK_INLINE void int16_round(const int32_t positions, const float *numbers, int64_t groups, const float *up, int32_t *integers, int64_t step) {
  vf round = vf_splat(FK_INT16_ROUND);
  for (int64_t group = 0; group < groups; group++, numbers += 2 * positions * FK_LANES, integers += FK_LANES)
    for (int32_t i = 0; i < positions; i++) {
      vf scale = vf_splat(up[i]);
      vf one = vf_fma(vf_load(numbers + i * FK_LANES), scale, round), two = vf_fma(vf_load(numbers + (positions + i) * FK_LANES), scale, round);
      *(vi_unaligned *)(integers + i * step) = int16_pair(one, two);
    }
}

/// A tile's integers [position][padded / 2] and the factors that bring sums of them back, down[(position * chunks + chunk) *
/// int16_most_tiles].
FK_INLINE void int16_round_tile(const int32_t edge, const float *pixels, int64_t row_step, int64_t padded, float *numbers, int32_t *integers,
                                float *down) {
  const int32_t positions = edge * edge;
  const int64_t chunks = fk_ceil_div(padded, fk_int16_chunk);
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    int64_t first = chunk * fk_int16_chunk, vectors = fk_min64(fk_int16_chunk, padded - first) / FK_LANES;
    vf squares[int16_square_vectors];
    float up[int16_square_vectors];
    for (int32_t i = positions; i < int16_square_vectors; i++) squares[i] = vf_splat(0);
    int16_input_chunk(edge, pixels + first, row_step, padded, vectors, numbers, squares);
    int16_input_scales(positions, squares, up, down + chunk * int16_most_tiles, chunks * int16_most_tiles);
    int16_round(positions, numbers, vectors / 2, up, integers + first / 2, padded / 2);
  }
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
FK_INLINE void int16_output_tile(const int32_t edge, const int whole, const float *products, int64_t step,
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
      if (x < columns) int16_finish(whole, e, residual, out, at + y * e->row_step + x * e->column_step, line[x] + e->bias);
  }
}
