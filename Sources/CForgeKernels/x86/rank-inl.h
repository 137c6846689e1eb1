// What a spectral norm needs, each in one reading of the matrix: both products of a power iteration, the product of two gradients, and a
// scaled matrix plus an outer product.

typedef struct power_job {
  int64_t rows, columns, blocks;
  const float *matrix, *right;
  float *left, *partial;      // partial: [blocks, columns]
} power_job;

/// left = matrix * right for a block of rows, and what they add to matrix' * left while they are in the cache.
static void power_block(void *context, int64_t block) {
  const power_job *j = context;
  int64_t columns = j->columns, end = j->rows * (block + 1) / j->blocks;
  float *sums = j->partial + block * columns;
  zero_floats(sums, columns);
  for (int64_t row = j->rows * block / j->blocks; row < end; row++) {
    const float *m = j->matrix + row * columns;
    vf dot[4] = {0};
    int64_t c = 0;
    for (; c + 4 * FK_LANES <= columns; c += 4 * FK_LANES)
      for (int v = 0; v < 4; v++) dot[v] = vf_fma(vf_load(m + c + v * FK_LANES), vf_load(j->right + c + v * FK_LANES), dot[v]);
    for (; c + FK_LANES <= columns; c += FK_LANES) dot[0] = vf_fma(vf_load(m + c), vf_load(j->right + c), dot[0]);
    float product = vf_sum((dot[0] + dot[1]) + (dot[2] + dot[3]));
    for (; c < columns; c++) product = f_fma(m[c], j->right[c], product);
    j->left[row] = product;
    vf factor = vf_splat(product);
    for (c = 0; c + FK_LANES <= columns; c += FK_LANES) vf_store(sums + c, vf_fma(factor, vf_load(m + c), vf_load(sums + c)));
    for (; c < columns; c++) sums[c] = f_fma(product, m[c], sums[c]);
  }
}

static size_t power_workspace(int64_t rows, int64_t columns) {
  (void)rows;
  return (size_t)(FK_MAX_BLOCKS * fk_max64(0, columns)) * sizeof(float);
}

static fk_status power_products(int64_t rows, int64_t columns, const float *matrix, const float *right, float *left, float *back,
                                void *workspace, size_t workspace_bytes) {
  if (rows < 0 || columns < 0) return FK_BAD_GEOMETRY;
  if (workspace_bytes < power_workspace(rows, columns)) return FK_WORKSPACE_TOO_SMALL;
  power_job j = {.rows = rows, .columns = columns, .matrix = matrix, .right = right, .left = left, .partial = workspace};
  j.blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS, rows * columns / unit_elements));
  if (rows * columns < serial_elements)
    for (int64_t i = 0; i < j.blocks; i++) power_block(&j, i);
  else
    fk_parallel(j.blocks, &j, power_block);
  for (int64_t c = 0; c < columns; c++) {
    float sum = j.partial[c];
    for (int64_t block = 1; block < j.blocks; block++) sum += j.partial[block * columns + c];
    back[c] = sum;
  }
  return FK_OK;
}

typedef struct dot_job {
  int64_t n, blocks;
  const float *a, *b;
  double sums[FK_MAX_BLOCKS];
} dot_job;

static void dot_block(void *context, int64_t block) {
  dot_job *j = context;
  int64_t i = j->n * block / j->blocks, end = j->n * (block + 1) / j->blocks;
  vdouble sum0 = 0, sum1 = 0;
  for (; i + 2 * FK_LANES <= end; i += 2 * FK_LANES) {
    sum0 += vf_widen(vf_load(j->a + i)) * vf_widen(vf_load(j->b + i));
    sum1 += vf_widen(vf_load(j->a + i + FK_LANES)) * vf_widen(vf_load(j->b + i + FK_LANES));
  }
  double rest = 0;
  for (; i < end; i++) rest += (double)j->a[i] * j->b[i];
  sum0 += sum1;
  j->sums[block] = vdouble_sum(&sum0) + rest;
}

static fk_status dot(size_t n, const float *a, const float *b, float *out) {
  dot_job j = {.n = (int64_t)n, .a = a, .b = b};
  j.blocks = fk_max64(1, fk_min64(FK_MAX_BLOCKS, j.n / unit_elements));
  if (n < serial_elements)
    for (int64_t i = 0; i < j.blocks; i++) dot_block(&j, i);
  else
    fk_parallel(j.blocks, &j, dot_block);
  double sum = 0;
  for (int64_t block = 0; block < j.blocks; block++) sum += j.sums[block];
  *out = (float)sum;
  return FK_OK;
}

typedef struct outer_job {
  int64_t rows, columns, rows_per_unit;
  float scale, factor;
  const float *x, *left, *right;
  float *y;
} outer_job;

static void add_outer_unit(void *context, int64_t unit) {
  const outer_job *j = context;
  int64_t end = fk_min64(j->rows, (unit + 1) * j->rows_per_unit);
  for (int64_t row = unit * j->rows_per_unit; row < end; row++) {
    const float *x = j->x + row * j->columns;
    float *y = j->y + row * j->columns, factor = j->factor * j->left[row];
    int64_t c = 0;
    for (; c + FK_LANES <= j->columns; c += FK_LANES)
      vf_store(y + c, vf_splat(j->scale) * vf_load(x + c) + vf_splat(factor) * vf_load(j->right + c));
    for (; c < j->columns; c++) y[c] = j->scale * x[c] + factor * j->right[c];
  }
}

static fk_status add_outer(int64_t rows, int64_t columns, float scale, const float *x, float factor, const float *left, const float *right,
                           float *y) {
  if (rows < 0 || columns < 0) return FK_BAD_GEOMETRY;
  outer_job j = {.rows = rows, .columns = columns, .scale = scale, .factor = factor, .x = x, .left = left, .right = right, .y = y};
  j.rows_per_unit = fk_max64(1, unit_elements / fk_max64(1, columns));
  int64_t units = fk_ceil_div(rows, j.rows_per_unit);
  if (rows * columns < serial_elements)
    for (int64_t i = 0; i < units; i++) add_outer_unit(&j, i);
  else
    fk_parallel(units, &j, add_outer_unit);
  return FK_OK;
}
