// The thread pool under more threads than cores, other load, sleeping workers, several callers and fork. An alarm ends a deadlock.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { most_indexes = 300 };

typedef struct region {
  atomic_int runs[most_indexes];
  int32_t work;
} region;

static void count_run(void *context, int64_t index) {
  region *r = context;
  for (volatile int32_t i = 0; i < r->work; i++) {
  }
  atomic_fetch_add(&r->runs[index], 1);
}

/// 0 when every index of every region ran once and the sums were there when the region returned.
static int run_regions(int32_t regions, uint64_t seed, int32_t sleeps) {
  int wrong = 0;
  for (int32_t i = 0; i < regions; i++) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    region r = {.work = (int32_t)(seed >> 60) * 40};
    int64_t count = (int64_t)(seed >> 33) % (most_indexes + 1);
    fk_parallel(count, &r, count_run);
    for (int64_t k = 0; k < most_indexes; k++) wrong |= atomic_load(&r.runs[k]) != (k < count);
    if (sleeps && i % 16 == 0) usleep(300);
  }
  return wrong;
}

static atomic_int load_ends;
static void *load(void *unused) {
  while (!atomic_load(&load_ends)) {
  }
  return unused;
}

static void *call(void *seed) { return (void *)(intptr_t)run_regions(300, (uint64_t)(intptr_t)seed, 0); }

void check_regions(tally *t) {
  const variant pool = {"pool", NULL};
  alarm(120);
  pthread_t busy[4], callers[4];
  for (int32_t i = 0; i < 4; i++) pthread_create(&busy[i], NULL, load, NULL);
  static const int32_t threads[] = {64, 2, 7, 1, 64};
  for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
    fk_set_threads(threads[i]);
    if (run_regions(200, i, 1)) fail(t, &pool, "an index ran twice or not at all", "threads beyond the cores", 0);
  }
  for (intptr_t i = 0; i < 4; i++) pthread_create(&callers[i], NULL, call, (void *)(i + 1));
  for (int32_t i = 0; i < 4; i++) {
    void *wrong;
    pthread_join(callers[i], &wrong);
    if (wrong) fail(t, &pool, "an index ran twice or not at all", "several callers", 0);
  }
  atomic_store(&load_ends, 1);
  for (int32_t i = 0; i < 4; i++) pthread_join(busy[i], NULL);

  fk_set_threads(3);
  run_regions(10, 1, 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(run_regions(300, 9, 1));
  }
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) fail(t, &pool, "regions in a child of fork", "", (double)status);
  if (run_regions(300, 10, 0)) fail(t, &pool, "regions after a fork", "", 0);
  alarm(0);
}
