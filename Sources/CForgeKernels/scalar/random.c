// Counter-based random numbers.
#include "../fk_philox.h"
#include "scalar.h"

fk_status fk_scalar_random_uniform(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float low, float high, float *out) {
  for (size_t i = 0; i < n; i++) {
    uint64_t position = counter + i;
    uint32_t word[4];
    fk_philox4x32_10(seed, stream, position / 4, word);
    out[i] = low + (high - low) * fk_unit_uniform(word[position % 4]);
  }
  return FK_OK;
}

fk_status fk_scalar_random_normal(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float mean, float deviation, float *out) {
  for (size_t i = 0; i < n; i++) {
    uint64_t position = counter + i;
    uint32_t word[4];
    float pair[2];
    fk_philox4x32_10(seed, stream, position / 4, word);
    fk_normal_pair(word[position % 4 & 2], word[(position % 4 & 2) + 1], &pair[0], &pair[1]);
    out[i] = mean + deviation * pair[position % 2];
  }
  return FK_OK;
}
