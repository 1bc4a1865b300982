#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace tidegate::control {

struct WindowSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

bool stdout_is_terminal();
/// Of the terminal that stdout is; of a usual one where that is not known.
WindowSize window_size();

/// The terminal while a picture lives on it: its alternate screen, without a cursor, each key as it is typed.
/// At most one at a time.
///
/// Owner: the command. End: the destructor, or a signal that ends the program: either way the terminal is as
/// it was.
class LiveScreen {
 public:
  LiveScreen();
  ~LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  /// Lines divided by \n.
  void show(std::string_view picture);
  /// The next key, or '\0' if none comes before `until`; 'q' once there is no keyboard any more.
  char key(std::chrono::steady_clock::time_point until);
};

}  // namespace tidegate::control
