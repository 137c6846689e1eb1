// Transforms of the transposed Winograd algorithm (Lavin & Gray 2016, run backwards).
//
// Forward, Y = A^T [(G w G^T) . (B^T d B)] A for a tile Y of 4 x 4 outputs. The gradient with respect to w is
// dw = G^T [sum over tiles of (B^T d B) . (A dY A^T)] G. Each axis has its own number of taps: 3 (points 0, 1, -1, 2, -2, infinity),
// 2 (points 0, 1, -1, 2, infinity) or 1 (no transform). An axis of `taps` taps has wgrad_tile + taps - 1 positions.

enum { wgrad_tile = 4, wgrad_most_taps = 3, wgrad_most_positions = wgrad_tile + wgrad_most_taps - 1 };

FK_INLINE int32_t wgrad_positions(int32_t taps) { return wgrad_tile + taps - 1; }

/// to = B^T d along one axis.
FK_INLINE void wgrad_input_axis(const int32_t taps, const vf *d, vf *to) {
  const vf two = vf_splat(2), four = vf_splat(4), five = vf_splat(5);
  if (taps == 3) {
    vf even = vf_fma(-four, d[2], d[4]), odd = vf_fma(-four, d[1], d[3]);
    vf even2 = d[4] - d[2], odd2 = d[3] - d[1];
    to[0] = vf_fma(four, d[0], vf_fma(-five, d[2], d[4]));
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = vf_fma(two, odd2, even2);
    to[4] = vf_fma(-two, odd2, even2);
    to[5] = vf_fma(four, d[1], vf_fma(-five, d[3], d[5]));
  } else if (taps == 2) {
    vf difference = d[3] - d[1];
    to[0] = vf_fma(two, d[0] - d[2], difference);
    to[1] = vf_fma(-two, d[1], d[3] - d[2]);
    to[2] = vf_fma(two, d[1] - d[2], d[3] - d[2]);
    to[3] = difference;
    to[4] = vf_fma(-two, difference, d[4] - d[2]);
  } else {
    for (int32_t i = 0; i < wgrad_tile; i++) to[i] = d[i];
  }
}

/// to = A y along one axis.
FK_INLINE void wgrad_gradient_axis(const int32_t taps, const vf *y, vf *to) {
  const vf two = vf_splat(2), four = vf_splat(4);
  if (taps == 1) {
    for (int32_t i = 0; i < wgrad_tile; i++) to[i] = y[i];
    return;
  }
  vf even = y[0] + y[2], odd = y[1] + y[3], even2 = vf_fma(four, y[2], y[0]), odd2 = vf_fma(four, y[3], y[1]);
  to[0] = y[0];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = vf_fma(two, odd2, even2);
  if (taps == 3) to[4] = vf_fma(-two, odd2, even2);
  to[taps + 2] = y[3];
}

/// to = G^T u along one axis.
FK_INLINE void wgrad_kernel_axis(const int32_t taps, const vf *u, vf *to) {
  if (taps == 3) {
    vf sum = (u[1] + u[2]) * vf_splat(1.0f / 6), sum2 = u[3] + u[4];
    to[0] = vf_fma(vf_splat(1.0f / 24), sum2, vf_fma(vf_splat(0.25f), u[0], -sum));
    to[1] = vf_fma(vf_splat(1.0f / 12), u[3] - u[4], (u[2] - u[1]) * vf_splat(1.0f / 6));
    to[2] = vf_fma(vf_splat(1.0f / 6), sum2, u[5] - sum);
  } else if (taps == 2) {
    vf one = u[1] * vf_splat(-0.5f), minus = u[2] * vf_splat(-1.0f / 6), two = u[3] * vf_splat(1.0f / 6);
    to[0] = vf_fma(vf_splat(0.5f), u[0], one + minus + two);
    to[1] = vf_fma(vf_splat(2), two, one - minus) + u[4];
  } else {
    // One tap sums over the pixels.
    to[0] = (u[0] + u[1]) + (u[2] + u[3]);
  }
}

/// One tile, `vectors` vectors of channels. pixels: its pixels in row-major order; next: those of the tile after it, for the cache.
/// Position (y, x) of vector v goes to to + (y * positions of the x axis + x) * step + v * FK_LANES.
FK_INLINE void wgrad_tile_transform(const int32_t taps_y, const int32_t taps_x, const int32_t is_gradient, const float *const *pixels,
                                    const float *const *next, int64_t vectors, float *to, int64_t step) {
  const int32_t down = wgrad_tile + taps_y - 1, across = wgrad_tile + taps_x - 1;
  const int32_t rows = is_gradient ? wgrad_tile : down, columns = is_gradient ? wgrad_tile : across;
  for (int64_t v = 0; v < vectors; v++, to += FK_LANES) {
    vf half[wgrad_most_positions][wgrad_most_positions];
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < columns; x++) {
      vf from[wgrad_most_positions], all[wgrad_most_positions];
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < rows; y++) {
        from[y] = vf_load(pixels[y * columns + x] + v * FK_LANES);
        __builtin_prefetch(next[y * columns + x] + v * FK_LANES);
      }
      if (is_gradient)
        wgrad_gradient_axis(taps_y, from, all);
      else
        wgrad_input_axis(taps_y, from, all);
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < down; y++) half[y][x] = all[y];
    }
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < down; y++) {
      vf all[wgrad_most_positions];
      if (is_gradient)
        wgrad_gradient_axis(taps_x, half[y], all);
      else
        wgrad_input_axis(taps_x, half[y], all);
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < across; x++) vf_store(to + (y * across + x) * step, all[x]);
    }
  }
}

typedef void wgrad_transform(const float *const *pixels, const float *const *next, int64_t vectors, float *to, int64_t step);

#define FK_WGRAD_TRANSFORM(name, taps_y, taps_x, is_gradient)                                                                            \
  static void wgrad_##name##_##taps_y##taps_x(const float *const *pixels, const float *const *next, int64_t vectors, float *to, int64_t step) { \
    wgrad_tile_transform(taps_y, taps_x, is_gradient, pixels, next, vectors, to, step);                                             \
  }
#define FK_WGRAD_TRANSFORMS(taps_y, taps_x) FK_WGRAD_TRANSFORM(input, taps_y, taps_x, 0) FK_WGRAD_TRANSFORM(gradient, taps_y, taps_x, 1)
FK_WGRAD_TRANSFORMS(1, 1) FK_WGRAD_TRANSFORMS(1, 2) FK_WGRAD_TRANSFORMS(2, 1) FK_WGRAD_TRANSFORMS(2, 2) FK_WGRAD_TRANSFORMS(3, 3)

#define FK_WGRAD_ENTRY(taps_y, taps_x) {wgrad_input_##taps_y##taps_x, wgrad_gradient_##taps_y##taps_x}
/// [taps_y - 1][taps_x - 1][is gradient]; NULL where no filter has such a phase.
static wgrad_transform *const wgrad_transforms[wgrad_most_taps][wgrad_most_taps][2] = {
    {FK_WGRAD_ENTRY(1, 1), FK_WGRAD_ENTRY(1, 2)}, {FK_WGRAD_ENTRY(2, 1), FK_WGRAD_ENTRY(2, 2)}, {{NULL}, {NULL}, FK_WGRAD_ENTRY(3, 3)}};

/// `floats` floats of every tap from their sums: position i at from + i * step, tap (y, x) at to + y * tap_row + x * tap_column. The sums
/// of the blocks lie block_step apart and are added in order.
FK_INLINE void wgrad_tile_inverse(const int32_t taps_y, const int32_t taps_x, const float *from, int64_t step, int64_t blocks, int64_t block_step,
                             int64_t floats, float *to, int64_t tap_row, int64_t tap_column) {
  const int32_t down = wgrad_tile + taps_y - 1, across = wgrad_tile + taps_x - 1;
  for (int64_t n = 0; n < floats; n += FK_LANES) {
    vf rest[wgrad_most_taps][wgrad_most_positions];
    for (int32_t x = 0; x < across; x++) {
      vf u[wgrad_most_positions], w[wgrad_most_taps];
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < down; y++) {
        const float *at = from + (y * across + x) * step + n;
        u[y] = vf_load(at);
        for (int64_t block = 1; block < blocks; block++) u[y] += vf_load(at + block * block_step);
      }
      wgrad_kernel_axis(taps_y, u, w);
#pragma clang loop unroll(full)
      for (int32_t y = 0; y < taps_y; y++) rest[y][x] = w[y];
    }
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < taps_y; y++) {
      vf w[wgrad_most_taps];
      wgrad_kernel_axis(taps_x, rest[y], w);
#pragma clang loop unroll(full)
      for (int32_t x = 0; x < taps_x; x++) {
        float *at = to + y * tap_row + x * tap_column + n;
        if (floats - n >= FK_LANES) {
          vf_store(at, w[x]);
        } else {
          float lane[FK_LANES];
          vf_store(lane, w[x]);
          for (int64_t i = 0; i < floats - n; i++) at[i] = lane[i];
        }
      }
    }
  }
}

typedef void wgrad_inverse(const float *from, int64_t step, int64_t blocks, int64_t block_step, int64_t floats, float *to, int64_t tap_row,
                           int64_t tap_column);

#define FK_WGRAD_INVERSE(taps_y, taps_x)                                                                                             \
  static void wgrad_inverse_##taps_y##taps_x(const float *from, int64_t step, int64_t blocks, int64_t block_step, int64_t floats, float *to, \
                                             int64_t tap_row, int64_t tap_column) {                                                  \
    wgrad_tile_inverse(taps_y, taps_x, from, step, blocks, block_step, floats, to, tap_row, tap_column);                             \
  }
FK_WGRAD_INVERSE(1, 1) FK_WGRAD_INVERSE(1, 2) FK_WGRAD_INVERSE(2, 1) FK_WGRAD_INVERSE(2, 2) FK_WGRAD_INVERSE(3, 3)

/// [taps_y - 1][taps_x - 1].
static wgrad_inverse *const wgrad_inverses[wgrad_most_taps][wgrad_most_taps] = {
    {wgrad_inverse_11, wgrad_inverse_12}, {wgrad_inverse_21, wgrad_inverse_22}, {NULL, NULL, wgrad_inverse_33}};
