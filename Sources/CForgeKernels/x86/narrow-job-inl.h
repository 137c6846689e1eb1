// What the direct convolutions share: output phases, the epilogue and the padded copies of input rows ("lines").
//
// A forward convolution has one phase; a data gradient of stride t has up to t * t: the input positions of one residue modulo the
// stride see a convolution of stride 1 on the gradient with their own taps. All phases of a row read the same lines.

enum {
  narrow_channels = 4,        // up to this many channels on one side
  narrow_phases = 4,          // per axis
  narrow_span = 32,           // source rows that one output row sees
};

/// The taps of a phase along one axis, by ascending source offset.
typedef struct narrow_axis {
  int64_t count;
  int64_t offset, step;       // source offsets offset + i * step
  int64_t tap, tap_step;      // weight indexes tap + i * tap_step
  int64_t extent;             // outputs of the phase
} narrow_axis;

typedef struct narrow_job {
  const float *source;        // [images, height, width, depth]
  int64_t images, height, width, depth;
  int64_t stride_y, stride_x; // source pixels per output of a phase
  int32_t phases_y, phases_x;
  narrow_axis y[narrow_phases], x[narrow_phases];
  int64_t low_y, high_y, low_x, high_x;   // source offsets of all phases
  int64_t rows, columns;      // outputs of the longest phase
  // Weight of tap (r, s), source channel c, output channel n: transposed ? tap[n * weight_step + c] : tap[c * weight_step + n] with
  // tap = weights + (r * taps_x + s) * tap_floats.
  const float *weights;
  int64_t taps_x, tap_floats, weight_step;
  int transposed;
  // Output pixel (row, column) of phase (y, x): image * out_image + (row * phases_y + y) * out_row + (column * phases_x + x) * channels.
  float *out;
  int64_t out_image, out_row, channels;
  product finish;             // its epilogue alone is used
} narrow_job;

static narrow_axis narrow_forward_axis(int32_t taps, int32_t pad, int32_t dilation, int32_t extent) {
  return (narrow_axis){taps, -pad, dilation, 0, 1, extent};
}

/// Taps that reach the positions phase, phase + stride, ...: the same as `tap_offset`, largest index first.
static narrow_axis narrow_gradient_axis(int32_t taps, int32_t pad, int32_t dilation, int32_t stride, int32_t phase, int32_t extent) {
  narrow_axis axis = {0, 0, 1, 0, -1, phase < extent ? fk_ceil_div(extent - phase, stride) : 0};
  for (int32_t tap = taps - 1; tap >= 0; tap--) {
    int32_t offset;
    if (!tap_offset(phase, pad, tap, dilation, stride, &offset)) continue;
    if (axis.count == 0) {
      axis.offset = offset;
      axis.tap = tap;
    } else if (axis.count == 1) {
      axis.step = offset - axis.offset;
      axis.tap_step = tap - axis.tap;
    }
    axis.count++;
  }
  return axis;
}

/// Widens low ... high by the offsets of an axis.
static void narrow_reach(const narrow_axis *axis, int64_t *low, int64_t *high, int64_t *extent) {
  *extent = fk_max64(*extent, axis->extent);
  if (axis->count == 0) return;
  *low = fk_min64(*low, axis->offset);
  *high = fk_max64(*high, axis->offset + (axis->count - 1) * axis->step);
}

/// Describes the forward or data-gradient role.
static narrow_job narrow_describe(const fk_conv_geometry *g, fk_conv_role role) {
  narrow_job j = {.images = g->n, .taps_x = g->s, .tap_floats = (int64_t)g->c * g->k, .weight_step = g->k};
  if (role == FK_CONV_FORWARD) {
    j.height = g->h, j.width = g->w, j.depth = g->c, j.channels = g->k;
    j.stride_y = g->stride_h, j.stride_x = g->stride_w;
    j.phases_y = j.phases_x = 1;
    j.y[0] = narrow_forward_axis(g->r, g->pad_top, g->dilation_h, g->p);
    j.x[0] = narrow_forward_axis(g->s, g->pad_left, g->dilation_w, g->q);
    j.out_row = (int64_t)g->q * g->k;
    j.out_image = g->p * j.out_row;
  } else {
    j.height = g->p, j.width = g->q, j.depth = g->k, j.channels = g->c;
    j.stride_y = j.stride_x = 1;
    j.phases_y = g->stride_h, j.phases_x = g->stride_w;
    for (int32_t i = 0; i < j.phases_y; i++) j.y[i] = narrow_gradient_axis(g->r, g->pad_top, g->dilation_h, g->stride_h, i, g->h);
    for (int32_t i = 0; i < j.phases_x; i++) j.x[i] = narrow_gradient_axis(g->s, g->pad_left, g->dilation_w, g->stride_w, i, g->w);
    j.out_row = (int64_t)g->w * g->c;
    j.out_image = g->h * j.out_row;
    j.transposed = 1;
  }
  j.low_y = j.low_x = INT32_MAX;
  j.high_y = j.high_x = INT32_MIN;
  for (int32_t i = 0; i < j.phases_y; i++) narrow_reach(&j.y[i], &j.low_y, &j.high_y, &j.rows);
  for (int32_t i = 0; i < j.phases_x; i++) narrow_reach(&j.x[i], &j.low_x, &j.high_x, &j.columns);
  if (j.low_y > j.high_y) j.low_y = j.high_y = 0;
  if (j.low_x > j.high_x) j.low_x = j.high_x = 0;
  return j;
}

FK_INLINE float narrow_weight(const narrow_job *j, int64_t r, int64_t s, int64_t c, int64_t n) {
  const float *tap = j->weights + (r * j->taps_x + s) * j->tap_floats;
  return j->transposed ? tap[n * j->weight_step + c] : tap[c * j->weight_step + n];
}

/// Taps of the axis whose source position for output `at` lies in 0 ..< extent: first ..< end.
FK_INLINE void narrow_inside(const narrow_axis *axis, int64_t at, int64_t stride, int64_t extent, int64_t *first, int64_t *end) {
  int64_t from = at * stride + axis->offset;
  *first = from < 0 ? fk_ceil_div(-from, axis->step) : 0;
  *end = from < extent ? fk_min64(axis->count, fk_ceil_div(extent - from, axis->step)) : 0;
}
