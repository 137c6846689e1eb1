// Depthwise convolution (one channel per group): vectors along the channels, no products to speak of.

enum { depthwise_taps = 256 };   // more taps than that take the general way

typedef struct depthwise {
  const fk_conv_geometry *g;
  fk_conv_role role;
  const float *a, *b;
  float *out;
  product finish;             // its epilogue alone is used
} depthwise;

static int is_depthwise(const fk_conv_geometry *g) {
  return g->groups == g->c && g->c == g->k && g->c > 1 && (int64_t)g->r * g->s <= depthwise_taps;
}

/// The source position that tap `index` of an axis reads for output position `at`, or -1.
FK_INLINE int64_t depthwise_source(fk_conv_role role, int64_t at, int64_t index, int64_t stride, int64_t pad, int64_t dilation, int64_t extent) {
  int64_t position = role == FK_CONV_FORWARD ? at * stride - pad + index * dilation : at + pad - index * dilation;
  if (role == FK_CONV_DATA_GRADIENT) {
    if (position < 0 || position % stride != 0) return -1;
    position /= stride;
  }
  return position >= 0 && position < extent ? position : -1;
}

/// One row of the output: every pixel collects its taps, then sums them channel vector by channel vector.
static void depthwise_row(void *context, int64_t unit) {
  const depthwise *j = context;
  const fk_conv_geometry *g = j->g;
  int forward = j->role == FK_CONV_FORWARD;
  int64_t rows = forward ? g->p : g->h, columns = forward ? g->q : g->w, from_rows = forward ? g->h : g->p, from_columns = forward ? g->w : g->q;
  int64_t image = unit / rows, row = unit % rows, channels = g->c;
  const float *pixels[depthwise_taps], *weights[depthwise_taps];
  for (int64_t column = 0; column < columns; column++) {
    int64_t count = 0;
    for (int64_t r = 0; r < g->r; r++) {
      int64_t y = depthwise_source(j->role, row, r, g->stride_h, g->pad_top, g->dilation_h, from_rows);
      for (int64_t s = 0; y >= 0 && s < g->s; s++) {
        int64_t x = depthwise_source(j->role, column, s, g->stride_w, g->pad_left, g->dilation_w, from_columns);
        if (x < 0) continue;
        pixels[count] = j->a + ((image * from_rows + y) * from_columns + x) * channels;
        weights[count++] = j->b + (r * g->s + s) * channels;
      }
    }
    int64_t at = (unit * columns + column) * channels, c = 0;
    for (; c + FK_LANES <= channels; c += FK_LANES) {
      vf sum = vf_splat(0);
      for (int64_t t = 0; t < count; t++) sum = vf_fma(vf_load(pixels[t] + c), vf_load(weights[t] + c), sum);
      vf_store(j->out + at + c, finish_vector(&j->finish, sum, at + c, c));
    }
    for (; c < channels; c++) {
      float sum = 0;
      for (int64_t t = 0; t < count; t++) sum = f_fma(pixels[t][c], weights[t][c], sum);
      j->out[at + c] = finish_one(&j->finish, sum, at + c, c);
    }
  }
}

/// One tap of dw, FK_LANES channels: row sums are added up row by row.
static void depthwise_tap(void *context, int64_t unit) {
  const depthwise *j = context;
  const fk_conv_geometry *g = j->g;
  int64_t channels = g->c, chunks = fk_ceil_div(channels, FK_LANES), tap_index = unit / chunks, first = unit % chunks * FK_LANES;
  int64_t r = tap_index / g->s, s = tap_index % g->s, count = fk_min64(FK_LANES, channels - first);
  float total[FK_LANES] = {0};
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t p = 0; p < g->p; p++) {
      int64_t y = depthwise_source(FK_CONV_FORWARD, p, r, g->stride_h, g->pad_top, g->dilation_h, g->h);
      if (y < 0) continue;
      const float *slopes = j->b + (n * g->p + p) * g->q * channels + first, *line = j->a + (n * g->h + y) * g->w * channels + first;
      float sum[FK_LANES] = {0};
      for (int64_t q = 0; q < g->q; q++) {
        int64_t x = depthwise_source(FK_CONV_FORWARD, q, s, g->stride_w, g->pad_left, g->dilation_w, g->w);
        if (x < 0) continue;
        const float *from = line + x * channels, *slope = slopes + q * channels;
        if (count == FK_LANES)
          vf_store(sum, vf_fma(vf_load(from), vf_load(slope), vf_load(sum)));
        else
          for (int64_t c = 0; c < count; c++) sum[c] = f_fma(from[c], slope[c], sum[c]);
      }
      for (int32_t c = 0; c < FK_LANES; c++) total[c] += sum[c];
    }
  copy_floats(j->out + tap_index * channels + first, total, count);
}

static void depthwise_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *epilogue, float *out) {
  depthwise j = {.g = g, .role = role, .a = a, .b = b, .out = out};
  set_epilogue(&j.finish, epilogue, 0, 0);
  void (*unit)(void *, int64_t) = role == FK_CONV_WEIGHT_GRADIENT ? depthwise_tap : depthwise_row;
  int64_t units = role == FK_CONV_WEIGHT_GRADIENT ? (int64_t)g->r * g->s * fk_ceil_div(g->c, FK_LANES)
                                                  : (int64_t)g->n * (role == FK_CONV_FORWARD ? g->p : g->h);
  if ((double)g->n * g->p * g->q * g->c * g->r * g->s < 1e5)
    for (int64_t i = 0; i < units; i++) unit(&j, i);
  else
    fk_parallel(units, &j, unit);
}
