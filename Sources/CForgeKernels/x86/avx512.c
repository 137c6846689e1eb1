// AVX-512 (F, BW, DQ, VL): 32 registers hold a tile of 14 x 32 sums.
#if defined(__x86_64__)
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 16
#define FK_TILE_ROWS 14
#define FK_TABLE fk_avx512
#define FK_TABLE_NAME "avx512"
#define FK_PEAK_BURST fk_avx512_peak_burst

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "vector-inl.h"
#include "micro-inl.h"
#include "window-inl.h"
#include "product-inl.h"
#include "gradient-inl.h"
#include "convolution-inl.h"
#include "gemm-inl.h"
#include "walk-inl.h"
#include "elementwise-inl.h"
#include "copy-inl.h"
#include "reduce-inl.h"
#include "norm-inl.h"
#include "activation-inl.h"
#include "steps-inl.h"
#include "peak-inl.h"
#pragma clang attribute pop

#include "table-inl.h"
#endif
