// The Winograd transforms along one axis, for single numbers or vectors. Include after INT16_NUMBER (the type), INT16_FMA and
// INT16_SPLAT are defined. Tiles of 6 for 3 taps by the points 0, +-sqrt(1/2), +-sqrt(2), infinity; tiles of 5 for 2 taps by the points
// +-1/2, +-3/2, infinity. Points that mirror each other share their work, and these ones amplify the rounding to integers 3 times less
// than the usual 0, +-1, +-2 (noise through input, weight and output transforms; Barabasz et al., 2020, on the choice of points).

#define INT16_ROOT_HALF 0.70710678f
#define INT16_ROOT_TWO 1.41421356f

/// v = B d: 6 or 5 numbers of the input.
FK_INLINE void int16_input_line(const int32_t edge, const INT16_NUMBER *d, INT16_NUMBER *v) {
  if (edge == 6) {
    INT16_NUMBER even1 = INT16_FMA(INT16_SPLAT(-2.0f), d[2], d[4]), odd1 = INT16_FMA(INT16_SPLAT(-2.0f), d[1], d[3]);
    INT16_NUMBER even2 = INT16_FMA(INT16_SPLAT(-0.5f), d[2], d[4]), odd2 = INT16_FMA(INT16_SPLAT(-0.5f), d[1], d[3]);
    v[0] = INT16_FMA(INT16_SPLAT(-2.5f), d[2], d[0]) + d[4];
    v[1] = INT16_FMA(INT16_SPLAT(INT16_ROOT_HALF), odd1, even1);
    v[2] = INT16_FMA(INT16_SPLAT(-INT16_ROOT_HALF), odd1, even1);
    v[3] = INT16_FMA(INT16_SPLAT(INT16_ROOT_TWO), odd2, even2);
    v[4] = INT16_FMA(INT16_SPLAT(-INT16_ROOT_TWO), odd2, even2);
    v[5] = INT16_FMA(INT16_SPLAT(-2.5f), d[3], d[1]) + d[5];
  } else {
    INT16_NUMBER odd1 = INT16_FMA(INT16_SPLAT(-2.25f), d[1], d[3]), even1 = INT16_FMA(INT16_SPLAT(2.25f), d[0], -d[2]);
    INT16_NUMBER odd2 = INT16_FMA(INT16_SPLAT(-0.25f), d[1], d[3]), even2 = INT16_FMA(INT16_SPLAT(0.25f), d[0], -d[2]);
    v[0] = INT16_FMA(INT16_SPLAT(-0.5f), even1, odd1);
    v[1] = INT16_FMA(INT16_SPLAT(0.5f), even1, odd1);
    v[2] = INT16_FMA(INT16_SPLAT(-1.5f), even2, odd2);
    v[3] = INT16_FMA(INT16_SPLAT(1.5f), even2, odd2);
    v[4] = INT16_FMA(INT16_SPLAT(0.5625f), d[0], INT16_FMA(INT16_SPLAT(-2.5f), d[2], d[4]));
  }
}

/// u = G w: 3 or 2 taps to 6 or 5 numbers.
FK_INLINE void int16_weight_line(const int32_t edge, const INT16_NUMBER *w, INT16_NUMBER *u) {
  if (edge == 6) {
    INT16_NUMBER even1 = INT16_FMA(INT16_SPLAT(-2.0f / 3), w[0], INT16_SPLAT(-1.0f / 3) * w[2]);
    INT16_NUMBER even2 = INT16_FMA(INT16_SPLAT(1.0f / 6), w[0], INT16_SPLAT(1.0f / 3) * w[2]);
    INT16_NUMBER odd1 = INT16_SPLAT(INT16_ROOT_TWO / 3) * w[1], odd2 = INT16_SPLAT(INT16_ROOT_TWO / 6) * w[1];
    u[0] = w[0];
    u[1] = even1 - odd1;
    u[2] = even1 + odd1;
    u[3] = even2 + odd2;
    u[4] = even2 - odd2;
    u[5] = w[2];
  } else {
    INT16_NUMBER half = INT16_SPLAT(0.5f) * w[0], sixth = INT16_SPLAT(1.0f / 6) * w[0], quarter = INT16_SPLAT(0.25f) * w[1];
    u[0] = -half - quarter;
    u[1] = half - quarter;
    u[2] = quarter + sixth;
    u[3] = quarter - sixth;
    u[4] = w[1];
  }
}

/// y = A m: 6 or 5 products to 4 outputs.
FK_INLINE void int16_output_line(const int32_t edge, const INT16_NUMBER *m, INT16_NUMBER *y) {
  if (edge == 6) {
    INT16_NUMBER even1 = m[1] + m[2], odd1 = m[1] - m[2], even2 = m[3] + m[4], odd2 = m[3] - m[4];
    y[0] = (m[0] + even1) + even2;
    y[1] = INT16_FMA(INT16_SPLAT(INT16_ROOT_TWO), odd2, INT16_SPLAT(INT16_ROOT_HALF) * odd1);
    y[2] = INT16_FMA(INT16_SPLAT(0.5f), even1, even2 + even2);
    y[3] = INT16_FMA(INT16_SPLAT(INT16_ROOT_HALF / 2), odd1, INT16_FMA(INT16_SPLAT(2 * INT16_ROOT_TWO), odd2, m[5]));
  } else {
    INT16_NUMBER even1 = m[0] + m[1], odd1 = m[0] - m[1], even2 = m[2] + m[3], odd2 = m[2] - m[3];
    y[0] = even1 + even2;
    y[1] = INT16_FMA(INT16_SPLAT(1.5f), odd2, INT16_SPLAT(0.5f) * odd1);
    y[2] = INT16_FMA(INT16_SPLAT(2.25f), even2, INT16_SPLAT(0.25f) * even1);
    y[3] = INT16_FMA(INT16_SPLAT(0.125f), odd1, INT16_FMA(INT16_SPLAT(3.375f), odd2, m[4]));
  }
}

/// Positions row by row: u[y * edge + x] from the taps w[y * taps + x].
FK_INLINE void int16_weight_tile(const int32_t edge, const INT16_NUMBER *w, INT16_NUMBER *u) {
  const int32_t taps = edge - 3;
  INT16_NUMBER down[18], line[6], column[3];
#pragma clang loop unroll(full)
  for (int32_t x = 0; x < taps; x++) {
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < taps; y++) column[y] = w[y * taps + x];
    int16_weight_line(edge, column, line);
#pragma clang loop unroll(full)
    for (int32_t y = 0; y < edge; y++) down[y * taps + x] = line[y];
  }
#pragma clang loop unroll(full)
  for (int32_t y = 0; y < edge; y++) int16_weight_line(edge, down + y * taps, u + y * edge);
}
