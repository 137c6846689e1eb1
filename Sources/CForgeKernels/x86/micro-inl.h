// Register tiles of the matrix products: FK_TILE_ROWS x (1 or 2 vectors), in two flavors that differ in how the left operand lies.
//
// Each sum of a tile runs over the reduction index in ascending order by fma, whatever the tile's height and width, so a result
// does not depend on how the outputs were cut into tiles.

/// Pieces of the reduction that are contiguous in the left operand's memory.
typedef struct pieces {
  const int64_t *offset;    // from the row's base, in floats
  const int32_t *length;
  int32_t count;
} pieces;

/// tile[m][j] = sum over pieces and their elements e of row_m[e] * b[e][j]; row_m starts at a + m * step.
FK_INLINE void multiply_rows(const int32_t rows, const int32_t vectors, const float *a, int64_t step, pieces p, const float *b, float *tile) {
  vf sum[FK_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) sum[m][0] = sum[m][1] = vf_splat(0);
  for (int32_t i = 0; i < p.count; i++) {
    // Three rows share a base register: base, base + step, base + 2 step are address modes.
    const float *base[(FK_TILE_ROWS + 2) / 3];
#pragma clang loop unroll(full)
    for (int32_t m = 0; m < (rows + 2) / 3; m++) base[m] = a + p.offset[i] + 3 * m * step;
    int32_t length = p.length[i];
#pragma clang loop unroll_count(4)
    for (int32_t e = 0; e < length; e++) {
      vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + FK_LANES) : b0;
      b += vectors * FK_LANES;
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < rows; m++) {
        vf x = vf_splat(base[m / 3][m % 3 * step]);
        sum[m][0] = vf_fma(x, b0, sum[m][0]);
        if (vectors > 1) sum[m][1] = vf_fma(x, b1, sum[m][1]);
      }
#pragma clang loop unroll(full)
      for (int32_t m = 0; m < (rows + 2) / 3; m++) base[m]++;
    }
  }
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) {
    vf_store(tile + m * vectors * FK_LANES, sum[m][0]);
    if (vectors > 1) vf_store(tile + (m * vectors + 1) * FK_LANES, sum[m][1]);
  }
}

/// tile[m][j] = sum over e in 0 ..< length of a[e * a_step + m] * b[e * b_step + j].
FK_INLINE void multiply_columns(const int32_t rows, const int32_t vectors, const float *a, int64_t a_step, const float *b, int64_t b_step,
                                int64_t length, float *tile) {
  vf sum[FK_TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int32_t m = 0; m < rows; m++) sum[m][0] = sum[m][1] = vf_splat(0);
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
  for (int32_t m = 0; m < rows; m++) {
    vf_store(tile + m * vectors * FK_LANES, sum[m][0]);
    if (vectors > 1) vf_store(tile + (m * vectors + 1) * FK_LANES, sum[m][1]);
  }
}

typedef void rows_tile(const float *a, int64_t step, pieces p, const float *b, float *tile);
typedef void columns_tile(const float *a, int64_t a_step, const float *b, int64_t b_step, int64_t length, float *tile);

#define FK_TILE(rows, vectors)                                                                             \
  static void rows_##rows##_##vectors(const float *a, int64_t step, pieces p, const float *b, float *tile) { \
    multiply_rows(rows, vectors, a, step, p, b, tile);                                                     \
  }                                                                                                        \
  static void columns_##rows##_##vectors(const float *a, int64_t a_step, const float *b, int64_t b_step,   \
                                         int64_t length, float *tile) {                                    \
    multiply_columns(rows, vectors, a, a_step, b, b_step, length, tile);                                   \
  }
#define FK_TILES(rows) FK_TILE(rows, 1) FK_TILE(rows, 2)
FK_TILES(1) FK_TILES(2) FK_TILES(3) FK_TILES(4) FK_TILES(5) FK_TILES(6)
#if FK_TILE_ROWS == 14
FK_TILES(7) FK_TILES(8) FK_TILES(9) FK_TILES(10) FK_TILES(11) FK_TILES(12) FK_TILES(13) FK_TILES(14)
#endif

#define FK_PAIR(kind, rows) {kind##_##rows##_1, kind##_##rows##_2}
static rows_tile *const rows_tiles[FK_TILE_ROWS][2] = {
    FK_PAIR(rows, 1), FK_PAIR(rows, 2), FK_PAIR(rows, 3), FK_PAIR(rows, 4), FK_PAIR(rows, 5), FK_PAIR(rows, 6),
#if FK_TILE_ROWS == 14
    FK_PAIR(rows, 7), FK_PAIR(rows, 8), FK_PAIR(rows, 9), FK_PAIR(rows, 10), FK_PAIR(rows, 11), FK_PAIR(rows, 12), FK_PAIR(rows, 13),
    FK_PAIR(rows, 14),
#endif
};
static columns_tile *const columns_tiles[FK_TILE_ROWS][2] = {
    FK_PAIR(columns, 1), FK_PAIR(columns, 2), FK_PAIR(columns, 3), FK_PAIR(columns, 4), FK_PAIR(columns, 5), FK_PAIR(columns, 6),
#if FK_TILE_ROWS == 14
    FK_PAIR(columns, 7), FK_PAIR(columns, 8), FK_PAIR(columns, 9), FK_PAIR(columns, 10), FK_PAIR(columns, 11), FK_PAIR(columns, 12),
    FK_PAIR(columns, 13), FK_PAIR(columns, 14),
#endif
};
