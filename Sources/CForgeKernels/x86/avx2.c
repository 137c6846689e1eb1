// AVX2 with FMA: 16 registers hold a tile of 6 x 16 sums.
#if defined(__x86_64__)
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 8
#define FK_TILE_ROWS 6
#define FK_TABLE fk_avx2
#define FK_TABLE_NAME "avx2"
#define FK_PEAK_BURST fk_avx2_peak_burst

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
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
