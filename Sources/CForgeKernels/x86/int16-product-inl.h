// The product kernels of the 16-bit convolutions: with the dot-product instruction of VNNI where the CPU has it, else by a multiply-add
// of pairs and an addition; tables without FK_TARGET spell the same out for the compiler. All are exact.
typedef void int16_product(int64_t vectors, int64_t tiles, const int32_t *left, int64_t left_step, const int32_t *right, int64_t pairs,
                           const float *scales, const float *downs, float *out, int64_t out_step);

#define INT16_NAMED(name) int16_##name##_by_pairs
#if !defined(FK_TARGET)
/// sum + low halves' product + high halves' product.
FK_INLINE vi int16_dot_by_pairs(vi sum, vi a, vi b) { return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16); }
#elif FK_LANES == 16
FK_INLINE vi int16_dot_by_pairs(vi sum, vi a, vi b) { return sum + (vi)_mm512_madd_epi16((__m512i)a, (__m512i)b); }
#else
FK_INLINE vi int16_dot_by_pairs(vi sum, vi a, vi b) { return sum + (vi)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
#endif
#include "int16-tile-inl.h"
#undef INT16_NAMED

#if defined(FK_TARGET)
// A function has one list of instruction sets, so the file's own list is left and taken up again.
#pragma clang attribute pop
#if FK_LANES == 16
#pragma clang attribute push(__attribute__((target(FK_TARGET ",avx512vnni"))), apply_to = function)
#else
#pragma clang attribute push(__attribute__((target(FK_TARGET ",avxvnni"))), apply_to = function)
#endif
// By name: LLVM takes the intrinsic apart into a multiply-add and an addition, which is half as fast here.
FK_INLINE vi int16_dot_by_dots(vi sum, vi a, vi b) {
#if FK_LANES == 16
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
#else
  __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
#endif
  return sum;
}
#define INT16_NAMED(name) int16_##name##_by_dots
#include "int16-tile-inl.h"
#undef INT16_NAMED
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(FK_TARGET))), apply_to = function)
#endif

static int16_product *int16_product_kernel(void) {
#if !defined(FK_TARGET)
  return int16_product_by_pairs;
#elif FK_LANES == 16
  return __builtin_cpu_supports("avx512vnni") ? int16_product_by_dots : int16_product_by_pairs;
#else
  return __builtin_cpu_supports("avxvnni") ? int16_product_by_dots : int16_product_by_pairs;
#endif
}
