// Shuffles across the lanes of several vectors: sums and transposes.

#define FK_FOLD_LOW(i, w) ((i) / (2 * (w)) * (2 * (w)) + (i) % (w) + ((i) % (2 * (w)) >= (w) ? FK_LANES : 0))
#define FK_FOLD_HIGH(i, w) (FK_FOLD_LOW(i, w) + (w))
#define FK_FOLD_4(f, w, i) f(i, w), f(i + 1, w), f(i + 2, w), f(i + 3, w)
#if FK_LANES == 16
#define FK_FOLD_ALL(f, w) FK_FOLD_4(f, w, 0), FK_FOLD_4(f, w, 4), FK_FOLD_4(f, w, 8), FK_FOLD_4(f, w, 12)
#elif FK_LANES == 8
#define FK_FOLD_ALL(f, w) FK_FOLD_4(f, w, 0), FK_FOLD_4(f, w, 4)
#else
#define FK_FOLD_ALL(f, w) FK_FOLD_4(f, w, 0)
#endif
/// In lanes by groups of 2w: the lower (upper) half of a's group, then that of b's.
#define FK_LOWER(a, b, w) __builtin_shufflevector(a, b, FK_FOLD_ALL(FK_FOLD_LOW, w))
#define FK_UPPER(a, b, w) __builtin_shufflevector(a, b, FK_FOLD_ALL(FK_FOLD_HIGH, w))

#define FK_FOLD_STEP(v, w) \
  _Pragma("clang loop unroll(full)") for (int32_t i = 0; i < w; i++) v[i] = FK_LOWER(v[i], v[i + w], w) + FK_UPPER(v[i], v[i + w], w)

/// Lane i of the result is the sum of the lanes of v[i], halves first. `v` has FK_LANES vectors and is overwritten.
FK_INLINE vf vf_lane_sums(vf *v) {
#if FK_LANES == 16
  FK_FOLD_STEP(v, 8);
#endif
#if FK_LANES >= 8
  FK_FOLD_STEP(v, 4);
#endif
  FK_FOLD_STEP(v, 2);
  FK_FOLD_STEP(v, 1);
  return v[0];
}

#define FK_TRANSPOSE_STEP(v, w)                                                               \
  _Pragma("clang loop unroll(full)") for (int32_t i = 0; i < FK_LANES; i++) if (i % (2 * w) < w) { \
    vf lower = FK_LOWER(v[i], v[i + w], w), upper = FK_UPPER(v[i], v[i + w], w);              \
    v[i] = lower, v[i + w] = upper;                                                           \
  }

/// to[column * to_step + row] = from[row * from_step + column] for a square of FK_LANES.
FK_INLINE void transpose_square(const float *from, int64_t from_step, float *to, int64_t to_step) {
  vf v[FK_LANES];
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < FK_LANES; i++) v[i] = vf_load(from + i * from_step);
#if FK_LANES == 16
  FK_TRANSPOSE_STEP(v, 8)
#endif
#if FK_LANES >= 8
  FK_TRANSPOSE_STEP(v, 4)
#endif
  FK_TRANSPOSE_STEP(v, 2)
  FK_TRANSPOSE_STEP(v, 1)
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < FK_LANES; i++) vf_store(to + i * to_step, v[i]);
}

/// to[column * to_step + row] = from[row * from_step + column].
static void transpose_floats(const float *from, int64_t from_step, int64_t rows, int64_t columns, float *to, int64_t to_step) {
  for (int64_t r = 0; r < rows; r += FK_LANES)
    for (int64_t c = 0; c < columns; c += FK_LANES) {
      if (r + FK_LANES <= rows && c + FK_LANES <= columns) {
        transpose_square(from + r * from_step + c, from_step, to + c * to_step + r, to_step);
        continue;
      }
      for (int64_t i = r; i < fk_min64(r + FK_LANES, rows); i++)
        for (int64_t k = c; k < fk_min64(c + FK_LANES, columns); k++) to[k * to_step + i] = from[i * from_step + k];
    }
}
