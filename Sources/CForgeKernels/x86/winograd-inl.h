// Winograd convolutions (Lavin & Gray 2016): roles forward and data gradient.
//
// Work is cut into blocks of tiles of one part, times chunks of output channels where tiles are few. A lane (one thread at a time) brings
// a block's windows into the transform's domain, multiplies them with the weights position by position, and brings the sums back,
// straight into the output. A tile's result does not depend on its block.
#include "winograd-transforms-inl.h"
#include "winograd-plan-inl.h"
#include "winograd-weights-inl.h"
#include "winograd-tiles-inl.h"
#include "winograd-product-inl.h"
#include "winograd-block-inl.h"
#include "winograd-fused-inl.h"

static void winograd_lane(void *context, int64_t lane) {
  winograd_job *job = context;
  const winograd *j = &job->plan;
  float *m = job->scratch + lane * job->scratch_floats, *v = m + job->v_pitch;
  int64_t unit = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
  while (unit < job->units) {
    winograd_block block = winograd_find_block(job, unit), next;
    unit = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
    if (unit < job->units) next = winograd_find_block(job, unit);
    winograd_windows(job, block.part, block.first, block.count, v);
    winograd_products(job, &block, unit < job->units ? &next : NULL, v, m);
    winograd_outputs_of(job, block.part, block.first, block.count, block.first_panel * panel_columns,
                        fk_min64(j->columns, block.end_panel * panel_columns), m);
  }
}

/// `packed` has winograd_weight_floats, `memory` winograd_run_bytes.
static void winograd_run_packed(const winograd *plan, const float *a, const float *packed, const fk_epilogue *e, float *out, void *memory) {
  winograd_job job = {.plan = *plan, .source = a, .packed = packed, .epilogue = e, .out = out, .zeros = memory};
  winograd *j = &job.plan;
  size_t zeros = fk_round_up((size_t)(j->depth + FK_LANES) * sizeof(float), 64);
  zero_floats(job.zeros, (int64_t)(zeros / sizeof(float)));
  job.scratch = (float *)((char *)memory + zeros);
  job.scratch_floats = (int64_t)(fk_round_up((size_t)winograd_scratch_floats(j) * sizeof(float), 64) / sizeof(float));
  job.shuffle = e && e->shuffle > 1 ? e->shuffle : 1;
  job.v_pitch = job.m_pitch = winograd_block_pitch(j);
  int64_t lanes = fk_lanes(), tiles = 0, most = 0;
  for (int32_t i = 0; i < j->part_count; i++) {
    int64_t count = j->part[i].tiles * j->geometry->n;
    tiles += count, most = fk_max64(most, count);
  }
  if (tiles == 0) return;
  job.blocks = fk_ceil_div(most, winograd_most_tiles(j));
  // The last round of blocks keeps every lane busy.
  if (job.blocks < 8 * lanes && most >= lanes * 8) job.blocks = fk_ceil_div(job.blocks, lanes) * lanes;
  int64_t blocks = job.blocks * j->part_count;
  job.chunks = blocks >= lanes ? 1 : fk_min64(j->panels, fk_ceil_div(lanes, blocks));
  job.chunk = fk_ceil_div(j->panels, job.chunks);
  job.chunks = fk_ceil_div(j->panels, job.chunk);
  job.units = blocks * job.chunks;
  atomic_store(&job.next, 0);
  // Below this a sleeping thread wakes too late to help.
  if ((double)tiles * (double)(j->points * j->points) * (double)j->contraction * (double)j->columns < 1e6)
    winograd_lane(&job, 0);
  else
    fk_parallel(fk_min64(lanes, job.units), &job, winograd_lane);
}

static size_t winograd_packed_bytes(const winograd *j) { return fk_round_up((size_t)winograd_weight_floats(j) * sizeof(float), 64); }

static size_t winograd_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  winograd j;
  winograd_plan(&j, g, role);
  return winograd_fuses(&j) ? winograd_fused_bytes(&j) : winograd_packed_bytes(&j) + winograd_run_bytes(&j);
}

/// `memory` is aligned and has winograd_workspace bytes.
static void winograd_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *weights, const fk_epilogue *e, float *out,
                         void *memory) {
  winograd j;
  winograd_plan(&j, g, role);
  if (winograd_fuses(&j)) {
    winograd_fused_run(&j, a, weights, e, out, memory);
    return;
  }
  winograd_transform_weights(&j, weights, memory);
  winograd_run_packed(&j, a, memory, e, out, (char *)memory + winograd_packed_bytes(&j));
}

static size_t winograd_prepared_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  winograd j;
  winograd_plan(&j, g, role);
  return (size_t)winograd_weight_floats(&j) * sizeof(float);
}

static void winograd_prepare(const fk_conv_geometry *g, fk_conv_role role, const float *weights, void *prepared) {
  winograd j;
  winograd_plan(&j, g, role);
  winograd_transform_weights(&j, weights, prepared);
}

static size_t winograd_prepared_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  winograd j;
  winograd_plan(&j, g, role);
  return winograd_run_bytes(&j);
}

static void winograd_run_prepared(const fk_conv_geometry *g, fk_conv_role role, const float *a, const void *prepared, const fk_epilogue *e,
                                  float *out, void *memory) {
  winograd j;
  winograd_plan(&j, g, role);
  winograd_run_packed(&j, a, prepared, e, out, memory);
}
