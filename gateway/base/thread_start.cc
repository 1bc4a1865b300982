#include "gateway/base/thread_start.h"

namespace tidegate {
namespace {

void (*the_hook)() = nullptr;  // written before there are threads that read it

}  // namespace

void at_thread_start(void (*hook)()) {
  the_hook = hook;
}

void thread_started() {
  if (the_hook != nullptr) the_hook();
}

}  // namespace tidegate
