// The multiply-add loop of each table.
#include "fk_internal.h"

static double scalar_burst(int64_t rounds) {
  enum { chains = 12 };
  float sum[chains];
  for (int32_t i = 0; i < chains; i++) sum[i] = (float)i;
  for (int64_t round = 0; round < rounds; round++)
    for (int32_t i = 0; i < chains; i++) {
      sum[i] = sum[i] * 0.999f + 0.001f;
      __asm__ volatile("" : "+m"(sum[i]));
    }
  return 2.0 * chains * (double)rounds;
}

double fk_peak_burst(const fk_table *table, int64_t rounds) {
#if defined(__x86_64__)
  if (table == &fk_avx512) return fk_avx512_peak_burst(rounds);
  if (table == &fk_avx2) return fk_avx2_peak_burst(rounds);
  if (table == &fk_portable_avx2) return fk_portable_avx2_peak_burst(rounds);
#elif defined(__aarch64__)
  if (table == &fk_neon) return fk_neon_peak_burst(rounds);
#endif
  if (table == &fk_portable) return fk_portable_peak_burst(rounds);
  return scalar_burst(rounds);
}
