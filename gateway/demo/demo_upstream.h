#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tidegate::demo {

/// The application behind `tidegate demo`: an HTTP/1.1 server on a loopback port of the system's choice, with
/// the demo page at /, a WebSocket that echoes at /ws, and /healthz.
///
/// Owner:  main.cc. Thread: one of its own; start(), port() and the destructor belong to the caller's.
/// End:    the destructor cuts what is open and joins the thread.
class DemoUpstream {
 public:
  /// Null on failure, with the reason in `error`.
  static std::unique_ptr<DemoUpstream> start(std::string& error);
  ~DemoUpstream();
  DemoUpstream(const DemoUpstream&) = delete;
  DemoUpstream& operator=(const DemoUpstream&) = delete;

  /// On 127.0.0.1.
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit DemoUpstream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::demo
