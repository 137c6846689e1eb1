#include "draw.h"

#include <stdlib.h>

static uint64_t state;
// One stretch of memory that every round uses again: fresh pages would cost more time than the kernels.
static char *arena;
static size_t arena_used;
enum { arena_bytes = 1 << 30 };

void draw_begin(uint64_t seed, int64_t round) {
  // splitmix64 (Steele, Lea and Flood 2014) keeps the rounds apart.
  uint64_t z = seed * 0x9E3779B97F4A7C15ull + (uint64_t)round * 0xD1B54A32D192ED03ull + 1;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  state = (z ^ (z >> 31)) | 1;
}

uint32_t roll(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

int32_t between(int32_t low, int32_t high) { return low + (int32_t)(roll() % (uint32_t)(high - low + 1)); }

void *draw_bytes(size_t bytes) {
  if (!arena && !(arena = malloc(arena_bytes))) abort();
  // Addresses that are multiples of 4 but seldom of more.
  size_t room = (bytes + 67) / 64 * 64 + 4;
  if (room > arena_bytes - arena_used) abort();
  void *memory = arena + arena_used;
  arena_used += room;
  return memory;
}

float *draw_floats(int64_t count) {
  float *p = draw_bytes((size_t)count * sizeof(float));
  for (int64_t i = 0; i < count; i++) p[i] = (float)((int32_t)(roll() >> 7) - (1 << 24)) / (1 << 24);
  return p;
}

void draw_end(void) { arena_used = 0; }
size_t draw_mark(void) { return arena_used; }
void draw_release(size_t mark) { arena_used = mark; }

const char *const kind_names[KIND_COUNT] = {"3x3",        "3x3 stride 2", "4x4 stride 2", "9x9 narrow", "few channels",
                                            "1x1",        "depthwise",    "grouped",      "any"};

static int32_t draw_channels(void) {
  static const int32_t usual[] = {1, 2, 3, 4, 8, 16, 32, 48, 64, 96, 128};
  switch (roll() % 3) {
    case 0: return usual[roll() % (sizeof usual / sizeof usual[0])];
    case 1: return between(1, 24);
    default: return between(1, 130);
  }
}

static kind draw_kind(void) {
  // Parts of 100: the kinds with kernels of their own come often.
  static const int32_t parts[KIND_COUNT] = {26, 10, 12, 8, 8, 6, 5, 7, 18};
  int32_t at = between(0, 99);
  for (int32_t i = 0; i < KIND_COUNT; i++)
    if ((at -= parts[i]) < 0) return (kind)i;
  return KIND_ANY;
}

/// Output pixels of one axis: most often what the input allows, now and then fewer or one more.
static int32_t draw_outputs(int32_t extent, int32_t pad, int32_t dilation, int32_t taps, int32_t stride) {
  int32_t whole = (extent + 2 * pad - dilation * (taps - 1) - 1) / stride + 1;
  if (whole < 1) whole = 1;
  if (roll() % 6 == 0) whole = between(1, whole + 1);
  return whole;
}

kind draw_convolution(fk_conv_geometry *g, double most) {
  kind kind = draw_kind();
  *g = (fk_conv_geometry){.n = roll() % 2 ? 1 : between(2, 5), .c = draw_channels(), .k = draw_channels(), .r = 3, .s = 3, .stride_h = 1,
                          .stride_w = 1, .pad_top = between(0, 2), .pad_left = between(0, 2), .dilation_h = 1, .dilation_w = 1, .groups = 1};
  switch (kind) {
    case KIND_3X3:
      if (roll() % 2) g->pad_top = g->pad_left = 1;
      break;
    case KIND_3X3_STRIDE_2: g->stride_h = g->stride_w = 2; break;
    case KIND_4X4_STRIDE_2:
      g->r = g->s = 4;
      g->stride_h = g->stride_w = 2;
      if (roll() % 2) g->pad_top = g->pad_left = 1;
      break;
    case KIND_9X9_NARROW:
      g->r = g->s = 9;
      g->pad_top = g->pad_left = roll() % 4 ? 4 : between(0, 4);
      *(roll() % 2 ? &g->c : &g->k) = between(1, 4);
      break;
    case KIND_FEW_CHANNELS:
      g->r = g->s = between(1, 7);
      g->stride_h = g->stride_w = between(1, 2);
      *(roll() % 2 ? &g->c : &g->k) = between(1, 4);
      break;
    case KIND_1X1:
      g->r = g->s = 1;
      g->pad_top = g->pad_left = roll() % 4 ? 0 : between(0, 2);
      g->stride_h = g->stride_w = roll() % 4 ? 1 : 2;
      break;
    case KIND_DEPTHWISE: g->k = g->groups = g->c; break;
    case KIND_GROUPED:
      g->groups = between(2, 5);
      g->c = between(1, 130 / g->groups) * g->groups;
      g->k = between(1, 130 / g->groups) * g->groups;
      break;
    default:
      g->r = between(1, 7), g->s = between(1, 7);
      g->stride_h = between(1, 3), g->stride_w = between(1, 3), g->dilation_h = between(1, 3), g->dilation_w = between(1, 3);
      g->pad_top = between(0, 4), g->pad_left = between(0, 4);
  }
  // The image takes what is left of the work, in any shape.
  double pixels = most / ((double)g->n * g->r * g->s * (g->c / g->groups) * g->k) * g->stride_h * g->stride_w;
  int32_t area = pixels < 4 ? 4 : pixels > 4000 ? 4000 : (int32_t)pixels;
  g->h = between(1, area < 40 ? area : 40);
  int32_t width = area / g->h < 200 ? area / g->h : 200;
  g->w = between((width + 1) / 2, width);
  g->p = draw_outputs(g->h, g->pad_top, g->dilation_h, g->r, g->stride_h);
  g->q = draw_outputs(g->w, g->pad_left, g->dilation_w, g->s, g->stride_w);
  return kind;
}

fk_gemm_geometry draw_product(void) {
  fk_gemm_geometry g = {.m = between(1, 130), .n = between(1, 130), .k = between(1, roll() % 4 ? 130 : 1700), .batch = between(1, 2)};
  g.transpose_a = between(0, 1), g.transpose_b = between(0, 1), g.accumulate = between(0, 1);
  g.a_batch_stride = (int64_t)g.m * g.k, g.b_batch_stride = roll() % 2 ? 0 : (int64_t)g.k * g.n, g.out_batch_stride = (int64_t)g.m * g.n;
  return g;
}

fk_norm_geometry draw_norm(void) {
  int32_t images = between(1, 3), rows = between(2, roll() % 4 ? 40 : 600);
  fk_norm_geometry g = {.groups = between(1, 3), .rows = (int64_t)images * rows, .channels = between(1, 130), .epsilon = 1e-3f};
  int32_t layout = between(0, 2);
  g.rows_per_gamma = layout == 0 ? 0 : layout == 1 ? rows : g.rows * g.groups;
  g.activation = roll() % 2 ? FK_ACT_NONE : FK_ACT_LEAKY_RELU;
  g.slope = 0.2f;
  return g;
}

int64_t draw_walk(fk_walk *w) {
  *w = (fk_walk){.rank = between(0, 4)};
  int64_t count = 1;
  for (int32_t i = w->rank - 1; i >= 0; i--) {
    w->extent[i] = roll() % 4 ? between(1, 12) : between(1, 70);
    w->out_stride[i] = w->a_stride[i] = w->b_stride[i] = count;
    count *= w->extent[i];
  }
  return count;
}

int64_t draw_repeats(const fk_walk *w, int64_t *stride) {
  int64_t count = 1;
  for (int32_t i = w->rank - 1; i >= 0; i--) {
    stride[i] = roll() % 3 ? count : 0;
    if (stride[i]) count *= w->extent[i];
  }
  return count;
}
