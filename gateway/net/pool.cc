#include "gateway/net/pool.h"

#include <uv.h>

namespace tidegate::net {

void start_pool() {
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return;  // no descriptors: nothing will be looked up either
  uv_work_t nothing;
  uv_queue_work(
      &loop, &nothing, [](uv_work_t*) {}, [](uv_work_t*, int) {});
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace tidegate::net
