// One element of the optimizer steps, shared by every table so that all of them train to the same bits.
#ifndef FK_STEPS_H
#define FK_STEPS_H

#include "fk_math.h"

/// The constants of one Adam step (Kingma and Ba, 2015, algorithm 1; AdamW after Loshchilov and Hutter, 2019).
typedef struct fk_adam_constants {
  float beta1, rest1, beta2, rest2;   // rest = 1 - beta
  float step_size;                    // learning rate / (1 - beta1^t)
  float root_correction;              // 1 / sqrt(1 - beta2^t)
  float epsilon, l2;
  float keep;                         // 1 - learning rate * weight decay
} fk_adam_constants;

FK_INLINE double fk_whole_power(double x, int64_t exponent) {
  double y = 1;
  for (; exponent > 0; exponent >>= 1, x *= x)
    if (exponent & 1) y *= x;
  return y;
}

FK_INLINE fk_adam_constants fk_adam_prepare(const fk_adam *s) {
  double correction1 = 1.0 - fk_whole_power(s->beta1, s->step), correction2 = 1.0 - fk_whole_power(s->beta2, s->step);
  return (fk_adam_constants){
      .beta1 = s->beta1,
      .rest1 = (float)(1.0 - (double)s->beta1),
      .beta2 = s->beta2,
      .rest2 = (float)(1.0 - (double)s->beta2),
      .step_size = (float)((double)s->learning_rate / correction1),
      .root_correction = (float)(1.0 / __builtin_sqrt(correction2)),
      .epsilon = s->epsilon,
      .l2 = s->l2,
      .keep = (float)(1.0 - (double)s->learning_rate * (double)s->weight_decay),
  };
}

FK_INLINE void fk_adam_element(const fk_adam_constants *s, float gradient, float *parameter, float *moment1, float *moment2) {
  float p = *parameter;
  float g = gradient + s->l2 * p;
  float m = s->beta1 * *moment1 + s->rest1 * g;
  float v = s->beta2 * *moment2 + s->rest2 * (g * g);
  *moment1 = m;
  *moment2 = v;
  *parameter = p * s->keep - s->step_size * (m / (__builtin_sqrtf(v) * s->root_correction + s->epsilon));
}

FK_INLINE float fk_ema_rest(float decay) { return (float)(1.0 - (double)decay); }

FK_INLINE float fk_ema_element(float decay, float rest, float value, float average) { return decay * average + rest * value; }

#endif
