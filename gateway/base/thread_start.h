#pragma once

/// What every thread but the main one does first, if the program wants that.
namespace tidegate {

/// Main thread, before there are others. `hook` must not throw, and may run in several threads at once.
void at_thread_start(void (*hook)());
/// The first call of whatever a thread runs.
void thread_started();

}  // namespace tidegate
