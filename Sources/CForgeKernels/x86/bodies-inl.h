// Every body, in the order of their needs. A table's file defines FK_LANES, FK_TILE_ROWS (sums per tile: FK_TILE_ROWS x 2 vectors),
// FK_PEAK_BURST, perhaps FK_UNFUSED, then includes this inside its target pragma and table-inl.h after it.

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
