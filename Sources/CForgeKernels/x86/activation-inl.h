// Leaky ReLU backward, PReLU forward and backward: one pass each. The slopes' gradient is summed in double in fixed blocks of rows.

static void leaky_relu_backward_unit(void *context, int64_t unit) {
  const flat_job *j = context;
  int64_t first = unit * unit_elements, count = fk_min64(unit_elements, (int64_t)j->n - first), i = 0;
  const float *y = j->x + first, *dy = j->z + first;
  float *dx = j->y + first;
  vf slope = vf_splat(j->a);
  for (; i + FK_LANES <= count; i += FK_LANES) {
    vf d = vf_load(dy + i);
    vf_store(dx + i, vf_load(y + i) > vf_splat(0) ? d : slope * d);
  }
  for (; i < count; i++) dx[i] = y[i] > 0 ? dy[i] : j->a * dy[i];
}

static fk_status leaky_relu_backward(size_t n, float slope, const float *y, const float *dy, float *dx) {
  flat_job j = {.n = n, .a = slope, .x = y, .z = dy, .y = dx};
  for_each_stretch(n, &j, leaky_relu_backward_unit);
  return FK_OK;
}

enum { prelu_vectors = 4 };   // of columns whose sums stay in registers

typedef struct prelu_job {
  int64_t rows, channels;      // one slope: a row is prelu_vectors vectors, the last one what is left
  int64_t count;               // values
  int has_one_slope;
  int64_t rows_per_unit;       // forward
  int64_t blocks;              // backward
  const float *x, *slopes, *dy;
  float *y, *dx;
  double *sums;                // [blocks, slopes]
} prelu_job;

/// An operand with one slope is cut into rows that a vector loop likes, whatever its channels are.
static prelu_job prelu_cut(int64_t rows, int64_t channels, int64_t slope_count) {
  prelu_job j = {.rows = rows, .channels = channels, .count = rows * channels, .has_one_slope = slope_count == 1};
  if (j.has_one_slope) {
    j.channels = prelu_vectors * FK_LANES;
    j.rows = fk_ceil_div(j.count, j.channels);
  }
  j.rows_per_unit = fk_max64(1, unit_elements / fk_max64(1, j.channels));
  j.blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS, j.count / unit_elements));
  return j;
}

static int prelu_is_bad(int64_t rows, int64_t channels, int64_t slope_count) {
  return rows < 0 || channels < 0 || (slope_count != 1 && slope_count != channels);
}

static void prelu_unit(void *context, int64_t unit) {
  const prelu_job *j = context;
  int64_t end = fk_min64(j->rows, (unit + 1) * j->rows_per_unit);
  for (int64_t row = unit * j->rows_per_unit; row < end; row++) {
    int64_t first = row * j->channels, count = fk_min64(j->channels, j->count - first), c = 0;
    const float *x = j->x + first;
    float *y = j->y + first;
    for (; c + FK_LANES <= count; c += FK_LANES) {
      vf value = vf_load(x + c), slope = j->has_one_slope ? vf_splat(*j->slopes) : vf_load(j->slopes + c);
      vf_store(y + c, value > vf_splat(0) ? value : slope * value);
    }
    for (; c < count; c++) y[c] = x[c] > 0 ? x[c] : j->slopes[j->has_one_slope ? 0 : c] * x[c];
  }
}

static fk_status prelu(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes, float *y) {
  if (prelu_is_bad(rows, channels, slope_count)) return FK_BAD_GEOMETRY;
  prelu_job j = prelu_cut(rows, channels, slope_count);
  j.x = x, j.slopes = slopes, j.y = y;
  int64_t units = fk_ceil_div(j.rows, j.rows_per_unit);
  if (j.count < serial_elements)
    for (int64_t i = 0; i < units; i++) prelu_unit(&j, i);
  else
    fk_parallel(units, &j, prelu_unit);
  return FK_OK;
}

/// Columns c ..< c + vectors * FK_LANES of rows begin ..< end.
FK_INLINE void prelu_backward_columns(const prelu_job *j, int64_t begin, int64_t end, int64_t c, int vectors, double *sums) {
  vdouble sum[prelu_vectors] = {0};
  for (int64_t row = begin; row < end; row++) {
    int64_t first = row * j->channels + c;
    for (int v = 0; v < vectors; v++) {
      vf x = vf_load(j->x + first + v * FK_LANES), d = vf_load(j->dy + first + v * FK_LANES);
      vf slope = j->has_one_slope ? vf_splat(*j->slopes) : vf_load(j->slopes + c + v * FK_LANES);
      sum[v] += vf_widen(d) * vf_widen(x > vf_splat(0) ? vf_splat(0) : x);
      vf_store(j->dx + first + v * FK_LANES, x > vf_splat(0) ? d : slope * d);
    }
  }
  for (int v = 0; v < vectors; v++)
    for (int32_t i = 0; i < FK_LANES; i++) sums[j->has_one_slope ? 0 : c + v * FK_LANES + i] += sum[v][i];
}

static void prelu_backward_block(void *context, int64_t block) {
  const prelu_job *j = context;
  int64_t begin = j->rows * block / j->blocks, end = j->rows * (block + 1) / j->blocks;
  double *sums = j->sums + block * (j->has_one_slope ? 1 : j->channels);
  for (int64_t c = 0; c < (j->has_one_slope ? 1 : j->channels); c++) sums[c] = 0;
  // With one slope the last row may be short.
  int64_t whole = j->has_one_slope ? fk_min64(end, j->count / j->channels) : end, c = 0;
  for (; c + prelu_vectors * FK_LANES <= j->channels; c += prelu_vectors * FK_LANES)
    prelu_backward_columns(j, begin, whole, c, prelu_vectors, sums);
  for (; c + FK_LANES <= j->channels; c += FK_LANES) prelu_backward_columns(j, begin, whole, c, 1, sums);
  for (int64_t row = begin; row < end; row++) {
    int64_t first = row * j->channels, count = fk_min64(j->channels, j->count - first);
    for (int64_t i = row < whole ? c : 0; i < count; i++) {
      float x = j->x[first + i], d = j->dy[first + i];
      int64_t s = j->has_one_slope ? 0 : i;
      if (!(x > 0)) sums[s] += (double)d * x;
      j->dx[first + i] = x > 0 ? d : j->slopes[s] * d;
    }
  }
}

static size_t prelu_backward_workspace(int64_t rows, int64_t channels, int64_t slope_count) {
  if (prelu_is_bad(rows, channels, slope_count)) return 0;
  return (size_t)(FK_MAX_BLOCKS * slope_count) * sizeof(double) + sizeof(double);
}

static fk_status prelu_backward(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes, const float *dy,
                                float *dx, float *dslopes, void *workspace, size_t workspace_bytes) {
  if (prelu_is_bad(rows, channels, slope_count)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < prelu_backward_workspace(rows, channels, slope_count)) return FK_WORKSPACE_TOO_SMALL;
  prelu_job j = prelu_cut(rows, channels, slope_count);
  j.x = x, j.slopes = slopes, j.dy = dy, j.dx = dx;
  j.sums = (double *)fk_round_up((size_t)(uintptr_t)workspace, sizeof(double));
  if (j.count < serial_elements)
    for (int64_t i = 0; i < j.blocks; i++) prelu_backward_block(&j, i);
  else
    fk_parallel(j.blocks, &j, prelu_backward_block);
  for (int64_t c = 0; c < slope_count; c++) {
    double sum = 0;
    for (int64_t block = 0; block < j.blocks; block++) sum += j.sums[block * slope_count + c];
    dslopes[c] = (float)sum;
  }
  return FK_OK;
}
