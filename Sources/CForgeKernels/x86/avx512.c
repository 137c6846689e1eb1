// AVX-512 (F, BW, DQ, VL): 32 registers hold a tile of 14 x 32 sums.
#if defined(__x86_64__)
#include <stdatomic.h>

#include "../scalar/scalar.h"

#define FK_LANES 16
#define FK_TILE_ROWS 14
#define FK_TABLE fk_avx512
#define FK_TABLE_NAME "avx512"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "vector-inl.h"
#include "micro-inl.h"
#include "window-inl.h"
#include "product-inl.h"
#include "gradient-inl.h"
#include "convolution-inl.h"
#pragma clang attribute pop

#include "table-inl.h"
#endif
