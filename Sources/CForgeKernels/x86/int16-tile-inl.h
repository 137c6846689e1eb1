// Products of up to 6 tiles with a panel of columns, at one position. Include with INT16_NAMED(x), a name for this instruction set,
// defined, and INT16_NAMED(dot): sum plus the products of two pairs.

/// Sums pairs of `rows` tiles times `vectors` vectors of columns and adds them, brought back to numbers, to the products of earlier chunks.
FK_INLINE void INT16_NAMED(tile)(const int32_t rows, const int32_t vectors, const int32_t *left, int64_t left_step, const int32_t *right,
                                 int64_t pairs, const float *scales, const float *downs, float *out, int64_t out_step, int later) {
  vi sum[int16_rows][int16_vectors];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < vectors; n++) sum[m][n] = (vi){0};
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < pairs; i++) {
    vi column[int16_vectors];
#pragma clang loop unroll(full)
    for (int32_t n = 0; n < vectors; n++) column[n] = *(const vi_unaligned *)(right + (i * vectors + n) * FK_LANES);
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < rows; m++) {
      vi pair = (vi)left[m * left_step + i];
#pragma clang loop unroll(full)
      for (int32_t n = 0; n < vectors; n++) sum[m][n] = INT16_NAMED(dot)(sum[m][n], pair, column[n]);
    }
  }
#pragma clang loop unroll(full)
  for (int32_t n = 0; n < vectors; n++) {
    vf scale = vf_load(scales + n * FK_LANES);
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < rows; m++) {
      float *to = out + m * out_step + n * FK_LANES;
      vf x = __builtin_convertvector(sum[m][n], vf) * scale, down = vf_splat(downs[m]);
      vf_store(to, later ? vf_fma(x, down, vf_load(to)) : x * down);
    }
  }
}

/// All chunks of one position for `tiles` tiles.
FK_INLINE void INT16_NAMED(position)(const int32_t vectors, int64_t tiles, const int32_t *left, int64_t left_step, const int32_t *right,
                                     int64_t pairs, const float *scales, const float *downs, float *out, int64_t out_step) {
  for (int64_t first = 0; first < pairs; first += fk_int16_chunk / 2) {
    int64_t length = fk_min64(pairs - first, fk_int16_chunk / 2);
    int later = first > 0;
    int64_t m = 0;
    for (; m + int16_rows <= tiles; m += int16_rows)
      INT16_NAMED(tile)(int16_rows, vectors, left + m * left_step, left_step, right, length, scales, downs + m, out + m * out_step, out_step, later);
    const int32_t *rest = left + m * left_step;
    float *to = out + m * out_step;
    switch (tiles - m) {
      case 1: INT16_NAMED(tile)(1, vectors, rest, left_step, right, length, scales, downs + m, to, out_step, later); break;
      case 2: INT16_NAMED(tile)(2, vectors, rest, left_step, right, length, scales, downs + m, to, out_step, later); break;
      case 3: INT16_NAMED(tile)(3, vectors, rest, left_step, right, length, scales, downs + m, to, out_step, later); break;
      case 4: INT16_NAMED(tile)(4, vectors, rest, left_step, right, length, scales, downs + m, to, out_step, later); break;
      case 5: INT16_NAMED(tile)(5, vectors, rest, left_step, right, length, scales, downs + m, to, out_step, later); break;
      default: break;
    }
    left += length;
    right += length * vectors * FK_LANES;
    scales += vectors * FK_LANES;
    downs += int16_most_tiles;
  }
}

static void INT16_NAMED(product)(int64_t vectors, int64_t tiles, const int32_t *left, int64_t left_step, const int32_t *right, int64_t pairs,
                                 const float *scales, const float *downs, float *out, int64_t out_step) {
  switch (vectors) {
    case 1: INT16_NAMED(position)(1, tiles, left, left_step, right, pairs, scales, downs, out, out_step); break;
    case 2: INT16_NAMED(position)(2, tiles, left, left_step, right, pairs, scales, downs, out, out_step); break;
#if FK_LANES == 16
    case 3: INT16_NAMED(position)(3, tiles, left, left_step, right, pairs, scales, downs, out, out_step); break;
    case 4: INT16_NAMED(position)(4, tiles, left, left_step, right, pairs, scales, downs, out, out_step); break;
#endif
    default: break;
  }
}
