// Normalization in three passes over memory at most: statistics (double, in fixed blocks of rows), then one fused pass; the backward
// pass likewise. Vectors run along channels.

typedef struct norm_job {
  const fk_norm_geometry *g;
  const float *x, *gamma, *beta, *dy;
  float *y, *dx, *mean, *inv_std;
  int64_t segment, segments;  // rows that share a group and a row of gamma
  int64_t blocks;             // per segment
  double *sums;               // [segments, blocks, 2, channels]
  float *means;               // backward: [groups, 2, channels], the means of d and of d * normal
  int64_t rows_per_unit;
} norm_job;

static int norm_is_bad(const fk_norm_geometry *g) {
  return g->groups < 0 || g->rows < 0 || g->channels < 0 || g->rows_per_gamma < 0 ||
         (g->rows_per_gamma > 0 && (g->groups * g->rows) % g->rows_per_gamma != 0) ||
         (g->activation != FK_ACT_NONE && g->activation != FK_ACT_LEAKY_RELU);
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
  return (size_t)(j.segments * j.blocks * 2 * g->channels) * sizeof(double) + (size_t)(g->groups * 2 * g->channels) * sizeof(float) + 64;
}

/// d = dy times the activation's slope at (x - mean) * inv_std * gamma + beta; the normal goes to *normal.
FK_INLINE float masked_gradient(const fk_norm_geometry *g, float x, float mean, float inv_std, float gamma, float beta, float dy, float *normal) {
  *normal = (x - mean) * inv_std;
  float before = *normal * gamma + beta;
  float slope = g->activation == FK_ACT_LEAKY_RELU ? g->slope : 1.0f;
  return before > 0 ? dy : dy * slope;
}

/// The two sums of a block of rows: of x and x^2 (forward), of d and d * normal (backward).
static void norm_sum_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, segment = unit / j->blocks, block = unit % j->blocks;
  int64_t begin = segment * j->segment + j->segment * block / j->blocks, end = segment * j->segment + j->segment * (block + 1) / j->blocks;
  double *first_sum = j->sums + unit * 2 * channels, *second_sum = first_sum + channels;
  int64_t group = segment * j->segment / g->rows * channels;
  int64_t affine = (g->rows_per_gamma ? segment * j->segment / g->rows_per_gamma : 0) * channels;
  vf slope = vf_splat(g->activation == FK_ACT_LEAKY_RELU ? g->slope : 1.0f);
  int64_t c = 0;
  for (; c + FK_LANES <= channels; c += FK_LANES) {
    vdouble sum0 = 0, sum1 = 0;
    if (!j->dy) {
      for (int64_t row = begin; row < end; row++) {
        vdouble x = vf_widen(vf_load(j->x + row * channels + c));
        sum0 += x;
        sum1 += x * x;
      }
    } else {
      vf mean = vf_load(j->mean + group + c), inv_std = vf_load(j->inv_std + group + c);
      vf gamma = j->gamma ? vf_load(j->gamma + affine + c) : vf_splat(1), beta = j->beta ? vf_load(j->beta + affine + c) : vf_splat(0);
      for (int64_t row = begin; row < end; row++) {
        vf normal = (vf_load(j->x + row * channels + c) - mean) * inv_std, d = vf_load(j->dy + row * channels + c);
        d = normal * gamma + beta > vf_splat(0) ? d : d * slope;
        vdouble wide = vf_widen(d);
        sum0 += wide;
        sum1 += wide * vf_widen(normal);
      }
    }
    for (int32_t i = 0; i < FK_LANES; i++) {
      first_sum[c + i] = sum0[i];
      second_sum[c + i] = sum1[i];
    }
  }
  for (; c < channels; c++) {
    double sum0 = 0, sum1 = 0;
    for (int64_t row = begin; row < end; row++) {
      float x = j->x[row * channels + c];
      if (!j->dy) {
        sum0 += x;
        sum1 += (double)x * x;
        continue;
      }
      float normal, d = masked_gradient(g, x, j->mean[group + c], j->inv_std[group + c], j->gamma ? j->gamma[affine + c] : 1,
                                        j->beta ? j->beta[affine + c] : 0, j->dy[row * channels + c], &normal);
      sum0 += d;
      sum1 += (double)d * normal;
    }
    first_sum[c] = sum0;
    second_sum[c] = sum1;
  }
}

static void norm_forward_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, begin = unit * j->rows_per_unit, end = fk_min64(g->groups * g->rows, begin + j->rows_per_unit);
  vf slope = vf_splat(g->activation == FK_ACT_LEAKY_RELU ? g->slope : 1.0f);
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
      vf_store(y + c, value > vf_splat(0) ? value : value * slope);
    }
    for (; c < channels; c++) {
      float value = (x[c] - mean[c]) * inv_std[c];
      if (gamma) value = value * gamma[c];
      if (beta) value = value + beta[c];
      y[c] = fk_activate(g->activation, value, g->slope, 0);
    }
  }
}

static void norm_backward_unit(void *context, int64_t unit) {
  const norm_job *j = context;
  const fk_norm_geometry *g = j->g;
  int64_t channels = g->channels, begin = unit * j->rows_per_unit, end = fk_min64(g->groups * g->rows, begin + j->rows_per_unit);
  vf slope = vf_splat(g->activation == FK_ACT_LEAKY_RELU ? g->slope : 1.0f);
  for (int64_t row = begin; row < end; row++) {
    int64_t group = row / g->rows, affine = (g->rows_per_gamma ? row / g->rows_per_gamma : 0) * channels;
    const float *x = j->x + row * channels, *dy = j->dy + row * channels, *mean = j->mean + group * channels;
    const float *inv_std = j->inv_std + group * channels, *mean_d = j->means + group * 2 * channels, *mean_product = mean_d + channels;
    float *dx = j->dx + row * channels;
    int64_t c = 0;
    for (; c + FK_LANES <= channels; c += FK_LANES) {
      vf gamma = j->gamma ? vf_load(j->gamma + affine + c) : vf_splat(1), beta = j->beta ? vf_load(j->beta + affine + c) : vf_splat(0);
      vf scale = vf_load(inv_std + c), normal = (vf_load(x + c) - vf_load(mean + c)) * scale, d = vf_load(dy + c);
      d = normal * gamma + beta > vf_splat(0) ? d : d * slope;
      vf_store(dx + c, scale * (d * gamma - vf_load(mean_d + c) - normal * vf_load(mean_product + c)));
    }
    for (; c < channels; c++) {
      float gamma = j->gamma ? j->gamma[affine + c] : 1, normal;
      float d = masked_gradient(g, x[c], mean[c], inv_std[c], gamma, j->beta ? j->beta[affine + c] : 0, dy[c], &normal);
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

static fk_status norm_forward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, float *y, float *mean,
                              float *inv_std, void *workspace, size_t workspace_bytes) {
  if (norm_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  norm_job j = {.x = x, .gamma = gamma, .beta = beta, .y = y, .mean = mean, .inv_std = inv_std};
  norm_cut(g, &j);
  j.sums = (double *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  norm_run(&j, j.segments * j.blocks, norm_sum_unit);
  int64_t channels = g->channels, per_group = g->rows / j.segment * j.blocks;
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, squares = 0;
      for (int64_t i = group * per_group; i < (group + 1) * per_group; i++) {
        sum += j.sums[i * 2 * channels + c];
        squares += j.sums[(i * 2 + 1) * channels + c];
      }
      double m = sum / (double)g->rows, variance = squares / (double)g->rows - m * m;
      // Rounding can make the variance of a constant channel slightly negative.
      mean[group * channels + c] = (float)m;
      inv_std[group * channels + c] = (float)(1.0 / __builtin_sqrt((variance > 0 ? variance : 0) + (double)g->epsilon));
    }
  norm_run(&j, fk_ceil_div(g->groups * g->rows, j.rows_per_unit), norm_forward_unit);
  return FK_OK;
}

static fk_status norm_backward(const fk_norm_geometry *g, const float *x, const float *gamma, const float *beta, const float *mean,
                               const float *inv_std, const float *dy, float *dx, float *dgamma, float *dbeta, void *workspace,
                               size_t workspace_bytes) {
  if (norm_is_bad(g)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < norm_workspace(g)) return FK_WORKSPACE_TOO_SMALL;
  norm_job j = {.x = x, .gamma = gamma, .beta = beta, .dy = dy, .dx = dx, .mean = (float *)mean, .inv_std = (float *)inv_std};
  norm_cut(g, &j);
  int64_t channels = g->channels;
  j.sums = (double *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  j.means = (float *)(j.sums + j.segments * j.blocks * 2 * channels);
  norm_run(&j, j.segments * j.blocks, norm_sum_unit);
  // Every segment's blocks are added into its first one.
  for (int64_t s = 0; s < j.segments; s++)
    for (int64_t block = 1; block < j.blocks; block++)
      for (int64_t c = 0; c < 2 * channels; c++) j.sums[s * j.blocks * 2 * channels + c] += j.sums[(s * j.blocks + block) * 2 * channels + c];
  int64_t per_group = g->rows / j.segment, per_gamma = g->rows_per_gamma ? g->rows_per_gamma / j.segment : j.segments;
  for (int64_t s = 0; (dgamma || dbeta) && s < j.segments; s += per_gamma)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, product = 0;
      for (int64_t i = s; i < s + per_gamma; i++) {
        sum += j.sums[i * j.blocks * 2 * channels + c];
        product += j.sums[(i * j.blocks * 2 + 1) * channels + c];
      }
      if (dbeta) dbeta[s / per_gamma * channels + c] = (float)sum;
      if (dgamma) dgamma[s / per_gamma * channels + c] = (float)product;
    }
  for (int64_t group = 0; group < g->groups; group++)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0, product = 0;
      for (int64_t i = group * per_group; i < (group + 1) * per_group; i++) {
        double factor = gamma ? gamma[i / per_gamma * channels + c] : 1;
        sum += factor * j.sums[i * j.blocks * 2 * channels + c];
        product += factor * j.sums[(i * j.blocks * 2 + 1) * channels + c];
      }
      j.means[group * 2 * channels + c] = (float)(sum / (double)g->rows);
      j.means[(group * 2 + 1) * channels + c] = (float)(product / (double)g->rows);
    }
  norm_run(&j, fk_ceil_div(g->groups * g->rows, j.rows_per_unit), norm_backward_unit);
  return FK_OK;
}
