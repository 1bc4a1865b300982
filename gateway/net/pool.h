#pragma once

namespace tidegate::net {

/// Starts the threads that look up names, which otherwise the first look-up does: they have the signal mask
/// and the privileges of the thread that starts them.
void start_pool();

}  // namespace tidegate::net
