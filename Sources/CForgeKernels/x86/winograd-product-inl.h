// The products of Winograd's algorithm: per position, tiles x contraction times contraction x output channels.
//
// Register tiles as in micro-inl.h, but short reductions follow each other closely and nothing is used for long: each call also brings
// memory that a later call needs into L1.

/// sums[m][j] = (`more` ? sums[m][j] : 0) + sum over e of row_m[e] * b[e][j], row_m = a + m * step; fetches as many bytes from `ahead` as
/// it reads of b.
FK_INLINE void winograd_multiply(const int32_t rows, const int32_t vectors, const float *a, int64_t step, int64_t length, const float *b,
                                 const float *ahead, float *sums, int more) {
  vf sum[FK_TILE_ROWS][2];
  const float *base[(FK_TILE_ROWS + 2) / 3];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) sum[m][0] = sum[m][1] = vf_splat(0);
  if (more)
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < rows; m++) {
      sum[m][0] = vf_load(sums + m * vectors * FK_LANES);
      if (vectors > 1) sum[m][1] = vf_load(sums + (m * vectors + 1) * FK_LANES);
    }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < (rows + 2) / 3; m++) base[m] = a + 3 * m * step;
#pragma clang loop unroll(disable)
  for (int64_t e = 0; e < length; e++) {
    vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + FK_LANES) : b0;
    __builtin_prefetch(ahead, 0, 3);
    if (vectors * FK_LANES * sizeof(float) > 64) __builtin_prefetch(ahead + FK_LANES, 0, 3);
    b += vectors * FK_LANES, ahead += vectors * FK_LANES;
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < rows; m++) {
      vf x = vf_splat(base[m / 3][m % 3 * step]);
      sum[m][0] = vf_fma(x, b0, sum[m][0]);
      if (vectors > 1) sum[m][1] = vf_fma(x, b1, sum[m][1]);
    }
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < (rows + 2) / 3; m++) base[m]++;
  }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) {
    vf_store(sums + m * vectors * FK_LANES, sum[m][0]);
    if (vectors > 1) vf_store(sums + (m * vectors + 1) * FK_LANES, sum[m][1]);
  }
}

typedef void winograd_rows(const float *a, int64_t step, int64_t length, const float *b, const float *ahead, float *sums, int more);

#define FK_WINOGRAD_ROWS(rows, vectors)                                                                                                    \
  static void winograd_##rows##_##vectors(const float *a, int64_t step, int64_t length, const float *b, const float *ahead, float *sums, \
                                          int more) {                                                                                     \
    winograd_multiply(rows, vectors, a, step, length, b, ahead, sums, more);                                                              \
  }
#define FK_WINOGRAD_PAIR(rows) FK_WINOGRAD_ROWS(rows, 1) FK_WINOGRAD_ROWS(rows, 2)
FK_WINOGRAD_PAIR(1) FK_WINOGRAD_PAIR(2) FK_WINOGRAD_PAIR(3) FK_WINOGRAD_PAIR(4) FK_WINOGRAD_PAIR(5) FK_WINOGRAD_PAIR(6)
#if FK_TILE_ROWS == 14
FK_WINOGRAD_PAIR(7) FK_WINOGRAD_PAIR(8) FK_WINOGRAD_PAIR(9) FK_WINOGRAD_PAIR(10) FK_WINOGRAD_PAIR(11) FK_WINOGRAD_PAIR(12)
FK_WINOGRAD_PAIR(13) FK_WINOGRAD_PAIR(14)
#endif

static winograd_rows *const winograd_tiles[FK_TILE_ROWS][2] = {
    FK_PAIR(winograd, 1), FK_PAIR(winograd, 2), FK_PAIR(winograd, 3), FK_PAIR(winograd, 4), FK_PAIR(winograd, 5), FK_PAIR(winograd, 6),
#if FK_TILE_ROWS == 14
    FK_PAIR(winograd, 7), FK_PAIR(winograd, 8), FK_PAIR(winograd, 9), FK_PAIR(winograd, 10), FK_PAIR(winograd, 11),
    FK_PAIR(winograd, 12), FK_PAIR(winograd, 13), FK_PAIR(winograd, 14),
#endif
};
