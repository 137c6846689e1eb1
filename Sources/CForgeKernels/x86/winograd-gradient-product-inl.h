// The products of the transposed Winograd algorithm: at each position, sums over tiles of input channel times gradient channel.

/// sums[m][j] (+)= sum over e in 0 ..< length of a[e * a_step + m] * b[e * b_step + j]. The products of one call are summed from zero and
/// then added, so that long sums are sums of short ones.
FK_INLINE void wgrad_multiply(const int32_t rows, const int32_t vectors, const float *a, int64_t a_step, const float *b, int64_t b_step,
                              int64_t length, float *sums, int64_t step, int first) {
  vf sum[FK_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) {
    sum[m][0] = sum[m][1] = vf_splat(0);
    for (int32_t v = 0; v < vectors; v++) __builtin_prefetch(sums + m * step + v * FK_LANES, 1, 3);
  }
#pragma clang loop unroll_count(2)
  for (int64_t e = 0; e < length; e++) {
    vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + FK_LANES) : b0;
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < rows; m++) {
      vf x = vf_splat(a[m]);
      sum[m][0] = vf_fma(x, b0, sum[m][0]);
      if (vectors > 1) sum[m][1] = vf_fma(x, b1, sum[m][1]);
    }
    a += a_step;
    b += b_step;
  }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
    for (int32_t v = 0; v < vectors; v++) {
      float *at = sums + m * step + v * FK_LANES;
      vf_store(at, first ? sum[m][v] : vf_load(at) + sum[m][v]);
    }
}

typedef void wgrad_product(const float *a, int64_t a_step, const float *b, int64_t b_step, int64_t length, float *sums, int64_t step,
                           int first);

#define FK_WGRAD_PRODUCT(rows, vectors)                                                                                    \
  static void wgrad_product_##rows##_##vectors(const float *a, int64_t a_step, const float *b, int64_t b_step, int64_t length, \
                                               float *sums, int64_t step, int first) {                                     \
    wgrad_multiply(rows, vectors, a, a_step, b, b_step, length, sums, step, first);                                        \
  }
#define FK_WGRAD_PRODUCTS(rows) FK_WGRAD_PRODUCT(rows, 1) FK_WGRAD_PRODUCT(rows, 2)
FK_WGRAD_PRODUCTS(1) FK_WGRAD_PRODUCTS(2) FK_WGRAD_PRODUCTS(3) FK_WGRAD_PRODUCTS(4) FK_WGRAD_PRODUCTS(5) FK_WGRAD_PRODUCTS(6)
#if FK_TILE_ROWS == 14
FK_WGRAD_PRODUCTS(7) FK_WGRAD_PRODUCTS(8) FK_WGRAD_PRODUCTS(9) FK_WGRAD_PRODUCTS(10) FK_WGRAD_PRODUCTS(11) FK_WGRAD_PRODUCTS(12)
FK_WGRAD_PRODUCTS(13) FK_WGRAD_PRODUCTS(14)
#endif

static wgrad_product *const wgrad_products[FK_TILE_ROWS][2] = {
    FK_PAIR(wgrad_product, 1), FK_PAIR(wgrad_product, 2), FK_PAIR(wgrad_product, 3), FK_PAIR(wgrad_product, 4), FK_PAIR(wgrad_product, 5),
    FK_PAIR(wgrad_product, 6),
#if FK_TILE_ROWS == 14
    FK_PAIR(wgrad_product, 7), FK_PAIR(wgrad_product, 8), FK_PAIR(wgrad_product, 9), FK_PAIR(wgrad_product, 10), FK_PAIR(wgrad_product, 11),
    FK_PAIR(wgrad_product, 12), FK_PAIR(wgrad_product, 13), FK_PAIR(wgrad_product, 14),
#endif
};

/// All tiles of one position: sums[rows, width] (+)= a[length, rows]^T b[length, width], rows of a a_step apart, those of b and the sums
/// b_step. width is a multiple of FK_LANES.
static void wgrad_accumulate(int64_t rows, int64_t width, const float *a, int64_t a_step, const float *b, int64_t b_step, int64_t length,
                             float *sums, int first) {
  int64_t cuts = fk_ceil_div(rows, FK_TILE_ROWS);
  for (int64_t column = 0; column < width; column += panel_columns)
    for (int64_t cut = 0; cut < cuts; cut++) {
      int64_t begin = rows * cut / cuts, end = rows * (cut + 1) / cuts;
      wgrad_products[end - begin - 1][width - column > FK_LANES](a + begin, a_step, b + column, b_step, length,
                                                                sums + begin * b_step + column, b_step, first);
    }
}
