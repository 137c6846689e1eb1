// unary, binary, fill: loops over the functions of fk_math.h with a constant op, which the compiler turns into vectors.

typedef struct flat_job {
  size_t n;
  int op;
  float a, b;
  const float *x, *z;
  float *y;
} flat_job;

/// The trigonometric loops look at a short stretch first: huge arguments need the long reduction.
static void sine_stretch(int64_t n, int32_t shift, const float *x, float *y) {
  for (int64_t i = 0; i < n; i += 64) {
    int64_t end = fk_min64(n, i + 64);
    int32_t huge = 0;
    for (int64_t k = i; k < end; k++) huge |= !(fk_absolute(x[k]) < FK_SINE_LIMIT);
    if (huge)
      for (int64_t k = i; k < end; k++) y[k] = fk_sine_any(x[k], shift);
    else
      for (int64_t k = i; k < end; k++) y[k] = fk_sine_moderate(x[k], shift);
  }
}

static void power_stretch(int64_t n, float a, const float *x, float *y) {
  int whole = a == 0.0f || a == 1.0f || a == 2.0f || a == 3.0f || a == 4.0f;
  if (whole)
    for (int64_t i = 0; i < n; i++) y[i] = fk_power(x[i], a);
  else
    for (int64_t i = 0; i < n; i++) y[i] = fk_power_general(x[i], a);
}

static void unary_stretch(fk_unary_op op, int64_t n, float a, float b, const float *x, float *y) {
#define FK_LOOP(OP)                                                        \
  case OP:                                                                 \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) y[i] = fk_unary_apply(OP, x[i], a, b); \
    return;
  switch (op) {
    FK_LOOP(FK_NEGATE)
    FK_LOOP(FK_EXP)
    FK_LOOP(FK_LOG)
    FK_LOOP(FK_SQRT)
    FK_LOOP(FK_RECIPROCAL)
    FK_LOOP(FK_TANH)
    FK_LOOP(FK_SIGMOID)
    FK_LOOP(FK_SOFTPLUS)
    FK_LOOP(FK_ABS)
    FK_LOOP(FK_ERF)
    FK_LOOP(FK_SCALE)
    FK_LOOP(FK_OFFSET)
    FK_LOOP(FK_CLAMP)
    FK_LOOP(FK_POSITIVE_MASK)
    FK_LOOP(FK_INSIDE_MASK)
    FK_LOOP(FK_SIGN)
    FK_LOOP(FK_LEAKY_RELU)
    FK_LOOP(FK_ROUND)
    case FK_SIN: sine_stretch(n, 0, x, y); return;
    case FK_COS: sine_stretch(n, 1, x, y); return;
    case FK_POWER: power_stretch(n, a, x, y); return;
  }
#undef FK_LOOP
}

static void unary_unit(void *context, int64_t unit) {
  const flat_job *j = context;
  size_t first = (size_t)unit * unit_elements, count = j->n - first < unit_elements ? j->n - first : unit_elements;
  unary_stretch((fk_unary_op)j->op, (int64_t)count, j->a, j->b, j->x + first, j->y + first);
}

/// Runs `unit` over stretches of unit_elements.
static void for_each_stretch(size_t n, void *job, void (*unit)(void *, int64_t)) {
  int64_t units = fk_ceil_div((int64_t)n, unit_elements);
  if (n < serial_elements)
    for (int64_t i = 0; i < units; i++) unit(job, i);
  else
    fk_parallel(units, job, unit);
}

static fk_status unary(fk_unary_op op, size_t n, float a, float b, const float *x, float *y) {
  if ((unsigned)op > FK_ROUND) return FK_UNSUPPORTED;
  flat_job j = {.n = n, .op = (int)op, .a = a, .b = b, .x = x, .y = y};
  for_each_stretch(n, &j, unary_unit);
  return FK_OK;
}

static void fill_unit(void *context, int64_t unit) {
  const flat_job *j = context;
  size_t first = (size_t)unit * unit_elements, count = j->n - first < unit_elements ? j->n - first : unit_elements;
  for (size_t i = 0; i < count; i++) j->y[first + i] = j->a;
}

static fk_status fill(size_t n, float value, float *out) {
  flat_job j = {.n = n, .a = value, .y = out};
  for_each_stretch(n, &j, fill_unit);
  return FK_OK;
}

// One body per op for each way the operands lie: both dense, either repeated, anything.
#define FK_BINARY(OP)                                                                                                       \
  static void OP##_dense(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {       \
    (void)as, (void)bs, (void)os;                                                                                           \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) out[i] = fk_binary_apply(OP, a[i], b[i]);                                               \
  }                                                                                                                         \
  static void OP##_repeated_a(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {  \
    (void)as, (void)bs, (void)os;                                                                                           \
    float x = *a;                                                                                                           \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) out[i] = fk_binary_apply(OP, x, b[i]);                                                  \
  }                                                                                                                         \
  static void OP##_repeated_b(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {  \
    (void)as, (void)bs, (void)os;                                                                                           \
    float y = *b;                                                                                                           \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) out[i] = fk_binary_apply(OP, a[i], y);                                                  \
  }                                                                                                                         \
  static void OP##_strided(int64_t n, const float *a, int64_t as, const float *b, int64_t bs, float *out, int64_t os) {     \
    for (int64_t i = 0; i < n; i++) out[i * os] = fk_binary_apply(OP, a[i * as], b[i * bs]);                                \
  }
FK_BINARY(FK_ADD)
FK_BINARY(FK_SUBTRACT)
FK_BINARY(FK_MULTIPLY)
FK_BINARY(FK_DIVIDE)
FK_BINARY(FK_MAXIMUM)
FK_BINARY(FK_MINIMUM)
FK_BINARY(FK_GREATER_MASK)

#define FK_BODIES(OP) {OP##_dense, OP##_repeated_a, OP##_repeated_b, OP##_strided}
static row_body *const binary_bodies[][4] = {
    FK_BODIES(FK_ADD),     FK_BODIES(FK_SUBTRACT), FK_BODIES(FK_MULTIPLY),     FK_BODIES(FK_DIVIDE),
    FK_BODIES(FK_MAXIMUM), FK_BODIES(FK_MINIMUM),  FK_BODIES(FK_GREATER_MASK),
};

static fk_status binary(fk_binary_op op, const fk_walk *walk, const float *a, const float *b, float *out) {
  if ((unsigned)op > FK_GREATER_MASK) return FK_UNSUPPORTED;
  if (fk_walk_is_bad(walk)) return FK_BAD_GEOMETRY;
  fk_walk w = simplified(walk, 2);
  int32_t inner = w.rank - 1;
  int64_t as = w.a_stride[inner], bs = w.b_stride[inner];
  int form = w.out_stride[inner] != 1 ? 3 : as == 1 && bs == 1 ? 0 : as == 0 && bs == 1 ? 1 : as == 1 && bs == 0 ? 2 : 3;
  for_each_row(&w, binary_bodies[op][form], a, b, out);
  return FK_OK;
}
