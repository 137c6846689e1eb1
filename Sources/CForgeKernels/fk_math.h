// Elementary functions in float: exp, log, tanh, sigmoid, softplus, erf, sin, cos. Straight-line code without libm, so a loop over any
// of them vectorizes, and every instruction set returns the same bits (no contraction, no fma). Errors: 1-3 ulp unless a comment
// says otherwise. Infinities and NaN behave as in C99.
#ifndef FK_MATH_H
#define FK_MATH_H

#include "forge_kernels.h"

#define FK_INLINE static inline __attribute__((always_inline, unused))

FK_INLINE uint32_t fk_bits(float x) {
  union { float f; uint32_t u; } c = {.f = x};
  return c.u;
}
FK_INLINE float fk_from_bits(uint32_t u) {
  union { uint32_t u; float f; } c = {.u = u};
  return c.f;
}
FK_INLINE float fk_absolute(float x) { return fk_from_bits(fk_bits(x) & 0x7fffffffu); }
FK_INLINE float fk_copy_sign(float magnitude, float sign) {
  return fk_from_bits((fk_bits(magnitude) & 0x7fffffffu) | (fk_bits(sign) & 0x80000000u));
}
FK_INLINE float fk_infinity(void) { return fk_from_bits(0x7f800000u); }
FK_INLINE float fk_nan(void) { return fk_from_bits(0x7fc00000u); }

/// To nearest, ties to even; keeps the sign of zero. 2^23 pushes the fraction out of the significand.
FK_INLINE float fk_round(float x) {
  float m = fk_absolute(x);
  float r = (m + 8388608.0f) - 8388608.0f;
  return m < 8388608.0f ? fk_copy_sign(r, x) : x;
}

/// exp(x) = 2^k exp(r), |r| <= ln(2)/2; the Taylor remainder of degree 7 is below 2^-27.
FK_INLINE float fk_exp(float x) {
  float c = x < -104.0f ? -104.0f : x;
  c = c > 89.0f ? 89.0f : c;
  c = x != x ? 0.0f : c;
  float shifted = c * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the integer lands in the low bits
  float k = shifted - 12582912.0f;
  float r = (c - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9841270e-4f;
  p = p * r + 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = (p * r) * r + r;
  p = p + 1.0f;
  // 2^k in two factors: k reaches 128 and, for subnormal results, -150.
  int32_t n = (int32_t)k, half = n >> 1;
  float a = fk_from_bits((uint32_t)(half + 127) << 23), b = fk_from_bits((uint32_t)(n - half + 127) << 23);
  float y = (p * a) * b;
  return x != x ? x : y;
}

/// exp(x) - 1 with a small relative error near 0, for |x| < 0.35.
FK_INLINE float fk_expm1_small(float r) {
  float p = 2.4801587e-5f;
  p = p * r + 1.9841270e-4f;
  p = p * r + 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  return (p * r) * r + r;
}

/// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)): by s = f / (2 + f), log = 2 atanh(s) (the scheme of FDLIBM).
FK_INLINE float fk_log1p_reduced(float f) {
  float s = f / (2.0f + f);
  float z = s * s;
  float w = z * z;
  float t1 = w * (0.40000972152f + w * 0.24279078841f);
  float t2 = z * (0.66666662693f + w * 0.28498786688f);
  float h = 0.5f * f * f;
  return f - (h - s * (h + (t1 + t2)));
}

FK_INLINE float fk_log(float x) {
  int32_t subnormal = x < 1.17549435e-38f;
  float scaled = subnormal ? x * 8388608.0f : x;
  uint32_t u = fk_bits(scaled) - 0x3f3504f3u;  // sqrt(1/2)
  int32_t exponent = (int32_t)u >> 23;
  float m = fk_from_bits((u & 0x007fffffu) + 0x3f3504f3u);
  float k = (float)(exponent - (subnormal ? 23 : 0));
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float w = z * z;
  float t1 = w * (0.40000972152f + w * 0.24279078841f);
  float t2 = z * (0.66666662693f + w * 0.28498786688f);
  float h = 0.5f * f * f;
  float y = k * 0.693138123f - ((h - (s * (h + (t1 + t2)) + k * 9.0580006e-6f)) - f);
  y = x == fk_infinity() ? x : y;
  y = x == 0.0f ? -fk_infinity() : y;
  return x < 0.0f ? fk_nan() : (x != x ? x : y);
}

/// log(1 + x) for x in [0, 1].
FK_INLINE float fk_log1p_unit(float x) {
  // Above sqrt(2) - 1 the sum is halved: log(1 + x) = log(2) + log(1 + (x - 1) / 2), and (x - 1) / 2 is exact there.
  int32_t upper = x > 0.41421356f;
  float f = upper ? 0.5f * (x - 1.0f) : x;
  float y = fk_log1p_reduced(f);
  return upper ? y + 0.693147181f : y;
}

/// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)).
FK_INLINE float fk_softplus(float x) {
  float positive = x > 0.0f ? x : 0.0f;
  float y = positive + fk_log1p_unit(fk_exp(-fk_absolute(x)));
  return x != x ? x : y;
}

FK_INLINE float fk_sigmoid(float x) {
  // exp of a non-positive number cannot overflow.
  float e = fk_exp(-fk_absolute(x));
  float d = 1.0f + e;
  return (x < 0.0f ? e : 1.0f) / d;
}

/// tanh(x) = -expm1(-2|x|) / (2 + expm1(-2|x|)); below 0.17 expm1 has its own series.
FK_INLINE float fk_tanh(float x) {
  float m = fk_absolute(x);
  m = m > 10.0f ? 10.0f : m;
  float t = -2.0f * m;
  float small = fk_expm1_small(t < -0.35f ? -0.35f : t);
  float e = t > -0.34f ? small : fk_exp(t) - 1.0f;
  float y = fk_copy_sign(-e / (2.0f + e), x);
  return x != x ? x : y;
}

/// erf by double arithmetic: x P(x^2) below 1 (Chebyshev fit, 1e-12), a polynomial in (|x| - 2.5) / 1.5 up to 4 (fit, 6e-10), 1 above.
FK_INLINE float fk_erf(float x) {
  double m = fk_absolute(x);
  double z = m > 1.0 ? 1.0 : m * m;
  double s = 1.0595271140144284e-06;
  s = s * z - 1.3911698758139017e-05;
  s = s * z + 0.0001195694634528212;
  s = s * z - 0.0008542670518546314;
  s = s * z + 0.0052237850042876951;
  s = s * z - 0.026866133624606485;
  s = s * z + 0.11283791313484925;
  s = s * z - 0.37612638889868288;
  s = s * z + 1.1283791670946952;
  double t = ((m > 4.0 ? 4.0 : (m < 1.0 ? 1.0 : m)) - 2.5) * (1.0 / 1.5);
  double u = -0.00015383174858448845;
  u = u * t + 0.00025985707924515249;
  u = u * t + 0.00067389995847973411;
  u = u * t - 0.0020395178259528623;
  u = u * t + 0.00067091358569025799;
  u = u * t + 0.0046766619420663342;
  u = u * t - 0.0097424767449697455;
  u = u * t + 0.0066309699185176912;
  u = u * t + 0.0093038709909214791;
  u = u * t - 0.031865896369769907;
  u = u * t + 0.046447836782521991;
  u = u * t - 0.043651934257187532;
  u = u * t + 0.028181964738401007;
  u = u * t - 0.012252799467987241;
  u = u * t + 0.003267417756079867;
  u = u * t + 0.99959304763227841;
  double y = m < 1.0 ? m * s : (m > 3.95 ? 1.0 : u);
  return x != x ? x : fk_copy_sign((float)y, x);
}

/// sin and cos of r + quadrant * pi / 2, |r| <= pi / 4, by the double polynomials of FreeBSD's k_sinf.c and k_cosf.c (2^-33 and 2^-34).
FK_INLINE float fk_sine_of_quadrant(double r, int32_t quadrant) {
  double z = r * r, w = z * z, c = z * r;
  double sine = (r + c * (-0.166666666416265235595 + z * 0.0083333293858894631756)) +
                c * w * (-0.000198393348360966317347 + z * 0.0000027183114939898219064);
  double cosine = ((1.0 + z * -0.499999997251031003120) + w * 0.0416666233237390631894) +
                  (w * z) * (-0.00138867637746099294692 + z * 0.0000243904487962774090654);
  double y = (quadrant & 1) ? cosine : sine;
  return (float)((quadrant & 2) ? -y : y);
}

/// Below this magnitude the two-term reduction by pi / 2 is exact enough; above it fk_sine_any takes the long road.
#define FK_SINE_LIMIT 1.0e8f

/// sin(x + shift * pi / 2) for |x| < FK_SINE_LIMIT; shift 1 gives the cosine.
FK_INLINE float fk_sine_moderate(float x, int32_t shift) {
  double shifted = (double)x * 0.63661977236758134 + 6755399441055744.0;  // 1.5 * 2^52: to the nearest integer
  double k = shifted - 6755399441055744.0;
  double r = ((double)x - k * 1.57079631090164184570) - k * 1.58932547735281966916e-8;
  return fk_sine_of_quadrant(r, (int32_t)k + shift);
}

/// sin(x + shift * pi / 2) for every x: beyond the limit 1 / (2 pi) is multiplied in integers (Payne and Hanek, 1983).
static inline float fk_sine_any(float x, int32_t shift) {
  if (fk_absolute(x) < FK_SINE_LIMIT) return fk_sine_moderate(x, shift);
  uint32_t u = fk_bits(x) & 0x7fffffffu;
  if (u >= 0x7f800000u) return fk_nan();
  static const uint32_t inverse_turn[7] = {0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410, 0x7f9458ea};
  uint64_t significand = (u & 0x007fffffu) | 0x00800000u;
  int32_t e = (int32_t)(u >> 23) - 150, word = e / 32, bit = e % 32;
  uint64_t part[3];
  for (int32_t i = 0; i < 3; i++) {
    uint64_t two = (uint64_t)inverse_turn[word + i] << 32 | inverse_turn[word + i + 1];
    part[i] = (two << bit) >> 32;
  }
  // The fraction of a turn in units of 2^-64; whole turns overflow away.
  uint64_t turn = (significand * part[0] << 32) + significand * part[1] + (significand * part[2] >> 32);
  uint64_t quadrant = (turn + (1ull << 61)) >> 62;
  double r = (double)(int64_t)(turn - (quadrant << 62)) * (6.2831853071795864769 / 18446744073709551616.0);
  if (x < 0) {
    r = -r;
    quadrant = 4 - quadrant;
  }
  return fk_sine_of_quadrant(r, (int32_t)(quadrant & 3) + shift);
}

/// x^a for x >= 0 by exp(a log x) in double (about 1e-9 relative); NaN for x < 0.
FK_INLINE float fk_power_general(float x, float a) {
  int32_t subnormal = x < 1.17549435e-38f;
  float scaled = subnormal ? x * 8388608.0f : x;
  uint32_t u = fk_bits(scaled) - 0x3f3504f3u;
  double k = (double)(((int32_t)u >> 23) - (subnormal ? 23 : 0));
  double f = (double)fk_from_bits((u & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  double s = f / (2.0 + f), z = s * s;
  double p = 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  p = p * z + 1.0;
  double t = (double)a * (k * 0.693147180559945309 + 2.0 * s * p);
  t = t < -110.0 ? -110.0 : (t > 90.0 ? 90.0 : t);
  double n = (t * 1.44269504088896341 + 6755399441055744.0) - 6755399441055744.0;
  double r = t - n * 0.693147180559945309;
  double e = 1.0 / 362880.0;
  e = e * r + 1.0 / 40320.0;
  e = e * r + 1.0 / 5040.0;
  e = e * r + 1.0 / 720.0;
  e = e * r + 1.0 / 120.0;
  e = e * r + 1.0 / 24.0;
  e = e * r + 1.0 / 6.0;
  e = e * r + 0.5;
  e = e * r + 1.0;
  e = e * r + 1.0;
  union { uint64_t u; double d; } power = {.u = (uint64_t)(1023 + (int64_t)(int32_t)n) << 52};
  float y = (float)(e * power.d);
  float at_infinity = a > 0.0f ? fk_infinity() : 0.0f, at_zero = a > 0.0f ? 0.0f : fk_infinity();
  y = x == fk_infinity() ? at_infinity : y;
  y = x == 0.0f ? at_zero : y;
  return x < 0.0f ? fk_nan() : (x != x ? x : y);
}

/// x^a; whole a from 0 to 4 by multiplication, for every x.
FK_INLINE float fk_power(float x, float a) {
  if (a == 0.0f) return 1.0f;
  if (a == 1.0f) return x;
  if (a == 2.0f) return x * x;
  if (a == 3.0f) return x * x * x;
  if (a == 4.0f) return (x * x) * (x * x);
  return fk_power_general(x, a);
}

/// One element of the slot `unary`. With a constant op the switch folds and a loop over it vectorizes.
FK_INLINE float fk_unary_apply(fk_unary_op op, float x, float a, float b) {
  switch (op) {
    case FK_NEGATE: return -x;
    case FK_EXP: return fk_exp(x);
    case FK_LOG: return fk_log(x);
    case FK_SQRT: return __builtin_sqrtf(x);
    case FK_RECIPROCAL: return 1.0f / x;
    case FK_TANH: return fk_tanh(x);
    case FK_SIGMOID: return fk_sigmoid(x);
    case FK_SOFTPLUS: return fk_softplus(x);
    case FK_ABS: return fk_absolute(x);
    case FK_ERF: return fk_erf(x);
    case FK_SIN: return fk_sine_any(x, 0);
    case FK_COS: return fk_sine_any(x, 1);
    case FK_SCALE: return a * x;
    case FK_OFFSET: return x + a;
    case FK_POWER: return fk_power(x, a);
    case FK_CLAMP: {
      float low = x < a ? a : x;
      return low > b ? b : low;
    }
    case FK_POSITIVE_MASK: return x > 0.0f ? 1.0f : a;
    case FK_INSIDE_MASK: return ((x > a) & (x < b)) ? 1.0f : 0.0f;
    case FK_SIGN: return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x);
    case FK_LEAKY_RELU: return x > 0.0f ? x : a * x;
    case FK_ROUND: return fk_round(x);
  }
  return fk_nan();
}

/// One element of the slot `binary`. Maximum and minimum hand a NaN of either operand on.
FK_INLINE float fk_binary_apply(fk_binary_op op, float a, float b) {
  switch (op) {
    case FK_ADD: return a + b;
    case FK_SUBTRACT: return a - b;
    case FK_MULTIPLY: return a * b;
    case FK_DIVIDE: return a / b;
    case FK_MAXIMUM: return ((a > b) | (a != a)) ? a : b;
    case FK_MINIMUM: return ((a < b) | (a != a)) ? a : b;
    case FK_GREATER_MASK: return a > b ? 1.0f : 0.0f;
  }
  return fk_nan();
}

/// The activation of an epilogue or a norm for one element; `channel_slope` is slopes[channel].
FK_INLINE float fk_activate(fk_activation activation, float x, float slope, float channel_slope) {
  switch (activation) {
    case FK_ACT_NONE: return x;
    case FK_ACT_LEAKY_RELU: return x > 0.0f ? x : slope * x;
    case FK_ACT_PRELU: return x > 0.0f ? x : channel_slope * x;
    case FK_ACT_TANH: return fk_tanh(x);
  }
  return x;
}

#endif
