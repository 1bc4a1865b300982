#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/server/listening_sockets.h"

namespace tidegate::server {

/// USR2: another process is started from the same path, with the same arguments and the listening sockets,
/// and this one goes on as if nothing were until that one says that it accepts. If it never does, nothing has
/// been.
///
/// Owner: the server. Thread: the main one. End: the destructor kills a process that is not ready yet.
class Handover final : net::StreamListener {
 public:
  struct Program {
    std::string path{};  ///< absolute; empty: there is nothing to start
    std::vector<std::string> arguments{};
    int pid_file = -1;  ///< open for writing; goes along, its number in kPidFileVariable. -1: there is none
    std::chrono::milliseconds patience = std::chrono::seconds(60);  ///< until it accepts

    static constexpr char kPidFileVariable[] = "TIDEGATE_PID_FILE";

    /// As this process was started: not the file, but the path, so that what was put there since is what
    /// runs.
    static Program of_this_process();
  };
  struct Hooks {
    std::function<void(pid_t)> succeeded;            ///< it accepts
    std::function<void(const std::string&)> failed;  ///< it does not, and is gone; why
  };
  Handover(net::Loop& loop, Program program, Hooks hooks);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// The process that was started, and is neither ready, gone nor called off; 0: none.
  pid_t under_way() const { return silent_ ? 0 : process_; }
  /// One of the hooks is called, from the loop, unless call_off() comes before.
  void begin(const std::vector<ListeningSockets::Bequest>& bequest);
  void call_off();

 private:
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override {}

  void start(const std::vector<ListeningSockets::Bequest>& bequest, int channel);
  void on_impatient();
  void fail(std::string why);
  void look_for_end();

  net::Loop& loop_;
  const Program program_;
  Hooks hooks_;
  pid_t process_ = 0;
  std::unique_ptr<net::Stream> channel_;  ///< to the process, until it is ready or gone
  std::string heard_;
  std::string why_;      ///< it failed
  bool silent_ = false;  ///< it was called off
  std::chrono::steady_clock::time_point kill_at_;
  net::DeadlineOf<Handover, &Handover::on_impatient> patience_{*this};
  net::DeadlineOf<Handover, &Handover::look_for_end> next_look_{*this};
};

}  // namespace tidegate::server
