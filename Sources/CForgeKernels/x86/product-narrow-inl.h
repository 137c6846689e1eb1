// Products of few columns: the vectors run along the reduction.

/// tile[m * FK_LANES + n] = sum of row_m times column n, lanes along the reduction.
FK_INLINE void multiply_narrow(const int32_t rows, const int32_t width, const float *a, int64_t step, pieces p, const float *b, int64_t b_step,
                               float *tile) {
  vf sum[8][narrow_width];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < width; n++) sum[m][n] = vf_splat(0);
  for (int32_t i = 0; i < p.count; i++) {
    const float *base = a + p.offset[i];
    int64_t length = p.length[i], e = 0;
    for (; e + FK_LANES <= length; e += FK_LANES) {
      vf column[narrow_width];
#pragma clang loop unroll(full)
      for (int32_t n = 0; n < width; n++) column[n] = vf_load(b + n * b_step + e);
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < rows; m++) {
        vf x = vf_load(base + m * step + e);
#pragma clang loop unroll(full)
        for (int32_t n = 0; n < width; n++) sum[m][n] = vf_fma(x, column[n], sum[m][n]);
      }
    }
    if (e < length) {
      vf column[narrow_width];
#pragma clang loop unroll(full)
      for (int32_t n = 0; n < width; n++) column[n] = vf_load_part(b + n * b_step + e, length - e);
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < rows; m++) {
        vf x = vf_load_part(base + m * step + e, length - e);
#pragma clang loop unroll(full)
        for (int32_t n = 0; n < width; n++) sum[m][n] = vf_fma(x, column[n], sum[m][n]);
      }
    }
    b += length;
  }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < width; n++) tile[m * FK_LANES + n] = vf_sum(sum[m][n]);
}

static void narrow_tile(int64_t rows, int64_t width, const float *a, int64_t step, pieces p, const float *b, int64_t b_step, float *tile) {
  int64_t m = 0;
  for (; width == 1 && m + 7 <= rows; m += 7) multiply_narrow(7, 1, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; width == 2 && m + 4 <= rows; m += 4) multiply_narrow(4, 2, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; width == 3 && m + 3 <= rows; m += 3) multiply_narrow(3, 3, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  for (; m < rows; m++) {
    if (width == 1) multiply_narrow(1, 1, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 2) multiply_narrow(1, 2, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 3) multiply_narrow(1, 3, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
    if (width == 4) multiply_narrow(1, 4, a + m * step, step, p, b, b_step, tile + m * FK_LANES);
  }
}
