// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and what a sample is made of.
//
// Sample p of (seed, stream) takes word p % 4 of the block with counter (p / 4, stream) and key seed. Normals come in pairs
// (2i, 2i + 1) by Box and Muller from the words of the same pair.
#ifndef FK_PHILOX_H
#define FK_PHILOX_H

#include "fk_math.h"

FK_INLINE void fk_philox4x32_10(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int32_t round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/// A multiple of 2^-24 in [0, 1).
FK_INLINE float fk_unit_uniform(uint32_t word) { return (float)(int32_t)(word >> 8) * 0x1p-24f; }

/// sin and cos of a fraction of a turn in [0, 1), which reduces exactly.
FK_INLINE void fk_turn(float fraction, float *sine, float *cosine) {
  float quarter = (fraction * 4.0f + 12582912.0f) - 12582912.0f;
  float r = (fraction - quarter * 0.25f) * 6.28318531f;
  int32_t quadrant = (int32_t)quarter;
  float z = r * r;
  float s = r + r * z * (-0.16666667f + z * (8.3333310e-3f + z * (-1.9839335e-4f + z * 2.7183114e-6f)));
  float c = 1.0f + z * (-0.5f + z * (4.1666638e-2f + z * (-1.3888761e-3f + z * 2.4433157e-5f)));
  float a = (quadrant & 1) ? c : s, b = (quadrant & 1) ? s : c;
  *sine = (quadrant & 2) ? -a : a;
  *cosine = ((quadrant + 1) & 2) ? -b : b;
}

/// Two independent standard normals of two words (Box and Muller, 1958).
FK_INLINE void fk_normal_pair(uint32_t radius_word, uint32_t angle_word, float *first, float *second) {
  // (word / 256 + 1/2) 2^-24 is exact, never 0 and never 1.
  float u = ((float)(int32_t)(radius_word >> 8) + 0.5f) * 0x1p-24f;
  float radius = __builtin_sqrtf(-2.0f * fk_log(u));
  float s, c;
  fk_turn(fk_unit_uniform(angle_word), &s, &c);
  *first = radius * c;
  *second = radius * s;
}

#endif
