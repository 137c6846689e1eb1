// Vectors of FK_LANES floats. Include after FK_LANES is defined, inside the target pragma of an ISA file.

typedef float vf __attribute__((ext_vector_type(FK_LANES)));
typedef float vf_unaligned __attribute__((ext_vector_type(FK_LANES), aligned(4), may_alias));

FK_INLINE vf vf_load(const float *p) { return *(const vf_unaligned *)p; }
FK_INLINE void vf_store(float *p, vf x) { *(vf_unaligned *)p = x; }
FK_INLINE vf vf_splat(float x) { return (vf)x; }

// a * b + c. The table `portable` rounds the product too (FK_UNFUSED), because not every instruction set has a fused step.
#ifdef FK_UNFUSED
FK_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
FK_INLINE float f_fma(float a, float b, float c) { return a * b + c; }
#else
FK_INLINE vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
FK_INLINE float f_fma(float a, float b, float c) { return __builtin_elementwise_fma(a, b, c); }
#endif

/// The first `count` floats, then zeros.
FK_INLINE vf vf_load_part(const float *p, int64_t count) {
  float lane[FK_LANES] = {0};
  for (int64_t i = 0; i < count; i++) lane[i] = p[i];
  return vf_load(lane);
}

/// Stores the first `count` floats.
FK_INLINE void vf_store_part(float *p, vf x, int64_t count) {
  float lane[FK_LANES];
  vf_store(lane, x);
  for (int64_t i = 0; i < count; i++) p[i] = lane[i];
}

/// Sum of the lanes, halves first.
FK_INLINE float vf_sum(vf x) {
  float lane[FK_LANES];
  vf_store(lane, x);
  for (int32_t width = FK_LANES / 2; width > 0; width /= 2)
    for (int32_t i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}

/// Copies without the call of memcpy: runs are often a few floats long.
FK_INLINE void copy_floats(float *restrict to, const float *restrict from, int64_t n) {
  int64_t i = 0;
  for (; i + FK_LANES <= n; i += FK_LANES) vf_store(to + i, vf_load(from + i));
  for (; i < n; i++) to[i] = from[i];
}

FK_INLINE void zero_floats(float *to, int64_t n) {
  int64_t i = 0;
  for (; i + FK_LANES <= n; i += FK_LANES) vf_store(to + i, vf_splat(0));
  for (; i < n; i++) to[i] = 0;
}
