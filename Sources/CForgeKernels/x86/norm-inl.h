// Normalization in three passes over memory at most: statistics (double, in fixed blocks of rows), then one fused pass; the backward
// pass likewise. Vectors run along channels.

enum {
  norm_vectors = FK_LANES == 16 ? 4 : 2,   // of channels whose sums of a block stay in registers
};

typedef struct norm_job {
  const fk_norm_geometry *g;
  const float *x, *gamma, *beta, *slopes, *dy;
  float *y, *dx, *mean, *inv_std;
  int64_t segment, segments;  // rows that share a group and a row of gamma
  int64_t blocks;             // per segment
  double *sums;               // [segments, blocks, 3, channels]
  float *means;               // backward: [groups, 2, channels], the means of d and of d * normal
  int64_t rows_per_unit;
} norm_job;

static int norm_is_bad(const fk_norm_geometry *g) {
  return g->groups < 0 || g->rows < 0 || g->channels < 0 || g->rows_per_gamma < 0 ||
         (g->rows_per_gamma > 0 && (g->groups * g->rows) % g->rows_per_gamma != 0) ||
         (g->activation != FK_ACT_NONE && g->activation != FK_ACT_LEAKY_RELU && g->activation != FK_ACT_PRELU) ||
         (g->activation == FK_ACT_PRELU && g->slope_count != 1 && g->slope_count != g->channels);
}

static int64_t common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

static void norm_cut(const fk_norm_geometry *g, norm_job *j) {
  j->g = g;
  j->segment = fk_max64(1, g->rows_per_gamma ? common_divisor(g->rows, g->rows_per_gamma) : g->rows);
  j->segments = g->groups * g->rows / j->segment;
  j->blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS, j->segment * g->channels / unit_elements));
  j->rows_per_unit = fk_max64(1, unit_elements / fk_max64(1, g->channels));
}

static size_t norm_workspace(const fk_norm_geometry *g) {
  if (norm_is_bad(g)) return 0;
  norm_job j;
  norm_cut(g, &j);
  return (size_t)(j.segments * j.blocks * 3 * g->channels) * sizeof(double) + (size_t)(g->groups * 2 * g->channels) * sizeof(float) + 64;
}

/// The activation's slope below zero for channels c ..< c + FK_LANES; 1 where there is none.
FK_INLINE vf norm_slopes(const norm_job *j, int64_t c) {
  switch (j->g->activation) {
    case FK_ACT_LEAKY_RELU: return vf_splat(j->g->slope);
    case FK_ACT_PRELU: return j->g->slope_count == 1 ? vf_splat(*j->slopes) : vf_load(j->slopes + c);
    default: return vf_splat(1);
  }
}

static float norm_slope(const norm_job *j, int64_t c) {
  switch (j->g->activation) {
    case FK_ACT_LEAKY_RELU: return j->g->slope;
    case FK_ACT_PRELU: return j->slopes[j->g->slope_count == 1 ? 0 : c];
    default: return 1;
  }
}

/// Sums of x and x^2 of rows begin ..< end and the channels from c on.
FK_INLINE void norm_sum_values(const norm_job *j, int64_t begin, int64_t end, int64_t c, int vectors, double *sums) {
  int64_t channels = j->g->channels;
  vdouble sum0[norm_vectors] = {0}, sum1[norm_vectors] = {0};
  for (int64_t row = begin; row < end; row++)
    for (int v = 0; v < vectors; v++) {
      vdouble x = vf_widen(vf_load(j->x + row * channels + c + v * FK_LANES));
      sum0[v] += x;
      sum1[v] += x * x;
    }
  for (int v = 0; v < vectors; v++)
    for (int32_t i = 0; i < FK_LANES; i++) {
      sums[c + v * FK_LANES + i] = sum0[v][i];
      sums[channels + c + v * FK_LANES + i] = sum1[v][i];
    }
}

/// Sums of d, d * normal and, for PReLU, dy * min(before, 0), where d is dy times the activation's slope at `before`.
FK_INLINE void norm_sum_gradients(const norm_job *j, int64_t begin, int64_t end, int64_t c, int vectors, int64_t group, int64_t affine,
                                  int has_slopes, double *sums) {
  int64_t channels = j->g->channels;
  vdouble sum0[norm_vectors] = {0}, sum1[norm_vectors] = {0}, sum2[norm_vectors] = {0};
  vf mean[norm_vectors], inv_std[norm_vectors], gamma[norm_vectors], beta[norm_vectors], slope[norm_vectors];
  for (int v = 0; v < vectors; v++) {
    int64_t at = c + v * FK_LANES;
    mean[v] = vf_load(j->mean + group + at);
    inv_std[v] = vf_load(j->inv_std + group + at);
    gamma[v] = j->gamma ? vf_load(j->gamma + affine + at) : vf_splat(1);
    beta[v] = j->beta ? vf_load(j->beta + affine + at) : vf_splat(0);
    slope[v] = norm_slopes(j, at);
  }
  for (int64_t row = begin; row < end; row++)
    for (int v = 0; v < vectors; v++) {
      int64_t at = row * channels + c + v * FK_LANES;
      vf normal = (vf_load(j->x + at) - mean[v]) * inv_std[v], before = normal * gamma[v] + beta[v], dy = vf_load(j->dy + at);
      vdouble d = vf_widen(before > vf_splat(0) ? dy : dy * slope[v]);
      sum0[v] += d;
      sum1[v] += d * vf_widen(normal);
      if (has_slopes) sum2[v] += vf_widen(dy) * vf_widen(before > vf_splat(0) ? vf_splat(0) : before);
    }
  for (int v = 0; v < vectors; v++)
    for (int32_t i = 0; i < FK_LANES; i++) {
      int64_t at = c + v * FK_LANES + i;
      sums[at] = sum0[v][i];
      sums[channels + at] = sum1[v][i];
      sums[2 * channels + at] = sum2[v][i];
    }
}

/// The sums of one block of rows.
static void norm_sum_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, segment = unit / j->blocks, block = unit % j->blocks;
  int64_t begin = segment * j->segment + j->segment * block / j->blocks, end = segment * j->segment + j->segment * (block + 1) / j->blocks;
  double *sums = j->sums + unit * 3 * channels;
  int64_t group = segment * j->segment / g->rows * channels;
  int64_t affine = (g->rows_per_gamma ? segment * j->segment / g->rows_per_gamma : 0) * channels;
  int has_slopes = g->activation == FK_ACT_PRELU;
  int64_t c = 0;
  if (!j->dy) {
    for (; c + norm_vectors * FK_LANES <= channels; c += norm_vectors * FK_LANES) norm_sum_values(j, begin, end, c, norm_vectors, sums);
    for (; c + FK_LANES <= channels; c += FK_LANES) norm_sum_values(j, begin, end, c, 1, sums);
  } else if (has_slopes) {
    for (; c + 2 * FK_LANES <= channels; c += 2 * FK_LANES) norm_sum_gradients(j, begin, end, c, 2, group, affine, 1, sums);
    for (; c + FK_LANES <= channels; c += FK_LANES) norm_sum_gradients(j, begin, end, c, 1, group, affine, 1, sums);
  } else {
    for (; c + 2 * FK_LANES <= channels; c += 2 * FK_LANES) norm_sum_gradients(j, begin, end, c, 2, group, affine, 0, sums);
    for (; c + FK_LANES <= channels; c += FK_LANES) norm_sum_gradients(j, begin, end, c, 1, group, affine, 0, sums);
  }
  for (; c < channels; c++) {
    double sum0 = 0, sum1 = 0, sum2 = 0;
    for (int64_t row = begin; row < end; row++) {
      float x = j->x[row * channels + c];
      if (!j->dy) {
        sum0 += x;
        sum1 += (double)x * x;
        continue;
      }
      float normal = (x - j->mean[group + c]) * j->inv_std[group + c], dy = j->dy[row * channels + c];
      float before = normal * (j->gamma ? j->gamma[affine + c] : 1) + (j->beta ? j->beta[affine + c] : 0);
      float d = before > 0 ? dy : dy * norm_slope(j, c);
      sum0 += d;
      sum1 += (double)d * normal;
      if (!(before > 0)) sum2 += (double)dy * before;
    }
    sums[c] = sum0;
    sums[channels + c] = sum1;
    sums[2 * channels + c] = sum2;
  }
}

static void norm_forward_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, begin = unit * j->rows_per_unit, end = fk_min64(g->groups * g->rows, begin + j->rows_per_unit);
  for (int64_t row = begin; row < end; row++) {
    const float *x = j->x + row * channels, *mean = j->mean + row / g->rows * channels, *inv_std = j->inv_std + row / g->rows * channels;
    int64_t affine = (g->rows_per_gamma ? row / g->rows_per_gamma : 0) * channels;
    const float *gamma = j->gamma ? j->gamma + affine : NULL, *beta = j->beta ? j->beta + affine : NULL;
    float *y = j->y + row * channels;
    int64_t c = 0;
    for (; c + FK_LANES <= channels; c += FK_LANES) {
      vf value = (vf_load(x + c) - vf_load(mean + c)) * vf_load(inv_std + c);
      if (gamma) value = value * vf_load(gamma + c);
      if (beta) value = value + vf_load(beta + c);
      vf_store(y + c, value > vf_splat(0) ? value : value * norm_slopes(j, c));
    }
    for (; c < channels; c++) {
      float value = (x[c] - mean[c]) * inv_std[c];
      if (gamma) value = value * gamma[c];
      if (beta) value = value + beta[c];
      y[c] = value > 0 ? value : value * norm_slope(j, c);
    }
  }
}

static void norm_backward_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, begin = unit * j->rows_per_unit, end = fk_min64(g->groups * g->rows, begin + j->rows_per_unit);
  for (int64_t row = begin; row < end; row++) {
    int64_t group = row / g->rows, affine = (g->rows_per_gamma ? row / g->rows_per_gamma : 0) * channels;
    const float *x = j->x + row * channels, *dy = j->dy + row * channels, *mean = j->mean + group * channels;
    const float *inv_std = j->inv_std + group * channels, *mean_d = j->means + group * 2 * channels, *mean_product = mean_d + channels;
    float *dx = j->dx + row * channels;
    int64_t c = 0;
    for (; c + FK_LANES <= channels; c += FK_LANES) {
      vf gamma = j->gamma ? vf_load(j->gamma + affine + c) : vf_splat(1), beta = j->beta ? vf_load(j->beta + affine + c) : vf_splat(0);
      vf scale = vf_load(inv_std + c), normal = (vf_load(x + c) - vf_load(mean + c)) * scale, d = vf_load(dy + c);
      d = normal * gamma + beta > vf_splat(0) ? d : d * norm_slopes(j, c);
      vf_store(dx + c, scale * (d * gamma - vf_load(mean_d + c) - normal * vf_load(mean_product + c)));
    }
    for (; c < channels; c++) {
      float gamma = j->gamma ? j->gamma[affine + c] : 1, normal = (x[c] - mean[c]) * inv_std[c];
      float d = normal * gamma + (j->beta ? j->beta[affine + c] : 0) > 0 ? dy[c] : dy[c] * norm_slope(j, c);
      dx[c] = inv_std[c] * (d * gamma - mean_d[c] - normal * mean_product[c]);
    }
  }
}

static void norm_run(norm_job *j, int64_t units, void (*unit)(void *, int64_t)) {
  if (j->g->groups * j->g->rows * j->g->channels < serial_elements)
    for (int64_t i = 0; i < units; i++) unit(j, i);
  else
    fk_parallel(units, j, unit);
}

static fk_status norm_apply(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                            const float *mean, const float *inv_std, float *y) {
  if (norm_is_bad(g)) return FK_BAD_GEOMETRY;
  norm_job j = {.x = x, .gamma = gamma, .beta = beta, .slopes = slopes, .y = y, .mean = (float *)mean, .inv_std = (float *)inv_std};
  norm_cut(g, &j);
  norm_run(&j, fk_ceil_div(g->groups * g->rows, j.rows_per_unit), norm_forward_unit);
  return FK_OK;
}

static fk_status norm_forward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                              float *y, float *mean, float *inv_std, void *workspace, size_t workspace_bytes) {
  if (norm_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  norm_job j = {.x = x};
  norm_cut(g, &j);
  j.sums = (double *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  norm_run(&j, j.segments * j.blocks, norm_sum_unit);
  int64_t channels = g->channels, per_group = g->rows / j.segment * j.blocks;
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, squares = 0;
      for (int64_t i = group * per_group; i < (group + 1) * per_group; i++) {
        sum += j.sums[i * 3 * channels + c];
        squares += j.sums[(i * 3 + 1) * channels + c];
      }
      double m = sum / (double)g->rows, variance = squares / (double)g->rows - m * m;
      // Rounding can make the variance of a constant channel slightly negative.
      mean[group * channels + c] = (float)m;
      inv_std[group * channels + c] = (float)(1.0 / __builtin_sqrt((variance > 0 ? variance : 0) + (double)g->epsilon));
    }
  return norm_apply(g, x, gamma, beta, slopes, mean, inv_std, y);
}

static fk_status norm_backward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *slopes,
                               const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma, float *dbeta,
                               float *dslopes, void *workspace, size_t workspace_bytes) {
  if (norm_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  norm_job j = {.x = x, .gamma = gamma, .beta = beta, .slopes = slopes, .dy = dy, .dx = dx, .mean = (float *)mean, .inv_std = (float *)inv_std};
  norm_cut(g, &j);
  int64_t channels = g->channels;
  j.sums = (double *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  j.means = (float *)(j.sums + j.segments * j.blocks * 3 * channels);
  norm_run(&j, j.segments * j.blocks, norm_sum_unit);
  // Every segment's blocks are added into its first one.
  for (int64_t s = 0; s < j.segments; s++)
    for (int64_t block = 1; block < j.blocks; block++)
      for (int64_t c = 0; c < 3 * channels; c++) j.sums[s * j.blocks * 3 * channels + c] += j.sums[(s * j.blocks + block) * 3 * channels + c];
  int64_t per_group = g->rows / j.segment, per_gamma = g->rows_per_gamma ? g->rows_per_gamma / j.segment : j.segments;
  for (int64_t s = 0; (dgamma || dbeta) && s < j.segments; s += per_gamma)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, product = 0;
      for (int64_t i = s; i < s + per_gamma; i++) {
        sum += j.sums[i * j.blocks * 3 * channels + c];
        product += j.sums[(i * j.blocks * 3 + 1) * channels + c];
      }
      if (dbeta) dbeta[s / per_gamma * channels + c] = (float)sum;
      if (dgamma) dgamma[s / per_gamma * channels + c] = (float)product;
    }
  for (int64_t c = 0; dslopes && c < channels; c++) {
    double sum = 0;
    for (int64_t s = 0; s < j.segments; s++) sum += j.sums[(s * j.blocks * 3 + 2) * channels + c];
    dslopes[c] = (float)sum;
  }
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, product = 0;
      for (int64_t i = group * per_group; i < (group + 1) * per_group; i++) {
        double factor = gamma ? gamma[i / per_gamma * channels + c] : 1;
        sum += factor * j.sums[i * j.blocks * 3 * channels + c];
        product += factor * j.sums[(i * j.blocks * 3 + 1) * channels + c];
      }
      j.means[group * 2 * channels + c] = (float)(sum / (double)g->rows);
      j.means[(group * 2 + 1) * channels + c] = (float)(product / (double)g->rows);
    }
  norm_run(&j, fk_ceil_div(g->groups * g->rows, j.rows_per_unit), norm_backward_unit);
  return FK_OK;
}
