// Optimizer and averaging steps, random numbers: stretches of independent elements.

/// All parts of a step lie one after the other in one row of elements, which is cut into units whatever the parts' sizes are.
typedef struct adam_job {
  fk_adam_constants constants;
  float decay, rest;
  size_t count;
  const fk_adam_part *parts;
} adam_job;

static void adam_stretch(const adam_job *j, const fk_adam_part *part, size_t first, size_t count) {
  const fk_adam_constants constants = j->constants;
  const float *gradient = part->gradient + first, decay = j->decay, rest = j->rest;
  float *restrict parameter = part->parameter + first, *restrict moment1 = part->moment1 + first, *restrict moment2 = part->moment2 + first;
  if (!part->average) {
    for (size_t i = 0; i < count; i++) fk_adam_element(&constants, gradient[i], &parameter[i], &moment1[i], &moment2[i]);
    return;
  }
  float *restrict average = part->average + first;
  for (size_t i = 0; i < count; i++) {
    fk_adam_element(&constants, gradient[i], &parameter[i], &moment1[i], &moment2[i]);
    average[i] = fk_ema_element(decay, rest, parameter[i], average[i]);
  }
}

static void adam_unit(void *context, int64_t unit) {
  const adam_job *j = context;
  size_t skip = (size_t)unit * unit_elements, left = unit_elements;
  for (const fk_adam_part *p = j->parts; p < j->parts + j->count && left > 0; p++) {
    if (skip >= p->n) {
      skip -= p->n;
      continue;
    }
    size_t count = p->n - skip < left ? p->n - skip : left;
    adam_stretch(j, p, skip, count);
    left -= count, skip = 0;
  }
}

static fk_status adam(const fk_adam *settings, size_t count, const fk_adam_part *parts) {
  if (settings->step < 1) return FK_BAD_GEOMETRY;
  adam_job j = {fk_adam_prepare(settings), settings->average_decay, fk_ema_rest(settings->average_decay), count, parts};
  size_t n = 0;
  for (size_t i = 0; i < count; i++) n += parts[i].n;
  for_each_stretch(n, &j, adam_unit);
  return FK_OK;
}

typedef struct ema_job {
  float decay, rest;
  size_t count;
  const fk_average_part *parts;
} ema_job;

static void ema_unit(void *context, int64_t unit) {
  const ema_job *j = context;
  const float decay = j->decay, rest = j->rest;
  size_t skip = (size_t)unit * unit_elements, left = unit_elements;
  for (const fk_average_part *p = j->parts; p < j->parts + j->count && left > 0; p++) {
    if (skip >= p->n) {
      skip -= p->n;
      continue;
    }
    size_t count = p->n - skip < left ? p->n - skip : left;
    const float *value = p->value + skip;
    float *restrict average = p->average + skip;
    for (size_t i = 0; i < count; i++) average[i] = fk_ema_element(decay, rest, value[i], average[i]);
    left -= count, skip = 0;
  }
}

static fk_status ema(float decay, size_t count, const fk_average_part *parts) {
  ema_job j = {decay, fk_ema_rest(decay), count, parts};
  size_t n = 0;
  for (size_t i = 0; i < count; i++) n += parts[i].n;
  for_each_stretch(n, &j, ema_unit);
  return FK_OK;
}

typedef struct random_job {
  uint64_t seed, stream, counter;
  size_t n;
  float offset, scale;
  int normal;
  float *out;
} random_job;

/// Samples of FK_LANES blocks of the generator, from a block's first sample on.
FK_INLINE void random_lanes(const random_job *j, uint64_t block, float *out) {
  uint32_t word[4][FK_LANES];
  for (int32_t i = 0; i < FK_LANES; i++) {
    uint32_t four[4];
    fk_philox4x32_10(j->seed, j->stream, block + (uint64_t)i, four);
    for (int32_t k = 0; k < 4; k++) word[k][i] = four[k];
  }
  float sample[4][FK_LANES];
  for (int32_t i = 0; i < FK_LANES; i++) {
    if (j->normal) {
      fk_normal_pair(word[0][i], word[1][i], &sample[0][i], &sample[1][i]);
      fk_normal_pair(word[2][i], word[3][i], &sample[2][i], &sample[3][i]);
    } else {
      for (int32_t k = 0; k < 4; k++) sample[k][i] = fk_unit_uniform(word[k][i]);
    }
  }
  for (int32_t i = 0; i < FK_LANES; i++)
    for (int32_t k = 0; k < 4; k++) out[i * 4 + k] = j->offset + j->scale * sample[k][i];
}

static void random_unit(void *context, int64_t unit) {
  const random_job *j = context;
  uint64_t position = j->counter + (uint64_t)unit * unit_elements, in_block = position % 4;
  size_t first = (size_t)unit * unit_elements, count = j->n - first < unit_elements ? j->n - first : unit_elements;
  float *out = j->out + first;
  // Groups of FK_LANES blocks; the first may begin inside a block, so its samples go through a buffer.
  for (size_t done = 0; done < count;) {
    float buffer[4 * FK_LANES];
    size_t skip = done == 0 ? (size_t)in_block : 0, take = 4 * FK_LANES - skip;
    if (take > count - done) take = count - done;
    random_lanes(j, (position + done) / 4, buffer);
    copy_floats(out + done, buffer + skip, (int64_t)take);
    done += take;
  }
}

static fk_status random_uniform(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float low, float high, float *out) {
  random_job j = {seed, stream, counter, n, low, high - low, 0, out};
  for_each_stretch(n, &j, random_unit);
  return FK_OK;
}

static fk_status random_normal(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float mean, float deviation, float *out) {
  random_job j = {seed, stream, counter, n, mean, deviation, 1, out};
  for_each_stretch(n, &j, random_unit);
  return FK_OK;
}
