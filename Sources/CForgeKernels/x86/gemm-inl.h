// The matrix product is a 1 x 1 convolution: its rows are pixels, its reduction the channels. With op(a) transposed it is the weight
// gradient of one, with both transposed op(a) is first laid out in the workspace. Large right operands have their own way.

#include "thin-inl.h"

typedef struct matrices {
  const fk_gemm_geometry *g;
  const float *a, *b;
  float *out;
  char *memory;
  size_t lane_bytes;          // of a lane's memory, when the matrices of a batch are shared out
  int64_t lanes;              // that one product may use
  _Atomic int64_t next;
} matrices;

/// Many products, or small ones, are shared out whole; few large ones share their work out one by one.
static int gemm_is_shared_out(const fk_gemm_geometry *g) {
  return g->batch > 1 && (g->batch >= 8 || (double)g->m * g->n * g->k < 4e6);
}

/// Bytes for one product that may use so many lanes.
static size_t gemm_bytes(const fk_gemm_geometry *g, int64_t lanes) {
  if (g->transpose_a && !g->transpose_b) return 64 + fk_round_up(gradient_workspace(1, g->m, g->n, lanes), 64);
  size_t copy = g->transpose_a ? fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64) : 0;
  return 64 + copy + fk_round_up(product_workspace(1, g->k, g->n, g->m, lanes), 64);
}

static size_t gemm_workspace(const fk_gemm_geometry *g) {
  if (fk_gemm_geometry_is_bad(g)) return 0;
  if (thin_applies(g)) return 64 + thin_workspace(g);
  return 64 + (gemm_is_shared_out(g) ? (size_t)fk_lanes() * gemm_bytes(g, 1) : gemm_bytes(g, fk_lanes()));
}

static void gemm_one(const matrices *j, int64_t index, char *memory) {
  const fk_gemm_geometry *g = j->g;
  const float *a = j->a + index * g->a_batch_stride, *b = j->b + index * g->b_batch_stride;
  float *out = j->out + index * g->out_batch_stride;
  tap *taps = (tap *)memory;
  *taps = (tap){0, 0, 0};
  memory += 64;
  if (g->transpose_a && !g->transpose_b) {
    gradient d = {
        .left = {.source = a, .height = 1, .width = g->k, .pitch = g->m, .depth = g->m, .stride_y = 1, .stride_x = 1, .rows = 1,
                 .columns = g->k, .taps = taps, .tap_count = 1},
        .b = b, .b_step = g->n, .width = g->n, .out = out, .out_step = g->n, .accumulate = g->accumulate, .images = 1, .lanes = j->lanes,
    };
    gradient_run(&d, memory);
    return;
  }
  if (g->transpose_a) {
    transpose_floats(a, g->m, g->k, g->m, (float *)memory, g->k);
    a = (float *)memory;
    memory += fk_round_up((size_t)g->m * (size_t)g->k * sizeof(float), 64);
  }
  product p = {
      .left = {.source = a, .height = 1, .width = g->m, .pitch = g->k, .depth = g->k, .stride_y = 1, .stride_x = 1, .rows = 1,
               .columns = g->m, .taps = taps, .tap_count = 1},
      .b = b, .b_step = g->transpose_b ? g->k : g->n, .transposed = g->transpose_b, .width = g->n, .out = out, .out_column = g->n,
      .accumulate = g->accumulate, .images = 1, .lanes = j->lanes,
  };
  product_run(&p, memory);
}

static void gemm_lane(void *context, int64_t lane) {
  matrices *j = context;
  for (;;) {
    int64_t index = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
    if (index >= j->g->batch) return;
    gemm_one(j, index, j->memory + (size_t)lane * j->lane_bytes);
  }
}

static fk_status gemm(const fk_gemm_geometry *g, const float *a, const float *b, float *out, void *workspace, size_t workspace_bytes) {
  if (fk_gemm_geometry_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < gemm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  char *memory = (char *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  if (thin_applies(g)) {
    for (int64_t i = 0; i < g->batch; i++)
      thin_run(g, a + i * g->a_batch_stride, b + i * g->b_batch_stride, out + i * g->out_batch_stride, (float *)memory);
    return FK_OK;
  }
  matrices j = {.g = g, .a = a, .b = b, .out = out, .memory = memory, .lanes = fk_lanes()};
  if (!gemm_is_shared_out(g)) {
    for (int64_t i = 0; i < g->batch; i++) gemm_one(&j, i, memory);
    return FK_OK;
  }
  j.lanes = 1;
  j.lane_bytes = gemm_bytes(g, 1);
  if ((double)g->m * g->n * (double)g->k * g->batch < 1e6)
    gemm_lane(&j, 0);
  else
    fk_parallel(fk_min64(fk_lanes(), g->batch), &j, gemm_lane);
  return FK_OK;
}
